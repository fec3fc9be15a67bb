package en16931

import (
	"math/big"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/internal/record"
)

// Amounts are rounded half away from zero, as Swiss and German calculators do,
// and a product that no amount can hold stays at the bound.
func TestRoundFen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fen  int64
		rate string
		want int64
	}{
		{9075, "6", 545}, // 5.445
		{-9075, "6", -545},
		{100, "0.5", 1},  // 0.005
		{100, "0.49", 0}, // 0.0049
		{8001, "13", 1040},
		{record.AmountMax, "99999999999999999999", record.SumMax},
		{0, "21", 0},
	} {
		rate, _ := new(big.Rat).SetString(c.rate)
		if got := roundFen(percent(c.fen, rate)); got != c.want {
			t.Errorf("%s%% of %d is %d, want %d", c.rate, c.fen, got, c.want)
		}
	}
}

// Decimals are plain: no exponent, fraction or hexadecimal reaches the fractions,
// whose size a text of one line could otherwise blow up.
func TestDecimal(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"100.", "64.", ".5", "-1", "+0.0088", "132.00000000000000000001"} {
		row := &connector.Row{}
		if v := (Reader{Row: row}).Decimal("x", s); v == nil || row.Failed() {
			t.Errorf("%q is not read", s)
		}
	}
	for _, s := range []string{"1e9999999", "1/3", "0x10", "1_000", "1,5", "--1", ".", "-", "1.2.3", " 1", "١", strings.Repeat("9", decimalBytesMax+1)} {
		row := &connector.Row{}
		if v := (Reader{Row: row}).Decimal("x", s); v != nil || !row.Failed() {
			t.Errorf("%q is read as %v", s, v)
		}
	}
}

func amount(fen int64) Amount { return Amount{Fen: fen, Column: "x", Present: true} }

func rate(s string) *big.Rat {
	v, _ := new(big.Rat).SetString(s)
	return v
}

// mixed is an invoice of a taxed line and one line of another category.
func mixed(code, percent string) *Invoice {
	other := Category{Code: code}
	if percent != "" {
		other.Rate = rate(percent)
	}
	s := Category{Code: "S", Rate: rate("25")}
	return &Invoice{
		Number: "1", TypeCode: "380", Currency: "EUR", Date: 20_000,
		Lines:     []Line{{Net: amount(10000), Category: s}, {Net: amount(5000), Category: other}},
		Breakdown: []Tax{{s, amount(10000), amount(2500)}, {other, amount(5000), amount(0)}},
		Totals:    Totals{Lines: amount(15000), Exclusive: amount(15000), Tax: amount(2500), Inclusive: amount(17500), Payable: amount(17500)},
	}
}

// Every category without tax is bound to no tax and to its exact sum, by its
// own name of the rule, whether a rate of zero is written or left out.
func TestCategories(t *testing.T) {
	t.Parallel()
	for code, name := range map[string]string{"Z": "Z", "E": "E", "AE": "AE", "K": "IC", "G": "G", "O": "O"} {
		for _, percent := range []string{"", "0", "0.00"} {
			row := &connector.Row{}
			if check(row, mixed(code, percent)); row.Failed() {
				t.Errorf("%s %q: %v", code, percent, problems(row))
			}
		}
		inv := mixed(code, "0")
		inv.Breakdown[1].Taxable.Fen++
		want(t, inv, "br-vat-08 BR-"+name+"-08")
		inv = mixed(code, "0")
		inv.Breakdown[1].Amount.Fen, inv.Totals.Tax.Fen, inv.Totals.Inclusive.Fen, inv.Totals.Payable.Fen = 1, 2501, 17501, 17501
		want(t, inv, "br-vat-09 BR-"+name+"-09")
		inv = mixed(code, "0")
		inv.Breakdown = inv.Breakdown[:1]
		want(t, inv, "br-vat-08 BR-"+name+"-01")
	}
}

