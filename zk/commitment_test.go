package zk

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/scorecard"
)

func testRefs() []DataRef {
	return []DataRef{
		{BatchID: [32]byte{3}, Root: [32]byte{1}, SourceOrg: 5, SchemaID: "bank-statement", SchemaVersion: 1, Sequence: 7},
		{BatchID: [32]byte{1}, Root: [32]byte{2}, SourceOrg: 6, SchemaID: "invoice", SchemaVersion: 2, Sequence: 1},
		{BatchID: [32]byte{2, 1}, Root: [32]byte{3}, SourceOrg: 5, SchemaID: "bank-statement", SchemaVersion: 1, Sequence: 8},
	}
}

// Every field of a feature set is part of its commitment.
func TestCommitmentBindsEachField(t *testing.T) {
	t.Parallel()
	base := testSet(small(), testFeatures(4))
	seen := map[[32]byte]string{}
	for _, tc := range []struct {
		name string
		bend func(*FeatureSet)
	}{
		{"none", func(*FeatureSet) {}},
		{"version", func(s *FeatureSet) { s.Version++ }},
		{"salt, first byte", func(s *FeatureSet) { s.Salt[0]++ }},
		{"salt, last byte", func(s *FeatureSet) { s.Salt[30]++ }},
		{"enterprise", func(s *FeatureSet) { s.Enterprise++ }},
		{"as-of day", func(s *FeatureSet) { s.AsOfDay++ }},
		{"digest, high", func(s *FeatureSet) { s.DataDigest[0]++ }},
		{"digest, low", func(s *FeatureSet) { s.DataDigest[31]++ }},
		{"first feature", func(s *FeatureSet) { s.Features[0].Int++ }},
		{"last feature", func(s *FeatureSet) { s.Features[3].Int++ }},
		{"missing", func(s *FeatureSet) { s.Features[3] = scorecard.Value{} }},
		{"zero, which is not missing", func(s *FeatureSet) { s.Features[3] = scorecard.Known(0) }},
		{"order", func(s *FeatureSet) { slices.Reverse(s.Features) }},
		{"one more", func(s *FeatureSet) { s.Features = append(s.Features, scorecard.Value{}) }},
		{"one less", func(s *FeatureSet) { s.Features = s.Features[:3] }},
	} {
		set := base
		set.Features = slices.Clone(base.Features)
		tc.bend(&set)
		c, err := Commitment(set)
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		if other, ok := seen[c]; ok {
			t.Errorf("%s gives the commitment of %s", tc.name, other)
		}
		seen[c] = tc.name
	}
}

// A feature set outside its bounds is refused, and the error does not tell the
// feature's value.
func TestCommitmentRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		bend func(*FeatureSet)
	}{
		{"no features", func(s *FeatureSet) { s.Features = nil }},
		{"too many features", func(s *FeatureSet) { s.Features = make([]scorecard.Value, scorecard.FeaturesMax+1) }},
		{"feature at the upper bound", func(s *FeatureSet) { s.Features[0] = scorecard.Known(scorecard.FeatureBound) }},
		{"feature at the lower bound", func(s *FeatureSet) { s.Features[0] = scorecard.Known(-scorecard.FeatureBound) }},
		{"no salt", func(s *FeatureSet) { s.Salt = [31]byte{} }},
	} {
		set := testSet(small(), testFeatures(4))
		tc.bend(&set)
		_, err := Commitment(set)
		if !errors.Is(err, ErrCommitment) {
			t.Errorf("%s: %v", tc.name, err)
		}
		if err != nil && strings.Contains(err.Error(), "140737488355328") {
			t.Errorf("%s: error tells the value: %v", tc.name, err)
		}
	}
}

// The digest depends on every field of every reference, not on their order, and
// leaves the caller's slice alone.
func TestDataDigest(t *testing.T) {
	t.Parallel()
	refs := testRefs()
	want, err := DataDigest(refs)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(refs, testRefs()) {
		t.Error("references were reordered in place")
	}
	slices.Reverse(refs)
	if got, err := DataDigest(refs); err != nil || got != want {
		t.Errorf("order matters: %x, %v", got, err)
	}
	for i, bend := range []func(*DataRef){
		func(r *DataRef) { r.BatchID[31]++ },
		func(r *DataRef) { r.Root[31]++ },
		func(r *DataRef) { r.SourceOrg++ },
		func(r *DataRef) { r.SchemaID += "x" },
		func(r *DataRef) { r.SchemaVersion++ },
		func(r *DataRef) { r.Sequence++ },
	} {
		refs := testRefs()
		bend(&refs[1])
		if got, err := DataDigest(refs); err != nil || got == want {
			t.Errorf("field %d is not in the digest: %v", i, err)
		}
	}
	for name, refs := range map[string][]DataRef{
		"empty":          nil,
		"twice":          append(testRefs(), testRefs()[0]),
		"no schema":      {{}},
		"long schema":    {{SchemaID: strings.Repeat("s", SchemaIDBytesMax+1)}},
		"schema not NFC": {{SchemaID: "e\u0301"}},
		"too many":       make([]DataRef, DataRefsMax+1),
	} {
		if _, err := DataDigest(refs); !errors.Is(err, ErrCommitment) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
