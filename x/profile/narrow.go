package profile

import (
	"bytes"
	"slices"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// checkNarrower is nil where next allows nothing that old does not: an owner's
// amendment needs no word of the grantee, because it only takes away. What says
// who, what for and in continuation of what stays the same.
func checkNarrower(old, next profilev1.ConsentTerms) error {
	if next.EnterpriseId != old.EnterpriseId || next.GranteeOrgId != old.GranteeOrgId || next.Purpose != old.Purpose ||
		next.CaseNumber != old.CaseNumber || !bytes.Equal(next.PurposeTextHash, old.PurposeTextHash) || !bytes.Equal(next.Renews, old.Renews) {
		return ErrNarrow.Wrap("parties, purpose, its text, case_number and renews stay the same")
	}
	if next.Signer != old.Signer && next.Signer != profilev1.Signer_SIGNER_LEGAL_REPRESENTATIVE {
		return ErrNarrow.Wrapf("signer: got %s, was %s", next.Signer, old.Signer)
	}
	for _, c := range next.Categories {
		if !slices.Contains(old.Categories, c) {
			return ErrNarrow.Wrapf("categories: %s was not asked for", c)
		}
	}
	if next.MonthFrom < old.MonthFrom || next.MonthTo > old.MonthTo {
		return ErrNarrow.Wrapf("month_from, month_to: got %d to %d, was %d to %d", next.MonthFrom, next.MonthTo, old.MonthFrom, old.MonthTo)
	}
	if next.StartsAt < old.StartsAt || next.ExpiresAt > old.ExpiresAt {
		return ErrNarrow.Wrapf("starts_at, expires_at: got %d to %d, was %d to %d", next.StartsAt, next.ExpiresAt, old.StartsAt, old.ExpiresAt)
	}
	if next.RetentionDays > old.RetentionDays {
		return ErrNarrow.Wrapf("retention_days: got %d, was %d", next.RetentionDays, old.RetentionDays)
	}
	if reach(next.Mode) > reach(old.Mode) {
		return ErrNarrow.Wrapf("mode: got %s, was %s", next.Mode, old.Mode)
	}
	if err := checkRarer(old, next); err != nil {
		return err
	}
	return checkFilteredMore(old, next)
}

// checkRarer: the same unit or the whole consent, and no more reads of it.
func checkRarer(old, next profilev1.ConsentTerms) error {
	if next.FetchUnit != old.FetchUnit && next.FetchUnit != profilev1.FetchUnit_FETCH_UNIT_ONCE {
		return ErrNarrow.Wrapf("fetch_unit: got %s, was %s", next.FetchUnit, old.FetchUnit)
	}
	if next.FetchLimit > old.FetchLimit {
		return ErrNarrow.Wrapf("fetch_limit: got %d, was %d", next.FetchLimit, old.FetchLimit)
	}
	return nil
}

// checkFilteredMore: an empty list is every provider or schema, so that it may
// become any list, and no list may become empty.
func checkFilteredMore(old, next profilev1.ConsentTerms) error {
	if next.AmountFenMin < old.AmountFenMin {
		return ErrNarrow.Wrapf("amount_fen_min: got %d, was %d", next.AmountFenMin, old.AmountFenMin)
	}
	if len(old.Schemas) != 0 && len(next.Schemas) == 0 {
		return ErrNarrow.Wrap("schemas: the filter was dropped")
	}
	for _, id := range next.Schemas {
		if len(old.Schemas) != 0 && !slices.Contains(old.Schemas, id) {
			return ErrNarrow.Wrapf("schemas: %s was not asked for", id)
		}
	}
	if len(old.Providers) != 0 && len(next.Providers) == 0 {
		return ErrNarrow.Wrap("providers: the list was dropped")
	}
	for _, p := range next.Providers {
		if len(old.Providers) != 0 && !slices.ContainsFunc(old.Providers, func(o profilev1.Provider) bool { return provides(o, p) }) {
			return ErrNarrow.Wrapf("providers: organisation %d, source %q was not asked for", p.OrgId, p.Source)
		}
	}
	return nil
}

// provides tells whether a provider of a consent includes another.
func provides(wide, p profilev1.Provider) bool {
	return wide.OrgId == p.OrgId && (wide.Source == "" || wide.Source == p.Source)
}

// reach orders the modes: computed features, looking, keeping.
func reach(m profilev1.Mode) int {
	return slices.Index([]profilev1.Mode{
		profilev1.Mode_MODE_QUERY, profilev1.Mode_MODE_VIEW, profilev1.Mode_MODE_STORE,
	}, m)
}
