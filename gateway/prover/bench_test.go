package prover

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
)

// BenchmarkProcess makes a proof in a worker whose keys are warm, and says how
// much memory the worker took at its height.
func BenchmarkProcess(b *testing.B) {
	p, m := process(b, Options{}), model("bench")
	w := witness(b, m)
	if _, err := p.Prove(context.Background(), m, w); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := p.Prove(context.Background(), m, w); err != nil {
			b.Fatal(err)
		}
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.running()))
	if err != nil {
		b.Logf("%v: memory is not reported", err)
		return
	}
	for line := range strings.Lines(string(status)) {
		var kib float64
		if _, err := fmt.Sscanf(line, "VmHWM: %f kB", &kib); err == nil {
			b.ReportMetric(kib/1024, "worker-MiB")
		}
	}
}
