package profile

import (
	"cmp"
	"slices"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/artefact"
)

// Bounds of a consent's terms.
const (
	CategoriesMax    = 16
	ProvidersMax     = 32
	FilterSchemasMax = 16
	CaseBytesMax     = 64
	MonthsMax        = 60
	FetchLimitMax    = 1000
	RetentionDaysMax = 3650
	// AmountFenCeiling bounds the amount filter: a hundred billion yuan.
	AmountFenCeiling = 100_000_000_000_00
)

// Years that a month may name.
const (
	yearMin = 1980
	yearMax = 2100
)

// checkTerms checks a consent's terms by themselves, without state or time.
func checkTerms(t profilev1.ConsentTerms) error {
	if t.EnterpriseId == 0 || t.GranteeOrgId == 0 || t.EnterpriseId == t.GranteeOrgId {
		return ErrTerms.Wrap("enterprise_id, grantee_org_id: want two organisations")
	}
	if err := checkRange(t); err != nil {
		return err
	}
	if err := checkPurpose(t); err != nil {
		return err
	}
	if len(t.PurposeTextHash) != HashBytes {
		return ErrTerms.Wrapf("purpose_text_hash: got %d bytes, want %d", len(t.PurposeTextHash), HashBytes)
	}
	if err := checkUse(t); err != nil {
		return err
	}
	if t.StartsAt < 1 || t.StartsAt >= t.ExpiresAt || t.ExpiresAt-t.StartsAt > ConsentSecondsCeiling {
		return ErrTerms.Wrapf("starts_at, expires_at: got %d to %d, want 1 to %d seconds", t.StartsAt, t.ExpiresAt, ConsentSecondsCeiling)
	}
	if len(t.Nonce) != artefact.NonceBytes {
		return ErrTerms.Wrapf("nonce: got %d bytes, want %d", len(t.Nonce), artefact.NonceBytes)
	}
	if len(t.Amends) != 0 && len(t.Amends) != HashBytes || len(t.Renews) != 0 && len(t.Renews) != HashBytes {
		return ErrTerms.Wrapf("amends, renews: got %d and %d bytes, want %d or none", len(t.Amends), len(t.Renews), HashBytes)
	}
	return nil
}

// checkPurpose checks what the records are for and who signs for it: a person of
// the enterprise, or nobody of it under a regulator's case.
func checkPurpose(t profilev1.ConsentTerms) error {
	if _, ok := purposeRole(t.Purpose); !ok {
		return ErrTerms.Wrapf("purpose: got %s", t.Purpose)
	}
	if t.Purpose == profilev1.Purpose_PURPOSE_SUPERVISION {
		if len(t.CaseNumber) < 1 || len(t.CaseNumber) > CaseBytesMax {
			return ErrTerms.Wrapf("case_number: got %d bytes, want 1 to %d", len(t.CaseNumber), CaseBytesMax)
		}
		if t.Signer != profilev1.Signer_SIGNER_UNSPECIFIED {
			return ErrTerms.Wrapf("signer: got %s, the enterprise does not sign a case", t.Signer)
		}
		return nil
	}
	if t.CaseNumber != "" {
		return ErrTerms.Wrapf("case_number: got %d bytes, only supervision has a case", len(t.CaseNumber))
	}
	if t.Signer != profilev1.Signer_SIGNER_LEGAL_REPRESENTATIVE && t.Signer != profilev1.Signer_SIGNER_HANDLER {
		return ErrTerms.Wrapf("signer: got %s, want the legal representative or a handler", t.Signer)
	}
	return nil
}

// checkFilter checks which of the records may be read: sources, schemas, amounts.
func checkFilter(t profilev1.ConsentTerms) error {
	if len(t.Providers) > ProvidersMax {
		return ErrTerms.Wrapf("providers: got %d, want at most %d", len(t.Providers), ProvidersMax)
	}
	for i, p := range t.Providers {
		if len(p.Source) > SourceBytesMax {
			return ErrTerms.Wrapf("providers[%d].source: got %d bytes, want at most %d", i, len(p.Source), SourceBytesMax)
		}
		if i > 0 && compareProviders(t.Providers[i-1], p) >= 0 {
			return ErrTerms.Wrapf("providers[%d]: not in ascending order", i)
		}
	}
	if len(t.Schemas) > FilterSchemasMax {
		return ErrTerms.Wrapf("schemas: got %d, want at most %d", len(t.Schemas), FilterSchemasMax)
	}
	for i, id := range t.Schemas {
		if err := checkSchemaID(id, 1); err != nil {
			return ErrTerms.Wrapf("schemas[%d]: %v", i, err)
		}
		if i > 0 && t.Schemas[i-1] >= id {
			return ErrTerms.Wrapf("schemas[%d]: not in ascending order", i)
		}
	}
	if t.AmountFenMin < 0 || t.AmountFenMin > AmountFenCeiling {
		return ErrTerms.Wrapf("amount_fen_min: got %d, want 0 to %d", t.AmountFenMin, int64(AmountFenCeiling))
	}
	return nil
}

func compareProviders(a, b profilev1.Provider) int {
	return cmp.Or(cmp.Compare(a.OrgId, b.OrgId), cmp.Compare(a.Source, b.Source))
}

