package sample_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/xinlian/xinlian/internal/sample"
)

// A population is the same for the same seed, its records are valid, a tenth or
// so default, and the firms that default have visibly worse books.
func TestPopulation(t *testing.T) {
	t.Parallel()
	const n = 400
	var defaults int64
	var sums, counts [2]sample.Statistic
	first := map[int]bool{}
	for i, f := range sample.Population(42, n) {
		group := 0
		if f.Default {
			group = 1
			defaults++
		}
		sums[group].CoverageBps += f.Statistic.CoverageBps
		sums[group].LateBps += f.Statistic.LateBps
		sums[group].TopCustomerBps += f.Statistic.TopCustomerBps
		sums[group].CapitalTimes += f.Statistic.CapitalTimes
		sums[group].GrowthBps += f.Statistic.GrowthBps
		counts[group].CoverageBps++
		first[i] = f.Default
		if len(f.Records) < 80 {
			t.Errorf("firm %d has %d records", i, len(f.Records))
		}
		for _, r := range f.Records {
			if err := r.Validate(); err != nil {
				t.Fatalf("firm %d: %s: %v", i, r.SourceID(), err)
			}
		}
	}
	mean := func(group int, v int64) int64 { return v / max(1, counts[group].CoverageBps) }
	t.Logf("%d of %d default", defaults, n)
	for group, s := range sums {
		t.Logf("default %d: coverage %d late %d top %d capital %d growth %d", group, mean(group, s.CoverageBps), mean(group, s.LateBps), mean(group, s.TopCustomerBps), mean(group, s.CapitalTimes), mean(group, s.GrowthBps))
	}
	if defaults < n*6/100 || defaults > n*18/100 {
		t.Errorf("%d of %d default", defaults, n)
	}
	if mean(1, sums[1].CoverageBps) >= mean(0, sums[0].CoverageBps) || mean(1, sums[1].LateBps) <= mean(0, sums[0].LateBps) ||
		mean(1, sums[1].TopCustomerBps) <= mean(0, sums[0].TopCustomerBps) || mean(1, sums[1].CapitalTimes) <= mean(0, sums[0].CapitalTimes) {
		t.Error("the books of firms that default are not worse")
	}
	for i, f := range sample.Population(42, 20) {
		if f.Default != first[i] {
			t.Errorf("firm %d depends on the size of the population", i)
		}
	}
}

// The first firms of a population are the same bytes on every machine.
func TestPopulationGolden(t *testing.T) {
	t.Parallel()
	const want = "5f2f15fafc5df9a6acb38339ac98b1720086047f2f9e3d01fa1a777d1f4d9efe"
	h := sha256.New()
	for _, f := range sample.Population(1, 10) {
		fmt.Fprintln(h, f.Owner, f.RiskPPM, f.Default)
		for _, r := range f.Records {
			b, err := r.Canonical()
			if err != nil {
				t.Fatal(err)
			}
			h.Write(b)
		}
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func BenchmarkPopulation(b *testing.B) {
	n := 0
	for b.Loop() {
		for _, f := range sample.Population(1, 100) {
			n += len(f.Records)
		}
	}
	b.ReportMetric(float64(n)/float64(b.N)/100, "records/firm")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/100, "µs/firm")
}
