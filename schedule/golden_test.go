package schedule_test

import (
	"testing"

	"github.com/xinlian/xinlian/schedule"
)

func date(text string) schedule.Date {
	d, err := schedule.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return d
}

// TestNumpyFinancial holds the table in the documentation of numpy-financial's
// ppmt: 2,500 at 8.24 % in 12 months, of which the figures are rounded to cents
// without carrying, so that ours drift from them by up to two.
func TestNumpyFinancial(t *testing.T) {
	t.Parallel()
	rows, err := schedule.Make(schedule.Terms{
		PrincipalFen: 2_500_00, RatePpm: 82_400, Method: schedule.EqualInstalment, DayCount: schedule.Thirty360,
		Start: date("2026-01-01"), Unit: schedule.Month, Periods: 12,
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][3]int64{
		{200_58, 17_17, 2299_42},
		{201_96, 15_79, 2097_46},
		{203_35, 14_40, 1894_11},
		{204_74, 13_01, 1689_37},
		{206_15, 11_60, 1483_22},
		{207_56, 10_18, 1275_66},
		{208_99, 8_76, 1066_67},
		{210_42, 7_32, 856_25},
		{211_87, 5_88, 644_38},
		{213_32, 4_42, 431_05},
		{214_79, 2_96, 216_26},
		{216_26, 1_49, 0},
	} {
		r := rows[i]
		for j, got := range []int64{r.PrincipalFen, r.InterestFen, r.BalanceFen} {
			if diff := got - want[j]; diff < -2 || diff > 2 {
				t.Errorf("row %d: %+v, want %v", i+1, r, want)
			}
		}
		if i < 11 && r.InstalmentFen() != 217_75 {
			t.Errorf("row %d: instalment %d", i+1, r.InstalmentFen())
		}
	}
}

// TestInstalments holds what textbooks and banks' calculators print: instalment
// of the first row and total interest.
func TestInstalments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		source       string
		principalFen int64
		ratePpm      uint32
		method       schedule.Method
		periods      uint32
		firstFen     int64
		interestFen  int64 // as printed, from unrounded instalments
		slackFen     int64
	}{
		{"numpy-financial, pmt", 200_000_00, 75_000, schedule.EqualInstalment, 180, 1_854_02, 133_724_45, 180},
		{"banks' calculator, 1,000,000 yuan, 30 years, 4.9 %, 等额本息", 1_000_000_00, 49_000, schedule.EqualInstalment, 360, 5_307_27, 910_616_19, 360},
		{"banks' calculator, 1,000,000 yuan, 30 years, 4.9 %, 等额本金", 1_000_000_00, 49_000, schedule.EqualPrincipal, 360, 6_861_11, 737_041_67, 180},
		{"textbook, 1,200,000 yuan, 12 months, 6 %, 等额本息", 1_200_000_00, 60_000, schedule.EqualInstalment, 12, 103_279_72, 39_356_60, 12},
		{"textbook, 1,200,000 yuan, 12 months, 6 %, 等额本金", 1_200_000_00, 60_000, schedule.EqualPrincipal, 12, 106_000_00, 39_000_00, 0},
		{"textbook, 先息后本", 1_200_000_00, 60_000, schedule.InterestOnly, 12, 6_000_00, 72_000_00, 0},
		{"textbook, 一次还本付息", 1_200_000_00, 60_000, schedule.Bullet, 12, 1_272_000_00, 72_000_00, 0},
	} {
		q, err := schedule.NewQuote(schedule.Terms{
			PrincipalFen: c.principalFen, RatePpm: c.ratePpm, Method: c.method, DayCount: schedule.Thirty360,
			Start: date("2026-01-31"), Unit: schedule.Month, Periods: c.periods,
		})
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		if got := q.Rows[0].InstalmentFen(); got != c.firstFen {
			t.Errorf("%s: first instalment %d, want %d", c.source, got, c.firstFen)
		}
		if diff := q.InterestFen - c.interestFen; diff < -c.slackFen || diff > c.slackFen || q.PrincipalFen != c.principalFen {
			t.Errorf("%s: interest %d, want %d within %d", c.source, q.InterestFen, c.interestFen, c.slackFen)
		}
		if diff := q.Cost.AprPpm - int64(c.ratePpm); c.method != schedule.Bullet && (diff < -10 || diff > 10) {
			t.Errorf("%s: APR of %d ppm without fees, want the rate", c.source, q.Cost.AprPpm)
		}
	}
}

