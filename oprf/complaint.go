package oprf

import (
	"crypto/ed25519"
	"fmt"

	"github.com/xinlian/xinlian/internal/canon"
)

// Complaint says that a dealer gave a receiver no usable share.
type Complaint struct {
	Plan      [32]byte
	Dealer    uint16
	Receiver  uint16
	Signature []byte // the receiver's
}

// Answer opens the share that a complaint is about, for everyone to check. A
// dealer that is right loses nothing but that one share's secrecy.
type Answer struct {
	Plan      [32]byte
	Dealer    uint16
	Receiver  uint16
	Share     [ScalarBytes]byte
	Signature []byte // the dealer's
}

// Answer answers a complaint about one's own deal.
func (p Plan) Answer(id Identity, s Secret, c Complaint) (Answer, error) {
	if err := p.checkComplaint(c); err != nil {
		return Answer{}, err
	}
	me, _ := place(p.Dealers, c.Dealer)
	if me != id.Participant(c.Dealer, me.OrgID) {
		return Answer{}, fmt.Errorf("answering: %w: the complaint is about dealer %d", ErrForeign, c.Dealer)
	}
	a := Answer{Plan: c.Plan, Dealer: c.Dealer, Receiver: c.Receiver, Share: [ScalarBytes]byte(encoded(s.at(c.Receiver)))}
	a.Signature = ed25519.Sign(id.sign, a.content())
	return a, nil
}

func (p Plan) checkComplaint(c Complaint) error {
	receiver, receives := place(p.Receivers, c.Receiver)
	if _, deals := place(p.Dealers, c.Dealer); !deals || !receives || c.Plan != p.ID() {
		return fmt.Errorf("%w: complaint of %d about %d", ErrForeign, c.Receiver, c.Dealer)
	}
	return receiver.verify(c.content(), c.Signature)
}

func (p Plan) checkAnswer(a Answer) error {
	dealer, deals := place(p.Dealers, a.Dealer)
	if _, receives := place(p.Receivers, a.Receiver); !deals || !receives || a.Plan != p.ID() {
		return fmt.Errorf("%w: answer of %d to %d", ErrForeign, a.Dealer, a.Receiver)
	}
	return dealer.verify(a.content(), a.Signature)
}

func (d Deal) content() []byte {
	w := canon.New("oprf-deal").Fixed(d.Plan[:]).Uint16(d.Dealer)
	for _, list := range [][][]byte{d.Commitments, d.Sealed} {
		w.Uint16(uint16(len(list)))
		for _, b := range list {
			w.Bytes(b)
		}
	}
	return must(w)
}

func (c Complaint) content() []byte {
	return must(canon.New("oprf-complaint").Fixed(c.Plan[:]).Uint16(c.Dealer).Uint16(c.Receiver))
}

func (a Answer) content() []byte {
	return must(canon.New("oprf-answer").Fixed(a.Plan[:]).Uint16(a.Dealer).Uint16(a.Receiver).Fixed(a.Share[:]))
}

// Encoded is the signed deal in canonical bytes.
func (d Deal) Encoded() []byte { return append(d.content(), d.Signature...) }

// Encoded is the signed complaint in canonical bytes.
func (c Complaint) Encoded() []byte { return append(c.content(), c.Signature...) }

// Encoded is the signed answer in canonical bytes.
func (a Answer) Encoded() []byte { return append(a.content(), a.Signature...) }

// DecodeDeal reads what Encoded wrote. Plan.CheckDeal tells whether it counts.
func DecodeDeal(b []byte) (Deal, error) {
	r := canon.Open("oprf-deal", b)
	var d Deal
	copy(d.Plan[:], r.Fixed(len(d.Plan)))
	d.Dealer = r.Uint16()
	for _, list := range []*[][]byte{&d.Commitments, &d.Sealed} {
		n := int(r.Uint16())
		if n > MembersMax {
			return Deal{}, fmt.Errorf("reading a deal: %w: %d parts", ErrSize, n)
		}
		for range n {
			*list = append(*list, r.Bytes())
		}
	}
	d.Signature = r.Fixed(signatureBytes)
	if err := r.Done(); err != nil {
		return Deal{}, fmt.Errorf("reading a deal: %w", err)
	}
	return d, nil
}

// DecodeComplaint reads what Encoded wrote.
func DecodeComplaint(b []byte) (Complaint, error) {
	r := canon.Open("oprf-complaint", b)
	var c Complaint
	copy(c.Plan[:], r.Fixed(len(c.Plan)))
	c.Dealer, c.Receiver, c.Signature = r.Uint16(), r.Uint16(), r.Fixed(signatureBytes)
	if err := r.Done(); err != nil {
		return Complaint{}, fmt.Errorf("reading a complaint: %w", err)
	}
	return c, nil
}

// DecodeAnswer reads what Encoded wrote.
func DecodeAnswer(b []byte) (Answer, error) {
	r := canon.Open("oprf-answer", b)
	var a Answer
	copy(a.Plan[:], r.Fixed(len(a.Plan)))
	a.Dealer, a.Receiver = r.Uint16(), r.Uint16()
	copy(a.Share[:], r.Fixed(ScalarBytes))
	a.Signature = r.Fixed(signatureBytes)
	if err := r.Done(); err != nil {
		return Answer{}, fmt.Errorf("reading an answer to a complaint: %w", err)
	}
	return a, nil
}
