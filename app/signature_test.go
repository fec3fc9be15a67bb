package app

import (
	"encoding/binary"
	"testing"

	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"

	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
)

// counting counts how often its key really verifies.
type counting struct {
	cryptotypes.PubKey
	asked *int
}

func (c counting) VerifySignature(msg, sig []byte) bool {
	*c.asked++
	return c.PubKey.VerifySignature(msg, sig)
}

// A signature that was found good is not verified again; anything else is, with
// the answer of the key itself: other bytes, another signature, another key, the
// same key bytes of another kind, and parts cut at another place.
func TestSignatureMemory(t *testing.T) {
	t.Parallel()
	private, other := ed25519.GenPrivKeyFromSecret([]byte("one")), ed25519.GenPrivKeyFromSecret([]byte("two"))
	signBytes := []byte("chain, account, sequence and messages")
	sig, err := private.Sign(signBytes)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := other.Sign(signBytes)
	if err != nil {
		t.Fatal(err)
	}
	bent := append([]byte{}, sig...)
	bent[3] ^= 1
	memory, asked := newSignatures(8), 0
	key := func(k cryptotypes.PubKey) cryptotypes.PubKey { return counting{k, &asked} }
	for _, c := range []struct {
		name        string
		key         cryptotypes.PubKey
		bytes, sig  []byte
		good, again bool // again: the key is asked
	}{
		{"first", private.PubKey(), signBytes, sig, true, true},
		{"remembered", private.PubKey(), signBytes, sig, true, false},
		{"other bytes", private.PubKey(), append([]byte{}, signBytes[1:]...), sig, false, true},
		{"other signature", private.PubKey(), signBytes, bent, false, true},
		{"other signature again", private.PubKey(), signBytes, bent, false, true},
		{"another's signature", private.PubKey(), signBytes, foreign, false, true},
		{"another's key", other.PubKey(), signBytes, sig, false, true},
		{"another kind of key", &secp256k1.PubKey{Key: private.PubKey().Bytes()}, signBytes, make([]byte, 64), false, true},
		{"a byte moved between parts", private.PubKey(), append(append([]byte{}, signBytes...), sig[0]), sig[1:], false, true},
		{"no signature", private.PubKey(), signBytes, nil, false, true},
		{"still remembered", private.PubKey(), signBytes, sig, true, false},
	} {
		asked = 0
		if got := memory.verify(key(c.key), c.bytes, c.sig); got != c.good || (asked == 1) != c.again {
			t.Errorf("%s: %t, the key was asked %d times", c.name, got, asked)
		}
	}
}

// The memory is bounded: it keeps the youngest, at least as many as it was made
// for, and never more than twice that.
func TestSignatureMemoryIsBounded(t *testing.T) {
	t.Parallel()
	const most = 16
	private, memory, asked := ed25519.GenPrivKeyFromSecret([]byte("one")), newSignatures(most), 0
	key := counting{private.PubKey(), &asked}
	signed := func(i uint64) (signBytes, sig []byte) {
		signBytes = binary.BigEndian.AppendUint64(nil, i)
		sig, err := private.Sign(signBytes)
		if err != nil {
			t.Fatal(err)
		}
		return signBytes, sig
	}
	for i := range uint64(10 * most) {
		b, s := signed(i)
		if !memory.verify(key, b, s) {
			t.Fatalf("signature %d", i)
		}
		if n := len(memory.young) + len(memory.old); n > 2*most {
			t.Fatalf("%d remembered", n)
		}
	}
	asked = 0
	for i := uint64(9 * most); i < 10*most; i++ {
		b, s := signed(i)
		memory.verify(key, b, s)
	}
	if asked != 0 {
		t.Errorf("%d of the youngest %d are forgotten", asked, most)
	}
	if b, s := signed(0); !memory.verify(key, b, s) || asked != 1 {
		t.Error("the oldest is still there")
	}
}
