package en16931

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/xinlian/xinlian/gateway/connector"
)

// Reader reads the values that both syntaxes share, in one document's currency.
type Reader struct {
	Row      *connector.Row
	Currency string
}

// Amount reads the first element called name in parent. It is absent where
// there is none, which fails the row where required is set.
func (r Reader) Amount(parent *connector.Node, column, name string, required bool) Amount {
	n := parent.Child(name)
	if n == nil && !required {
		return Amount{Column: column + name}
	}
	return r.Of(n, column+name)
}

// Of reads the amount that n is.
func (r Reader) Of(n *connector.Node, column string) Amount {
	if unit := n.Attr("currencyID"); unit != "" && unit != r.Currency {
		r.Row.Fail(column, connector.RuleCurrency, fmt.Sprintf("%.8q is not the document's currency", unit))
	}
	return Amount{Fen: r.Row.Fen(column, n.Value()), Column: column, Present: true}
}

// decimalBytesMax bounds the text of a price, quantity or rate.
const decimalBytesMax = 40

// Decimal reads a plain decimal number, nil where there is none. Unlike an
// amount it may have any number of decimals.
func (r Reader) Decimal(column, s string) *big.Rat {
	if s == "" {
		return nil
	}
	digits := strings.Replace(strings.TrimLeft(s, "+-"), ".", "", 1)
	v, ok := new(big.Rat), false
	if len(s) <= decimalBytesMax && digits != "" && strings.Trim(digits, "0123456789") == "" {
		v, ok = v.SetString(s)
	}
	if !ok {
		r.Row.Fail(column, connector.RuleAmount, fmt.Sprintf("%.40q is not a plain decimal number", s))
		return nil
	}
	return v
}

// Indicator reads whether an AllowanceCharge is a charge.
func (r Reader) Indicator(column, s string) bool {
	switch s {
	case "true", "1":
		return true
	case "false", "0":
	default:
		r.Row.Fail(column, connector.RuleCode, fmt.Sprintf("%.8q is neither true nor false", s))
	}
	return false
}
