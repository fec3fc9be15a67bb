package policy

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// draw is a small set of firms with a churn table and bounds that may or may not bind.
func draw(r *rapid.T) ([]Firm, Churn, Options) {
	churn := Churn{Grades: []string{"A", "B"}, RatesBps: []uint32{400, 700, 1_100}}
	for range churn.RatesBps {
		churn.Ppm = append(churn.Ppm, []uint32{rapid.Uint32Range(0, ppm).Draw(r, "a"), rapid.Uint32Range(0, ppm).Draw(r, "b")})
	}
	var firms []Firm
	for i := range rapid.IntRange(1, 4).Draw(r, "firms") {
		firms = append(firms, Firm{
			Name: fmt.Sprint(i), Grade: rapid.SampledFrom([]string{"A", "B", "D"}).Draw(r, "grade"),
			PdPpm: rapid.Uint32Range(0, 80_000).Draw(r, "pd"), LimitFen: rapid.Int64Range(0, 2_000_000).Draw(r, "limit"),
		})
	}
	return firms, churn, Options{
		BudgetFen: rapid.Int64Range(1, 4_000_000).Draw(r, "budget"), RiskBps: rapid.Uint32Range(0, 200).Draw(r, "risk"),
		LgdBps: rapid.Uint32Range(0, bps).Draw(r, "lgd"), FundingBps: rapid.Uint32Range(0, 300).Draw(r, "funding"), Levels: rapid.IntRange(1, 3).Draw(r, "levels"),
	}
}

// bruteForce is the greatest profit of all selections within the bounds.
func bruteForce(s *Simulation, b bounds) int64 {
	var walk func(i int, fen, loss, profit int64) int64
	walk = func(i int, fen, loss, profit int64) int64 {
		if fen > b.fen || loss > b.loss {
			return -1
		}
		if i == len(s.cells) {
			return profit
		}
		best := walk(i+1, fen, loss, profit)
		for _, c := range s.cells[i] {
			best = max(best, walk(i+1, fen+c.fen, loss+c.loss, profit+c.profit))
		}
		return best
	}
	return walk(0, 0, 0, 0)
}

// A plan stays within its bounds, its sums are those of its choices, and the best of
// all plans lies between its profit and its bound.
func TestPlanAgainstBruteForce(t *testing.T) {
	t.Parallel()
	exact, all := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		firms, churn, o := draw(r)
		s, err := New(firms, churn, o)
		if err != nil {
			r.Fatal(err)
		}
		p := s.Solve()
		b := bounds{o.BudgetFen, o.BudgetFen * int64(o.RiskBps) / bps}
		if p.LentFen > b.fen || p.LossFen > b.loss {
			r.Fatalf("plan %+v passes %+v", p, b)
		}
		var sum Plan
		for _, c := range p.Choices {
			sum.LentFen, sum.ProfitFen, sum.LossFen = sum.LentFen+c.AmountFen, sum.ProfitFen+c.ProfitFen, sum.LossFen+c.LossFen
			if c.AmountFen <= 0 || c.AmountFen > firms[c.Firm].LimitFen || firms[c.Firm].Grade == "D" {
				r.Fatalf("choice %+v for %+v", c, firms[c.Firm])
			}
		}
		if sum.LentFen != p.LentFen || sum.ProfitFen != p.ProfitFen || sum.LossFen != p.LossFen {
			r.Fatalf("sums %+v of %+v", sum, p)
		}
		best := bruteForce(s, b)
		if best < p.ProfitFen || best > p.BoundFen {
			r.Fatalf("the best is %d, the plan %d, the bound %d", best, p.ProfitFen, p.BoundFen)
		}
		if all++; best == p.ProfitFen {
			exact++
		}
		if again := s.Solve(); !reflect.DeepEqual(again, p) {
			r.Fatal("solved twice, two plans")
		}
	})
	t.Logf("the plan was the best one in %d of %d", exact, all)
	if exact*2 < all {
		t.Errorf("the plan was the best one in %d of %d", exact, all)
	}
}

