package boost

import (
	"errors"
	"fmt"
)

// BinsMax bounds the bins of a column, missing included.
const BinsMax = 256

// ErrData says that the data does not fit together.
var ErrData = errors.New("boost: malformed data")

// Data is binned rows with outcomes.
type Data struct {
	Bins     [][]uint8 // by column, then row; 0 is missing, the others are in the column's order
	Counts   []int     // bins of each column, missing included
	Monotone []int8    // by column: 1 where risk may only rise with the bin, -1 only fall, 0 free; nil: all free
	Bad      []bool
}

// Rows is the number of rows.
func (d Data) Rows() int { return len(d.Bad) }

func (d Data) check() error {
	if len(d.Bins) != len(d.Counts) || d.Monotone != nil && len(d.Monotone) != len(d.Bins) {
		return fmt.Errorf("%w: %d columns, %d counts, %d directions", ErrData, len(d.Bins), len(d.Counts), len(d.Monotone))
	}
	bads := 0
	for _, b := range d.Bad {
		if b {
			bads++
		}
	}
	if bads < 2 || len(d.Bad)-bads < 2 {
		return fmt.Errorf("%w: %d bad rows of %d, want two of each outcome at least", ErrData, bads, len(d.Bad))
	}
	for j, column := range d.Bins {
		if len(column) != len(d.Bad) || d.Counts[j] < 1 || d.Counts[j] > BinsMax {
			return fmt.Errorf("%w: column %d has %d rows and %d bins", ErrData, j, len(column), d.Counts[j])
		}
		for i, b := range column {
			if int(b) >= d.Counts[j] {
				return fmt.Errorf("%w: column %d, row %d: bin %d of %d", ErrData, j, i, b, d.Counts[j])
			}
		}
	}
	return nil
}

func (d Data) direction(j int) int8 {
	if d.Monotone == nil {
		return 0
	}
	return d.Monotone[j]
}
