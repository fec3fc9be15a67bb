package softkey

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"github.com/xinlian/xinlian/passkey"
)

// SeedBytesMin is the least size of a seed.
const SeedBytesMin = 16

// ErrSeed says that a seed is shorter than SeedBytesMin.
var ErrSeed = errors.New("softkey: seed is too short")

// ErrDER says that bytes are not the DER encoding of an ECDSA signature with
// numbers in range.
var ErrDER = errors.New("softkey: not a DER signature over P-256")

// seedInfo separates keys of this package from other uses of one seed.
const seedInfo = "xinlian/softkey/v1"

// Key is a private P-256 key. It is safe for concurrent use.
type Key struct {
	private *ecdsa.PrivateKey
	public  *passkey.PubKey
}

// New draws a key from the system's source of randomness.
func New() (*Key, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("drawing a key: %w", err)
	}
	return newKey(private)
}

// FromSeed derives a key from a seed: the same seed, the same key, on every
// machine. The seed is as secret as the key. It returns ErrSeed if the seed is
// too short.
func FromSeed(seed []byte) (*Key, error) {
	if len(seed) < SeedBytesMin {
		return nil, fmt.Errorf("%w: %d bytes, at least %d", ErrSeed, len(seed), SeedBytesMin)
	}
	// 48 bytes modulo n-1, plus 1: uniform on [1, n-1] up to 2^-128.
	wide, err := hkdf.Key(sha256.New, seed, nil, seedInfo, 48)
	if err != nil {
		return nil, fmt.Errorf("deriving a key: %w", err)
	}
	one := big.NewInt(1)
	d := new(big.Int).SetBytes(wide)
	d.Mod(d, new(big.Int).Sub(order(), one)).Add(d, one)
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d.FillBytes(make([]byte, 32)))
	if err != nil {
		return nil, fmt.Errorf("deriving a key: %w", err)
	}
	return newKey(private)
}

func newKey(private *ecdsa.PrivateKey) (*Key, error) {
	raw, err := private.PublicKey.Bytes()
	if err != nil {
		return nil, fmt.Errorf("encoding the public key: %w", err)
	}
	compressed := append([]byte{2 | raw[64]&1}, raw[1:33]...)
	public, err := passkey.NewPubKey(compressed)
	if err != nil {
		return nil, err
	}
	return &Key{private: private, public: public}, nil
}

// PubKey is the public key. The caller must not change it.
func (k *Key) PubKey() *passkey.PubKey { return k.public }

// sign is the deterministic (RFC 6979) signature of digest with low s.
func (k *Key) sign(digest [32]byte) ([passkey.RSBytes]byte, error) {
	der, err := k.private.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		return [passkey.RSBytes]byte{}, fmt.Errorf("signing: %w", err)
	}
	return Normalize(der)
}

// Normalize turns the DER signature that a browser returns into r ‖ s with low
// s, the form the chain takes. Authenticators give a high s about half of the
// time. It returns ErrDER, and does not verify the signature.
func Normalize(der []byte) ([passkey.RSBytes]byte, error) {
	var rs [passkey.RSBytes]byte
	var sig struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &sig); err != nil {
		return rs, ErrDER
	}
	// Unmarshal skips elements after s, inside the sequence and behind it.
	if again, err := asn1.Marshal(sig); err != nil || !bytes.Equal(again, der) {
		return rs, ErrDER
	}
	n := order()
	for _, v := range []*big.Int{sig.R, sig.S} {
		if v.Sign() <= 0 || v.Cmp(n) >= 0 {
			return rs, ErrDER
		}
	}
	if sig.S.Cmp(new(big.Int).Rsh(n, 1)) > 0 {
		sig.S.Sub(n, sig.S)
	}
	sig.R.FillBytes(rs[:passkey.RSBytes/2])
	sig.S.FillBytes(rs[passkey.RSBytes/2:])
	return rs, nil
}

func order() *big.Int { return elliptic.P256().Params().N }
