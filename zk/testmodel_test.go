package zk

import (
	"fmt"
	"math/rand"
	"sync"
	"testing"

	"github.com/xinlian/xinlian/scorecard"
)

// twelve is a scorecard of the size in use: twelve features, eleven tables, one
// feature without a table, a capacity that can exceed its cap.
func twelve() *scorecard.Model {
	m := &scorecard.Model{
		ID: "test-12", FeatureSet: 3, Features: 12, Base: 400,
		Capacity: scorecard.Capacity{Feature: 0, Numerator: 35, Denominator: 12},
	}
	for f := range uint16(11) {
		t := scorecard.Table{Feature: f, Missing: -20 - int64(f)}
		for k := range int64(5) {
			t.Cuts = append(t.Cuts, (k-1)*1000*int64(f+1))
			t.Points = append(t.Points, 12*k-int64(f))
		}
		t.Points = append(t.Points, 75)
		m.Tables = append(m.Tables, t)
	}
	return m
}

// small has every shape of table in few gates: no cut, one cut, cuts at both
// bounds, a feature without a table, a capacity below its cap.
func small() *scorecard.Model {
	return &scorecard.Model{
		ID: "test-small", FeatureSet: 1, Features: 4, Base: 100,
		Tables: []scorecard.Table{
			{Feature: 0, Points: []int64{7}, Missing: -7},
			{Feature: 1, Cuts: []int64{0}, Points: []int64{-300, 40}, Missing: 1},
			{
				Feature: 2, Cuts: []int64{-scorecard.FeatureBound + 1, -1, 5, scorecard.FeatureBound - 1},
				Points: []int64{-1, 10, 20, 30, 40}, Missing: -1000,
			},
		},
		Capacity: scorecard.Capacity{Feature: 3, Numerator: 3, Denominator: 7},
	}
}

// additive is a model of a given size, with every feature in a table and with
// pairs of the largest size, each cut at some of the cuts of its features.
func additive(features uint16, bins int64, pairs int) *scorecard.Model {
	m := &scorecard.Model{
		ID: fmt.Sprintf("test-%dx%d+%d", features, bins, pairs), FeatureSet: 1, Features: features, Base: 500,
		Capacity: scorecard.Capacity{Feature: 0, Numerator: 35, Denominator: 12},
	}
	for f := range min(features, scorecard.TablesMax) {
		t := scorecard.Table{Feature: f, Missing: -30, Points: []int64{-20}}
		for k := range bins - 1 {
			t.Cuts = append(t.Cuts, 1000*(k+1))
			t.Points = append(t.Points, (37*k+11*int64(f))%90-40)
		}
		m.Tables = append(m.Tables, t)
	}
	for k := range pairs {
		p := scorecard.PairTable{A: uint16(2*k) % features, B: uint16(2*k)%features + 1}
		if k >= int(features)/2 {
			p.A, p.B = p.A+1, p.B+1
		}
		n := min(int(bins-1), scorecard.PairCutsMax)
		p.CutsA, p.CutsB = m.Tables[p.A].Cuts[:n], m.Tables[p.B].Cuts[:n]
		for i := range n + 2 {
			row := make([]int64, n+2)
			for j := range row {
				row[j] = int64((13*i*j+7*i+k)%41) - 20
			}
			p.Points = append(p.Points, row)
		}
		m.Pairs = append(m.Pairs, p)
	}
	return m
}

func testFeatures(n uint16) []scorecard.Value {
	features := make([]scorecard.Value, n)
	for i := range features {
		features[i] = scorecard.Known(int64(1500*i + 700))
	}
	return features
}

func testSet(m *scorecard.Model, features []scorecard.Value) FeatureSet {
	return FeatureSet{
		Version: m.FeatureSet, Salt: [31]byte{0: 9, 30: 1}, Enterprise: 71, AsOfDay: 20_400,
		DataDigest: [32]byte{0: 0xff, 15: 1, 16: 0xfe, 31: 2}, Features: features,
	}
}

func testTerms() Terms {
	return Terms{
		ChainID: "xinlian-test-1", Purpose: 2, Lender: 8, ConsentID: [32]byte{0: 0xaa, 31: 0xbb},
		IssueHeight: 1000, ExpiryHeight: 51_000,
	}
}

// testWitness is a true statement about features under m.
func testWitness(t testing.TB, m *scorecard.Model, features []scorecard.Value) Witness {
	t.Helper()
	set := testSet(m, features)
	statement, err := State(m, set, testTerms())
	if err != nil {
		t.Fatal(err)
	}
	return Witness{Statement: statement, FeatureSet: set}
}

func compiled(t testing.TB, m *scorecard.Model) *Circuit {
	t.Helper()
	c, err := Compile(m)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var compileSmall = sync.OnceValues(func() (*Circuit, error) { return Compile(small()) })

func smallCircuit(t testing.TB) *Circuit {
	t.Helper()
	c, err := compileSmall()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// satisfied reports whether the constraints accept an assignment.
func satisfied(t testing.TB, c *Circuit, assigned *circuit) bool {
	t.Helper()
	full, err := assigned.full()
	if err != nil {
		t.Fatal(err)
	}
	return c.system.IsSolved(full) == nil
}

// solves is satisfied for the honest assignment of w, whether or not w is true.
func solves(t testing.TB, c *Circuit, w Witness) bool {
	t.Helper()
	assigned, err := w.assign(c.model, c.modelHash)
	if err != nil {
		t.Fatal(err)
	}
	return satisfied(t, c, assigned)
}

// randomValue favours the places where a comparison can go wrong.
func randomValue(r *rand.Rand, t *scorecard.Table) scorecard.Value {
	switch r.Intn(6) {
	case 0:
		return scorecard.Value{}
	case 1:
		return scorecard.Known(scorecard.FeatureBound - 1 - int64(r.Intn(2)))
	case 2:
		return scorecard.Known(-scorecard.FeatureBound + 1 + int64(r.Intn(2)))
	case 3:
		return scorecard.Known(int64(r.Intn(20_000)) - 5_000)
	case 4:
		if t != nil && len(t.Cuts) > 0 {
			v := t.Cuts[r.Intn(len(t.Cuts))] + int64(r.Intn(3)) - 1
			return scorecard.Known(min(max(v, -scorecard.FeatureBound+1), scorecard.FeatureBound-1))
		}
	}
	return scorecard.Known(r.Int63n(2*scorecard.FeatureBound-1) - scorecard.FeatureBound + 1)
}
