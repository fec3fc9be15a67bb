package oprf

import (
	"crypto/rand"
	"fmt"

	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/zk/dleq"

	"github.com/xinlian/xinlian/internal/canon"
)

// Share is one member's secret. It is kept sealed and never leaves the member.
type Share struct {
	Index  uint16
	secret group.Scalar
}

// Partial is one member's answer: the blinded points under its share, and one
// proof for all of them.
type Partial struct {
	Index  uint16
	Points [][]byte
	Proof  []byte
}

// Public is the public half of the share.
func (s Share) Public() PublicShare {
	return PublicShare{Index: s.Index, Point: [PointBytes]byte(encoded(curve.NewElement().MulGen(s.secret)))}
}

// Evaluate applies the share to 1 to BatchMax blinded points. What they blind it
// cannot see; whether the asker may ask is for the caller to know.
func (s Share) Evaluate(blinded [][]byte) (Partial, error) {
	elements, err := points(blinded, BatchMax)
	if err != nil {
		return Partial{}, fmt.Errorf("evaluating: %w", err)
	}
	p := Partial{Index: s.Index, Points: make([][]byte, len(elements))}
	evaluated := make([]group.Element, len(elements))
	for i, e := range elements {
		evaluated[i] = curve.NewElement().Mul(e, s.secret)
		p.Points[i] = encoded(evaluated[i])
	}
	proof, err := dleq.Prover{Params: proving}.ProveBatch(s.secret, curve.Generator(),
		curve.NewElement().MulGen(s.secret), elements, evaluated, rand.Reader)
	if err != nil {
		return Partial{}, fmt.Errorf("proving an evaluation: %w", err)
	}
	p.Proof = encoded(proof)
	return p, nil
}

// Encoded is the secret in canonical bytes, for a sealed file.
func (s Share) Encoded() []byte {
	return must(canon.New("oprf-share").Uint16(s.Index).Fixed(encoded(s.secret)))
}

// DecodeShare reads what Encoded wrote.
func DecodeShare(b []byte) (Share, error) {
	r := canon.Open("oprf-share", b)
	index, raw := r.Uint16(), r.Fixed(ScalarBytes)
	if err := r.Done(); err != nil {
		return Share{}, fmt.Errorf("reading a share: %w", err)
	}
	if index == 0 {
		return Share{}, fmt.Errorf("reading a share: %w: index 0", ErrSize)
	}
	secret, err := scalar(raw)
	if err != nil {
		return Share{}, fmt.Errorf("reading a share: %w", err)
	}
	return Share{Index: index, secret: secret}, nil
}

// Encoded is the answer in canonical bytes.
func (p Partial) Encoded() []byte {
	w := canon.New("oprf-partial").Uint16(p.Index).Uint16(uint16(len(p.Points)))
	for _, b := range p.Points {
		w.Fixed(b)
	}
	return must(w.Fixed(p.Proof))
}

// DecodePartial reads what Encoded wrote. It checks form and sizes; points and
// proof are checked where they are combined.
func DecodePartial(b []byte) (Partial, error) {
	r := canon.Open("oprf-partial", b)
	p := Partial{Index: r.Uint16()}
	n := int(r.Uint16())
	if n == 0 || n > BatchMax {
		return Partial{}, fmt.Errorf("reading an answer: %w: %d points", ErrSize, n)
	}
	for range n {
		p.Points = append(p.Points, r.Fixed(PointBytes))
	}
	p.Proof = r.Fixed(ProofBytes)
	if err := r.Done(); err != nil {
		return Partial{}, fmt.Errorf("reading an answer: %w", err)
	}
	return p, nil
}

// verify is nil when the answer is the share's to these blinded points.
func (p Partial) verify(public PublicShare, blinded []group.Element) ([]group.Element, error) {
	if len(p.Points) != len(blinded) || len(p.Proof) != ProofBytes {
		return nil, fmt.Errorf("%w: %d points for %d, a proof of %d bytes", ErrSize, len(p.Points), len(blinded), len(p.Proof))
	}
	evaluated, err := points(p.Points, BatchMax)
	if err != nil {
		return nil, err
	}
	key, err := point(public.Point[:])
	if err != nil {
		return nil, err
	}
	proof := new(dleq.Proof)
	if err := proof.UnmarshalBinary(curve, p.Proof); err != nil {
		return nil, fmt.Errorf("%w: the proof", ErrScalar)
	}
	if !(dleq.Verifier{Params: proving}).VerifyBatch(curve.Generator(), key, blinded, evaluated, proof) {
		return nil, errProof
	}
	return evaluated, nil
}
