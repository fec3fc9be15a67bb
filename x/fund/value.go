package fund

import (
	fundv1 "github.com/xinlian/xinlian/gen/xinlian/fund/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/x/loan"
)

// Valuation is what a fund is worth at a moment, with what has accrued up to it.
type Valuation struct {
	fundv1.Value
	// HurdleFen and FeeFen of the fund's row, brought up to the moment.
	HurdleFen int64
	// FreeFen is what the pool could lend or pay out.
	FreeFen int64
}

// Worth values a fund on the books of its pool; no balance of an account is read,
// so money that somebody sends to one changes nothing.
//
//	nav    = cash + principal outstanding - expected loss - fee, never below 0
//	senior = the smaller of nav and what seniors paid in with the hurdle rate on it
//	junior = nav - senior
//
// Interest that borrowers owe is no asset before it is paid. The expected loss is
// rounded up for each bucket, hurdle and fee are rounded down.
func Worth(f fundv1.Fund, p loanv1.Pool, now int64) (Valuation, error) {
	held, free, err := loan.PoolCash(p)
	if err != nil {
		return Valuation{}, err
	}
	v := Valuation{HurdleFen: f.HurdleFen, FreeFen: max(free, 0)}
	v.CashFen, v.LentFen, v.FeeFen = held, p.LentFen, f.FeeFen
	if f.Settlement != nil {
		v.CashFen += f.Settlement.SetAsideFen
	}
	if v.ExpectedLossFen, err = expectedLoss(f.Terms, p); err != nil {
		return v, err
	}
	assets := v.CashFen + v.LentFen - v.ExpectedLossFen
	seconds := now - f.AccruedAt
	if f.Status == fundv1.FundStatus_FUND_STATUS_OPEN {
		fee, err := accrued(assets, f.Terms.FeeBps, seconds)
		if err != nil {
			return v, err
		}
		v.FeeFen += fee
	}
	if f.Senior.Shares > 0 {
		hurdle, err := accrued(f.Senior.CapitalFen+f.HurdleFen, f.Terms.HurdleBps, seconds)
		if err != nil {
			return v, err
		}
		v.HurdleFen += hurdle
	}
	v.NavFen = max(assets-v.FeeFen, 0)
	v.SeniorFen = min(v.NavFen, f.Senior.CapitalFen+v.HurdleFen)
	v.JuniorFen = v.NavFen - v.SeniorFen
	return v, nil
}

// expectedLoss is what is expected to be lost of the outstanding principal: for
// each bucket of late instalments, principal x PD x LGD, rounded up.
func expectedLoss(t fundv1.FundTerms, p loanv1.Pool) (int64, error) {
	current, sum := p.LentFen, int64(0)
	for i, pd := range t.PdBps {
		if i == 0 {
			continue
		}
		var late int64
		if i <= len(p.LateFen) {
			late = p.LateFen[i-1]
		}
		current -= late
		loss, err := ceilDiv(late, int64(pd)*int64(t.LgdBps), bpsUnit*bpsUnit)
		if err != nil {
			return 0, err
		}
		sum += loss
	}
	loss, err := ceilDiv(current, int64(t.PdBps[0])*int64(t.LgdBps), bpsUnit*bpsUnit)
	return sum + loss, err
}

// sharesFor is how many shares fen buys of a class that is worth valueFen and has
// so many shares, rounded down: against the buyer.
func sharesFor(fen, valueFen, shares int64) (int64, error) {
	return floorDiv(fen, shares+sharesPerFen, valueFen+1)
}

// fenFor is what shares are paid, rounded down: against the seller.
func fenFor(n, valueFen, shares int64) (int64, error) {
	return floorDiv(n, valueFen+1, shares+sharesPerFen)
}

// worthless tells whether a class has fallen below the hundredth of its first
// price: then it sells no more shares, whose number would leave 64 bits.
func worthless(valueFen, shares int64) bool { return shares/(sharesPerFen*priceFloor) > valueFen }

// juniorFloor is the least value of the juniors beside seniors of seniorFen,
// rounded up: against seniors who buy and juniors who leave.
func juniorFloor(t fundv1.FundTerms, seniorFen int64) (int64, error) {
	if seniorFen == 0 {
		return 0, nil
	}
	least := int64(t.JuniorBpsMin)
	if least >= bpsUnit {
		return 0, ErrTerms.Wrap("internal: seniors in a fund without a senior class")
	}
	return ceilDiv(seniorFen, least, bpsUnit-least)
}

// seniorCeiling is the most that seniors may be worth above juniors of juniorFen,
// rounded down.
func seniorCeiling(t fundv1.FundTerms, juniorFen int64) (int64, error) {
	least := int64(t.JuniorBpsMin)
	return floorDiv(juniorFen, bpsUnit-least, least)
}
