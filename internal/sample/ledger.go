package sample

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/xinlian/xinlian/internal/record"
)

// form is the document an invoice arrives as.
type form uint8

const (
	asFapiao form = iota
	asUBL
	asTable
)

const vatBps = 1300

type invoice struct {
	number string
	form   form
	sale   bool
	date   int64
	due    int64
	paid   int64 // 0: not yet, or never
	other  party
	lines  []line
	status int64
}

type line struct {
	item     string
	net, tax int64
}

func (i *invoice) net() (sum int64) {
	for _, l := range i.lines {
		sum += l.net
	}
	return sum
}

func (i *invoice) tax() (sum int64) {
	for _, l := range i.lines {
		sum += l.tax
	}
	return sum
}

func (i *invoice) total() int64 { return i.net() + i.tax() }

type movement struct {
	reference string
	date      int64
	fen       int64 // positive: in
	other     string
	text      string
}

type platformDay struct {
	date, net, refunds, orders int64
}

// ledger grows month by month; plans wait in it for their day.
type ledger struct {
	shape     shape
	r         *random
	owner     party
	customers []customer
	suppliers []party
	shell     party

	end         time.Time // first day of the last month
	first, last int64
	months      []int64 // first day of each month of the book, and the day after the last

	sales, purchases []*invoice
	movements        []movement
	platform         []platformDay
	closings         []int64 // balance at the end of each month
	plans            map[int64][]plan
	serial           int64 // of 数电票 numbers
}

// plan is a movement that waits for its day. One that may wait longer does so
// while the account is short; any other makes the owner put money in.
type plan struct {
	fen     int64
	other   string
	text    string
	invoice *invoice // marked paid when it moves
	patient int
}

func newLedger(endMonth uint32, s shape, r *random) *ledger {
	l := &ledger{shape: s, r: r, plans: map[int64][]plan{}}
	l.end = time.Date(int(endMonth/100), time.Month(endMonth%100), 1, 0, 0, 0, 0, time.UTC)
	for m := range Months + 1 {
		l.months = append(l.months, l.month(m))
	}
	l.first, l.last = l.months[0], l.months[Months]-1
	l.owner = newParty(r, 1)
	l.customers = newCustomers(s, Months, r)
	for i := range s.suppliers {
		l.suppliers = append(l.suppliers, newParty(r, int64(i)+301))
	}
	if s.shell {
		l.shell = newParty(r, 701)
	}
	return l
}

// warmUpMonths go before the book, so that it opens with receipts and payments
// for what was invoiced earlier. Their own documents are not in the book.
const warmUpMonths = 3

// month is the first day of month m of the book; negative m is before it.
func (l *ledger) month(m int) int64 { return record.Day(l.end.AddDate(0, m-Months+1, 0)) }

// fill writes the whole book: first what is invoiced and planned, month by
// month, then the bank account day by day.
func (l *ledger) fill() {
	for m := -warmUpMonths; m < Months; m++ {
		sold := l.sellMonth(m)
		l.buyMonth(m, sold)
		l.sellOnPlatform(m)
		l.fixedCosts(m)
		if l.shape.shell && m >= shellFromMonth {
			l.circulate(m)
		}
	}
	l.settleTaxes()
	early := func(i *invoice) bool { return i.date < l.first }
	l.sales = slices.DeleteFunc(l.sales, early)
	l.purchases = slices.DeleteFunc(l.purchases, early)
	l.platform = slices.DeleteFunc(l.platform, func(d platformDay) bool { return d.date < l.first })
	l.bank()
	byDate := func(x, y *invoice) int {
		return cmp.Or(cmp.Compare(x.date, y.date), strings.Compare(x.number, y.number))
	}
	slices.SortFunc(l.sales, byDate)
	slices.SortFunc(l.purchases, byDate)
	slices.SortStableFunc(l.movements, func(x, y movement) int { return cmp.Compare(x.date, y.date) })
}

func (l *ledger) factor(m int) int64 {
	calendar := int(record.Month(l.month(m))%100) - 1
	return l.shape.seasonBps[calendar] * (10_000 + l.shape.growthBps*int64(m)) / 10_000
}

// dayIn is a random working day of month m, now and then a Saturday.
func (l *ledger) dayIn(m int) int64 {
	day := l.month(m) + l.r.below(l.month(m+1)-l.month(m))
	for i := 0; weekday(day) == time.Sunday || weekday(day) == time.Saturday && !l.r.chance(2500); i++ {
		if day++; day >= l.month(m+1) {
			day = l.month(m) + int64(i)
		}
	}
	return day
}

