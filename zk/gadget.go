package zk

import (
	"errors"
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	"github.com/consensys/gnark/constraint/solver"
	"github.com/consensys/gnark/frontend"
)

func init() { solver.RegisterHint(digitsHint) }

// gadget lays out bounds and tables with gates of our own: one gate of PLONK
// holds a product and three terms, of which the general interface uses fewer.
type gadget struct {
	frontend.API
	plonk frontend.PlonkAPI
}

func newGadget(api frontend.API) (*gadget, error) {
	plonk, ok := api.(frontend.PlonkAPI)
	if !ok {
		return nil, errors.New("internal: the circuit is laid out for PLONK only")
	}
	return &gadget{API: api, plonk: plonk}, nil
}

// digitBits is the length of the digits of a bound: three gates bound two bits,
// where bit by bit takes four.
const digitBits = 2

// bound proves that v is below 2^bits, which must be less than half the modulus,
// and returns its digits of base 4 from the lowest; of an odd length the last is
// a bit. The lowest is not a wire of its own but what the others leave of v.
func (g *gadget) bound(v frontend.Variable, bits int) []frontend.Variable {
	n := (bits + digitBits - 1) / digitBits
	if n == 0 {
		g.AssertIsEqual(v, 0)
		return nil
	}
	digits := []frontend.Variable{v}
	if n > 1 {
		upper, err := g.NewHint(digitsHint, n-1, v)
		if err != nil {
			panic(err) // counts and types are fixed here
		}
		rest := upper[n-2]
		for i := n - 3; i >= 0; i-- {
			rest = g.plonk.EvaluatePlonkExpression(rest, upper[i], 4, 1, 0, 0)
		}
		digits = append([]frontend.Variable{g.plonk.EvaluatePlonkExpression(v, rest, 1, -4, 0, 0)}, upper...)
	}
	for i, d := range digits {
		if i == n-1 && bits%digitBits == 1 {
			g.plonk.AddPlonkConstraint(d, d, d, -1, 0, 0, 1, 0) // d^2 = d
			continue
		}
		u := g.plonk.EvaluatePlonkExpression(d, d, -3, 0, 1, 0) // d (d-3) is 0 or -2
		g.plonk.AddPlonkConstraint(u, u, u, 2, 0, 0, 1, 0)      // u (u+2) = d (d-1) (d-2) (d-3) = 0
	}
	return digits
}

// digitsHint gives the digits of base 4 of its input from the second on. One
// that does not fit leaves a lowest digit that no constraint accepts.
func digitsHint(_ *big.Int, inputs, digits []*big.Int) error {
	rest, base := new(big.Int).Rsh(inputs[0], digitBits), big.NewInt(1<<digitBits)
	for _, d := range digits {
		rest.QuoRem(rest, base, d)
	}
	return nil
}

// choice is an index from 0 to n-1 that the prover names, with the products
// b, b (b-1), b (b-1) (b-2), ... that every column over it is a sum of.
type choice struct {
	g        *gadget
	products []frontend.Variable // n-1 of them
}

// choose proves that index is one of 0 to n-1, n at least 2: the product of all
// differences is zero. Every gate but the last is used again by the columns.
func (g *gadget) choose(index frontend.Variable, n int) *choice {
	c := g.of(index, n)
	last := c.products[n-2]
	g.plonk.AddPlonkConstraint(last, index, index, -(n - 1), 0, 0, 1, 0) // last * (index - n + 1) = 0
	return c
}

// of is a choice whose index is known to be below n.
func (g *gadget) of(index frontend.Variable, n int) *choice {
	c := &choice{g: g, products: []frontend.Variable{index}}
	for k := 1; k < n-1; k++ {
		c.products = append(c.products, g.plonk.EvaluatePlonkExpression(c.products[k-1], index, -k, 0, 1, 0))
	}
	return c
}

// column is the number that stands at the index in a list of n constants: the
// polynomial through them in Newton's form.
func (c *choice) column(at []fr.Element) frontend.Variable {
	return c.sum(differences(at))
}

// sum is coefficients[0] + coefficients[1] * products[0] + ...
func (c *choice) sum(coefficients []fr.Element) frontend.Variable {
	var sum frontend.Variable = coefficients[0]
	for i := range coefficients[1:] {
		if k := coefficients[i+1]; !k.IsZero() {
			sum = c.g.Add(sum, c.g.Mul(c.products[i], k))
		}
	}
	return sum
}

// grid is the number that stands at two indexes in a table of constants, by rows
// of the first and columns of the second.
func (g *gadget) grid(rows, columns *choice, at [][]fr.Element) frontend.Variable {
	// Differences along each row, then of those down each column: at[i][j] is
	// now the coefficient of the i-th product of one and the j-th of the other.
	coefficients := make([][]fr.Element, len(at))
	for i := range at {
		coefficients[i] = differences(at[i])
	}
	for j := range at[0] {
		down := make([]fr.Element, len(at))
		for i := range at {
			down[i] = coefficients[i][j]
		}
		for i, d := range differences(down) {
			coefficients[i][j] = d
		}
	}
	sum := columns.sum(coefficients[0])
	for i := range coefficients[1:] {
		sum = g.Add(sum, g.Mul(rows.products[i], columns.sum(coefficients[i+1])))
	}
	return sum
}

// differences are the divided differences of the values at 0, 1, 2, ...: the
// coefficients of the polynomial through them in Newton's form.
func differences(values []fr.Element) []fr.Element {
	d := append([]fr.Element(nil), values...)
	for k := 1; k < len(d); k++ {
		var inverse fr.Element
		inverse.SetUint64(uint64(k)).Inverse(&inverse)
		for i := len(d) - 1; i >= k; i-- {
			d[i].Sub(&d[i], &d[i-1]).Mul(&d[i], &inverse)
		}
	}
	return d
}
