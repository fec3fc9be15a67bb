package loan

import (
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	errorsmod "cosmossdk.io/errors"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

const (
	// ExpressionBytesMax bounds one expression, in bytes.
	ExpressionBytesMax = 512
	// ExpressionDepthMax bounds the nesting of an expression.
	ExpressionDepthMax = 32
	// ExpressionCostMax bounds the cost of an expression in CEL's own units, at submission by the
	// static worst case and at each evaluation again.
	ExpressionCostMax = 512
)

// The names of a template's three lists of conditions, as test cases write them.
const (
	listEligibility = "eligibility"
	listReferral    = "referral"
	listRelease     = "release"
)

// underwritingNames are the variables of eligibility and referral conditions.
// All are integers known to the chain when an application is decided.
var underwritingNames = []string{
	"application.amount_fen",
	"application.periods",
	"exposure.outstanding_fen",
	"exposure.reserved_fen",
	"exposure.written_off_fen",
	"quality.grade",
	"score.capacity_fen",
	"score.pd_ppm",
	"score.points",
}

// releaseNames are the variables of release conditions. Growth of sales is not
// among them: the chain holds commitments to features, never their values.
var releaseNames = []string{
	"exposure.outstanding_fen",
	"exposure.written_off_fen",
	"loan.late",
	"loan.on_time",
	"loan.outstanding_fen",
	"loan.tranche",
	"quality.grade",
}

// values are the variables of one evaluation; a name that is absent is 0.
type values map[string]int64

// ResolveName serves CEL. The checker has already refused unknown names.
func (v values) ResolveName(name string) (any, bool) { return v[name], true }

// Parent serves CEL: there is none.
func (v values) Parent() cel.Activation { return nil }

// condition is a compiled condition of a template.
type condition struct {
	code    string
	program cel.Program
	// names lists the variables that the expression reads.
	names []string
	// variable and threshold are set for a plain comparison of a variable with a number.
	variable  string
	threshold int64
}

// holds evaluates the condition. One that cannot be evaluated, by a division by
// zero or an overflow, does not hold.
func (c condition) holds(v values) bool {
	out, _, err := c.program.Eval(v)
	if err != nil {
		return false
	}
	b, ok := out.(types.Bool)
	return ok && bool(b)
}

// reason says why the condition did not hold.
func (c condition) reason(v values) loanv1.Reason {
	if c.variable == "" {
		return loanv1.Reason{Code: c.code}
	}
	return loanv1.Reason{Code: c.code, Value: v[c.variable], Threshold: c.threshold}
}

// failing lists the reasons of the conditions that do not hold, in the order of
// the template, which is the order of importance.
func failing(list []condition, v values) []loanv1.Reason {
	var reasons []loanv1.Reason
	for _, c := range list {
		if !c.holds(v) {
			reasons = append(reasons, c.reason(v))
		}
	}
	return reasons
}

// reads tells whether any condition reads the variable.
func reads(list []condition, name string) bool {
	for _, c := range list {
		for _, n := range c.names {
			if n == name {
				return true
			}
		}
	}
	return false
}

// compileCondition turns a condition into a bounded program, or says what it may not contain.
func compileCondition(env *cel.Env, c loanv1.Condition) (condition, error) {
	if err := plainExpression(c.Expression); err != nil {
		return condition{}, errorsmod.Wrap(err, c.Code)
	}
	checked, issues := env.Compile(c.Expression)
	if issues.Err() != nil {
		return condition{}, ErrExpression.Wrapf("%s: %s", c.Code, issues.Err())
	}
	if !checked.OutputType().IsExactType(cel.BoolType) {
		return condition{}, ErrExpression.Wrapf("%s: result is %s, want bool", c.Code, checked.OutputType())
	}
	out := condition{code: c.Code}
	root := checked.NativeRep().Expr()
	if err := out.admit(root); err != nil {
		return condition{}, errorsmod.Wrap(err, c.Code)
	}
	if len(out.names) == 0 {
		return condition{}, ErrExpression.Wrapf("%s: reads no variable", c.Code)
	}
	cost, err := env.EstimateCost(checked, sizes{})
	if err != nil {
		return condition{}, ErrExpression.Wrapf("%s: %s", c.Code, err)
	}
	if cost.Max > ExpressionCostMax {
		return condition{}, ErrExpression.Wrapf("%s: cost up to %d, want at most %d", c.Code, cost.Max, ExpressionCostMax)
	}
	out.program, err = env.Program(checked, cel.CostLimit(ExpressionCostMax))
	if err != nil {
		return condition{}, ErrExpression.Wrapf("%s: %s", c.Code, err)
	}
	out.variable, out.threshold = comparison(root)
	return out, nil
}

// plainExpression keeps what people read and what the chain runs the same: no
// look-alike letters, no line breaks and no comments.
func plainExpression(s string) error {
	if s == "" || len(s) > ExpressionBytesMax {
		return ErrExpression.Wrapf("%d bytes, want 1 to %d", len(s), ExpressionBytesMax)
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return ErrExpression.Wrapf("byte %#x at %d is not printable ASCII", s[i], i)
		}
	}
	if strings.Contains(s, "//") {
		return ErrExpression.Wrap("comment")
	}
	return nil
}

