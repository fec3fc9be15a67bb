package policy

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// Bounds of an input.
const (
	FirmsMax  = 10_000
	RatesMax  = 256
	LevelsMax = 100
	GradesMax = 16
	// FenMax bounds a limit, and BudgetFenMax the budget.
	FenMax       = 1_000_000_000_000
	BudgetFenMax = 1_000_000_000_000_000

	ppm = 1_000_000
	bps = 10_000
)

// ErrInput says that an input is out of bounds; the text says where.
var ErrInput = errors.New("policy: input out of bounds")

// Firm is one that might be lent to.
type Firm struct {
	Name     string
	Grade    string // of the churn table, like A
	PdPpm    uint32 // probability of default in the year, millionths
	LimitFen int64  // the most that may be lent to it
}

// Churn is the share of firms of each grade that a yearly rate drives away.
type Churn struct {
	Grades   []string
	RatesBps []uint32   // ascending
	Ppm      [][]uint32 // by rate, then by grade, millionths
}

// Options bound a simulation.
type Options struct {
	BudgetFen  int64  // what may be promised at once, though not everybody accepts
	RiskBps    uint32 // expected loss of those who accept, of the budget
	LgdBps     uint32 // loss given default
	FundingBps uint32 // yearly cost of the money lent
	Levels     int    // parts of a firm's limit that may be chosen, from 1/Levels up
}

// Choice is what one firm is offered.
type Choice struct {
	Firm      int // index
	AmountFen int64
	RateBps   uint32
	ProfitFen int64 // expected
	LossFen   int64 // expected, of those who accept
}

// Plan is a choice for each firm that is offered something.
type Plan struct {
	RiskBps   uint32
	Choices   []Choice
	LentFen   int64
	ProfitFen int64
	LossFen   int64
	BoundFen  int64 // no plan within the same bounds has more expected profit
}

// GapBps is how far the plan is at most from the best one, in basis points of the
// bound, rounded up.
func (p *Plan) GapBps() int64 {
	if p.BoundFen <= 0 || p.ProfitFen >= p.BoundFen {
		return 0
	}
	n := new(big.Int).Mul(big.NewInt(p.BoundFen-p.ProfitFen), big.NewInt(bps))
	n.Add(n, big.NewInt(p.BoundFen-1))
	return n.Quo(n, big.NewInt(p.BoundFen)).Int64()
}

// cell is one limit at one rate for one firm.
type cell struct {
	fen, profit, loss int64
	rateBps           uint32
}

// Simulation holds the cells of all firms; nothing in it changes after New.
type Simulation struct {
	options Options
	cells   [][]cell // by firm, none dominated
	// LeftOut are firms whose grade the churn table lacks, by index.
	LeftOut []int
}

// New lists each firm's cells. Rates that another one beats at the same amount, in
// profit and loss together, are dropped: no plan needs them.
//
//	kept   = 1 − churn at the rate
//	profit = amount × kept × ((1 − PD) × rate − PD × LGD − funding), rounded down
//	loss   = amount × kept × PD × LGD, rounded up
func New(firms []Firm, churn Churn, o Options) (*Simulation, error) {
	if err := validate(firms, churn, o); err != nil {
		return nil, err
	}
	s := &Simulation{options: o, cells: make([][]cell, len(firms))}
	for i, f := range firms {
		grade := slices.Index(churn.Grades, f.Grade)
		if grade < 0 {
			s.LeftOut = append(s.LeftOut, i)
			continue
		}
		for level := 1; level <= o.Levels; level++ {
			amount := f.LimitFen / int64(o.Levels) * int64(level)
			if level == o.Levels {
				amount = f.LimitFen
			}
			if amount == 0 {
				continue
			}
			var cells []cell
			for r, rate := range churn.RatesBps {
				if c := priced(f, amount, rate, ppm-churn.Ppm[r][grade], o); c.profit > 0 {
					cells = append(cells, c)
				}
			}
			s.cells[i] = append(s.cells[i], undominated(cells)...)
		}
	}
	return s, nil
}

