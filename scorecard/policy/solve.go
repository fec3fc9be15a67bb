package policy

import (
	"cmp"
	"math/big"
	"math/bits"
	"slices"
)

// priceScale is what a shadow price is counted in: millionths of a fen of profit for
// each fen of money or of loss.
const priceScale = 1_000_000

// priceMax bounds the shadow price of loss: at it, a fen of loss costs more than the
// profit of any cell, so that only cells without a loss are taken.
const priceMax = FenMax * priceScale

// Solve is the plan at the stated risk.
func (s *Simulation) Solve() Plan { return s.at(s.options.RiskBps) }

// Frontier is the plans at steps parts of the stated risk, the least first.
func (s *Simulation) Frontier(steps int) []Plan {
	var plans []Plan
	for k := 1; k <= steps; k++ {
		risk := uint32(int64(s.options.RiskBps) * int64(k) / int64(steps))
		if n := len(plans); n == 0 || plans[n-1].RiskBps != risk {
			plans = append(plans, s.at(risk))
		}
	}
	return plans
}

// bounds are what a plan must stay within.
type bounds struct{ fen, loss int64 }

func (s *Simulation) at(riskBps uint32) Plan {
	loss := new(big.Int).Mul(big.NewInt(s.options.BudgetFen), big.NewInt(int64(riskBps)))
	b := bounds{fen: s.options.BudgetFen, loss: loss.Quo(loss, big.NewInt(bps)).Int64()}
	r := relaxation{cells: s.cells, bounds: b}
	r.minimise()
	best := r.best
	if best == nil {
		best = make([]int, len(s.cells)) // nothing to anybody
	}
	fill(s.cells, best, b)
	plan := Plan{RiskBps: riskBps, BoundFen: r.boundFen()}
	for i, k := range best {
		if k == 0 {
			continue
		}
		c := s.cells[i][k-1]
		plan.Choices = append(plan.Choices, Choice{Firm: i, AmountFen: c.fen, RateBps: c.rateBps, ProfitFen: c.profit, LossFen: c.loss})
		plan.LentFen += c.fen
		plan.ProfitFen += c.profit
		plan.LossFen += c.loss
	}
	return plan
}

// relaxation prices money and loss instead of bounding them: each firm then takes
// the cell that is worth most, alone. Whatever the prices, the sum of what the firms
// are worth and of the bounds at those prices is at least any plan's profit.
type relaxation struct {
	cells  [][]cell
	bounds bounds
	bound  *big.Int // the least found, in millionths of a fen
	best   []int    // the feasible selection with the most profit seen, 0 for none
	profit int64    // of best
}

func (r *relaxation) boundFen() int64 {
	return new(big.Int).Quo(r.bound, big.NewInt(priceScale)).Int64()
}

// minimise searches the prices. For a price of loss, the right price of money is
// where the money taken passes the budget; over those, the bound is convex in the
// price of loss, so thirds close in on it.
func (r *relaxation) minimise() {
	if r.money(0).loss <= r.bounds.loss {
		return // the bound on loss does not bind
	}
	low, high := int64(0), int64(1)
	for high < priceMax && r.money(high).loss > r.bounds.loss {
		low, high = high/2, high*2
	}
	for high-low > 2 {
		third := (high - low) / 3
		a, b := low+third, high-third
		if r.money(a).value.Cmp(r.money(b).value) <= 0 {
			high = b
		} else {
			low = a
		}
	}
	for price := low; price <= high; price++ {
		r.money(price)
	}
}

// taken is a relaxed selection.
type taken struct {
	fen, loss int64
	value     *big.Int
}

// money finds the price of money for a price of loss and answers with the selection
// on the near side of the budget.
func (r *relaxation) money(lossPrice int64) taken {
	free := r.take(0, lossPrice)
	if free.fen <= r.bounds.fen {
		return free
	}
	low, high := int64(0), int64(priceScale) // at a price of 1 for 1 nothing earns its money
	least := free
	for high-low > 1 {
		middle := low + (high-low)/2
		t := r.take(middle, lossPrice)
		if t.value.Cmp(least.value) < 0 {
			least.value = t.value
		}
		if t.fen > r.bounds.fen {
			low = middle
		} else {
			high = middle
			least.fen, least.loss = t.fen, t.loss
		}
	}
	return least
}

