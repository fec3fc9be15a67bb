package oprf

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/cloudflare/circl/group"

	"github.com/xinlian/xinlian/internal/canon"
)

// The reasons for which a dealer is out.
var (
	ErrNoDeal      = errors.New("oprf: dealt nothing")
	ErrTwoDeals    = errors.New("oprf: dealt twice, differently")
	ErrUnanswered  = errors.New("oprf: left a complaint unanswered")
	ErrWrongAnswer = errors.New("oprf: answered a complaint with a wrong share")
	ErrComplaints  = errors.New("oprf: more complaints than a minority can make")
)

// Published is everything that was published in a ceremony, in any order.
type Published struct {
	Deals      []Deal
	Complaints []Complaint
	Answers    []Answer
}

// Outcome is what every member computes alike from the same published messages.
type Outcome struct {
	Key Key
	// Qualified lists the dealers whose polynomials make up the key.
	Qualified []uint16
	// Out names the other dealers with the reason.
	Out []Fault
	// Transcript is the hash of everything that counted: members confirm it on
	// chain, where two different ones stop the registration.
	Transcript [32]byte

	plan  Plan
	deals map[uint16]Deal
	open  map[[2]uint16]group.Scalar // dealer, receiver: shares opened by answers
}

// Conclude decides who dealt honestly and computes the key. A message that is not
// validly signed for this plan is an error: whoever published it could be anyone.
// It is ErrAborted when too few dealers are left to make the key.
func (p Plan) Conclude(all Published) (Outcome, error) {
	if err := p.Validate(); err != nil {
		return Outcome{}, err
	}
	o := Outcome{plan: p, deals: map[uint16]Deal{}, open: map[[2]uint16]group.Scalar{}}
	faults, err := p.sort(all, &o)
	if err != nil {
		return Outcome{}, err
	}
	for _, d := range p.Dealers {
		_, dealt := o.deals[d.Index]
		switch reason := faults[d.Index]; {
		case reason != nil:
			o.Out = append(o.Out, Fault{d.Index, reason})
		case !dealt:
			o.Out = append(o.Out, Fault{d.Index, ErrNoDeal})
		default:
			o.Qualified = append(o.Qualified, d.Index)
		}
	}
	need := int(p.Threshold)
	if p.Previous != nil {
		need = int(p.Previous.Threshold)
	}
	if len(o.Qualified) < need {
		return o, fmt.Errorf("%w: %d of %d, want %d", ErrAborted, len(o.Qualified), len(p.Dealers), need)
	}
	if p.Previous != nil { // any threshold of old shares gives the key; all must pick the same
		o.Qualified = o.Qualified[:need]
	}
	if err := o.makeKey(); err != nil {
		return o, err
	}
	o.Transcript = o.transcript(all)
	return o, nil
}

// sort checks every message and returns the dealers' faults.
func (p Plan) sort(all Published, o *Outcome) (map[uint16]error, error) {
	faults := map[uint16]error{}
	dealers := map[uint16]Participant{}
	for _, d := range p.Dealers {
		dealers[d.Index] = d
	}
	for _, d := range all.Deals {
		dealer, known := dealers[d.Dealer]
		if !known || d.Plan != p.ID() {
			return nil, fmt.Errorf("%w: deal of %d", ErrForeign, d.Dealer)
		}
		if err := dealer.verify(d.content(), d.Signature); err != nil {
			return nil, err
		}
		if earlier, twice := o.deals[d.Dealer]; twice && !bytes.Equal(earlier.content(), d.content()) {
			faults[d.Dealer] = ErrTwoDeals
		}
		if err := p.fits(d); err != nil && faults[d.Dealer] == nil {
			faults[d.Dealer] = err
		}
		o.deals[d.Dealer] = d
	}
	answers := map[[2]uint16]Answer{}
	for _, a := range all.Answers {
		if err := p.checkAnswer(a); err != nil {
			return nil, err
		}
		answers[[2]uint16{a.Dealer, a.Receiver}] = a
	}
	complaints := map[[2]uint16]bool{}
	for _, c := range all.Complaints {
		if err := p.checkComplaint(c); err != nil {
			return nil, err
		}
		complaints[[2]uint16{c.Dealer, c.Receiver}] = true
	}
	p.judge(o, faults, complaints, answers)
	return faults, nil
}

