package oprf

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/cloudflare/circl/group"

	"github.com/xinlian/xinlian/internal/canon"
)

// Deal is what a dealer publishes: commitments to its polynomial, constant first,
// and one sealed share for each receiver, in the plan's order.
type Deal struct {
	Plan        [32]byte
	Dealer      uint16
	Commitments [][]byte
	Sealed      [][]byte
	Signature   []byte
}

// Secret is a dealer's polynomial. It answers complaints, and is destroyed when
// the ceremony ends.
type Secret struct{ coefficients []group.Scalar }

// Deal draws a polynomial and deals it. For a resharing previous is the dealer's
// share of the key; for a new key it is nil.
func (p Plan) Deal(id Identity, dealer uint16, previous *Share) (Deal, Secret, error) {
	if err := p.Validate(); err != nil {
		return Deal{}, Secret{}, err
	}
	me, ok := place(p.Dealers, dealer)
	if !ok || me != id.Participant(dealer, me.OrgID) {
		return Deal{}, Secret{}, fmt.Errorf("dealing: %w: place %d is not of this key", ErrForeign, dealer)
	}
	if (previous != nil) != (p.Previous != nil) {
		return Deal{}, Secret{}, fmt.Errorf("dealing: %w: a resharing, and only that, deals a share of the earlier key", ErrPlan)
	}
	s := Secret{coefficients: make([]group.Scalar, p.Threshold)}
	for k := range s.coefficients {
		s.coefficients[k] = curve.RandomNonZeroScalar(rand.Reader)
	}
	if previous != nil {
		if held, _ := p.Previous.Share(dealer); previous.Index != dealer || previous.Public() != held {
			return Deal{}, Secret{}, fmt.Errorf("dealing: %w: the share is not that of place %d", ErrKey, dealer)
		}
		s.coefficients[0] = previous.secret.Copy()
	}
	d := Deal{Plan: p.ID(), Dealer: dealer}
	for _, c := range s.coefficients {
		d.Commitments = append(d.Commitments, encoded(curve.NewElement().MulGen(c)))
	}
	for _, r := range p.Receivers {
		pk, err := hpke.DHKEM(ecdh.P256()).NewPublicKey(r.SealKey[:])
		if err != nil {
			return Deal{}, Secret{}, fmt.Errorf("dealing to %d: %w", r.Index, err)
		}
		sealed, err := hpke.Seal(pk, hpke.HKDFSHA256(), hpke.AES256GCM(), sealInfo(d.Plan, dealer, r.Index), encoded(s.at(r.Index)))
		if err != nil {
			return Deal{}, Secret{}, fmt.Errorf("dealing to %d: %w", r.Index, err)
		}
		d.Sealed = append(d.Sealed, sealed)
	}
	d.Signature = ed25519.Sign(id.sign, d.content())
	return d, s, nil
}

// sealInfo binds a sealed share to ceremony, dealer and receiver.
func sealInfo(plan [32]byte, dealer, receiver uint16) []byte {
	return must(canon.New("oprf-seal").Fixed(plan[:]).Uint16(dealer).Uint16(receiver))
}

func (s Secret) at(x uint16) group.Scalar {
	sum := curve.NewScalar()
	for k := len(s.coefficients) - 1; k >= 0; k-- {
		sum.Add(sum.Mul(sum, number(uint64(x))), s.coefficients[k])
	}
	return sum
}

// Encoded is the secret in canonical bytes, for a sealed file.
func (s Secret) Encoded() []byte {
	w := canon.New("oprf-secret").Uint16(uint16(len(s.coefficients)))
	for _, c := range s.coefficients {
		w.Fixed(encoded(c))
	}
	return must(w)
}

// DecodeSecret reads what Encoded wrote.
func DecodeSecret(b []byte) (Secret, error) {
	r := canon.Open("oprf-secret", b)
	n := int(r.Uint16())
	if n == 0 || n > MembersMax {
		return Secret{}, fmt.Errorf("reading a polynomial: %w: %d coefficients", ErrSize, n)
	}
	var s Secret
	for range n {
		c, err := scalar(r.Fixed(ScalarBytes))
		if err != nil {
			return Secret{}, fmt.Errorf("reading a polynomial: %w", err)
		}
		s.coefficients = append(s.coefficients, c)
	}
	if err := r.Done(); err != nil {
		return Secret{}, fmt.Errorf("reading a polynomial: %w", err)
	}
	return s, nil
}

