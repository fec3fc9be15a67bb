package zk

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	"github.com/consensys/gnark/frontend"

	"github.com/xinlian/xinlian/scorecard"
)

// agrees checks that the circuit accepts exactly what the model says of the
// features: the true statement, and none with a neighbouring score or capacity.
func agrees(t *testing.T, c *Circuit, features []scorecard.Value, name string) {
	t.Helper()
	w := testWitness(t, c.model, features)
	if !solves(t, c, w) {
		t.Errorf("%s: true statement is refused, features %v", name, features)
	}
	for _, delta := range []int64{-1, 1} {
		bent := w
		bent.Statement.Score += delta
		if solves(t, c, bent) {
			t.Errorf("%s: score %+d is accepted, features %v", name, delta, features)
		}
		bent = w
		bent.Statement.CapacityFen += delta
		if bent.Statement.CapacityFen < 0 || bent.Statement.CapacityFen > scorecard.CapacityMax {
			continue
		}
		if solves(t, c, bent) {
			t.Errorf("%s: capacity %+d is accepted, features %v", name, delta, features)
		}
	}
}

// At every cut less one, at it and one more, at both bounds, at zero and when
// missing, the circuit gives the points and the capacity of the model.
func TestCircuitAgreesAtBoundaries(t *testing.T) {
	t.Parallel()
	for _, m := range []*scorecard.Model{small(), twelve()} {
		c := compiled(t, m)
		for f := range m.Features {
			values := []scorecard.Value{
				{},
				scorecard.Known(0), scorecard.Known(1), scorecard.Known(-1),
				scorecard.Known(scorecard.FeatureBound - 1), scorecard.Known(-scorecard.FeatureBound + 1),
			}
			for _, table := range m.Tables {
				if table.Feature != f {
					continue
				}
				for _, cut := range table.Cuts {
					for v := cut - 1; v <= cut+1; v++ {
						if v > -scorecard.FeatureBound && v < scorecard.FeatureBound {
							values = append(values, scorecard.Known(v))
						}
					}
				}
			}
			for _, v := range values {
				features := testFeatures(m.Features)
				features[f] = v
				agrees(t, c, features, fmt.Sprintf("%s feature %d", m.ID, f))
			}
		}
	}
}

// The capacity agrees around the place where it meets its cap and where the
// division leaves a remainder of zero, one and one less than the divisor.
func TestCircuitAgreesOnCapacity(t *testing.T) {
	t.Parallel()
	for _, ratio := range []scorecard.Capacity{
		{Numerator: 1, Denominator: 1},
		{Numerator: 2, Denominator: 1},
		{Numerator: 1, Denominator: 2},
		{Numerator: 1, Denominator: scorecard.RatioMax},
		{Numerator: scorecard.RatioMax, Denominator: 1},
		{Numerator: scorecard.RatioMax, Denominator: scorecard.RatioMax},
		{Numerator: scorecard.RatioMax - 1, Denominator: scorecard.RatioMax},
		{Numerator: 35, Denominator: 12},
	} {
		m := small()
		m.ID, m.Capacity = "capacity", ratio
		c := compiled(t, m)
		around := []int64{0, ratio.Denominator, 3 * ratio.Denominator, scorecard.FeatureBound - 3}
		if q := scorecard.CapacityMax / ratio.Numerator; q < scorecard.FeatureBound/ratio.Denominator {
			around = append(around, q*ratio.Denominator)
		}
		for _, middle := range around {
			for v := middle - 2; v <= middle+2; v++ {
				features := testFeatures(m.Features)
				features[ratio.Feature] = scorecard.Known(v)
				agrees(t, c, features, fmt.Sprintf("ratio %d/%d", ratio.Numerator, ratio.Denominator))
			}
		}
	}
}

// randomModel is any valid model.
func randomModel(r *rand.Rand) *scorecard.Model {
	m := &scorecard.Model{
		ID: "random", FeatureSet: r.Uint32(), Features: uint16(1 + r.Intn(6)), Base: int64(r.Intn(scorecard.PointsMax + 1)),
	}
	points := func() int64 { return int64(r.Intn(2*scorecard.PointsMax+1)) - scorecard.PointsMax }
	for f := range m.Features {
		if r.Intn(4) == 0 && (len(m.Tables) > 0 || f < m.Features-1) {
			continue
		}
		t := scorecard.Table{Feature: f, Missing: points(), Points: []int64{points()}}
		for range r.Intn(6) {
			t.Cuts = append(t.Cuts, randomValue(r, nil).Int)
			t.Points = append(t.Points, points())
		}
		slices.Sort(t.Cuts)
		t.Cuts = slices.Compact(t.Cuts)
		t.Points = t.Points[:len(t.Cuts)+1]
		m.Tables = append(m.Tables, t)
	}
	m.Capacity = scorecard.Capacity{
		Feature:   uint16(r.Intn(int(m.Features))),
		Numerator: 1 + r.Int63n(scorecard.RatioMax), Denominator: 1 + r.Int63n(scorecard.RatioMax),
	}
	return m
}

// On random models and features that crowd the boundaries, circuit and model
// agree. The circuit is a second implementation of Evaluate.
func TestCircuitAgreesOnRandomModels(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewSource(3))
	for range 30 {
		m := randomModel(r)
		if err := m.Validate(); err != nil {
			t.Fatal(err)
		}
		c := compiled(t, m)
		for range 12 {
			features := make([]scorecard.Value, m.Features)
			for i := range features {
				var table *scorecard.Table
				for k := range m.Tables {
					if int(m.Tables[k].Feature) == i {
						table = &m.Tables[k]
					}
				}
				features[i] = randomValue(r, table)
			}
			agrees(t, c, features, fmt.Sprintf("%+v", m))
		}
	}
}

