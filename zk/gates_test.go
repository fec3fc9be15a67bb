package zk

import (
	"testing"

	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/std/rangecheck"
)

// rangeCircuit bounds n values to 48 bits in one of three ways.
type rangeCircuit struct {
	Values []frontend.Variable
	how    string `gnark:"-"`
}

func (c *rangeCircuit) Define(api frontend.API) error {
	checker := rangecheck.New(api)
	g, err := newGadget(api)
	if err != nil {
		return err
	}
	for _, v := range c.Values {
		switch c.how {
		case "digits":
			g.bound(v, featureBits)
		case "bits":
			api.ToBinary(v, featureBits)
		case "lookup":
			checker.Check(v, featureBits)
		}
	}
	return nil
}

// The gates of the parts and of some circuits are fixed. A permutation of ours
// takes a fifth fewer than the library's, digits a quarter fewer than bits.
// Lookups take a third of the gates of digits, but no model of interest becomes
// small enough for the next power of two, which is what proving costs, while
// every proof would carry one more commitment for the node to check: so the
// circuit uses digits.
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
		{"48 bounds by digits", gates(t, &rangeCircuit{Values: values(48), how: "digits"}), 3408},
		{"48 bounds by bits", gates(t, &rangeCircuit{Values: values(48), how: "bits"}), 4608},
		{"48 bounds by lookup", gates(t, &rangeCircuit{Values: values(48), how: "lookup"}), 2064},
		{"64 bounds by lookup", gates(t, &rangeCircuit{Values: values(64), how: "lookup"}), 2688},
		{"12 features of 8 bins", compiled(t, additive(12, 8, 0)).Constraints(), 4848},
		{"24 features of 8 bins", compiled(t, additive(24, 8, 0)).Constraints(), 7473},
		{"24 features of 8 bins, 8 pairs", compiled(t, additive(24, 8, 8)).Constraints(), 8061},
		{"32 features of 8 bins", compiled(t, additive(32, 8, 0)).Constraints(), 9394},
		{"32 features of 32 bins", compiled(t, additive(32, 32, 0)).Constraints(), 12466},
		{"32 features of 32 bins, 8 pairs", compiled(t, additive(32, 32, 8)).Constraints(), 15206},
		{"test-12", compiled(t, twelve()).Constraints(), 4657},
		{"test-small", smallCircuit(t).Constraints(), 2675},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: %d gates, want %d", tc.name, tc.got, tc.want)
		}
	}
}
