package policy

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// rowsMax bounds a file.
const rowsMax = FirmsMax + 1

// ReadFirms reads a table with the columns firm, grade, pd_ppm and limit_fen, in any
// order and beside others. An error names the row and the column.
func ReadFirms(r io.Reader) ([]Firm, error) {
	rows, column, err := table(r, "firm", "grade", "pd_ppm", "limit_fen")
	if err != nil {
		return nil, err
	}
	var firms []Firm
	for i, row := range rows {
		pd, err := strconv.ParseUint(row[column["pd_ppm"]], 10, 32)
		if err != nil || pd > ppm {
			return nil, fmt.Errorf("%w: row %d: pd_ppm %q, want 0 to %d", ErrInput, i+2, row[column["pd_ppm"]], ppm)
		}
		limit, err := strconv.ParseInt(row[column["limit_fen"]], 10, 64)
		if err != nil || limit < 0 || limit > FenMax {
			return nil, fmt.Errorf("%w: row %d: limit_fen %q, want 0 to %d", ErrInput, i+2, row[column["limit_fen"]], int64(FenMax))
		}
		firms = append(firms, Firm{Name: row[column["firm"]], Grade: row[column["grade"]], PdPpm: uint32(pd), LimitFen: limit})
	}
	return firms, nil
}

// ReadChurn reads a table with the columns annual_rate and churn_X for each grade X:
// decimal fractions, in plain or scientific writing, taken exactly and rounded half
// up to basis points and millionths.
func ReadChurn(r io.Reader) (Churn, error) {
	rows, column, err := table(r, "annual_rate")
	if err != nil {
		return Churn{}, err
	}
	var c Churn
	for name := range column {
		if grade, ok := strings.CutPrefix(name, "churn_"); ok && grade != "" {
			c.Grades = append(c.Grades, grade)
		}
	}
	slices.Sort(c.Grades)
	for i, row := range rows {
		read := func(name string, unit int64) (uint32, error) {
			text := row[column[name]]
			n, ok := fraction(text, unit)
			if !ok {
				return 0, fmt.Errorf("%w: row %d: %s %q, want a fraction from 0 to 1", ErrInput, i+2, name, text)
			}
			return n, nil
		}
		rate, err := read("annual_rate", bps)
		if err != nil {
			return c, err
		}
		shares := make([]uint32, len(c.Grades))
		for g, grade := range c.Grades {
			if shares[g], err = read("churn_"+grade, ppm); err != nil {
				return c, err
			}
		}
		c.RatesBps, c.Ppm = append(c.RatesBps, rate), append(c.Ppm, shares)
	}
	return c, c.validate()
}

// fraction reads a number from 0 to 1 in parts of unit, rounded half up.
func fraction(text string, unit int64) (uint32, bool) {
	if len(text) == 0 || len(text) > 40 || strings.ContainsAny(text, "/_xXpP") {
		return 0, false
	}
	if _, exponent, found := strings.Cut(strings.ToLower(text), "e"); found {
		// A great exponent would be written out in full.
		if n, err := strconv.Atoi(exponent); err != nil || n < -30 || n > 30 {
			return 0, false
		}
	}
	q, ok := new(big.Rat).SetString(text)
	if !ok || q.Sign() < 0 || q.Cmp(big.NewRat(1, 1)) > 0 {
		return 0, false
	}
	n := new(big.Int).Mul(q.Num(), big.NewInt(2*unit))
	n.Add(n, q.Denom()).Quo(n, new(big.Int).Lsh(q.Denom(), 1))
	return uint32(n.Int64()), true
}

// table reads a CSV file with a first row of names, of which the wanted must be
// there, each once.
func table(r io.Reader, wanted ...string) (rows [][]string, column map[string]int, err error) {
	in := csv.NewReader(r)
	in.ReuseRecord = false
	names, err := in.Read()
	if err != nil {
		return nil, nil, fmt.Errorf("reading the row of names: %w", err)
	}
	column = map[string]int{}
	for i, name := range names {
		name = strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))
		if _, twice := column[name]; twice {
			return nil, nil, fmt.Errorf("%w: column %q is there twice", ErrInput, name)
		}
		column[name] = i
	}
	for _, name := range wanted {
		if _, ok := column[name]; !ok {
			return nil, nil, fmt.Errorf("%w: column %q is missing; the file has %s", ErrInput, name, strings.Join(names, ", "))
		}
	}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, fmt.Errorf("reading row %d: %w", len(rows)+2, err)
		}
		if rows = append(rows, row); len(rows) > rowsMax {
			return nil, nil, fmt.Errorf("%w: more than %d rows", ErrInput, rowsMax)
		}
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
	}
	if len(rows) == 0 {
		return nil, nil, fmt.Errorf("%w: no rows below the names", ErrInput)
	}
	return rows, column, nil
}