// A witness with one field of the statement bent does not satisfy the circuit,
// even though its hash is recomputed for the bent statement.
func TestCircuitBindsEachStatementField(t *testing.T) {
	t.Parallel()
	c := smallCircuit(t)
	w := testWitness(t, c.model, testFeatures(4))
	if !solves(t, c, w) {
		t.Fatal("true statement is refused")
	}
	// bound are the fields that the circuit derives or fixes. The others are free
	// for the prover to choose and bound by the hash alone, which the next test
	// and the verifier's test show.
	bound := map[string]bool{
		"model id, high": true, "model id, low": true, "feature-set version": true, "enterprise": true, "as-of day": true,
		"data digest, high": true, "data digest, low": true, "commitment": true,
		"score up": true, "score down": true, "capacity up": true, "capacity down": true,
	}
	for _, b := range statementBends() {
		bent := w
		bent.Statement = b.of(t, w.Statement)
		if got := solves(t, c, bent); got == bound[b.name] {
			t.Errorf("%s: accepted %v", b.name, got)
		}
	}
}

// wires lists every wire of an assignment by name.
func (c *circuit) wires() map[string]*frontend.Variable {
	w := map[string]*frontend.Variable{
		"statement": &c.Statement, "origin": &c.Origin, "terms": &c.Terms, "salt": &c.Salt,
		"positive": &c.Positive, "quotient": &c.Quotient, "remainder": &c.Remainder,
	}
	for i := range c.Features {
		w[fmt.Sprintf("feature %d", i)] = &c.Features[i]
	}
	for i := range c.Bins {
		w[fmt.Sprintf("bin of feature %d", c.reads[i].feature)] = &c.Bins[i]
	}
	return w
}

// assigned is a wire as a field element.
func assigned(v frontend.Variable) (e fr.Element) {
	if _, err := e.SetInterface(v); err != nil {
		panic(err)
	}
	return e
}

// No wire is free: the statement hash fixed, each wire of an accepted witness
// bent alone by one up or down is refused.
func TestCircuitBindsEachWire(t *testing.T) {
	t.Parallel()
	for _, m := range []*scorecard.Model{small(), twelve()} {
		c := compiled(t, m)
		w := testWitness(t, m, testFeatures(m.Features))
		names, err := w.assign(c.model, c.modelHash)
		if err != nil {
			t.Fatal(err)
		}
		for name := range names.wires() {
			for _, delta := range []int64{1, -1} {
				a, err := w.assign(c.model, c.modelHash)
				if err != nil {
					t.Fatal(err)
				}
				wire := a.wires()[name]
				bent, step := assigned(*wire), fr.NewElement(1)
				if delta < 0 {
					step.Neg(&step)
				}
				*wire = *bent.Add(&bent, &step)
				if satisfied(t, c, a) {
					t.Errorf("%s: %s %+d is accepted", m.ID, name, delta)
				}
			}
		}
	}
}

// A proof for one model is no proof for another with the same tables: the
// model's hash is a constant of the circuit.
func TestCircuitIsOfOneModel(t *testing.T) {
	t.Parallel()
	m := small()
	m.ID = "test-other"
	other := compiled(t, m)
	w := testWitness(t, small(), testFeatures(4))
	if solves(t, other, w) {
		t.Error("statement about one model satisfies another's circuit")
	}
}

// Models outside the bounds are not compiled, and a compiled circuit does not
// change with the caller's model.
func TestCompile(t *testing.T) {
	t.Parallel()
	m := small()
	c := compiled(t, m)
	m.Tables[0].Points[0] = 999
	if c.model.Tables[0].Points[0] != 7 {
		t.Error("circuit follows the caller's model")
	}
	m.Tables = nil
	if _, err := Compile(m); err == nil {
		t.Error("model without tables compiles")
	}
}

// The largest legal models fit: as many features, tables, bins and pairs as there
// may be, with the cuts of the pairs among those of the tables and apart.
func TestCompileLargest(t *testing.T) {
	t.Parallel()
	m := additive(scorecard.FeaturesMax, scorecard.CutsMax+1, scorecard.PairsMax)
	m.Capacity = scorecard.Capacity{Feature: 63, Numerator: scorecard.RatioMax, Denominator: scorecard.RatioMax - 1}
	apart := additive(scorecard.FeaturesMax, scorecard.CutsMax+1, scorecard.PairsMax)
	for i := range apart.Pairs {
		p := &apart.Pairs[i]
		p.CutsA, p.CutsB = slices.Clone(p.CutsA), slices.Clone(p.CutsB)
		for k := range p.CutsA {
			p.CutsA[k] -= 500
			p.CutsB[k] += 7
		}
	}
	for _, m := range []*scorecard.Model{m, apart} {
		c := compiled(t, m)
		if c.Size() > 1<<15 {
			t.Errorf("%d gates need size %d", c.Constraints(), c.Size())
		}
		t.Logf("%d gates, size %d", c.Constraints(), c.Size())
		agrees(t, c, testFeatures(scorecard.FeaturesMax), "largest")
	}
}
