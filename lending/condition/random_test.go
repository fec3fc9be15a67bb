package condition

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// author writes random conditions, well typed but otherwise unreasonable.
type author struct {
	rng   *rand.Rand
	names []Variable
}

func newAuthor(seed uint64, stage Stage) *author {
	return &author{rand.New(rand.NewPCG(seed, 7)), Variables(stage)}
}

func (a *author) name(t Type) string {
	for {
		if v := a.names[a.rng.IntN(len(a.names))]; v.Type == t {
			return v.Name
		}
	}
}

var interesting = []int64{0, 1, -1, 2, 3, 7, 10, 100, 10_000, math.MaxInt32, math.MaxInt64, math.MinInt64, math.MaxInt64 - 1}

func (a *author) number() int64 { return interesting[a.rng.IntN(len(interesting))] }

func (a *author) word() string {
	return []string{`""`, `"month"`, `"week"`, `'cny-base'`}[a.rng.IntN(4)]
}

func (a *author) pick(of ...string) string { return of[a.rng.IntN(len(of))] }

func (a *author) claim(depth int) string {
	if depth == 0 {
		return a.pick(a.name(Bool), "true", "false", a.name(Int)+" >= "+fmt.Sprint(a.number()))
	}
	d := depth - 1
	switch a.rng.IntN(9) {
	case 0:
		return "(" + a.claim(d) + " && " + a.claim(d) + ")"
	case 1:
		return "(" + a.claim(d) + " || " + a.claim(d) + ")"
	case 2:
		return "!(" + a.claim(d) + ")"
	case 3:
		return "(" + a.claim(d) + " ? " + a.claim(d) + " : " + a.claim(d) + ")"
	case 4:
		return "(" + a.claim(d) + a.pick(" == ", " != ") + a.claim(d) + ")"
	case 5:
		return "(" + a.name(Text) + a.pick(" == ", " != ") + a.word() + ")"
	case 6:
		return fmt.Sprintf("(%s in [%d, %d])", a.term(d), a.number(), a.number())
	default:
		return "(" + a.term(d) + a.pick(" < ", " <= ", " > ", " >= ", " == ", " != ") + a.term(d) + ")"
	}
}

func (a *author) term(depth int) string {
	if depth <= 0 || a.rng.IntN(3) == 0 {
		return a.pick(a.name(Int), a.name(Int), fmt.Sprint(a.number()))
	}
	d := depth - 1
	switch a.rng.IntN(4) {
	case 0:
		return "-(" + a.term(d) + ")"
	case 1:
		return "(" + a.claim(d) + " ? " + a.term(d) + " : " + a.term(d) + ")"
	default:
		return "(" + a.term(d) + a.pick(" + ", " - ", " * ", " / ", " % ") + a.term(d) + ")"
	}
}

func (a *author) values() Values {
	v := Values{}
	for _, n := range a.names {
		switch n.Type {
		case Bool:
			v[n.Name] = Value{Bool: a.rng.IntN(2) == 0}
		case Int:
			v[n.Name] = Value{Int: a.number()}
		default:
			v[n.Name] = Value{Text: strings.Trim(a.word(), `"'`)}
		}
	}
	return v
}

// Evaluation of random conditions on random values is total: it ends, never
// panics, agrees with a second evaluator that knows nothing of CEL, and is the
// same after a trip through the encoding.
func TestRandomConditions(t *testing.T) {
	t.Parallel()
	compiledOnes, outcomes := 0, map[Outcome]int{}
	for seed := range uint64(3000) {
		stage := Underwriting + Stage(seed%2)
		a := newAuthor(seed, stage)
		source := a.claim(1 + int(seed%5))
		c, err := Compile(stage, source)
		if err != nil {
			continue // too long, too deep, too dear or without a variable
		}
		compiledOnes++
		loaded, err := Load(c.Encoded())
		if err != nil {
			t.Fatalf("%s: its own encoding is refused: %v", source, err)
		}
		if !slices.Equal(loaded.Encoded(), c.Encoded()) || loaded.Words(Chinese) != c.Words(Chinese) || loaded.CostMax() != c.CostMax() {
			t.Fatalf("%s: changed by its encoding", source)
		}
		for range 20 {
			v := a.values()
			got := c.Evaluate(v)
			outcomes[got]++
			if want := reference(c.root, v).outcome(); got != want {
				t.Fatalf("%s with %v: got %d, the reference says %d", source, v, got, want)
			}
			if again := loaded.Evaluate(v); again != got {
				t.Fatalf("%s with %v: got %d, loaded %d", source, v, got, again)
			}
		}
	}
	if compiledOnes < 1000 || outcomes[Holds] < 1000 || outcomes[Fails] < 1000 || outcomes[Undefined] < 1000 {
		t.Errorf("only %d conditions and outcomes %v: this proves little", compiledOnes, outcomes)
	}
}

// result is what the reference evaluator makes of a node.
type result struct {
	undefined bool
	b         bool
	i         int64
	s         string
}

func (r result) outcome() Outcome {
	switch {
	case r.undefined:
		return Undefined
	case r.b:
		return Holds
	default:
		return Fails
	}
}

var nothing = result{undefined: true}

// reference evaluates a tree by the definition of CEL, slowly: && and || are
// decided by either side, everything else needs all that it reads.
func reference(n *node, v Values) result {
	switch n.kind {
	case boolean:
		return result{b: n.b}
	case integer:
		return result{i: n.i}
	case text:
		return result{s: n.s}
	case variable:
		return result{b: v[n.s].Bool, i: v[n.s].Int, s: v[n.s].Text}
	}
	a := reference(n.args[0], v)
	switch n.op {
	case and, or:
		b := reference(n.args[1], v)
		decides := n.op == or
		switch {
		case !a.undefined && a.b == decides, !b.undefined && b.b == decides:
			return result{b: decides}
		case a.undefined || b.undefined:
			return nothing
		default:
			return result{b: !decides}
		}
	case choice:
		switch {
		case a.undefined:
			return nothing
		case a.b:
			return reference(n.args[1], v)
		default:
			return reference(n.args[2], v)
		}
	}
	if a.undefined {
		return nothing
	}
	switch n.op {
	case not:
		return result{b: !a.b}
	case negate:
		return exact(0, a.i, minus)
	case in:
		for _, e := range n.args[1].args {
			if e.i == a.i && e.s == a.s {
				return result{b: true}
			}
		}
		return result{}
	}
	b := reference(n.args[1], v)
	if b.undefined {
		return nothing
	}
	switch n.op {
	case equal:
		return result{b: a == b}
	case unequal:
		return result{b: a != b}
	case less:
		return result{b: a.i < b.i}
	case atMost:
		return result{b: a.i <= b.i}
	case greater:
		return result{b: a.i > b.i}
	case atLeast:
		return result{b: a.i >= b.i}
	default:
		return exact(a.i, b.i, n.op)
	}
}

// exact calculates without a bound and then asks whether 64 bits hold the result.
func exact(a, b int64, op operator) result {
	x, y := big.NewInt(a), big.NewInt(b)
	switch op {
	case plus:
		x.Add(x, y)
	case minus:
		x.Sub(x, y)
	case times:
		x.Mul(x, y)
	case quotient, remainder:
		// The smallest number over -1 leaves 64 bits, and CEL calls its remainder
		// undefined with it.
		if b == 0 || (a == -1<<63 && b == -1) {
			return nothing
		}
		if op == quotient {
			x.Quo(x, y)
		} else {
			x.Rem(x, y)
		}
	}
	if !x.IsInt64() {
		return nothing
	}
	return result{i: x.Int64()}
}
