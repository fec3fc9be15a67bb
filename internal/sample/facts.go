package sample

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/xinlian/xinlian/internal/record"
)

// habits are what a firm's papers beside bank and invoices show of it. Shares are
// basis points.
type habits struct {
	ageMonths    int64
	taxLateBps   int64 // returns filed late
	arrearsBps   int64 // of tax due, where a return is late
	declaredBps  int64 // of sales, for tax
	wageSwingBps int64
	billLateBps  int64 // utility bills paid late
	debtBps      int64 // outside loans over a year's sales, 0: none
	overdueDays  int64
	cases        int64 // court notices against the firm
	severe       bool  // one of them an enforcement
	lapsed       bool  // a permit has run out
	leaseMonths  int64
	asked        bool  // counterparties were asked to confirm
	confirmedBps int64 // of the sales asked about
	qualityBps   int64
	sector       string
	region       string
}

// Codes of sectors (GB/T 4754) and regions. Region 99 is nobody's.
var (
	sectors = []string{"C13", "C17", "C33", "F51", "F52", "H62"}
	regions = []string{"990100", "990200", "990300", "990400"}
)

// newHabits draws them: good ones for the firms of a demonstration but the thin
// one, and any for a random firm.
func newHabits(p Profile, r *random) habits {
	h := habits{
		ageMonths: r.between(40, 130), declaredBps: r.between(9_700, 10_000), wageSwingBps: r.between(100, 400),
		billLateBps: r.below(600), leaseMonths: r.between(10, 40), asked: true, confirmedBps: r.between(6_500, 9_500),
		qualityBps: r.between(6_000, 9_000), sector: sectors[r.below(int64(len(sectors)))], region: regions[r.below(int64(len(regions)))],
	}
	switch p {
	case Thin:
		h.ageMonths, h.taxLateBps, h.arrearsBps, h.billLateBps, h.debtBps = 14, 3_000, 2_000, 3_500, 2_500
		h.leaseMonths, h.confirmedBps, h.qualityBps = 3, 2_500, 4_000
	case Random:
		skewed := func(most int64) int64 { return r.below(most+1) * r.below(10_001) / 10_000 }
		h.ageMonths, h.taxLateBps, h.arrearsBps = 3+skewed(240), skewed(6_000), skewed(4_000)
		h.declaredBps, h.wageSwingBps, h.billLateBps = 10_000-skewed(4_500), 100+skewed(4_000), skewed(6_000)
		if r.chance(6_000) {
			h.debtBps = skewed(6_000)
		}
		if h.debtBps > 0 && r.chance(1_200) {
			h.overdueDays = r.between(1, 90)
		}
		if r.chance(1_000) {
			h.cases, h.severe = r.between(1, 3), r.chance(4_000)
		}
		h.lapsed, h.leaseMonths = r.chance(600), skewed(60)
		h.asked, h.confirmedBps, h.qualityBps = r.chance(7_000), 10_000-skewed(9_500), 10_000-skewed(8_000)
	}
	return h
}

// facts are the records of those papers. They are drawn from a stream of their
// own, so that bank and invoices are what they were without them.
func (l *ledger) facts(h habits, r *random) []*record.Record {
	var out []*record.Record
	for m := range Months {
		out = append(out, l.vatReturn(h, m, r), l.payroll(h, m, r), l.utilityBill(h, m, r))
	}
	out = append(out, l.incomeReturns(h, r)...)
	out = append(out, l.papers(h, r)...)
	return append(out, l.courtNotices(h, r)...)
}

// dated is a record with the fields that nearly every schema begins with.
func dated(s *record.Schema, id string, day, fen, direction int64) *record.Record {
	return record.New(s).SetText("source_id", id).SetInt("date", day).SetInt("amount", fen).
		SetText("currency", currency).SetInt("direction", direction).SetInt("status", record.StatusNormal)
}

// sold is the net sales and the taxes of month m: invoices and platform together.
func (l *ledger) sold(m int) (net, output, input int64) {
	for _, list := range [][]*invoice{l.sales, l.purchases} {
		for _, i := range list {
			switch {
			case i.status == record.StatusVoid || l.monthOf(i.date) != m:
			case i.sale:
				net += i.net()
				output += i.tax()
			default:
				input += i.tax()
			}
		}
	}
	for _, d := range l.platform {
		if l.monthOf(d.date) == m {
			tax := d.net * vatBps / (10_000 + vatBps)
			net += d.net - tax
			output += tax
		}
	}
	return net, output, input
}

