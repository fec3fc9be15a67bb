package scorecard

import "github.com/xinlian/xinlian/internal/record"

// businessAge is the number of whole calendar months since the earliest day from
// which a business licence is valid, or on which it was issued where it does not
// say. Missing without a business licence that stands.
func businessAge(b *book) Value {
	list, _ := b.standing(licences)
	first := b.to + 1
	for _, r := range list {
		if kind, _ := r.Int("kind"); kind == record.LicenceBusiness {
			day, stated := r.Int("valid_from")
			if !stated {
				day, _ = r.Int("date")
			}
			first = min(first, day)
		}
	}
	if first > b.to {
		return Value{}
	}
	return Known(monthOf(b.to+1) - monthOf(first) - 1 + whole(first))
}

// whole is 1 for the first day of a month, whose month is then a whole one.
func whole(day int64) int64 {
	if firstDay(monthOf(day)) == day {
		return 1
	}
	return 0
}

// licencesLapsed counts the licences that are void or whose time has run out.
// Missing without licences.
func licencesLapsed(b *book) Value {
	all := b.facts[licences]
	if len(all) == 0 {
		return Value{}
	}
	n := int64(0)
	for _, r := range all {
		status, _ := r.Int("status")
		if to, stated := r.Int("valid_to"); status == record.StatusVoid || stated && to < b.to {
			n++
		}
	}
	return Known(n)
}

// leaseMonthsLeft is the number of calendar months from the end of the window to
// the end of the lease, as a tenant, that ends last. Missing without one.
func leaseMonthsLeft(b *book) Value {
	list, _ := b.standing(leases)
	last, known := int64(0), false
	for _, r := range list {
		if role, _ := r.Int("role"); role == record.PartyTenant {
			to, _ := r.Int("valid_to")
			last, known = max(last, to), true
		}
	}
	if !known {
		return Value{}
	}
	return Known(max(monthOf(last)-monthOf(b.to), 0))
}

// against are the notices in which the firm is the defendant.
func (b *book) against() (list []*record.Record, known bool) {
	all, known := b.standing(notices)
	for _, r := range all {
		if role, _ := r.Int("role"); role == record.RoleDefendant {
			list = append(list, r)
		}
	}
	return list, known
}

// open is whether a case was not closed by the end of the window.
func (b *book) open(r *record.Record) bool {
	state, _ := r.Int("state")
	closed, stated := r.Int("closed")
	return state == record.NoticeOpen || stated && closed > b.to
}

// courtOpenShare is what open cases claim from the firm over net sales of the
// window, in bps. Missing where no register was asked, or nothing was sold.
func courtOpenShare(b *book) Value {
	list, known := b.against()
	m, _ := b.monthlySales()
	if !known || m.total() <= 0 {
		return Value{}
	}
	sum := int64(0)
	for _, r := range list {
		if b.open(r) {
			fen, _ := r.Int("amount")
			sum += absolute(fen)
		}
	}
	return Known(ratio(sum, wholeBps, m.total()))
}

// courtSevereCount counts enforcements, listings as a dishonest debtor and
// penalties against the firm that are open or of the two years of history.
// Missing where no register was asked.
func courtSevereCount(b *book) Value {
	list, known := b.against()
	if !known {
		return Value{}
	}
	since, n := firstDay(monthOf(b.from)+WindowMonths-HistoryMonths), int64(0)
	for _, r := range list {
		kind, _ := r.Int("kind")
		day, _ := r.Int("date")
		if kind >= record.NoticeEnforcement && (day >= since || b.open(r)) {
			n++
		}
	}
	return Known(n)
}
