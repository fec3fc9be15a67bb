package sample

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/xinlian/xinlian/internal/record"
)

// Firm is one firm of a population: its records over two years, and whether it
// failed to pay a loan in the year after.
type Firm struct {
	Owner     Owner
	FirstDay  int64
	LastDay   int64
	Records   []*record.Record
	Indices   []Index // of its market, as they stand on its last day
	Default   bool
	RiskPPM   int64 // the probability Default was drawn with: never a feature
	Statistic Statistic
}

// Index is the value of an index of the firm's market in basis points.
type Index struct {
	ID       string
	ValueBps int64
}

// Statistic are the traits of a firm's books that its risk depends on. They are
// measured in the records, so a scorecard can find them there; how they weigh
// is the population's secret, and part of the risk is in no record at all.
type Statistic struct {
	CoverageBps      int64 // money in over money out, the owner's own left aside
	CapitalTimes     int64 // times the owner put money in
	TopCustomerBps   int64 // share of the largest customer in sales
	CustomersActive  int64 // customers invoiced in the last six months
	LateBps          int64 // share of paid invoices that were paid after they were due
	GrowthBps        int64 // second year's sales over the first's, less one
	ReturnsBps       int64 // red letters over sales
	ClosingLowMonths int64 // months that end with less than a tenth of an average month's payments

	habits habits // what its papers show
}

// Population draws n firms. Firm i of a seed is the same whatever n is. About
// one firm in ten defaults.
func Population(seed uint64, n int) iter.Seq2[int, Firm] {
	return func(yield func(int, Firm) bool) {
		for i := range n {
			if !yield(i, drawFirm(seed, uint64(i))) {
				return
			}
		}
	}
}

// populationStream keeps a population's firms apart from the books of Make.
const populationStream = 1 << 32

func drawFirm(seed, i uint64) Firm {
	r := newRandom(seed, populationStream+i)
	b := build(Options{Seed: seed, Profile: Random, EndMonth: DefaultEndMonth}, r)
	f := Firm{Owner: b.Owner, FirstDay: b.FirstDay, LastDay: b.LastDay, Records: b.Records}
	f.Records = append(f.Records, b.ledger.confirmations(b.habits, b.rest)...)
	f.Indices = b.habits.indices()
	f.Statistic = b.ledger.statistic()
	f.Statistic.habits = b.habits
	f.RiskPPM = f.Statistic.riskPPM(r)
	f.Default = r.below(1_000_000) < f.RiskPPM
	return f
}

func (l *ledger) statistic() Statistic {
	s := Statistic{}
	l.measureBank(&s)
	l.measureSales(&s)
	return s
}

func (l *ledger) measureBank(s *Statistic) {
	var in, out int64
	for _, m := range l.movements {
		switch {
		case m.other == l.ownerName() && m.fen > 0:
			s.CapitalTimes++
		case m.other == l.ownerName():
		case m.fen > 0:
			in += m.fen
		default:
			out -= m.fen
		}
	}
	s.CoverageBps = in * 10_000 / max(1, out)
	for _, fen := range l.closings {
		if fen < out/Months/10 {
			s.ClosingLowMonths++
		}
	}
}

func (l *ledger) measureSales(s *Statistic) {
	type sums struct {
		name string
		fen  int64
	}
	byCustomer := map[string]int64{}
	active := map[string]bool{}
	var year [2]int64
	var paid, late, returned, all int64
	for _, i := range l.sales {
		fen := i.total()
		switch i.status {
		case record.StatusVoid:
			continue
		case record.StatusRed:
			returned -= fen
			continue
		}
		all += fen
		byCustomer[i.other.name] += fen
		m := l.monthOf(i.date)
		year[m/12] += fen
		if m >= Months-6 {
			active[i.other.name] = true
		}
		if i.form == asTable && i.paid > 0 { // only those records say when
			paid++
			if i.paid > i.due+5 {
				late++
			}
		}
	}
	var order []sums
	for name, fen := range byCustomer {
		order = append(order, sums{name, fen})
	}
	top := slices.MaxFunc(append(order, sums{}), func(x, y sums) int { return cmp.Compare(x.fen, y.fen) })
	s.TopCustomerBps = top.fen * 10_000 / max(1, all)
	s.CustomersActive = int64(len(active))
	s.LateBps = late * 10_000 / max(1, paid)
	s.GrowthBps = year[1]*10_000/max(1, year[0]) - 10_000
	s.ReturnsBps = returned * 10_000 / max(1, all)
}

// riskPPM is the probability of default: a logistic of the statistics and of
// what no record shows, in thousandths of a logit.
func (s Statistic) riskPPM(r *random) int64 {
	clamp := func(v, lo, hi int64) int64 { return min(max(v, lo), hi) }
	logit := int64(-4500)
	logit += clamp(10_300-s.CoverageBps, -1500, 2500) * 4 / 10
	logit += clamp(s.CapitalTimes, 0, 12) * 150
	logit += clamp(s.TopCustomerBps-2500, -1500, 5000) * 2 / 10
	logit += clamp(s.LateBps-2500, -2500, 5000) * 3 / 10
	logit += clamp(-s.GrowthBps, -4000, 4000) * 3 / 10
	logit += clamp(s.ReturnsBps-150, -150, 600)
	logit += clamp(s.ClosingLowMonths, 0, 12) * 60
	logit -= clamp(s.CustomersActive-5, -4, 10) * 90
	logit += s.habits.logit()
	logit += r.between(-700, 700)
	return logistic(logit)
}

// logit is how the papers weigh, in thousandths.
func (h habits) logit() int64 {
	logit := h.taxLateBps*2/10 + h.billLateBps*15/100 + h.debtBps*3/10 + min(h.overdueDays, 60)*15 + h.cases*250
	logit += (10_000-h.declaredBps)*2/10 + h.wageSwingBps/10
	if h.severe {
		logit += 700
	}
	if h.lapsed {
		logit += 500
	}
	if h.asked {
		logit += (10_000-h.confirmedBps)*15/100 + (10_000-h.qualityBps)*5/100
	} else {
		logit += 500
	}
	logit -= min(h.ageMonths, 60)*15 + min(h.leaseMonths, 24)*8
	for _, i := range h.indices() {
		logit += (10_000 - i.ValueBps) * 2 / 10
	}
	return logit
}

// indices are those of the firm's sector and region: 10,000 is the average.
func (h habits) indices() []Index {
	return []Index{
		{"sector-" + strings.ToLower(h.sector), 8_800 + 480*int64(slices.Index(sectors, h.sector))},
		{"region-" + h.region, 9_250 + 500*int64(slices.Index(regions, h.region))},
	}
}

// logisticPPM is 1/(1+e^-x) in millionths at x = -8, -7.5 … 8.
var logisticPPM = [33]int64{
	335, 553, 911, 1501, 2473, 4070, 6693, 10987,
	17986, 29312, 47426, 75858, 119203, 182426, 268941, 377541,
	500000, 622459, 731059, 817574, 880797, 924142, 952574, 970688,
	982014, 989013, 993307, 995930, 997527, 998499, 999089, 999447,
	999665,
}

// logistic takes thousandths of a logit and interpolates.
func logistic(x int64) int64 {
	x = min(max(x, -8000), 7999) + 8000
	at, rest := x/500, x%500
	return logisticPPM[at] + (logisticPPM[at+1]-logisticPPM[at])*rest/500
}
