package vault

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/xinlian/xinlian/internal/record"
)

// modelConsent is the model's idea of a consent, written apart from the code: a
// read is covered or it is not.
type modelConsent struct {
	state   State
	months  Months
	start   time.Time
	end     time.Time
	limit   uint32
	monthly bool
	use     Use
	reads   []time.Time
}

func (m *modelConsent) covered(r *ReadRequest, now time.Time) bool {
	china := time.FixedZone("UTC+8", 8*60*60)
	counted := 0
	for _, t := range m.reads {
		if !m.monthly || t.In(china).Format("2006-01") == now.In(china).Format("2006-01") {
			counted++
		}
	}
	return m.state == StateActive && !now.Before(m.start) && now.Before(m.end) && r.Purpose == testPurpose &&
		(r.Use == UseView || m.use == UseStore) &&
		r.Selector.Months.From >= m.months.From && r.Selector.Months.To <= m.months.To &&
		counted < int(m.limit)
}

// In random sequences of granting, pausing, revoking, waiting, restarting,
// rotating and reading, a read succeeds exactly when the model says that it is
// covered, gives exactly the records of its months, and leaves one receipt.
func TestReadsAgainstModel(t *testing.T) {
	t.Parallel()
	worlds := 0
	modelReads(t, func(t testing.TB) *world {
		worlds++
		return newWorldIn(t, t.TempDir(), suites[worlds%len(suites)])
	})
}

func modelReads(t *testing.T, world func(testing.TB) *world) {
	t.Helper()
	months := []uint32{202501, 202502, 202503, 202504}
	// A sequence syncs to disk some hundred times, so that one sequence is run for
	// each tenth of rapid's checks; -rapid.checks makes a longer run of it.
	checks, err := strconv.Atoi(flag.Lookup("rapid.checks").Value.String())
	must(t, err)
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		if runs++; runs > max(checks/10, 1) {
			return
		}
		w := world(&quiet{T: t})
		defer func() { must(t, w.vault.Close()) }()
		stored := map[uint32]int{}
		model := map[ID]*modelConsent{}
		var ids []ID
		receipts, allowed := uint64(0), uint64(0)
		month := rapid.SampledFrom(months)
		span := func(rt *rapid.T) Months {
			a, b := month.Draw(rt, "from"), month.Draw(rt, "to")
			return Months{min(a, b), max(a, b)}
		}
		someConsent := func(rt *rapid.T) ID {
			if len(ids) == 0 {
				rt.Skip("no consent yet")
			}
			return rapid.SampledFrom(ids).Draw(rt, "consent")
		}
		rt.Repeat(map[string]func(*rapid.T){
			"seal": func(rt *rapid.T) {
				m, n := month.Draw(rt, "month"), rapid.IntRange(1, 4).Draw(rt, "records")
				w.seal(bank(m, n)...)
				stored[m] += n
			},
			"grant": func(rt *rapid.T) {
				now := w.chain.clock()
				m := &modelConsent{
					state: StateActive, months: span(rt), start: now.Add(time.Duration(rapid.IntRange(-2, 2).Draw(rt, "start")) * time.Hour),
					end:   now.Add(time.Duration(rapid.IntRange(3, 2000).Draw(rt, "end")) * time.Hour),
					limit: rapid.Uint32Range(1, 3).Draw(rt, "limit"), monthly: rapid.Bool().Draw(rt, "monthly"),
					use: rapid.SampledFrom([]Use{UseView, UseStore}).Draw(rt, "use"),
				}
				id := w.consent(func(c *Consent) {
					c.Months, c.Start, c.End, c.FetchLimit, c.Use = m.months, m.start, m.end, m.limit, m.use
					if m.monthly {
						c.FetchUnit = FetchMonth
					}
				})
				model[id], ids = m, append(ids, id)
			},
			"pause or resume": func(rt *rapid.T) {
				id := someConsent(rt)
				switch model[id].state {
				case StateActive:
					model[id].state = StatePaused
				case StatePaused:
					model[id].state = StateActive
				default:
					rt.Skip("over")
				}
				w.chain.state(id, model[id].state)
			},
			"revoke": func(rt *rapid.T) {
				id := someConsent(rt)
				model[id].state = StateRevoked
				w.chain.state(id, StateRevoked)
			},
			"wait": func(rt *rapid.T) {
				w.chain.advance(time.Duration(rapid.IntRange(1, 800).Draw(rt, "hours")) * time.Hour)
			},
			"restart": func(*rapid.T) { w.reopen() },
			"sweep":   func(rt *rapid.T) { must(t, w.vault.Sweep(t.Context())) },
			"rotate": func(*rapid.T) {
				_, _, err := w.vault.Rotate(t.Context(), testEnterprise, bankCategory)
				must(t, err)
			},
			"read": func(rt *rapid.T) {
				id := someConsent(rt)
				req := w.request(id)
				req.Selector.Months = span(rt)
				req.Use = rapid.SampledFrom([]Use{UseView, UseStore}).Draw(rt, "use")
				if rapid.IntRange(0, 9).Draw(rt, "purpose") == 0 {
					req.Purpose = "marketing"
				}
				now := w.chain.clock()
				want := model[id].covered(&req, now)
				got, err := w.read(req)
				receipts++
				if (err == nil) != want {
					rt.Fatalf("read: %v, covered is %v, consent %+v, request %+v", err, want, model[id], req)
				}
				if !want {
					return
				}
				allowed++
				model[id].reads = append(model[id].reads, now)
				expect := 0
				for m, n := range stored {
					if req.Selector.Months.Contains(m) {
						expect += n
					}
				}
				if len(got) != expect {
					rt.Fatalf("%d records, want %d", len(got), expect)
				}
			},
			"": func(rt *rapid.T) {
				var ok uint64
				must(t, w.vault.Log().Visit(1, func(r *Receipt) bool {
					if r.Outcome == OutcomeAllowed {
						ok++
					}
					return true
				}))
				if n := w.vault.Log().Len(); n != receipts || ok != allowed {
					rt.Fatalf("%d receipts of %d reads, %d allowed of %d", n, receipts, ok, allowed)
				}
			},
		})
	})
}

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
			_, err = w.vault.Scrub(t.Context(), ScrubOptions{})
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
