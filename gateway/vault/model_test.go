package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/xinlian/xinlian/internal/record"
)

// quiet is a test whose worlds are closed by hand.
type quiet struct{ *testing.T }

// Reads, seals, grants, rotations, sweeps, scrubs and an erasure at once: no
// nonce serves twice, limits hold, every read has its receipt, and nothing is
// served after the erasure.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.seal(bank(202503, 10)...)
	limited := w.consent(func(c *Consent) { c.FetchLimit = 7 })
	open := w.consent(nil)
	shared := w.request(open)
	shared.Expires = shared.Expires.Add(time.Minute)
	sig := w.sign(shared)

	var mu sync.Mutex
	count := map[string]int{}
	note := func(what string, err error) {
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			count[what]++
		} else if !errors.Is(err, ErrFetchLimit) && !errors.Is(err, ErrNonceUsed) && !errors.Is(err, ErrErased) && !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", what, err)
		}
		count["all "+what]++
	}
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for range 5 {
				_, err := w.read(w.request(limited))
				note("limited", err)
				_, err = w.vault.Read(t.Context(), shared, sig)
				note("shared", err)
			}
		})
		group.Go(func() {
			for j := range 3 {
				e := uint64(100 + i)
				b, err := w.vault.Seal(t.Context(), Batch{Enterprise: e, Schema: record.BankTransaction, Records: List(bank(202501, 5+j))})
				note("seal", err)
				w.chain.anchor(b)
				_, err = w.vault.OpenRecord(t.Context(), b.ID, 4)
				note("open", err)
			}
		})
	}
	group.Go(func() {
		for range 3 {
			_, _, err := w.vault.Rotate(t.Context(), testEnterprise, bankCategory)
			note("rotate", err)
			note("sweep", w.vault.Sweep(t.Context()))
			_, err = w.vault.Scrub(t.Context())
			note("scrub", err)
			iv, ok, err := w.vault.Log().Pending()
			if ok {
				err = w.vault.Log().Anchored(iv)
			}
			note("anchor", err)
		}
	})
	group.Wait()
	if count["limited"] != 7 || count["shared"] != 1 || count["seal"] != 12 || count["open"] != 12 || count["rotate"] != 3 {
		t.Errorf("counts: %v", count)
	}
	if n := w.vault.Log().Len(); n != uint64(count["all limited"]+count["all shared"]) {
		t.Errorf("%d receipts", n)
	}
	for range 4 {
		group.Go(func() {
			for range 5 {
				_, err := w.read(w.request(open))
				note("late", err)
			}
		})
	}
	group.Go(func() {
		_, err := w.vault.Erase(t.Context(), testEnterprise)
		note("erase", err)
	})
	group.Wait()
	_, err := w.read(w.request(open))
	wantErr(t, err, ErrErased, "after the erasure")
}

// A second process is kept out, and a closed vault serves nothing.
func TestOpenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := Open(t.Context(), w.config())
	wantErr(t, err, ErrLocked, "open twice")
	must(t, w.vault.Close())
	_, err = w.vault.Grant(t.Context(), ID{})
	wantErr(t, err, ErrClosed, "closed")
	must(t, w.vault.Close())
}

// A request's bytes decode to the same request, or not at all.
func FuzzDecodeReadRequest(f *testing.F) {
	r := ReadRequest{ChainID: testChain, Purpose: testPurpose, Use: UseView, Device: "xin1", Expires: testStart, Selector: Selector{
		Categories: []record.Category{1, 2}, Months: Months{202501, 202502}, Batches: []ID{{1}}, Records: []RecordRef{{ID{1}, 3}},
	}}
	b, err := r.Encoded()
	must(f, err)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := DecodeReadRequest(b)
		if err != nil {
			return
		}
		again, err := r.Encoded()
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%x decodes but encodes to %x, %v", b, again, err)
		}
	})
}

// A stream of outside bytes never panics the reader and never ends as a whole
// delivery.
func FuzzReader(f *testing.F) {
	w := newWorld(f)
	w.seal(bank(202503, 2)...)
	req := w.request(w.consent(nil))
	d, err := w.vault.Read(f.Context(), req, w.sign(req))
	must(f, err)
	var wire bytes.Buffer
	must(f, d.Send(f.Context(), &wire))
	good := wire.Bytes()
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := w.openWire(req, b)
		if err != nil && errors.Is(err, io.EOF) && !errors.Is(err, ErrDamaged) {
			t.Error(fmt.Errorf("end of input passed as the end of a delivery: %w", err))
		}
		if err == nil && len(got) != 2 {
			t.Errorf("%d records opened", len(got))
		}
	})
}