// TestRegulationZ holds the worked examples of 12 CFR 1026, appendix J, (c)(1)
// and (c)(4): the annual percentage rate to a basis point.
func TestRegulationZ(t *testing.T) {
	t.Parallel()
	equal := func(first, n uint32, fen int64) (flows []schedule.Flow) {
		for i := range n {
			flows = append(flows, schedule.Flow{Periods: first + i, AmountFen: fen})
		}
		return flows
	}
	for _, c := range []struct {
		name   string
		stream schedule.Stream
		bps    int64
	}{
		{"(1)(i) monthly, regular", schedule.Stream{AdvanceFen: 5_000_00, OddDen: 1, Flows: equal(1, 24, 230_00), YearNum: 12, YearDen: 1}, 969},
		{"(1)(ii) monthly, long first period", schedule.Stream{AdvanceFen: 6_000_00, OddNum: 19, OddDen: 30, Flows: equal(1, 36, 200_00), YearNum: 12, YearDen: 1}, 1182},
		{"(1)(iv) quarterly", schedule.Stream{AdvanceFen: 10_000_00, OddNum: 39, OddDen: 90, Flows: equal(1, 40, 385_00), YearNum: 4, YearDen: 1}, 897},
		{"(1)(v) weekly", schedule.Stream{AdvanceFen: 500_00, OddNum: 4, OddDen: 7, Flows: equal(4, 30, 17_60), YearNum: 52, YearDen: 1}, 1496},
		{"(4)(i) one payment after 255 days", schedule.Stream{AdvanceFen: 1_000_00, OddDen: 1, Flows: equal(1, 1, 1_080_00), YearNum: 365, YearDen: 255}, 1145},
		{"(4)(ii) one payment after six months", schedule.Stream{AdvanceFen: 1_000_00, OddDen: 1, Flows: equal(1, 1, 1_044_00), YearNum: 2, YearDen: 1}, 880},
		{"(4)(iii) one payment after a year and six months", schedule.Stream{AdvanceFen: 1_000_00, OddNum: 6, OddDen: 12, Flows: equal(1, 1, 1_135_19), YearNum: 1, YearDen: 1}, 876},
		{"(4)(iv) one payment after two years", schedule.Stream{AdvanceFen: 1_000_00, OddDen: 1, Flows: equal(2, 1, 1_240_00), YearNum: 1, YearDen: 1}, 1136},
	} {
		cost, err := schedule.Yield(c.stream)
		if err != nil || schedule.Bps(cost.AprPpm) != c.bps {
			t.Errorf("%s: %d ppm, %v, want %d basis points", c.name, cost.AprPpm, err, c.bps)
		}
	}
}

// TestEffectiveRates holds the examples of Directive 98/7/EC, annex II, with
// months of equal length, that of numpy-financial's irr and that of XIRR in the
// documentation of spreadsheets.
func TestEffectiveRates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		stream schedule.Stream
		bps    int64
	}{
		{"1: 1,200 after 18 months", schedule.Stream{AdvanceFen: 1_000_00, OddDen: 1, Flows: []schedule.Flow{{18, 1_200_00}}, YearNum: 12, YearDen: 1}, 1292},
		{"2: the same with 50 of costs", schedule.Stream{AdvanceFen: 950_00, OddDen: 1, Flows: []schedule.Flow{{18, 1_200_00}}, YearNum: 12, YearDen: 1}, 1685},
		{"3: twice 600 a year", schedule.Stream{AdvanceFen: 1_000_00, OddDen: 1, Flows: []schedule.Flow{{1, 600_00}, {2, 600_00}}, YearNum: 1, YearDen: 1}, 1307},
		{"4: 272, 272 and 544", schedule.Stream{AdvanceFen: 1_000_00, OddDen: 1, Flows: []schedule.Flow{{1, 272_00}, {2, 272_00}, {4, 544_00}}, YearNum: 4, YearDen: 1}, 1319},
		{"numpy-financial: 39, 59, 55, 20", schedule.Stream{AdvanceFen: 100_00, OddDen: 1, Flows: []schedule.Flow{{1, 39_00}, {2, 59_00}, {3, 55_00}, {4, 20_00}}, YearNum: 1, YearDen: 1}, 2809},
		{"XIRR by days, as spreadsheets document it", schedule.Stream{AdvanceFen: 10_000_00, OddDen: 1, Flows: []schedule.Flow{{60, 2_750_00}, {303, 4_250_00}, {411, 3_250_00}, {456, 2_750_00}}, YearNum: 365, YearDen: 1}, 3734},
	} {
		cost, err := schedule.Yield(c.stream)
		if err != nil || schedule.Bps(cost.IrrPpm) != c.bps {
			t.Errorf("%s: %d ppm, %v, want %d basis points", c.name, cost.IrrPpm, err, c.bps)
		}
	}
}

