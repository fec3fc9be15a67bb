package profile

import (
	"slices"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// defaultCeilings follow what each purpose needs: a decision looks back three
// years and is made once, a running loan is watched month by month, an attestor
// checks what it attests, and a case of a regulator may look back furthest.
func defaultCeilings() []profilev1.Ceiling {
	var all []profilev1.Category
	for c := profilev1.Category_CATEGORY_BANK; knownCategory(c); c++ {
		all = append(all, c)
	}
	const view, store, query = profilev1.Mode_MODE_VIEW, profilev1.Mode_MODE_STORE, profilev1.Mode_MODE_QUERY
	modes := []profilev1.Mode{view, store, query}
	return []profilev1.Ceiling{
		{
			Purpose: profilev1.Purpose_PURPOSE_UNDERWRITING, MonthsMax: 36, DaysMax: 366, RetentionDaysMax: 1830,
			OnceMax: 100, PerDayMax: 20, PerMonthMax: 100, PerYearMax: 500, Categories: all, Modes: modes,
		},
		{
			Purpose: profilev1.Purpose_PURPOSE_MONITORING, MonthsMax: 36, DaysMax: 366, RetentionDaysMax: 1830,
			OnceMax: 100, PerDayMax: 20, PerMonthMax: 100, PerYearMax: 500, Categories: all, Modes: modes,
		},
		{
			Purpose: profilev1.Purpose_PURPOSE_VERIFICATION, MonthsMax: 36, DaysMax: 366, RetentionDaysMax: 366,
			OnceMax: 200, PerDayMax: 50, PerMonthMax: 200, PerYearMax: 1000, Categories: all, Modes: modes, HandlerSigns: true,
		},
		{
			Purpose: profilev1.Purpose_PURPOSE_COLLECTION, MonthsMax: 12, DaysMax: 183, RetentionDaysMax: 183,
			OnceMax: 20, PerMonthMax: 10, PerYearMax: 60, Modes: modes,
			Categories: []profilev1.Category{
				profilev1.Category_CATEGORY_BANK, profilev1.Category_CATEGORY_PLATFORM,
				profilev1.Category_CATEGORY_COURT, profilev1.Category_CATEGORY_RECEIVABLE,
			},
		},
		{
			Purpose: profilev1.Purpose_PURPOSE_AUDIT, MonthsMax: 60, DaysMax: 183, RetentionDaysMax: 3650,
			OnceMax: 200, PerDayMax: 50, PerMonthMax: 200, PerYearMax: 1000, Categories: all, Modes: modes, HandlerSigns: true,
		},
		{
			Purpose: profilev1.Purpose_PURPOSE_INSURANCE, MonthsMax: 24, DaysMax: 366, RetentionDaysMax: 366,
			OnceMax: 20, PerMonthMax: 10, PerYearMax: 60, Categories: all, Modes: []profilev1.Mode{view, query},
		},
		{
			Purpose: profilev1.Purpose_PURPOSE_SUPERVISION, MonthsMax: 60, DaysMax: 366, RetentionDaysMax: 3650,
			OnceMax: 1000, PerDayMax: 100, PerMonthMax: 1000, PerYearMax: 1000, Categories: all, Modes: modes,
		},
	}
}

// checkCeiling refuses terms above the fair use of their purpose, and names the
// ceiling.
func checkCeiling(t profilev1.ConsentTerms, p profilev1.Params) error {
	i := slices.IndexFunc(p.Ceilings, func(c profilev1.Ceiling) bool { return c.Purpose == t.Purpose })
	if i < 0 {
		return ErrCeiling.Wrapf("%s has no ceiling", t.Purpose)
	}
	c := p.Ceilings[i]
	from, _ := monthNumber(t.MonthFrom)
	to, _ := monthNumber(t.MonthTo)
	for _, b := range []struct {
		name     string
		got, top int64
	}{
		{"months_max", int64(to-from) + 1, int64(c.MonthsMax)},
		{"days_max", (t.ExpiresAt - t.StartsAt + daySeconds - 1) / daySeconds, int64(c.DaysMax)},
		{"retention_days_max", int64(t.RetentionDays), int64(c.RetentionDaysMax)},
		fetchCeiling(t, c),
	} {
		if b.got > b.top {
			return ErrCeiling.Wrapf("%s of %s: got %d, want at most %d", b.name, t.Purpose, b.got, b.top)
		}
	}
	for _, category := range t.Categories {
		if !slices.Contains(c.Categories, category) {
			return ErrCeiling.Wrapf("categories of %s: %s is not allowed", t.Purpose, category)
		}
	}
	if !slices.Contains(c.Modes, t.Mode) {
		return ErrCeiling.Wrapf("modes of %s: %s is not allowed", t.Purpose, t.Mode)
	}
	if t.Signer == profilev1.Signer_SIGNER_HANDLER && !c.HandlerSigns {
		return ErrCeiling.Wrapf("handler_signs of %s: the owner signs", t.Purpose)
	}
	return nil
}

// fetchCeiling is the bound of fetch_limit in the unit of the terms.
func fetchCeiling(t profilev1.ConsentTerms, c profilev1.Ceiling) struct {
	name     string
	got, top int64
} {
	name, top := "once_max", c.OnceMax
	switch t.FetchUnit {
	case profilev1.FetchUnit_FETCH_UNIT_DAY:
		name, top = "per_day_max", c.PerDayMax
	case profilev1.FetchUnit_FETCH_UNIT_MONTH:
		name, top = "per_month_max", c.PerMonthMax
	case profilev1.FetchUnit_FETCH_UNIT_YEAR:
		name, top = "per_year_max", c.PerYearMax
	}
	return struct {
		name     string
		got, top int64
	}{name, int64(t.FetchLimit), int64(top)}
}

// checkCeilings wants the ceiling of every purpose once, in order, within bounds.
func checkCeilings(all []profilev1.Ceiling) error {
	if len(all) != int(purposeLast) {
		return ErrParams.Wrapf("ceilings: got %d, want one for each of %d purposes", len(all), int(purposeLast))
	}
	for i, c := range all {
		if c.Purpose != profilev1.Purpose(i+1) {
			return ErrParams.Wrapf("ceilings[%d].purpose: got %s, want %s", i, c.Purpose, profilev1.Purpose(i+1))
		}
		for _, b := range []struct {
			name           string
			got, low, high uint32
		}{
			{"months_max", c.MonthsMax, 1, MonthsMax},
			{"days_max", c.DaysMax, 1, ConsentSecondsCeiling / daySeconds},
			{"retention_days_max", c.RetentionDaysMax, 0, RetentionDaysMax},
			{"once_max", c.OnceMax, 0, FetchLimitMax},
			{"per_day_max", c.PerDayMax, 0, FetchLimitMax},
			{"per_month_max", c.PerMonthMax, 0, FetchLimitMax},
			{"per_year_max", c.PerYearMax, 0, FetchLimitMax},
		} {
			if b.got < b.low || b.got > b.high {
				return ErrParams.Wrapf("ceilings[%d].%s: got %d, want %d to %d", i, b.name, b.got, b.low, b.high)
			}
		}
		for j, category := range c.Categories {
			if !knownCategory(category) || j > 0 && c.Categories[j-1] >= category {
				return ErrParams.Wrapf("ceilings[%d].categories[%d]: got %s, want known ones in ascending order", i, j, category)
			}
		}
		for j, mode := range c.Modes {
			if reach(mode) < 0 || j > 0 && c.Modes[j-1] >= mode {
				return ErrParams.Wrapf("ceilings[%d].modes[%d]: got %s, want known ones in ascending order", i, j, mode)
			}
		}
	}
	return nil
}
