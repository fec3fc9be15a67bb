package zk

import (
	"math/big"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/xinlian/xinlian/scorecard"
)

// forgery is an assignment in which the prover lies about wires and then hashes
// the score, capacity and commitment that the circuit would derive from the lie.
// Only the constraint under test can refuse it.
type forgery struct {
	name  string
	lie   func(*circuit)
	score int64 // what the lie scores
	// capacity in the statement; the honest one when nil
	capacity *big.Int
}

// forge assigns an honest witness for features, lies, and closes the hashes.
func forge(t *testing.T, c *Circuit, features []scorecard.Value, f forgery) *circuit {
	t.Helper()
	w := testWitness(t, c.model, features)
	a, err := w.assign(c.model, c.modelHash)
	if err != nil {
		t.Fatal(err)
	}
	f.lie(a)
	secret, err := w.FeatureSet.words()
	if err != nil {
		t.Fatal(err)
	}
	secret = secret[:wordsHead]
	for i := range a.Features {
		e, shift := assigned(a.Features[i]), power(uint(featureBits*(i%packed)))
		e.Mul(&e, &shift)
		if i%packed == 0 {
			secret = append(secret, fr.Element{})
		}
		last := &secret[len(secret)-1]
		last.Add(last, &e)
	}
	words, err := w.Statement.words()
	if err != nil {
		t.Fatal(err)
	}
	words[wordCommitment] = sponge(kindCommitment, secret)
	words[wordResult] = resultWord(f.score, w.Statement.CapacityFen)
	if f.capacity != nil {
		e, shift := assigned(f.capacity), power(resultBits)
		words[wordResult] = word(uint64(f.score + ScoreOffset))
		words[wordResult].Add(&words[wordResult], e.Mul(&e, &shift))
	}
	a.Statement = sponge(kindStatement, words)
	return a
}

// Each constraint refuses the forgery that it alone stands against; the honest
// witness beside it is accepted.
func TestCircuitRefusesForgeries(t *testing.T) {
	t.Parallel()
	c := smallCircuit(t) // feature 3: capacity 3/7; table 1: cut at 0; feature 0: no cut
	top := scorecard.FeatureBound - 1
	features := []scorecard.Value{scorecard.Known(5), scorecard.Known(top), scorecard.Known(0), scorecard.Known(100)}
	honest, err := c.model.Evaluate(features)
	if err != nil {
		t.Fatal(err)
	}
	if honest.Score != 100+7+40+20 || honest.CapacityFen != 42 {
		t.Fatalf("the model changed: %+v", honest)
	}
	choose := func(feature int, bin int64) func(*circuit) { // every feature up to the third is read
		return func(a *circuit) { a.Bins[feature] = bin }
	}
	field := func(table int, v *big.Int) func(*circuit) {
		return func(a *circuit) { a.Features[table] = v }
	}
	over := new(big.Int).Lsh(big.NewInt(1), featureBits)
	wrapped := new(big.Int).ModInverse(big.NewInt(7), fr.Modulus()) // q with 7q = 300 + 1 around the modulus
	wrapped.Mul(wrapped, big.NewInt(300)).Mod(wrapped, fr.Modulus())
	half := new(big.Int).ModInverse(big.NewInt(2), fr.Modulus())
	for _, f := range []forgery{
		{name: "honest", lie: func(*circuit) {}, score: honest.Score},
		{name: "lower bound of a bin", lie: choose(2, 4), score: honest.Score + 10},
		{name: "upper bound of a bin", lie: choose(2, 2), score: honest.Score - 10},
		{name: "value called missing", lie: choose(1, 0), score: honest.Score - 40 + 1},
		{name: "bin above the last", lie: choose(1, 3), score: polynomial(c.model, 3)},
		{name: "bin below the first", lie: choose(1, -1), score: polynomial(c.model, -1)},
		{
			name: "missing called a value", score: honest.Score - 40 - 300,
			lie: func(a *circuit) { a.Features[1] = 0; choose(1, 1)(a) },
		},
		{
			name: "value of a missing table", score: honest.Score - 7 - 7,
			lie: func(a *circuit) { choose(0, 0)(a) },
		},
		{name: "encoded feature of 49 bits in a table", lie: field(0, over), score: honest.Score},
		{name: "negative encoded feature in a table", lie: field(0, big.NewInt(-1)), score: honest.Score},
		{
			name: "capacity feature of 49 bits", lie: func(a *circuit) {
				a.Features[3] = new(big.Int).Add(over, big.NewInt(100))
			}, score: honest.Score,
		},
		{
			name: "income called negative", score: honest.Score, capacity: new(big.Int),
			lie: func(a *circuit) { a.Positive, a.Quotient, a.Remainder = 0, 0, 0 },
		},
		{
			name: "half an income", score: honest.Score, capacity: big.NewInt(21),
			lie: func(a *circuit) { a.Positive, a.Quotient, a.Remainder = half, 21, 3 },
		},
		{
			name: "loss called an income", score: honest.Score, capacity: big.NewInt(42),
			lie: func(a *circuit) { a.Features[3], a.Positive = scorecard.FeatureBound-100, -1 },
		},
		{
			name: "remainder below zero", score: honest.Score, capacity: big.NewInt(43),
			lie: func(a *circuit) { a.Quotient, a.Remainder = 43, -1 },
		},
		{
			name: "remainder not below the divisor", score: honest.Score, capacity: big.NewInt(41),
			lie: func(a *circuit) { a.Quotient, a.Remainder = 41, 13 },
		},
		{
			name: "remainder equal to the divisor", score: honest.Score, capacity: big.NewInt(41),
			lie: func(a *circuit) { a.Features[3] = scorecard.FeatureBound + 98; a.Quotient, a.Remainder = 41, 7 },
		},
		{
			name: "quotient that does not divide", score: honest.Score, capacity: big.NewInt(50),
			lie: func(a *circuit) { a.Quotient = 50 },
		},
		{
			name: "quotient around the modulus", score: honest.Score, capacity: wrapped,
			lie: func(a *circuit) { a.Quotient, a.Remainder = wrapped, 0 },
		},
		{name: "score without a reason", lie: func(*circuit) {}, score: honest.Score + 1},
		{name: "capacity without a reason", lie: func(*circuit) {}, score: honest.Score, capacity: big.NewInt(43)},
	} {
		if got := satisfied(t, c, forge(t, c, features, f)); got != (f.name == "honest") {
			t.Errorf("%s: accepted %v", f.name, got)
		}
	}
}

