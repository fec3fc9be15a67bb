package scale_test

import (
	"os"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/xinlian/xinlian/internal/testkit"
)

// cost is what a piece of work took of the clock and of this process's
// processors, garbage collection included.
type cost struct{ wall, cpu time.Duration }

func (c cost) plus(d cost) cost { return cost{c.wall + d.wall, c.cpu + d.cpu} }

// spent measures f.
func spent(f func()) cost {
	began, before := time.Now(), processor()
	f()
	return cost{time.Since(began), processor() - before}
}

// processor is the time that all threads of this process have computed.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// phases are the costs of one block with its admission.
type phases struct {
	txs                     int
	check, finalize, commit cost
}

func (p phases) total() cost { return p.check.plus(p.finalize).plus(p.commit) }

// micros is processor time per transaction.
func (p phases) micros(c cost) float64 { return float64(c.cpu.Microseconds()) / float64(p.txs) }

// machine is a state machine under load.
type machine interface {
	Check(tx []byte) testkit.Outcome
	Finalize(step time.Duration, txs ...[]byte) []testkit.Outcome
	Commit()
}

// block admits transactions one by one, as a mempool asks, and makes a block of
// them. Every one must be accepted twice.
func block(tb testing.TB, m machine, step time.Duration, txs [][]byte) (phases, []testkit.Outcome) {
	tb.Helper()
	p := phases{txs: len(txs)}
	var outcomes []testkit.Outcome
	p.check = spent(func() {
		for i, tx := range txs {
			if o := m.Check(tx); o.Code != 0 {
				tb.Fatalf("transaction %d is not admitted: %s/%d %s", i, o.Space, o.Code, o.Log)
			}
		}
	})
	p.finalize = spent(func() { outcomes = m.Finalize(step, txs...) })
	p.commit = spent(m.Commit)
	for i, o := range outcomes {
		if o.Code != 0 {
			tb.Fatalf("transaction %d of a block: %s/%d %s", i, o.Space, o.Code, o.Log)
		}
	}
	return p, outcomes
}

// median of a list, which it sorts.
func median[T ~int64 | ~float64](list []T) T {
	slices.Sort(list)
	return list[len(list)/2]
}

// quantile q of a list, in per cent, which it sorts.
func quantile(list []time.Duration, percent int) time.Duration {
	slices.Sort(list)
	return list[min(len(list)*percent/100, len(list)-1)]
}

// medians are the medians of each phase by processor time per transaction, and
// of transactions a second by the clock.
func medians(list []phases) (check, finalize, commit, total, perSecond float64) {
	column := func(f func(phases) float64) float64 {
		var values []float64
		for _, p := range list {
			values = append(values, f(p))
		}
		return median(values)
	}
	return column(func(p phases) float64 { return p.micros(p.check) }),
		column(func(p phases) float64 { return p.micros(p.finalize) }),
		column(func(p phases) float64 { return p.micros(p.commit) }),
		column(func(p phases) float64 { return p.micros(p.total()) }),
		column(func(p phases) float64 { return float64(p.txs) / p.total().wall.Seconds() })
}

// heapBytes is what lives on the heap now, garbage not yet collected included.
func heapBytes() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// setting is a number from the environment.
func setting(tb testing.TB, name string, otherwise int) int {
	tb.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		tb.Fatalf("%s: got %q, want a positive number", name, text)
	}
	return n
}
