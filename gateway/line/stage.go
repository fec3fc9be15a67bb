package line

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/xinlian/xinlian/gateway/check"
	"github.com/xinlian/xinlian/gateway/desk"
	"github.com/xinlian/xinlian/gateway/scoring"
	"github.com/xinlian/xinlian/gateway/store"
	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/artefact"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/zk"
)

// Kinds of what the line keeps sealed.
const (
	kindAsked    = "asked"    // the terms of a file's requests
	KindProposal = "proposal" // a file's feature set with its salt
	KindFindings = "findings" // what a verifier found, by file and verifier
)

const pageLimit = 1000

const secondsPerDay = 24 * 60 * 60

// stage does the work of the file's stage and names the next one.
func (l *Line) stage(ctx context.Context, f *store.File) (string, error) {
	switch f.Stage {
	case Asking:
		return Granting, l.ask(ctx, f)
	case Granting:
		return Checking, l.granted(ctx, f)
	case Checking:
		return Deriving, l.check(ctx, f)
	case Deriving:
		return Attesting, l.derive(ctx, f)
	case Attesting:
		return Proving, l.attest(ctx, f)
	case Proving:
		return Done, l.prove(ctx, f)
	}
	return "", fmt.Errorf("file %d stands at unknown stage %q", f.ID, f.Stage)
}

// granted waits until every consent is granted and its keys are wrapped.
func (l *Line) granted(ctx context.Context, f *store.File) error {
	consents, err := l.consents(ctx, f)
	if err != nil {
		return err
	}
	wait := false
	for _, c := range consents {
		switch c.State {
		case profilev1.ConsentState_CONSENT_STATE_ACTIVE:
			wait = wait || !wrapped(c)
		case profilev1.ConsentState_CONSENT_STATE_PENDING, profilev1.ConsentState_CONSENT_STATE_PAUSED:
			wait = true
		case profilev1.ConsentState_CONSENT_STATE_REFUSED:
			return ended{ReasonRefused}
		default:
			return ended{ReasonEnded}
		}
	}
	if wait {
		return errWait
	}
	return nil
}

func wrapped(c profilev1.Consent) bool {
	for _, k := range c.Terms.Categories {
		if !slices.ContainsFunc(c.Wraps, func(w profilev1.WrapRef) bool { return w.Category == k }) {
			return false
		}
	}
	return true
}

// consents reads the file's consents, verifiers first, the lender's last.
func (l *Line) consents(ctx context.Context, f *store.File) ([]profilev1.Consent, error) {
	asked, err := l.asked(ctx, f)
	if err != nil {
		return nil, err
	}
	var list []profilev1.Consent
	for _, t := range asked {
		id, err := artefact.ConsentID(t)
		if err != nil {
			return nil, err
		}
		r, err := l.Client.Profile.Consent(ctx, &profilev1.QueryConsentRequest{ConsentId: id})
		if err != nil {
			return nil, fmt.Errorf("reading a consent: %w", err)
		}
		list = append(list, r.Consent)
	}
	return list, nil
}

// readings opens the records for each verifier under its own consent.
func (l *Line) readings(ctx context.Context, f *store.File) ([]desk.Reading, error) {
	if err := l.granted(ctx, f); err != nil {
		return nil, err
	}
	consents, err := l.consents(ctx, f)
	if err != nil {
		return nil, err
	}
	out := make([]desk.Reading, len(l.Verifiers))
	for i, v := range l.Verifiers {
		key := string(consents[i].Id)
		l.mu.Lock()
		r, known := l.opened[key]
		l.mu.Unlock()
		if !known {
			device, ok := v.Service.(wire.ReadSigner)
			if !ok {
				return nil, fmt.Errorf("the service key of organisation %d signs no reads", v.OrgID)
			}
			if r, err = v.Open(ctx, device, consents[i].Id); err != nil {
				return nil, fmt.Errorf("opening the records for verifier %d: %w", v.OrgID, err)
			}
			l.mu.Lock()
			if l.opened == nil {
				l.opened = map[string]desk.Reading{}
			}
			l.opened[key] = r
			l.mu.Unlock()
		}
		out[i] = r
	}
	return out, nil
}

