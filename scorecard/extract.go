package scorecard

import (
	"errors"
	"fmt"

	"github.com/xinlian/xinlian/internal/record"
)

// ErrSet says that this build does not know a version of the feature set.
var ErrSet = errors.New("scorecard: unknown feature set")

// Input is what features are measured on.
type Input struct {
	Records []*record.Record
	AsOfDay int64  // a day number as in package record
	Market  Market // none for feature set 1, which looks at no market
}

// Extraction is a feature vector with what became of the records.
type Extraction struct {
	Features []Value // in the order of Definitions
	Tally    Tally
}

// feature is a definition with its formula.
type feature struct {
	Definition
	formula func(*book) Value
}

// sets are the features of each version in index order.
var sets = map[uint32][]feature{
	FeatureSet1: features1[:],
	FeatureSet2: append(features1[:len(features1):len(features1)], features2[:]...),
}

// Definitions are the features of a version in index order; none for a version
// that this build does not know.
func Definitions(version uint32) []Definition {
	var list []Definition
	for _, f := range sets[version] {
		list = append(list, f.Definition)
	}
	return list
}

// Extract computes a version's features for the end of the as-of day. The result
// depends only on the set of records and the market: records are sorted first,
// and of records with equal schema and source id one is kept. It refuses a
// record that breaks its schema (ErrBook), an as-of day outside the calendar
// (ErrAsOf) and an unknown version (ErrSet). Every division rounds down.
func Extract(version uint32, in Input) ([]Value, error) {
	x, err := Measure(version, in)
	return x.Features, err
}

// Measure is Extract with the tally of records used and left out.
func Measure(version uint32, in Input) (Extraction, error) {
	list, known := sets[version]
	if !known {
		return Extraction{}, fmt.Errorf("%w: %d", ErrSet, version)
	}
	b, err := open(version, in)
	if err != nil {
		return Extraction{}, err
	}
	features := make([]Value, len(list))
	for i := range list {
		if v := list[i].formula(b); v.Present {
			features[i] = Known(list[i].clamp(v.Int))
		}
	}
	return Extraction{Features: features, Tally: b.tally}, nil
}