// take lets each firm choose at the prices, of equal ones the cheaper, and remembers
// the bound and a selection that fits.
func (r *relaxation) take(moneyPrice, lossPrice int64) taken {
	var t taken
	selection := make([]int, len(r.cells))
	var profit int64
	value, term := new(big.Int), new(big.Int)
	for i, cells := range r.cells {
		var best int64
		for k, c := range cells {
			if worth := worthOf(c, moneyPrice, lossPrice); worth > best {
				best, selection[i] = worth, k+1
			}
		}
		value.Add(value, term.SetInt64(best))
		if k := selection[i]; k > 0 {
			t.fen += cells[k-1].fen
			t.loss += cells[k-1].loss
			profit += cells[k-1].profit
		}
	}
	value.Add(value, term.Mul(big.NewInt(r.bounds.fen), big.NewInt(moneyPrice)))
	value.Add(value, term.Mul(big.NewInt(r.bounds.loss), big.NewInt(lossPrice)))
	t.value = value
	if r.bound == nil || value.Cmp(r.bound) < 0 {
		r.bound = value
	}
	if t.fen <= r.bounds.fen && t.loss <= r.bounds.loss && (r.best == nil || profit > r.profit) {
		r.best, r.profit = selection, profit
	}
	return t
}

// worthOf is a cell's profit less its money and loss at their prices, in millionths
// of a fen, and 0 where that is less. Profit and money are at most 10^18; what a
// loss costs may be more, and is then more than any profit.
func worthOf(c cell, moneyPrice, lossPrice int64) int64 {
	worth := c.profit*priceScale - c.fen*moneyPrice
	over, cost := bits.Mul64(uint64(c.loss), uint64(lossPrice))
	if worth <= 0 || over > 0 || cost >= uint64(worth) {
		return 0
	}
	return worth - int64(cost)
}

// fill uses what is left, in rounds: each firm's change of cell that wins most and
// fits, the greatest first and of equal ones the lower firm, until none wins.
func fill(cells [][]cell, selection []int, b bounds) {
	used := bounds{}
	at := func(i int) cell {
		if k := selection[i]; k > 0 {
			return cells[i][k-1]
		}
		return cell{}
	}
	for i := range cells {
		used.fen += at(i).fen
		used.loss += at(i).loss
	}
	fits := func(now, then cell) bool {
		return used.fen-now.fen+then.fen <= b.fen && used.loss-now.loss+then.loss <= b.loss
	}
	for {
		var changes []change
		for i := range cells {
			now, best := at(i), change{}
			for k, c := range cells[i] {
				if won := c.profit - now.profit; won > best.won && fits(now, c) {
					best = change{firm: i, option: k + 1, won: won}
				}
			}
			if best.won > 0 {
				changes = append(changes, best)
			}
		}
		if len(changes) == 0 {
			return
		}
		slices.SortStableFunc(changes, func(a, b change) int { return cmp.Compare(b.won, a.won) })
		for _, c := range changes {
			now, then := at(c.firm), cells[c.firm][c.option-1]
			if fits(now, then) {
				used.fen += then.fen - now.fen
				used.loss += then.loss - now.loss
				selection[c.firm] = c.option
			}
		}
	}
}

// change is a firm's move to another cell.
type change struct {
	firm, option int
	won          int64
}

// Largest lists choices by amount, the greatest first, of equal ones the lower firm.
func (p *Plan) Largest() []Choice {
	list := slices.Clone(p.Choices)
	slices.SortStableFunc(list, func(a, b Choice) int { return cmp.Compare(b.AmountFen, a.AmountFen) })
	return list
}
