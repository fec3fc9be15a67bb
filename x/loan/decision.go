package loan

import (
	"cmp"
	"math/big"
	"slices"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/lending/condition"
	"github.com/xinlian/xinlian/lending/template"
)

// ReasonsMax bounds the reasons of a decision.
const ReasonsMax = 4

// Reasons that the chain gives of itself, beside a template's own codes.
const (
	ReasonLimitProduct    = "limit-product"
	ReasonLimitCapacity   = "limit-capacity"
	ReasonLimitGrade      = "limit-grade"
	ReasonLimitExposure   = "limit-exposure"
	ReasonLimitPool       = "limit-pool"
	ReasonIndexStale      = "index-stale"
	ReasonLoanDelinquent  = "loan-delinquent"
	ReasonBorrowerFrozen  = "borrower-frozen"
	ReasonLenderFrozen    = "lender-frozen"
	ReasonServicingStop   = "servicing-stopped"
	ReasonDisbursalFailed = "disbursal-failed"
)

// chainReasons may not be used by a template.
var chainReasons = []string{
	ReasonLimitProduct, ReasonLimitCapacity, ReasonLimitGrade, ReasonLimitExposure, ReasonLimitPool, ReasonIndexStale,
	ReasonLoanDelinquent, ReasonBorrowerFrozen, ReasonLenderFrozen, ReasonServicingStop, ReasonDisbursalFailed,
}

// The codes of the parts of a rate.
const (
	RateIndex        = "index"
	RateFunding      = "funding"
	RateExpectedLoss = "expected-loss"
	RateMargin       = "margin"
	RateZeroFloor    = "zero-floor"
	RateLegalCap     = "legal-cap"
)

// gradeLowestLent is grade C: on data of grade D nothing is lent.
const gradeLowestLent = 3

// gradeFactorBps scales what a firm's capacity carries by the quality of the
// data that it was computed from, grades A to D.
var gradeFactorBps = [5]int64{1: bpsUnit, 2: 8_000, gradeLowestLent: 5_000, 4: 0}

// Facts is everything that a decision is computed from. Inputs are what the
// chain found and stores with the decision; the others are in the rows that
// Inputs and the application name.
type Facts struct {
	Contract  *Contract
	Product   loanv1.ProductTerms
	Inputs    loanv1.DecisionInputs
	AmountFen int64
	Periods   uint32
	// Points, CapacityFen and PdPpm are the verified score's.
	Points, CapacityFen int64
	PdPpm               uint32
}

// Bound is one bound on the amount of a loan. The smallest is the limit, and
// each of the others says how far the limit could rise.
type Bound struct {
	Code     string
	LimitFen int64
}

// Decide is the whole rule of a decision: a pure function of its facts, so that
// anyone who holds them computes the same outcome, limit, rate and reasons.
// Height, time and officer are left empty. It fails only on facts out of bounds.
//
// A failed eligibility condition or a limit below the product's smallest loan
// declines; a failed referral condition or a stale index refers; else the amount
// wanted or, if that is more, the limit is approved.
func Decide(f Facts) (loanv1.Decision, error) {
	if err := f.validate(); err != nil {
		return loanv1.Decision{}, err
	}
	parts, rateBps, err := rate(f)
	if err != nil {
		return loanv1.Decision{}, err
	}
	bounds, err := Bounds(f)
	if err != nil {
		return loanv1.Decision{}, err
	}
	tightest := bounds[0]
	d := loanv1.Decision{LimitFen: tightest.LimitFen, RateBps: rateBps, RateParts: parts, Inputs: f.Inputs}
	v, err := f.values(rateBps)
	if err != nil {
		return loanv1.Decision{}, err
	}
	rules := f.Contract.rules
	switch {
	case len(template.Failing(rules.Eligibility, v)) > 0:
		d.Outcome = loanv1.Outcome_OUTCOME_DECLINED
		d.Reasons = template.Failing(rules.Eligibility, v)
		if tightest.LimitFen < f.Product.AmountFenMin {
			d.Reasons = append(d.Reasons, f.limitReason(tightest, f.Product.AmountFenMin))
		}
	case tightest.LimitFen < f.Product.AmountFenMin:
		d.Outcome = loanv1.Outcome_OUTCOME_DECLINED
		d.Reasons = []loanv1.Reason{f.limitReason(tightest, f.Product.AmountFenMin)}
	default:
		d.Outcome = loanv1.Outcome_OUTCOME_APPROVED
		if !f.Inputs.IndexLive {
			d.Reasons = append(d.Reasons, loanv1.Reason{Code: ReasonIndexStale, Value: f.Inputs.IndexBps})
		}
		d.Reasons = append(d.Reasons, template.Failing(rules.Referral, v)...)
		if len(d.Reasons) > 0 {
			d.Outcome = loanv1.Outcome_OUTCOME_REFERRED
		}
		if tightest.LimitFen < f.AmountFen {
			d.Reasons = append(d.Reasons, f.limitReason(tightest, f.AmountFen))
		}
	}
	d.Reasons = d.Reasons[:min(len(d.Reasons), ReasonsMax)]
	return d, nil
}

