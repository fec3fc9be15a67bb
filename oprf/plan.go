package oprf

import (
	"errors"
	"fmt"

	"github.com/xinlian/xinlian/internal/canon"
)

// Refusals of a ceremony.
var (
	ErrPlan      = errors.New("oprf: the plan does not hold together")
	ErrSignature = errors.New("oprf: the signature is not the participant's")
	ErrForeign   = errors.New("oprf: a message of another ceremony or of nobody in it")
	ErrDeal      = errors.New("oprf: the deal does not fit the plan")
	ErrAborted   = errors.New("oprf: too few dealers are left, start again with a new plan")
)

const chainIDBytesMax = 64

// Plan is what the members agree on before a ceremony: who deals, who receives,
// and what for. Its id is in everything they sign, so that nothing of one
// ceremony means anything in another.
//
// Without Previous it generates a key: dealers and receivers are the same. With
// Previous it reshares that key: the dealers hold its shares and the receivers
// are the new members; old and new shares do not combine.
type Plan struct {
	ChainID   string
	Nonce     [32]byte // drawn by whoever draws up the plan; makes two plans of the same members two
	Threshold uint16   // of the receivers
	Dealers   []Participant
	Receivers []Participant
	Previous  *Key
}

// Validate is nil when the ceremony can be held.
func (p Plan) Validate() error {
	if p.ChainID == "" || len(p.ChainID) > chainIDBytesMax {
		return fmt.Errorf("%w: a chain id of %d bytes", ErrPlan, len(p.ChainID))
	}
	n := len(p.Receivers)
	if n == 0 || n > MembersMax || int(p.Threshold) < ThresholdMin(n) || int(p.Threshold) > n {
		return fmt.Errorf("%w: threshold %d of %d receivers, want at least %d and at most %d receivers",
			ErrPlan, p.Threshold, n, ThresholdMin(n), MembersMax)
	}
	for _, list := range [][]Participant{p.Dealers, p.Receivers} {
		if err := ordered(list); err != nil {
			return err
		}
	}
	if p.Previous == nil {
		return p.validateGeneration()
	}
	if err := p.Previous.Validate(); err != nil {
		return fmt.Errorf("%w: the key to reshare: %w", ErrPlan, err)
	}
	if len(p.Dealers) < int(p.Previous.Threshold) {
		return fmt.Errorf("%w: %d dealers, the key to reshare has threshold %d", ErrPlan, len(p.Dealers), p.Previous.Threshold)
	}
	for _, d := range p.Dealers {
		if _, holds := p.Previous.Share(d.Index); !holds {
			return fmt.Errorf("%w: dealer %d holds no share of the key", ErrPlan, d.Index)
		}
	}
	return nil
}

// validateGeneration: whoever deals receives.
func (p Plan) validateGeneration() error {
	if len(p.Dealers) != len(p.Receivers) {
		return fmt.Errorf("%w: %d dealers and %d receivers of a new key", ErrPlan, len(p.Dealers), len(p.Receivers))
	}
	for i := range p.Dealers {
		if p.Dealers[i] != p.Receivers[i] {
			return fmt.Errorf("%w: dealer %d is not receiver %d of a new key", ErrPlan, p.Dealers[i].Index, p.Receivers[i].Index)
		}
	}
	return nil
}

// ordered is nil when places ascend and no key stands in two of them.
func ordered(list []Participant) error {
	if len(list) == 0 || len(list) > MembersMax {
		return fmt.Errorf("%w: %d participants, want 1 to %d", ErrPlan, len(list), MembersMax)
	}
	keys := make(map[any]bool)
	for i, p := range list {
		if err := p.validate(); err != nil {
			return fmt.Errorf("%w: %w", ErrPlan, err)
		}
		if i > 0 && p.Index <= list[i-1].Index {
			return fmt.Errorf("%w: place %d after %d", ErrPlan, p.Index, list[i-1].Index)
		}
		if keys[p.SignKey] || keys[p.SealKey] || keys[p.OrgID] {
			return fmt.Errorf("%w: participant %d has an organisation or a key of another", ErrPlan, p.Index)
		}
		keys[p.SignKey], keys[p.SealKey], keys[p.OrgID] = true, true, true
	}
	return nil
}

// ID is the hash of the plan's canonical bytes.
func (p Plan) ID() [32]byte {
	w := canon.New("oprf-plan-id").Bytes(p.Encoded())
	return w.MustSum()
}

// Encoded is the plan in canonical bytes.
func (p Plan) Encoded() []byte {
	w := canon.New("oprf-plan").Bytes([]byte(p.ChainID)).Fixed(p.Nonce[:]).Uint16(p.Threshold)
	for _, list := range [][]Participant{p.Dealers, p.Receivers} {
		w.Uint16(uint16(len(list)))
		for _, one := range list {
			one.write(w)
		}
	}
	w.Bool(p.Previous != nil)
	if p.Previous != nil {
		w.Bytes(p.Previous.Encoded())
	}
	return must(w)
}

// DecodePlan reads what Encoded wrote and validates it.
func DecodePlan(b []byte) (Plan, error) {
	r := canon.Open("oprf-plan", b)
	p := Plan{ChainID: string(r.Bytes())}
	copy(p.Nonce[:], r.Fixed(len(p.Nonce)))
	p.Threshold = r.Uint16()
	for _, list := range []*[]Participant{&p.Dealers, &p.Receivers} {
		n := int(r.Uint16())
		if n > MembersMax {
			return Plan{}, fmt.Errorf("reading a plan: %w: %d participants", ErrSize, n)
		}
		for range n {
			*list = append(*list, readParticipant(r))
		}
	}
	if r.Bool() {
		k, err := DecodeKey(r.Bytes())
		if err != nil {
			return Plan{}, fmt.Errorf("reading a plan: %w", err)
		}
		p.Previous = &k
	}
	if err := r.Done(); err != nil {
		return Plan{}, fmt.Errorf("reading a plan: %w", err)
	}
	return p, p.Validate()
}

func place(list []Participant, index uint16) (Participant, bool) {
	for _, p := range list {
		if p.Index == index {
			return p, true
		}
	}
	return Participant{}, false
}
