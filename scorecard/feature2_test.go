package scorecard

import (
	"slices"
	"testing"
)

// TestFeatures2 computes each feature that set 2 has beside set 1 on books small
// enough to check by hand. The window is 2025-08-01 to 2026-07-31, 365 days; the
// year before it is history.
func TestFeatures2(t *testing.T) {
	t.Parallel()
	const (
		loan = "outside-loan 1 2026-07-31 9000 outstanding=6000 due=2027-01-31 "
	)
	market := Market{{BaseRateIndex, 315}, {"sector-c13", 9_800}, {"region-990100", 10_050}}
	for _, c := range []struct {
		name    string
		feature int
		book    string
		want    int64
	}{
		{"three months over three, rounded down", SalesRecentMonthly, "sale 1 2026-04-30 A 900\nsale 2 2026-05-01 A 100\nsale 3 2026-07-31 A 100", 66},
		{"returns may make it negative", SalesRecentMonthly, "sale 1 2026-07-31 A -1 red", -1},
		{"no sales record", SalesRecentMonthly, "sale 1 2024-09-01 A 900", missing},

		{"two years over 24", SalesHistoryMonthly, "sale 1 2024-08-01 A 1200\nsale 2 2026-07-31 A 1200", 100},
		{"the day before them does not count", SalesHistoryMonthly, "sale 1 2024-07-31 A 1200", missing},
		{"greater of the two by month of either year", SalesHistoryMonthly, "sale 1 2024-08-01 A 1200\nplatform 1 2024-08-01 2400 0", 100},

		{"same months a year before", SalesYearGrowth, "sale 1 2025-02-01 A 200\nsale 2 2025-08-01 A 9000\nsale 3 2026-02-01 A 300", 5_000},
		{"a season is no growth", SalesYearGrowth, "sale 1 2025-07-10 A 700\nsale 2 2025-09-10 A 1\nsale 3 2026-07-10 A 700", 0},
		{"nothing a year before", SalesYearGrowth, "sale 3 2026-02-01 A 300", missing},

		{"thirty days", SalesIdleDays, "sale 1 2026-07-01 A 5\nsale 2 2026-07-20 A -5 red\nsale 3 2026-07-21 A 5 void", 30},
		{"a platform's last day", SalesIdleDays, "sale 1 2026-07-01 A 5\nplatform 1 2026-07-31 5 0", 0},
		{"nothing sold", SalesIdleDays, "sale 1 2026-07-01 A 5 void", missing},

		{"normal ones only", SaleCount, "sale 1 2026-07-01 A 5\nsale 2 2026-07-20 A -5 red\nsale 3 2026-07-21 A 5 void", 1},
		{"no invoice", SaleCount, "platform 1 2026-07-31 5 0", missing},

		{"one void of three", VoidShare, "sale 1 2026-07-01 A 5\nsale 2 2026-07-20 A -5 red\nsale 3 2026-07-21 A 5 void\nsale 4 2026-07-21 A 5", 3_333},
		{"void only", VoidShare, "sale 3 2026-07-21 A 5 void", 10_000},

		{"a quarter came back", RedShare, "sale 1 2026-07-01 A 400\nsale 2 2026-07-20 A -100 red\nsale 3 2026-07-21 A 900 void", 2_500},
		{"more than was sold", RedShare, "sale 1 2026-07-01 A 4\nsale 2 2026-07-20 A -100 red", 10_000},
		{"only returns", RedShare, "sale 2 2026-07-20 A -100 red", 10_000},

		{"net of returns", PurchasesMonthly, "purchase 1 2026-07-01 A 1300\npurchase 2 2026-07-02 A -100 red\npurchase 3 2026-07-02 A 50 void", 100},
		{"none", PurchasesMonthly, "sale 1 2026-07-01 A 1300", missing},

		{"halves: a quarter and a quarter", CustomerConcentration, "sale 1 2026-07-01 A 50\nsale 2 2026-07-01 B 50", 5_000},
		{"each share and square rounded down", CustomerConcentration, "sale 1 2026-07-01 A 1\nsale 2 2026-07-01 B 1\nsale 3 2026-07-01 C 1", 3_330},
		{"one", SupplierConcentration, "purchase 1 2026-07-01 A 50", 10_000},
		{"nobody", SupplierConcentration, "sale 1 2026-07-01 A 50", missing},

		{"weighted: 24 months of a third, one of two thirds", CustomerTenure, "sale 1 2024-08-05 A 9\nsale 2 2026-07-01 A 100\nsale 3 2026-07-01 B 200", 8},
		{"a void invoice is no meeting", CustomerTenure, "sale 1 2024-08-05 A 9 void\nsale 2 2026-07-01 A 100", 1},
		{"who no longer buys does not count", CustomerTenure, "sale 1 2024-08-05 A 9", missing},
		{"suppliers alike", SupplierTenure, "purchase 1 2025-07-05 A 9\npurchase 2 2026-07-01 A 100", 13},

		{"one of two stayed", CustomerRenewal, "sale 1 2024-08-05 A 9\nsale 2 2024-08-05 B 9\nsale 3 2026-07-01 B 5\nsale 4 2026-07-01 C 5", 5_000},
		{"who returned everything was none", CustomerRenewal, "sale 1 2024-08-05 A 9\nsale 2 2024-09-05 A -9 red\nsale 4 2026-07-01 C 5", missing},
		{"nobody stayed", SupplierRenewal, "purchase 1 2024-08-05 A 9", 0},
		{"two", SupplierCount, "purchase 1 2026-07-01 A 9\npurchase 2 2026-07-01 B 9\npurchase 3 2026-07-01 C 9 void", 2},

		{"halved", InflowTrend, "bank 1 2026-01-31 X in 200\nbank 2 2026-02-01 X in 100", -5_000},
		{"a circle within a month is no inflow", InflowTrend, "bank 1 2026-01-31 X in 200 party=A\nbank 2 2026-02-01 X in 900 party=B\nbank 3 2026-02-05 X out 800 party=B", -5_000},
		{"loans are no inflow", InflowTrend, "bank 1 2026-01-31 X in 200\nbank 2 2026-02-01 X in 900 text=贷款", -10_000},
		{"one month only", InflowVolatility, "bank 1 2026-01-31 X in 1200", 18_333},
		{"steady", InflowVolatility, months12("bank %d %s X in 700"), 0},

		{"below a week's payments on two evenings", CashLowDays, "balance 1 2026-07-30 X 6\nbalance 2 2026-07-29 X 7\nbank 1 2025-08-01 Y out 365", 2},
		{"no payments", CashLowDays, "balance 1 2026-07-30 X 6", missing},
		{"loans of one day count once", FundingTimes, "bank 1 2026-01-31 X in 9 text=贷款\nbank 2 2026-01-31 X in 9 text=股东投入\nbank 3 2026-02-01 X in 9 text=增资\nbank 4 2026-02-02 X in 9", 2},
		{"never", FundingTimes, "bank 4 2026-02-02 X in 9", 0},
		{"no bank", FundingTimes, "sale 1 2026-07-01 A 50", missing},

		{"weighted by total", CollectionDays, "sale 1 2025-08-01 A 100 paid=2025-08-11\nsale 2 2025-08-01 B 300 paid=2025-08-01", 2},
		{"paid after the window", CollectionDays, "sale 1 2025-08-01 A 100 paid=2026-08-11", missing},

		{"a tenth of what comes in", DebtServiceShare, "bank 1 2026-01-31 X in 12000\n" + loan + "instalment=100", 1_000},
		{"no instalment stated: six months are left", DebtServiceShare, "bank 1 2026-01-31 X in 120000\n" + loan, 1_000},
		{"the bureau was asked and has none", DebtServiceShare, "bank 1 2026-01-31 X in 12000\n" + loan + "void", 0},
		{"nobody was asked", DebtServiceShare, "bank 1 2026-01-31 X in 12000", missing},
		{"nothing came in", DebtServiceShare, loan, missing},
		{"half a year's sales", DebtShare, "sale 1 2026-07-01 A 12000\n" + loan, 5_000},
		{"paid back", DebtShare, "sale 1 2026-07-01 A 12000\noutside-loan 1 2026-07-31 9000 outstanding=0", 0},
		{"the worst", DebtOverdueDays, loan + "overdue_days=9\noutside-loan 2 2026-07-31 9000 outstanding=1 overdue_days=4", 9},
		{"of a loan that is paid back", DebtOverdueDays, "outside-loan 2 2026-07-31 9000 outstanding=0 overdue_days=4", 0},

		{"one filed, one paid late, of four", TaxLateShare, "vat-return 1 2025-08-31 100 filed=2025-09-16 due=2025-09-15\nvat-return 2 2025-09-30 100 filed=2025-10-10 due=2025-10-15 paid=2025-10-16\n" +
			"vat-return 3 2025-10-31 100 filed=2025-11-15 due=2025-11-15\nincome-tax-return 4 2025-12-31 100 filed=2026-01-15 due=2026-05-31\nvat-return 5 2025-11-30 100 filed=2026-11-15", 5_000},
		{"no due day", TaxLateShare, "vat-return 1 2025-08-31 100", missing},
		{"a return of the year before", TaxLateShare, "income-tax-return 1 2025-07-31 100 filed=2025-09-16 due=2025-09-15", missing},
		{"twenty of two hundred", TaxArrearsShare, "vat-return 1 2025-08-31 100 arrears=20\nvat-return 2 2025-09-30 100 arrears=0\nvat-return 3 2025-10-31 100", 1_000},
		{"none stated", TaxArrearsShare, "vat-return 3 2025-10-31 100", missing},
		{"arrears of nothing due", TaxArrearsShare, "vat-return 3 2025-10-31 0 arrears=1", 10_000},

		{
			"months without a return do not count", TaxSalesAgreement,
			"sale 1 2025-08-09 A 1000\nsale 2 2025-09-09 A 5000\nvat-return 1 2025-08-31 1 period_from=2025-08-01 sales=800", 8_000,
		},
		{"a correction", TaxSalesAgreement, "sale 1 2025-08-09 A 1000\nvat-return 1 2025-08-31 1 sales=1100\nvat-return 2 2025-08-31 1 red sales=100", 10_000},
		{"declared nothing", TaxSalesAgreement, "sale 1 2025-08-09 A 1000\nvat-return 1 2025-08-31 0", 0},
		{"no returns", TaxSalesAgreement, "sale 1 2025-08-09 A 1000", missing},
		{"a period that began before the window", TaxSalesAgreement, "sale 1 2025-08-09 A 1000\nvat-return 1 2025-08-31 0 period_from=2025-06-01", missing},

		{"the latest, of equal periods the one filed last", ProfitMargin, "income-tax-return 1 2024-12-31 1 revenue=100 profit=90\nincome-tax-return 2 2025-12-31 1 revenue=100 profit=20 filed=2026-02-01\nincome-tax-return 3 2025-12-31 1 revenue=100 profit=-7 filed=2026-03-01", -700},
		{"no revenue", ProfitMargin, "income-tax-return 1 2025-12-31 1 profit=90", missing},

		{"steady", WageVolatility, months12("payroll-summary %d %s 700"), 0},
		{"one month only", WageVolatility, "payroll-summary 1 2025-08-31 1200", 18_333},
		{"one of two late", UtilityLateShare, "utility-bill 1 2025-08-31 5 due=2025-09-15 paid=2025-09-16\nutility-bill 2 2025-09-30 5 due=2025-10-15 paid=2025-10-15\nutility-bill 3 2025-10-30 5 due=2025-11-15", 5_000},
		{"no days", UtilityLateShare, "utility-bill 1 2025-08-31 5", missing},

		{"whole months since it is valid", BusinessAge, "licence 1 2026-01-15 0 valid_from=2024-07-02", 24},
		{"from the first of a month", BusinessAge, "licence 1 2026-01-15 0 valid_from=2024-08-01", 24},
		{"issued where it does not say", BusinessAge, "licence 1 2026-07-02 0", 0},
		{"a permit is no business", BusinessAge, "licence 1 2024-01-15 0 kind=permit", missing},
		{"revoked", BusinessAge, "licence 1 2024-01-15 0 void", missing},
		{"one ran out, one was revoked", LicencesLapsed, "licence 1 2024-01-15 0 valid_to=2026-07-30\nlicence 2 2024-01-15 0 valid_to=2026-07-31\nlicence 3 2024-01-15 0 void\nlicence 4 2024-01-15 0", 2},
		{"no licences", LicencesLapsed, "", missing},
		{"five months", LeaseMonthsLeft, "lease 1 2024-01-15 5 valid_to=2026-12-31\nlease 2 2024-01-15 5 valid_to=2026-09-30", 5},
		{"over", LeaseMonthsLeft, "lease 1 2024-01-15 5 valid_to=2026-05-31", 0},
		{"as a landlord", LeaseMonthsLeft, "lease 1 2024-01-15 5 valid_to=2026-12-31 role=landlord", missing},

		{
			"open claims against the firm", CourtOpenShare,
			"sale 1 2026-07-01 A 1000\ncourt-notice 1 2020-01-15 50 role=defendant\ncourt-notice 2 2026-01-15 30 role=defendant state=closed closed=2026-08-01\n" +
				"court-notice 3 2026-01-15 70 role=defendant state=closed\ncourt-notice 4 2026-01-15 90", 800,
		},
		{"the register has nothing", CourtOpenShare, "sale 1 2026-07-01 A 1000\ncourt-notice 1 2026-01-15 0 void", 0},
		{"the register was not asked", CourtOpenShare, "sale 1 2026-07-01 A 1000", missing},
		{
			"severe and of two years, or open", CourtSevereCount,
			"court-notice 1 2026-01-15 5 role=defendant kind=enforcement state=closed\ncourt-notice 2 2020-01-15 5 role=defendant kind=dishonest\n" +
				"court-notice 3 2020-01-15 5 role=defendant kind=penalty state=closed\ncourt-notice 4 2026-01-15 5 role=defendant kind=judgment", 2,
		},

		{
			"half, each at most its invoice", ConfirmedShare,
			"sale 1 2026-07-01 A 100\nsale 2 2026-07-01 B 100\nconfirmation 1 2026-07-01 900\nconfirmation 9 2026-07-01 900", 5_000,
		},
		{
			"denied, void and of purchases", ConfirmedShare,
			"sale 1 2026-07-01 A 100\nsale 2 2026-07-01 B 100\nsale 3 2026-07-01 B 100\nconfirmation 1 2026-07-01 100 answer=denied\nconfirmation 2 2026-07-01 100 void\nconfirmation 3 2026-07-01 100 direction=out", 0,
		},
		{"of a void invoice", ConfirmedShare, "sale 1 2026-07-01 A 100 void\nsale 2 2026-07-01 B 100\nconfirmation 1 2026-07-01 100", 0},
		{"nobody was asked", ConfirmedShare, "sale 1 2026-07-01 A 100", missing},
		{"weighted by amount", ConfirmedQuality, "sale 1 2026-07-01 A 100\nsale 2 2026-07-01 B 300\nconfirmation 1 2026-07-01 100 quality=9000\nconfirmation 2 2026-07-01 300 quality=5000", 6_000},
		{"nothing confirmed", ConfirmedQuality, "confirmation 1 2026-07-01 100 quality=9000", missing},
		{
			"two of the network", NetworkPartners,
			"confirmation 1 2026-07-01 1 counterparty=A\nconfirmation 2 2026-07-02 1 counterparty=A\nconfirmation 3 2026-07-02 1 counterparty=B direction=out\n" +
				"confirmation 4 2026-07-02 1 counterparty=C member=no\nconfirmation 5 2026-07-02 1 counterparty=D answer=denied\nconfirmation 6 2025-07-02 1 counterparty=E", 2,
		},

		{"of the newest business licence", MarketSector, "licence 1 2026-01-15 0 sector=F51\nlicence 2 2026-01-16 0 sector=C13\nlicence 3 2026-01-17 0 kind=permit sector=F51", 9_800},
		{"an index that does not live", MarketSector, "licence 1 2026-01-15 0 sector=F51", missing},
		{"a code of odd letters", MarketSector, "licence 1 2026-01-15 0 sector=制造", missing},
		{"no licence", MarketRegion, "", missing},
		{"of the region", MarketRegion, "licence 1 2026-01-15 0 region=990100", 10_050},
		{"the market's", MarketBaseRate, "", 315},
	} {
		t.Run(sets[FeatureSet2][c.feature].Name+"/"+c.name, func(t *testing.T) {
			t.Parallel()
			features, err := Extract(FeatureSet2, Input{Records: parseBook(t, c.book), AsOfDay: parseDay(t, "2026-07-31"), Market: market})
			if err != nil {
				t.Fatal(err)
			}
			if got := show(features[c.feature]); got != c.want {
				t.Fatalf("got %d, want %d", got, c.want)
			}
		})
	}
}