// Pruning loses nothing: with all cells brute force finds no more profit.
func TestPruningKeepsTheBest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		firms, churn, o := draw(r)
		s, err := New(firms, churn, o)
		if err != nil {
			r.Fatal(err)
		}
		whole := &Simulation{options: o, cells: make([][]cell, len(firms))}
		for i, f := range firms {
			for g, grade := range churn.Grades {
				for level := 1; grade == f.Grade && level <= o.Levels; level++ {
					amount := f.LimitFen / int64(o.Levels) * int64(level)
					if level == o.Levels {
						amount = f.LimitFen
					}
					for k, rate := range churn.RatesBps {
						whole.cells[i] = append(whole.cells[i], priced(f, amount, rate, ppm-churn.Ppm[k][g], o))
					}
				}
			}
		}
		b := bounds{o.BudgetFen, o.BudgetFen * int64(o.RiskBps) / bps}
		if a, z := bruteForce(s, b), bruteForce(whole, b); a != z {
			r.Fatalf("%d with pruning, %d without", a, z)
		}
	})
}

// More money or more risk never lowers the bound, and the frontier ends at the plan.
func TestFrontier(t *testing.T) {
	t.Parallel()
	firms, churn := population(60), table3()
	s, err := New(firms, churn, Options{BudgetFen: 300_000_000, RiskBps: 100, LgdBps: 4_500, FundingBps: 250, Levels: 5})
	if err != nil {
		t.Fatal(err)
	}
	plans := s.Frontier(5)
	if len(plans) != 5 || !reflect.DeepEqual(plans[4], s.Solve()) {
		t.Fatalf("%d plans", len(plans))
	}
	for i, p := range plans {
		if i > 0 && (p.BoundFen < plans[i-1].BoundFen || p.RiskBps <= plans[i-1].RiskBps) {
			t.Errorf("at %d bps the bound is %d after %d", p.RiskBps, p.BoundFen, plans[i-1].BoundFen)
		}
		if p.GapBps() > 200 || p.ProfitFen <= 0 {
			t.Errorf("at %d bps profit %d of at most %d, gap %d bps", p.RiskBps, p.ProfitFen, p.BoundFen, p.GapBps())
		}
	}
}

// population is invented firms of three grades, worse ones smaller and riskier.
func population(n int) []Firm {
	var firms []Firm
	for i := range n {
		g := i % 3
		firms = append(firms, Firm{
			Name: fmt.Sprintf("firm-%03d", i), Grade: "ABC"[g : g+1], PdPpm: uint32(5_000 + 15_000*g + 37*i), LimitFen: int64(20_000_000 - 5_000_000*g + 11_000*i),
		})
	}
	return firms
}

func table3() Churn {
	c := Churn{Grades: []string{"A", "B", "C"}}
	for k := range 12 {
		c.RatesBps = append(c.RatesBps, uint32(400+100*k))
		c.Ppm = append(c.Ppm, []uint32{uint32(80_000 * k), uint32(75_000 * k), uint32(70_000 * k)})
	}
	return c
}

// A single firm's price by hand: 1,000 yuan at 8 % with 2 % default, 50 % loss given
// default, 3 % funding and a quarter of such firms driven away.
func TestPriceByHand(t *testing.T) {
	t.Parallel()
	c := priced(Firm{PdPpm: 20_000}, 100_000, 800, 750_000, Options{LgdBps: 5_000, FundingBps: 300})
	// 75,000 fen kept: 98 % of 8 % = 5,880; less 1 % = 750 lost; less 3 % = 2,250.
	if c.profit != 2_880 || c.loss != 750 {
		t.Errorf("got %+v", c)
	}
	c = priced(Firm{PdPpm: 1}, 3, 1, 1, Options{LgdBps: 1})
	if c.profit != 0 || c.loss != 1 {
		t.Errorf("profit rounds down and loss up: got %+v", c)
	}
	if c = priced(Firm{PdPpm: ppm}, FenMax, bps, ppm, Options{LgdBps: bps, FundingBps: bps}); c.profit != -2*FenMax || c.loss != FenMax {
		t.Errorf("at the bounds: got %+v", c)
	}
}

