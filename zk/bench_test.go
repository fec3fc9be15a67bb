package zk

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/xinlian/xinlian/scorecard"
)

// sizes are the models that docs/benchmarks/proofs.md reports.
func sizes() []*scorecard.Model {
	return []*scorecard.Model{
		additive(12, 8, 0), additive(24, 8, 0), additive(24, 8, 8), additive(32, 8, 0), additive(32, 32, 0), additive(32, 32, 8),
		additive(scorecard.FeaturesMax, 32, scorecard.PairsMax),
	}
}

// BenchmarkProve makes a proof with keys at hand, for models of several sizes,
// and says what it costs: gates, size, processor time, largest memory so far.
// Keys are made before and timed apart.
func BenchmarkProve(b *testing.B) {
	for _, m := range sizes() {
		b.Run(m.ID, func(b *testing.B) {
			c := compiled(b, m)
			began := time.Now()
			k, vk, err := c.keys(UnsafeDevelopmentSRS())
			if err != nil {
				b.Fatal(err)
			}
			keys := time.Since(began)
			w := testWitness(b, m, testFeatures(m.Features))
			statement, err := w.Statement.Hash()
			if err != nil {
				b.Fatal(err)
			}
			var proof []byte
			processor := processorTime(b)
			n := 0
			for b.Loop() {
				if proof, err = k.prove(&w); err != nil {
					b.Fatal(err)
				}
				n++
			}
			b.ReportMetric((processorTime(b)-processor).Seconds()/float64(n), "cpu-s/op")
			began = time.Now()
			v := fresh(b)
			for range 5 {
				if err := v.verify(vk, statement, proof); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(time.Since(began).Microseconds())/5000, "verify-ms")
			b.ReportMetric(float64(c.Constraints()), "gates")
			b.ReportMetric(float64(c.Size()), "size")
			b.ReportMetric(keys.Seconds(), "keys-s")
			b.ReportMetric(float64(peakMemory(b))/(1<<20), "peak-MiB")
		})
	}
}

func usage(tb testing.TB) unix.Rusage {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return u
}

func processorTime(tb testing.TB) time.Duration {
	u := usage(tb)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peakMemory is the largest resident set of the process so far; run one size at
// a time to tell them apart.
func peakMemory(tb testing.TB) int64 { return usage(tb).Maxrss << 10 }

// BenchmarkVerify verifies one that was not seen before; GasVerify is set by it.
func BenchmarkVerify(b *testing.B) {
	p, v := provenTwelve(b), fresh(b)
	for b.Loop() {
		if err := v.verify(p.vk, p.statement, p.proof); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerifyRemembered verifies one that was.
func BenchmarkVerifyRemembered(b *testing.B) {
	p, v := provenTwelve(b), fresh(b)
	for b.Loop() {
		if err := v.Verify(p.vk, p.statement, p.proof); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerifyRefused is what a failed proof costs a node.
func BenchmarkVerifyRefused(b *testing.B) {
	p, v := provenTwelve(b), fresh(b)
	statement := p.statement
	statement[31] ^= 1
	for b.Loop() {
		if err := v.verify(p.vk, statement, p.proof); err == nil {
			b.Fatal("accepted")
		}
	}
}

// BenchmarkStatementHash is the part that the chain computes per proof.
func BenchmarkStatementHash(b *testing.B) {
	p := provenTwelve(b)
	for b.Loop() {
		if _, err := p.witness.Statement.Hash(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecodeVerifyingKey is the cost of registering or reloading a model.
func BenchmarkDecodeVerifyingKey(b *testing.B) {
	encoded := provenTwelve(b).vk.Encode()
	for b.Loop() {
		if _, err := DecodeVerifyingKey(encoded); err != nil {
			b.Fatal(err)
		}
	}
}
