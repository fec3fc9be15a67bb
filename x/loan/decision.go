package loan

import (
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/lending/condition"
	"github.com/xinlian/xinlian/lending/template"
	"github.com/xinlian/xinlian/scorecard/terms"
)

// ReasonsMax bounds the reasons of a decision.
const ReasonsMax = 4

// Reasons that the chain gives of itself, beside a template's own codes. Those
// for a limit are the codes of the bounds.
const (
	ReasonIndexStale      = "index-stale"
	ReasonLoanDelinquent  = "loan-delinquent"
	ReasonBorrowerFrozen  = "borrower-frozen"
	ReasonLenderFrozen    = "lender-frozen"
	ReasonServicingStop   = "servicing-stopped"
	ReasonDisbursalFailed = "disbursal-failed"
)

// chainReasons may not be used by a template.
var chainReasons = []string{
	terms.LimitProduct, terms.LimitCapacity, terms.LimitBand, terms.LimitGrade, terms.LimitExposure, terms.LimitPool, ReasonIndexStale,
	ReasonLoanDelinquent, ReasonBorrowerFrozen, ReasonLenderFrozen, ReasonServicingStop, ReasonDisbursalFailed,
}

// Facts is everything that a decision is computed from: what the chain found and
// stores with the decision, and the rows that the application names.
type Facts struct {
	Contract  *Contract
	Product   loanv1.ProductTerms
	Inputs    loanv1.DecisionInputs
	AmountFen int64
	Periods   uint32
}

// terms are the facts that limit and rate follow from.
func (f Facts) terms() terms.Facts {
	p, in := f.Product, f.Inputs
	return terms.Facts{
		AmountFenMax: p.AmountFenMax, CapacityPeriods: p.CapacityPeriods, ExposureFenMax: p.ExposureFenMax,
		FundingBps: p.FundingBps, MarginBps: p.MarginBps, LgdBps: in.LgdBps,
		CapacityFen: in.CapacityFen, PdPpm: in.PdPpm, BandFactorBps: in.BandFactorBps,
		Grade: in.Grade, ExposureFen: in.ExposureFen, ReservedFen: in.ReservedFen,
		PoolFreeFen: in.PoolFreeFen, IndexBps: in.IndexBps, RateCapBps: in.RateCapBps,
	}
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
	found, err := terms.Of(f.terms())
	if err != nil {
		return loanv1.Decision{}, ErrInvalid.Wrap(err.Error())
	}
	d := loanv1.Decision{LimitFen: found.LimitFen, RateBps: found.RateBps, Inputs: f.Inputs}
	for _, p := range found.Parts {
		d.RateParts = append(d.RateParts, loanv1.RatePart{Code: p.Code, Bps: p.Bps, Rounding: loanv1.Rounding(p.Rounding)})
	}
	for _, b := range found.Bounds {
		d.Bounds = append(d.Bounds, loanv1.LimitBound{Code: b.Code, LimitFen: b.LimitFen, Rounding: loanv1.Rounding(b.Rounding)})
	}
	v, err := f.values(found.RateBps)
	if err != nil {
		return loanv1.Decision{}, err
	}
	f.decide(&d, found.Bounds[0], v)
	return d, nil
}

// decide writes outcome and reasons, the most important first.
func (f Facts) decide(d *loanv1.Decision, tightest terms.Bound, v condition.Values) {
	failed := template.Failing(f.Contract.rules.Eligibility, v)
	tooSmall := tightest.LimitFen < f.Product.AmountFenMin
	switch {
	case len(failed) > 0 || tooSmall:
		d.Outcome = loanv1.Outcome_OUTCOME_DECLINED
		d.Reasons = failed
		if tooSmall {
			d.Reasons = append(d.Reasons, f.limitReason(tightest, f.Product.AmountFenMin))
		}
	default:
		d.Outcome = loanv1.Outcome_OUTCOME_APPROVED
		if !f.Inputs.IndexLive {
			d.Reasons = append(d.Reasons, loanv1.Reason{Code: ReasonIndexStale, Value: f.Inputs.IndexBps})
		}
		d.Reasons = append(d.Reasons, template.Failing(f.Contract.rules.Referral, v)...)
		if len(d.Reasons) > 0 {
			d.Outcome = loanv1.Outcome_OUTCOME_REFERRED
		}
		if tightest.LimitFen < f.AmountFen {
			d.Reasons = append(d.Reasons, f.limitReason(tightest, f.AmountFen))
		}
	}
	d.Reasons = d.Reasons[:min(len(d.Reasons), ReasonsMax)]
}

// limitReason says what was found and what would do: for a grade or a band that
// carries nothing the grade or the share, else the amount.
func (f Facts) limitReason(b terms.Bound, wantedFen int64) loanv1.Reason {
	switch b.Code {
	case terms.LimitGrade:
		return loanv1.Reason{Code: b.Code, Value: int64(f.Inputs.Grade), Threshold: terms.GradeLowestLent}
	case terms.LimitBand:
		return loanv1.Reason{Code: b.Code, Value: int64(f.Inputs.BandFactorBps), Threshold: 1}
	}
	return loanv1.Reason{Code: b.Code, Value: b.LimitFen, Threshold: wantedFen}
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
		"score.capacity_fen":        {Int: f.Inputs.CapacityFen},
		"score.pd_ppm":              {Int: int64(f.Inputs.PdPpm)},
		"score.points":              {Int: f.Inputs.Points},
	}, nil
}

// validate checks what package terms does not: the contract, the amount and the
// product, whose loss given default and factors must be those of the inputs.
func (f Facts) validate() error {
	in := f.Inputs
	grade, known := terms.GradeFactorBps(in.Grade)
	switch {
	case f.Contract == nil:
		return ErrInvalid.Wrap("internal: no contract")
	case !known:
		return ErrInvalid.Wrapf("grade %d, want 1 to 4", in.Grade)
	case in.GradeFactorBps != grade:
		return ErrInvalid.Wrapf("internal: grade factor of %d basis points, want %d", in.GradeFactorBps, grade)
	case in.LgdBps != f.Product.LgdBps:
		return ErrInvalid.Wrapf("internal: loss given default of %d basis points, the product has %d", in.LgdBps, f.Product.LgdBps)
	}
	if err := amountWithin(f.AmountFen, PrincipalFenMax); err != nil {
		return err
	}
	return validateProductTerms(f.Product)
}
