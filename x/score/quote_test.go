package score

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/x/org"
)

const lpr = "lpr-1y"

func (c kit) publish(by uint64, id string, bps int64, day uint32) error {
	_, err := c.msgs.PublishIndex(c.ctx, &scorev1.MsgPublishIndex{Device: "service", OrgId: by, IndexId: id, ValueBps: bps, Day: day})
	return err
}

func (c kit) wantIndex(t *testing.T, bps int64, live bool) {
	t.Helper()
	got, l, err := c.Index(c.ctx, lpr)
	check(t, err)
	if got != bps || l != live {
		t.Errorf("index: got %d, %v, want %d, %v", got, l, bps, live)
	}
}

// The median of an even number of values is the lower middle one.
func TestMedian(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		values []int64
		want   int64
	}{
		{[]int64{5}, 5}, {[]int64{9, 3}, 3}, {[]int64{9, 3, 4}, 4}, {[]int64{9, -3, 4, 5}, 4}, {[]int64{1, 1, 1, 100}, 1},
	} {
		if got := median(tc.values); got != tc.want {
			t.Errorf("%v: got %d, want %d", tc.values, got, tc.want)
		}
	}
}

// An index lives with enough fresh quotes of publishers that are active and
// independent, and its value is their median.
func TestIndex(t *testing.T) {
	t.Parallel()
	c := newKit(t).fresh()
	c.wantIndex(t, 0, false)
	check(t, c.publish(publisherA, lpr, 310, today))
	c.wantEvents(t, &scorev1.EventQuoted{IndexId: lpr, PublisherOrgId: publisherA, ValueBps: 310})
	check(t, c.publish(publisherA, "other", 1, today))
	c.wantIndex(t, 0, false)
	check(t, c.publish(publisherB, lpr, 300, today))
	c.wantIndex(t, 0, false)
	check(t, c.publish(publisherC, lpr, 900, today))
	c.wantIndex(t, 310, true)
	check(t, c.publish(publisherD, lpr, 320, today))
	c.wantIndex(t, 310, true) // of four the lower middle one

	c.fakes.change(publisherC, func(o *orgv1.Organisation) { o.ControlGroup = publisherA })
	c.wantIndex(t, 310, true) // counts with A's
	c.fakes.change(publisherB, suspended)
	c.wantIndex(t, 0, false)
	c.fakes.change(publisherC, func(o *orgv1.Organisation) { o.ControlGroup = publisherC })
	c.wantIndex(t, 320, true)
	c.fakes.change(publisherC, func(o *orgv1.Organisation) { o.Roles = nil })
	c.wantIndex(t, 0, false)
	c.checkInvariants(t)

	res, err := c.asks.Index(c.ctx, &scorev1.QueryIndexRequest{IndexId: lpr})
	check(t, err)
	if res.Live || len(res.Quotes) != 4 {
		t.Errorf("query: got %v, want four quotes and no value", res)
	}
}

// A quote counts to its last second and no longer; a new one takes its place.
func TestIndexStale(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	check(t, c.publish(publisherA, lpr, 310, today))
	check(t, c.publish(publisherB, lpr, 300, today))
	check(t, c.publish(publisherC, lpr, 305, today))
	life := time.Duration(DefaultParams().IndexSecondsMax) * time.Second
	c = c.at(2_000, life)
	c.wantIndex(t, 305, true)
	c = c.at(2_000, life+time.Second)
	c.wantIndex(t, 0, false)
	check(t, c.publish(publisherA, lpr, 320, today+7))
	check(t, c.publish(publisherB, lpr, 330, today+7))
	check(t, c.publish(publisherC, lpr, 340, today+7))
	c.wantIndex(t, 330, true)
}

// Each bent field of a quote is refused with its code.
func TestPublishIndexRefused(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	check(t, c.publish(publisherA, lpr, 310, today-1))
	for name, tc := range map[string]struct {
		by   uint64
		id   string
		bps  int64
		day  uint32
		want error
	}{
		"no id":       {publisherA, "", 1, today, ErrField},
		"long id":     {publisherA, strings.Repeat("a", IndexIDBytesMax+1), 1, today, ErrField},
		"odd id":      {publisherA, "LPR", 1, today, ErrField},
		"value high":  {publisherA, lpr, ValueBpsMax + 1, today, ErrField},
		"value low":   {publisherA, lpr, ValueBpsMin - 1, today, ErrField},
		"role":        {lender, lpr, 1, today, org.ErrRole},
		"unknown":     {99, lpr, 1, today, errFake},
		"future":      {publisherA, lpr, 1, today + 1, ErrQuoteDay},
		"behind last": {publisherA, lpr, 1, today - 2, ErrQuoteDay},
	} {
		if err := c.publish(tc.by, tc.id, tc.bps, tc.day); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", name, err, tc.want)
		}
	}
	for i := range IndicesMax - 1 {
		check(t, c.publish(publisherA, fmt.Sprintf("i-%d", i), 1, today))
	}
	if err := c.publish(publisherA, "one-more", 1, today); !errors.Is(err, ErrTooMany) {
		t.Errorf("one more index: got %v, want %v", err, ErrTooMany)
	}
	check(t, c.publish(publisherA, lpr, 1, today))
	check(t, c.publish(publisherB, "one-more", 1, today))
}
