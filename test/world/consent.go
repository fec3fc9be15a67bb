package world

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"time"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/sample"
	"github.com/xinlian/xinlian/internal/wire"
)

// Ask requests, for an hour, to view the last month of an enterprise's sample
// accounts. It returns the consent that the owner may grant.
func (w *World) Ask(ctx context.Context, by *Org, enterprise uint64) []byte {
	w.tb.Helper()
	head, err := w.Client.Head(ctx)
	must(w.tb, err)
	text := sha256.Sum256([]byte("a purpose in words"))
	t := profilev1.ConsentTerms{
		EnterpriseId: enterprise, GranteeOrgId: by.ID, Purpose: profilev1.Purpose_PURPOSE_UNDERWRITING, PurposeTextHash: text[:],
		Categories: []profilev1.Category{profilev1.Category_CATEGORY_BANK}, MonthFrom: sample.DefaultEndMonth, MonthTo: sample.DefaultEndMonth,
		Mode: profilev1.Mode_MODE_VIEW, Signer: profilev1.Signer_SIGNER_LEGAL_REPRESENTATIVE,
		FetchType: profilev1.FetchType_FETCH_TYPE_PERIODIC, FetchUnit: profilev1.FetchUnit_FETCH_UNIT_YEAR, FetchLimit: 500,
		StartsAt: head.Time.Unix(), ExpiresAt: head.Time.Add(time.Hour).Unix(), Nonce: make([]byte, 16),
	}
	_, err = rand.Read(t.Nonce)
	must(w.tb, err)
	res := w.Send(ctx, by.Admin, &profilev1.MsgRequestConsent{Device: wire.Address(by.Admin), OrgId: by.ID, Terms: t})
	var r profilev1.MsgRequestConsentResponse
	must(w.tb, w.Client.Response(res, 0, &r))
	return r.ConsentId
}
