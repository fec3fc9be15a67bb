package prover

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/zk"
)

// frameMax bounds a frame, in bytes. The largest model takes some 60,000.
const frameMax = 1 << 18

// ErrFrame says that bytes on a pipe are not what the other side writes.
var ErrFrame = errors.New("prover: malformed frame")

// writeFrame writes a length of four bytes, big-endian, and the payload.
func writeFrame(w io.Writer, payload []byte) error {
	if len(payload) > frameMax {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrFrame, len(payload), frameMax)
	}
	_, err := w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(payload))), payload...))
	return err
}

// readFrame returns io.EOF where the input ends between two frames.
func readFrame(r io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fmt.Errorf("%w: input ends inside a length", ErrFrame)
		}
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > frameMax {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrFrame, n, frameMax)
	}
	payload := make([]byte, n)
	if _, err := io.ReadFull(r, payload); err != nil {
		return nil, fmt.Errorf("%w: input ends inside a frame", ErrFrame)
	}
	return payload, nil
}

const (
	kindRequest = "prove-request"
	kindAnswer  = "prove-answer"
)

// request asks for a proof under the reference string with this key's hash.
type request struct {
	srs     [32]byte
	model   *scorecard.Model
	witness zk.Witness
}

func (q *request) encode() ([]byte, error) {
	model, err := q.model.Canonical()
	if err != nil {
		return nil, err
	}
	s, f := &q.witness.Statement, &q.witness.FeatureSet
	if len(f.Features) > scorecard.FeaturesMax {
		return nil, fmt.Errorf("%w: %d features, at most %d", zk.ErrCommitment, len(f.Features), scorecard.FeaturesMax)
	}
	w := canon.New(kindRequest).Fixed(q.srs[:]).Bytes(model).
		String(s.ChainID).Fixed(s.ModelID[:]).Uint32(s.FeatureSetVersion).Uint64(s.Enterprise).Uint32(s.AsOfDay).
		Fixed(s.DataDigest[:]).Fixed(s.Commitment[:]).Int64(s.Score).Int64(s.CapacityFen).Uint32(s.Purpose).
		Uint64(s.Lender).Fixed(s.ConsentID[:]).Uint64(s.IssueHeight).Uint64(s.ExpiryHeight).Fixed(s.Nullifier[:]).
		Uint32(f.Version).Fixed(f.Salt[:]).Uint64(f.Enterprise).Uint32(f.AsOfDay).Fixed(f.DataDigest[:]).
		Uint16(uint16(len(f.Features)))
	for _, v := range f.Features {
		w.Bool(v.Present).Int64(v.Int)
	}
	return w.Encoded()
}

func decodeRequest(b []byte) (*request, error) {
	r := canon.Open(kindRequest, b)
	q := &request{}
	copy(q.srs[:], r.Fixed(32))
	model := r.Bytes()
	s, f := &q.witness.Statement, &q.witness.FeatureSet
	s.ChainID = r.String()
	copy(s.ModelID[:], r.Fixed(32))
	s.FeatureSetVersion, s.Enterprise, s.AsOfDay = r.Uint32(), r.Uint64(), r.Uint32()
	copy(s.DataDigest[:], r.Fixed(32))
	copy(s.Commitment[:], r.Fixed(32))
	s.Score, s.CapacityFen, s.Purpose, s.Lender = r.Int64(), r.Int64(), r.Uint32(), r.Uint64()
	copy(s.ConsentID[:], r.Fixed(32))
	s.IssueHeight, s.ExpiryHeight = r.Uint64(), r.Uint64()
	copy(s.Nullifier[:], r.Fixed(32))
	f.Version = r.Uint32()
	copy(f.Salt[:], r.Fixed(31))
	f.Enterprise, f.AsOfDay = r.Uint64(), r.Uint32()
	copy(f.DataDigest[:], r.Fixed(32))
	n := int(r.Uint16())
	if n > scorecard.FeaturesMax {
		return nil, fmt.Errorf("%w: %d features, at most %d", ErrFrame, n, scorecard.FeaturesMax)
	}
	for range n {
		f.Features = append(f.Features, scorecard.Value{Present: r.Bool(), Int: r.Int64()})
	}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("%w: request: %w", ErrFrame, err)
	}
	var err error
	if q.model, err = scorecard.Decode(model); err != nil {
		return nil, err
	}
	return q, nil
}

// refusals are the errors that keep their identity between the processes, by
// their number on the pipe less one.
var refusals = []error{
	ErrFrame, ErrReferenceString, zk.ErrFalse, zk.ErrStatement, zk.ErrCommitment, zk.ErrProof, zk.ErrKey, zk.ErrSRS,
	scorecard.ErrModel, scorecard.ErrFeature,
}

const (
	answerProof = 0
	answerOther = 255
)

// encodeAnswer is a proof, or the number of a refusal and its text.
func encodeAnswer(proof []byte, err error) []byte {
	w := canon.New(kindAnswer)
	if err == nil {
		w.Uint8(answerProof).Bytes(proof)
	} else {
		w.Uint8(numberOf(err)).Bytes([]byte(err.Error()))
	}
	b, err := w.Encoded()
	if err != nil {
		panic(err) // no text among the fields, and both are short
	}
	return b
}

func numberOf(err error) uint8 {
	for i, refusal := range refusals {
		if errors.Is(err, refusal) {
			return uint8(i + 1)
		}
	}
	return answerOther
}

// refusal is an error of the worker's with what it is here.
type refusal struct {
	text string
	is   error // nil for an error without an identity
}

// Error is the worker's text.
func (r *refusal) Error() string { return r.text }

// Unwrap is what the error is.
func (r *refusal) Unwrap() error { return r.is }

func decodeAnswer(b []byte) ([]byte, error) {
	r := canon.Open(kindAnswer, b)
	number, body := r.Uint8(), r.Bytes()
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("%w: answer: %w", ErrFrame, err)
	}
	switch {
	case number == answerProof:
		if len(body) == 0 || len(body) > zk.ProofBytesMax {
			return nil, fmt.Errorf("%w: proof of %d bytes", ErrFrame, len(body))
		}
		return body, nil
	case int(number) <= len(refusals):
		return nil, &refusal{text: string(body), is: refusals[number-1]}
	case number == answerOther:
		return nil, &refusal{text: string(body)}
	}
	return nil, fmt.Errorf("%w: answer %d", ErrFrame, number)
}
