package testkit

import (
	"time"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/wire"
)

// Terms are what a grantee may ask a firm for: its bank statements of two years,
// for one purpose, for a while. The nonce makes two of the same differ.
func (c *Chain) Terms(e Enterprise, grantee Founder, purpose profilev1.Purpose, life time.Duration, nonce string) profilev1.ConsentTerms {
	today := record.Day(c.now)
	return profilev1.ConsentTerms{
		EnterpriseId: e.ID, GranteeOrgId: grantee.ID, Purpose: purpose, PurposeTextHash: Digest("purpose", purpose),
		Categories: []profilev1.Category{profilev1.Category_CATEGORY_BANK},
		MonthFrom:  record.Month(today - 700), MonthTo: record.Month(today),
		Mode: profilev1.Mode_MODE_STORE, Signer: profilev1.Signer_SIGNER_LEGAL_REPRESENTATIVE, FetchType: profilev1.FetchType_FETCH_TYPE_PERIODIC,
		FetchUnit: profilev1.FetchUnit_FETCH_UNIT_DAY, FetchLimit: 10,
		StartsAt: c.now.Unix(), ExpiresAt: c.now.Add(life).Unix(), RetentionDays: 30, Nonce: Digest("nonce", nonce)[:16],
	}
}

// Consent has a grantee ask and the owner grant, for 200 days, and returns its id.
func (c *Chain) Consent(e Enterprise, grantee Founder, purpose profilev1.Purpose) []byte {
	c.tb.Helper()
	var r profilev1.MsgRequestConsentResponse
	c.Do(grantee.Admin, &profilev1.MsgRequestConsent{
		Device: wire.Address(grantee.Admin), OrgId: grantee.ID, Terms: c.Terms(e, grantee, purpose, 200*24*time.Hour, e.Name),
	}).Response(c.tb, &r)
	c.Do(e.Owner, &profilev1.MsgGrantConsent{Device: e.Device(), OrgId: e.ID, ConsentId: r.ConsentId})
	return r.ConsentId
}
