package oprf

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/hpke"
	"errors"
	"slices"
	"testing"
)

// resign signs a bent deal again, as a dealer that cheats would.
func (c *ceremony) resign(i int) {
	d := &c.Deals[i]
	d.Signature = ed25519.Sign(c.olds[d.Dealer].sign, d.content())
}

// sealWrong replaces one receiver's share by another number.
func (c *ceremony) sealWrong(t testing.TB, i, receiver int) {
	t.Helper()
	d, r := &c.Deals[i], c.plan.Receivers[receiver]
	pk, err := hpke.DHKEM(ecdh.P256()).NewPublicKey(r.SealKey[:])
	check(t, err)
	d.Sealed[receiver], err = hpke.Seal(pk, hpke.HKDFSHA256(), hpke.AES256GCM(), sealInfo(d.Plan, d.Dealer, r.Index), encoded(number(7)))
	check(t, err)
	c.resign(i)
}

// TestGeneration proves that every member comes to the same key and transcript,
// in whatever order the messages arrive, and that the key is on no single share.
func TestGeneration(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 3, 4, 7} {
		c := generation(t, n)
		c.deal(t, nil)
		c.inspect(t)
		o, shares := c.conclude(t)
		check(t, o.Key.Validate())
		turned := Published{Deals: slices.Concat(c.Deals, c.Deals[:1])} // one twice
		slices.Reverse(turned.Deals)
		again, err := c.plan.Conclude(turned)
		check(t, err)
		if again.Transcript != o.Transcript || !bytes.Equal(again.Key.Encoded(), o.Key.Encoded()) {
			t.Errorf("%d members: the order of messages changes the outcome", n)
		}
		if n > 1 && shares[1].Public().Point == o.Key.Point {
			t.Errorf("%d members: the first share is the key", n)
		}
		if len(o.Qualified) != n || len(o.Out) != 0 {
			t.Errorf("%d members: qualified %v, out %v", n, o.Qualified, o.Out)
		}
	}
}