// Bounds lists the bounds on the amount, the tightest first. Equal ones keep
// the order product, capacity, exposure, pool.
func Bounds(f Facts) ([]Bound, error) {
	if err := f.validate(); err != nil {
		return nil, err
	}
	capacity := Bound{Code: ReasonLimitCapacity, LimitFen: capacityLimit(f)}
	if gradeFactorBps[f.Inputs.Grade] == 0 {
		capacity.Code = ReasonLimitGrade
	}
	exposureFen := max(f.Product.ExposureFenMax-f.Inputs.ExposureFen-f.Inputs.ReservedFen, 0)
	bounds := []Bound{
		{Code: ReasonLimitProduct, LimitFen: f.Product.AmountFenMax},
		capacity,
		{Code: ReasonLimitExposure, LimitFen: exposureFen},
		{Code: ReasonLimitPool, LimitFen: max(f.Inputs.PoolFreeFen, 0)},
	}
	slices.SortStableFunc(bounds, func(a, b Bound) int { return cmp.Compare(a.LimitFen, b.LimitFen) })
	return bounds, nil
}

// capacityLimit is capacity times the product's periods times the grade's
// factor, rounded down and never more than PrincipalFenMax.
func capacityLimit(f Facts) int64 {
	n := big.NewInt(max(f.CapacityFen, 0))
	n.Mul(n, big.NewInt(int64(f.Product.CapacityPeriods)))
	n.Mul(n, big.NewInt(gradeFactorBps[f.Inputs.Grade]))
	n.Quo(n, big.NewInt(bpsUnit))
	if !n.IsInt64() || n.Int64() > PrincipalFenMax {
		return PrincipalFenMax
	}
	return n.Int64()
}

func (f Facts) limitReason(b Bound, wantedFen int64) loanv1.Reason {
	if b.Code == ReasonLimitGrade {
		return loanv1.Reason{Code: b.Code, Value: int64(f.Inputs.Grade), Threshold: gradeLowestLent}
	}
	return loanv1.Reason{Code: b.Code, Value: b.LimitFen, Threshold: wantedFen}
}

// rate adds up the parts of the yearly rate. The expected loss is rounded up, so
// that risk is never priced at nothing; the sum is kept between 0 and the legal cap.
func rate(f Facts) ([]loanv1.RatePart, uint32, error) {
	loss, err := mulDiv(int64(f.PdPpm), int64(f.Product.LgdBps), ppmUnit, roundUp)
	if err != nil {
		return nil, 0, err
	}
	parts := []loanv1.RatePart{
		{Code: RateIndex, Bps: f.Inputs.IndexBps},
		{Code: RateFunding, Bps: int64(f.Product.FundingBps)},
		{Code: RateExpectedLoss, Bps: loss},
		{Code: RateMargin, Bps: int64(f.Product.MarginBps)},
	}
	var sum int64
	for _, p := range parts {
		sum += p.Bps
	}
	if sum < 0 {
		parts = append(parts, loanv1.RatePart{Code: RateZeroFloor, Bps: -sum})
		sum = 0
	}
	if limit := int64(f.Inputs.RateCapBps); sum > limit {
		parts = append(parts, loanv1.RatePart{Code: RateLegalCap, Bps: limit - sum})
		sum = limit
	}
	return parts, uint32(sum), nil
}

// values are the variables of an application. The instalment is that of the whole
// amount asked for, at the rate that was just computed.
func (f Facts) values(rateBps uint32) (condition.Values, error) {
	// The day of the start moves due days and no amount: a month counts 30 of 360 days, a week 7 of 365.
	plan := Plan{PrincipalFen: f.AmountFen, RateBps: rateBps, Periods: f.Periods, Method: f.Contract.Terms.Method, Unit: f.Contract.Terms.PeriodUnit}
	lines, err := plan.Schedule()
	if err != nil {
		return nil, err
	}
	var largest int64
	for _, l := range lines {
		largest = max(largest, l.InstalmentFen())
	}
	return condition.Values{
		"applicant.outstanding_fen": {Int: f.Inputs.ExposureFen},
		"applicant.reserved_fen":    {Int: f.Inputs.ReservedFen},
		"applicant.written_off_fen": {Int: f.Inputs.WrittenOffFen},
		"loan.amount_fen":           {Int: f.AmountFen},
		"loan.period_unit":          {Text: periodWord(f.Contract.Terms.PeriodUnit)},
		"loan.periods":              {Int: int64(f.Periods)},
		"market.index":              {Text: f.Product.IndexId},
		"market.index_bps":          {Int: f.Inputs.IndexBps},
		"market.index_live":         {Bool: f.Inputs.IndexLive},
		"quality.grade":             {Int: int64(f.Inputs.Grade)},
		"schedule.instalment_fen":   {Int: largest},
		"score.capacity_fen":        {Int: f.CapacityFen},
		"score.pd_ppm":              {Int: int64(f.PdPpm)},
		"score.points":              {Int: f.Points},
	}, nil
}

func (f Facts) validate() error {
	in := f.Inputs
	switch {
	case f.Contract == nil:
		return ErrInvalid.Wrap("internal: no contract")
	case in.Grade == 0 || int(in.Grade) >= len(gradeFactorBps):
		return ErrInvalid.Wrapf("grade %d, want 1 to 4", in.Grade)
	case in.IndexBps < -RateBpsMax || in.IndexBps > RateBpsMax:
		return ErrInvalid.Wrapf("index of %d basis points", in.IndexBps)
	case in.RateCapBps > RateBpsMax:
		return ErrInvalid.Wrapf("rate cap of %d basis points", in.RateCapBps)
	case f.PdPpm > ppmUnit:
		return ErrInvalid.Wrapf("probability of %d millionths", f.PdPpm)
	case in.ExposureFen < 0 || in.ExposureFen > PoolFenMax || in.ReservedFen < 0 || in.ReservedFen > PoolFenMax:
		return ErrAmount.Wrapf("exposure of %d and %d fen", in.ExposureFen, in.ReservedFen)
	}
	if err := amountWithin(f.AmountFen, PrincipalFenMax); err != nil {
		return err
	}
	return validateProductTerms(f.Product)
}
