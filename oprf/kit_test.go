package oprf

import (
	"crypto/rand"
	"testing"

	"github.com/cloudflare/circl/group"
)

// ceremony is a plan with its members' secret keys, for tests.
type ceremony struct {
	plan Plan
	ids  map[uint16]Identity // of receivers
	olds map[uint16]Identity // of dealers
	published
}

type published = Published

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func identities(t testing.TB, indices ...uint16) (map[uint16]Identity, []Participant) {
	t.Helper()
	ids := map[uint16]Identity{}
	var list []Participant
	for _, i := range indices {
		id, err := NewIdentity()
		check(t, err)
		ids[i], list = id, append(list, id.Participant(i, 100+uint64(i)))
	}
	return ids, list
}

func places(n int) []uint16 {
	var list []uint16
	for i := range n {
		list = append(list, uint16(i+1))
	}
	return list
}

// generation is a ceremony for a new key of n members with the least threshold.
func generation(t testing.TB, n int) *ceremony {
	t.Helper()
	ids, list := identities(t, places(n)...)
	p := Plan{ChainID: "xinlian-test", Threshold: uint16(ThresholdMin(n)), Dealers: list, Receivers: list}
	rand.Read(p.Nonce[:])
	return &ceremony{plan: p, ids: ids, olds: ids}
}

// deal has every dealer deal honestly; shares are those of an earlier key, if any.
func (c *ceremony) deal(t testing.TB, shares map[uint16]Share) map[uint16]Secret {
	t.Helper()
	secrets := map[uint16]Secret{}
	for _, d := range c.plan.Dealers {
		var previous *Share
		if s, ok := shares[d.Index]; ok {
			previous = &s
		}
		deal, secret, err := c.plan.Deal(c.olds[d.Index], d.Index, previous)
		check(t, err)
		c.Deals, secrets[d.Index] = append(c.Deals, deal), secret
	}
	return secrets
}

// inspect has every receiver look at the deals and complain.
func (c *ceremony) inspect(t testing.TB) {
	t.Helper()
	for _, r := range c.plan.Receivers {
		list, err := c.plan.Inspect(c.ids[r.Index], r.Index, c.Deals)
		check(t, err)
		c.Complaints = append(c.Complaints, list...)
	}
}

func (c *ceremony) conclude(t testing.TB) (Outcome, map[uint16]Share) {
	t.Helper()
	o, err := c.plan.Conclude(c.published)
	check(t, err)
	shares := map[uint16]Share{}
	for _, r := range c.plan.Receivers {
		s, err := o.Share(c.ids[r.Index], r.Index)
		check(t, err)
		shares[r.Index] = s
	}
	return o, shares
}

// keyOf is a whole honest generation.
func keyOf(t testing.TB, n int) (Key, map[uint16]Share) {
	t.Helper()
	c := generation(t, n)
	c.deal(t, nil)
	c.inspect(t)
	if len(c.Complaints) != 0 {
		t.Fatalf("honest dealers got %d complaints", len(c.Complaints))
	}
	o, shares := c.conclude(t)
	return o.Key, shares
}

// secretOf combines shares into the key that nobody should hold.
func secretOf(shares map[uint16]Share, indices ...uint16) group.Scalar {
	sum := curve.NewScalar()
	for _, i := range indices {
		sum.Add(sum, curve.NewScalar().Mul(shares[i].secret, interpolate(indices, i, 0)))
	}
	return sum
}

// evaluate asks the given members about the inputs.
func evaluate(t testing.TB, k Key, shares map[uint16]Share, inputs [][]byte, members ...uint16) ([][]byte, error) {
	t.Helper()
	r, err := Blind(inputs)
	check(t, err)
	var partials []Partial
	for _, m := range members {
		p, err := shares[m].Evaluate(r.Blinded())
		check(t, err)
		partials = append(partials, p)
	}
	return r.Combine(k, partials)
}
