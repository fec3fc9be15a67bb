package zk

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/scorecard"
)

// Bounds of a data digest.
const (
	DataRefsMax      = 4096 // batches behind one feature set
	SchemaIDBytesMax = 64
)

// ErrCommitment says that a feature set or a list of data references is outside
// its bounds.
var ErrCommitment = errors.New("zk: malformed feature set")

// FeatureSet is what an attested commitment stands for. The features, and the
// salt that keeps small features from being guessed, are never on the chain.
type FeatureSet struct {
	Version    uint32 // version of the feature set: fixes number, order and unit
	Salt       [31]byte
	Enterprise uint64
	AsOfDay    uint32 // days since 1970-01-01
	DataDigest [32]byte
	Features   []scorecard.Value
}

// Commitment is the canonical encoding of the field element
// H(version, salt, enterprise, as-of day, digest high, digest low, features...).
// It refuses a salt of zeros, which is a salt that was never drawn.
func Commitment(s FeatureSet) ([32]byte, error) {
	words, err := s.words()
	if err != nil {
		return [32]byte{}, err
	}
	sum := sponge(kindCommitment, words)
	return sum.Bytes(), nil
}

func (s *FeatureSet) words() ([]fr.Element, error) {
	if len(s.Features) == 0 || len(s.Features) > scorecard.FeaturesMax {
		return nil, fmt.Errorf("%w: %d features, want 1 to %d", ErrCommitment, len(s.Features), scorecard.FeaturesMax)
	}
	if s.Salt == [31]byte{} {
		return nil, fmt.Errorf("%w: salt is zero", ErrCommitment)
	}
	var salt fr.Element
	salt.SetBytes(s.Salt[:])
	digest := limbs(s.DataDigest)
	words := []fr.Element{
		word(uint64(s.Version)), salt, word(s.Enterprise), word(uint64(s.AsOfDay)), digest[0], digest[1],
	}
	for i, f := range s.Features {
		encoded, err := f.Encode()
		if err != nil {
			// The reason would name the value, which is the borrower's secret.
			return nil, fmt.Errorf("%w: feature %d is out of bounds", ErrCommitment, i)
		}
		words = append(words, word(encoded))
	}
	return words, nil
}

// DataRef names one anchored batch that the features were computed from.
type DataRef struct {
	BatchID       [32]byte
	Root          [32]byte
	SourceOrg     uint64
	SchemaID      string
	SchemaVersion uint16
	Sequence      uint64
}

// DataDigest is the SHA-256 of the references in ascending order of batch id.
// The order given does not matter; a batch named twice and an empty list are
// refused.
func DataDigest(refs []DataRef) ([32]byte, error) {
	if len(refs) == 0 || len(refs) > DataRefsMax {
		return [32]byte{}, fmt.Errorf("%w: %d data references, want 1 to %d", ErrCommitment, len(refs), DataRefsMax)
	}
	sorted := slices.Clone(refs)
	slices.SortFunc(sorted, func(a, b DataRef) int { return bytes.Compare(a.BatchID[:], b.BatchID[:]) })
	w := canon.New("features-data").Uint32(uint32(len(sorted)))
	for i := range sorted {
		r := &sorted[i]
		if i > 0 && r.BatchID == sorted[i-1].BatchID {
			return [32]byte{}, fmt.Errorf("%w: batch %x is named twice", ErrCommitment, r.BatchID)
		}
		if r.SchemaID == "" || len(r.SchemaID) > SchemaIDBytesMax {
			return [32]byte{}, fmt.Errorf("%w: schema id has %d bytes, want 1 to %d", ErrCommitment, len(r.SchemaID), SchemaIDBytesMax)
		}
		w.Fixed(r.BatchID[:]).Fixed(r.Root[:]).Uint64(r.SourceOrg).
			String(r.SchemaID).Uint16(r.SchemaVersion).Uint64(r.Sequence)
	}
	sum, err := w.Sum()
	if err != nil {
		return [32]byte{}, fmt.Errorf("%w: %w", ErrCommitment, err)
	}
	return sum, nil
}
