package scorecard

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xinlian/xinlian/internal/record"
)

const missing = int64(-1 << 62) // in the tables below

func show(v Value) int64 {
	if !v.Present {
		return missing
	}
	return v.Int
}

// TestWindow shows that a month counts once its last day has ended.
func TestWindow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ asOf, from, to string }{
		{"2026-07-31", "2025-08-01", "2026-07-31"},
		{"2026-07-30", "2025-07-01", "2026-06-30"},
		{"2026-08-01", "2025-08-01", "2026-07-31"},
		{"2024-02-28", "2023-02-01", "2024-01-31"},
		{"2024-02-29", "2023-03-01", "2024-02-29"},
		{"2026-01-01", "2025-01-01", "2025-12-31"},
		{"2025-12-31", "2025-01-01", "2025-12-31"},
	} {
		from, to := Window(parseDay(t, c.asOf))
		if from != parseDay(t, c.from) || to != parseDay(t, c.to) {
			t.Errorf("%s: got %s to %s", c.asOf, record.DayTime(from), record.DayTime(to))
		}
	}
}

// TestFeatures computes each feature on books small enough to check by hand.
// The window is 2025-08-01 to 2026-07-31, 365 days.
func TestFeatures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		feature int
		book    string
		want    int64
	}{
		{"no records", SalesMonthly, ``, missing},
		{"sum over twelve, rounded down", SalesMonthly, `sale 1 2025-08-01 A 1199`, 99},
		{"red letters may make it negative, rounded down", SalesMonthly, `sale 1 2025-08-01 A -1 red`, -1},
		{"red letter without a sign", SalesMonthly, "sale 1 2025-08-01 A 2400\nsale 2 2025-08-02 A 1200 red", 100},
		{"negative amount called normal", SalesMonthly, "sale 1 2025-08-01 A 2400\nsale 2 2025-08-02 A -1200", 100},
		{"void counts for nothing", SalesMonthly, "sale 1 2025-08-01 A 2400 void", 0},
		{"first and last day count", SalesMonthly, "sale 1 2025-08-01 A 1200\nsale 2 2026-07-31 A 1200", 200},
		{"days outside do not", SalesMonthly, "sale 1 2025-07-31 A 1200\nsale 2 2026-08-01 A 1200", missing},
		{"platform alone", SalesMonthly, `platform 1 2025-09-01 1200 50`, 100},
		{
			"greater of the two by month", SalesMonthly,
			"sale 1 2025-08-05 A 1200\nplatform 1 2025-08-06 600 0\nsale 2 2025-09-05 A 100\nplatform 2 2025-09-06 2400 0", 300,
		},
		{"dollars are not yuan", SalesMonthly, `sale 1 2025-08-01 A 1200 currency=USD`, missing},

		{"halved", SalesTrend, "sale 1 2026-01-31 A 200\nsale 2 2026-02-01 A 100", -5000},
		{"up a third, rounded down", SalesTrend, "sale 1 2026-01-31 A 3\nsale 2 2026-02-01 A 4", 3333},
		{"down a third, rounded down", SalesTrend, "sale 1 2026-01-31 A 3\nsale 2 2026-02-01 A 2", -3334},
		{"nothing before", SalesTrend, `sale 1 2026-02-01 A 100`, missing},
		{"held at elevenfold", SalesTrend, "sale 1 2026-01-31 A 1\nsale 2 2026-02-01 A 100", 100_000},

		{"steady", SalesVolatility, months12("sale %d %s A 700"), 0},
		{"one month only: 11 means of 1/12 and one of 11/12", SalesVolatility, `sale 1 2025-08-01 A 1200`, 18_333},
		{"nothing sold", SalesVolatility, `sale 1 2025-08-01 A 1200 void`, missing},

		{
			"two months, one of them net of a return", SalesActiveMonths,
			"sale 1 2025-08-01 A 5\nsale 2 2025-09-01 A 5\nsale 3 2025-10-01 A 5\nsale 4 2025-10-02 A -5 red", 2,
		},
		{"all", SalesActiveMonths, months12("sale %d %s A 1"), 12},
		{"void only", SalesActiveMonths, `sale 1 2025-08-01 A 5 void`, 0},
		{"none", SalesActiveMonths, `bank 1 2025-08-01 X in 5`, missing},

		{
			"red 100 and void 200 of 800 and 200", ReturnsShare,
			"sale 1 2025-08-01 A 800\nsale 2 2025-08-02 A -100 red\nsale 3 2025-08-03 B 200 void", 3000,
		},
		{"refund 30 of 70 and 30", ReturnsShare, `platform 1 2025-08-01 70 30`, 3000},
		{"returns only", ReturnsShare, `sale 1 2025-08-01 A -1 red`, 10_000},
		{"no returns", ReturnsShare, `sale 1 2025-08-01 A 1`, 0},
		{"held at all", ReturnsShare, "sale 1 2025-08-01 A 1\nsale 2 2025-08-02 A -5 red", 10_000},
		{"no sales", ReturnsShare, `purchase 1 2025-08-01 A 1`, missing},

		{"two thirds", CustomerTopShare, "sale 1 2025-08-01 A 100\nsale 2 2025-09-01 B 50\nsale 3 2025-09-02 A 0", 6666},
		{
			"a customer who returned everything is none", CustomerTopShare,
			"sale 1 2025-08-01 A 100\nsale 2 2025-09-01 B 50\nsale 3 2025-09-02 B -50 red", 10_000,
		},
		{"nobody", CustomerTopShare, `sale 1 2025-08-01 A 100 void`, missing},

		{"three, one of them void", CustomerCount, "sale 1 2025-08-01 A 1\nsale 2 2025-08-01 B 1\nsale 3 2025-08-01 C 1 void", 2},
		{"invoices without a customer", CustomerCount, `sale 3 2025-08-01 C 1 void`, 0},
		{"no invoices", CustomerCount, `platform 1 2025-08-01 70 30`, missing},

		{
			"one of three came back", CustomerRepeatShare,
			"sale 1 2025-08-01 A 1\nsale 2 2025-09-01 A 1\nsale 3 2025-08-01 B 1\nsale 4 2025-08-31 B 1\nsale 5 2025-08-01 C 1", 3333,
		},
		{"a red letter is no visit", CustomerRepeatShare, "sale 1 2025-08-01 A 5\nsale 2 2025-09-01 A -1 red", 0},
		{"nobody came", CustomerRepeatShare, ``, missing},

		{"three quarters", SupplierTopShare, "purchase 1 2025-08-01 A 300\npurchase 2 2025-08-01 B 100", 7500},
		{"sales are no purchases", SupplierTopShare, `sale 1 2025-08-01 A 300`, missing},

		{"forty percent", GrossMargin, "sale 1 2025-08-01 A 1000\npurchase 1 2025-08-01 B 700\npurchase 2 2025-08-02 B -100 red", 4000},
		{"held at minus all", GrossMargin, "sale 1 2025-08-01 A 1\npurchase 1 2025-08-01 B 700", -10_000},
		{"no purchases", GrossMargin, `sale 1 2025-08-01 A 1000`, missing},
		{"no sales", GrossMargin, `purchase 1 2025-08-01 B 700`, missing},

		{"receipts over twelve", InflowMonthly, "bank 1 2025-08-01 X in 1200\nbank 2 2025-08-02 X out 500", 100},
		{"a receipt reversed", InflowMonthly, "bank 1 2025-08-01 X in 1200\nbank 2 2025-08-02 X out 1200 red", 0},
		{
			"money that went back to its payer", InflowMonthly,
			"bank 1 2025-08-01 X in 1200 party=A\nbank 2 2025-09-02 X out 1080 party=A\nbank 3 2025-09-02 X out 900 party=B\nbank 4 2025-09-03 X in 120 party=B", 10,
		},
		{"unnamed parties are not netted", InflowMonthly, "bank 1 2025-08-01 X in 1200\nbank 2 2025-08-01 X out 1200\nbank 3 2025-08-01 X in 24 party=A", 102},
		{
			"loans and capital are no receipts", InflowMonthly,
			"bank 1 2025-08-01 X in 1200 party=A text=发放贷款\nbank 2 2025-08-01 X in 1200 text=股东投入\nbank 3 2025-08-01 X in 24 party=A text=货款", 2,
		},
		{"void movements count for nothing", InflowMonthly, "bank 1 2025-08-01 X in 1200 void", missing},
		{"balances are no movements", InflowMonthly, `balance 1 2025-08-31 X 500`, missing},

		{"1130 with tax, 904 received", InflowAgreement, "sale 1 2025-08-01 A 1000 total=1130\nbank 1 2025-08-09 X in 904", 8000},
		{"the other way round", InflowAgreement, "sale 1 2025-08-01 A 800 total=904\nbank 1 2025-08-09 X in 1130", 8000},
		{"nothing received", InflowAgreement, "sale 1 2025-08-01 A 800\nbank 1 2025-08-09 X out 1", 0},
		{"no bank", InflowAgreement, "sale 1 2025-08-01 A 800", missing},
		{"no sales records", InflowAgreement, "bank 1 2025-08-09 X in 1130", missing},

		{"half a year of payments", CashBufferDays, "balance 1 2025-08-01 X 730\nbank 1 2025-08-01 Y out 1460", 182},
		{"no payments", CashBufferDays, "balance 1 2025-08-01 X 730", missing},
		{"no balances", CashBufferDays, "bank 1 2025-08-01 X out 730", missing},
		{"in debt", CashBufferDays, "balance 1 2025-08-01 X -730\nbank 1 2025-08-01 Y out 730", -365},
		{
			"lower median of eleven zeros or more", CashBufferDays,
			"balance 1 2025-08-31 X 0\nbalance 2 2026-02-28 X 0\nbalance 3 2026-07-31 X 500\nbank 1 2026-07-31 X in 500\nbank 2 2025-08-01 Y out 100", 0,
		},

		{"never", OverdraftDays, "balance 1 2025-08-01 X 0", 0},
		{"every day from the first balance", OverdraftDays, "balance 1 2026-07-30 X -1", 2},
		{
			"movements fill the days between", OverdraftDays,
			"balance 1 2026-07-01 X 100\nbank 1 2026-07-10 X out 150\nbank 2 2026-07-20 X in 100\nbalance 2 2026-07-31 X 50", 10,
		},
		{
			"days before the first balance are rebuilt from it", OverdraftDays,
			"bank 1 2026-07-10 X out 150\nbank 2 2026-07-20 X in 200\nbalance 2 2026-07-31 X 50", 10,
		},
		{"days of two accounts count once", OverdraftDays, "balance 1 2026-07-30 X -1\nbalance 2 2026-07-29 Y -1", 3},
		{"of two balances of a day the lower", OverdraftDays, "balance 1 2026-07-31 X -1\nbalance 2 2026-07-31 X 9", 1},
		{"an account without balances is left out", OverdraftDays, "balance 1 2026-07-31 X 1\nbank 1 2025-08-01 Y out 9", 0},
		{"no balances", OverdraftDays, "bank 1 2025-08-01 Y out 9", missing},

		{
			"weighted by total", LateCollectionDays,
			"sale 1 2025-08-01 A 100 due=2025-09-01 paid=2025-09-11\nsale 2 2025-08-01 B 300 due=2025-09-01 paid=2025-08-20", 2,
		},
		{"a year at most", LateCollectionDays, "sale 1 2025-08-01 A 100 due=2025-08-01 paid=2026-07-31\nsale 2 2025-08-02 A 100 due=2024-01-01 paid=2026-07-31", 364},
		{"paid after the window", LateCollectionDays, "sale 1 2025-08-01 A 100 due=2025-09-01 paid=2026-08-01", missing},
		{"one of the days not stated", LateCollectionDays, "sale 1 2025-08-01 A 100 due=2025-09-01", missing},

		{"net of payments, rounded down", NetCashMonthly, "bank 1 2025-08-01 X in 1000\nbank 2 2025-08-02 X out 1001", -1},
		{"reversals cancel", NetCashMonthly, "bank 1 2025-08-01 X out 1200\nbank 2 2025-08-02 X in 1200 red\nbank 3 2025-08-03 X in 24", 2},
		{
			"loans and capital are no income, their service is a cost", NetCashMonthly,
			"bank 1 2025-08-01 X in 9000 text=发放贷款\nbank 2 2025-08-02 X in 600 text=增资\nbank 3 2025-08-03 X in 1200\nbank 4 2025-09-01 X out 600 text=归还贷款", 50,
		},
		{
			"a loan that was booked by mistake", NetCashMonthly,
			"bank 1 2025-08-01 X in 9000 text=发放贷款\nbank 2 2025-08-02 X out 9000 red text=冲正发放贷款\nbank 3 2025-08-03 X in 1200", 100,
		},
		{
			"dividends are added back", NetCashMonthly,
			"bank 1 2025-08-01 X in 1200\nbank 2 2025-08-02 X out 600 text=分红\nsale 1 2025-08-01 A 9000\npurchase 1 2025-08-01 B 4000", 100,
		},
		{
			"a dividend that came back", NetCashMonthly,
			"bank 1 2025-08-01 X in 1200\nbank 2 2025-08-02 X out 600 text=分红\nbank 3 2025-08-02 X in 600 red text=分红退回\nsale 1 2025-08-01 A 9000\npurchase 1 2025-08-01 B 4000", 100,
		},
		{
			"up to half of what invoices leave", NetCashMonthly,
			"bank 1 2025-08-01 X in 1200\nbank 2 2025-08-02 X out 1080 text=利润分配\nsale 1 2025-08-01 A 2440\npurchase 1 2025-08-01 B 1000", 60,
		},
		{"not without invoices", NetCashMonthly, "bank 1 2025-08-01 X in 1200\nbank 2 2025-08-02 X out 600 text=分红", 50},
		{
			"a net flow above the bound stays", NetCashMonthly,
			"bank 1 2025-08-01 X in 1200\nbank 2 2025-08-02 X out 12 text=分红\nsale 1 2025-08-01 A 24\npurchase 1 2025-08-01 B 12", 99,
		},
		{"no bank", NetCashMonthly, `sale 1 2025-08-01 A 1`, missing},
	} {
		t.Run(features1[c.feature].Name+"/"+c.name, func(t *testing.T) {
			t.Parallel()
			features, err := Extract(FeatureSet1, Input{Records: parseBook(t, c.book), AsOfDay: parseDay(t, "2026-07-31")})
			if err != nil {
				t.Fatal(err)
			}
			if got := show(features[c.feature]); got != c.want {
				t.Fatalf("got %d, want %d", got, c.want)
			}
		})
	}
}

