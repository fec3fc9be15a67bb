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

// Words of a commitment before those of the features.
const (
	wordSalt  = 2
	wordsHead = 3
)

// packed is how many encoded features of 48 bits go into one word: 240 bits, so
// that a word is never reduced.
const packed = 5

// Commitment is the canonical encoding of the field element
// H(version and count, origin, salt, features...). It refuses a salt of zeros,
// which is a salt that was never drawn.
func Commitment(s FeatureSet) ([32]byte, error) {
	words, err := s.words()
	if err != nil {
		return [32]byte{}, err
	}
	sum := sponge(kindCommitment, words)
	return sum.Bytes(), nil
}

func (s *FeatureSet) words() ([]fr.Element, error) {
	if s.Salt == [31]byte{} {
		return nil, fmt.Errorf("%w: salt is zero", ErrCommitment)
	}
	encoded, err := s.encoded()
	if err != nil {
		return nil, err
	}
	var salt fr.Element
	salt.SetBytes(s.Salt[:])
	words := []fr.Element{setWord(s.Version, len(s.Features)), origin(s.Enterprise, s.AsOfDay, s.DataDigest), salt}
	for chunk := range slices.Chunk(encoded, packed) {
		var sum fr.Element
		for i := range chunk {
			shift := power(uint(featureBits * i))
			sum.Add(&sum, shift.Mul(&shift, &chunk[i]))
		}
		words = append(words, sum)
	}
	return words, nil
}

// encoded are the features as the circuit has them, one by one.
func (s *FeatureSet) encoded() ([]fr.Element, error) {
	if len(s.Features) == 0 || len(s.Features) > scorecard.FeaturesMax {
		return nil, fmt.Errorf("%w: %d features, want 1 to %d", ErrCommitment, len(s.Features), scorecard.FeaturesMax)
	}
	var all []fr.Element
	for i, f := range s.Features {
		encoded, err := f.Encode()
		if err != nil {
			// The reason would name the value, which is the borrower's secret.
			return nil, fmt.Errorf("%w: feature %d is out of bounds", ErrCommitment, i)
		}
		all = append(all, word(encoded))
	}
	return all, nil
}

// setWord is version + 2^32 * count. The count tells a set that ends in missing
// features from a shorter one.
func setWord(version uint32, features int) fr.Element {
	return word(uint64(version) | uint64(features)<<32)
}

// origin is whose data a feature set is of, of which day and which batches: one
// word that stands in the commitment and in the statement alike.
func origin(enterprise uint64, asOfDay uint32, digest [32]byte) fr.Element {
	data := limbs(digest)
	return sponge(kindOrigin, []fr.Element{word(enterprise), word(uint64(asOfDay)), data[0], data[1]})
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
