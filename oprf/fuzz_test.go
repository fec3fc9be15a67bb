package oprf

import (
	"bytes"
	"testing"
)

// FuzzDecode proves that no bytes make a decoder panic, and that whatever one
// accepts is the only encoding of what it read.
func FuzzDecode(f *testing.F) {
	c := generation(f, 4)
	secrets := c.deal(f, nil)
	c.sealWrong(f, 0, 1)
	c.inspect(f)
	answer, err := c.plan.Answer(c.olds[1], secrets[1], c.Complaints[0])
	check(f, err)
	c.Answers = []Answer{answer}
	o, shares := c.conclude(f)
	r, err := Blind([][]byte{[]byte("x"), []byte("y")})
	check(f, err)
	partial, err := shares[1].Evaluate(r.Blinded())
	check(f, err)
	identity, err := c.ids[1].Encoded()
	check(f, err)
	resharing := c.plan
	resharing.Previous = &o.Key
	for _, b := range [][]byte{
		o.Key.Encoded(), shares[1].Encoded(), partial.Encoded(), identity, c.plan.Receivers[0].Encoded(), c.plan.Encoded(),
		resharing.Encoded(), c.Deals[0].Encoded(), secrets[1].Encoded(), c.Complaints[0].Encoded(), answer.Encoded(),
	} {
		if !decodes(f, b) {
			f.Fatalf("a seed of %d bytes is not read", len(b))
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { decodes(t, b) })
}

// decodes tries every decoder and tells whether one took the bytes.
func decodes(t testing.TB, b []byte) bool {
	t.Helper()
	taken := false
	is := func(encoded []byte, err error) {
		if err != nil {
			return
		}
		taken = true
		if !bytes.Equal(encoded, b) {
			t.Errorf("%x was read as %x", b, encoded)
		}
	}
	k, err := DecodeKey(b)
	is(k.Encoded(), err)
	if s, err := DecodeShare(b); err == nil {
		is(s.Encoded(), nil)
	}
	p, err := DecodePartial(b)
	is(p.Encoded(), err)
	if id, err := DecodeIdentity(b); err == nil {
		is(id.Encoded())
	}
	one, err := DecodeParticipant(b)
	is(one.Encoded(), err)
	plan, err := DecodePlan(b)
	is(plan.Encoded(), err)
	d, err := DecodeDeal(b)
	is(d.Encoded(), err)
	s, err := DecodeSecret(b)
	is(s.Encoded(), err)
	complaint, err := DecodeComplaint(b)
	is(complaint.Encoded(), err)
	a, err := DecodeAnswer(b)
	is(a.Encoded(), err)
	return taken
}
