package org

import (
	"bytes"

	"filippo.io/edwards25519"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	sdksecp256k1 "github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/passkey"
)

// PubKey is the account key that k stands for, or ErrKey. It refuses what could
// never sign and what anybody could sign for: points off the curve, and ed25519
// points of small order, under which one signature fits every message.
func PubKey(k orgv1.DeviceKey) (cryptotypes.PubKey, error) {
	switch k.Type {
	case orgv1.KeyType_KEY_TYPE_ED25519:
		p, err := new(edwards25519.Point).SetBytes(k.Key)
		if err != nil || new(edwards25519.Point).MultByCofactor(p).Equal(edwards25519.NewIdentityPoint()) == 1 {
			return nil, ErrKey.Wrapf("ed25519, %d bytes", len(k.Key))
		}
		return &ed25519.PubKey{Key: bytes.Clone(k.Key)}, nil
	case orgv1.KeyType_KEY_TYPE_SECP256K1:
		// The parser also takes 65 bytes, which would be a second address for the key.
		if _, err := secp256k1.ParsePubKey(k.Key); err != nil || len(k.Key) != sdksecp256k1.PubKeySize {
			return nil, ErrKey.Wrapf("secp256k1, %d bytes", len(k.Key))
		}
		return &sdksecp256k1.PubKey{Key: bytes.Clone(k.Key)}, nil
	case orgv1.KeyType_KEY_TYPE_PASSKEY:
		pub, err := passkey.NewPubKey(k.Key)
		if err != nil {
			return nil, ErrKey.Wrapf("passkey, %d bytes", len(k.Key))
		}
		return pub, nil
	}
	return nil, ErrKey.Wrapf("type %s", k.Type)
}

// keyFits refuses keys that do not suit a device's role: an ed25519 key lies in
// a file and is a machine's, a passkey needs a finger and is a person's.
func keyFits(t orgv1.KeyType, r orgv1.DeviceRole) error {
	service := r == orgv1.DeviceRole_DEVICE_ROLE_SERVICE
	if service && t == orgv1.KeyType_KEY_TYPE_PASSKEY || !service && t == orgv1.KeyType_KEY_TYPE_ED25519 {
		return ErrKey.Wrapf("%s for %s", t, r)
	}
	return nil
}

// deviceKey decodes the key of a new device with role r: its account key and
// its address.
func deviceKey(k orgv1.DeviceKey, r orgv1.DeviceRole) (cryptotypes.PubKey, []byte, error) {
	if err := keyFits(k.Type, r); err != nil {
		return nil, nil, err
	}
	pub, err := PubKey(k)
	if err != nil {
		return nil, nil, err
	}
	return pub, pub.Address(), nil
}
