package record_test

import (
	"errors"
	"math"
	"testing"

	"github.com/xinlian/xinlian/internal/record"
)

// An amount is read exactly or refused for its reason, never rounded.
func TestParseFen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		want int64
		err  error
	}{
		{"0", 0, nil},
		{"1234.5", 123450, nil},
		{"-0.01", -1, nil},
		{"+7", 700, nil},
		{".5", 50, nil},
		{"5.", 500, nil},
		{"18.15000", 1815, nil},
		{"000000000000000000000000012.30", 1230, nil},
		{"100000000000.00", record.AmountMax, nil},
		{"100000000000.01", 0, record.ErrMoneyRange},
		{"99999999999999999999999999", 0, record.ErrMoneyRange},
		{"0.001", 0, record.ErrMoneyPrecision},
		{"18.15001", 0, record.ErrMoneyPrecision},
		{"", 0, record.ErrMoneySyntax},
		{".", 0, record.ErrMoneySyntax},
		{"-", 0, record.ErrMoneySyntax},
		{"--1", 0, record.ErrMoneySyntax},
		{"1.2.3", 0, record.ErrMoneySyntax},
		{"1e5", 0, record.ErrMoneySyntax},
		{"1,234.50", 0, record.ErrMoneySyntax},
		{" 1", 0, record.ErrMoneySyntax},
		{"１２", 0, record.ErrMoneySyntax},
		{"¥5", 0, record.ErrMoneySyntax},
	} {
		got, err := record.ParseFen(c.in)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("ParseFen(%q) = %d, %v; want %d, %v", c.in, got, err, c.want, c.err)
		}
	}
}

// Commas are taken only where they group by three.
func TestParseFenGrouped(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int64{"1,234.50": 123450, "-12,345,678": -1234567800, "7.1": 710} {
		if got, err := record.ParseFenGrouped(in); err != nil || got != want {
			t.Errorf("%q = %d, %v; want %d", in, got, err, want)
		}
	}
	for _, in := range []string{"1,23.50", ",123", "1234,567", "1,,234", "1.234,50", "1,2３4", "1,234.5,6", "1,+23"} {
		if got, err := record.ParseFenGrouped(in); err == nil {
			t.Errorf("%q was taken as %d", in, got)
		}
	}
}

// A sum of outside amounts never wraps round.
func TestAddFen(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]int64{
		{1, 2, 3},
		{-5, 2, -3},
		{record.SumMax, 1, record.SumMax},
		{-record.SumMax, -1, -record.SumMax},
		{record.SumMax, -1, record.SumMax - 1},
		{math.MaxInt64, math.MaxInt64, record.SumMax},
		{math.MinInt64, math.MinInt64, -record.SumMax},
		{math.MinInt64, math.MaxInt64, 0},
	} {
		if got := record.AddFen(c[0], c[1]); got != c[2] {
			t.Errorf("%d + %d = %d, want %d", c[0], c[1], got, c[2])
		}
	}
}

// Every amount that can be written is read back as itself.
func FuzzFenRoundTrip(f *testing.F) {
	for _, fen := range []int64{0, 1, -1, 99, 100, -12345, record.AmountMax, math.MinInt64, math.MaxInt64} {
		f.Add(fen)
	}
	f.Fuzz(func(t *testing.T, fen int64) {
		s := record.FormatFen(fen)
		got, err := record.ParseFen(s)
		if fen > record.AmountMax || fen < -record.AmountMax {
			if !errors.Is(err, record.ErrMoneyRange) {
				t.Fatalf("%s: %v, want ErrMoneyRange", s, err)
			}
			return
		}
		if err != nil || got != fen {
			t.Fatalf("%d wrote %s, read %d, %v", fen, s, got, err)
		}
	})
}
