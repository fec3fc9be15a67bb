package schedule_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/xinlian/xinlian/schedule"
)

// TestHistoriesAgainstModel proves that random lives of random loans come out of
// the package and of the second model fen for fen and day for day: each row,
// each payment, each penalty, each refusal. HISTORIES says how many, SEED where
// they begin; a failure names the one seed that repeats it.
func TestHistoriesAgainstModel(t *testing.T) {
	t.Parallel()
	histories, seed := setting(t, "HISTORIES", 3_000), setting(t, "SEED", 1)
	workers := uint64(runtime.GOMAXPROCS(0))
	begun := time.Now()
	var group sync.WaitGroup
	var mutex sync.Mutex
	var total tally
	for w := range workers {
		group.Go(func() {
			var mine tally
			for i := w; i < histories && !t.Failed(); i += workers {
				if err := mine.history(seed + i); err != nil {
					t.Errorf("SEED=%d: %v", seed+i, err)
				}
			}
			mutex.Lock()
			defer mutex.Unlock()
			total.add(mine)
		})
	}
	group.Wait()
	t.Logf("%d histories in %s: %+v", histories, time.Since(begun).Round(time.Millisecond), total)
	if histories >= 1_000 && (total.Paid == 0 || total.Shortened == 0 || total.Reduced == 0 || total.Reset == 0 || total.Penalised == 0 || total.Closed == 0) {
		t.Error("something never happened")
	}
}

func setting(t *testing.T, name string, fallback uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return fallback
	}
	v, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

// tally counts what happened, so that a comparison of nothing is noticed.
type tally struct{ Rows, Paid, Shortened, Reduced, Reset, Penalised, Refused, Closed int }

func (c *tally) add(o tally) {
	c.Rows += o.Rows
	c.Paid += o.Paid
	c.Shortened += o.Shortened
	c.Reduced += o.Reduced
	c.Reset += o.Reset
	c.Penalised += o.Penalised
	c.Refused += o.Refused
	c.Closed += o.Closed
}

func day(t time.Time) schedule.Date {
	d, err := schedule.UnixDay(t.Unix() / 86_400)
	if err != nil {
		panic(err)
	}
	return d
}

func randomTerms(r *rand.Rand) (modelTerms, schedule.Terms) {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	m := modelTerms{
		principal: 1 + r.Int64N([]int64{1_000, 10_000_000, 1_000_000_000_000}[r.IntN(3)]),
		ppm:       r.Int64N([]int64{1, 100_000, 360_001, 10_000_001}[r.IntN(4)]),
		method:    pick("equal-instalment", "equal-instalment", "equal-principal", "interest-only", "bullet", "seasonal"),
		count:     pick("act365", "act360", "30-360"),
		unit:      pick("month", "month", "week", "day"),
		start:     time.Date(2020+r.IntN(12), time.Month(1+r.IntN(12)), 1+r.IntN(31), 0, 0, 0, 0, time.UTC),
		every:     1 + r.IntN(3), periods: 1 + r.IntN(8), resets: map[int]int64{},
	}
	if r.IntN(12) == 0 {
		m.periods = 1 + r.IntN(40)
	}
	if r.IntN(3) == 0 {
		m.firstDue = m.start.AddDate(0, 0, 1+r.IntN(100))
	}
	if r.IntN(3) == 0 {
		m.upfront, m.periodFee = r.Int64N(m.principal), r.Int64N(m.principal/50+1)
	}
	m.nominalLevel = r.IntN(5) == 0
	if m.method != "bullet" && m.method != "interest-only" && r.IntN(4) == 0 {
		m.grace, m.capitalise = r.IntN(m.periods), r.IntN(2) == 0
		m.ppm = min(m.ppm, 400_000) // a thousandfold of the largest principal is refused
	}
	if m.method == "seasonal" {
		m.weights = make([]int64, m.periods)
		for i := m.grace; i < m.periods; i++ {
			m.weights[i] = r.Int64N(4) * r.Int64N(1_000)
		}
		m.weights[m.grace+r.IntN(m.periods-m.grace)]++
	}
	if m.method != "bullet" && m.periods > 2 && r.IntN(4) == 0 {
		m.resets[2+r.IntN(m.periods-1)] = r.Int64N(400_000)
	}
	return m, m.terms()
}