// The real churn table is read exactly, 29 rates from 4 % to 15 % with nobody leaving
// at the lowest, and invented firms of its three grades are planned for within a gap
// of one percent. Its shares do not always rise with the rate, and need not.
func TestContestTable(t *testing.T) {
	t.Parallel()
	churn, err := ReadChurn(dataFile(t, "cumcm2020c/a3_rate_churn.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if len(churn.RatesBps) != 29 || churn.RatesBps[0] != 400 || churn.RatesBps[1] != 425 || churn.RatesBps[28] != 1_500 || strings.Join(churn.Grades, "") != "ABC" {
		t.Fatalf("%d rates %v of grades %v", len(churn.RatesBps), churn.RatesBps, churn.Grades)
	}
	if got := churn.Ppm[1]; got[0] != 94_574 || got[1] != 66_800 || got[2] != 68_725 || churn.Ppm[0][0] != 0 {
		t.Errorf("at 4.25 %% %v leave", got)
	}
	firms := population(99)
	s, err := New(firms, churn, Options{BudgetFen: 1_000_000_000, RiskBps: 60, LgdBps: 4_500, FundingBps: 0, Levels: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range s.Frontier(4) {
		t.Logf("risk %d bps: %d firms, %d fen, profit %d, loss %d, at most %d, gap %d bps", p.RiskBps, len(p.Choices), p.LentFen, p.ProfitFen, p.LossFen, p.BoundFen, p.GapBps())
		if p.GapBps() > 100 {
			t.Errorf("at %d bps the gap is %d bps", p.RiskBps, p.GapBps())
		}
	}
}

// dataFile opens a file of the data beside the repository; the test skips where it is absent.
func dataFile(t *testing.T, name string) *os.File {
	t.Helper()
	dir, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		f, err := os.Open(filepath.Join(dir, "shared", "data", name))
		if err == nil {
			t.Cleanup(func() { f.Close() })
			return f
		}
		if dir == filepath.Dir(dir) {
			t.Skipf("shared/data/%s is not beside the repository", name)
		}
	}
}

// Bad tables are refused with the row and the column.
func TestReadRefusals(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"firm,grade,pd_ppm\na,A,1\n":                      "limit_fen",
		"firm,grade,pd_ppm,limit_fen\n":                   "no rows",
		"firm,grade,pd_ppm,limit_fen,firm\na,A,1,2,b\n":   "twice",
		"firm,grade,pd_ppm,limit_fen\na,A,1000001,2\n":    "row 2: pd_ppm",
		"firm,grade,pd_ppm,limit_fen\na,A,1,2\nb,A,1,x\n": "row 3: limit_fen",
		"firm,grade,pd_ppm,limit_fen\na,A,1,-1\n":         "row 2: limit_fen",
	} {
		if _, err := ReadFirms(strings.NewReader(text)); !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	for text, want := range map[string]string{
		"annual_rate\n0.04\n":                   "0 grades",
		"annual_rate,churn_A\n0.04,1.1\n":       "row 2: churn_A",
		"annual_rate,churn_A\n0.04,-0.1\n":      "row 2: churn_A",
		"annual_rate,churn_A\n0.05,0\n0.04,0\n": "out of order",
		"annual_rate,churn_A\n1/2,0\n":          "annual_rate",
		"annual_rate,churn_A\n1e-999999999,0\n": "annual_rate",
		"annual_rate,churn_A\n0x1p-2,0\n":       "annual_rate",
		"rate,churn_A\n0.04,0\n":                "annual_rate",
	} {
		if _, err := ReadChurn(strings.NewReader(text)); !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	firms, err := ReadFirms(strings.NewReader("\ufefflimit_fen,note,grade,pd_ppm,firm\n5,x,A,7,a firm\n"))
	if err != nil || len(firms) != 1 || firms[0] != (Firm{Name: "a firm", Grade: "A", PdPpm: 7, LimitFen: 5}) {
		t.Errorf("got %+v, %v", firms, err)
	}
	for name, o := range map[string]Options{
		"no budget": {Levels: 1}, "no levels": {BudgetFen: 1}, "risk": {BudgetFen: 1, Levels: 1, RiskBps: bps + 1}, "many levels": {BudgetFen: 1, Levels: LevelsMax + 1},
	} {
		if _, err := New(population(3), table3(), o); !errors.Is(err, ErrInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Reading never panics, and what it takes can be planned with.
func FuzzReadChurn(f *testing.F) {
	f.Add("annual_rate,churn_A\n0.04,0\n4.25E-2,9.4574126205756601E-2\n")
	f.Fuzz(func(t *testing.T, text string) {
		churn, err := ReadChurn(strings.NewReader(text))
		if err != nil {
			return
		}
		if _, err := New([]Firm{{Grade: churn.Grades[0], LimitFen: 100}}, churn, Options{BudgetFen: 100, Levels: 1}); err != nil {
			t.Error(err)
		}
	})
}
