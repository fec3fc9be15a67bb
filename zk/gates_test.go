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

// The circuit uses its own permutation gadget and bit decomposition because each
// takes fewer gates than what the library offers. The numbers are in the README;
// when a new version of the library wins, this says so.
func TestGateChoices(t *testing.T) {
	t.Parallel()
	ours, library := gates(t, &permuteCircuit{}), gates(t, &permuteCircuit{library: true})
	if ours != 509 || library != 645 {
		t.Errorf("permutation: ours %d gates, library %d", ours, library)
	}
	// Twelve features need 23 to 26 range checks, the largest model 66.
	for _, tc := range []struct{ checks, bits, lookup int }{{24, 0, 0}, {66, 0, 0}} {
		values := func() []frontend.Variable { return make([]frontend.Variable, tc.checks) }
		bits := gates(t, &rangeCircuit{Values: values()})
		lookup := gates(t, &rangeCircuit{Values: values(), lookup: true})
		if bits != tc.bits || lookup != tc.lookup {
			t.Errorf("%d checks: bits %d gates, lookup %d", tc.checks, bits, lookup)
		}
	}
	for _, c := range []struct {
		name string
		got  int
		want int
	}{
		{"test-12", compiled(t, twelve()).Constraints(), 0},
		{"test-small", smallCircuit(t).Constraints(), 0},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d gates, want %d", c.name, c.got, c.want)
		}
	}
}
