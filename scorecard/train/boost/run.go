package boost

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Each runs f for 0 .. n-1 on as many goroutines as there are processors. The
// error is the context's.
func Each(ctx context.Context, n int, f func(k int)) error {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for k := int(next.Add(1)) - 1; k < n && ctx.Err() == nil; k = int(next.Add(1)) - 1 {
				f(k)
			}
		})
	}
	wait.Wait()
	return ctx.Err()
}

func counter(progress func(done, all int), all int) func() {
	var done atomic.Int64
	return func() {
		n := int(done.Add(1))
		if progress != nil {
			progress(n, all)
		}
	}
}

func clone2(t [][]float64) [][]float64 {
	c := make([][]float64, len(t))
	for j := range t {
		c[j] = slices.Clone(t[j])
	}
	return c
}

func copy2(to, from [][]float64) {
	for j := range from {
		copy(to[j], from[j])
	}
}
