package line

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// Bounds of the consents that are asked for.
const (
	verificationFor   = 60 * 24 * time.Hour
	underwritingFor   = 180 * 24 * time.Hour
	readsMax          = 12 // a crash may cost a read; each is on the owner's page
	underwritingKept  = 30 // days
	consentNonceBytes = 16
)

// texts are the published texts of purposes, what a consent's purpose_text_hash
// is the SHA-256 of. A text is never changed, only added.
var texts = map[profilev1.Purpose]string{
	profilev1.Purpose_PURPOSE_UNDERWRITING: "仅用于审批本企业的贷款申请和核实评分，不作他用。 Only to decide on this firm's loan application and to check its score.",
	profilev1.Purpose_PURPOSE_MONITORING:   "仅用于本笔贷款存续期间的贷后监测，不作他用。 Only to watch over the running loan.",
	profilev1.Purpose_PURPOSE_VERIFICATION: "仅用于核对记录真实性、计算并核对评分特征，不作他用。 Only to check that the records are true and to derive the score's features.",
}

// Text is the published text of a purpose, empty for an unknown one.
func Text(purpose profilev1.Purpose) string { return texts[purpose] }

// PurposeText finds the published text of a hash. A consent whose text nobody
// has published cannot be shown and so not be granted.
func PurposeText(hash []byte) (string, bool) {
	for _, t := range texts {
		if h := sha256.Sum256([]byte(t)); slices.Equal(h[:], hash) {
			return t, true
		}
	}
	return "", false
}

// holdings is what an enterprise has anchored: the range that consents ask for.
type holdings struct {
	categories         []profilev1.Category
	monthFrom, monthTo uint32
	lastDay            int64
}

// terms are the terms of one request. Verifiers look and keep nothing.
func terms(h holdings, enterprise, grantee uint64, purpose profilev1.Purpose, now time.Time) (profilev1.ConsentTerms, error) {
	text := sha256.Sum256([]byte(Text(purpose)))
	t := profilev1.ConsentTerms{
		EnterpriseId: enterprise, GranteeOrgId: grantee, Categories: h.categories, MonthFrom: h.monthFrom, MonthTo: h.monthTo,
		Purpose: purpose, PurposeTextHash: text[:], Mode: profilev1.Mode_MODE_VIEW,
		Signer: profilev1.Signer_SIGNER_LEGAL_REPRESENTATIVE, FetchType: profilev1.FetchType_FETCH_TYPE_ONETIME,
		FetchUnit: profilev1.FetchUnit_FETCH_UNIT_ONCE, FetchLimit: readsMax,
		StartsAt: now.Unix(), ExpiresAt: now.Add(verificationFor).Unix(), Nonce: make([]byte, consentNonceBytes),
	}
	if purpose == profilev1.Purpose_PURPOSE_UNDERWRITING {
		t.Mode, t.RetentionDays, t.ExpiresAt = profilev1.Mode_MODE_STORE, underwritingKept, now.Add(underwritingFor).Unix()
	}
	if _, err := rand.Read(t.Nonce); err != nil {
		return t, fmt.Errorf("drawing a nonce: %w", err)
	}
	return t, nil
}

// covers tells whether a consent that is there already serves as well as one
// with these terms would.
func covers(c profilev1.Consent, want profilev1.ConsentTerms) bool {
	t := c.Terms
	open := c.State == profilev1.ConsentState_CONSENT_STATE_ACTIVE || c.State == profilev1.ConsentState_CONSENT_STATE_PENDING
	return open && t.GranteeOrgId == want.GranteeOrgId && t.Purpose == want.Purpose && slices.Equal(t.Categories, want.Categories) &&
		t.MonthFrom == want.MonthFrom && t.MonthTo == want.MonthTo && t.FetchLimit >= want.FetchLimit &&
		t.ExpiresAt > want.StartsAt+int64((24*time.Hour).Seconds())
}
