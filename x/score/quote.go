package score

import (
	"context"
	"errors"
	"slices"

	"cosmossdk.io/collections"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/x/org"
)

// IndicesMax bounds the indices that one publisher quotes.
const IndicesMax = 64

// Index is the median of the fresh quotes of an index in basis points, and
// whether there are enough of them; 0 and false when not. Publishers under common
// control count once, with the first of them. Of an even number the lower middle
// one is the median, so that the value is always one that was published.
func (k *Keeper) Index(ctx context.Context, id string) (bps int64, live bool, err error) {
	p, err := k.Params(ctx)
	if err != nil {
		return 0, false, err
	}
	quotes, err := k.quotesOf(ctx, id)
	if err != nil {
		return 0, false, err
	}
	var counted []uint64
	var values []int64
	for _, q := range quotes {
		if now(ctx)-q.PublishedAt > p.IndexSecondsMax {
			continue
		}
		counts, err := k.counts(ctx, q.PublisherOrgId, counted)
		if err != nil {
			return 0, false, err
		}
		if counts {
			counted = append(counted, q.PublisherOrgId)
			values = append(values, q.ValueBps)
		}
	}
	if len(values) < int(p.PublishersMin) {
		return 0, false, nil
	}
	return median(values), true, nil
}

// median is the middle value, of an even number the lower; values is not empty.
func median(values []int64) int64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}

// counts tells whether a publisher may still publish and adds a voice of its own.
func (k *Keeper) counts(ctx context.Context, publisher uint64, counted []uint64) (bool, error) {
	o, err := k.Orgs.Organisation(ctx, publisher)
	if err != nil {
		return false, err
	}
	if o.Status != orgv1.OrgStatus_ORG_STATUS_ACTIVE || !org.HasRole(o, orgv1.Role_ROLE_INDEX_PUBLISHER) {
		return false, nil
	}
	for _, other := range counted {
		same, err := k.Orgs.SameControl(ctx, publisher, other)
		if err != nil || same {
			return false, err
		}
	}
	return true, nil
}

// quotesOf lists the quotes of an index by publisher; council admits those.
func (k *Keeper) quotesOf(ctx context.Context, id string) ([]scorev1.Quote, error) {
	var list []scorev1.Quote
	err := k.quotes.Walk(ctx, collections.NewPrefixedPairRange[string, uint64](id),
		func(_ quoteKey, q scorev1.Quote) (bool, error) {
			list = append(list, q)
			return false, nil
		})
	return list, err
}

// quotable is nil when the publisher may put this quote in place of its last: the
// day is not in the future and does not go back, and the index is one of its own
// or there is room for another.
func (k *Keeper) quotable(ctx context.Context, q scorev1.Quote, today uint32) error {
	if q.Day > today {
		return ErrQuoteDay.Wrapf("got %d, today is %d", q.Day, today)
	}
	last, err := k.quotes.Get(ctx, collections.Join(q.IndexId, q.PublisherOrgId))
	if err == nil {
		if q.Day < last.Day {
			return ErrQuoteDay.Wrapf("got %d, the last was %d", q.Day, last.Day)
		}
		return nil
	}
	if !errors.Is(err, collections.ErrNotFound) {
		return err
	}
	it, err := k.quotes.Indexes.publisher.MatchExact(ctx, q.PublisherOrgId)
	if err != nil {
		return err
	}
	keys, err := it.PrimaryKeys()
	if err == nil && len(keys) >= IndicesMax {
		err = ErrTooMany.Wrapf("organisation %d has %d", q.PublisherOrgId, len(keys))
	}
	return err
}
