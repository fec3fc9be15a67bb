package oprf

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/oprf"
)

var errProof = errors.New("oprf: the proof does not hold")

// Request is one question to the members, 1 to BatchMax inputs at once. It holds
// the inputs and their blinds and never leaves the asker.
type Request struct {
	blinded []group.Element
	final   *oprf.FinalizeData
}

// FaultyError names the members whose answers do not hold, with the reason of
// each. It comes with ErrFew when too few others are left, and else beside the
// outputs, as a report.
type FaultyError struct {
	Members []Fault
	few     bool
}

// Fault is one member's.
type Fault struct {
	Index  uint16
	Reason error
}

// Error lists the members.
func (e *FaultyError) Error() string {
	list := make([]string, len(e.Members))
	for i, f := range e.Members {
		list[i] = fmt.Sprintf("member %d: %v", f.Index, f.Reason)
	}
	return strings.Join(list, "; ")
}

// Is makes the error an ErrFew where it kept the threshold from being reached.
func (e *FaultyError) Is(target error) bool { return e.few && target == ErrFew }

// Blind hides the inputs under fresh random scalars.
func Blind(inputs [][]byte) (*Request, error) {
	if len(inputs) == 0 || len(inputs) > BatchMax {
		return nil, fmt.Errorf("blinding: %w: %d inputs, want 1 to %d", ErrSize, len(inputs), BatchMax)
	}
	for i, b := range inputs {
		if len(b) > InputBytesMax {
			return nil, fmt.Errorf("blinding: %w: input %d has %d bytes", ErrSize, i, len(b))
		}
	}
	// The key is only looked at by the library's Finalize, which is not used here:
	// a client of any key blinds alike.
	client := oprf.NewVerifiableClient(suite, new(oprf.PublicKey))
	final, request, err := client.Blind(inputs)
	if err != nil {
		return nil, fmt.Errorf("blinding: %w", err)
	}
	return &Request{blinded: request.Elements, final: final}, nil
}

// Blinded is what the members are sent: one point per input.
func (r *Request) Blinded() [][]byte {
	list := make([][]byte, len(r.blinded))
	for i, e := range r.blinded {
		list[i] = encoded(e)
	}
	return list
}

// Combine checks each answer's proof against its member's public share and
// combines the first k.Threshold valid ones into the outputs, OutputBytes each,
// in the order of the inputs. The key must have been validated. Members that
// answered wrongly are named in a *FaultyError, which comes beside good outputs
// when enough others answered rightly; without them it is an ErrFew.
func (r *Request) Combine(k Key, partials []Partial) ([][]byte, error) {
	var (
		indices []uint16
		answers [][]group.Element
		faulty  FaultyError
	)
	for _, p := range partials {
		if len(indices) == int(k.Threshold) {
			break
		}
		public, known := k.Share(p.Index)
		if !known || slices.Contains(indices, p.Index) {
			faulty.Members = append(faulty.Members, Fault{p.Index, fmt.Errorf("%w: not a member, or answered before", ErrSize)})
			continue
		}
		evaluated, err := p.verify(public, r.blinded)
		if err != nil {
			faulty.Members = append(faulty.Members, Fault{p.Index, err})
			continue
		}
		indices, answers = append(indices, p.Index), append(answers, evaluated)
	}
	if len(indices) < int(k.Threshold) {
		if faulty.few = true; len(faulty.Members) > 0 {
			return nil, &faulty
		}
		return nil, fmt.Errorf("%w: %d of %d", ErrFew, len(indices), k.Threshold)
	}
	outputs, err := r.finalise(indices, answers)
	if err == nil && len(faulty.Members) > 0 {
		return outputs, &faulty
	}
	return outputs, err
}

// finalise combines the members' points and hashes them as one server's.
func (r *Request) finalise(indices []uint16, answers [][]group.Element) ([][]byte, error) {
	whole := make([]group.Element, len(r.blinded))
	for i := range whole {
		column := make([]group.Element, len(indices))
		for j := range indices {
			column[j] = answers[j][i]
		}
		whole[i] = combined(indices, column, 0)
	}
	outputs, err := oprf.NewClient(suite).Finalize(r.final, &oprf.Evaluation{Elements: whole})
	if err != nil {
		return nil, fmt.Errorf("finalising: %w", err)
	}
	return outputs, nil
}

// Tag is the form in which an output is registered: its first TagBytes bytes.
// Half of a SHA-512 output still makes two inputs of one tag infeasible to find.
func Tag(output []byte) [TagBytes]byte { return [TagBytes]byte(output) }
