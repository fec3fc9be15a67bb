package condition

import "unicode/utf8"

// Bounds of one condition.
const (
	// SourceBytesMax bounds the text, in bytes.
	SourceBytesMax = 512
	// DepthMax bounds the nesting of the tree.
	DepthMax = 32
	// NodesMax bounds its nodes.
	NodesMax = 128
	// ListMax bounds the elements of a list.
	ListMax = 32
	// TextBytesMax bounds a string constant, in bytes.
	TextBytesMax = 64
	// CostMax bounds the cost in CEL's own units: the static worst case when a
	// condition is compiled, and each evaluation again.
	CostMax = 512
)

// kind is what a node is. Numbers are those of the canonical encoding.
type kind uint8

const (
	boolean  kind = 1
	integer  kind = 2
	text     kind = 3
	variable kind = 4
	call     kind = 5
	list     kind = 6
)

// operator is what a call does. Numbers are those of the canonical encoding.
type operator uint8

const (
	or operator = iota + 1
	and
	not
	equal
	unequal
	less
	atMost
	greater
	atLeast
	plus
	minus
	times
	quotient
	remainder
	negate
	in
	choice
)

// node is one node of a condition. It is immutable once made.
type node struct {
	kind kind
	typ  Type
	// b, i and s are the constant, or s the variable's name.
	b bool
	i int64
	s string
	// op and args are of a call; args alone of a list.
	op   operator
	args []*node
	// v is the variable that is read.
	v Variable
}

// builder makes the nodes of one condition within its bounds and types. Source
// and encoding both go through it, so that neither can make what the other refuses.
type builder struct {
	stage Stage
	nodes int
}

func (b *builder) count() error {
	if b.nodes++; b.nodes > NodesMax {
		return fault(BadSize, "more than %d nodes", NodesMax)
	}
	return nil
}

func (b *builder) boolean(v bool) (*node, error) {
	return &node{kind: boolean, typ: Bool, b: v}, b.count()
}

func (b *builder) integer(v int64) (*node, error) {
	return &node{kind: integer, typ: Int, i: v}, b.count()
}

func (b *builder) text(s string) (*node, error) {
	if !utf8.ValidString(s) || len(s) > TextBytesMax || !printable(s) {
		return nil, fault(BadText, "string constant, want at most %d bytes of printable ASCII", TextBytesMax)
	}
	return &node{kind: text, typ: Text, s: s}, b.count()
}

func (b *builder) variable(name string) (*node, error) {
	v, ok := lookup(b.stage, name)
	if !ok {
		return nil, fault(BadName, "%q is not known at %s", clip(name), b.stage)
	}
	return &node{kind: variable, typ: v.Type, s: name, v: v}, b.count()
}

// list makes the right side of `in`: constants of one type.
func (b *builder) list(elements []*node) (*node, error) {
	if len(elements) > ListMax {
		return nil, fault(BadSize, "list of %d, want at most %d", len(elements), ListMax)
	}
	n := &node{kind: list, args: elements}
	for _, e := range elements {
		if e.kind != integer && e.kind != text {
			return nil, fault(Forbidden, "a list may hold only numbers or only strings")
		}
		if n.typ != 0 && n.typ != e.typ {
			return nil, fault(BadType, "a list of several types")
		}
		n.typ = e.typ
	}
	return n, b.count()
}

// call makes an operation; its operands must have the types that it wants.
func (b *builder) call(op operator, args []*node) (*node, error) {
	if len(args) != op.arity() {
		return nil, fault(Forbidden, "operation %s with %d operands, want %d", op, len(args), op.arity())
	}
	result, ok := op.result(args)
	if !ok {
		return nil, fault(BadType, "operands of %s", op)
	}
	return &node{kind: call, typ: result, op: op, args: args}, b.count()
}

func (o operator) arity() int {
	switch o {
	case not, negate:
		return 1
	case choice:
		return 3
	default:
		return 2
	}
}

// result is the type of an operation on operands of these types, if it has one.
func (o operator) result(args []*node) (Type, bool) {
	for i, a := range args {
		if a.kind == list && (o != in || i != 1) {
			return 0, false
		}
	}
	all := func(t Type) bool {
		for _, a := range args {
			if a.typ != t {
				return false
			}
		}
		return true
	}
	switch o {
	case or, and, not:
		return Bool, all(Bool)
	case equal, unequal:
		return Bool, args[0].typ == args[1].typ
	case less, atMost, greater, atLeast:
		return Bool, all(Int)
	case plus, minus, times, quotient, remainder, negate:
		return Int, all(Int)
	case in:
		return Bool, args[1].kind == list && args[0].typ != Bool && (len(args[1].args) == 0 || args[1].typ == args[0].typ)
	case choice:
		return args[1].typ, args[0].typ == Bool && args[1].typ == args[2].typ
	default:
		return 0, false
	}
}

// finish accepts a whole condition: a boolean that depends on something, not too deep.
func (b *builder) finish(root *node) error {
	switch {
	case root.typ != Bool || root.kind == list:
		return fault(BadType, "result is %s, want bool", root.typ)
	case root.depth() > DepthMax:
		return fault(BadSize, "nested more than %d deep", DepthMax)
	case len(root.names()) == 0:
		return fault(NoVariable, "reads no variable")
	}
	return nil
}

func (n *node) depth() int {
	deepest := 0
	for _, a := range n.args {
		deepest = max(deepest, a.depth())
	}
	return deepest + 1
}

// names lists the variables that are read, once each, in order of appearance.
func (n *node) names() []string {
	var list []string
	seen := map[string]bool{}
	n.walk(func(m *node) {
		if m.kind == variable && !seen[m.s] {
			seen[m.s] = true
			list = append(list, m.s)
		}
	})
	return list
}

// walk visits a node and everything below it, first the node itself.
func (n *node) walk(visit func(*node)) {
	visit(n)
	for _, a := range n.args {
		a.walk(visit)
	}
}

// flat lists the operands of a chain of one associative operator.
func (n *node) flat(op operator) []*node {
	if n.kind != call || n.op != op {
		return []*node{n}
	}
	var list []*node
	for _, a := range n.args {
		list = append(list, a.flat(op)...)
	}
	return list
}

// comparison recognises `variable op constant` and `constant op variable` of
// integers; the operator is turned so that the variable stands on the left.
func (n *node) comparison() (v Variable, op operator, constant int64, ok bool) {
	if n.kind != call || n.op < equal || n.op > atLeast {
		return Variable{}, 0, 0, false
	}
	a, c, op := n.args[0], n.args[1], n.op
	if a.kind == integer {
		a, c, op = c, a, op.turned()
	}
	if a.kind != variable || c.kind != integer {
		return Variable{}, 0, 0, false
	}
	return a.v, op, c.i, true
}

// turned is the operator that says the same with its operands exchanged.
func (o operator) turned() operator {
	switch o {
	case less:
		return greater
	case atMost:
		return atLeast
	case greater:
		return less
	case atLeast:
		return atMost
	default:
		return o
	}
}

// printable tells whether a text is printable ASCII: what people read is what
// the chain runs, without look-alike letters and line breaks.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func clip(s string) string {
	if len(s) > TextBytesMax {
		return s[:TextBytesMax]
	}
	return s
}
