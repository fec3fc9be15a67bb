package attestation

import (
	"context"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

const (
	// WindowDays is how far back grades and scores look: 24 months.
	WindowDays = 731
	// StreamReadMax bounds the batches read of one stream, in whatever state.
	StreamReadMax = 1024

	// Records are dated by the calendar of their country, which is eight hours
	// ahead of block time's UTC.
	calendarSeconds = 8 * 3600
)

// Streams answers what was anchored for an enterprise.
type Streams interface {
	Streams(ctx context.Context, enterprise uint64) ([]profilev1.Stream, error)
	StreamBatches(ctx context.Context, enterprise uint64, source, schema string, limit int) ([]profilev1.Batch, error)
}

// Day is the calendar day of a block time in Unix seconds: days since
// 1970-01-01, by China Standard Time.
func Day(unix int64) uint32 { return uint32((unix + calendarSeconds) / daySeconds) }

// WindowStart is the first day of the window that ends with day.
func WindowStart(day uint32) uint32 {
	if day < WindowDays {
		return 0
	}
	return day - WindowDays
}

// Window lists the batches of an enterprise that cover a day from first to last
// and were not superseded, by stream and sequence. ErrTooMany when there are more
// than most, or when a stream is longer than may be read; ErrSequence when a
// stream's numbers have a hole.
func Window(ctx context.Context, streams Streams, enterprise uint64, first, last uint32, most int) ([]profilev1.Batch, error) {
	heads, err := streams.Streams(ctx, enterprise)
	if err != nil {
		return nil, err
	}
	var inside []profilev1.Batch
	for _, s := range heads {
		if s.PeriodTo < first || s.FirstPeriodFrom > last {
			continue
		}
		all, err := streams.StreamBatches(ctx, enterprise, s.Source, s.SchemaId, StreamReadMax)
		if err != nil {
			return nil, err
		}
		if err := contiguous(s, all, first); err != nil {
			return nil, err
		}
		for _, b := range all {
			if b.Status != profilev1.BatchStatus_BATCH_STATUS_SUPERSEDED && overlaps(b, first, last) {
				inside = append(inside, b)
			}
		}
		if len(inside) > most {
			return nil, ErrTooMany.Wrapf("enterprise %d has more than %d batches in the window", enterprise, most)
		}
	}
	return inside, nil
}

func overlaps(b profilev1.Batch, first, last uint32) bool {
	return b.Anchor.PeriodTo >= first && b.Anchor.PeriodFrom <= last
}

// contiguous checks that the batches read are numbered without a hole up to the
// head of the stream, and reach back beyond the window. Periods of batches that
// replace nothing rise with the sequence, and one that replaces has the days of
// an earlier one: so once a batch of the first kind ends before the window, all
// those not read do.
func contiguous(s profilev1.Stream, all []profilev1.Batch, first uint32) error {
	if uint64(len(all)) > s.Sequence || len(all) == 0 {
		return ErrSequence.Wrapf("stream %q: read %d of %d batches", s.SchemaId, len(all), s.Sequence)
	}
	next := s.Sequence - uint64(len(all)) + 1
	reaches := next == 1
	for _, b := range all {
		if b.Anchor.Sequence != next {
			return ErrSequence.Wrapf("stream %q: got %d, want %d", s.SchemaId, b.Anchor.Sequence, next)
		}
		next++
		reaches = reaches || len(b.Anchor.Supersedes) == 0 && b.Anchor.PeriodTo < first
	}
	if !reaches {
		return ErrTooMany.Wrapf("stream %q has more than %d batches in the window", s.SchemaId, StreamReadMax)
	}
	return nil
}