// terms puts the model's terms into the package's.
func (t modelTerms) terms() schedule.Terms {
	s := schedule.Terms{
		PrincipalFen: t.principal, RatePpm: uint32(t.ppm), Start: day(t.start), Every: uint32(t.every), Periods: uint32(t.periods),
		GracePeriods: uint32(t.grace), Weights: t.weights, UpfrontFeeFen: t.upfront, PeriodFeeFen: t.periodFee,
		Method: map[string]schedule.Method{
			"equal-instalment": schedule.EqualInstalment, "equal-principal": schedule.EqualPrincipal,
			"interest-only": schedule.InterestOnly, "bullet": schedule.Bullet, "seasonal": schedule.Seasonal,
		}[t.method],
		DayCount: map[string]schedule.DayCount{"act365": schedule.Act365, "act360": schedule.Act360, "30-360": schedule.Thirty360}[t.count],
		Unit:     map[string]schedule.Unit{"month": schedule.Month, "week": schedule.Week, "day": schedule.Day}[t.unit],
	}
	if !t.firstDue.IsZero() {
		s.FirstDue = day(t.firstDue)
	}
	if t.capitalise {
		s.Grace = schedule.GraceCapitalised
	}
	if t.nominalLevel {
		s.Level = schedule.LevelOfPeriods
	}
	for n := 1; n <= t.periods; n++ {
		if ppm, ok := t.resets[n]; ok {
			s.Resets = append(s.Resets, schedule.Reset{From: uint32(n), RatePpm: uint32(ppm)})
		}
	}
	return s
}

// history lives one loan through in both and returns the first difference.
func (c *tally) history(seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 0))
	model, terms := randomTerms(r)
	m := openModel(model)
	var p schedule.Penalty
	if r.IntN(2) == 0 {
		p = schedule.Penalty{GraceDays: uint32(r.IntN(10)), RatePpm: uint32(r.IntN(400_000)), CapPpm: uint32(r.IntN(3) * r.IntN(100_000))}
		m.penaltyGrace, m.penaltyPpm, m.capPpm = int64(p.GraceDays), int64(p.RatePpm), int64(p.CapPpm)
	}
	if r.IntN(2) == 0 {
		m.feePpm = r.Int64N(50_000)
	}
	l, err := schedule.Open(terms, p, uint32(m.feePpm))
	if err != nil {
		return fmt.Errorf("%+v: %w", terms, err)
	}
	on := model.start
	for step := 0; ; step++ {
		if err := c.same(m, l, on); err != nil {
			return fmt.Errorf("%+v, %+v, fee %d, after step %d on %s: %w", terms, p, m.feePpm, step, on.Format(time.DateOnly), err)
		}
		if m.closed() || step == 12 {
			break
		}
		if on, err = c.step(r, m, l, on); err != nil {
			return fmt.Errorf("%+v, %+v, fee %d, step %d on %s: %w", terms, p, m.feePpm, step, on.Format(time.DateOnly), err)
		}
	}
	if m.closed() {
		c.Closed++
	}
	return nil
}

// step lets days pass and does one thing to both.
func (c *tally) step(r *rand.Rand, m *modelLoan, l *schedule.Loan, on time.Time) (time.Time, error) {
	running := m.rows[m.paid]
	switch r.IntN(3) {
	case 0: // to the next due day or some days over it
		if running.due.After(on) {
			on = running.due
		}
		on = on.AddDate(0, 0, r.IntN(3)*r.IntN(20))
	case 1:
		on = on.AddDate(0, 0, r.IntN(25))
	}
	row := running.principal + running.interest
	money := []int64{row, row * 3, r.Int64N(row + 2), r.Int64N(m.outstanding() + 2), 2*m.outstanding() + row}[r.IntN(5)]
	money = min(money, 1_000_000_000_000_000)
	switch r.IntN(4) {
	case 0, 1:
		return on, c.pay(m, l, on, money)
	case 2:
		return on, c.prepay(m, l, on, money, r.IntN(2) == 0)
	default:
		return on, c.reset(m, l, on, r.Int64N(300_000))
	}
}

