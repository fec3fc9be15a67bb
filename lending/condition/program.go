package condition

import (
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/containers"
	"cel.dev/cel-go/common/decls"
	"cel.dev/cel-go/common/stdlib"
	"cel.dev/cel-go/common/types"
)

// Outcome is what came of an evaluation.
type Outcome uint8

// The outcomes. Undefined stands for a division by zero, an overflow or an
// exhausted cost; whoever asks treats it as Fails and may say why.
const (
	Fails Outcome = iota
	Holds
	Undefined
)

// Condition is a compiled condition. It is immutable and safe for concurrent use.
type Condition struct {
	stage   Stage
	root    *node
	names   []string
	costMax uint64
	program cel.Program
}

// Value is the value of one variable; the field of the variable's type counts.
type Value struct {
	Int  int64
	Bool bool
	Text string
}

// Values are the variables of one evaluation. A name that is absent is 0, false
// or the empty string.
type Values map[string]Value

// Evaluate decides the condition. It never fails, never panics and gives the
// same outcome for the same values on every machine.
func (c *Condition) Evaluate(v Values) Outcome {
	out, _, err := c.program.Eval(activation{c, v})
	if err != nil {
		return Undefined
	}
	switch held, isBool := out.(types.Bool); {
	case !isBool:
		return Undefined
	case bool(held):
		return Holds
	default:
		return Fails
	}
}

// Stage is the stage that it was compiled for.
func (c *Condition) Stage() Stage { return c.stage }

// Names lists the variables that it reads, in order of appearance.
func (c *Condition) Names() []string { return c.names }

// Reads tells whether it reads a variable.
func (c *Condition) Reads(name string) bool {
	for _, n := range c.names {
		if n == name {
			return true
		}
	}
	return false
}

// CostMax is the most that an evaluation may cost, in CEL's own units.
func (c *Condition) CostMax() uint64 { return c.costMax }

// Threshold is the variable and the number of a plain comparison.
func (c *Condition) Threshold() (name string, number int64, ok bool) {
	v, _, number, ok := c.root.comparison()
	return v.Name, number, ok
}

// activation serves CEL the values; the builder has refused unknown names.
type activation struct {
	c *Condition
	v Values
}

// ResolveName serves CEL.
func (a activation) ResolveName(name string) (any, bool) {
	known, ok := lookup(a.c.stage, name)
	if !ok {
		return nil, false
	}
	switch v := a.v[name]; known.Type {
	case Bool:
		return v.Bool, true
	case Int:
		return v.Int, true
	default:
		return v.Text, true
	}
}

// Parent serves CEL: there is none.
func (activation) Parent() cel.Activation { return nil }

// plan makes the program of a tree. CEL's checker runs on every tree, whether it
// was parsed or loaded, and its types must agree with ours.
func plan(stage Stage, root *node) (*Condition, error) {
	env, err := environmentOf(stage)
	if err != nil {
		return nil, err
	}
	f := ast.NewExprFactory()
	var id int64
	tree := ast.NewAST(expression(f, &id, root), ast.NewSourceInfo(nil))
	checked, issues := checker.Check(tree, common.NewTextSource(""), env.checker)
	if len(issues.GetErrors()) > 0 || !checked.GetType(checked.Expr().ID()).IsExactType(types.BoolType) {
		return nil, fault(BadType, "types do not fit")
	}
	cost, err := checker.Cost(checked, sizes{})
	if err != nil {
		return nil, fault(BadCost, "no bound on the cost")
	}
	if cost.Max > CostMax {
		return nil, fault(BadCost, "cost up to %d, want at most %d", cost.Max, CostMax)
	}
	c := &Condition{stage: stage, root: root, names: root.names(), costMax: cost.Max}
	if c.program, err = env.cel.PlanProgram(checked, cel.CostLimit(CostMax)); err != nil {
		return nil, fault(Forbidden, "no program")
	}
	return c, nil
}

// expression makes CEL's tree of ours, with ids in preorder.
func expression(f ast.ExprFactory, id *int64, n *node) ast.Expr {
	*id++
	own := *id
	var args []ast.Expr
	for _, a := range n.args {
		args = append(args, expression(f, id, a))
	}
	switch n.kind {
	case boolean:
		return f.NewLiteral(own, types.Bool(n.b))
	case integer:
		return f.NewLiteral(own, types.Int(n.i))
	case text:
		return f.NewLiteral(own, types.String(n.s))
	case variable:
		return f.NewIdent(own, n.s)
	case list:
		return f.NewList(own, args, nil)
	default:
		return f.NewCall(own, named[n.op-1].name, args...)
	}
}

// sizes bounds CEL's static estimate: strings have at most TextBytesMax bytes,
// and lists are constants whose size CEL sees.
type sizes struct{}

// EstimateSize serves the checker.
func (sizes) EstimateSize(n checker.AstNode) *checker.SizeEstimate {
	if n.Type().IsExactType(types.StringType) {
		return &checker.SizeEstimate{Min: 0, Max: TextBytesMax}
	}
	return nil
}

// EstimateCallCost serves the checker.
func (sizes) EstimateCallCost(string, string, *checker.AstNode, []checker.AstNode) *checker.CallEstimate {
	return nil
}

// environment is what CEL needs to know of a stage. It is immutable.
type environment struct {
	cel     *cel.Env
	checker *checker.Env
}

// environments are built once: they are costly to make.
var environments = sync.OnceValues(func() ([2]environment, error) {
	var both [2]environment
	for i, stage := range []Stage{Underwriting, Servicing} {
		e, err := newEnvironment(stage)
		if err != nil {
			return both, fault(Forbidden, "internal: no environment")
		}
		both[i] = e
	}
	return both, nil
})

func environmentOf(stage Stage) (environment, error) {
	both, err := environments()
	if err != nil {
		return environment{}, err
	}
	if stage != Underwriting && stage != Servicing {
		return environment{}, fault(BadName, "stage %d", stage)
	}
	return both[stage-Underwriting], nil
}

func newEnvironment(stage Stage) (environment, error) {
	options := []cel.EnvOption{
		cel.StdLib(),
		cel.ClearMacros(),
		cel.ParserRecursionLimit(DepthMax),
		cel.ParserExpressionSizeLimit(SourceBytesMax),
		cel.ParserErrorRecoveryLimit(1),
	}
	chk, err := checker.NewEnv(containers.DefaultContainer, types.NewEmptyRegistry())
	if err != nil {
		return environment{}, err
	}
	if err := chk.AddFunctions(stdlib.Functions()...); err != nil {
		return environment{}, err
	}
	for _, v := range Variables(stage) {
		t := celType(v.Type)
		options = append(options, cel.Variable(v.Name, t))
		if err := chk.AddIdents(decls.NewVariable(v.Name, t)); err != nil {
			return environment{}, err
		}
	}
	env, err := cel.NewCustomEnv(options...)
	return environment{cel: env, checker: chk}, err
}

func celType(t Type) *types.Type {
	switch t {
	case Bool:
		return types.BoolType
	case Int:
		return types.IntType
	default:
		return types.StringType
	}
}
