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

	"github.com/xinlian/xinlian/internal/record"
)

var update = flag.Bool("update", false, "rewrite the vectors in testdata")

// vectors is testdata/vectors.json and vectors2.json: what every platform and
// every other implementation must compute of feature set 1 from testdata/book.txt,
// and of set 2 from it and book2.txt together.
type vectors struct {
	AsOf     string            `json:"as_of"`
	Market   Market            `json:"market,omitempty"`
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

// vectorModel scores every feature of the set in three bins, of set 2 as many as
// a model may have tables.
func vectorModel(set uint32) *Model {
	m := &Model{
		ID: "vector", FeatureSet: set, Features: uint16(len(sets[set])), Base: 300,
		Capacity: Capacity{Feature: NetCashMonthly, Numerator: 2, Denominator: 3},
	}
	for i, d := range Definitions(set) {
		if len(sets[set]) > TablesMax && i%2 == 0 {
			continue
		}
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
	compareVectors(t, "testdata/vectors.json", vectorOf(t, FeatureSet1, nil, "testdata/book.txt"))
	compareVectors(t, "testdata/vectors2.json", vectorOf(t, FeatureSet2,
		Market{{BaseRateIndex, 315}, {"sector-c14", 9_870}, {"region-990100", 10_120}}, "testdata/book.txt", "testdata/book2.txt"))
}

func vectorOf(t *testing.T, set uint32, market Market, files ...string) vectors {
	t.Helper()
	var records []*record.Record
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, lines, _ := strings.Cut(string(text), "\n") // the first line is a comment
		records = append(records, parseBook(t, lines)...)
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	got := vectors{AsOf: "2026-08-15", Market: market, Reasons: map[Lang][]string{}}
	x, err := Measure(set, Input{Records: records, AsOfDay: parseDay(t, got.AsOf), Market: market})
	if err != nil {
		t.Fatal(err)
	}
	got.Tally = x.Tally
	for i, v := range x.Features {
		f := vectorFeature{Name: sets[set][i].Name}
		if f.Encoded, err = v.Encode(); err != nil {
			t.Fatal(err)
		}
		if v.Present {
			f.Value = &v.Int
		}
		got.Features = append(got.Features, f)
	}
	m := vectorModel(set)
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
	return got
}

func compareVectors(t *testing.T, path string, got vectors) {
	t.Helper()
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
