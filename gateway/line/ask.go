package line

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/xinlian/xinlian/gateway/desk"
	"github.com/xinlian/xinlian/gateway/store"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/artefact"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/wire"
)

// ask sends the requests. Their terms, nonces included, are on disk before the
// first is sent: after a crash the same requests are recognised by their ids.
func (l *Line) ask(ctx context.Context, f *store.File) error {
	asked, err := l.asked(ctx, f)
	if errors.Is(err, store.ErrNotFound) {
		asked, err = l.plan(ctx, f)
	}
	if err != nil {
		return err
	}
	for _, t := range asked {
		id, err := artefact.ConsentID(t)
		if err != nil {
			return err
		}
		_, err = l.Client.Profile.Consent(ctx, &profilev1.QueryConsentRequest{ConsentId: id})
		if err == nil {
			continue
		}
		if status.Code(err) != codes.NotFound {
			return fmt.Errorf("looking a consent up: %w", err)
		}
		d := l.desk(t.GranteeOrgId)
		_, err = l.Client.Send(ctx, d.Service, &profilev1.MsgRequestConsent{Device: wire.Address(d.Service), OrgId: d.OrgID, Terms: t})
		if err != nil {
			return fmt.Errorf("asking for a consent: %w", err)
		}
	}
	return nil
}

func (l *Line) asked(ctx context.Context, f *store.File) (asked []profilev1.ConsentTerms, err error) {
	err = l.Store.Load(ctx, kindAsked, fmt.Sprint(f.ID), &asked)
	return asked, err
}

// plan decides what to ask for: the verifiers' consents first, the lender's
// last. A live consent that covers the same is used again.
func (l *Line) plan(ctx context.Context, f *store.File) ([]profilev1.ConsentTerms, error) {
	h, err := l.holdings(ctx, f.Enterprise)
	if err != nil {
		return nil, err
	}
	head, err := l.Client.Head(ctx)
	if err != nil {
		return nil, err
	}
	there, err := l.Client.Profile.Consents(ctx, &profilev1.QueryConsentsRequest{EnterpriseId: f.Enterprise, Pagination: &query.PageRequest{Limit: pageLimit}})
	if err != nil {
		return nil, fmt.Errorf("reading the consents of enterprise %d: %w", f.Enterprise, err)
	}
	var asked []profilev1.ConsentTerms
	add := func(grantee uint64, purpose profilev1.Purpose) error {
		t, err := terms(h, f.Enterprise, grantee, purpose, head.Time)
		if err != nil {
			return err
		}
		for _, c := range there.Consents {
			if covers(c, t) {
				t = c.Terms
			}
		}
		asked = append(asked, t)
		return nil
	}
	for _, v := range l.Verifiers {
		if err := add(v.OrgID, profilev1.Purpose_PURPOSE_VERIFICATION); err != nil {
			return nil, err
		}
	}
	if err := add(f.Lender, profilev1.Purpose_PURPOSE_UNDERWRITING); err != nil {
		return nil, err
	}
	return asked, l.Store.Save(ctx, kindAsked, fmt.Sprint(f.ID), asked)
}

// Request is what an organisation asks an enterprise for of its own accord.
type Request struct {
	Enterprise    uint64
	Purpose       profilev1.Purpose
	Mode          profilev1.Mode // unspecified: as the purpose usually has it
	RetentionDays uint32         // with MODE_STORE
	Renews        []byte         // the consent that it continues, or none
}

// Ask sends a request, such as a lender's for the watch over a running loan. It
// asks for what the enterprise has anchored.
func (l *Line) Ask(ctx context.Context, d *desk.Desk, q Request) error {
	h, err := l.holdings(ctx, q.Enterprise)
	if err != nil {
		return err
	}
	head, err := l.Client.Head(ctx)
	if err != nil {
		return err
	}
	t, err := terms(h, q.Enterprise, d.OrgID, q.Purpose, head.Time)
	if err != nil {
		return err
	}
	if q.Mode != profilev1.Mode_MODE_UNSPECIFIED {
		t.Mode, t.RetentionDays = q.Mode, 0
		if q.Mode == profilev1.Mode_MODE_STORE {
			t.RetentionDays = q.RetentionDays
		}
	}
	t.Renews = q.Renews
	_, err = l.Client.Send(ctx, d.Service, &profilev1.MsgRequestConsent{Device: wire.Address(d.Service), OrgId: d.OrgID, Terms: t})
	return err
}

func (l *Line) desk(org uint64) *desk.Desk {
	for _, v := range l.Verifiers {
		if v.OrgID == org {
			return v
		}
	}
	return l.Lenders[org]
}

// holdings sums up the live batches of an enterprise.
func (l *Line) holdings(ctx context.Context, enterprise uint64) (holdings, error) {
	r, err := l.Client.Profile.Batches(ctx, &profilev1.QueryBatchesRequest{EnterpriseId: enterprise, Pagination: &query.PageRequest{Limit: pageLimit}})
	if err != nil {
		return holdings{}, fmt.Errorf("reading the batches of enterprise %d: %w", enterprise, err)
	}
	var h holdings
	first := int64(0)
	for _, b := range r.Batches {
		if b.Status != profilev1.BatchStatus_BATCH_STATUS_LIVE {
			continue
		}
		if !slices.Contains(h.categories, b.Category) {
			h.categories = append(h.categories, b.Category)
		}
		if from := int64(b.Anchor.PeriodFrom); first == 0 || from < first {
			first = from
		}
		h.lastDay = max(h.lastDay, int64(b.Anchor.PeriodTo))
	}
	if len(h.categories) == 0 {
		return h, ended{ReasonNoData}
	}
	slices.Sort(h.categories)
	h.monthFrom, h.monthTo = record.Month(first), record.Month(h.lastDay)
	return h, nil
}