func (c *tally) pay(m *modelLoan, l *schedule.Loan, on time.Time, money int64) error {
	want := m.pay(on, money)
	got, err := l.Pay(day(on), money)
	if err != nil || [4]int64{got.FeeFen, got.PenaltyFen, got.InterestFen, got.PrincipalFen} != want {
		return fmt.Errorf("paying %d took %+v, %w, want fee, penalty, interest and principal %v", money, got, err, want)
	}
	c.Paid += min(int(got.PrincipalFen), 1)
	c.Penalised += min(int(got.PenaltyFen), 1)
	return nil
}

func (c *tally) prepay(m *modelLoan, l *schedule.Loan, on time.Time, money int64, reduce bool) error {
	may, want := m.prepay(on, money, reduce)
	then := schedule.Shorten
	if reduce {
		then = schedule.Reduce
	}
	got, err := l.Prepay(day(on), money, then)
	if (err == nil) != may {
		return fmt.Errorf("early repayment of %d: %w, want it to succeed: %t", money, err, may)
	}
	if [3]int64{got.FeeFen, got.InterestFen, got.PrincipalFen} != want || got.PenaltyFen != 0 {
		return fmt.Errorf("early repayment of %d took %+v, want fee, interest and principal %v", money, got, want)
	}
	switch {
	case !may:
		c.Refused++
	case reduce:
		c.Reduced += min(int(got.PrincipalFen), 1)
	default:
		c.Shortened += min(int(got.PrincipalFen), 1)
	}
	return nil
}

func (c *tally) reset(m *modelLoan, l *schedule.Loan, on time.Time, ppm int64) error {
	may := m.reset(on, ppm)
	if err := l.Reset(day(on), uint32(ppm)); (err == nil) != may {
		return fmt.Errorf("new rate: %w, want it to succeed: %t", err, may)
	}
	if may {
		c.Reset++
	}
	return nil
}

// same compares all that both say of the loan.
func (c *tally) same(m *modelLoan, l *schedule.Loan, on time.Time) error {
	dues := l.Dues()
	if len(dues) != len(m.rows) || l.Closed() != m.closed() || l.OutstandingFen() != m.outstanding() {
		return fmt.Errorf("%d rows, closed %t, outstanding %d, want %d, %t, %d",
			len(dues), l.Closed(), l.OutstandingFen(), len(m.rows), m.closed(), m.outstanding())
	}
	var principal, capital int64
	for i, d := range dues {
		w := m.rows[i]
		want := schedule.Row{
			Number: uint32(w.number), Due: day(w.due), Days: w.days, PrincipalFen: w.principal, InterestFen: w.interest,
			FeeFen: w.fee, CapitalisedFen: w.capital, BalanceFen: w.balance,
		}
		if d.Row != want {
			return fmt.Errorf("row %+v, want %+v", d.Row, want)
		}
		if paid := (schedule.Portion{PrincipalFen: w.paidPrincipal, InterestFen: w.paidInterest, FeeFen: w.paidFee, PenaltyFen: w.paidP}); d.Paid != paid {
			return fmt.Errorf("row %d paid %+v, want %+v", w.number, d.Paid, paid)
		}
		penalty, err := l.PenaltyFen(i, day(on))
		if i < m.paid {
			continue // nothing accrues on a row that is paid
		}
		if want := m.penalty(w, on); err != nil || penalty != want {
			return fmt.Errorf("row %d owes penalty of %d, %w, want %d", w.number, penalty, err, want)
		}
		principal += w.principal - w.paidPrincipal
		capital += w.capital
	}
	if principal != m.outstanding()+capital {
		return errors.New("principals to come do not sum to what is outstanding")
	}
	c.Rows += len(dues)
	return nil
}