// CheckDeal is nil when the deal is one that its dealer signed for this plan and
// its commitments are points. Whether the sealed shares fit only their receivers
// can see.
func (p Plan) CheckDeal(d Deal) error {
	dealer, ok := place(p.Dealers, d.Dealer)
	if !ok || d.Plan != p.ID() {
		return fmt.Errorf("%w: deal of %d", ErrForeign, d.Dealer)
	}
	if err := dealer.verify(d.content(), d.Signature); err != nil {
		return err
	}
	return p.fits(d)
}

// fits checks what the dealer signed.
func (p Plan) fits(d Deal) error {
	if len(d.Commitments) != int(p.Threshold) || len(d.Sealed) != len(p.Receivers) {
		return fmt.Errorf("%w: %d commitments and %d shares of dealer %d", ErrDeal, len(d.Commitments), len(d.Sealed), d.Dealer)
	}
	for _, s := range d.Sealed {
		if len(s) != sealedBytes {
			return fmt.Errorf("%w: a sealed share of %d bytes", ErrDeal, len(s))
		}
	}
	if _, err := points(d.Commitments, MembersMax); err != nil {
		return fmt.Errorf("%w: commitments of dealer %d: %w", ErrDeal, d.Dealer, err)
	}
	if p.Previous != nil {
		if held, _ := p.Previous.Share(d.Dealer); !bytes.Equal(held.Point[:], d.Commitments[0]) {
			return fmt.Errorf("%w: dealer %d deals something else than its share", ErrDeal, d.Dealer)
		}
	}
	return nil
}

// open reads a receiver's share out of a deal and checks it against the
// commitments.
func (p Plan) open(d Deal, id Identity, receiver uint16) (group.Scalar, error) {
	for i, r := range p.Receivers {
		if r.Index != receiver {
			continue
		}
		b, err := hpke.Open(id.seal, hpke.HKDFSHA256(), hpke.AES256GCM(), sealInfo(d.Plan, d.Dealer, receiver), d.Sealed[i])
		if err != nil {
			return nil, fmt.Errorf("opening the share of dealer %d: %w", d.Dealer, err)
		}
		return committed(d, receiver, b)
	}
	return nil, fmt.Errorf("%w: receiver %d", ErrForeign, receiver)
}

// committed reads a share and checks that it is the committed polynomial's.
func committed(d Deal, receiver uint16, b []byte) (group.Scalar, error) {
	s, err := scalar(b)
	if err != nil {
		return nil, fmt.Errorf("the share of dealer %d: %w", d.Dealer, err)
	}
	commitments, err := points(d.Commitments, MembersMax)
	if err != nil {
		return nil, err
	}
	if !curve.NewElement().MulGen(s).IsEqual(at(commitments, receiver)) {
		return nil, fmt.Errorf("%w: the share of dealer %d is not the one committed to", ErrDeal, d.Dealer)
	}
	return s, nil
}

// Inspect opens the receiver's shares of all deals and returns a signed complaint
// about each dealer whose share is unusable.
func (p Plan) Inspect(id Identity, receiver uint16, deals []Deal) ([]Complaint, error) {
	me, ok := place(p.Receivers, receiver)
	if !ok || me != id.Participant(receiver, me.OrgID) {
		return nil, fmt.Errorf("inspecting: %w: place %d is not of this key", ErrForeign, receiver)
	}
	var list []Complaint
	for _, d := range deals {
		switch err := p.CheckDeal(d); {
		case errors.Is(err, ErrDeal):
			continue // signed and unfit: the dealer is out without a complaint
		case err != nil:
			return nil, fmt.Errorf("inspecting: %w", err)
		}
		if _, err := p.open(d, id, receiver); err != nil {
			c := Complaint{Plan: p.ID(), Dealer: d.Dealer, Receiver: receiver}
			c.Signature = ed25519.Sign(id.sign, c.content())
			list = append(list, c)
		}
	}
	return list, nil
}
