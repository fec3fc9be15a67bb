package en16931

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/internal/record"
)

// Tolerances of the official validation artefacts. Where none is named there,
// there is none here: a difference of one hundredth breaks the rule.
const (
	// taxToleranceFen is BR-CO-17's and BR-S-08's: less than one unit of the
	// currency, because sellers may round tax by line or by document.
	taxToleranceFen = 100
	// lineToleranceFen is PEPPOL-EN16931-R120's: at most 0.02.
	lineToleranceFen = 2
)

// check holds inv against the calculation rules of EN 16931-1, section 6.4.2.
// Every broken rule is told, so that an owner sees them all at once.
func check(row *connector.Row, inv *Invoice) {
	t := inv.Totals
	sums := adder{row: row, extended: inv.Profile.Extended}
	if !inv.Profile.Summary || len(inv.Lines) > 0 {
		if len(inv.Lines) == 0 {
			row.Fail("InvoiceLine", connector.RuleRequired, "the invoice has no line (BR-16)")
			return
		}
		for i, l := range inv.Lines {
			checkLine(row, i+1, l, inv.Profile)
		}
		sums.equal(connector.RuleBRCO10, t.Lines, lineNets(inv.Lines)...)
	}
	var allowances, charges []int64
	for _, a := range inv.Allowances {
		if a.Charge {
			charges = append(charges, a.Amount.Fen)
		} else {
			allowances = append(allowances, a.Amount.Fen)
		}
		checkAllowance(row, a, inv.Profile)
	}
	if !inv.Profile.Summary || len(inv.Allowances) > 0 {
		sums.equal(connector.RuleBRCO11, t.Allowances, allowances...)
		sums.equal(connector.RuleBRCO12, t.Charges, charges...)
	}
	exact := adder{row: row}
	if !inv.Profile.Summary || t.Lines.Present {
		exact.equal(connector.RuleBRCO13, t.Exclusive, t.Lines.Fen, -t.Allowances.Fen, t.Charges.Fen)
	}
	checkBreakdown(row, inv)
	exact.equal(connector.RuleBRCO15, t.Inclusive, t.Exclusive.Fen, t.Tax.Fen)
	if t.Payable.Present {
		exact.equal(connector.RuleBRCO16, t.Payable, t.Inclusive.Fen, -t.Prepaid.Fen, t.Rounding.Fen, t.ThirdParty.Fen)
	}
}

// adder compares sums. Where extended is set each summand may be off by half a
// hundredth, as the rules of Factur-X EXTENDED have it.
type adder struct {
	row      *connector.Row
	extended bool
}

func (a adder) equal(rule connector.Rule, total Amount, parts ...int64) {
	var sum int64
	for _, p := range parts {
		sum = record.AddFen(sum, p)
	}
	var tolerance int64
	if a.extended {
		tolerance = int64(len(parts))
	}
	if distance(total.Fen, sum) > tolerance {
		a.row.Fail(total.Column, rule, fmt.Sprintf("says %s, parts give %s", record.FormatFen(total.Fen), record.FormatFen(sum)))
	}
}

func lineNets(lines []Line) []int64 {
	var out []int64
	for _, l := range lines {
		if !l.Uncounted {
			out = append(out, l.Net.Fen)
		}
	}
	return out
}

// checkLine holds a line's net amount against quantity, price, allowances and
// charges, where the line has them.
//
// The rule is PEPPOL-EN16931-R120, and refuses documents that promise to keep
// Peppol's rules. EN 16931 has no such rule, and its own published examples
// break this one, so that there it is a note.
func checkLine(row *connector.Row, number int, l Line, p Profile) {
	for _, a := range l.Allowances {
		checkAllowance(row, a, p)
	}
	tell := row.Note
	if p.Peppol {
		tell = row.Fail
	}
	if l.Quantity == nil || l.Price == nil || l.Uncounted {
		return
	}
	base := l.BaseQuantity
	if base == nil {
		base = big.NewRat(1, 1)
	}
	if base.Sign() <= 0 {
		tell(l.Net.Column, connector.RuleLineNet, fmt.Sprintf("line %d: the base quantity of the price is not positive", number))
		return
	}
	want := new(big.Rat).Mul(l.Quantity, l.Price)
	want.Quo(want.Mul(want, big.NewRat(100, 1)), base)
	for _, a := range l.Allowances {
		extra := new(big.Rat).SetInt64(a.Amount.Fen)
		if a.Charge {
			want.Add(want, extra)
		} else {
			want.Sub(want, extra)
		}
	}
	if beyond(want, l.Net.Fen, lineToleranceFen) {
		tell(l.Net.Column, connector.RuleLineNet, fmt.Sprintf(
			"line %d says %s, quantity, price, allowances and charges give %s", number, record.FormatFen(l.Net.Fen), record.FormatFen(roundFen(want)),
		))
	}
}