// judge settles the complaints against each dealer.
func (p Plan) judge(o *Outcome, faults map[uint16]error, complaints map[[2]uint16]bool, answers map[[2]uint16]Answer) {
	for _, d := range p.Dealers {
		deal, dealt := o.deals[d.Index]
		if !dealt || faults[d.Index] != nil {
			continue
		}
		count := 0
		for _, r := range p.Receivers {
			pair := [2]uint16{d.Index, r.Index}
			if !complaints[pair] {
				continue
			}
			count++
			a, answered := answers[pair]
			if !answered {
				faults[d.Index] = ErrUnanswered
				break
			}
			share, err := committed(deal, r.Index, a.Share[:])
			if err != nil {
				faults[d.Index] = ErrWrongAnswer
				break
			}
			o.open[pair] = share
		}
		// Up to n-t liars may complain about anyone. Of more complaints at least one
		// is true, and the answers to them would open too much of the polynomial.
		if faults[d.Index] == nil && count > len(p.Receivers)-int(p.Threshold) {
			faults[d.Index] = ErrComplaints
		}
	}
}

// makeKey adds the qualified dealers' commitments up, weighted in a resharing.
func (o *Outcome) makeKey() error {
	sum := make([]group.Element, o.plan.Threshold)
	for k := range sum {
		sum[k] = curve.Identity()
	}
	for _, index := range o.Qualified {
		commitments, err := points(o.deals[index].Commitments, MembersMax)
		if err != nil {
			return err
		}
		weight := o.weight(index)
		for k := range sum {
			sum[k] = curve.NewElement().Add(sum[k], curve.NewElement().Mul(commitments[k], weight))
		}
	}
	o.Key = Key{Threshold: o.plan.Threshold, Point: [PointBytes]byte(encoded(sum[0]))}
	for _, r := range o.plan.Receivers {
		o.Key.Shares = append(o.Key.Shares, PublicShare{Index: r.Index, Point: [PointBytes]byte(encoded(at(sum, r.Index)))})
	}
	if o.plan.Previous != nil && o.Key.Point != o.plan.Previous.Point {
		return fmt.Errorf("%w: the resharing gave another key", ErrKey)
	}
	return o.Key.Validate()
}

// weight is 1 for a new key, and Lagrange's coefficient of the old share in a
// resharing.
func (o *Outcome) weight(dealer uint16) group.Scalar {
	if o.plan.Previous == nil {
		return number(1)
	}
	return interpolate(o.Qualified, dealer, 0)
}

// Share is the receiver's share of the concluded key. It fails when a share that
// counts cannot be used and no complaint was made in time.
func (o Outcome) Share(id Identity, receiver uint16) (Share, error) {
	s := Share{Index: receiver, secret: curve.NewScalar()}
	for _, dealer := range o.Qualified {
		part, opened := o.open[[2]uint16{dealer, receiver}]
		if !opened {
			var err error
			if part, err = o.plan.open(o.deals[dealer], id, receiver); err != nil {
				return Share{}, err
			}
		}
		s.secret.Add(s.secret, curve.NewScalar().Mul(part, o.weight(dealer)))
	}
	if public, ok := o.Key.Share(receiver); !ok || s.secret.IsZero() || s.Public() != public {
		return Share{}, fmt.Errorf("%w: share %d", ErrKey, receiver)
	}
	return s, nil
}

// transcript hashes what was published, in an order that does not depend on how
// it arrived.
func (o Outcome) transcript(all Published) [32]byte {
	plan := o.plan.ID()
	w := canon.New("oprf-transcript").Fixed(plan[:]).Bytes(o.Key.Encoded())
	for _, list := range [][][]byte{contents(all.Deals), contents(all.Complaints), contents(all.Answers)} {
		w.Uint32(uint32(len(list)))
		for _, b := range list {
			w.Bytes(b)
		}
	}
	w.Uint16(uint16(len(o.Qualified)))
	for _, q := range o.Qualified {
		w.Uint16(q)
	}
	return w.MustSum()
}

// contents lists the signed contents, each once, in ascending order.
func contents[M interface{ content() []byte }](list []M) [][]byte {
	var all [][]byte
	for _, m := range list {
		all = append(all, m.content())
	}
	slices.SortFunc(all, bytes.Compare)
	return slices.CompactFunc(all, func(a, b []byte) bool { return cmp.Compare(string(a), string(b)) == 0 })
}
