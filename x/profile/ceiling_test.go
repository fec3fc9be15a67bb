package profile

import (
	"errors"
	"strings"
	"testing"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// Terms at each ceiling pass, terms above it are refused with its name.
func TestCeilings(t *testing.T) {
	t.Parallel()
	p := DefaultParams()
	p.Ceilings[0] = profilev1.Ceiling{
		Purpose: profilev1.Purpose_PURPOSE_UNDERWRITING, MonthsMax: 18, DaysMax: 30, RetentionDaysMax: 30,
		OnceMax: 9, PerMonthMax: 2, PerYearMax: 4,
		Categories: []profilev1.Category{bank, tax}, Modes: []profilev1.Mode{profilev1.Mode_MODE_STORE},
	}
	if err := checkCeilings(p.Ceilings); err != nil {
		t.Fatal(err)
	}
	if err := checkCeiling(terms(lender, 1), p); err != nil {
		t.Errorf("at the ceilings: %v", err)
	}
	for want, bend := range map[string]func(x *profilev1.ConsentTerms){
		"months_max":         func(x *profilev1.ConsentTerms) { x.MonthTo++ },
		"days_max":           func(x *profilev1.ConsentTerms) { x.ExpiresAt++ },
		"retention_days_max": func(x *profilev1.ConsentTerms) { x.RetentionDays++ },
		"once_max":           func(x *profilev1.ConsentTerms) { x.FetchUnit, x.FetchLimit = profilev1.FetchUnit_FETCH_UNIT_ONCE, 10 },
		"per_day_max":        func(x *profilev1.ConsentTerms) { x.FetchUnit, x.FetchLimit = profilev1.FetchUnit_FETCH_UNIT_DAY, 1 },
		"per_month_max":      func(x *profilev1.ConsentTerms) { x.FetchLimit++ },
		"per_year_max":       func(x *profilev1.ConsentTerms) { x.FetchUnit, x.FetchLimit = profilev1.FetchUnit_FETCH_UNIT_YEAR, 5 },
		"categories": func(x *profilev1.ConsentTerms) {
			x.Categories = append(x.Categories, profilev1.Category_CATEGORY_PAYROLL)
		},
		"modes":         func(x *profilev1.ConsentTerms) { x.Mode = profilev1.Mode_MODE_VIEW },
		"handler_signs": func(x *profilev1.ConsentTerms) { x.Signer = profilev1.Signer_SIGNER_HANDLER },
	} {
		x := terms(lender, 1)
		bend(&x)
		if err := checkCeiling(x, p); !errors.Is(err, ErrCeiling) || !strings.Contains(err.Error(), want+" of ") {
			t.Errorf("%s: got %v", want, err)
		}
	}
}

// A request above a ceiling is refused, and the council moves ceilings.
func TestCeilingOfRequests(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	x := terms(lender, 1)
	x.Purpose, x.RetentionDays = profilev1.Purpose_PURPOSE_INSURANCE, 0
	ask := func() error {
		b := c.branch()
		_, err := b.msgs.RequestConsent(b.ctx, &profilev1.MsgRequestConsent{Device: "officer", OrgId: lender, Terms: x})
		return err
	}
	if err := ask(); !errors.Is(err, ErrCeiling) {
		t.Errorf("insurers keep nothing: got %v, want %v", err, ErrCeiling)
	}
	x.Mode = profilev1.Mode_MODE_QUERY
	if err := ask(); err != nil {
		t.Error(err)
	}
	p := DefaultParams()
	p.Ceilings[x.Purpose-1].MonthsMax = 17
	if err := c.params.Set(c.ctx, p); err != nil {
		t.Fatal(err)
	}
	if err := ask(); !errors.Is(err, ErrCeiling) {
		t.Errorf("18 months of 17: got %v, want %v", err, ErrCeiling)
	}
}

// Each rule on the ceilings refuses its own breach.
func TestCeilingsRefused(t *testing.T) {
	t.Parallel()
	for name, bend := range map[string]func(p *profilev1.Params){
		"none":               func(p *profilev1.Params) { p.Ceilings = nil },
		"one missing":        func(p *profilev1.Params) { p.Ceilings = p.Ceilings[1:] },
		"out of order":       func(p *profilev1.Params) { p.Ceilings[0], p.Ceilings[1] = p.Ceilings[1], p.Ceilings[0] },
		"no months":          func(p *profilev1.Params) { p.Ceilings[2].MonthsMax = 0 },
		"too many months":    func(p *profilev1.Params) { p.Ceilings[2].MonthsMax = MonthsMax + 1 },
		"no days":            func(p *profilev1.Params) { p.Ceilings[2].DaysMax = 0 },
		"too long":           func(p *profilev1.Params) { p.Ceilings[2].DaysMax = 367 },
		"kept too long":      func(p *profilev1.Params) { p.Ceilings[2].RetentionDaysMax = RetentionDaysMax + 1 },
		"too many reads":     func(p *profilev1.Params) { p.Ceilings[2].PerDayMax = FetchLimitMax + 1 },
		"category twice":     func(p *profilev1.Params) { p.Ceilings[2].Categories = []profilev1.Category{bank, bank} },
		"unknown category":   func(p *profilev1.Params) { p.Ceilings[2].Categories = []profilev1.Category{99} },
		"mode twice":         func(p *profilev1.Params) { p.Ceilings[2].Modes = []profilev1.Mode{1, 1} },
		"unknown mode":       func(p *profilev1.Params) { p.Ceilings[2].Modes = []profilev1.Mode{4} },
		"no suite":           func(p *profilev1.Params) { p.Suite = 0 },
		"no expiries":        func(p *profilev1.Params) { p.ExpiriesPerBlockMax = 0 },
		"erasure in no time": func(p *profilev1.Params) { p.ErasureSeconds = 0 },
		"late at once":       func(p *profilev1.Params) { p.LogLateBlocks = 0 },
		"no anchors kept":    func(p *profilev1.Params) { p.LogAnchorsMax = 0 },
	} {
		p := DefaultParams()
		bend(&p)
		if err := ValidateParams(p); !errors.Is(err, ErrParams) {
			t.Errorf("%s: got %v, want %v", name, err, ErrParams)
		}
	}
}
