package schedule

// Elapsed splits a period at a day of early repayment. Interest of a period is
// spread evenly over its calendar days, whatever the day count.
type Elapsed struct {
	// Gone of Open days have passed since interest was last settled.
	Gone, Open int64
	// Rest of Length days of the whole period are still to come.
	Rest, Length int64
}

// Part splits a period of length days, open of which bear interest that is not
// settled, after gone of these. Numbers out of order are brought into it: a
// period without days counts as one that is over.
func Part(gone, open, length int64) Elapsed {
	open = max(open, 0)
	gone = min(max(gone, 0), open)
	return Elapsed{Gone: gone, Open: open, Rest: open - gone, Length: max(length, 1)}
}

// AccruedFen is the part of the period's unpaid interest that belongs to the
// days gone. In a period without days left all of it does.
func (e Elapsed) AccruedFen(unpaidFen int64) (int64, error) {
	if e.Open == 0 {
		return unpaidFen, nil
	}
	return mulDiv(unpaidFen, e.Gone, e.Open, InterestRounding)
}

// Affordable splits money into the most principal that it repays together with
// the fee on it, which is feePpm of the principal.
func Affordable(availableFen, outstandingFen int64, feePpm uint32) (principalFen, feeFen int64, err error) {
	if availableFen <= 0 {
		return 0, 0, nil
	}
	if principalFen, err = mulDiv(availableFen, ppmUnit, ppmUnit+int64(feePpm), Down); err != nil {
		return 0, 0, err
	}
	// The rounding of the fee moves the answer by at most a fen either way.
	for principalFen = min(principalFen+1, outstandingFen); principalFen > 0; principalFen-- {
		if feeFen, err = mulDiv(principalFen, int64(feePpm), ppmUnit, FeeRounding); err != nil {
			return 0, 0, err
		}
		if principalFen+feeFen <= availableFen {
			return principalFen, feeFen, nil
		}
	}
	return 0, 0, nil
}