// Forget drops what was opened under a consent that has ended.
func (l *Line) Forget(consent []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.opened, string(consent))
}

// forget drops what was opened for a file.
func (l *Line) forget(ctx context.Context, f store.File) {
	asked, err := l.asked(ctx, &f)
	if err != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range asked {
		if id, err := artefact.ConsentID(t); err == nil {
			delete(l.opened, string(id))
		}
	}
}

// check has each verifier attest the records, unless its word stands already.
func (l *Line) check(ctx context.Context, f *store.File) error {
	readings, err := l.readings(ctx, f)
	if err != nil {
		return err
	}
	for i, v := range l.Verifiers {
		stands, err := l.stands(ctx, f.Enterprise, func(a attestationv1.Attestation) bool {
			return a.AttestorOrgId == v.OrgID && a.Kind == attestationv1.Kind_KIND_BATCHES &&
				a.Verdict == attestationv1.Verdict_VERDICT_CONSISTENT && sameBatches(a.BatchIds, readings[i])
		})
		if err != nil || stands {
			if err != nil {
				return err
			}
			continue
		}
		review, err := v.Attest(ctx, readings[i])
		if review.Findings != nil {
			if err := l.Store.Save(ctx, KindFindings, fmt.Sprintf("%d/%d", f.ID, v.OrgID), plain(review.Findings)); err != nil {
				return err
			}
		}
		if err != nil {
			return fmt.Errorf("attesting for verifier %d: %w", v.OrgID, err)
		}
		if review.Refused {
			return ended{ReasonInconsistent}
		}
	}
	return nil
}

// Finding is what the owner may read of a verifier's finding: no evidence.
type Finding struct {
	Severity string
	ZH, EN   string
}

func plain(findings []check.Finding) []Finding {
	list := make([]Finding, len(findings))
	for i, f := range findings {
		list[i] = Finding{Severity: f.Severity.String(), ZH: f.ZH, EN: f.EN}
	}
	return list
}

func sameBatches(ids [][]byte, r desk.Reading) bool {
	n := 0
	seen := map[string]bool{}
	for _, o := range r.Opened {
		id := string(o.Batch.ID[:])
		if seen[id] {
			continue
		}
		seen[id] = true
		n++
		if !slices.ContainsFunc(ids, func(b []byte) bool { return string(b) == id }) {
			return false
		}
	}
	return n == len(ids)
}

// stands tells whether a live attestation of that sort is on chain.
func (l *Line) stands(ctx context.Context, enterprise uint64, is func(attestationv1.Attestation) bool) (bool, error) {
	r, err := l.Client.Attestation.Attestations(ctx, &attestationv1.QueryAttestationsRequest{
		EnterpriseId: enterprise, Pagination: &query.PageRequest{Limit: pageLimit},
	})
	if err != nil {
		return false, fmt.Errorf("reading the attestations about enterprise %d: %w", enterprise, err)
	}
	now := time.Now().Unix()
	return slices.ContainsFunc(r.Attestations, func(a attestationv1.Attestation) bool {
		return a.Status == attestationv1.Status_STATUS_LIVE && a.ExpiresAt > now && is(a)
	}), nil
}

// derive computes the feature set as of the last day that the records cover, and
// keeps it sealed: its values and salt are the borrower's secret.
func (l *Line) derive(ctx context.Context, f *store.File) error {
	if _, err := l.Proposal(ctx, f.ID); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	readings, err := l.readings(ctx, f)
	if err != nil {
		return err
	}
	h, err := l.holdings(ctx, f.Enterprise)
	if err != nil {
		return err
	}
	head, err := l.Client.Head(ctx)
	if err != nil {
		return err
	}
	p, err := scoring.Propose(ctx, l.Client, f.Enterprise, readings[0].Opened, min(h.lastDay, head.Time.Unix()/secondsPerDay))
	if err != nil {
		return err
	}
	return l.Store.Save(ctx, KindProposal, fmt.Sprint(f.ID), p)
}