// beyond reports whether fen is more than tolerance away from want.
func beyond(want *big.Rat, fen, tolerance int64) bool {
	off := new(big.Rat).Sub(want, new(big.Rat).SetInt64(fen))
	return off.Abs(off).Cmp(new(big.Rat).SetInt64(tolerance)) > 0
}

// checkAllowance holds an allowance or charge against its own percentage, which
// is PEPPOL-EN16931-R040: other senders write the factor in several ways.
func checkAllowance(row *connector.Row, a Allowance, p Profile) {
	if !p.Peppol || a.Percent == nil || !a.Base.Present {
		return
	}
	want := percent(a.Base.Fen, a.Percent)
	if beyond(want, a.Amount.Fen, lineToleranceFen) {
		row.Fail(a.Amount.Column, connector.RuleAllowance, fmt.Sprintf("says %s, %s percent of %s give %s",
			record.FormatFen(a.Amount.Fen), a.Percent.FloatString(2), record.FormatFen(a.Base.Fen), record.FormatFen(roundFen(want))))
	}
}

// checkBreakdown holds the VAT breakdown against total, lines and rates.
func checkBreakdown(row *connector.Row, inv *Invoice) {
	if len(inv.Breakdown) == 0 {
		if !inv.Profile.Summary && !inv.Profile.Plain {
			row.Fail(inv.Totals.Tax.Column, connector.RuleBRCO18, "there is no VAT breakdown")
		}
		return
	}
	var taxes []int64
	complete := true
	for i, b := range inv.Breakdown {
		taxes = append(taxes, b.Amount.Fen)
		if inv.Profile.Plain && (b.Category.Code == "" || !b.Taxable.Present) {
			complete = false
			continue
		}
		checkRate(row, b)
		for _, earlier := range inv.Breakdown[:i] {
			if !earlier.Category.same(b.Category) {
				continue
			}
			if complete = false; !inv.Profile.Extended { // which may exempt for two reasons
				row.Fail(b.Taxable.Column, connector.RuleVATBase, fmt.Sprintf("category %s appears twice with one rate", name(b.Category)))
			}
		}
	}
	adder{row: row}.equal(connector.RuleBRCO14, inv.Totals.Tax, taxes...)
	if complete && len(inv.Lines) > 0 {
		checkBases(row, inv)
	}
}

// checkRate is BR-CO-17 and the -09 rules of the categories without tax.
func checkRate(row *connector.Row, b Tax) {
	if !taxed(b.Category) {
		if b.Amount.Fen != 0 {
			row.Fail(b.Amount.Column, connector.RuleVATZero, fmt.Sprintf("%s: category %s carries tax of %s", rule(b.Category.Code, 9), b.Category.Code, record.FormatFen(b.Amount.Fen)))
		}
		return
	}
	want := roundFen(percent(b.Taxable.Fen, rateOf(b.Category)))
	if distance(want, b.Amount.Fen) >= taxToleranceFen || (rateOf(b.Category).Sign() == 0 && b.Amount.Fen != 0) {
		row.Fail(b.Amount.Column, connector.RuleBRCO17, fmt.Sprintf("says %s, %s of %s gives %s",
			record.FormatFen(b.Amount.Fen), name(b.Category), record.FormatFen(b.Taxable.Fen), record.FormatFen(want)))
	}
}

