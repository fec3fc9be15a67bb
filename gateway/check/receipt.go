package check

import (
	"fmt"

	"github.com/xinlian/xinlian/internal/record"
)

// Thresholds of unmatched-sales and same-day-in-out.
const (
	// SettleDays is how long an invoice may be open before it counts: terms of
	// 60 days and 60 days of patience.
	SettleDays = 120
	// AdvanceDays is how far before its invoice a payment may come.
	AdvanceDays = 60
	// UnmatchedWarningBps and UnmatchedBlockingBps are shares of matured sales.
	UnmatchedWarningBps  = 1500
	UnmatchedBlockingBps = 3500
	UnmatchedInvoicesMin = 5
	// OpenBps is how much of an invoice must be open for it to be evidence.
	OpenBps = 1000

	// CircularSimilarBps is how near in and out of one day must be.
	CircularSimilarBps = 8000
	// CircularDaysMin such days, and this share of all receipts, block.
	CircularDaysMin     = 3
	CircularBlockingBps = 500
)

func missingSource(b *books) (Finding, bool) {
	f := Finding{Code: MissingSource, Severity: Blocking}
	switch {
	case len(b.bank) == 0:
		f.ZH, f.EN = "没有银行流水,无法核对任何收入", "There are no bank movements, so no income can be checked"
	case len(b.sales) == 0 && len(b.platform) == 0:
		f.ZH, f.EN = "没有销项发票,也没有平台销售,收入没有第二个来源", "There are neither sales invoices nor platform sales: income has no second source"
	default:
		return f, false
	}
	return f, true
}

// claim is a sales invoice and what of it is still open.
type claim struct {
	*entry
	open int64
}

// account is one customer's claims and the money it has paid ahead.
type account struct {
	claims   []*claim
	advances []*claim // entry is the receipt, open what of it is left
}

// settle books a payment or a return of the customer: on the claim of exactly
// that amount, or else on the oldest ones; what is left is paid ahead.
func (a *account) settle(e *entry, fen int64, ahead bool) {
	for _, c := range a.claims {
		if c.open == fen {
			c.open = 0
			return
		}
	}
	for _, c := range a.claims {
		part := min(fen, c.open)
		c.open -= part
		if fen -= part; fen == 0 {
			return
		}
	}
	if ahead {
		a.advances = append(a.advances, &claim{e, fen})
	}
}

func (a *account) claim(e *entry) {
	c := &claim{e, e.fen}
	for _, p := range a.advances {
		if e.date-p.date <= AdvanceDays {
			part := min(p.open, c.open)
			p.open -= part
			c.open -= part
		}
	}
	a.claims = append(a.claims, c)
}

// unmatchedSales sets each customer's receipts against its invoices and counts
// what stays open after SettleDays. Money that left again to the same
// counterparty on the same day pays nothing.
func unmatchedSales(b *books) (Finding, bool) {
	circular := map[*entry]bool{}
	for _, p := range sameDayPairs(b) {
		for _, e := range p.entries {
			circular[e] = true
		}
	}
	accounts := map[string]*account{}
	of := func(name string) *account {
		if accounts[name] == nil {
			accounts[name] = &account{}
		}
		return accounts[name]
	}
	var claims []*claim
	receipts := b.bank
	pay := func(until int64) {
		for ; len(receipts) > 0 && receipts[0].date < until; receipts = receipts[1:] {
			if e := receipts[0]; e.in && e.other != "" && !circular[e] {
				of(e.other).settle(e, e.fen, true)
			}
		}
	}
	for _, e := range b.sales {
		pay(e.date)
		switch a := of(e.other); {
		case e.status == record.StatusVoid || e.fen == 0:
		case e.fen < 0:
			a.settle(e, -e.fen, false)
		default:
			a.claim(e)
			claims = append(claims, a.claims[len(a.claims)-1])
		}
	}
	pay(record.DateMax)
	return openClaims(claims, horizon(b))
}

// horizon is the last day the bank tells of.
func horizon(b *books) int64 {
	var day int64
	for _, list := range [][]*entry{b.bank, b.balances} {
		if n := len(list); n > 0 {
			day = max(day, list[n-1].date)
		}
	}
	return day
}

func openClaims(claims []*claim, horizon int64) (Finding, bool) {
	var open finding
	var matured, of int64
	for _, c := range claims {
		if c.date > horizon-SettleDays {
			continue
		}
		of++
		matured = record.AddFen(matured, c.fen)
		if shareBps(c.open, c.fen) >= OpenBps {
			open.add(c.open, c.evidence())
		}
	}
	share := shareBps(open.fen, matured)
	s := severity(share, UnmatchedWarningBps, UnmatchedBlockingBps)
	if s == 0 || open.count < UnmatchedInvoicesMin {
		return Finding{}, false
	}
	return Finding{
		Code: UnmatchedSales, Severity: s, Count: open.count, Of: of, AmountFen: open.fen, ShareBps: share, Evidence: open.evidence,
		ZH: fmt.Sprintf("%d 张销项发票开出 %d 天后仍无银行收款,占同期销售额 %s", open.count, SettleDays, percent(share)),
		EN: fmt.Sprintf("%d sales invoices have no bank receipt after %d days: %s of those sales", open.count, SettleDays, percent(share)),
	}, true
}

// pair is one counterparty's money in and out on one day.
type pair struct {
	in, out int64
	entries []*entry
}

// sameDayPairs are those where nearly the same came and went, by date.
func sameDayPairs(b *books) []pair {
	type key struct {
		date  int64
		other string
	}
	index := map[key]int{}
	var all []pair
	for _, e := range b.bank {
		if e.other == "" || e.status == record.StatusVoid {
			continue
		}
		k := key{e.date, e.other}
		i, ok := index[k]
		if !ok {
			i = len(all)
			index[k] = i
			all = append(all, pair{})
		}
		p := &all[i]
		p.entries = append(p.entries, e)
		if e.in {
			p.in = record.AddFen(p.in, e.fen)
		} else {
			p.out = record.AddFen(p.out, e.fen)
		}
	}
	var out []pair
	for _, p := range all {
		if small := min(p.in, p.out); small > 0 && shareBps(small, max(p.in, p.out)) >= CircularSimilarBps {
			out = append(out, p)
		}
	}
	return out
}

func sameDayInOut(b *books) (Finding, bool) {
	var f finding
	for _, p := range sameDayPairs(b) {
		f.count++
		f.fen = record.AddFen(f.fen, p.in)
		for _, e := range p.entries {
			if len(f.evidence) < EvidenceMax {
				f.evidence = append(f.evidence, e.evidence())
			}
		}
	}
	if f.count == 0 {
		return Finding{}, false
	}
	var received int64
	for _, e := range b.bank {
		if e.in {
			received = record.AddFen(received, e.fen)
		}
	}
	share, s := shareBps(f.fen, received), Warning
	if f.count >= CircularDaysMin && share >= CircularBlockingBps {
		s = Blocking
	}
	return Finding{
		Code: SameDayInOut, Severity: s, Count: f.count, AmountFen: f.fen, ShareBps: share, Evidence: f.evidence,
		ZH: fmt.Sprintf("%d 次与同一对手方当日一进一出,金额相近,占全部进账 %s", f.count, percent(share)),
		EN: fmt.Sprintf("On %d occasions nearly the same money came from and went to one counterparty on one day: %s of all receipts", f.count, percent(share)),
	}, true
}