// checkRange checks what may be read: categories and months.
func checkRange(t profilev1.ConsentTerms) error {
	if len(t.Categories) < 1 || len(t.Categories) > CategoriesMax {
		return ErrTerms.Wrapf("categories: got %d, want 1 to %d", len(t.Categories), CategoriesMax)
	}
	for i, c := range t.Categories {
		if !knownCategory(c) {
			return ErrTerms.Wrapf("categories[%d]: got %s", i, c)
		}
		if i > 0 && t.Categories[i-1] >= c {
			return ErrTerms.Wrapf("categories[%d]: not in ascending order", i)
		}
	}
	from, ok1 := monthNumber(t.MonthFrom)
	to, ok2 := monthNumber(t.MonthTo)
	if !ok1 || !ok2 || from > to || to-from >= MonthsMax {
		return ErrTerms.Wrapf("month_from, month_to: got %d to %d, want 1 to %d months as yyyymm", t.MonthFrom, t.MonthTo, MonthsMax)
	}
	return nil
}

// checkUse checks how it may be read: mode, retention, frequency and filters.
func checkUse(t profilev1.ConsentTerms) error {
	switch t.Mode {
	case profilev1.Mode_MODE_VIEW, profilev1.Mode_MODE_QUERY:
		if t.RetentionDays != 0 {
			return ErrTerms.Wrapf("retention_days: got %d, want 0 where nothing is kept", t.RetentionDays)
		}
	case profilev1.Mode_MODE_STORE:
		if t.RetentionDays > RetentionDaysMax {
			return ErrTerms.Wrapf("retention_days: got %d, want at most %d", t.RetentionDays, RetentionDaysMax)
		}
	default:
		return ErrTerms.Wrapf("mode: got %s", t.Mode)
	}
	if t.FetchUnit < profilev1.FetchUnit_FETCH_UNIT_ONCE || t.FetchUnit > profilev1.FetchUnit_FETCH_UNIT_YEAR {
		return ErrTerms.Wrapf("fetch_unit: got %s", t.FetchUnit)
	}
	want := profilev1.FetchType_FETCH_TYPE_PERIODIC
	if t.FetchUnit == profilev1.FetchUnit_FETCH_UNIT_ONCE {
		want = profilev1.FetchType_FETCH_TYPE_ONETIME
	}
	if t.FetchType != want {
		return ErrTerms.Wrapf("fetch_type: got %s, want %s with %s", t.FetchType, want, t.FetchUnit)
	}
	if t.FetchLimit < 1 || t.FetchLimit > FetchLimitMax {
		return ErrTerms.Wrapf("fetch_limit: got %d, want 1 to %d", t.FetchLimit, FetchLimitMax)
	}
	return checkFilter(t)
}

// checkTiming checks a request's times against the clock and the parameters: it
// must end after now, and neither last nor lie ahead longer than the parameter.
func checkTiming(t profilev1.ConsentTerms, now int64, p profilev1.Params) error {
	if t.ExpiresAt <= now {
		return ErrTerms.Wrapf("expires_at: got %d, want after %d", t.ExpiresAt, now)
	}
	if t.ExpiresAt-t.StartsAt > p.ConsentSecondsMax {
		return ErrTerms.Wrapf("expires_at: %d seconds after starts_at, want at most %d", t.ExpiresAt-t.StartsAt, p.ConsentSecondsMax)
	}
	if t.StartsAt > now+p.ConsentSecondsMax {
		return ErrTerms.Wrapf("starts_at: got %d, want at most %d", t.StartsAt, now+p.ConsentSecondsMax)
	}
	return nil
}

// purposeLast is the last known purpose.
const purposeLast = profilev1.Purpose_PURPOSE_SUPERVISION

// purposeRole is the role that a grantee needs for a purpose: a lender
// underwrites, monitors and collects, an attestor verifies, an auditor audits, a
// regulator supervises. Insurers and guarantors bear credit risk and are accredited
// as lenders.
func purposeRole(p profilev1.Purpose) (orgv1.Role, bool) {
	switch p {
	case profilev1.Purpose_PURPOSE_UNDERWRITING, profilev1.Purpose_PURPOSE_MONITORING,
		profilev1.Purpose_PURPOSE_COLLECTION, profilev1.Purpose_PURPOSE_INSURANCE:
		return orgv1.Role_ROLE_LENDER, true
	case profilev1.Purpose_PURPOSE_AUDIT:
		return orgv1.Role_ROLE_AUDITOR, true
	case profilev1.Purpose_PURPOSE_SUPERVISION:
		return orgv1.Role_ROLE_REGULATOR, true
	case profilev1.Purpose_PURPOSE_VERIFICATION:
		return orgv1.Role_ROLE_ATTESTOR, true
	default:
		return 0, false
	}
}

// monthNumber counts months of the calendar, so that differences are lengths.
func monthNumber(yyyymm uint32) (uint32, bool) {
	year, month := yyyymm/100, yyyymm%100
	if year < yearMin || year > yearMax || month < 1 || month > 12 {
		return 0, false
	}
	return year*12 + month - 1, true
}

// reads tells whether a consent lets its grantee read the category at that time.
func reads(c profilev1.Consent, category profilev1.Category, now int64) bool {
	return c.State == profilev1.ConsentState_CONSENT_STATE_ACTIVE && now < c.Terms.ExpiresAt &&
		slices.Contains(c.Terms.Categories, category)
}
