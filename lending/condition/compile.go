package condition

import (
	"errors"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// named pairs our operators with CEL's functions.
var named = [...]struct {
	op   operator
	name string
}{
	{or, operators.LogicalOr},
	{and, operators.LogicalAnd},
	{not, operators.LogicalNot},
	{equal, operators.Equals},
	{unequal, operators.NotEquals},
	{less, operators.Less},
	{atMost, operators.LessEquals},
	{greater, operators.Greater},
	{atLeast, operators.GreaterEquals},
	{plus, operators.Add},
	{minus, operators.Subtract},
	{times, operators.Multiply},
	{quotient, operators.Divide},
	{remainder, operators.Modulo},
	{negate, operators.Negate},
	{in, operators.In},
	{choice, operators.Conditional},
}

// String is the operator's name in CEL.
func (o operator) String() string {
	if o < or || o > choice {
		return "none"
	}
	return strings.Trim(named[o-1].name, "_@")
}

// Compile turns the text of a condition into one that can be evaluated at a
// stage. The error is always a *Fault.
func Compile(stage Stage, source string) (*Condition, error) {
	switch {
	case source == "" || len(source) > SourceBytesMax:
		return nil, fault(BadSize, "%d bytes, want 1 to %d", len(source), SourceBytesMax)
	case !printable(source):
		return nil, fault(BadText, "want printable ASCII on one line")
	}
	env, err := environmentOf(stage)
	if err != nil {
		return nil, err
	}
	parsed, issues := env.cel.Parse(source)
	if issues.Err() != nil {
		return nil, &Fault{Code: BadSyntax, Text: "not an expression in CEL", Parser: issues.Err().Error()}
	}
	b := &builder{stage: stage}
	root, err := b.admit(parsed.NativeRep().Expr(), 1)
	if err != nil {
		return nil, explained(env.cel, parsed, err)
	}
	if err := b.finish(root); err != nil {
		return nil, err
	}
	// A comment would be text that people read and the chain does not. The tree is
	// sound here, so a double slash can stand only in a comment or in a string.
	if strings.Contains(source, "//") && !quoted(root) {
		return nil, fault(BadText, "comment")
	}
	return plan(stage, root)
}

// quoted tells whether a string constant holds a double slash.
func quoted(root *node) bool {
	found := false
	root.walk(func(n *node) { found = found || n.kind == text && strings.Contains(n.s, "//") })
	return found
}

// explained adds what CEL's checker says of a refused tree.
func explained(env *cel.Env, parsed *cel.Ast, err error) error {
	var f *Fault
	if _, issues := env.Check(parsed); issues.Err() != nil && errors.As(err, &f) {
		f.Parser = issues.Err().Error()
	}
	return err
}

// admit makes our tree of CEL's and refuses every node that is not on the list.
func (b *builder) admit(e ast.Expr, depth int) (*node, error) {
	if depth > DepthMax {
		return nil, fault(BadSize, "nested more than %d deep", DepthMax)
	}
	switch e.Kind() {
	case ast.LiteralKind:
		switch v := e.AsLiteral().(type) {
		case types.Bool:
			return b.boolean(bool(v))
		case types.Int:
			return b.integer(int64(v))
		case types.String:
			return b.text(string(v))
		default:
			return nil, fault(Forbidden, "constant of type %s", v.Type().TypeName())
		}
	case ast.IdentKind, ast.SelectKind:
		name, ok := qualified(e)
		if !ok {
			return nil, fault(Forbidden, "selection from an expression")
		}
		return b.variable(name)
	case ast.CallKind:
		return b.admitCall(e.AsCall(), depth)
	case ast.ListKind:
		return b.admitList(e.AsList(), depth)
	default:
		return nil, fault(Forbidden, "a map, message or macro")
	}
}

func (b *builder) admitCall(c ast.CallExpr, depth int) (*node, error) {
	op := operatorOf(c.FunctionName())
	if op == 0 || c.IsMemberFunction() {
		return nil, fault(Forbidden, "function %q", clip(c.FunctionName()))
	}
	var args []*node
	for _, a := range c.Args() {
		n, err := b.admit(a, depth+1)
		if err != nil {
			return nil, err
		}
		args = append(args, n)
	}
	return b.call(op, args)
}

func (b *builder) admitList(l ast.ListExpr, depth int) (*node, error) {
	if len(l.OptionalIndices()) > 0 {
		return nil, fault(Forbidden, "optional element")
	}
	var elements []*node
	for _, e := range l.Elements() {
		n, err := b.admit(e, depth+1)
		if err != nil {
			return nil, err
		}
		elements = append(elements, n)
	}
	return b.list(elements)
}

func operatorOf(name string) operator {
	for _, n := range named {
		if n.name == name {
			return n.op
		}
	}
	return 0
}

// qualified is the dotted name of an identifier with its selections.
func qualified(e ast.Expr) (string, bool) {
	switch e.Kind() {
	case ast.IdentKind:
		return e.AsIdent(), true
	case ast.SelectKind:
		s := e.AsSelect()
		head, ok := qualified(s.Operand())
		return head + "." + s.FieldName(), ok && !s.IsTestOnly()
	default:
		return "", false
	}
}
