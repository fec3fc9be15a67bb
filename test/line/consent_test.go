package line_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/vault"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/wire"
)

// othersConsents proves that nobody reads or applies under a consent of others.
func (w *world) othersConsents(t *testing.T) {
	consent := w.Consent("healthy", "bank-a", profilev1.Purpose_PURPOSE_UNDERWRITING)
	t.Run("read", func(t *testing.T) {
		b := w.Founder("bank-b")
		_, err := w.Desk("bank-b").Open(t.Context(), b.Person, consent)
		is(t, err, vault.ErrGrantee)
	})
	t.Run("apply", func(t *testing.T) {
		thin := w.Firm("thin")
		score, _ := w.Score("thin")
		_, err := w.Client().Send(t.Context(), thin.Person, &loanv1.MsgApply{
			Device: wire.Address(thin.Person), OrgId: thin.ID, ProductId: 1, AmountFen: 50_000_00, Periods: 6,
			ConsentId: consent, ScoreId: score,
		})
		refused(t, err, "loan", 15, "consent does not cover this")
	})
	t.Run("another firm's score", func(t *testing.T) {
		thin := w.Firm("thin")
		score, _ := w.Score("healthy")
		_, err := w.Client().Send(t.Context(), thin.Person, &loanv1.MsgApply{
			Device: wire.Address(thin.Person), OrgId: thin.ID, ProductId: 1, AmountFen: 50_000_00, Periods: 6,
			ConsentId: w.Consent("thin", "bank-a", profilev1.Purpose_PURPOSE_UNDERWRITING), ScoreId: score,
		})
		refused(t, err, "loan", 16, "score does not fit")
	})
}

// reads proves that a signed request to read is good once, and only as it was signed.
func (w *world) reads(t *testing.T) {
	bank := w.Founder("bank-a")
	req := w.request(t, w.Consent("thin", "bank-a", profilev1.Purpose_PURPOSE_UNDERWRITING))
	signature := w.signRead(t, bank.Person, req)
	if _, err := w.Vault().Read(t.Context(), req, signature); err != nil {
		t.Fatal(err)
	}
	t.Run("used nonce", func(t *testing.T) {
		_, err := w.Vault().Read(t.Context(), req, signature)
		is(t, err, vault.ErrNonceUsed)
	})
	t.Run("changed after signing", func(t *testing.T) {
		wider := req
		wider.Nonce[0]++
		_, err := w.Vault().Read(t.Context(), wider, signature)
		is(t, err, vault.ErrSignature)
	})
	t.Run("another purpose", func(t *testing.T) {
		other := w.request(t, req.Consent[:])
		other.Purpose = custody.PurposeName(profilev1.Purpose_PURPOSE_MONITORING)
		_, err := w.Vault().Read(t.Context(), other, w.signRead(t, bank.Person, other))
		is(t, err, vault.ErrPurpose)
	})
}

// endedConsents proves that a consent ends on the chain's clock, and that a
// revocation holds from the next block on.
func (w *world) endedConsents(t *testing.T) {
	t.Run("expired", func(t *testing.T) {
		id := w.shortLived
		c, err := w.Client().Profile.Consent(t.Context(), &profilev1.QueryConsentRequest{ConsentId: id})
		if err != nil {
			t.Fatal(err)
		}
		w.waitPast(t.Context(), t, c.Consent.Terms.ExpiresAt)
		_, err = w.Desk("bank-b").Open(t.Context(), w.Founder("bank-b").Person, id)
		is(t, err, vault.ErrConsentExpired)
	})
	t.Run("revoked", func(t *testing.T) {
		id := w.grant(t, time.Hour)
		thin := w.Firm("thin")
		res, err := w.Client().Send(t.Context(), thin.Person, &profilev1.MsgRevokeConsent{Device: wire.Address(thin.Person), OrgId: thin.ID, ConsentId: id})
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Desk("bank-b").Open(t.Context(), w.Founder("bank-b").Person, id)
		is(t, err, vault.ErrConsentRevoked)
		receipt, err := w.Vault().Log().Receipt(w.Vault().Log().Len())
		if err != nil || receipt.Height < uint64(res.Height) || receipt.Outcome != vault.OutcomeOf(vault.ErrConsentRevoked) {
			t.Errorf("receipt at height %d with outcome %d, %v; revoked at %d", receipt.Height, receipt.Outcome, err, res.Height)
		}
	})
	t.Run("revoked under load", w.revokedUnderLoad)
}

