package registry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/xinlian/xinlian/gateway/store"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// ErrEpoch says that the members' key of an epoch that the council accepts makes
// no tags: it is not active yet, or too few members answer.
var ErrEpoch = errors.New("registry: the members made no tag of an epoch that the council accepts")

// rotationEvery is how often the registrar looks for a rotation.
const rotationEvery = time.Minute

const pageLimit = 200

// accepted are the epochs under which the council has identity tags stated.
func (r *Registrar) accepted(ctx context.Context) (orgv1.Params, error) {
	q, err := r.Client.Org.Params(ctx, &orgv1.QueryParamsRequest{})
	if err != nil {
		return orgv1.Params{}, fmt.Errorf("reading the accepted epochs: %w", err)
	}
	return q.Params, nil
}

// stated are the tags that a verifier states: that of the newest epoch, and the
// one of the least epoch where that is another.
func stated(tags []pledgev1.Tag, newest, least uint64) (tag, earlier []byte, err error) {
	of := func(epoch uint64) []byte {
		i := slices.IndexFunc(tags, func(t pledgev1.Tag) bool { return t.Epoch == epoch })
		if i < 0 {
			err = fmt.Errorf("%w: epoch %d", ErrEpoch, epoch)
			return nil
		}
		return tags[i].Tag
	}
	tag = of(newest)
	if least < newest {
		earlier = of(least)
	}
	return tag, earlier, err
}

// Rotate has both verifiers re-tag every firm on whom they keep a file and who has
// no tag of the newest epoch yet. It tells how many it re-tagged. Outside a
// rotation it does nothing; it may be called again at any time.
func (r *Registrar) Rotate(ctx context.Context) (int, error) {
	accepted, err := r.accepted(ctx)
	if err != nil || accepted.TagEpochMin == accepted.TagEpoch {
		return 0, err
	}
	n, page := 0, &query.PageRequest{Limit: pageLimit}
	var all error
	for {
		q, err := r.Client.Org.Organisations(ctx, &orgv1.QueryOrganisationsRequest{Kind: orgv1.OrgKind_ORG_KIND_ENTERPRISE, Pagination: page})
		if err != nil {
			return n, errors.Join(all, fmt.Errorf("reading the enterprises: %w", err))
		}
		for _, o := range q.Organisations {
			if o.TagEpoch == accepted.TagEpoch {
				continue
			}
			var firm Firm
			err := r.Keeper.Load(ctx, KindFirm, fmt.Sprint(o.Id), &firm)
			if errors.Is(err, store.ErrNotFound) {
				continue // other verifiers have its file
			}
			if err == nil {
				err = r.retag(ctx, firm, o, accepted.TagEpoch)
			}
			if err != nil {
				all = errors.Join(all, fmt.Errorf("re-tagging enterprise %d: %w", o.Id, err))
				continue
			}
			n++
		}
		if q.Pagination == nil || len(q.Pagination.NextKey) == 0 {
			return n, all
		}
		page = &query.PageRequest{Key: q.Pagination.NextKey, Limit: pageLimit}
	}
}

// retag has each verifier make the newest tag for itself and state it, unless its
// word is there.
func (r *Registrar) retag(ctx context.Context, firm Firm, o orgv1.Organisation, epoch uint64) error {
	for _, v := range []Verifier{r.First, r.Second} {
		if slices.ContainsFunc(o.Retags, func(s orgv1.TagStatement) bool { return s.VerifierOrgId == v.OrgID && s.TagEpoch == epoch }) {
			continue
		}
		tags, err := v.tags(ctx, firm)
		if err != nil {
			return err
		}
		tag, _, err := stated(tags, epoch, epoch)
		if err != nil {
			return err
		}
		if _, err := r.Client.Send(ctx, v.Device, &orgv1.MsgRetagEnterprise{
			Device: wire.Address(v.Device), OrgId: v.OrgID, EnterpriseId: o.Id, IdentityTag: tag, TagEpoch: epoch,
		}); err != nil {
			return fmt.Errorf("verifier %d: %w", v.OrgID, err)
		}
	}
	return nil
}

// RunRotations re-tags firms whenever the council has opened a rotation, until ctx
// ends.
func (r *Registrar) RunRotations(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(rotationEvery)
	defer tick.Stop()
	for {
		if n, err := r.Rotate(ctx); err != nil && ctx.Err() == nil {
			log.Error("re-tagging enterprises", "done", n, "err", err)
		} else if n > 0 {
			log.Info("re-tagged enterprises", "n", n)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