func weekday(day int64) time.Weekday { return time.Weekday((day + 4) % 7) }

// working moves a day forward to one on which banks book.
func working(day int64) int64 {
	for weekday(day) == time.Saturday || weekday(day) == time.Sunday {
		day++
	}
	return day
}

func (l *ledger) plan(day int64, p plan) {
	if l.first <= day && day <= l.last {
		l.plans[day] = append(l.plans[day], p)
	}
}

var saleItems = []string{"*样本货物*标准件", "*样本货物*定制件", "*样本货物*礼盒", "*样本劳务*加工"}

// lines splits about net into one to three lines with their tax, one in twenty
// with a discount line.
func (l *ledger) lines(net int64) []line {
	var out []line
	add := func(item string, fen int64) {
		out = append(out, line{item, fen, rounded(fen, vatBps)})
	}
	for range l.r.below(3) {
		part := net * l.r.between(2000, 5000) / 10_000
		add(saleItems[l.r.below(int64(len(saleItems)))], part)
		net -= part
	}
	add(saleItems[l.r.below(int64(len(saleItems)))], net)
	if l.r.chance(500) {
		add("*样本货物*折扣", -net/20)
	}
	return out
}

// rounded is fen times bps, half away from zero.
func rounded(fen, bps int64) int64 {
	if fen < 0 {
		return -rounded(-fen, bps)
	}
	return (fen*bps + 5000) / 10_000
}

func (l *ledger) fapiaoNumber(day int64) string {
	l.serial++
	year := record.DayTime(day).Year() % 100
	return fmt.Sprintf("%02d99%s%08d", year, l.owner.taxNumber[9:17], l.serial) // region 99: nobody's
}

// sellMonth invoices a month's sales and plans how they are paid. It returns
// their net.
func (l *ledger) sellMonth(m int) int64 {
	weights := make([]int64, len(l.customers))
	for i, c := range l.customers {
		if c.from <= max(m, 0) && m <= c.to {
			weights[i] = c.weight
		}
	}
	var sold int64
	for range max(1, l.r.around(l.shape.salesMonthly*l.factor(m)/10_000, 1500)) {
		c := l.customers[l.r.pick(weights)]
		i := &invoice{sale: true, date: l.dayIn(m), other: c.party, status: record.StatusNormal, form: asTable}
		i.lines = l.lines(l.r.around(l.shape.saleFen, 8000))
		if l.r.chance(4500) {
			i.form = asFapiao
		}
		i.number, i.due = l.fapiaoNumber(i.date), i.date+l.shape.termDays
		if l.r.chance(l.shape.voidBps) {
			spoiled := *i
			spoiled.number, spoiled.form, spoiled.status = l.fapiaoNumber(i.date), asTable, record.StatusVoid
			l.sales = append(l.sales, &spoiled)
		}
		l.sales = append(l.sales, i)
		sold += i.net()
		l.planReceipt(i, c)
	}
	return sold
}

// planReceipt decides when the customer pays, and what comes back.
func (l *ledger) planReceipt(i *invoice, c customer) {
	day := i.due - l.r.between(0, min(12, l.shape.termDays))
	if c.late {
		day = i.due + l.r.between(3, l.shape.lateDaysMax)
	}
	day = working(day)
	owed := i.total()
	if l.r.chance(l.shape.returnBps) {
		red := l.credit(i, day-1)
		owed += red.total()
	}
	if l.r.chance(l.shape.badBps) || owed == 0 {
		return
	}
	l.plan(day, plan{fen: owed, other: c.name, text: "货款 " + i.number, invoice: i})
}

// credit books a return of part of i, at the latest on day until. The red
// letter has the form of the invoice it corrects.
func (l *ledger) credit(i *invoice, until int64) *invoice {
	red := *i
	red.status, red.due, red.paid = record.StatusRed, 0, 0
	red.date = min(i.date+l.r.between(1, 20), until, l.last)
	red.date = max(red.date, i.date)
	share := []int64{2000, 3500, 10_000}[l.r.below(3)]
	net := i.net() * share / 10_000
	red.lines = []line{{"*样本货物*退货", -net, -rounded(net, vatBps)}}
	if share == 10_000 {
		red.lines = []line{{"*样本货物*退货", -i.net(), -i.tax()}}
	}
	if red.sale || red.form != asUBL {
		red.number = l.fapiaoNumber(red.date)
	} else {
		red.number = "CN-" + i.number
	}
	if red.sale {
		l.sales = append(l.sales, &red)
	} else {
		l.purchases = append(l.purchases, &red)
	}
	return &red
}

