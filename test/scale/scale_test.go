package scale_test

import (
	"runtime/debug"
	"testing"
	"time"

	"github.com/xinlian/xinlian/app"
)

// TestBook proves that a seeded book is one that the chain could have made: every
// invariant of every module holds, before and after its life goes on and its
// instalments are collected on one day.
func TestBook(t *testing.T) {
	b := newBook(t, setting(t, "LOANS", 200))
	b.CheckInvariants()
	t.Logf("%d loans seeded in %s, %d bytes each on disk", b.loans, b.seeded, b.seededBytes/int64(b.loans))
	l := &life{book: b}
	for range 3 {
		p := l.block()
		t.Logf("lifecycle: %.0f µs: check %.0f, finalize %.0f, commit %.0f", p.micros(p.total()), p.micros(p.check), p.micros(p.finalize), p.micros(p.commit))
	}
	b.itemsPerBlock(50)
	b.idle(20*time.Millisecond, 5)
	d := b.drain(20 * time.Millisecond)
	t.Logf("%d instalments in %d blocks, %s", d.items, d.blocks, d.took.cpu)
	if want := (d.items + len(l.open) + 49) / 50; d.blocks != want { // offers end first
		t.Errorf("%d instalments took %d blocks, want %d", d.items, d.blocks, want)
	}
	b.CheckInvariants()
}

func init() { debug.SetGCPercent(app.GoGCPercent) }

// TestBank proves that the SDK's chain beside it is real.
func TestBank(t *testing.T) {
	c := newBankChain(t, 100)
	for range 3 {
		p := c.send(192)
		t.Logf("MsgSend: %.0f µs: check %.0f, finalize %.0f, commit %.0f", p.micros(p.total()), p.micros(p.check), p.micros(p.finalize), p.micros(p.commit))
	}
}
