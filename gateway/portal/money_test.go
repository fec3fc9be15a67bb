package portal

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/xinlian/xinlian/internal/record"
)

// TestMoney proves the writing of amounts, rates and times at their edges.
func TestMoney(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ got, want string }{
		{Money(0), "¥0.00"},
		{Money(5), "¥0.05"},
		{Money(123_450), "¥1,234.50"},
		{Money(-100), "-¥1.00"},
		{Money(100_000_000_00), "¥100,000,000.00"},
		{Money(math.MinInt64), "-¥92,233,720,368,547,758.08"},
		{Percent(720), "7.20%"},
		{Percent(-5), "-0.05%"},
		{PartsPerMillion(18_254), "1.82%"},
		{Month(202501), "2025-01"},
		{Month(7), "7"},
		{Day(1_793_462_400), "2026-11-01"}, // 2026-10-31 16:00 UTC
		{Moment(0), ""},
		{DayNumber(0), "1970-01-01"},
		{Capital(100_000_00), "壹拾万元整"},
		{Capital(0), "零元整"},
		{Capital(5), "伍分"},
		{Capital(10_05), "壹拾元零伍分"},
		{Capital(10_50), "壹拾元伍角整"},
		{Capital(100_010_001_00), "壹亿零壹万零壹元整"},
		{Capital(20_000_000_00), "贰仟万元整"},
		{Capital(-1_00), "负壹元整"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
	for _, s := range []string{"", "1.005", "1,0", "abc", "1e3", "¥"} {
		if fen, err := ParseMoney(s); err == nil {
			t.Errorf("%q is read as %d fen", s, fen)
		}
	}
}

// TestMoneyReadsBack proves that what is written is read as the same amount.
func TestMoneyReadsBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		fen := rapid.Int64Range(0, record.AmountMax).Draw(t, "fen")
		if got, err := ParseMoney(Money(fen)); err != nil || got != fen {
			t.Fatalf("%s is read as %d, %v", Money(fen), got, err)
		}
		if got := readCapital(Capital(fen)); got != fen {
			t.Fatalf("%s is read as %d, want %d", Capital(fen), got, fen)
		}
	})
}

// readCapital reads an amount in words back, by the rules of the words alone.
func readCapital(s string) int64 {
	whole, small, found := strings.Cut(s, "元")
	if !found {
		whole, small = "", s
	}
	var total, group, digit int64
	for _, r := range whole {
		switch i := strings.IndexRune(string(capitalDigits), r); {
		case i >= 0:
			digit = int64(i / len("零"))
		case r == '拾':
			group, digit = group+10*digit, 0
		case r == '佰':
			group, digit = group+100*digit, 0
		case r == '仟':
			group, digit = group+1000*digit, 0
		case r == '万':
			total, group, digit = total+(group+digit)*10_000, 0, 0
		case r == '亿':
			total, group, digit = total+(group+digit)*100_000_000, 0, 0
		case r == '兆':
			total, group, digit = total+(group+digit)*1_000_000_000_000, 0, 0
		}
	}
	fen := (total + group + digit) * 100
	for _, r := range small {
		switch i := strings.IndexRune(string(capitalDigits), r); {
		case i >= 0:
			digit = int64(i / len("零"))
		case r == '角':
			fen, digit = fen+10*digit, 0
		case r == '分':
			fen, digit = fen+digit, 0
		}
	}
	return fen
}
