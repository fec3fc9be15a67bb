package scorecard

import (
	"encoding/hex"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the vectors in testdata")

// vectors is testdata/vectors.json: what every platform and every other
// implementation must compute from testdata/book.txt.
type vectors struct {
	AsOf     string            `json:"as_of"`
	Tally    Tally             `json:"tally"`
	Features []vectorFeature   `json:"features"`
	Model    string            `json:"model_hex"`
	Hash     string            `json:"model_hash"`
	Score    int64             `json:"score"`
	Capacity int64             `json:"capacity_fen"`
	Reasons  map[Lang][]string `json:"reasons"`
}

type vectorFeature struct {
	Name    string `json:"name"`
	Value   *int64 `json:"value"` // null: missing
	Encoded uint64 `json:"encoded"`
}

// vectorModel scores every feature of the set in three bins.
func vectorModel() *Model {
	m := &Model{
		ID: "vector", FeatureSet: FeatureSet1, Features: featureCount1, Base: 300,
		Capacity: Capacity{Feature: NetCashMonthly, Numerator: 2, Denominator: 3},
	}
	for i, d := range Definitions(FeatureSet1) {
		cuts := map[Unit][]int64{Fen: {500_000, 9_000_000}, BPS: {2_000, 6_000}, Days: {2, 30}, Months: {6, 12}, Count: {3, 10}}[d.Unit]
		points := []int64{0, 10 + int64(i), 20 + int64(i)}
		if d.Direction == LowerBetter {
			points = []int64{20 + int64(i), 10 + int64(i), 0}
		}
		m.Tables = append(m.Tables, Table{Feature: uint16(i), Cuts: cuts, Points: points, Missing: 5})
	}
	return m
}

// TestVectors shows that extraction, canonical bytes, evaluation and texts give
// the checked-in bytes, whatever the order of the records. Run it with
// GOARCH=386 as well: the numbers must not depend on the width of a word.
func TestVectors(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/book.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, lines, _ := strings.Cut(string(text), "\n") // the first line is a comment
	records := parseBook(t, lines)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	got := vectors{AsOf: "2026-08-15", Reasons: map[Lang][]string{}}
	x, err := Measure(FeatureSet1, Input{Records: records, AsOfDay: parseDay(t, got.AsOf)})
	if err != nil {
		t.Fatal(err)
	}
	got.Tally = x.Tally
	for i, v := range x.Features {
		f := vectorFeature{Name: features1[i].Name}
		if f.Encoded, err = v.Encode(); err != nil {
			t.Fatal(err)
		}
		if v.Present {
			f.Value = &v.Int
		}
		got.Features = append(got.Features, f)
	}
	m := vectorModel()
	raw, err := m.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	hash, err := m.Hash()
	if err != nil {
		t.Fatal(err)
	}
	got.Model, got.Hash = hex.EncodeToString(raw), hex.EncodeToString(hash[:])
	result, err := m.Evaluate(x.Features)
	if err != nil {
		t.Fatal(err)
	}
	got.Score, got.Capacity = result.Score, result.CapacityFen
	reasons, err := m.Explain(x.Features)
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range []Lang{Chinese, English} {
		for _, r := range reasons {
			got.Reasons[lang] = append(got.Reasons[lang], r.Text(lang))
		}
	}
	compareVectors(t, got)
}

func compareVectors(t *testing.T, got vectors) {
	t.Helper()
	const path = "testdata/vectors.json"
	if *update {
		b, err := json.MarshalIndent(got, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var want vectors
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("vectors differ (-want +got):\n%s", diff)
	}
}
