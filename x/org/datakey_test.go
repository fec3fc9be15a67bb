package org

import (
	"crypto/ecdh"
	"encoding/hex"
	"math/big"
	"testing"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// Points of GB/T 32918.5-2017: the base point, and the public key of the worked
// examples of its annexes.
const (
	sm2Base = "0432C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7" +
		"BC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0"
	sm2Example = "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020" +
		"CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)

// Test that each suite takes points of its own curve only, in one form only.
func TestDataKeyCurve(t *testing.T) {
	t.Parallel()
	secret, err := ecdh.P256().NewPrivateKey(digest("data key"))
	if err != nil {
		t.Fatal(err)
	}
	nist := secret.PublicKey().Bytes()
	small := smallPoint()
	for name, c := range map[string]struct {
		suite orgv1.Suite
		key   []byte
		good  bool
	}{
		"base point":              {orgv1.Suite_SUITE_SM, unhex(t, sm2Base), true},
		"example of the standard": {orgv1.Suite_SUITE_SM, unhex(t, sm2Example), true},
		"small x":                 {orgv1.Suite_SUITE_SM, point(small.x, small.y), true},
		"x not reduced":           {orgv1.Suite_SUITE_SM, point(new(big.Int).Add(small.x, sm2P), small.y), false},
		"negated":                 {orgv1.Suite_SUITE_SM, point(small.x, new(big.Int).Sub(sm2P, small.y)), true},
		"y is p":                  {orgv1.Suite_SUITE_SM, point(small.x, sm2P), false},
		"zeros":                   {orgv1.Suite_SUITE_SM, make([]byte, 65), false},
		"origin":                  {orgv1.Suite_SUITE_SM, point(new(big.Int), new(big.Int)), false},
		"P-256 under sm":          {orgv1.Suite_SUITE_SM, nist, false},
		"P-256":                   {orgv1.Suite_SUITE_NIST, nist, true},
		"SM2 under nist":          {orgv1.Suite_SUITE_NIST, unhex(t, sm2Base), false},
		"compressed":              {orgv1.Suite_SUITE_SM, unhex(t, sm2Base)[:33], false},
		"no suite":                {0, nist, false},
		"unknown suite":           {3, nist, false},
		"nothing":                 {orgv1.Suite_SUITE_SM, nil, false},
	} {
		if err := dataKey(c.suite, c.key); (err == nil) != c.good || err != nil && !isOnly(err, ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for bit := range 65 * 8 {
		bent := unhex(t, sm2Example)
		bent[bit/8] ^= 1 << (bit % 8)
		if dataKey(orgv1.Suite_SUITE_SM, bent) == nil {
			t.Errorf("bit %d flipped is still a point", bit)
		}
	}
}

// Test that data keys follow the suite that genesis chose, and that council
// cannot choose another.
func TestSuiteIsForGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, err := w.k.Params(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	set := orgv1.MsgSetDataKey{Device: account(person("bank admin")), OrgId: bank, PublicKey: unhex(t, sm2Example)}
	if _, err := NewMsgServer(w.k).SetDataKey(w.ctx, &set); !isOnly(err, ErrKey) {
		t.Errorf("an SM2 key on a nist chain: %v", err)
	}
	changed := p
	changed.Suite = orgv1.Suite_SUITE_SM
	if _, err := NewMsgServer(w.k).UpdateParams(w.ctx, &orgv1.MsgUpdateParams{Authority: wire.Authority(), Params: changed}); !isOnly(err, ErrParams) {
		t.Errorf("changing the suite: %v", err)
	}
	if err := w.k.params.Set(w.ctx, changed); err != nil { // as a genesis would
		t.Fatal(err)
	}
	w.must(t, w.ctx, &set)
	o, err := w.k.Organisation(w.ctx, bank)
	if err != nil || o.DataKey == nil {
		t.Errorf("got %v, %v", o.DataKey, err)
	}
}

type affine struct{ x, y *big.Int }

// smallPoint is the point of the smallest x, so that x + p has 256 bits too.
func smallPoint() affine {
	for i := int64(1); ; i++ {
		x := big.NewInt(i)
		right := new(big.Int).Mul(x, x)
		right.Add(right, sm2A).Mul(right, x).Add(right, sm2B).Mod(right, sm2P)
		if y := new(big.Int).ModSqrt(right, sm2P); y != nil {
			return affine{x, y}
		}
	}
}

func point(x, y *big.Int) []byte {
	b := make([]byte, DataKeyBytes)
	b[0] = 4
	x.FillBytes(b[1:33])
	y.FillBytes(b[33:])
	return b
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
