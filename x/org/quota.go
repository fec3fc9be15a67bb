package org

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// UseQuota counts one transaction of the organisation, or returns ErrQuota when
// it has had as many as it may in this window of blocks. There are no fees, and
// the mempool is first come, first served: this is what keeps it fair. For the
// ante chain, after signature and sequence.
func (k *Keeper) UseQuota(ctx context.Context, orgID uint64) error {
	o, err := k.Organisation(ctx, orgID)
	if err != nil {
		return err
	}
	p, err := k.Params(ctx)
	if err != nil {
		return err
	}
	q, err := k.quotas.Get(ctx, orgID)
	if err != nil && !errors.Is(err, collections.ErrNotFound) {
		return err
	}
	most := p.QuotaMemberTxs
	if o.Kind == orgv1.OrgKind_ORG_KIND_ENTERPRISE {
		most = p.QuotaEnterpriseTxs
	}
	q, err = used(q, height(ctx)/p.QuotaWindowBlocks, most)
	if err != nil {
		return err
	}
	return k.quotas.Set(ctx, orgID, q)
}

// used is the quota after one more transaction in the window.
func used(q orgv1.Quota, window int64, most uint32) (orgv1.Quota, error) {
	if q.Window != window {
		q = orgv1.Quota{Window: window}
	}
	if q.Used >= most {
		return q, ErrQuota.Wrapf("%d in window %d", q.Used, window)
	}
	q.Used++
	return q, nil
}
