package zk

import (
	"math/big"
	"math/rand"
	"testing"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	cs "github.com/consensys/gnark/constraint/bls12-381"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/frontend/cs/scs"
)

// boundCircuit bounds its value to a number of bits.
type boundCircuit struct {
	Value frontend.Variable
	bits  int `gnark:"-"`
}

func (c *boundCircuit) Define(api frontend.API) error {
	g, err := newGadget(api)
	if err != nil {
		return err
	}
	g.bound(c.Value, c.bits)
	return nil
}

func system(t *testing.T, c frontend.Circuit) *cs.SparseR1CS {
	t.Helper()
	s, err := frontend.Compile(ecc.BLS12_381.ScalarField(), scs.NewBuilder, c)
	if err != nil {
		t.Fatal(err)
	}
	return s.(*cs.SparseR1CS)
}

func accepts(t *testing.T, s *cs.SparseR1CS, assignment frontend.Circuit) bool {
	t.Helper()
	w, err := frontend.NewWitness(assignment, ecc.BLS12_381.ScalarField())
	if err != nil {
		t.Fatal(err)
	}
	return s.IsSolved(w) == nil
}

// A bound accepts every number below it and no other, of even and odd lengths.
func TestBound(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewSource(5))
	for _, bits := range []int{0, 1, 2, 3, 4, 5, 20, 47, 48, 67} {
		s := system(t, &boundCircuit{bits: bits})
		top := new(big.Int).Lsh(big.NewInt(1), uint(bits))
		for _, tc := range []struct {
			value *big.Int
			want  bool
		}{
			{new(big.Int), true},
			{new(big.Int).Sub(top, big.NewInt(1)), true},
			{new(big.Int).Rand(r, top), true},
			{top, false},
			{new(big.Int).Add(top, big.NewInt(1)), false},
			{new(big.Int).Mul(top, big.NewInt(3)), false},
			{big.NewInt(-1), false},
			{new(big.Int).Rsh(fr.Modulus(), 1), false},
		} {
			if got := accepts(t, s, &boundCircuit{Value: tc.value}); got != tc.want {
				t.Errorf("%d bits, %d: accepted %v", bits, tc.value, got)
			}
		}
	}
}

// gridCircuit looks a number up by row and column, and one by row alone.
type gridCircuit struct {
	Row, Column, Cell, First frontend.Variable
	at                       [][]fr.Element `gnark:"-"`
}

func (c *gridCircuit) Define(api frontend.API) error {
	g, err := newGadget(api)
	if err != nil {
		return err
	}
	rows, columns := g.choose(c.Row, len(c.at)), g.choose(c.Column, len(c.at[0]))
	api.AssertIsEqual(g.grid(rows, columns, c.at), c.Cell)
	var first []fr.Element
	for i := range c.at {
		first = append(first, c.at[i][0])
	}
	api.AssertIsEqual(rows.column(first), c.First)
	return nil
}

// A grid and a column give the number that stands there for every index, no
// other number, and nothing beside the table.
func TestGrid(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewSource(6))
	for _, size := range [][2]int{{2, 2}, {2, 5}, {17, 3}} {
		at := make([][]fr.Element, size[0])
		for i := range at {
			at[i] = make([]fr.Element, size[1])
			for j := range at[i] {
				at[i][j] = number(int64(r.Intn(2001)) - 1000)
			}
		}
		s := system(t, &gridCircuit{at: at})
		for i := range at {
			for j := range at[i] {
				if !accepts(t, s, &gridCircuit{Row: i, Column: j, Cell: at[i][j], First: at[i][0]}) {
					t.Errorf("%v: (%d, %d) is refused", size, i, j)
				}
				var other fr.Element
				one := fr.One()
				if accepts(t, s, &gridCircuit{Row: i, Column: j, Cell: *other.Add(&at[i][j], &one), First: at[i][0]}) {
					t.Errorf("%v: (%d, %d) gives another number", size, i, j)
				}
			}
		}
		// Constant tables continue as constants: only the index can be refused.
		flat := make([][]fr.Element, size[0])
		for i := range flat {
			flat[i] = make([]fr.Element, size[1])
		}
		s = system(t, &gridCircuit{at: flat})
		for _, index := range [][2]int{{0, 0}, {-1, 0}, {0, -1}, {size[0], 0}, {0, size[1]}} {
			got := accepts(t, s, &gridCircuit{Row: index[0], Column: index[1], Cell: 0, First: 0})
			if want := index == [2]int{}; got != want {
				t.Errorf("%v of %v: accepted %v", index, size, got)
			}
		}
	}
}