// buyMonth buys for a share of what was sold.
func (l *ledger) buyMonth(m int, sold int64) {
	count := max(1, l.r.around(l.shape.purchasesMonthly*l.factor(m)/10_000, 1500))
	budget := (sold + l.shape.platformFen*30*l.factor(m)/10_000*10_000/11_300) * l.shape.costBps / 10_000
	for range count {
		at := l.r.below(int64(len(l.suppliers)))
		i := &invoice{date: l.dayIn(m), other: l.suppliers[at], status: record.StatusNormal}
		i.lines = l.lines(max(100_00, l.r.around(budget/count, 6000)))
		i.form, i.number = []form{asUBL, asTable}[at%2], l.fapiaoNumber(i.date)
		if i.form == asUBL {
			i.number = fmt.Sprintf("INV-%d-%06d", record.Month(i.date), l.serial)
		}
		i.due = i.date + 30
		l.purchases = append(l.purchases, i)
		day := working(i.due - l.r.between(0, 8))
		owed := i.total()
		if l.r.chance(l.shape.returnBps / 2) {
			owed += l.credit(i, day-1).total()
		}
		if owed > 0 {
			l.plan(day, plan{fen: -owed, other: i.other.name, text: "采购款 " + i.number, invoice: i, patient: 4})
		}
	}
}

const acquirer = "样本收单服务有限公司"

// sellOnPlatform reports each day and settles each week, less the fee, on the
// Tuesday after.
func (l *ledger) sellOnPlatform(m int) {
	if l.shape.platformFen == 0 {
		return
	}
	for day := l.month(m); day < l.month(m+1); day++ {
		busy := l.factor(m)
		if weekday(day) == time.Saturday || weekday(day) == time.Sunday {
			busy = busy * 14 / 10
		}
		d := platformDay{date: day, orders: max(1, l.r.around(l.shape.platformFen*busy/10_000/85_00, 4000))}
		gross := d.orders * l.r.between(70_00, 100_00)
		if l.r.chance(3000) {
			d.refunds = gross * l.r.between(100, 900) / 10_000
		}
		d.net = gross - d.refunds
		l.platform = append(l.platform, d)
		if weekday(day) != time.Sunday || len(l.platform) < 7 {
			continue
		}
		var week int64
		for _, p := range l.platform[len(l.platform)-7:] {
			week += p.net
		}
		if week > 0 {
			l.plan(day+2, plan{fen: week - rounded(week, 60), other: acquirer, text: "平台结算 扣手续费0.6%"})
		}
	}
}

func (l *ledger) fixedCosts(m int) {
	at := func(day int64) int64 { return working(l.month(m) + day - 1) }
	l.plan(at(5), plan{fen: -l.shape.rentFen, other: "样本园区物业管理有限公司", text: "房租"})
	wages := l.r.around(l.shape.wageFen, 400) * l.shape.employees
	l.plan(at(10), plan{fen: -wages, other: "代发工资", text: "工资"})
	l.plan(at(12), plan{fen: -rounded(wages, 2600), other: "样本社会保险代征户", text: "社保公积金"})
	l.plan(at(20), plan{fen: -l.r.around(l.shape.rentFen/5+300_00, 3000), other: "样本水电代收户", text: "水电费"})
	l.plan(at(21), plan{fen: -l.r.between(20_00, 80_00), other: "样本银行", text: "账户服务费"})
}

// settleTaxes plans each month's VAT, paid on the fifteenth of the next.
func (l *ledger) settleTaxes() {
	due := make([]int64, Months+1) // of month m at m+1, from the month before the book on
	add := func(day, fen int64) {
		if m := l.monthOf(day); m >= -1 && m < Months {
			due[m+1] += fen
		}
	}
	for _, list := range [][]*invoice{l.sales, l.purchases} {
		for _, i := range list {
			switch {
			case i.status == record.StatusVoid:
			case i.sale:
				add(i.date, i.tax())
			default:
				add(i.date, -i.tax())
			}
		}
	}
	for _, d := range l.platform {
		add(d.date, d.net*vatBps/(10_000+vatBps))
	}
	var credit int64 // input tax carried forward
	for m, fen := range due[:Months] {
		fen += credit
		if credit = min(fen, 0); fen > 0 {
			l.plan(working(l.month(m)+14), plan{fen: -fen - rounded(fen, 1200), other: "样本国库待缴户", text: "增值税及附加"})
		}
	}
}

// monthOf is the month of the book that day is in; negative before the book.
func (l *ledger) monthOf(day int64) int {
	d := record.DayTime(day)
	return (d.Year()-l.end.Year())*12 + int(d.Month()-l.end.Month()) + Months - 1
}
