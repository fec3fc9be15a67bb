package record

import (
	"errors"
	"strings"
)

// Why an amount is refused. Amounts are never rounded: what cannot be said
// exactly in fen is not taken.
var (
	ErrMoneySyntax    = errors.New("record: amount is not a plain decimal number")
	ErrMoneyPrecision = errors.New("record: amount has digits beyond the fen")
	ErrMoneyRange     = errors.New("record: amount is beyond the largest amount of a record")
)

// MoneyBytesMax bounds the text of an amount; the longest legal one is far shorter.
const MoneyBytesMax = 64

// ParseFen reads an exact decimal such as "-1234.5" as fen, the hundredth of
// the currency's unit. It takes ASCII digits only, an optional sign, at most
// one point, and zeros beyond the second decimal; it refuses exponents,
// separators, spaces and full-width digits. The errors are those above.
func ParseFen(s string) (int64, error) {
	if len(s) > MoneyBytesMax {
		return 0, ErrMoneySyntax
	}
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	whole, fraction, _ := strings.Cut(s, ".")
	if whole == "" && fraction == "" {
		return 0, ErrMoneySyntax
	}
	if !digits(whole) || !digits(fraction) {
		return 0, ErrMoneySyntax
	}
	if len(fraction) > 2 {
		if strings.Trim(fraction[2:], "0") != "" {
			return 0, ErrMoneyPrecision
		}
		fraction = fraction[:2]
	}
	var fen int64
	for _, c := range []byte(whole + (fraction + "00")[:2]) {
		if fen = fen*10 + int64(c-'0'); fen > AmountMax {
			return 0, ErrMoneyRange
		}
	}
	if negative {
		fen = -fen
	}
	return fen, nil
}

// ParseFenGrouped is ParseFen for tables made by people: it also takes commas
// that group the whole part by three, as in "1,234,567.80".
func ParseFenGrouped(s string) (int64, error) {
	if !strings.Contains(s, ",") {
		return ParseFen(s)
	}
	whole, _, _ := strings.Cut(s, ".")
	groups := strings.Split(strings.TrimLeft(whole, "+-"), ",")
	if len(groups[0]) < 1 || len(groups[0]) > 3 {
		return 0, ErrMoneySyntax
	}
	for _, g := range groups[1:] {
		if len(g) != 3 {
			return 0, ErrMoneySyntax
		}
	}
	return ParseFen(strings.ReplaceAll(whole, ",", "") + s[len(whole):])
}

// SumMax bounds a sum of amounts: AddFen stays there instead of wrapping round.
const SumMax = 1 << 62

// AddFen adds amounts of outside documents, however large and many: a sum that
// leaves ±SumMax stays at it, and so can equal no amount of a record.
func AddFen(a, b int64) int64 {
	a, b = min(max(a, -SumMax), SumMax), min(max(b, -SumMax), SumMax)
	if a > 0 && b > SumMax-a {
		return SumMax
	}
	if a < 0 && b < -SumMax-a {
		return -SumMax
	}
	return a + b
}

// FormatFen writes fen as a decimal with exactly two places: 5 is "0.05".
func FormatFen(fen int64) string {
	const digit = "0123456789"
	u := uint64(fen)
	if fen < 0 {
		u = -u
	}
	var b [24]byte
	i := len(b)
	for n := 0; n < 3 || u > 0; n++ {
		if n == 2 {
			i--
			b[i] = '.'
		}
		i--
		b[i] = digit[u%10]
		u /= 10
	}
	if fen < 0 {
		i--
		b[i] = '-'
	}
	return string(b[i:])
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
