package portal

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/xinlian/xinlian/internal/record"
)

// shanghai is fixed: China has one time all year, and a page must not depend on
// the machine's zone data.
var shanghai = time.FixedZone("Asia/Shanghai", 8*3600)

// Money writes fen as ¥1,234.50.
func Money(fen int64) string {
	u, sign := uint64(fen), ""
	if fen < 0 {
		u, sign = -u, "-"
	}
	return sign + "¥" + grouped(u/100) + "." + twoDigits(u%100)
}

func grouped(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func twoDigits(n uint64) string {
	if n < 10 {
		return "0" + strconv.FormatUint(n, 10)
	}
	return strconv.FormatUint(n, 10)
}

// Percent writes basis points as 7.20%.
func Percent(bps int64) string {
	u, sign := uint64(bps), ""
	if bps < 0 {
		u, sign = -u, "-"
	}
	return sign + strconv.FormatUint(u/100, 10) + "." + twoDigits(u%100) + "%"
}

// PartsPerMillion writes millionths as 1.82%.
func PartsPerMillion(ppm uint32) string { return Percent(int64(ppm) / 100) }

// Day writes a time's day in Shanghai; nothing for 0.
func Day(unix int64) string {
	if unix == 0 {
		return ""
	}
	return time.Unix(unix, 0).In(shanghai).Format("2006-01-02")
}

// Moment writes a time in Shanghai to the second; nothing for 0.
func Moment(unix int64) string {
	if unix == 0 {
		return ""
	}
	return time.Unix(unix, 0).In(shanghai).Format("2006-01-02 15:04:05")
}

// DayNumber writes a day counted from 1970-01-01.
func DayNumber(day int64) string { return record.DayTime(day).Format("2006-01-02") }

// Month writes yyyymm as 2025-01.
func Month(m uint32) string {
	s := strconv.FormatUint(uint64(m), 10)
	if len(s) != 6 {
		return s
	}
	return s[:4] + "-" + s[4:]
}

// ErrMoney says that a text is no amount of yuan to the fen.
var ErrMoney = errors.New("portal: not an amount")

// ParseMoney reads yuan as people type them: 1,000.50. It never rounds.
func ParseMoney(s string) (int64, error) {
	s = strings.TrimPrefix(strings.TrimSpace(s), "¥")
	fen, err := record.ParseFenGrouped(s)
	if err != nil {
		return 0, ErrMoney
	}
	return fen, nil
}
