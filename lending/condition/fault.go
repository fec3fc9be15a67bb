package condition

import "fmt"

// Code says what is wrong with a condition. Codes are few and fixed, so that a
// refusal of the chain depends on no wording of cel-go.
type Code string

// The codes.
const (
	BadSize     Code = "size"      // empty, too long, too deep or too many nodes
	BadText     Code = "text"      // a byte that is not printable ASCII, or a comment
	BadSyntax   Code = "syntax"    // not CEL
	BadType     Code = "type"      // types do not fit, or the result is not a boolean
	BadName     Code = "name"      // a name that is not known at this stage
	Forbidden   Code = "forbidden" // valid CEL that a condition may not use
	NoVariable  Code = "constant"  // reads no variable
	BadCost     Code = "cost"      // may cost more than CostMax
	BadEncoding Code = "encoding"  // bytes that are not a canonical encoding
)

// Fault is a refusal. Its text is our own and the same on every node; Parser
// carries what cel-go said, for an author's eyes only.
type Fault struct {
	Code Code
	Text string
	// Parser is cel-go's message with line and column, or empty.
	Parser string
}

// Error says code and reason.
func (f *Fault) Error() string { return string(f.Code) + ": " + f.Text }

func fault(code Code, format string, args ...any) *Fault {
	return &Fault{Code: code, Text: fmt.Sprintf(format, args...)}
}
