package check

import (
	"fmt"

	"github.com/xinlian/xinlian/internal/record"
)

// Thresholds of month-gap.
const (
	GapWarning  = 1 // months
	GapBlocking = 3
)

// monthGap finds months without a bank movement between the first and the last.
func monthGap(b *books) (Finding, bool) {
	var gaps []int64
	var months int64
	last := int64(-1)
	for _, e := range b.bank {
		m := monthNumber(e.date)
		if last >= 0 {
			for gap := last + 1; gap < m; gap++ {
				gaps = append(gaps, gap)
			}
		}
		if last < 0 {
			months = m
		}
		last = m
	}
	s := severity(int64(len(gaps)), GapWarning, GapBlocking)
	if s == 0 {
		return Finding{}, false
	}
	first := fmt.Sprintf("%04d-%02d", gaps[0]/12, gaps[0]%12+1)
	return Finding{
		Code: MonthGap, Severity: s, Count: int64(len(gaps)), Of: last - months + 1,
		ZH: fmt.Sprintf("银行流水缺 %d 个月,最早缺 %s", len(gaps), first),
		EN: fmt.Sprintf("%d months have no bank movement, the first is %s", len(gaps), first),
	}, true
}

// monthNumber counts months from the year 0.
func monthNumber(day int64) int64 {
	t := record.DayTime(day)
	return int64(t.Year())*12 + int64(t.Month()) - 1
}

// balanceBreak holds every account's closing balances against each other and
// the movements between them. Two balances of one day must agree.
func balanceBreak(b *books) (Finding, bool) {
	var f finding
	var of int64
	type key struct{ account, currency string }
	accountOf := func(e *entry) key { return key{e.record.Text("account"), e.record.Text("currency")} }
	movements := map[key][]*entry{}
	for _, e := range b.bank {
		if e.status != record.StatusVoid {
			movements[accountOf(e)] = append(movements[accountOf(e)], e)
		}
	}
	previous := map[key]*entry{}
	for _, e := range b.balances {
		k := accountOf(e)
		before, list := previous[k], movements[k]
		var moved int64
		for len(list) > 0 && list[0].date <= e.date {
			if list[0].in {
				moved = record.AddFen(moved, list[0].fen)
			} else {
				moved = record.AddFen(moved, -list[0].fen)
			}
			list = list[1:]
		}
		movements[k], previous[k] = list, e
		if before == nil {
			continue // what came before the first balance is not known
		}
		of++
		if gap := record.AddFen(e.fen-before.fen, -moved); gap != 0 {
			f.add(max(gap, -gap), before.evidence(), e.evidence())
		}
	}
	if f.count == 0 {
		return Finding{}, false
	}
	return Finding{
		Code: BalanceBreak, Severity: Blocking, Count: f.count, Of: of, AmountFen: f.fen, ShareBps: shareBps(f.count, of), Evidence: f.evidence,
		ZH: fmt.Sprintf("%d 段银行余额与发生额对不上,共差 %s 元", f.count, record.FormatFen(f.fen)),
		EN: fmt.Sprintf("In %d periods bank balances and movements do not agree, by %s yuan in all", f.count, record.FormatFen(f.fen)),
	}, true
}
