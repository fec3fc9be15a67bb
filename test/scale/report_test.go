package scale_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/cosmos/cosmos-sdk/baseapp"

	"github.com/xinlian/xinlian/app"
)

const (
	// rounds are how often ours and the SDK's blocks alternate.
	rounds = 9
	// blockTxs is the size of the blocks that are compared; a life block has as many.
	blockTxs = 3 * scoredFirms * productsMax
	// bankAccountsMax bounds the SDK's accounts, whose genesis is one JSON text.
	bankAccountsMax = 200_000
	// smallCache is what IAVLCacheNodes was before it was measured.
	smallCache = 200_000
	// smallCacheLoansMax bounds the book on which that is shown again: it takes long.
	smallCacheLoansMax = 20_000
	// userEvery is the pace of users while instalments are collected.
	userEvery = 20 * time.Millisecond
)

// TestReport measures one size of book and adds its tables to the folder in
// XINLIAN_LOAN_BENCH; without it there is nothing to do.
func TestReport(t *testing.T) {
	folder := os.Getenv("XINLIAN_LOAN_BENCH")
	if folder == "" {
		t.Skip("XINLIAN_LOAN_BENCH names no folder for the tables: make bench-loans")
	}
	n := setting(t, "LOANS", 10_000)
	r := &report{}
	r.line("## %s loans\n", thousands(n))
	r.line("%s, %d processors, %s, load average before %s.\n", processorName(), runtime.NumCPU(), runtime.Version(), loadAverage())
	b := newBook(t, n)
	bank := newBankChain(t, min(n, bankAccountsMax))
	r.line("Seeded in %s; %d bytes of disk a loan, firms not counted.\n", b.seeded.Round(time.Second), b.seededBytes/int64(n))
	r.lifecycle(b, bank)
	r.signatures(b)
	r.servicing(b)
	r.postgres(t, n)
	r.line("Load average after %s.\n", loadAverage())
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, fmt.Sprintf("loans-%d.md", n))
	if err := os.WriteFile(path, []byte(r.text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s:\n%s", path, r.text.String())
}

type report struct {
	text        strings.Builder
	lifeSeconds float64 // lifecycle transactions a second
}

func (r *report) line(format string, args ...any) { fmt.Fprintf(&r.text, format+"\n", args...) }

// lifecycle alternates blocks of ours with blocks of the SDK's.
func (r *report) lifecycle(b *book, bank *bankChain) {
	l := &life{book: b}
	l.block() // offers for the next to accept, and warm caches
	b.transfers(blockTxs)
	bank.send(blockTxs)
	var lives, transfers, sends []phases
	var ratios [3][]float64
	for range rounds {
		lives = append(lives, l.block())
		transfers = append(transfers, b.transfers(blockTxs))
		sends = append(sends, bank.send(blockTxs))
		send := sends[len(sends)-1]
		for i, p := range []phases{lives[len(lives)-1], transfers[len(transfers)-1], send} {
			ratios[i] = append(ratios[i], p.micros(p.total())/send.micros(send.total()))
		}
	}
	r.line("| per transaction, median of %d rounds | CheckTx µs | FinalizeBlock µs | Commit µs | together µs | tx/s by the clock | to MsgSend |", rounds)
	r.line("|---|---|---|---|---|---|---|")
	for i, row := range []struct {
		name string
		list []phases
	}{
		{"life of a loan: accept, apply, repay", lives},
		{"transfer between firms", transfers},
		{"the SDK's MsgSend, its own ante and settings", sends},
	} {
		check, finalize, commit, total, perSecond := medians(row.list)
		r.line("| %s | %.0f | %.0f | %.0f | %.0f | %.0f | %.2f |", row.name, check, finalize, commit, total, perSecond, median(ratios[i]))
		if i == 0 {
			r.lifeSeconds = perSecond
		}
	}
	r.line("")
}

// servicing collects the three instalments of every loan, each day with another
// bound on the items of a block.
func (r *report) servicing(b *book) {
	b.Block(10 * time.Minute) // open offers lapse: the next blocks have instalments only
	idle := b.idle(userEvery, 300)
	idleMedian, idleTail := median(idle), quantile(idle, 99)
	r.line("| items a block | instalments | blocks | instalments/s | µs each | block p50 / max | users p50 / p99 | p99 to idle | heap |")
	r.line("|---|---|---|---|---|---|---|---|---|")
	r.line("| idle, no servicing | | | | | | %s / %s | 1 | |", ms(idleMedian), ms(idleTail))
	for _, day := range []struct {
		items int
		cache int
	}{{200, app.IAVLCacheNodes}, {1000, app.IAVLCacheNodes}, {1000, smallCache}} {
		if day.cache != app.IAVLCacheNodes && b.loans > smallCacheLoansMax {
			continue
		}
		items := min(day.items, int(b.loans)/10) // a small book must take some blocks too
		name := thousands(items)
		if day.cache != app.IAVLCacheNodes {
			name += fmt.Sprintf(", cache of %s nodes", thousands(day.cache))
			b.Chain = b.Restart(baseapp.SetIAVLCacheSize(day.cache))
			b.Block(time.Second)
		}
		b.itemsPerBlock(items)
		d := b.drain(userEvery)
		tail := quantile(d.latencies, 99)
		r.line("| %s | %s | %d | %.0f | %.0f | %s / %s | %s / %s | %.1f | %d MiB |", name, thousands(d.items), d.blocks,
			float64(d.items)/d.took.wall.Seconds(), float64(d.took.cpu.Microseconds())/float64(d.items),
			ms(median(d.blockTimes)), ms(worst(d.blockTimes)), ms(median(d.latencies)), ms(tail), float64(tail)/float64(idleTail), d.heapMax>>20)
	}
	r.line("")
}

// signatures compares blocks of transfers that this node has admitted with blocks
// that it sees for the first time, in turns.
func (r *report) signatures(b *book) {
	var admitted, strange []float64
	for range rounds {
		p := b.transfers(blockTxs)
		admitted = append(admitted, p.micros(p.finalize))
		txs := b.signedTransfers(blockTxs)
		c := spent(func() { b.accepted(b.Finalize(time.Second, txs...)) })
		b.Commit()
		strange = append(strange, phases{txs: len(txs)}.micros(c))
	}
	a, s := median(admitted), median(strange)
	r.line("FinalizeBlock of a transfer takes %.0f µs when this node has verified the signature in CheckTx, %.0f µs when it has not: %.2f of it.\n", a, s, a/s)
}

func ms(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

func loadAverage() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Fields(string(b))[0]
}

func processorName() string {
	out, err := exec.Command("sed", "-n", "s/^model name.*: //p;T;q", "/proc/cpuinfo").Output()
	if err != nil || len(out) == 0 {
		return "unknown processor"
	}
	return strings.TrimSpace(strings.SplitN(string(out), "\n", 2)[0])
}
