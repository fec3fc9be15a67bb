package boost

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"testing"
)

// planted draws rows of columns with n bins each, outcomes by the log odds that
// f gives to bins.
func planted(seed uint64, rows, columns, n int, f func(b []int) float64) Data {
	r := rand.New(rand.NewPCG(seed, 1))
	d := Data{Bins: make([][]uint8, columns), Counts: make([]int, columns), Bad: make([]bool, rows)}
	for j := range d.Bins {
		d.Bins[j], d.Counts[j] = make([]uint8, rows), n+1
	}
	b := make([]int, columns)
	for i := range rows {
		for j := range b {
			b[j] = 1 + r.IntN(n)
			if r.IntN(20) == 0 {
				b[j] = 0
			}
			d.Bins[j][i] = uint8(b[j])
		}
		d.Bad[i] = r.Float64() < 1/(1+math.Exp(-f(b)))
	}
	return d
}

func options() Options {
	return Options{
		Seed: 1, Bags: 4, HeldOut: 0.15, Rate: 0.1, Rounds: 400, Patience: 20, Cuts: 2, Ridge: 1, RowsMin: 5,
		PairBins: 8, Depth: 3, Subsample: 0.7,
	}
}

func fitAdditive(t *testing.T, d Data, o Options) *AdditiveModel {
	t.Helper()
	m, err := Additive(context.Background(), d, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestRecoversTables shows that the tables of planted effects come back, and that
// a column without an effect stays flat.
func TestRecoversTables(t *testing.T) {
	t.Parallel()
	d := planted(1, 12_000, 3, 10, func(b []int) float64 { return -1 + 0.25*float64(b[0]-5) + math.Abs(float64(b[1]-5))*0.3 })
	m := fitAdditive(t, d, options())
	if v := m.Tables[0][9] - m.Tables[0][2]; math.Abs(v-7*0.25) > 0.3 {
		t.Errorf("column 0: %.2f over seven bins, planted 1.75", v)
	}
	for b := 1; b <= 10; b++ {
		if v := m.Tables[2][b]; math.Abs(v) > 0.15 {
			t.Errorf("column 2, bin %d: %.2f, planted nothing", b, v)
		}
	}
	if v := m.Tables[1][1] - m.Tables[1][5]; math.Abs(v-1.2) > 0.25 {
		t.Errorf("column 1: %.2f between the end and the middle, planted 1.2", v)
	}
}

// TestRecoversPair shows that a planted interaction of two columns is ranked
// first and its quarters come back, while without pairs it is out of reach.
func TestRecoversPair(t *testing.T) {
	t.Parallel()
	d := planted(2, 12_000, 5, 8, func(b []int) float64 {
		if (b[1] > 4) == (b[3] > 4) {
			return 0.8
		}
		return -0.8
	})
	o := options()
	o.Pairs = 1
	m := fitAdditive(t, d, o)
	if len(m.Pairs) != 1 || m.Pairs[0].A != 1 || m.Pairs[0].B != 3 {
		t.Fatalf("pairs %+v, planted 1 and 3", m.Pairs)
	}
	p := &m.Pairs[0]
	if v := p.At(8, 8) - p.At(8, 1); math.Abs(v-1.6) > 0.5 {
		t.Errorf("quarters differ by %.2f, planted 1.6", v)
	}
}

// TestMonotone shows that a declared direction holds in the finished table
// although the outcomes go against it, and that such a column is in no pair.
func TestMonotone(t *testing.T) {
	t.Parallel()
	d := planted(3, 5_000, 2, 12, func(b []int) float64 { return -1 + math.Sin(float64(b[0])) + 0.2*float64(b[1]%2) })
	for _, direction := range []int8{1, -1} {
		d.Monotone = []int8{direction, 0}
		o := options()
		o.Pairs = 1
		m := fitAdditive(t, d, o)
		for b := 2; b < len(m.Tables[0]); b++ {
			if (m.Tables[0][b]-m.Tables[0][b-1])*float64(direction) < -1e-12 {
				t.Errorf("direction %d: bin %d goes from %f to %f", direction, b, m.Tables[0][b-1], m.Tables[0][b])
			}
		}
		if len(m.Pairs) != 0 {
			t.Error("a column with a direction is in a pair")
		}
	}
}

// TestSum shows that a row's log odds are the intercept and one value of every
// table and pair, added by hand.
func TestSum(t *testing.T) {
	t.Parallel()
	d := planted(4, 2_000, 4, 6, func(b []int) float64 { return float64(b[0]*b[1])/10 - 1 })
	o := options()
	o.Pairs = 3
	m := fitAdditive(t, d, o)
	for i := range 50 {
		z := m.Intercept
		for j := range m.Tables {
			z += m.Tables[j][d.Bins[j][i]]
		}
		for _, p := range m.Pairs {
			z += p.Value[int(p.MapA[d.Bins[p.A][i]])*p.CountB+int(p.MapB[d.Bins[p.B][i]])]
		}
		if got := m.LogOdds(d.Bins, i); math.Abs(got-z) > 1e-9 {
			t.Fatalf("row %d: %f, by hand %f", i, got, z)
		}
	}
}

// TestSameBits shows that the same data and seed give the same bits on one
// processor and on several, and another seed others.
func TestSameBits(t *testing.T) {
	d := planted(5, 3_000, 4, 10, func(b []int) float64 { return float64(b[0])/5 - 1 })
	o := options()
	o.Pairs = 2
	trees := func() *TreesModel {
		m, err := Trees(context.Background(), d, o)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	before := runtime.GOMAXPROCS(1)
	a, x := fitAdditive(t, d, o), trees()
	runtime.GOMAXPROCS(4)
	b, y := fitAdditive(t, d, o), trees()
	runtime.GOMAXPROCS(before)
	if !reflect.DeepEqual(a, b) || !reflect.DeepEqual(x, y) {
		t.Error("one processor and four give different models")
	}
	o.Seed++
	if reflect.DeepEqual(a, fitAdditive(t, d, o)) {
		t.Error("another seed gives the same model")
	}
}

// TestTreesLearnMissing shows that trees learn an effect of missing values and
// an interaction.
func TestTreesLearnMissing(t *testing.T) {
	t.Parallel()
	d := planted(6, 8_000, 2, 8, func(b []int) float64 {
		if b[0] == 0 {
			return 2
		}
		return -1
	})
	m, err := Trees(context.Background(), d, options())
	if err != nil {
		t.Fatal(err)
	}
	one := func(b uint8) float64 { return m.LogOdds([][]uint8{{b}, {3}}, 0) }
	if one(0) < 1 || one(4) > -0.6 {
		t.Errorf("missing %.2f, present %.2f, planted 2 and -1", one(0), one(4))
	}
	if err := m.Check(2); err != nil {
		t.Error(err)
	}
	if err := m.Check(0); !errors.Is(err, ErrData) {
		t.Errorf("a tree over a column that is not there: %v", err)
	}
}

// TestRefusesData shows that data that does not fit together is refused.
func TestRefusesData(t *testing.T) {
	t.Parallel()
	good := func() Data { return planted(7, 100, 2, 4, func([]int) float64 { return 0 }) }
	for name, spoil := range map[string]func(d *Data){
		"all good":       func(d *Data) { clear(d.Bad) },
		"short column":   func(d *Data) { d.Bins[1] = d.Bins[1][:50] },
		"bin over count": func(d *Data) { d.Bins[0][3] = 200 },
		"directions":     func(d *Data) { d.Monotone = []int8{1} },
	} {
		d := good()
		spoil(&d)
		if _, err := Additive(context.Background(), d, options()); !errors.Is(err, ErrData) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Additive(ctx, good(), options()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
