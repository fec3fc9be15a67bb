package zk

import (
	"errors"
	"fmt"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	plonk "github.com/consensys/gnark/backend/plonk/bls12-381"

	"github.com/xinlian/xinlian/internal/canon"
)

const (
	proofPoints = 9 // left, right, output, permutation, three quotients, two openings
	proofValues = 7 // six openings at one point, one at the next
	proofPrefix = 4 + len("xinlian/score-proof/v1")

	// ProofBytesMax bounds an encoded proof. A proof for a key without
	// commitments, as every score circuit has, is ProofBytes long.
	ProofBytesMax = ProofBytes + CommitmentsMax*(bls.SizeOfG1AffineCompressed+fr.Bytes)
	// ProofBytes is the length of a proof of the score circuit.
	ProofBytes = proofPrefix + proofPoints*bls.SizeOfG1AffineCompressed + proofValues*fr.Bytes
)

// ErrProof says that a proof is malformed or does not hold.
var ErrProof = errors.New("zk: proof refused")

// fixedPoints are the points that every proof has, in the order of the encoding.
func fixedPoints(p *plonk.Proof) [proofPoints]*bls.G1Affine {
	return [proofPoints]*bls.G1Affine{
		&p.LRO[0], &p.LRO[1], &p.LRO[2], &p.Z, &p.H[0], &p.H[1], &p.H[2], &p.BatchedProof.H, &p.ZShiftedOpening.H,
	}
}

// encodeProof writes points, opened values and commitments at fixed places: the
// number of commitments is known from the verifying key, so no length is stored.
func encodeProof(p *plonk.Proof) ([]byte, error) {
	w := canon.New("score-proof")
	for _, point := range fixedPoints(p) {
		b := point.Bytes()
		w.Fixed(b[:])
	}
	for i := range p.BatchedProof.ClaimedValues {
		b := p.BatchedProof.ClaimedValues[i].Bytes()
		w.Fixed(b[:])
	}
	shifted := p.ZShiftedOpening.ClaimedValue.Bytes()
	w.Fixed(shifted[:])
	for i := range p.Bsb22Commitments {
		b := p.Bsb22Commitments[i].Bytes()
		w.Fixed(b[:])
	}
	return w.Encoded()
}

// decodeProof reads a proof for a key with the given number of commitments. The
// length is checked before anything is read, so memory is bounded by it.
func decodeProof(b []byte, commitments int) (*plonk.Proof, error) {
	want := ProofBytes + commitments*(bls.SizeOfG1AffineCompressed+fr.Bytes)
	if len(b) != want || len(b) > ProofBytesMax {
		return nil, fmt.Errorf("%w: %d bytes, want %d", ErrProof, len(b), want)
	}
	r := canon.Open("score-proof", b)
	p := &plonk.Proof{Bsb22Commitments: make([]bls.G1Affine, commitments)}
	for i, point := range fixedPoints(p) {
		if err := readG1(r, point); err != nil {
			return nil, fmt.Errorf("%w: point %d: %w", ErrProof, i, err)
		}
	}
	p.BatchedProof.ClaimedValues = make([]fr.Element, proofValues-1+commitments)
	for i := range p.BatchedProof.ClaimedValues {
		if err := readElement(r, &p.BatchedProof.ClaimedValues[i]); err != nil {
			return nil, fmt.Errorf("%w: value %d: %w", ErrProof, i, err)
		}
	}
	if err := readElement(r, &p.ZShiftedOpening.ClaimedValue); err != nil {
		return nil, fmt.Errorf("%w: shifted value: %w", ErrProof, err)
	}
	for i := range p.Bsb22Commitments {
		if err := readG1(r, &p.Bsb22Commitments[i]); err != nil {
			return nil, fmt.Errorf("%w: commitment %d: %w", ErrProof, i, err)
		}
	}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProof, err)
	}
	return p, nil
}

func readG1(r *canon.Reader, p *bls.G1Affine) error {
	b := r.Fixed(bls.SizeOfG1AffineCompressed)
	if err := r.Err(); err != nil {
		return err
	}
	return decodeG1(p, b)
}

func readElement(r *canon.Reader, e *fr.Element) error {
	b := r.Fixed(fr.Bytes)
	if err := r.Err(); err != nil {
		return err
	}
	return e.SetBytesCanonical(b)
}