// TestCheaters proves, for each way in which up to a third of the dealers can
// cheat, that the others end with one valid key, that the cheater is named with
// the reason, and that a dealer who answers a complaint rightly stays in.
func TestCheaters(t *testing.T) {
	t.Parallel()
	const n, cheats = 7, 2 // threshold 5, so two may cheat
	answer := func(t testing.TB, c *ceremony, secrets map[uint16]Secret, which ...int) {
		for _, i := range which {
			complaint := c.Complaints[i]
			a, err := c.plan.Answer(c.olds[complaint.Dealer], secrets[complaint.Dealer], complaint)
			check(t, err)
			c.Answers = append(c.Answers, a)
		}
	}
	for name, s := range map[string]struct {
		cheat func(t testing.TB, c *ceremony, secrets map[uint16]Secret)
		out   []error // of dealers 1 and 2; nil stays in
	}{
		"silent": {func(_ testing.TB, c *ceremony, _ map[uint16]Secret) { c.Deals = c.Deals[cheats:] }, []error{ErrNoDeal, ErrNoDeal}},
		"wrong shares, unanswered": {func(t testing.TB, c *ceremony, _ map[uint16]Secret) {
			c.sealWrong(t, 0, 3)
			c.sealWrong(t, 1, 6)
		}, []error{ErrUnanswered, ErrUnanswered}},
		"unreadable share, unanswered; wrong one, answered rightly": {func(t testing.TB, c *ceremony, secrets map[uint16]Secret) {
			c.Deals[0].Sealed[2][70] ^= 1
			c.resign(0)
			c.sealWrong(t, 1, 4)
			c.inspect(t)
			for i, one := range c.Complaints {
				if one.Dealer == 2 {
					answer(t, c, secrets, i)
				}
			}
		}, []error{ErrUnanswered, nil}},
		"answered wrongly": {func(t testing.TB, c *ceremony, secrets map[uint16]Secret) {
			c.sealWrong(t, 0, 3)
			c.inspect(t)
			answer(t, c, secrets, 0)
			a := &c.Answers[0]
			a.Share = [32]byte(encoded(number(8)))
			a.Signature = ed25519.Sign(c.olds[1].sign, a.content())
		}, []error{ErrWrongAnswer, nil}},
		"more complaints than liars": {func(t testing.TB, c *ceremony, secrets map[uint16]Secret) {
			for r := range 3 {
				c.sealWrong(t, 0, r)
			}
			c.inspect(t)
			answer(t, c, secrets, 0, 1, 2)
		}, []error{ErrComplaints, nil}},
		"false complaints": {func(t testing.TB, c *ceremony, secrets map[uint16]Secret) {
			for _, r := range []uint16{6, 7} {
				one := Complaint{Plan: c.plan.ID(), Dealer: 1, Receiver: r}
				one.Signature = ed25519.Sign(c.ids[r].sign, one.content())
				c.Complaints = append(c.Complaints, one)
			}
			answer(t, c, secrets, 0, 1)
		}, []error{nil, nil}},
		"two deals": {func(t testing.TB, c *ceremony, _ map[uint16]Secret) {
			second, _, err := c.plan.Deal(c.olds[1], 1, nil)
			check(t, err)
			c.Deals = append(c.Deals, second)
		}, []error{ErrTwoDeals, nil}},
		"too few commitments; a commitment that is no point": {func(_ testing.TB, c *ceremony, _ map[uint16]Secret) {
			c.Deals[0].Commitments = c.Deals[0].Commitments[1:]
			c.Deals[1].Commitments[2] = make([]byte, PointBytes)
			c.resign(0)
			c.resign(1)
		}, []error{ErrDeal, ErrDeal}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := generation(t, n)
			secrets := c.deal(t, nil)
			s.cheat(t, c, secrets)
			if len(c.Complaints) == 0 {
				c.inspect(t)
			}
			o, shares := c.conclude(t)
			for i, want := range s.out {
				index := uint16(i + 1)
				at := slices.IndexFunc(o.Out, func(f Fault) bool { return f.Index == index })
				switch {
				case want == nil && (at >= 0 || !slices.Contains(o.Qualified, index)):
					t.Errorf("dealer %d is out: %v", index, o.Out)
				case want != nil && (at < 0 || !errors.Is(o.Out[at].Reason, want)):
					t.Errorf("dealer %d: got %v, want %v", index, o.Out, want)
				}
			}
			for _, honest := range places(n)[cheats:] {
				if !slices.Contains(o.Qualified, honest) {
					t.Errorf("honest dealer %d is out: %v", honest, o.Out)
				}
			}
			if _, err := evaluate(t, o.Key, shares, [][]byte{[]byte("x")}, 3, 4, 5, 6, 7); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestAborted proves that a ceremony with more cheaters than it bears ends without
// a key, and that foreign messages are refused.
func TestAborted(t *testing.T) {
	t.Parallel()
	c := generation(t, 4)
	c.deal(t, nil)
	if _, err := c.plan.Conclude(Published{Deals: c.Deals[:2]}); !errors.Is(err, ErrAborted) {
		t.Errorf("two of four: %v", err)
	}
	other := generation(t, 4)
	other.deal(t, nil)
	if _, err := c.plan.Conclude(other.published); !errors.Is(err, ErrForeign) {
		t.Errorf("another ceremony's deals: %v", err)
	}
	forged := c.Deals[0]
	forged.Signature = bytes.Clone(c.Deals[1].Signature)
	if _, err := c.plan.Conclude(Published{Deals: []Deal{forged}}); !errors.Is(err, ErrSignature) {
		t.Errorf("a forged deal: %v", err)
	}
	if _, err := c.plan.Inspect(c.ids[1], 1, []Deal{forged}); !errors.Is(err, ErrSignature) {
		t.Errorf("inspecting a forged deal: %v", err)
	}
	complaint := Complaint{Plan: c.plan.ID(), Dealer: 1, Receiver: 2, Signature: make([]byte, 64)}
	if _, err := c.plan.Conclude(Published{Deals: c.Deals, Complaints: []Complaint{complaint}}); !errors.Is(err, ErrSignature) {
		t.Errorf("a forged complaint: %v", err)
	}
	a := Answer{Plan: c.plan.ID(), Dealer: 1, Receiver: 2, Signature: make([]byte, 64)}
	if _, err := c.plan.Conclude(Published{Deals: c.Deals, Answers: []Answer{a}}); !errors.Is(err, ErrSignature) {
		t.Errorf("a forged answer: %v", err)
	}
	if _, _, err := c.plan.Deal(c.ids[1], 2, nil); !errors.Is(err, ErrForeign) {
		t.Errorf("dealing for another: %v", err)
	}
}

// TestResharing proves that new members get shares of the same key, so that tags
// stay what they were; that shares of before and after do not combine; and that
// an old member that deals another secret, or falls silent, is out.
func TestResharing(t *testing.T) {
	t.Parallel()
	old, shares := keyOf(t, 4)
	inputs := [][]byte{[]byte("invoice")}
	want, err := evaluate(t, old, shares, inputs, 1, 2, 3)
	check(t, err)

	ids, receivers := identities(t, 2, 3, 5, 6, 9) // two stay, three join, places with gaps
	olds, dealers := identities(t, 1, 2, 3, 4)
	c := &ceremony{ids: ids, olds: olds, plan: Plan{
		ChainID: "xinlian-test", Threshold: 4, Dealers: dealers, Receivers: receivers, Previous: &old,
	}}
	c.deal(t, shares)
	liar := c.Deals[0]
	generated := generation(t, 4)
	generated.deal(t, nil)
	liar.Commitments = generated.Deals[0].Commitments
	c.Deals[0] = liar
	c.resign(0)
	c.inspect(t)
	o, renewed := c.conclude(t)
	if o.Key.Point != old.Point {
		t.Error("the public key changed")
	}
	if !slices.Equal(o.Qualified, []uint16{2, 3, 4}) || len(o.Out) != 1 || !errors.Is(o.Out[0].Reason, ErrDeal) {
		t.Errorf("qualified %v, out %v", o.Qualified, o.Out)
	}
	for _, members := range [][]uint16{{2, 3, 5, 6}, {3, 5, 6, 9}} {
		got, err := evaluate(t, o.Key, renewed, inputs, members...)
		check(t, err)
		if !bytes.Equal(got[0], want[0]) {
			t.Errorf("members %v give another tag", members)
		}
	}
	mixed := map[uint16]Share{2: shares[2], 3: renewed[3], 5: renewed[5], 6: renewed[6]}
	if _, err := evaluate(t, o.Key, mixed, inputs, 2, 3, 5, 6); !errors.Is(err, ErrFew) {
		t.Errorf("an old share among new ones: %v", err)
	}
	if _, err := c.plan.Conclude(Published{Deals: c.Deals[2:]}); !errors.Is(err, ErrAborted) {
		t.Errorf("two of the old members: %v", err)
	}
	wrong := shares[2]
	wrong.secret = number(5)
	if _, _, err := c.plan.Deal(olds[2], 2, &wrong); !errors.Is(err, ErrKey) {
		t.Errorf("dealing another share: %v", err)
	}
	if _, _, err := c.plan.Deal(olds[2], 2, nil); !errors.Is(err, ErrPlan) {
		t.Errorf("dealing no share: %v", err)
	}
}

// TestPlanRefused proves that a plan under which a ceremony could go wrong is
// refused.
func TestPlanRefused(t *testing.T) {
	t.Parallel()
	key, _ := keyOf(t, 4)
	_, strangers := identities(t, 7, 8, 9)
	for name, bend := range map[string]func(p *Plan){
		"no chain":                func(p *Plan) { p.ChainID = "" },
		"low threshold":           func(p *Plan) { p.Threshold = 2 },
		"high threshold":          func(p *Plan) { p.Threshold = 5 },
		"nobody":                  func(p *Plan) { p.Receivers = nil },
		"dealers are others":      func(p *Plan) { p.Dealers = p.Dealers[1:] },
		"dealer's key is another": func(p *Plan) { p.Dealers[1].SignKey[0] ^= 1 },
		"order":                   func(p *Plan) { slices.Reverse(p.Receivers); slices.Reverse(p.Dealers) },
		"index 0":                 func(p *Plan) { p.Receivers[0].Index = 0; p.Dealers[0].Index = 0 },
		"one organisation twice":  func(p *Plan) { p.Receivers[0].OrgID = 102; p.Dealers[0].OrgID = 102 },
		"one key twice": func(p *Plan) {
			p.Receivers[0].SealKey = p.Receivers[1].SealKey
			p.Dealers[0] = p.Receivers[0]
		},
		"sealing key off the curve":   func(p *Plan) { p.Receivers[0].SealKey[64] ^= 1; p.Dealers[0] = p.Receivers[0] },
		"resharing by few":            func(p *Plan) { p.Previous, p.Dealers = &key, p.Dealers[:2] },
		"resharing by strangers":      func(p *Plan) { p.Previous, p.Dealers = &key, strangers },
		"resharing of what is no key": func(p *Plan) { p.Previous = &Key{} },
	} {
		p := generation(t, 4).plan
		p.Dealers, p.Receivers = slices.Clone(p.Dealers), slices.Clone(p.Receivers)
		bend(&p)
		if err := p.Validate(); !errors.Is(err, ErrPlan) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
