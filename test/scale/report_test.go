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
)

const (
	// rounds are how often ours and the SDK's blocks alternate.
	rounds = 9
	// blockTxs is the size of the blocks that are compared; a life block has as many.
	blockTxs = 3 * scoredFirms * productsMax
	// bankAccountsMax bounds the SDK's accounts, whose genesis is one JSON text.
	bankAccountsMax = 200_000
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
	l := r.lifecycle(b, bank)
	r.servicing(b, l)
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
func (r *report) lifecycle(b *book, bank *bankChain) *life {
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
	return l
}

// servicing collects the three instalments of every loan, each day with another
// bound on the items of a block.
func (r *report) servicing(b *book, l *life) {
	b.Block(10 * time.Minute) // open offers lapse: the next blocks have instalments only
	idle := b.idle(userEvery, 300)
	idleMedian, idleTail := median(idle), quantile(idle, 99)
	r.line("| items a block | instalments | blocks | instalments/s | µs each | block p50 / max | users p50 / p99 | p99 to idle | heap |")
	r.line("|---|---|---|---|---|---|---|---|---|")
	r.line("| idle, no servicing | | | | | | %s / %s | 1 | |", ms(idleMedian), ms(idleTail))
	for _, items := range []int{200, 1000, 5000} {
		items = min(items, int(b.loans)/10) // a small book must take some blocks too
		b.itemsPerBlock(items)
		d := b.drain(userEvery)
		tail := quantile(d.latencies, 99)
		r.line("| %s | %s | %d | %.0f | %.0f | %s / %s | %s / %s | %.1f | %d MiB |", thousands(items), thousands(d.items), d.blocks,
			float64(d.items)/d.took.wall.Seconds(), float64(d.took.cpu.Microseconds())/float64(d.items),
			ms(median(d.blockTimes)), ms(worst(d.blockTimes)), ms(median(d.latencies)), ms(tail), float64(tail)/float64(idleTail), d.heapMax>>20)
	}
	r.line("")
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