func (l *ledger) vatReturn(h habits, m int, r *random) *record.Record {
	net, output, input := l.sold(m)
	net, output = net*h.declaredBps/10_000, output*h.declaredBps/10_000
	end := l.months[m+1] - 1
	due := end + 15
	filed := end + r.between(5, 14)
	v := dated(record.VATReturn, fmt.Sprintf("V%d", record.Month(end)), end, max(output-input, 0), record.DirectionOut)
	v.SetInt("period_from", l.months[m]).SetInt("sales", net).SetInt("output_tax", output).SetInt("input_tax", input).
		SetInt("due", due).SetInt("arrears", 0)
	if r.chance(h.taxLateBps) {
		filed = due + r.between(1, 20)
		v.SetInt("arrears", max(output-input, 0)*h.arrearsBps/10_000)
	}
	return v.SetInt("filed", filed).SetInt("paid", filed)
}

// incomeReturns are one for each year of the book.
func (l *ledger) incomeReturns(h habits, r *random) []*record.Record {
	var out []*record.Record
	for year := range Months / 12 {
		var revenue, costs int64
		for m := year * 12; m < (year+1)*12; m++ {
			net, _, input := l.sold(m)
			revenue += net * h.declaredBps / 10_000
			costs += input*10_000/vatBps + l.shape.rentFen + l.shape.employees*l.shape.wageFen*126/100
		}
		end := l.months[(year+1)*12] - 1
		due := end + 150
		filed := end + r.between(40, 140)
		if r.chance(h.taxLateBps) {
			filed = due + r.between(1, 30)
		}
		profit := revenue - costs
		out = append(out, dated(record.IncomeTaxReturn, fmt.Sprintf("Q%d", record.Month(end)), end, max(profit, 0)*5/100, record.DirectionOut).
			SetInt("period_from", l.months[year*12]).SetInt("revenue", revenue).SetInt("costs", costs).SetInt("profit", profit).
			SetInt("filed", filed).SetInt("due", due))
	}
	return out
}

func (l *ledger) payroll(h habits, m int, r *random) *record.Record {
	s, end := l.shape, l.months[m+1]-1
	wages := max(r.around(s.wageFen*s.employees, h.wageSwingBps), 0)
	return dated(record.PayrollSummary, fmt.Sprintf("W%d", record.Month(end)), end, wages, record.DirectionOut).
		SetInt("headcount", s.employees).SetInt("insured", s.employees).SetInt("insurance", rounded(wages, 2600)).SetInt("arrears", 0)
}

func (l *ledger) utilityBill(h habits, m int, r *random) *record.Record {
	end := l.months[m+1] - 1
	day := end - r.between(0, 3)
	fen := r.around(l.shape.rentFen/5+300_00, 2000)
	paid := day + r.between(2, 14)
	if r.chance(h.billLateBps) {
		paid = day + 15 + r.between(1, 30)
	}
	return dated(record.UtilityBill, fmt.Sprintf("U%d", record.Month(end)), day, fen, record.DirectionOut).
		SetInt("kind", record.UtilityElectricity).SetInt("period_from", l.months[m]).SetInt("period_to", end).
		SetInt("quantity", fen*12).SetInt("due", day+15).SetInt("paid", paid)
}

// papers are the licence, a permit, the lease, and what the credit bureau says
// of outside loans: a void one where it has none.
func (l *ledger) papers(h habits, r *random) []*record.Record {
	since := l.month(Months - int(h.ageMonths))
	licence := record.New(record.Licence).SetText("source_id", "L"+l.owner.taxNumber).SetInt("date", l.first+5).
		SetInt("amount", 500_000_00).SetText("currency", currency).SetInt("status", record.StatusNormal).
		SetInt("kind", record.LicenceBusiness).SetText("authority", "样本市场监督管理局").SetInt("valid_from", since).
		SetText("sector", h.sector).SetText("region", h.region)
	permitEnd := l.last + r.between(100, 900)
	if h.lapsed {
		permitEnd = l.last - r.between(5, 200)
	}
	permit := record.New(record.Licence).SetText("source_id", "P"+l.owner.taxNumber).SetInt("date", l.first+20).
		SetInt("status", record.StatusNormal).SetInt("kind", record.LicencePermit).SetText("authority", "样本行政审批局").
		SetInt("valid_from", l.first+20).SetInt("valid_to", permitEnd)
	lease := dated(record.Lease, "Z"+l.owner.taxNumber, l.first+8, l.shape.rentFen, record.DirectionOut).
		SetInt("role", record.PartyTenant).SetText("counterparty", "样本园区物业管理有限公司").
		SetInt("valid_from", l.first+10).SetInt("valid_to", l.last+h.leaseMonths*30)
	return []*record.Record{licence, permit, lease, l.outsideLoan(h, r)}
}

