package schedule

// Quote is a schedule with what it sums to and costs.
type Quote struct {
	Rows []Row
	// PrincipalFen, InterestFen and FeeFen are what the rows pay in all; FeeFen
	// includes the fee that is kept back at the start.
	PrincipalFen, InterestFen, FeeFen int64
	Cost                              Cost
}

// NewQuote computes a schedule and its cost a year, fees included.
func NewQuote(t Terms) (Quote, error) {
	rows, err := Make(t)
	if err != nil {
		return Quote{}, err
	}
	q := Quote{Rows: rows, FeeFen: t.UpfrontFeeFen}
	for _, r := range rows {
		q.PrincipalFen += r.PrincipalFen
		q.InterestFen += r.InterestFen
		q.FeeFen += r.FeeFen
	}
	s, err := t.stream(rows)
	if err != nil {
		return Quote{}, err
	}
	if q.Cost, err = Yield(s); err != nil {
		return Quote{}, err
	}
	dated, err := Yield(t.dated(rows))
	q.Cost.DatedPpm = dated.IrrPpm
	return q, err
}

// dated puts the rows on their days; a unit-period is a day.
func (t Terms) dated(rows []Row) Stream {
	s := Stream{AdvanceFen: t.PrincipalFen - t.UpfrontFeeFen, OddDen: 1, YearNum: 365, YearDen: 1}
	for _, r := range rows {
		s.Flows = append(s.Flows, Flow{Periods: uint32(r.Due - t.Start), AmountFen: r.InstalmentFen()})
	}
	return s
}

// stream puts the rows into unit-periods by Regulation Z, appendix J, (b)(4) and
// (b)(5): the unit-period is the period of the terms, and what the first period
// has besides whole ones is the odd part, a month being 30 days there. A single
// payment has its whole term as unit-period when that is a year or less, and else a year.
func (t Terms) stream(rows []Row) (Stream, error) {
	s := Stream{AdvanceFen: t.PrincipalFen - t.UpfrontFeeFen, OddDen: 1}
	if len(rows) == 1 {
		return t.single(s, rows[0])
	}
	s.YearNum, s.YearDen = t.unitsInYear(t.every())
	first := uint32(1)
	if t.stub() {
		first, s.OddNum, s.OddDen = t.firstUnits()
	}
	for i, r := range rows {
		s.Flows = append(s.Flows, Flow{Periods: first + uint32(i), AmountFen: r.InstalmentFen()})
	}
	return s, nil
}

// single is the stream of one payment.
func (t Terms) single(s Stream, r Row) (Stream, error) {
	due, err := t.regular(t.Periods)
	if err != nil {
		return s, err
	}
	months := int64(due.monthIndex() - t.Start.monthIndex())
	units, year := int64(due-t.Start), int64(365)
	if t.Unit == Month && t.Start.AddMonths(int(months)) == due {
		units, year = months, 12
	}
	if units <= year {
		s.YearNum, s.YearDen = year, units
		s.Flows = []Flow{{Periods: 1, AmountFen: r.InstalmentFen()}}
		return s, nil
	}
	s.YearNum, s.YearDen = 1, 1
	s.OddNum, s.OddDen = units%year, year
	s.Flows = []Flow{{Periods: uint32(units / year), AmountFen: r.InstalmentFen()}}
	return s, nil
}

// firstUnits splits the time to the first due day into whole unit-periods,
// counted back from it, and an odd part n/d.
func (t Terms) firstUnits() (whole uint32, n, d int64) {
	days, unitDays := int64(t.FirstDue-t.Start), t.every()
	switch t.Unit {
	case Month:
		months := t.FirstDue.monthIndex() - t.Start.monthIndex()
		if t.FirstDue.AddMonths(-months) < t.Start {
			months--
		}
		const monthDays = 30
		days = int64(months)*monthDays + int64(t.FirstDue.AddMonths(-months)-t.Start)
		unitDays *= monthDays
	case Week:
		unitDays *= 7
	}
	return uint32(days / unitDays), days % unitDays, unitDays
}

func (t Terms) unitsInYear(every int64) (n, d int64) {
	switch t.Unit {
	case Month:
		return 12, every
	case Week:
		return 52, every
	default:
		return 365, every
	}
}