// What each rule is there for is planted once.
func TestRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		edit func(*Invoice)
		want string
	}{
		{"good", func(*Invoice) {}, ""},
		{"lines", func(i *Invoice) {
			i.Totals.Lines.Fen++
			i.Totals.Charges, i.Allowances = amount(0), nil
			i.Totals.Exclusive.Fen++
		}, "br-co-10; br-co-15"},
		{"no line", func(i *Invoice) { i.Lines = nil }, "required"},
		{"no breakdown", func(i *Invoice) { i.Breakdown = nil }, "br-co-18"},
		{"category twice", func(i *Invoice) { i.Breakdown[1].Category = i.Breakdown[0].Category }, "br-co-17; br-vat-08"},
		{"two exemptions", func(i *Invoice) {
			i.Profile.Extended = true
			i.Breakdown = append(i.Breakdown[:1:1], Tax{i.Lines[1].Category, amount(2000), amount(0)}, Tax{i.Lines[1].Category, amount(3000), amount(0)})
		}, ""},
		{"line without category", func(i *Invoice) { i.Lines[1].Category = Category{} }, "br-vat-08"},
		{"a unit off in tax", func(i *Invoice) {
			i.Breakdown[0].Amount.Fen, i.Totals.Tax.Fen, i.Totals.Inclusive.Fen, i.Totals.Payable.Fen = 2600, 2600, 17600, 17600
		}, "br-co-17"},
		{"within a unit", func(i *Invoice) {
			i.Breakdown[0].Amount.Fen, i.Totals.Tax.Fen, i.Totals.Inclusive.Fen, i.Totals.Payable.Fen = 2599, 2599, 17599, 17599
		}, ""},
		{"prepaid", func(i *Invoice) { i.Totals.Prepaid = amount(500) }, "br-co-16"},
		{"prepaid and due", func(i *Invoice) { i.Totals.Prepaid, i.Totals.Payable = amount(500), amount(17000) }, ""},
		{"rounding", func(i *Invoice) { i.Totals.Rounding, i.Totals.Payable = amount(-3), amount(17497) }, ""},
		{"third party", func(i *Invoice) { i.Totals.ThirdParty, i.Totals.Payable = amount(300), amount(17800) }, ""},
		{"uncounted", func(i *Invoice) { i.Lines = append(i.Lines, Line{Net: amount(99), Uncounted: true}) }, ""},
		{"extended", func(i *Invoice) { i.Profile.Extended = true; i.Lines[0].Net.Fen += 2 }, ""},
		{"too much for extended", func(i *Invoice) { i.Profile.Extended = true; i.Lines[0].Net.Fen += 3 }, "br-co-10"},
		{"plain", func(i *Invoice) { i.Profile.Plain, i.Breakdown = true, nil }, ""},
		{"plain lines", func(i *Invoice) {
			i.Profile.Plain, i.Lines[0].Category, i.Lines[1].Category = true, Category{}, Category{}
		}, ""},
		{"summary", func(i *Invoice) { i.Profile.Summary, i.Lines, i.Breakdown, i.Totals.Lines = true, nil, nil, Amount{} }, ""},
		{"huge", func(i *Invoice) {
			for range 100 {
				i.Lines = append(i.Lines, Line{Net: amount(record.SumMax), Category: i.Lines[0].Category})
			}
		}, "br-co-10; br-vat-08"},
	} {
		inv := mixed("E", "0")
		c.edit(inv)
		row := &connector.Row{}
		check(row, inv)
		var rules []string
		for _, p := range problems(row) {
			rule, _, _ := strings.Cut(p, " ")
			rules = append(rules, rule)
		}
		if got := strings.Join(rules, "; "); got != c.want {
			t.Errorf("%s: %q, want %q: %v", c.name, got, c.want, problems(row))
		}
	}
}

// Identifiers of specifications name the profile.
func TestProfileOf(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]Profile{
		"urn:cen.eu:en16931:2017": {},
		"urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0": {Peppol: true},
		"urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0":      {},
		"urn:cen.eu:en16931:2017#compliant#urn:factur-x.eu:1p0:basic":                {},
		"urn:factur-x.eu:1p0:basicwl":                                                {Summary: true},
		"urn:factur-x.eu:1p0:minimum":                                                {Summary: true},
		"urn:zugferd.de:2p0:minimum":                                                 {Summary: true, Plain: true},
		"urn:cen.eu:en16931:2017#conformant#urn:factur-x.eu:1p0:extended":            {Extended: true},
		"urn:cen.eu:en16931:2017#conformant#urn:zugferd.de:2p0:extended":             {Extended: true},
		"":                       {Plain: true},
		"urn:oasis:ubl:anything": {Plain: true},
	} {
		if got := ProfileOf(s); got != want {
			t.Errorf("%s: %+v, want %+v", s, got, want)
		}
	}
}

func want(t *testing.T, inv *Invoice, start string) {
	t.Helper()
	row := &connector.Row{}
	check(row, inv)
	for _, p := range problems(row) {
		if strings.HasPrefix(p, start) {
			return
		}
	}
	t.Errorf("%v, want %s", problems(row), start)
}

// problems are rule and detail of what failed in row.
func problems(row *connector.Row) []string {
	var c connector.Collector
	if err := row.Emit(&c, nil); err != nil || !row.Failed() {
		return nil
	}
	var out []string
	for _, e := range c.Problems {
		out = append(out, string(e.Rule)+" "+e.Detail)
	}
	return out
}
