package zk

import (
	"testing"

	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/std/rangecheck"
)

// rangeCircuit bounds n values to 48 bits, bit by bit or by lookups.
type rangeCircuit struct {
	Values []frontend.Variable
	lookup bool `gnark:"-"`
}

func (c *rangeCircuit) Define(api frontend.API) error {
	checker := rangecheck.New(api)
	for _, v := range c.Values {
		if c.lookup {
			checker.Check(v, featureBits)
			continue
		}
		api.ToBinary(v, featureBits)
	}
	return nil
}

// The gates of the parts and of two circuits are fixed. A permutation of ours
// takes a fifth fewer than the library's. Lookups take half the gates of bits,
// but the circuits in use do not become small enough for the next power of two,
// which is what proving costs, while every proof would carry one more commitment
// for the node to check: so the circuit uses bits.
func TestGateCounts(t *testing.T) {
	t.Parallel()
	values := func(n int) []frontend.Variable { return make([]frontend.Variable, n) }
	for _, tc := range []struct {
		name string
		got  int
		want int
	}{
		{"permutation, ours", gates(t, &permuteCircuit{}), 513},
		{"permutation, library", gates(t, &permuteCircuit{library: true}), 645},
		{"24 range checks by bits", gates(t, &rangeCircuit{Values: values(24)}), 2304},
		{"24 range checks by lookup", gates(t, &rangeCircuit{Values: values(24), lookup: true}), 1128},
		{"test-12", compiled(t, twelve()).Constraints(), 12_572},
		{"test-small", smallCircuit(t).Constraints(), 8_549},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: %d gates, want %d", tc.name, tc.got, tc.want)
		}
	}
}