func priced(f Firm, amount int64, rateBps, keptPpm uint32, o Options) cell {
	pd := int64(f.PdPpm)
	// At most 10^10 in size: millionths times basis points.
	margin := (ppm-pd)*int64(rateBps) - pd*int64(o.LgdBps) - ppm*int64(o.FundingBps)
	unit := big.NewInt(ppm * bps)
	unit.Mul(unit, big.NewInt(ppm))
	kept := new(big.Int).Mul(big.NewInt(amount), big.NewInt(int64(keptPpm)))
	profit := new(big.Int).Mul(kept, big.NewInt(margin))
	profit.Div(profit, unit) // rounds down for a positive divisor, below zero too
	loss := kept.Mul(kept, big.NewInt(pd*int64(o.LgdBps)))
	loss.Add(loss, new(big.Int).Sub(unit, big.NewInt(1))).Quo(loss, unit)
	return cell{fen: amount, rateBps: rateBps, profit: profit.Int64(), loss: loss.Int64()}
}

// undominated keeps, of the rates of one amount, those whose profit no rate with as
// little loss reaches, the least loss first.
func undominated(cells []cell) []cell {
	slices.SortStableFunc(cells, func(a, b cell) int {
		return cmp.Or(cmp.Compare(a.loss, b.loss), cmp.Compare(b.profit, a.profit), cmp.Compare(a.rateBps, b.rateBps))
	})
	var kept []cell
	for _, c := range cells {
		if n := len(kept); n == 0 || c.profit > kept[n-1].profit {
			kept = append(kept, c)
		}
	}
	return kept
}

func validate(firms []Firm, churn Churn, o Options) error {
	bad := func(format string, a ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{ErrInput}, a...)...)
	}
	switch {
	case len(firms) == 0 || len(firms) > FirmsMax:
		return bad("%d firms, want 1 to %d", len(firms), FirmsMax)
	case o.BudgetFen <= 0 || o.BudgetFen > BudgetFenMax:
		return bad("budget of %d fen, want 1 to %d", o.BudgetFen, int64(BudgetFenMax))
	case o.RiskBps > bps || o.LgdBps > bps || o.FundingBps > bps:
		return bad("risk %d, loss given default %d or funding %d basis points, want at most %d", o.RiskBps, o.LgdBps, o.FundingBps, bps)
	case o.Levels < 1 || o.Levels > LevelsMax:
		return bad("%d levels, want 1 to %d", o.Levels, LevelsMax)
	}
	for i, f := range firms {
		if f.PdPpm > ppm || f.LimitFen < 0 || f.LimitFen > FenMax {
			return bad("firm %d (%s): probability of %d millionths, limit of %d fen; want at most %d and 0 to %d", i+1, f.Name, f.PdPpm, f.LimitFen, ppm, int64(FenMax))
		}
	}
	return churn.validate()
}

func (c Churn) validate() error {
	bad := func(format string, a ...any) error {
		return fmt.Errorf("%w: churn table: "+format, append([]any{ErrInput}, a...)...)
	}
	if len(c.Grades) == 0 || len(c.Grades) > GradesMax || len(c.RatesBps) == 0 || len(c.RatesBps) > RatesMax || len(c.Ppm) != len(c.RatesBps) {
		return bad("%d grades, %d rates and %d rows, want 1 to %d grades and as many rows as rates, 1 to %d", len(c.Grades), len(c.RatesBps), len(c.Ppm), GradesMax, RatesMax)
	}
	for r, row := range c.Ppm {
		if c.RatesBps[r] > bps || (r > 0 && c.RatesBps[r] <= c.RatesBps[r-1]) {
			return bad("rate %d of %d basis points is out of order or above %d", r+1, c.RatesBps[r], bps)
		}
		if len(row) != len(c.Grades) {
			return bad("rate %d has %d shares, want %d", r+1, len(row), len(c.Grades))
		}
		for _, share := range row {
			if share > ppm {
				return bad("rate %d: a share of %d millionths", r+1, share)
			}
		}
	}
	return nil
}
