package scorecard

import "github.com/xinlian/xinlian/internal/record"

// factKind is a schema that only set 2 reads.
type factKind uint8

const (
	vatReturns factKind = iota
	incomeReturns
	payrolls
	bills
	licences
	notices
	leases
	loans
	confirmations
	factKinds
)

// fact is the kind of a schema, and whether the features of the book's version
// read it. Version 2 of the licence has every field of version 1.
func (b *book) fact(s *record.Schema) (kind factKind, known bool) {
	if b.version == FeatureSet1 {
		return factKinds, false
	}
	switch s.ID {
	case record.VATReturn.ID:
		return vatReturns, s.Version == 1
	case record.IncomeTaxReturn.ID:
		return incomeReturns, s.Version == 1
	case record.PayrollSummary.ID:
		return payrolls, s.Version == 1
	case record.UtilityBill.ID:
		return bills, s.Version == 1
	case record.Licence.ID:
		return licences, s.Version == 1 || s.Version == 2
	case record.CourtNotice.ID:
		return notices, s.Version == 1
	case record.Lease.ID:
		return leases, s.Version == 1
	case record.OutsideLoan.ID:
		return loans, s.Version == 1
	case record.Confirmation.ID:
		return confirmations, s.Version == 1
	}
	return factKinds, false
}

// standing are the records of a kind that are not void. A void court notice or
// loan says that its source was asked and has nothing: the list is then empty,
// and known.
func (b *book) standing(kind factKind) (list []*record.Record, known bool) {
	for _, r := range b.facts[kind] {
		if status, _ := r.Int("status"); status != record.StatusVoid {
			list = append(list, r)
		}
	}
	return list, len(b.facts[kind]) > 0
}

// amountOf is a field's value without its sign, negative on a red record.
func amountOf(r *record.Record, field string) int64 {
	v, _ := r.Int(field)
	if status, _ := r.Int("status"); status == record.StatusRed {
		return -absolute(v)
	}
	return absolute(v)
}

// byMonth adds up an amount field of records of the window by month.
func (b *book) byMonth(list []*record.Record, amount func(*record.Record) int64) (m months) {
	for _, r := range list {
		day, _ := r.Int("date")
		m[b.month(day)] += amount(r)
	}
	return m
}

// share is part / whole in bps, held between none and all; all where the whole
// is nothing and the part is not.
func share(part, whole int64) Value {
	switch {
	case part <= 0:
		return Known(0)
	case whole <= 0:
		return Known(wholeBps)
	}
	return Known(min(ratio(part, wholeBps, whole), wholeBps))
}
