package tagging

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/durable"
)

// Quota counts evaluations by asker and purpose in windows of the chain's time,
// on disk before anything is answered: a restart gives no new quota.
type Quota struct {
	path string

	mu     sync.Mutex
	window int64 // seconds since 1970, where the window begins
	counts map[account]uint32
}

// account is whose evaluations are counted.
type account struct {
	asker   uint64
	purpose Purpose
}

const accountsMax = 1 << 16

// OpenQuota reads the counts at path; none is a new file.
func OpenQuota(path string) (*Quota, error) {
	q := &Quota{path: path, counts: map[account]uint32{}}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return q, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the quota: %w", err)
	}
	r := canon.Open("tag-quota", b)
	q.window = r.Int64()
	n := r.Uint32()
	if n > accountsMax {
		return nil, fmt.Errorf("reading the quota %s: %d accounts", path, n)
	}
	for range n {
		a := account{asker: r.Uint64(), purpose: Purpose(r.Uint8())}
		q.counts[a] = r.Uint32()
	}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("reading the quota %s: %w", path, err)
	}
	return q, nil
}

// Use counts n evaluations, or is ErrQuota. A window begins at a multiple of its
// length; time that runs backwards stays in the window that has begun.
func (q *Quota) Use(asker uint64, p Purpose, n int, at time.Time, windowSeconds int64, most uint32) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	counts, window := q.counts, q.window
	if begins := at.Unix() - at.Unix()%windowSeconds; begins > window {
		counts, window = map[account]uint32{}, begins
	}
	a := account{asker, p}
	if n < 0 || n > math.MaxUint16 || counts[a]+uint32(n) > most {
		return fmt.Errorf("%w: %d used, %d asked for, at most %d", ErrQuota, counts[a], n, most)
	}
	if _, known := counts[a]; !known && len(counts) >= accountsMax {
		return fmt.Errorf("%w: too many askers in one window", ErrQuota)
	}
	counts[a] += uint32(n)
	if err := q.write(window, counts); err != nil {
		counts[a] -= uint32(n)
		return err
	}
	q.window, q.counts = window, counts
	return nil
}

func (q *Quota) write(window int64, counts map[account]uint32) error {
	w := canon.New("tag-quota").Int64(window).Uint32(uint32(len(counts)))
	var accounts []account
	for a := range counts {
		accounts = append(accounts, a)
	}
	slices.SortFunc(accounts, func(a, b account) int {
		if a.asker != b.asker {
			if a.asker < b.asker {
				return -1
			}
			return 1
		}
		return int(a.purpose) - int(b.purpose)
	})
	for _, a := range accounts {
		w.Uint64(a.asker).Uint8(uint8(a.purpose)).Uint32(counts[a])
	}
	b, err := w.Encoded()
	if err != nil {
		return fmt.Errorf("writing the quota: %w", err)
	}
	return durable.WriteFile(q.path, b, 0o600)
}