// operatorsAllowed is everything that an expression may do.
var operatorsAllowed = map[string]bool{
	operators.Conditional: true, operators.LogicalAnd: true, operators.LogicalOr: true, operators.LogicalNot: true,
	operators.Equals: true, operators.NotEquals: true,
	operators.Less: true, operators.LessEquals: true, operators.Greater: true, operators.GreaterEquals: true,
	operators.Add: true, operators.Subtract: true, operators.Multiply: true, operators.Divide: true, operators.Modulo: true,
	operators.Negate: true, operators.In: true,
}

// admit walks the checked tree and refuses everything that is not on the list:
// integers, booleans, declared variables, the operators above, and lists of
// integers on the right of `in`. It collects the variables.
func (c *condition) admit(e ast.Expr) error {
	switch e.Kind() {
	case ast.LiteralKind:
		switch e.AsLiteral().Type() {
		case types.IntType, types.BoolType:
			return nil
		default:
			return ErrExpression.Wrapf("constant of type %s", e.AsLiteral().Type().TypeName())
		}
	case ast.IdentKind:
		return c.admitVariable(e.AsIdent())
	case ast.CallKind:
		return c.admitCall(e.AsCall())
	case ast.ListKind:
		return ErrExpression.Wrap("list outside `in`")
	default:
		return ErrExpression.Wrapf("expression kind %d", e.Kind())
	}
}

func (c *condition) admitVariable(name string) error {
	for _, list := range [][]string{underwritingNames, releaseNames} {
		for _, n := range list {
			if n == name {
				c.names = append(c.names, name)
				return nil
			}
		}
	}
	return ErrExpression.Wrapf("name %q", name)
}

func (c *condition) admitCall(call ast.CallExpr) error {
	if call.IsMemberFunction() || !operatorsAllowed[call.FunctionName()] {
		return ErrExpression.Wrapf("function %q", call.FunctionName())
	}
	args := call.Args()
	if call.FunctionName() == operators.In {
		if args[1].Kind() != ast.ListKind {
			return ErrExpression.Wrap("`in` needs a list of numbers")
		}
		for _, e := range args[1].AsList().Elements() {
			if e.Kind() != ast.LiteralKind || e.AsLiteral().Type() != types.IntType {
				return ErrExpression.Wrap("`in` needs a list of numbers")
			}
		}
		args = args[:1]
	}
	for _, a := range args {
		if err := c.admit(a); err != nil {
			return err
		}
	}
	return nil
}

// comparison recognises `variable op number` and `number op variable`.
func comparison(e ast.Expr) (string, int64) {
	if e.Kind() != ast.CallKind {
		return "", 0
	}
	switch e.AsCall().FunctionName() {
	case operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals, operators.Equals, operators.NotEquals:
	default:
		return "", 0
	}
	a, b := e.AsCall().Args()[0], e.AsCall().Args()[1]
	if a.Kind() == ast.LiteralKind {
		a, b = b, a
	}
	if a.Kind() != ast.IdentKind || b.Kind() != ast.LiteralKind {
		return "", 0
	}
	n, ok := b.AsLiteral().(types.Int)
	if !ok {
		return "", 0
	}
	return a.AsIdent(), int64(n)
}

// sizes gives CEL's static estimate nothing to guess: no variable has a size.
type sizes struct{}

// EstimateSize serves the checker.
func (sizes) EstimateSize(checker.AstNode) *checker.SizeEstimate { return nil }

// EstimateCallCost serves the checker.
func (sizes) EstimateCallCost(string, string, *checker.AstNode, []checker.AstNode) *checker.CallEstimate {
	return nil
}

// environments are built once: they are immutable and costly to make.
var environments = sync.OnceValues(func() (map[string]*cel.Env, error) {
	underwriting, err := environment(underwritingNames)
	if err != nil {
		return nil, err
	}
	release, err := environment(releaseNames)
	if err != nil {
		return nil, err
	}
	return map[string]*cel.Env{listEligibility: underwriting, listReferral: underwriting, listRelease: release}, nil
})

func environment(names []string) (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.StdLib(),
		cel.ClearMacros(),
		cel.ParserRecursionLimit(ExpressionDepthMax),
		cel.ParserExpressionSizeLimit(ExpressionBytesMax),
		cel.ParserErrorRecoveryLimit(1),
	}
	for _, n := range names {
		options = append(options, cel.Variable(n, cel.IntType))
	}
	return cel.NewCustomEnv(options...)
}
