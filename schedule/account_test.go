package schedule_test

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/xinlian/xinlian/schedule"
)

// exactAccount carries interest as a fraction and rounds what is billed in all.
type exactAccount struct {
	drawn, billed, paid int64
	interest            *big.Rat
	ppm                 int64
	year                int64
	today               schedule.Date
}

func (e *exactAccount) to(on schedule.Date) {
	e.interest.Add(e.interest, product(rat(e.drawn, 1), rat(int64(on-e.today), e.year), rat(e.ppm, 1_000_000)))
	e.today = on
}

// bill rounds the interest since the first day, less what was billed before.
func (e *exactAccount) bill(on schedule.Date) int64 {
	e.to(on)
	fen := nearest(new(big.Rat).Sub(e.interest, rat(e.billed, 1)))
	e.billed += fen
	return fen
}

// TestRevolvingAgainstFractions proves that random drawings, repayments, bills
// and changes of the rate of a credit line come out as in exact fractions, and
// that all bills together are the exact interest to half a fen.
func TestRevolvingAgainstFractions(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2_000) {
		r := rand.New(rand.NewPCG(seed, 1))
		count := []schedule.DayCount{schedule.Act365, schedule.Act360}[r.IntN(2)]
		on := date("2026-01-31")
		e := exactAccount{interest: new(big.Rat), ppm: r.Int64N(400_000), year: count.YearDays(), today: on}
		a, err := schedule.NewAccount(uint32(e.ppm), count, on)
		if err != nil {
			t.Fatal(err)
		}
		limit := 1 + r.Int64N(10_000_000)
		minimum := r.Int64N(limit)
		ppm := r.Int64N(300_000)
		line, err := schedule.NewRevolving(a, limit, uint32(ppm), minimum)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			on += schedule.Date(r.IntN(40))
			switch r.IntN(4) {
			case 0:
				fen := 1 + r.Int64N(limit)
				next, err := line.Draw(on, fen)
				if (err == nil) != (e.drawn+fen <= limit) {
					t.Fatalf("seed %d: drawing %d on %d of %d: %v", seed, fen, e.drawn, limit, err)
				}
				if err == nil {
					e.to(on)
					e.drawn += fen
				}
				line = next
			case 1:
				fen := 1 + r.Int64N(limit)
				next, got, err := line.Repay(on, fen)
				interest := min(fen, e.billed-e.paid)
				principal := min(fen-interest, e.drawn)
				if err != nil || got != (schedule.Portion{InterestFen: interest, PrincipalFen: principal}) {
					t.Fatalf("seed %d: repaying %d: %+v, %v, want %d and %d", seed, fen, got, err, interest, principal)
				}
				e.to(on)
				e.drawn, e.paid, line = e.drawn-principal, e.paid+interest, next
			case 2:
				next, due, err := line.Bill(on)
				e.bill(on)
				least := min(max(nearest(product(rat(e.drawn, 1), rat(ppm, 1_000_000))), minimum), e.drawn)
				if want := (schedule.Portion{InterestFen: e.billed - e.paid, PrincipalFen: least}); err != nil || due != want {
					t.Fatalf("seed %d: bill of %+v, %v, want %+v", seed, due, err, want)
				}
				line = next
			default:
				e.to(on)
				e.ppm = r.Int64N(400_000)
				if line.Account, err = line.SetRate(on, uint32(e.ppm)); err != nil {
					t.Fatal(err)
				}
			}
			if line.DrawnFen != e.drawn || line.InterestFen != e.billed-e.paid {
				t.Fatalf("seed %d: %d drawn and %d billed, want %d and %d", seed, line.DrawnFen, line.InterestFen, e.drawn, e.billed-e.paid)
			}
		}
	}
}

// TestTurnoverAgainstFractions proves that what is due out of random sales is
// the share within its bounds, interest first, and that the end takes all.
func TestTurnoverAgainstFractions(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2_000) {
		r := rand.New(rand.NewPCG(seed, 2))
		on := date("2026-02-28")
		e := exactAccount{interest: new(big.Rat), ppm: r.Int64N(400_000), year: 365, today: on, drawn: 1 + r.Int64N(10_000_000)}
		a, err := schedule.NewAccount(uint32(e.ppm), schedule.Act365, on)
		if err != nil {
			t.Fatal(err)
		}
		rule := schedule.Turnover{SharePpm: uint32(1 + r.IntN(1_000_000)), MinimumFen: r.Int64N(10_000), End: on + 300}
		if r.IntN(2) == 0 {
			rule.MaximumFen = rule.MinimumFen + 1 + r.Int64N(1_000_000)
		}
		loan, err := schedule.NewTurnover(a, e.drawn, rule)
		if err != nil {
			t.Fatal(err)
		}
		for loan.DrawnFen > 0 {
			on += schedule.Date(r.IntN(40))
			sales := r.Int64N(1_000_000)
			next, due, err := loan.Due(on, sales)
			e.bill(on)
			want := max(floor(product(rat(sales, 1), rat(int64(rule.SharePpm), 1_000_000))), rule.MinimumFen)
			if rule.MaximumFen > 0 {
				want = min(want, rule.MaximumFen)
			}
			owed := e.billed - e.paid + e.drawn
			if want = min(want, owed); on >= rule.End {
				want = owed
			}
			if err != nil || due.Total() != want || due.InterestFen != min(want, e.billed-e.paid) {
				t.Fatalf("seed %d: sales of %d make %+v due, %v, want %d in all", seed, sales, due, err, want)
			}
			if loan, err = next.Pay(on, due); err != nil {
				t.Fatal(err)
			}
			e.paid += due.InterestFen
			e.drawn -= due.PrincipalFen
		}
	}
}

// TestAccountRefusals proves that what is out of bounds changes nothing.
func TestAccountRefusals(t *testing.T) {
	t.Parallel()
	on := date("2026-01-01")
	if a, err := schedule.NewAccount(1, schedule.Thirty360, on); err == nil {
		t.Errorf("an account by months: %+v", a)
	}
	a, err := schedule.NewAccount(72_000, schedule.Act365, on)
	if err != nil {
		t.Fatal(err)
	}
	if a, err = a.Draw(on, 1_000); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"repaying more than is drawn": second(a.Repay(on, 1_001)),
		"drawing nothing":             second(a.Draw(on, 0)),
		"drawing over the bound":      second(a.Draw(on, schedule.PrincipalFenMax)),
		"yesterday":                   second(a.Draw(on-1, 1)),
		"a rate over the bound":       second(a.SetRate(on, schedule.RatePpmMax+1)),
	} {
		if err == nil {
			t.Errorf("%s is not refused", name)
		}
	}
}

func second(_ schedule.Account, err error) error { return err }
