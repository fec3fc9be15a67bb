package table

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Kind is what the cells of a column are.
type Kind string

// The kinds of columns.
const (
	Number   Kind = "number"
	Date     Kind = "date"
	Category Kind = "category"
)

// Type is a kind with the layout of a date.
type Type struct {
	Kind   Kind   `json:"kind"`
	Layout string `json:"layout,omitempty"` // of a date, that of time.Parse; of a number, DecimalComma or empty
}

// DecimalComma is the layout of numbers like 1.234,56.
const DecimalComma = ","

// layouts of dates, in the order in which they are tried: one must fit the whole column.
var layouts = []string{
	"2006-01-02", "2006-1-2", "2006/1/2", "2006.1.2", "2006年1月2日", "2006-01-02 15:04:05", "2006-01-02 15:04",
	"2006-01-02T15:04:05", time.RFC3339, "2006/1/2 15:04:05", "2006/1/2 15:04", "2-Jan-06", "2-Jan-2006", "Jan 2, 2006",
	"2 Jan 2006", "1/2/2006", "2/1/2006", "1/2/06", "2.1.2006", "2006-01", "2006/01", "Jan-06", "Jan-2006",
}

// numbersMin is the share of present cells that must be numbers for a column to
// be one; the others are then missing.
const numbersMin = 0.95

// Infer says what the cells are and how many present ones do not fit that.
func Infer(cells []string) (Type, int) {
	present, numbers := 0, 0
	var sample []string
	for _, c := range cells {
		if c == "" {
			continue
		}
		present++
		if _, ok := ParseNumber(c); ok {
			numbers++
		} else if len(sample) < 1_000 {
			sample = append(sample, c)
		}
	}
	switch {
	case present == 0, float64(numbers) >= numbersMin*float64(present):
		return Type{Kind: Number}, present - numbers
	}
	if t := (Type{Kind: Number, Layout: DecimalComma}); t.fits(sample) {
		if odd := t.odd(cells); float64(odd) <= (1-numbersMin)*float64(present) {
			return t, odd
		}
	}
	switch {
	case float64(numbers) > (1-numbersMin)*float64(present):
		return Type{Kind: Category}, 0
	}
	for _, layout := range layouts {
		t := Type{Kind: Date, Layout: layout}
		if !t.fits(sample) {
			continue
		}
		if odd := t.odd(cells); float64(odd) <= (1-numbersMin)*float64(present) {
			return t, odd
		}
	}
	return Type{Kind: Category}, 0
}

func (t Type) fits(sample []string) bool {
	odd := 0
	for _, c := range sample {
		if _, ok := t.Parse(c); !ok {
			odd++
		}
	}
	return float64(odd) <= (1-numbersMin)*float64(len(sample))
}

func (t Type) odd(cells []string) int {
	odd := 0
	for _, c := range cells {
		if c == "" {
			continue
		}
		if _, ok := t.Parse(c); !ok {
			odd++
		}
	}
	return odd
}

// Parse is the number of a cell: of a date, days since 1970. It is not ok for
// a missing cell and for one that does not fit.
func (t Type) Parse(cell string) (float64, bool) {
	switch t.Kind {
	case Number:
		if t.Layout == DecimalComma {
			return ParseNumber(swapMarks.Replace(cell))
		}
		return ParseNumber(cell)
	case Date:
		d, err := time.Parse(t.Layout, cell)
		if err != nil {
			return 0, false
		}
		return math.Floor(float64(d.Unix()) / 86_400), true
	default:
		return 0, false
	}
}

// swapMarks makes 1,234.56 of 1.234,56.
var swapMarks = strings.NewReplacer(",", ".", ".", ",")

// ParseNumber reads a decimal number, also one with a sign of a currency, a
// percent sign, thousands separators, or in brackets for negative.
func ParseNumber(cell string) (float64, bool) {
	if cell == "" {
		return 0, false
	}
	if c := cell[0]; c == '0' && len(cell) > 1 && (cell[1] == 'x' || cell[1] == 'X') {
		return 0, false
	}
	if v, err := strconv.ParseFloat(cell, 64); err == nil {
		return v, !math.IsNaN(v) && !math.IsInf(v, 0) && !strings.Contains(cell, "_")
	}
	s := strings.TrimSpace(strings.TrimSuffix(cell, "%"))
	negative := strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")")
	if negative {
		s = s[1 : len(s)-1]
	}
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	s = strings.TrimSpace(strings.TrimLeft(s, "$¥￥€£"))
	if s == "" || !grouped(s) {
		return 0, false
	}
	v, err := strconv.ParseFloat(sign+strings.ReplaceAll(s, ",", ""), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, false
	}
	if negative {
		v = -v
	}
	return v, true
}

// grouped tells whether s is digits and at most one point, with commas, if any,
// before every third digit. What begins with "0," is no group of thousands.
func grouped(s string) bool {
	whole, fraction, _ := strings.Cut(s, ".")
	for _, r := range fraction {
		if r < '0' || r > '9' {
			return false
		}
	}
	parts := strings.Split(whole, ",")
	for k, p := range parts {
		if len(parts) > 1 && (k > 0 && len(p) != 3 || k == 0 && (p == "" || p[0] == '0' || len(p) > 3)) {
			return false
		}
		for _, r := range p {
			if r < '0' || r > '9' {
				return false
			}
		}
	}
	return s != "."
}
