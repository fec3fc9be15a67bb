package check

import (
	"fmt"
	"time"

	"github.com/xinlian/xinlian/gateway/identity"
	"github.com/xinlian/xinlian/internal/record"
)

// Thresholds of the checks on invoices.
const (
	// TradeSimilarBps is how near sales to and purchases from one counterparty
	// must be; TradeWarningBps and TradeBlockingBps are its share of all sales.
	TradeSimilarBps  = 7000
	TradeWarningBps  = 300
	TradeBlockingBps = 1000

	// RoundFen: a total is round where it is a multiple of a thousand yuan.
	RoundFen         = 1_000_00
	RoundWarningBps  = 2000
	RoundBlockingBps = 4000
	RoundInvoicesMin = 10

	TwinsWarning       = 3 // invoices of one customer, day and amount beyond the first
	WeekendWarningBps  = 3000
	WeekendInvoicesMin = 20
	VoidWarningBps     = 2000
	VoidInvoicesMin    = 20
)

// circularTrade finds a counterparty that sells back nearly what it buys.
func circularTrade(b *books) (Finding, bool) {
	sold, bought := totals(b.sales), totals(b.purchases)
	var all int64
	for _, e := range b.sales {
		if e.status != record.StatusVoid {
			all = record.AddFen(all, e.fen)
		}
	}
	circular := map[string]bool{}
	var count, fen int64
	for name, s := range sold { // sums only: the order does not show
		p := bought[name]
		if name == "" || s <= 0 || p <= 0 || shareBps(min(s, p), max(s, p)) < TradeSimilarBps {
			continue
		}
		circular[name] = true
		count++
		fen = record.AddFen(fen, s)
	}
	share := shareBps(fen, all)
	s := severity(share, TradeWarningBps, TradeBlockingBps)
	if s == 0 {
		return Finding{}, false
	}
	var f finding
	for _, list := range [][]*entry{b.sales, b.purchases} {
		for _, e := range list {
			if circular[e.other] && e.status != record.StatusVoid {
				f.add(e.fen, e.evidence())
			}
		}
	}
	return Finding{
		Code: CircularTrade, Severity: s, Count: count, Of: int64(len(sold)), AmountFen: fen, ShareBps: share, Evidence: f.evidence,
		ZH: fmt.Sprintf("%d 个对手方既是客户又是供应商,买卖金额相近,占销售额 %s", count, percent(share)),
		EN: fmt.Sprintf("%d counterparties buy and sell back nearly the same: %s of sales", count, percent(share)),
	}, true
}

// totals are what counts of invoices, by counterparty.
func totals(list []*entry) map[string]int64 {
	out := map[string]int64{}
	for _, e := range list {
		if e.status != record.StatusVoid {
			out[e.other] = record.AddFen(out[e.other], e.fen)
		}
	}
	return out
}

func roundAmounts(b *books) (Finding, bool) {
	var f finding
	var of, all int64
	for _, e := range b.sales {
		if e.status != record.StatusNormal || e.fen <= 0 {
			continue
		}
		of++
		all = record.AddFen(all, e.fen)
		if e.fen%RoundFen == 0 {
			f.add(e.fen, e.evidence())
		}
	}
	share := shareBps(f.fen, all)
	s := severity(share, RoundWarningBps, RoundBlockingBps)
	if s == 0 || f.count < RoundInvoicesMin {
		return Finding{}, false
	}
	return Finding{
		Code: RoundAmounts, Severity: s, Count: f.count, Of: of, AmountFen: f.fen, ShareBps: share, Evidence: f.evidence,
		ZH: fmt.Sprintf("%d 张销项发票是整千元,占销售额 %s", f.count, percent(share)),
		EN: fmt.Sprintf("%d sales invoices are whole thousands of yuan: %s of sales", f.count, percent(share)),
	}, true
}

// duplicateNumber finds one number with several records, whether of one schema
// or as sale and purchase both. Numbers are compared as package identity does:
// another width, case or hyphen is no other number, and those of two suppliers are.
func duplicateNumber(b *books) (Finding, bool) {
	type key struct{ within, number string }
	seen := map[key]bool{}
	var f finding
	for _, list := range [][]*entry{b.sales, b.purchases} {
		for _, e := range list {
			var k key
			k.within, k.number = identity.Number(e.record)
			if seen[k] {
				f.add(e.fen, e.evidence())
			}
			seen[k] = true
		}
	}
	if f.count == 0 {
		return Finding{}, false
	}
	return Finding{
		Code: DuplicateNumber, Severity: Blocking, Count: f.count, AmountFen: f.fen, Evidence: f.evidence,
		ZH: fmt.Sprintf("%d 张发票的号码重复出现", f.count),
		EN: fmt.Sprintf("%d invoices carry a number that is already used", f.count),
	}, true
}

// invoiceTwins finds invoices that differ from another only in their number.
func invoiceTwins(b *books) (Finding, bool) {
	type key struct {
		date, fen int64
		other     string
	}
	first := map[key]*entry{}
	var f finding
	for _, e := range b.sales {
		if e.status != record.StatusNormal {
			continue
		}
		k := key{e.date, e.fen, e.other}
		if first[k] != nil {
			f.add(e.fen, first[k].evidence(), e.evidence())
		} else {
			first[k] = e
		}
	}
	if f.count < TwinsWarning {
		return Finding{}, false
	}
	return Finding{
		Code: InvoiceTwins, Severity: Warning, Count: f.count, Of: int64(len(b.sales)), AmountFen: f.fen, Evidence: f.evidence,
		ZH: fmt.Sprintf("%d 张销项发票与另一张客户、日期、金额都相同", f.count),
		EN: fmt.Sprintf("%d sales invoices have the customer, day and amount of another", f.count),
	}, true
}

func weekendInvoices(b *books) (Finding, bool) {
	var f finding
	var of int64
	for _, e := range b.sales {
		if e.status == record.StatusVoid {
			continue
		}
		of++
		if d := record.DayTime(e.date).Weekday(); d == time.Saturday || d == time.Sunday {
			f.add(e.fen, e.evidence())
		}
	}
	share := shareBps(f.count, of)
	if of < WeekendInvoicesMin || share < WeekendWarningBps {
		return Finding{}, false
	}
	return Finding{
		Code: WeekendInvoices, Severity: Warning, Count: f.count, Of: of, AmountFen: f.fen, ShareBps: share, Evidence: f.evidence,
		ZH: fmt.Sprintf("%s 的销项发票开在周末", percent(share)),
		EN: fmt.Sprintf("%s of sales invoices are dated on a weekend", percent(share)),
	}, true
}

func voidRate(b *books) (Finding, bool) {
	var f finding
	for _, e := range b.sales {
		if e.status != record.StatusNormal {
			f.add(max(e.fen, -e.fen), e.evidence())
		}
	}
	of := int64(len(b.sales))
	share := shareBps(f.count, of)
	if of < VoidInvoicesMin || share < VoidWarningBps {
		return Finding{}, false
	}
	return Finding{
		Code: VoidRate, Severity: Warning, Count: f.count, Of: of, AmountFen: f.fen, ShareBps: share, Evidence: f.evidence,
		ZH: fmt.Sprintf("%s 的销项发票作废或红冲", percent(share)),
		EN: fmt.Sprintf("%s of sales invoices are void or red letters", percent(share)),
	}, true
}