// polynomial is what the columns of table 1 of the small model would score at a
// bin that is none: -300 and 40 after 1 for missing, 300 less for the honest 40.
func polynomial(m *scorecard.Model, bin int64) int64 {
	t := m.Tables[1]
	first, second := t.Points[0]-t.Missing, t.Points[1]-2*t.Points[0]+t.Missing
	return 100 + 7 + 20 + t.Missing + first*bin + second*bin*(bin-1)/2
}

// A feature that no table reads and that carries no capacity is bounded too: its
// commitment must not hold what a FeatureSet cannot.
func TestCircuitBoundsUnreadFeature(t *testing.T) {
	t.Parallel()
	c := compiled(t, twelve()) // feature 11 has no table
	features := testFeatures(12)
	honest, err := c.model.Evaluate(features)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		value *big.Int
		want  bool
	}{
		{big.NewInt(0), true},
		{big.NewInt(1<<featureBits - 1), true},
		{big.NewInt(1 << featureBits), false},
		{big.NewInt(-1), false},
	} {
		f := forgery{lie: func(a *circuit) { a.Features[11] = tc.value }, score: honest.Score}
		if got := satisfied(t, c, forge(t, c, features, f)); got != tc.want {
			t.Errorf("encoded feature %d: accepted %v", tc.value, got)
		}
	}
}

// With a divisor of one the remainder is zero and nothing else.
func TestCircuitFixesRemainderOfOne(t *testing.T) {
	t.Parallel()
	m := small()
	m.Capacity = scorecard.Capacity{Feature: 3, Numerator: 1, Denominator: 1}
	c, features := compiled(t, m), testFeatures(4)
	features[3] = scorecard.Known(50)
	honest, err := m.Evaluate(features)
	if err != nil {
		t.Fatal(err)
	}
	for _, remainder := range []int64{0, 1, -1} {
		f := forgery{
			score: honest.Score, capacity: big.NewInt(50 - remainder),
			lie: func(a *circuit) { a.Quotient, a.Remainder = 50-remainder, remainder },
		}
		if got := satisfied(t, c, forge(t, c, features, f)); got != (remainder == 0) {
			t.Errorf("remainder %d: accepted %v", remainder, got)
		}
	}
}

// A quotient that only divides around the modulus does not reach the cap.
func TestCircuitBoundsQuotient(t *testing.T) {
	t.Parallel()
	c, features := compiled(t, twelve()), testFeatures(12) // 35/12 of feature 0
	features[0] = scorecard.Known(1)
	honest, err := c.model.Evaluate(features)
	if err != nil {
		t.Fatal(err)
	}
	q := new(big.Int).ModInverse(big.NewInt(12), fr.Modulus())
	q.Mul(q, big.NewInt(35)).Mod(q, fr.Modulus())
	f := forgery{
		score: honest.Score, capacity: big.NewInt(scorecard.CapacityMax),
		lie: func(a *circuit) { a.Quotient, a.Remainder = q, 0 },
	}
	if satisfied(t, c, forge(t, c, features, f)) {
		t.Error("an income of 1 fen gives the largest capacity")
	}
}

// A capacity above the cap is cut to it: no quotient gets through uncut, and the
// cap is not given to a quotient below it.
func TestCircuitCapsCapacity(t *testing.T) {
	t.Parallel()
	c := compiled(t, twelve()) // 35/12 of feature 0
	for _, tc := range []struct {
		income int64
		want   int64
	}{
		{scorecard.FeatureBound - 1, scorecard.CapacityMax},
		{1200, 3500},
	} {
		features := testFeatures(12)
		features[0] = scorecard.Known(tc.income)
		honest, err := c.model.Evaluate(features)
		if err != nil {
			t.Fatal(err)
		}
		if honest.CapacityFen != tc.want {
			t.Fatalf("the model changed: %+v", honest)
		}
		quotient, _ := divide(c.model.Capacity, features[0])
		for name, stated := range map[string]*big.Int{"quotient": quotient, "cap": big.NewInt(scorecard.CapacityMax)} {
			f := forgery{lie: func(*circuit) {}, score: honest.Score, capacity: stated}
			if got := satisfied(t, c, forge(t, c, features, f)); got != (stated.Int64() == tc.want) {
				t.Errorf("income %d, stated the %s: accepted %v", tc.income, name, got)
			}
		}
	}
}