// TestTally shows what becomes of records that do not count.
func TestTally(t *testing.T) {
	t.Parallel()
	records := parseBook(t, `
		sale 1 2025-08-01 A 100
		sale 1 2025-08-01 A 100
		sale 1 2025-08-01 A 300
		purchase 1 2025-08-01 A 100
		sale 2 2025-08-01 A 100 currency=USD
		sale 3 2025-07-31 A 100`)
	other := *record.SalesInvoice
	other.ID = "tax-return"
	foreign := record.New(&other)
	copy(foreign.Values, records[0].Values)
	x, err := Measure(FeatureSet1, Input{Records: append(records, foreign), AsOfDay: parseDay(t, "2026-07-31")})
	if err != nil {
		t.Fatal(err)
	}
	want := Tally{Used: 2, Duplicates: 2, Conflicts: 1, ForeignCurrency: 1, OutsideWindow: 1, OtherSchema: 1}
	if x.Tally != want {
		t.Fatalf("got %+v, want %+v", x.Tally, want)
	}
}

// TestExtractRefuses shows that unusable input is an error, never a wrong vector.
func TestExtractRefuses(t *testing.T) {
	t.Parallel()
	good := parseLine(t, "sale 1 2025-08-01 A 100")
	broken := record.New(record.SalesInvoice)
	latin := parseLine(t, "sale 1 2025-08-01 A 100")
	latin.Values[0].Text = "e\u0301" // not in form NFC
	for _, c := range []struct {
		name    string
		records []*record.Record
		asOf    int64
		want    error
	}{
		{"nil record", []*record.Record{good, nil}, 20_000, ErrBook},
		{"no schema", []*record.Record{{}}, 20_000, ErrBook},
		{"fields missing", []*record.Record{broken}, 20_000, record.ErrField},
		{"text not canonical", []*record.Record{latin}, 20_000, ErrBook},
		{"too many", make([]*record.Record, RecordsMax+1), 20_000, ErrBook},
		{"before the calendar", nil, record.DateMin - 1, ErrAsOf},
		{"after the calendar", nil, record.DateMax + 1, ErrAsOf},
	} {
		if _, err := Extract(FeatureSet2, Input{Records: c.records, AsOfDay: c.asOf}); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

// TestDefinitions shows that the table of each version's features is complete and
// consistent, and that set 2 keeps the numbers and meanings of set 1.
func TestDefinitions(t *testing.T) {
	t.Parallel()
	for version, count := range map[uint32]int{FeatureSet1: featureCount1, FeatureSet2: featureCount2} {
		if n := len(Definitions(version)); n != count || n > FeaturesMax {
			t.Fatalf("set %d has %d features, want %d, at most %d", version, n, count, FeaturesMax)
		}
		names := map[string]bool{}
		for i, d := range sets[version] {
			if d.Name == "" || names[d.Name] || d.ZH == "" || d.EN == "" || d.ReasonZH == "" || d.ReasonEN == "" {
				t.Errorf("feature %d: name or text missing or repeated", i)
			}
			names[d.Name] = true
			if d.Unit < Fen || d.Unit > Count || (d.Direction != HigherBetter && d.Direction != LowerBetter) {
				t.Errorf("%s: unit %d, direction %d", d.Name, d.Unit, d.Direction)
			}
			if d.Min >= d.Max || d.Min <= -FeatureBound || d.Max >= FeatureBound || d.formula == nil {
				t.Errorf("%s: bounds or formula", d.Name)
			}
			for _, id := range d.Sources {
				if _, ok := record.Latest(id); !ok {
					t.Errorf("%s: unknown source %s", d.Name, id)
				}
			}
		}
	}
	if diff := cmp.Diff(Definitions(FeatureSet1), Definitions(FeatureSet2)[:featureCount1]); diff != "" {
		t.Errorf("set 2 gives another meaning to numbers of set 1:\n%s", diff)
	}
	if Definitions(3) != nil {
		t.Error("a version that is not there has definitions")
	}
	if _, err := Extract(3, Input{AsOfDay: 20_000}); !errors.Is(err, ErrSet) {
		t.Errorf("got %v, want %v", err, ErrSet)
	}
}
