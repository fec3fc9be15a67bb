package fapiao

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/internal/record"
)

// Line is one line of goods. Rate is as written: "0.13", "13%", "免税", "***".
// Taxed is whether the line says anything of its tax.
type Line struct {
	Net, Tax int64
	Taxed    bool
	Rate     string
}

// Columns are a format's own names of the totals, and of a line's tax.
type Columns struct{ Net, Tax, Total, Line string }

// TaxFen reads an amount of tax. Invoices without tax leave it out or write
// stars; the totals tell whether that is right.
func TaxFen(row *connector.Row, column, s string) int64 {
	if strings.Trim(s, "*") == "" || s == "免税" || s == "不征税" {
		return 0
	}
	return row.Fen(column, s)
}

// CheckTotals holds the totals against each other and the lines, to the fen.
func CheckTotals(row *connector.Row, c Columns, inv connector.Invoice, lines []Line) {
	row.Total(c.Total, inv.Total, inv.Net, inv.Tax)
	if len(lines) == 0 {
		return
	}
	var net, tax int64
	taxed := false
	for i, l := range lines {
		net, tax, taxed = record.AddFen(net, l.Net), record.AddFen(tax, l.Tax), taxed || l.Taxed
		if l.Taxed {
			checkRate(row, c.Line, i+1, l)
		}
	}
	row.Total(c.Net, inv.Net, net)
	if taxed { // some issuers write amounts without tax in the lines
		row.Total(c.Tax, inv.Tax, tax)
	}
}

// rateToleranceFen is how far an issuing system lets a line's tax be from
// amount × rate: 0.06 yuan.
const rateToleranceFen = 6

// checkRate is a note and no refusal: under margin taxation (差额征税) and
// reduced taxation (减按征收) the tax is something else by law.
func checkRate(row *connector.Row, column string, number int, l Line) {
	rate, ok := parseRate(l.Rate)
	if !ok {
		return
	}
	off := new(big.Rat).Mul(rate, new(big.Rat).SetInt64(l.Net))
	off.Sub(off, new(big.Rat).SetInt64(l.Tax))
	if off.Abs(off).Cmp(big.NewRat(rateToleranceFen, 1)) > 0 {
		row.Note(column, connector.RuleTaxRate, fmt.Sprintf("line %d: tax of %s on %s at %.16s", number, record.FormatFen(l.Tax), record.FormatFen(l.Net), l.Rate))
	}
}

func parseRate(s string) (*big.Rat, bool) {
	digits, percent := strings.CutSuffix(s, "%")
	if digits == "" || len(digits) > 16 || strings.Trim(digits, "0123456789.") != "" {
		return nil, false
	}
	rate, ok := new(big.Rat).SetString(digits)
	if ok && percent {
		rate.Quo(rate, big.NewRat(100, 1))
	}
	return rate, ok
}

// Lengths of a tax number: 15 is the old one, 18 the unified social credit code
// or a person's, 20 an old one with suffix.
const taxNumberMin, taxNumberMax = 15, 20

// CheckTaxNumber checks the form of a tax number. Its check digit is left
// alone: published samples are made anonymous by changing digits. Persons have
// none.
func CheckTaxNumber(row *connector.Row, column, s string) {
	if s != "" && (len(s) < taxNumberMin || len(s) > taxNumberMax || strings.Trim(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "") {
		row.Fail(column, connector.RuleTaxNumber, fmt.Sprintf("want %d to %d digits and capital letters", taxNumberMin, taxNumberMax))
	}
}

// CheckWords holds the total against the same total in Chinese words. Words
// that are not an amount are not read, nor those of an invoice that has failed.
func CheckWords(row *connector.Row, column, words string, total int64) {
	if fen, ok := parseWords(words); ok && fen != total && !row.Failed() {
		row.Fail(column, connector.RuleTotal, fmt.Sprintf("in words it is %s, in figures %s", record.FormatFen(fen), record.FormatFen(total)))
	}
}

var (
	wordDigits = map[rune]int64{'零': 0, '壹': 1, '贰': 2, '叁': 3, '肆': 4, '伍': 5, '陆': 6, '柒': 7, '捌': 8, '玖': 9}
	wordPlaces = map[rune]int64{'拾': 10, '佰': 100, '仟': 1000}
	wordNoise  = strings.NewReplacer("(", "", ")", "", "（", "", "）", "", " ", "", "负数", "负", "元", "圆", "正", "整")
)

// parseWords reads an amount such as 壹仟零叁拾圆伍角整 as fen.
func parseWords(s string) (int64, bool) {
	s, negative := strings.CutPrefix(wordNoise.Replace(s), "负")
	whole, rest, ok := strings.Cut(strings.TrimSuffix(s, "整"), "圆")
	if !ok || whole == "" || len(whole) > 64 {
		return 0, false
	}
	yuan, ok := wholeWords(whole)
	jiao, rest, okJiao := tenth(rest, "角")
	fen, rest, okFen := tenth(rest, "分")
	if !ok || !okJiao || !okFen || rest != "" || yuan > record.AmountMax/100 {
		return 0, false
	}
	total := yuan*100 + jiao*10 + fen
	if negative {
		total = -total
	}
	return total, true
}

// wholeWords reads whole yuan: groups of four places, split by 亿 and 万.
func wholeWords(s string) (int64, bool) {
	for _, unit := range []struct {
		name  string
		value int64
	}{{"亿", 1e8}, {"万", 1e4}} {
		if i := strings.LastIndex(s, unit.name); i >= 0 {
			high, okHigh := wholeWords(s[:i])
			low, okLow := wholeWords(s[i+len(unit.name):])
			return high*unit.value + low, okHigh && okLow && high < 1e8
		}
	}
	var sum, digit int64
	for i, c := range s {
		if place, ok := wordPlaces[c]; ok {
			if i == 0 && place == 10 {
				digit = 1 // 拾圆 is ten
			}
			sum, digit = sum+digit*place, 0
		} else if digit, ok = wordDigits[c]; !ok {
			return 0, false
		}
	}
	return sum + digit, true
}

// tenth reads one digit before unit, and what follows; none is zero.
func tenth(s, unit string) (digit int64, rest string, ok bool) {
	word, after, found := strings.Cut(s, unit)
	if !found {
		return 0, s, true
	}
	word = strings.TrimPrefix(word, "零")
	if word == "" {
		return 0, after, true
	}
	for i, c := range word {
		d, known := wordDigits[c]
		return d, after, known && i == 0 && len(word) == len(string(c))
	}
	return 0, after, false
}