// checkBases are the -08 rules: each taxable amount is the sum of what has its
// category and rate; and the -01 rules: nothing is without a breakdown.
func checkBases(row *connector.Row, inv *Invoice) {
	type base struct {
		category Category
		sum      int64
	}
	complete := true
	bases := make([]base, 0, len(inv.Breakdown))
	for _, b := range inv.Breakdown {
		bases = append(bases, base{category: b.Category})
	}
	add := func(column string, c Category, fen int64) {
		if c.Code == "" {
			if complete = false; inv.Profile.Extended || inv.Profile.Plain {
				return
			}
			row.Fail(column, connector.RuleVATBase, "there is no VAT category (BR-CO-04)")
			return
		}
		for i := range bases {
			if matches(bases[i].category, c) {
				bases[i].sum = record.AddFen(bases[i].sum, fen)
				return
			}
		}
		row.Fail(column, connector.RuleVATBase, fmt.Sprintf("%s: category %s is not in the VAT breakdown", rule(c.Code, 1), name(c)))
	}
	for _, l := range inv.Lines {
		if !l.Uncounted {
			add(l.Net.Column, l.Category, l.Net.Fen)
		}
	}
	for _, a := range inv.Allowances {
		fen := a.Amount.Fen
		if !a.Charge {
			fen = -fen
		}
		add(a.Amount.Column, a.Category, fen)
	}
	if !complete {
		return
	}
	for i, b := range inv.Breakdown {
		tolerance := int64(0)
		if taxed(b.Category) {
			tolerance = taxToleranceFen - 1
		}
		if inv.Profile.Extended {
			tolerance = max(tolerance, int64(len(inv.Lines)+len(inv.Allowances)))
		}
		if distance(bases[i].sum, b.Taxable.Fen) > tolerance {
			row.Fail(b.Taxable.Column, connector.RuleVATBase, fmt.Sprintf("%s: category %s says %s, lines, charges and allowances give %s",
				rule(b.Category.Code, 8), name(b.Category), record.FormatFen(b.Taxable.Fen), record.FormatFen(bases[i].sum)))
		}
	}
}

// matches compares categories of the breakdown and of a line. Categories
// without tax have one line of the breakdown whatever rate is written.
func matches(a, b Category) bool {
	if a.Code == b.Code && !taxed(a) {
		return true
	}
	return a.same(b)
}

// taxed reports whether the category has a rate: standard, the Canary
// Islands', Ceuta's and Melilla's, and Italy's split payment.
func taxed(c Category) bool {
	switch c.Code {
	case "Z", "E", "AE", "K", "G", "O":
		return false
	}
	return true
}

// rule is the standard's name of rule n of a category.
func rule(code string, n int) string {
	switch code {
	case "K":
		code = "IC"
	case "L":
		code = "AF"
	case "M":
		code = "AG"
	}
	return fmt.Sprintf("BR-%.4s-%02d", code, n)
}

func name(c Category) string {
	if c.Rate == nil {
		return fmt.Sprintf("%.4s", c.Code)
	}
	rate := c.Rate.FloatString(4)
	return fmt.Sprintf("%.4s %s%%", c.Code, strings.TrimRight(strings.TrimRight(rate, "0"), "."))
}

// percent is rate percent of fen, exactly.
func percent(fen int64, rate *big.Rat) *big.Rat {
	out := new(big.Rat).Mul(new(big.Rat).SetInt64(fen), rate)
	return out.Quo(out, big.NewRat(100, 1))
}

// roundFen rounds half away from zero, which is what the standard's "half up"
// is on amounts without their sign.
func roundFen(v *big.Rat) int64 {
	num, den := new(big.Int).Abs(v.Num()), v.Denom()
	num.Mul(num, big.NewInt(2)).Add(num, den)
	num.Quo(num, new(big.Int).Mul(den, big.NewInt(2)))
	fen := int64(record.SumMax)
	if num.IsInt64() {
		fen = min(num.Int64(), record.SumMax)
	}
	if v.Sign() < 0 {
		fen = -fen
	}
	return fen
}

// distance is |a−b| without overflow for amounts and their sums.
func distance(a, b int64) int64 {
	d := record.AddFen(a, -b)
	return max(d, -d)
}