func (l *ledger) outsideLoan(h habits, r *random) *record.Record {
	var year int64
	for m := Months - 12; m < Months; m++ {
		net, _, _ := l.sold(m)
		year += net
	}
	owed := max(year, 0) * h.debtBps / 10_000 / 1_000_00 * 1_000_00
	principal, months := max(owed*r.between(11, 20)/10, 1_000_00), r.between(6, 30)
	loan := dated(record.OutsideLoan, "J"+l.owner.taxNumber, l.last, principal, record.DirectionOut).
		SetText("counterparty", "样本村镇银行").SetInt("valid_from", l.last-300).SetInt("due", l.last+months*30).
		SetInt("outstanding", owed).SetInt("instalment", owed/months).SetInt("rate_bps", r.between(400, 1_100)).
		SetInt("overdue_days", h.overdueDays).SetInt("security", record.SecurityGuarantee)
	if owed == 0 { // the bureau has no loan
		loan.SetInt("status", record.StatusVoid)
	}
	return loan
}

// courtNotices are the cases against the firm, or one void notice: the register
// was asked and has nothing.
func (l *ledger) courtNotices(h habits, r *random) []*record.Record {
	notice := func(n, fen, kind, state int64) *record.Record {
		return dated(record.CourtNotice, fmt.Sprintf("(%d)样民初%d号", record.DayTime(l.last).Year(), n), l.last-r.between(20, 400), fen, record.DirectionOut).
			SetInt("kind", kind).SetInt("role", record.RoleDefendant).SetInt("state", state).SetText("authority", "样本人民法院")
	}
	if h.cases == 0 {
		return []*record.Record{notice(0, 0, record.NoticeLawsuit, record.NoticeClosed).SetInt("status", record.StatusVoid)}
	}
	var out []*record.Record
	for n := range h.cases {
		kind, state := int64(record.NoticeLawsuit), int64(record.NoticeOpen)
		if h.severe && n == 0 {
			kind = record.NoticeEnforcement
		} else if r.chance(4_000) {
			state = record.NoticeClosed
		}
		out = append(out, notice(n+1, r.between(5_000_00, 300_000_00), kind, state))
	}
	return out
}

// confirmations are what customers' own records say of the sales invoices, as a
// verifier would find it. They are no document of the owner's and in no file.
func (l *ledger) confirmations(h habits, r *random) []*record.Record {
	if !h.asked {
		return nil
	}
	var out []*record.Record
	for _, i := range l.sales {
		if i.status != record.StatusNormal {
			continue
		}
		answer := int64(record.AnswerConfirmed)
		if !r.chance(h.confirmedBps) {
			answer = record.AnswerUnknown
		}
		out = append(out, dated(record.Confirmation, i.number, i.date, i.total(), record.DirectionIn).
			SetInt("answer", answer).SetText("counterparty", i.other.taxNumber[8:]).SetInt("member", 2-r.below(2)).
			SetInt("quality", min(max(r.around(h.qualityBps, 2_000), 0), 10_000)).SetText("confirmer", "样本核验机构"))
	}
	return out
}

// factFiles are the papers as the tables in which an owner brings them: one for
// each schema, titled with the names of its fields.
func factFiles(facts []*record.Record) []File {
	sorted := slices.Clone(facts)
	slices.SortStableFunc(sorted, func(x, y *record.Record) int { return cmp.Compare(x.Schema.ID, y.Schema.ID) })
	var files []File
	for len(sorted) > 0 {
		schema, n := sorted[0].Schema, 1
		for n < len(sorted) && sorted[n].Schema == schema {
			n++
		}
		rows := []string{titles(schema)}
		for _, f := range sorted[:n] {
			rows = append(rows, factRow(f))
		}
		files = append(files, File{Name: "table/" + schema.ID + ".csv", Format: "table", Data: []byte("\ufeff" + strings.Join(rows, "\r\n") + "\r\n")})
		sorted = sorted[n:]
	}
	return files
}

func titles(s *record.Schema) string {
	names := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		names[i] = f.ZH
	}
	return strings.Join(names, ",")
}

func factRow(r *record.Record) string {
	cells := make([]string, len(r.Values))
	for i, v := range r.Values {
		f := r.Schema.Fields[i]
		switch {
		case !v.Present:
		case f.Type == record.Text:
			cells[i] = v.Text
		case f.Type == record.Amount:
			cells[i] = record.FormatFen(v.Int)
		case f.Type == record.Date:
			cells[i] = iso(v.Int)
		case f.Type == record.Code:
			cells[i] = f.Codes[v.Int-1]
		default:
			cells[i] = fmt.Sprint(v.Int)
		}
	}
	return strings.Join(cells, ",")
}