// grant has the thin firm consent to bank-b for a while, waits for the keys and reads.
func (w *world) grant(t *testing.T, lasts time.Duration) []byte {
	t.Helper()
	ctx, bank, thin, book := t.Context(), w.Founder("bank-b"), w.Firm("thin"), w.Book("thin")
	head, err := w.Client().Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	text := sha256.Sum256([]byte("a purpose in words"))
	terms := profilev1.ConsentTerms{
		EnterpriseId: thin.ID, GranteeOrgId: bank.ID, Purpose: profilev1.Purpose_PURPOSE_UNDERWRITING, PurposeTextHash: text[:],
		Categories: []profilev1.Category{profilev1.Category_CATEGORY_BANK},
		MonthFrom:  record.Month(book.LastDay), MonthTo: record.Month(book.LastDay),
		Mode: profilev1.Mode_MODE_VIEW, Signer: profilev1.Signer_SIGNER_LEGAL_REPRESENTATIVE, FetchType: profilev1.FetchType_FETCH_TYPE_PERIODIC,
		FetchUnit: profilev1.FetchUnit_FETCH_UNIT_DAY, FetchLimit: 5,
		StartsAt: head.Time.Unix(), ExpiresAt: head.Time.Add(lasts).Unix(), Nonce: make([]byte, 16),
	}
	if _, err := rand.Read(terms.Nonce); err != nil {
		t.Fatal(err)
	}
	res, err := w.Client().Send(ctx, bank.Person, &profilev1.MsgRequestConsent{Device: wire.Address(bank.Person), OrgId: bank.ID, Terms: terms})
	if err != nil {
		t.Fatal(err)
	}
	var r profilev1.MsgRequestConsentResponse
	if err := w.Client().Response(res, 0, &r); err != nil {
		t.Fatal(err)
	}
	id := bytes.Clone(r.ConsentId)
	if _, err := w.Client().Send(ctx, thin.Person, &profilev1.MsgGrantConsent{Device: wire.Address(thin.Person), OrgId: thin.ID, ConsentId: id}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; <-time.After(30 * time.Millisecond) {
		c, err := w.Client().Profile.Consent(ctx, &profilev1.QueryConsentRequest{ConsentId: id})
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("waiting for the wraps: %v", err)
		}
		if len(c.Consent.Wraps) > 0 {
			break
		}
	}
	if _, err := w.Desk("bank-b").Open(ctx, bank.Person, id); err != nil {
		t.Fatalf("while the consent lasts: %v", err)
	}
	return id
}

// request is a request for the whole of a consent.
func (w *world) request(t *testing.T, consent []byte) vault.ReadRequest {
	t.Helper()
	c, err := w.Client().Profile.Consent(t.Context(), &profilev1.QueryConsentRequest{ConsentId: consent})
	if err != nil {
		t.Fatal(err)
	}
	head, err := w.Client().Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	terms := c.Consent.Terms
	req := vault.ReadRequest{
		ChainID: w.Client().ChainID(), Custodian: w.Founder("settlement").ID, Consent: vault.ID(consent),
		Purpose: custody.PurposeName(terms.Purpose), Use: vault.Use(terms.Mode), Device: wire.Address(w.Founder("bank-a").Person),
		Selector: vault.Selector{Categories: []record.Category{record.Category(terms.Categories[0])}, Months: vault.Months{From: terms.MonthFrom, To: terms.MonthTo}},
		Expires:  head.Time.Add(time.Minute).Truncate(time.Second),
	}
	if _, err := rand.Read(req.Nonce[:]); err != nil {
		t.Fatal(err)
	}
	return req
}

func (w *world) signRead(t *testing.T, d wire.ReadSigner, req vault.ReadRequest) []byte {
	t.Helper()
	raw, err := req.Encoded()
	if err != nil {
		t.Fatal(err)
	}
	signature, err := d.SignRead(raw)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}
