package schedule

import "fmt"

// Turnover is a loan that is repaid by a share of attested sales: who sells much
// repays fast, who sells nothing owes the minimum. Interest is by the day on the
// principal left.
type Turnover struct {
	Account
	// SharePpm of the sales of a period is due, at least MinimumFen and at most
	// MaximumFen, which is no bound when 0; never more than is owed.
	SharePpm               uint32
	MinimumFen, MaximumFen int64
	// End is the day at which all that is left is due, whatever was sold.
	End Date
}

// NewTurnover pays a principal out on the day of the account.
func NewTurnover(a Account, principalFen int64, t Turnover) (Turnover, error) {
	if t.SharePpm == 0 || t.SharePpm > ppmUnit {
		return Turnover{}, fmt.Errorf("share of %d ppm of the sales, want 1 to %d", t.SharePpm, ppmUnit)
	}
	if err := within(t.MinimumFen, 0, PrincipalFenMax, "minimum"); err != nil {
		return Turnover{}, err
	}
	if t.MaximumFen != 0 {
		if err := within(t.MaximumFen, max(t.MinimumFen, 1), PrincipalFenMax, "maximum"); err != nil {
			return Turnover{}, err
		}
	}
	if t.End <= a.today || t.End > a.today+TermDaysMax {
		return Turnover{}, fmt.Errorf("end on %s, want a day within %d days after %s", t.End, TermDaysMax, a.today)
	}
	var err error
	t.Account, err = a.Draw(a.today, principalFen)
	return t, err
}

// Due ends a period in which salesFen were attested. It bills the interest and
// says what is due: the share of the sales, rounded down, within its bounds, put
// to interest first and then to principal. From End on it is all that is owed.
func (t Turnover) Due(on Date, salesFen int64) (Turnover, Portion, error) {
	if err := within(salesFen, 0, balanceFenMax, "sales"); err != nil {
		return t, Portion{}, err
	}
	a, _, err := t.Account.Bill(on)
	if err != nil {
		return t, Portion{}, err
	}
	due, err := mulDiv(salesFen, int64(t.SharePpm), ppmUnit, ShareRounding)
	if err != nil {
		return t, Portion{}, err
	}
	if due = max(due, t.MinimumFen); t.MaximumFen > 0 {
		due = min(due, t.MaximumFen)
	}
	owed := Portion{InterestFen: a.InterestFen, PrincipalFen: a.DrawnFen}
	if on >= t.End {
		due = owed.Total()
	}
	t.Account = a
	return t, owed.first(due), nil
}

// Pay books what was due.
func (t Turnover) Pay(on Date, p Portion) (Turnover, error) {
	a, err := t.PayInterest(p.InterestFen)
	if err == nil && p.PrincipalFen > 0 {
		a, err = a.Repay(on, p.PrincipalFen)
	}
	if err != nil {
		return t, err
	}
	t.Account = a
	return t, nil
}
