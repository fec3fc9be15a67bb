package org

import (
	"crypto/ecdh"
	"math/big"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// DataKeyBytes is the size of a data key: an uncompressed point of either curve.
const DataKeyBytes = 65

// dataKey is nil for an uncompressed point of the suite's curve: a point off it
// would give away the secret of whoever encrypts to it.
func dataKey(suite orgv1.Suite, b []byte) error {
	if len(b) != DataKeyBytes {
		return ErrKey.Wrapf("data key: got %d bytes, want %d", len(b), DataKeyBytes)
	}
	switch suite {
	case orgv1.Suite_SUITE_NIST:
		if _, err := ecdh.P256().NewPublicKey(b); err != nil {
			return ErrKey.Wrap("data key is no P-256 point, which suite SUITE_NIST asks for")
		}
		return nil
	case orgv1.Suite_SUITE_SM:
		if !onSM2(b) {
			return ErrKey.Wrap("data key is no SM2 point, which suite SUITE_SM asks for")
		}
		return nil
	}
	return ErrKey.Wrapf("data key of suite %s", suite)
}

// The curve of SM2, y² = x³ + ax + b over the integers modulo p, from
// GB/T 32918.5-2017. Its order is prime, so that a point on it is in the group;
// the point at infinity has no uncompressed form.
var (
	sm2P = hexInt("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF")
	sm2A = hexInt("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC")
	sm2B = hexInt("28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93")
)

// onSM2 says whether 65 bytes are 4, x and y of a point, both below p. Nothing
// here is secret: big.Int is quick enough and its operations are exact.
func onSM2(b []byte) bool {
	x, y := new(big.Int).SetBytes(b[1:33]), new(big.Int).SetBytes(b[33:65])
	if b[0] != 4 || x.Cmp(sm2P) >= 0 || y.Cmp(sm2P) >= 0 {
		return false
	}
	right := new(big.Int).Mul(x, x)
	right.Add(right, sm2A).Mul(right, x).Add(right, sm2B).Mod(right, sm2P)
	left := new(big.Int).Mul(y, y)
	return left.Mod(left, sm2P).Cmp(right) == 0
}

func hexInt(s string) *big.Int {
	n, ok := new(big.Int).SetString(s, 16)
	if !ok {
		panic("org: bad constant")
	}
	return n
}
