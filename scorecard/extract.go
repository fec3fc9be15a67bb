package scorecard

import "github.com/xinlian/xinlian/internal/record"

// Extraction is a feature vector with what became of the records.
type Extraction struct {
	Features []Value // in the order of Definitions
	Tally    Tally
}

// Extract computes feature set 1 for the end of asOfDay, a day number as in
// package record. The result depends only on the set of records: they are
// sorted first, and of records with equal schema and source id one is kept. It
// refuses a record that breaks its schema (ErrBook) and an as-of day outside
// the calendar (ErrAsOf). Every division rounds down.
func Extract(records []*record.Record, asOfDay int64) ([]Value, error) {
	x, err := Measure(records, asOfDay)
	return x.Features, err
}

// Measure is Extract with the tally of records used and left out.
func Measure(records []*record.Record, asOfDay int64) (Extraction, error) {
	b, err := open(records, asOfDay)
	if err != nil {
		return Extraction{}, err
	}
	features := make([]Value, featureCount)
	for i, f := range formulas {
		if v := f(b); v.Present {
			features[i] = Known(set1[i].clamp(v.Int))
		}
	}
	return Extraction{Features: features, Tally: b.tally}, nil
}

// formulas are the features of set 1 in index order.
var formulas = [featureCount]func(*book) Value{
	SalesMonthly:        salesMonthly,
	SalesTrend:          salesTrend,
	SalesVolatility:     salesVolatility,
	SalesActiveMonths:   salesActiveMonths,
	ReturnsShare:        returnsShare,
	CustomerTopShare:    customerTopShare,
	CustomerCount:       customerCount,
	CustomerRepeatShare: customerRepeatShare,
	SupplierTopShare:    supplierTopShare,
	GrossMargin:         grossMargin,
	InflowMonthly:       inflowMonthly,
	InflowAgreement:     inflowAgreement,
	CashBufferDays:      cashBufferDays,
	OverdraftDays:       overdraftDays,
	LateCollectionDays:  lateCollectionDays,
	NetCashMonthly:      netCashMonthly,
}
