package condition

import "github.com/xinlian/xinlian/internal/canon"

// domain begins every encoding, with its version.
const domain = "condition"

// Encoded returns the canonical bytes of the condition, kind `condition`: the
// stage, then the tree in preorder. A node is one byte that says its kind, and
//
//	1 boolean   one byte, 0 or 1
//	2 integer   eight bytes
//	3 string    four-byte length, bytes
//	4 variable  four-byte length, name
//	5 call      one byte for the operator; as many nodes follow as it has operands
//	6 list      two-byte count; as many nodes follow
//
// Two conditions are equal if and only if these bytes are: space and brackets of
// the text leave no trace.
func (c *Condition) Encoded() []byte {
	w := canon.New(domain).Uint8(uint8(c.stage))
	write(w, c.root)
	b, err := w.Encoded()
	if err != nil { // every string is ASCII by construction
		panic(err)
	}
	return b
}

func write(w *canon.Writer, n *node) {
	w.Uint8(uint8(n.kind))
	switch n.kind {
	case boolean:
		w.Bool(n.b)
	case integer:
		w.Int64(n.i)
	case text, variable:
		w.String(n.s)
	case call:
		w.Uint8(uint8(n.op))
	case list:
		w.Uint16(uint16(len(n.args)))
	}
	for _, a := range n.args {
		write(w, a)
	}
}

// Load reads a condition back from its canonical bytes and checks it again:
// bounds, names, types and cost, as Compile does. The error is always a *Fault.
func Load(encoded []byte) (*Condition, error) {
	r := canon.Open(domain, encoded)
	stage := Stage(r.Uint8())
	if r.Err() != nil {
		return nil, fault(BadEncoding, "no condition")
	}
	if stage != Underwriting && stage != Servicing {
		return nil, fault(BadEncoding, "stage %d", stage)
	}
	b := &builder{stage: stage}
	root, err := b.read(r, 1)
	if err != nil {
		return nil, err
	}
	if r.Done() != nil {
		return nil, fault(BadEncoding, "bytes after the end")
	}
	if err := b.finish(root); err != nil {
		return nil, err
	}
	return plan(stage, root)
}

func (b *builder) read(r *canon.Reader, depth int) (*node, error) {
	if depth > DepthMax {
		return nil, fault(BadSize, "nested more than %d deep", DepthMax)
	}
	k := kind(r.Uint8())
	switch k {
	case boolean:
		return read(r, r.Bool(), b.boolean)
	case integer:
		return read(r, r.Int64(), b.integer)
	case text:
		return read(r, r.String(), b.text)
	case variable:
		return read(r, r.String(), b.variable)
	case call:
		op := operator(r.Uint8())
		if r.Err() != nil || op < or || op > choice {
			return nil, fault(BadEncoding, "operator %d", op)
		}
		args, err := b.readAll(r, op.arity(), depth)
		if err != nil {
			return nil, err
		}
		return b.call(op, args)
	case list:
		count := int(r.Uint16())
		if r.Err() != nil || count > ListMax {
			return nil, fault(BadEncoding, "list of %d", count)
		}
		args, err := b.readAll(r, count, depth)
		if err != nil {
			return nil, err
		}
		return b.list(args)
	default:
		return nil, fault(BadEncoding, "node of kind %d", k)
	}
}

// read makes a leaf of a value that was just taken off, unless that failed.
func read[V any](r *canon.Reader, v V, leaf func(V) (*node, error)) (*node, error) {
	if r.Err() != nil {
		return nil, fault(BadEncoding, "ends inside a node")
	}
	return leaf(v)
}

func (b *builder) readAll(r *canon.Reader, count, depth int) ([]*node, error) {
	var list []*node
	for range count {
		n, err := b.read(r, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	return list, nil
}
