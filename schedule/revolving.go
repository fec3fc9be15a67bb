package schedule

import "fmt"

// Revolving is a credit line that is drawn and repaid at will (随借随还): interest
// by the day on what is drawn, billed at the end of each period with a minimum
// payment of principal.
type Revolving struct {
	Account
	// LimitFen bounds what is drawn.
	LimitFen int64
	// MinimumPpm of the principal drawn, but at least MinimumFen, is due with each bill.
	MinimumPpm uint32
	MinimumFen int64
}

// NewRevolving opens a line.
func NewRevolving(a Account, limitFen int64, minimumPpm uint32, minimumFen int64) (Revolving, error) {
	if err := within(limitFen, 1, PrincipalFenMax, "limit"); err != nil {
		return Revolving{}, err
	}
	if minimumPpm > ppmUnit {
		return Revolving{}, fmt.Errorf("minimum of %d ppm, want at most %d", minimumPpm, ppmUnit)
	}
	if err := within(minimumFen, 0, limitFen, "minimum"); err != nil {
		return Revolving{}, err
	}
	return Revolving{Account: a, LimitFen: limitFen, MinimumPpm: minimumPpm, MinimumFen: minimumFen}, nil
}

// Draw lends more, within the limit.
func (r Revolving) Draw(on Date, fen int64) (Revolving, error) {
	if err := within(fen, 1, r.LimitFen-r.DrawnFen, "drawing"); err != nil {
		return r, err
	}
	a, err := r.Account.Draw(on, fen)
	return r.with(a), err
}

// Repay takes money at any time: billed interest first, then principal. It says
// what it took; interest that is not billed yet stays for the next bill.
func (r Revolving) Repay(on Date, availableFen int64) (Revolving, Portion, error) {
	if err := within(availableFen, 1, paymentFenMax, "payment"); err != nil {
		return r, Portion{}, err
	}
	p := Portion{InterestFen: r.InterestFen, PrincipalFen: r.DrawnFen}.first(availableFen)
	a, err := r.PayInterest(p.InterestFen)
	if err != nil {
		return r, Portion{}, err
	}
	if p.PrincipalFen > 0 {
		if a, err = a.Repay(on, p.PrincipalFen); err != nil {
			return r, Portion{}, err
		}
	}
	return r.with(a), p, nil
}

// Bill ends a period. It says what is due: all interest billed so far, and the
// minimum of the principal, rounded half up and never more than is drawn.
func (r Revolving) Bill(on Date) (Revolving, Portion, error) {
	a, _, err := r.Account.Bill(on)
	if err != nil {
		return r, Portion{}, err
	}
	part, err := mulDiv(a.DrawnFen, int64(r.MinimumPpm), ppmUnit, PartRounding)
	if err != nil {
		return r, Portion{}, err
	}
	return r.with(a), Portion{InterestFen: a.InterestFen, PrincipalFen: min(max(part, r.MinimumFen), a.DrawnFen)}, nil
}

func (r Revolving) with(a Account) Revolving {
	r.Account = a
	return r
}