// TestStub proves that the odd first period of a quote is measured as in the
// examples of appendix J: the dates of (1)(ii), (iv) and (v) give their rates.
func TestStub(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		start, first string
		unit         schedule.Unit
		every        uint32
		principalFen int64
		periods      uint32
		aprPpm       uint32
		count        schedule.DayCount
	}{
		{"1978-02-10", "1978-04-01", schedule.Month, 1, 6_000_00, 36, 118_200, schedule.Thirty360},
		{"1978-05-23", "1978-10-01", schedule.Month, 3, 10_000_00, 40, 89_700, schedule.Thirty360},
		{"1978-03-20", "1978-04-21", schedule.Week, 1, 500_00, 30, 149_600, schedule.Act365},
	} {
		q, err := schedule.NewQuote(schedule.Terms{
			PrincipalFen: c.principalFen, RatePpm: c.aprPpm, Method: schedule.EqualInstalment, DayCount: c.count, Start: date(c.start),
			FirstDue: date(c.first), Unit: c.unit, Every: c.every, Periods: c.periods,
		})
		if err != nil {
			t.Fatal(err)
		}
		// Simple interest over the whole first period and the actuarial method differ by little.
		if diff := q.Cost.AprPpm - int64(c.aprPpm); diff < -1_000 || diff > 1_000 {
			t.Errorf("from %s, first due on %s: APR of %d ppm at a rate of %d", c.start, c.first, q.Cost.AprPpm, c.aprPpm)
		}
	}
}

// TestDates proves the rule of months: from the first due day, never drifting.
func TestDates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		start, first string
		unit         schedule.Unit
		every        uint32
		count        schedule.DayCount
		due          []string
		days         []int64
	}{
		{"the 31st", "2026-01-31", "", schedule.Month, 1, schedule.Thirty360, []string{"2026-02-28", "2026-03-31", "2026-04-30"}, []int64{30, 30, 30}},
		{"the 31st in a leap year", "2028-01-31", "", schedule.Month, 1, schedule.Act365, []string{"2028-02-29", "2028-03-31", "2028-04-30"}, []int64{29, 31, 30}},
		{"a regular first due day", "2026-01-31", "2026-02-28", schedule.Month, 1, schedule.Act360, []string{"2026-02-28", "2026-03-31", "2026-04-30"}, []int64{28, 31, 30}},
		{"a stub", "2026-01-20", "2026-02-10", schedule.Month, 1, schedule.Thirty360, []string{"2026-02-10", "2026-03-10", "2026-04-10"}, []int64{20, 30, 30}},
		{"quarters", "2025-11-30", "", schedule.Month, 3, schedule.Thirty360, []string{"2026-02-28", "2026-05-30", "2026-08-30"}, []int64{90, 90, 90}},
		{"fortnights", "2026-01-31", "", schedule.Week, 2, schedule.Act365, []string{"2026-02-14", "2026-02-28", "2026-03-14"}, []int64{14, 14, 14}},
		{"days", "2026-02-27", "", schedule.Day, 1, schedule.Act365, []string{"2026-02-28", "2026-03-01", "2026-03-02"}, []int64{1, 1, 1}},
	} {
		terms := schedule.Terms{
			PrincipalFen: 1_000_000, RatePpm: 60_000, Method: schedule.EqualInstalment, DayCount: c.count, Start: date(c.start),
			Unit: c.unit, Every: c.every, Periods: uint32(len(c.due)),
		}
		if c.first != "" {
			terms.FirstDue = date(c.first)
		}
		list, err := terms.Dates()
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for i, p := range list {
			if p.Due != date(c.due[i]) || p.Days != c.days[i] {
				t.Errorf("%s: period %d is due on %s after %d days, want %s and %d", c.name, i+1, p.Due, p.Days, c.due[i], c.days[i])
			}
		}
	}
}

// TestRoll proves the business-day rules around the first week of October 2026:
// 1 to 7 October are free, Saturday 10 October is worked.
func TestRoll(t *testing.T) {
	t.Parallel()
	h := schedule.Holidays{On: []schedule.Date{date("2026-09-20"), date("2026-10-10")}}
	for d := date("2026-10-01"); d <= date("2026-10-07"); d++ {
		h.Off = append(h.Off, d)
	}
	for _, c := range []struct {
		day, following, modified, preceding string
	}{
		{"2026-10-01", "2026-10-08", "2026-10-08", "2026-09-30"},
		{"2026-10-10", "2026-10-10", "2026-10-10", "2026-10-10"},
		{"2026-10-11", "2026-10-12", "2026-10-12", "2026-10-10"},
		{"2026-10-31", "2026-11-02", "2026-10-30", "2026-10-30"},
		{"2026-09-20", "2026-09-20", "2026-09-20", "2026-09-20"},
	} {
		for rule, want := range []string{c.day, c.following, c.modified, c.preceding} {
			got, err := h.Roll(date(c.day), schedule.Roll(rule))
			if err != nil || got != date(want) {
				t.Errorf("%s by %s: %s, %v, want %s", c.day, schedule.Roll(rule), got, err, want)
			}
		}
	}
	for d := date("2026-10-01"); d <= date("2026-12-31"); d++ {
		h.Off = append(h.Off[:d-date("2026-10-01")], d)
	}
	h.On = nil
	if got, err := h.Roll(date("2026-11-01"), schedule.RollFollowing); err == nil {
		t.Errorf("a calendar without business days gives %s", got)
	}
}