// TestSetsAgree shows that set 2 gives the features of set 1 the same values on
// books without history, and that history and facts do not reach them.
func TestSetsAgree(t *testing.T) {
	t.Parallel()
	book := `
		sale 1 2025-09-01 A 1000 total=1130 due=2025-10-01 paid=2025-10-05
		sale 2 2026-03-01 B 500
		purchase 3 2026-03-02 C 400
		bank 1 2025-10-05 X in 1130 party=A
		bank 2 2026-03-09 X out 452 party=C
		balance 1 2026-03-31 X 900
		platform 1 2026-04-01 70 30
		sale 4 2024-09-01 A 777
		vat-return 1 2025-08-31 100
		court-notice 1 2026-01-15 50 role=defendant`
	in := Input{Records: parseBook(t, book), AsOfDay: parseDay(t, "2026-07-31")}
	one, err := Extract(FeatureSet1, in)
	if err != nil {
		t.Fatal(err)
	}
	two, err := Extract(FeatureSet2, in)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(one, two[:featureCount1]) {
		t.Errorf("got %v, want %v", two[:featureCount1], one)
	}
}

// TestIndices shows which indices a version looks at.
func TestIndices(t *testing.T) {
	t.Parallel()
	records := parseBook(t, "licence 1 2026-01-15 0 sector=C13 region=990100\nlicence 2 2026-07-31 0 sector=a-b")
	for _, c := range []struct {
		version uint32
		asOf    string
		want    []string
	}{
		{FeatureSet1, "2026-06-30", nil},
		{FeatureSet2, "2026-06-30", []string{"cny-base", "sector-c13", "region-990100"}},
		{FeatureSet2, "2026-07-31", []string{"cny-base", "region-990100"}},
		{FeatureSet2, "2025-06-30", []string{"cny-base"}},
	} {
		got, err := Indices(c.version, records, parseDay(t, c.asOf))
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("set %d as of %s: got %v (%v), want %v", c.version, c.asOf, got, err, c.want)
		}
	}
	if _, err := Indices(FeatureSet2, append(records, nil), 20_000); err == nil {
		t.Error("a book that cannot be opened has indices")
	}
}
