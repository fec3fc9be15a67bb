package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/desk"
	"github.com/xinlian/xinlian/gateway/line"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/wire"
)

// fetchesPerDay is the fair use of a day: room for demonstrations that are stopped and started again.
const fetchesPerDay = 20

// terms are what a grantee asks for: all three kinds of records of the book, for
// this purpose only, for ten days.
func (w *world) terms(ctx context.Context, f *firm, grantee *founder, purpose profilev1.Purpose) (profilev1.ConsentTerms, error) {
	head, err := w.client.Head(ctx)
	if err != nil {
		return profilev1.ConsentTerms{}, err
	}
	text := sha256.Sum256([]byte(line.Text(purpose)))
	t := profilev1.ConsentTerms{
		EnterpriseId: w.id(f.name), GranteeOrgId: grantee.id, Purpose: purpose, PurposeTextHash: text[:],
		Categories: []profilev1.Category{profilev1.Category_CATEGORY_BANK, profilev1.Category_CATEGORY_INVOICE, profilev1.Category_CATEGORY_PLATFORM},
		MonthFrom:  record.Month(f.book.FirstDay), MonthTo: record.Month(f.book.LastDay),
		Mode: profilev1.Mode_MODE_STORE, Signer: profilev1.Signer_SIGNER_LEGAL_REPRESENTATIVE, FetchType: profilev1.FetchType_FETCH_TYPE_PERIODIC,
		FetchUnit: profilev1.FetchUnit_FETCH_UNIT_DAY, FetchLimit: fetchesPerDay,
		StartsAt: head.Time.Unix(), ExpiresAt: head.Time.Add(10 * 24 * time.Hour).Unix(), RetentionDays: 30,
		Nonce: make([]byte, 16),
	}
	_, err = rand.Read(t.Nonce)
	return t, err
}

// agree has the grantee ask and the owner grant, and waits until the custodian
// has wrapped the keys. It returns the consent's id.
func (w *world) agree(ctx context.Context, f *firm, grantee *founder, purpose profilev1.Purpose) ([]byte, chain.Result, error) {
	id, err := w.ask(ctx, f, grantee, purpose)
	if err != nil {
		return nil, chain.Result{}, err
	}
	c, err := w.client.Profile.Consent(ctx, &profilev1.QueryConsentRequest{ConsentId: id})
	if err != nil {
		return nil, chain.Result{}, err
	}
	var res chain.Result
	if c.Consent.State == profilev1.ConsentState_CONSENT_STATE_PENDING {
		if res, err = w.client.Send(ctx, f.owner, &profilev1.MsgGrantConsent{
			Device: wire.Address(f.owner), OrgId: w.id(f.name), ConsentId: id,
		}); err != nil {
			return nil, res, err
		}
	}
	return id, res, w.waitWraps(ctx, id)
}

// ask has the grantee ask for a consent, once, and returns its id.
func (w *world) ask(ctx context.Context, f *firm, grantee *founder, purpose profilev1.Purpose) ([]byte, error) {
	key := consentKey(f, grantee, purpose)
	if id := w.bytes(key); id != nil {
		return id, nil
	}
	asked, err := w.client.Profile.Consents(ctx, &profilev1.QueryConsentsRequest{EnterpriseId: w.id(f.name)})
	if err != nil {
		return nil, err
	}
	for _, c := range asked.Consents { // asked for before a kill
		if c.Terms.GranteeOrgId == grantee.id && c.Terms.Purpose == purpose {
			w.keepBytes(key, bytes.Clone(c.Id))
			return c.Id, w.save()
		}
	}
	t, err := w.terms(ctx, f, grantee, purpose)
	if err != nil {
		return nil, err
	}
	res, err := w.client.Send(ctx, grantee.admin, &profilev1.MsgRequestConsent{
		Device: wire.Address(grantee.admin), OrgId: grantee.id, Terms: t,
	})
	if err != nil {
		return nil, err
	}
	var r profilev1.MsgRequestConsentResponse
	if err := w.client.Response(res, 0, &r); err != nil {
		return nil, err
	}
	id := bytes.Clone(r.ConsentId)
	w.keepBytes(key, id)
	return id, w.save()
}

// consentKey is where the notes keep a consent's id.
func consentKey(f *firm, grantee *founder, purpose profilev1.Purpose) string {
	return fmt.Sprintf("consent/%s/%s/%d", f.name, grantee.name, purpose)
}

// waitWraps waits until the chain has the hashes of the wrapped keys.
func (w *world) waitWraps(ctx context.Context, id []byte) error {
	return wait(ctx, "the custodian's wraps", 30*time.Second, func() (bool, error) {
		c, err := w.client.Profile.Consent(ctx, &profilev1.QueryConsentRequest{ConsentId: id})
		return err == nil && len(c.Consent.Wraps) > 0, err
	})
}

// read reads everything under a consent at an organisation's desk.
func (w *world) read(ctx context.Context, reader *founder, id []byte) (desk.Reading, error) {
	return w.desk(reader.name).Open(ctx, reader.admin, id)
}

// verify has both verifiers open the firm's records under a consent of their own
// and state on chain what they found.
func (w *world) verify(f *firm) action {
	return func(ctx context.Context) (chain.Result, error) {
		var last chain.Result
		for _, name := range []string{verifierA, verifierB} {
			done := "attested/" + f.name + "/" + name
			if w.id(done) == 1 {
				continue
			}
			v := w.founder(name)
			id, _, err := w.agree(ctx, f, v, profilev1.Purpose_PURPOSE_VERIFICATION)
			if err != nil {
				return last, err
			}
			r, err := w.read(ctx, v, id)
			if err != nil {
				return last, fmt.Errorf("%s opening the records: %w", v.title, err)
			}
			review, err := w.desk(name).Attest(ctx, r)
			if err != nil {
				return review.Result, fmt.Errorf("%s attesting: %w", v.title, err)
			}
			last = review.Result
			if review.Refused {
				w.say("✘ %s REFUSES %d records as inconsistent:", v.title, len(r.Opened))
				for _, finding := range review.Findings {
					w.say("    %s (%s): %s", finding.Code, finding.Severity, finding.EN)
				}
			} else {
				w.say("✔ %s opened %d records, each proven by its path, and stands by them (%d findings)", v.title, len(r.Opened), len(review.Findings))
			}
			w.keepID(done, 1)
			if err := w.save(); err != nil {
				return last, err
			}
		}
		return last, nil
	}
}