// Proposal is the feature set of a file; store.ErrNotFound before it is derived.
func (l *Line) Proposal(ctx context.Context, file int64) (p scoring.Proposal, err error) {
	err = l.Store.Load(ctx, KindProposal, fmt.Sprint(file), &p)
	return p, err
}

// attest has each verifier compute the features again and attest them.
func (l *Line) attest(ctx context.Context, f *store.File) error {
	p, err := l.Proposal(ctx, f.ID)
	if err != nil {
		return err
	}
	readings, err := l.readings(ctx, f)
	if err != nil {
		return err
	}
	for i, v := range l.Verifiers {
		stands, err := l.stands(ctx, f.Enterprise, func(a attestationv1.Attestation) bool {
			return a.AttestorOrgId == v.OrgID && a.Features != nil && bytes.Equal(a.Features.Commitment, p.Commitment[:])
		})
		if err != nil {
			return err
		}
		if stands {
			continue
		}
		if _, err := v.AttestFeatures(ctx, readings[i], p); err != nil {
			return fmt.Errorf("attesting features for verifier %d: %w", v.OrgID, err)
		}
	}
	return nil
}

// prove submits the score, unless the chain has it.
func (l *Line) prove(ctx context.Context, f *store.File) error {
	p, err := l.Proposal(ctx, f.ID)
	if err != nil {
		return err
	}
	consents, err := l.consents(ctx, f)
	if err != nil {
		return err
	}
	model, err := l.Model(ctx, f.Lender)
	if err != nil {
		return err
	}
	hash, err := model.Hash()
	if err != nil {
		return err
	}
	if l.Lenders[f.Lender] == nil {
		return ErrLender
	}
	purpose := profilev1.Purpose_PURPOSE_UNDERWRITING
	id, err := zk.Nullifier(hash, p.Commitment, uint32(purpose), f.Lender)
	if err != nil {
		return err
	}
	f.ScoreID = id[:]
	_, err = l.Client.Score.Score(ctx, &scorev1.QueryScoreRequest{ScoreId: id[:]})
	if err == nil || status.Code(err) != codes.NotFound {
		return err
	}
	d := l.Lenders[f.Lender]
	scorer := scoring.Scorer{Client: l.Client, Prover: l.Prover, Service: d.Service, OrgID: d.OrgID}
	_, err = scorer.Submit(ctx, model, p, purpose, f.Lender, consents[len(consents)-1].Id)
	return err
}

// Model is the score model that the lender's products accept, as it is on chain.
func (l *Line) Model(ctx context.Context, lender uint64) (*scorecard.Model, error) {
	r, err := l.Client.Loan.Products(ctx, &loanv1.QueryProductsRequest{Pagination: &query.PageRequest{Limit: pageLimit}})
	if err != nil {
		return nil, fmt.Errorf("reading the products: %w", err)
	}
	i := slices.IndexFunc(r.Products, func(p loanv1.Product) bool { return p.LenderOrgId == lender && !p.Retired })
	if i < 0 {
		return nil, ended{ReasonNoProduct}
	}
	return l.ModelOf(ctx, r.Products[i].Terms.ModelHash)
}

// ModelOf reads a model and checks that it has that hash.
func (l *Line) ModelOf(ctx context.Context, hash []byte) (*scorecard.Model, error) {
	r, err := l.Client.Score.Model(ctx, &scorev1.QueryModelRequest{ModelHash: hash})
	if err != nil {
		return nil, fmt.Errorf("reading the model: %w", err)
	}
	m, err := scorecard.Decode(r.Model.Canonical)
	if err != nil {
		return nil, fmt.Errorf("reading the model: %w", err)
	}
	if got, err := m.Hash(); err != nil || !bytes.Equal(got[:], hash) {
		return nil, errors.Join(fmt.Errorf("the model does not have its hash %X", hash), err)
	}
	return m, nil
}
