package vault

import (
	"fmt"
	"sync"
	"time"

	"github.com/xinlian/xinlian/internal/record"
)

// gate remembers what limits reads: nonces that were used, fetches that were
// made, and the newest chain time. It holds nothing of its own on disk: it is
// rebuilt from the receipts, so that a read and its effect on later reads become
// durable in one write.
type gate struct {
	mu      sync.Mutex
	nonces  map[nonceKey]int64 // to the request's expiry
	sweepAt int                // number of nonces at which to drop the expired
	fetches map[ID]*fetches
	newest  int64 // chain time, unix seconds
}

// nonceKey includes the device, so that no device can use up another's nonce.
type nonceKey struct {
	device string
	nonce  [NonceBytes]byte
}

// fetches are the allowed reads under one consent.
type fetches struct {
	count uint64
	times []int64 // the latest FetchLimitMax, ascending
}

const nonceSweepMin = 1024

func newGate() *gate {
	return &gate{nonces: map[nonceKey]int64{}, sweepAt: nonceSweepMin, fetches: map[ID]*fetches{}}
}

// replay applies one receipt; the caller is alone or holds mu.
func (g *gate) replay(r *Receipt) {
	g.newest = max(g.newest, r.TimeUnix)
	if r.Verified {
		g.nonces[nonceKey{r.Device, r.Nonce}] = r.Expires
		g.sweep()
	}
	if r.Outcome != OutcomeAllowed {
		return
	}
	f := g.fetches[r.Consent]
	if f == nil {
		f = &fetches{}
		g.fetches[r.Consent] = f
	}
	f.count++
	if f.times = append(f.times, r.TimeUnix); len(f.times) > FetchLimitMax {
		f.times = f.times[1:]
	}
}

// sweep forgets nonces of requests that have expired by the chain's time, which
// never goes back: such a request is refused by its expiry.
func (g *gate) sweep() {
	if len(g.nonces) < g.sweepAt {
		return
	}
	for k, expires := range g.nonces {
		if expires < g.newest {
			delete(g.nonces, k)
		}
	}
	g.sweepAt = max(nonceSweepMin, 2*len(g.nonces))
}

// admit decides what depends on earlier reads. It holds mu through the caller.
func (g *gate) admit(r *Receipt, c *Consent) error {
	if r.Expires < g.newest {
		return ErrRequestExpired
	}
	if c == nil {
		return nil
	}
	f := g.fetches[c.ID]
	if f == nil {
		f = &fetches{}
	}
	if c.FetchLimit == 0 || c.FetchLimit > FetchLimitMax {
		return fmt.Errorf("%w: the consent's limit is %d", ErrFetchLimit, c.FetchLimit)
	}
	if c.FetchUnit == FetchOnce {
		if f.count >= uint64(c.FetchLimit) {
			return fmt.Errorf("%w: %d of %d", ErrFetchLimit, f.count, c.FetchLimit)
		}
		return nil
	}
	var recent uint32
	for _, t := range f.times {
		if c.FetchUnit.of(t) == c.FetchUnit.of(r.TimeUnix) {
			recent++
		}
	}
	if recent >= c.FetchLimit {
		return fmt.Errorf("%w: %d of %d", ErrFrequency, recent, c.FetchLimit)
	}
	return nil
}

// calendarOffset is UTC+8, which has no summer time.
const calendarOffset = 8 * time.Hour

// of is the number of the day, month or year that a time falls in. An unknown unit is
// one period without end, the strictest reading.
func (u FetchUnit) of(unix int64) int64 {
	t := time.Unix(unix, 0).UTC().Add(calendarOffset)
	switch u {
	case FetchDay:
		return record.Day(t)
	case FetchMonth:
		return int64(record.Month(record.Day(t)))
	case FetchYear:
		return int64(t.Year())
	}
	return 0
}

func (g *gate) used(r *Receipt) bool {
	_, ok := g.nonces[nonceKey{r.Device, r.Nonce}]
	return ok
}
