package portal_test

import (
	"bytes"
	"crypto/sha256"
	"testing"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/artefact"
	"github.com/xinlian/xinlian/internal/wire"
)

// caseCases are a regulator's case and disputes about records.
func caseCases(t *testing.T, codec wire.Codec, device string, orgs map[string]string) []fixtureCase {
	t.Helper()
	basis := sha256.Sum256([]byte(purposeText))
	terms := profilev1.ConsentTerms{
		EnterpriseId: 12, GranteeOrgId: 3,
		Categories: []profilev1.Category{profilev1.Category_CATEGORY_BANK, profilev1.Category_CATEGORY_TAX},
		MonthFrom:  202501, MonthTo: 202606, Purpose: profilev1.Purpose_PURPOSE_SUPERVISION, CaseNumber: "2026-17",
		PurposeTextHash: basis[:], Mode: profilev1.Mode_MODE_VIEW,
		FetchType: profilev1.FetchType_FETCH_TYPE_ONETIME, FetchUnit: profilev1.FetchUnit_FETCH_UNIT_ONCE, FetchLimit: 100,
		StartsAt: fixtureNow - 60, ExpiresAt: fixtureNow + 90*86400, Nonce: bytes.Repeat([]byte{9}, 16),
	}
	id, err := artefact.ConsentID(terms)
	if err != nil {
		t.Fatal(err)
	}
	support := map[string]any{"orgs": orgs, "consent": protoJSON(t, codec, &terms), "purpose_text": purposeText}
	named := map[string]any{"orgs": orgs}
	return []fixtureCase{
		{"open case", &profilev1.MsgOpenCase{Device: device, OrgId: 3, Terms: terms}, map[string]any{"orgs": orgs, "purpose_text": purposeText}},
		{"confirm case", &profilev1.MsgConfirmCase{Device: device, OrgId: 3, ConsentId: id}, support},
		{"close case", &profilev1.MsgCloseCase{Device: device, OrgId: 3, ConsentId: id}, support},
		{"correct a batch", &attestationv1.MsgOpenDispute{
			Device: device, OrgId: 12, EnterpriseId: 12, BatchId: bytes.Repeat([]byte{6}, 32), ReasonHash: saltedHash(t),
		}, named},
		{"correct an attestation", &attestationv1.MsgOpenDispute{
			Device: device, OrgId: 12, EnterpriseId: 12, AttestationId: 4, ReasonHash: saltedHash(t),
		}, named},
		{"uphold dispute", &attestationv1.MsgResolveDispute{Device: device, OrgId: 3, DisputeId: 2, Upheld: true, ResolutionHash: saltedHash(t)}, named},
		{"reject dispute", &attestationv1.MsgResolveDispute{Device: device, OrgId: 3, DisputeId: 2, ResolutionHash: saltedHash(t)}, named},
	}
}
