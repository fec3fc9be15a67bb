package workbench

import (
	"math/rand/v2"
	"slices"
)

// parts assigns rows to n parts with equal shares of bads.
func parts(bad []bool, n int, seed uint64) []int {
	group := make([]int, len(bad))
	for i := range group {
		group[i] = i
	}
	return folds(bad, group, n, seed)
}

// folds assigns rows to n folds with about equal shares of bads in each. Rows
// of one group stay together.
func folds(bad []bool, group []int, n int, seed uint64) []int {
	const stream = 0x78696e6c69616e
	size := slices.Max(group) + 1
	rate := make([]float64, size)
	for i, b := range bad {
		if b {
			rate[group[i]] = 1 // a group with a bad counts as one
		}
	}
	of := make([]int, size)
	next := [2]int{}
	for _, g := range rand.New(rand.NewPCG(seed, stream)).Perm(size) {
		of[g] = next[int(rate[g])] % n
		next[int(rate[g])]++
	}
	fold := make([]int, len(bad))
	for i := range fold {
		fold[i] = of[group[i]]
	}
	return fold
}
