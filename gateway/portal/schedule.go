package portal

import (
	"errors"
	"math/big"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

// Row is one instalment of a preview.
type Row struct {
	Number       uint32
	PrincipalFen int64
	InterestFen  int64
	BalanceFen   int64 // after it
}

// errSchedule says that there is no schedule of these numbers.
var errSchedule = errors.New("portal: no schedule of these numbers")

// Bounds of a preview; they are those of the chain.
const (
	principalFenMax = 1_000_000_000_000
	periodsMax      = 60
)

// preview computes equal instalments as the chain does: the rate of a month is
// 30/360 of the yearly one, of a week 7/365; the instalment and each period's
// interest are rounded half up to the fen, and the last row takes what is left.
// It is a preview: what binds is the schedule on chain after signing.
func preview(principalFen int64, rateBps uint32, unit loanv1.PeriodUnit, periods uint32) ([]Row, error) {
	num, den := int64(rateBps), int64(10_000*12)
	if unit == loanv1.PeriodUnit_PERIOD_UNIT_WEEK {
		num, den = 7*int64(rateBps), 10_000*365
	}
	if principalFen <= 0 || principalFen > principalFenMax || periods == 0 || periods > periodsMax || rateBps > 100_000 {
		return nil, errSchedule
	}
	instalment := equalInstalment(principalFen, num, den, periods)
	var rows []Row
	balance := principalFen
	for n := uint32(1); balance > 0 && n <= periods; n++ {
		interest := halfUp(new(big.Int).Mul(big.NewInt(balance), big.NewInt(num)), big.NewInt(den))
		principal := min(max(instalment-interest, 0), balance)
		if n == periods {
			principal = balance
		}
		balance -= principal
		rows = append(rows, Row{Number: n, PrincipalFen: principal, InterestFen: interest, BalanceFen: balance})
	}
	return rows, nil
}

// equalInstalment is P*r*(1+r)^n / ((1+r)^n - 1) in exact fractions.
func equalInstalment(principalFen, num, den int64, periods uint32) int64 {
	n := big.NewInt(int64(periods))
	if num == 0 {
		return halfUp(big.NewInt(principalFen), n)
	}
	g := new(big.Int).Exp(big.NewInt(den+num), n, nil)
	h := new(big.Int).Exp(big.NewInt(den), n, nil)
	top := new(big.Int).Mul(big.NewInt(principalFen), big.NewInt(num))
	top.Mul(top, g)
	return halfUp(top, h.Sub(g, h).Mul(h, big.NewInt(den)))
}

func halfUp(num, den *big.Int) int64 {
	n := new(big.Int).Lsh(num, 1)
	n.Add(n, den)
	return n.Quo(n, new(big.Int).Lsh(den, 1)).Int64()
}

// split divides a principal into tranches; the last takes the remainder.
func split(principalFen int64, bps []uint32) []int64 {
	parts := make([]int64, len(bps))
	left := principalFen
	for i, b := range bps {
		part := new(big.Int).Mul(big.NewInt(principalFen), big.NewInt(int64(b)))
		parts[i] = part.Quo(part, big.NewInt(10_000)).Int64()
		if i == len(bps)-1 {
			parts[i] = left
		}
		left -= parts[i]
	}
	return parts
}

func interestOf(rows []Row) (fen int64) {
	for _, r := range rows {
		fen += r.InterestFen
	}
	return fen
}
