package passkey

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"fmt"

	"github.com/cosmos/gogoproto/proto"

	"github.com/cosmos/cosmos-sdk/codec/legacy"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	kmultisig "github.com/cosmos/cosmos-sdk/crypto/keys/multisig"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	"github.com/cosmos/cosmos-sdk/types/address"
)

const (
	// KeyType is what PubKey.Type returns.
	KeyType = "passkey"
	// AminoName is the key's name in amino JSON and the amino.name of its proto.
	AminoName = "xinlian/PubKeyPasskey"
	// KeyBytes is the size of a compressed P-256 point.
	KeyBytes = 33
)

// GasVerify is what an ante decorator charges for one verification, whatever
// its verdict. One takes about 50 µs against 105 to 111 µs for secp256k1, which
// the SDK prices at 1000 gas; the SDK prices its own P-256 key at half of that,
// for the same reason. The bytes that are hashed on top are at most 3 KB, about
// 2 µs, and are paid for by the transaction's gas per byte.
const GasVerify = 500

var _ cryptotypes.PubKey = (*PubKey)(nil)

// The amino codecs are the only registries that cannot be filled later: both
// are read before an application exists, and a multisig address differs with
// and without the registration.
func init() {
	legacy.Cdc.RegisterConcrete(&PubKey{}, AminoName, nil)
	kmultisig.AminoCdc.RegisterConcrete(&PubKey{}, AminoName, nil)
}

// RegisterInterfaces lets transactions and accounts carry a PubKey.
func RegisterInterfaces(registry codectypes.InterfaceRegistry) {
	registry.RegisterImplementations((*cryptotypes.PubKey)(nil), &PubKey{})
}

// NewPubKey is the key with the given compressed point, or ErrKey. It copies b.
func NewPubKey(b []byte) (*PubKey, error) {
	k := &PubKey{Key: bytes.Clone(b)}
	if _, err := k.point(); err != nil {
		return nil, err
	}
	return k, nil
}

// Validate returns ErrKey unless the key is a point of P-256. Decoding a proto
// message does not check it, so code that stores a key from outside calls it.
func (k *PubKey) Validate() error {
	_, err := k.point()
	return err
}

// Address is the 32-byte address of the key, bound to its type.
func (k *PubKey) Address() cryptotypes.Address {
	return address.Hash(proto.MessageName(k), k.Bytes())
}

// Bytes is the compressed point.
func (k *PubKey) Bytes() []byte {
	if k == nil {
		return nil
	}
	return k.Key
}

// VerifySignature reports whether sig is a valid assertion over msg under
// DomainSign. It knows nothing of origins: a Policy judges those.
func (k *PubKey) VerifySignature(msg, sig []byte) bool {
	_, err := Verify(k, DomainSign, msg, sig)
	return err == nil
}

// Equals reports whether other is a passkey with the same point.
func (k *PubKey) Equals(other cryptotypes.PubKey) bool {
	o, ok := other.(*PubKey)
	return ok && bytes.Equal(k.Bytes(), o.Bytes())
}

// Type is KeyType.
func (*PubKey) Type() string { return KeyType }

// String is the type and the point in hexadecimal.
func (k *PubKey) String() string { return fmt.Sprintf("%s{%X}", KeyType, k.Bytes()) }

// point decompresses the key.
func (k *PubKey) point() (*ecdsa.PublicKey, error) {
	b := k.Bytes()
	if len(b) != KeyBytes {
		return nil, ErrKey.Wrapf("got %d bytes, want %d", len(b), KeyBytes)
	}
	x, y := elliptic.UnmarshalCompressed(elliptic.P256(), b)
	if x == nil {
		return nil, ErrKey.Wrap("not on the curve")
	}
	var raw [65]byte
	raw[0] = 4
	x.FillBytes(raw[1:33])
	y.FillBytes(raw[33:])
	pub, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), raw[:])
	if err != nil {
		return nil, ErrKey.Wrap("not on the curve")
	}
	return pub, nil
}
