package sample

import (
	"fmt"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/xinlian/xinlian/internal/record"
)

const (
	platformFile = "table/platform-sales.csv"
	invoicesFile = "table/invoices.csv"
)

// broken is where the deliberately broken row goes: in the middle of the
// platform's table an amount with a third decimal, or in the middle of the
// list of invoices a total that is a fen off.
func (l *ledger) broken() Broken {
	if n := len(l.platform); n > 0 {
		return Broken{File: platformFile, Row: n/2 + 2, Column: "净销售额", Rule: "amount"}
	}
	return Broken{File: invoicesFile, Row: len(l.listed())/2 + 2, Column: "价税合计", Rule: "total"}
}

// listed are the invoices of the enterprise's own list.
func (l *ledger) listed() []*invoice {
	var out []*invoice
	for _, list := range [][]*invoice{l.sales, l.purchases} {
		for _, i := range list {
			if i.form == asTable {
				out = append(out, i)
			}
		}
	}
	return out
}

// tableFiles are the platform's daily reports and the enterprise's own list of
// invoices, the latter in GB18030 as older software writes it.
func (l *ledger) tableFiles(broken Broken) []File {
	rows := []string{"发票号码,开票日期,销方税号,销方名称,购方税号,购方名称,不含税金额,税额,价税合计,币种,状态,约定付款日,实际收付日"}
	for _, i := range l.listed() {
		rows = append(rows, l.invoiceRow(i))
	}
	rows = withBroken(rows, broken, invoicesFile, "99999999999999999999,2026-01-05,,"+l.owner.name+",,样本错行商行,100.00,13.00,113.01,CNY,正常,,")
	invoices, err := simplifiedchinese.GB18030.NewEncoder().String(strings.Join(rows, "\r\n") + "\r\n")
	if err != nil {
		panic(fmt.Sprintf("sample: %v", err)) // GB18030 has every character
	}
	files := []File{{Name: invoicesFile, Format: "table", Data: []byte(invoices)}}
	if len(l.platform) == 0 {
		return files
	}
	rows = []string{"日报编号,日期,净销售额,退款额,订单数,币种"}
	for _, d := range l.platform {
		rows = append(rows, fmt.Sprintf("%s,%s,%s,%s,%d,%s", d.number(), iso(d.date), grouped(d.net), grouped(d.refunds), d.orders, currency))
	}
	rows = withBroken(rows, broken, platformFile, "P-broken,2026-01-05,1234.567,0.00,12,CNY")
	return append(files, File{Name: platformFile, Format: "table", Data: []byte("\ufeff" + strings.Join(rows, "\r\n") + "\r\n")})
}

func withBroken(rows []string, broken Broken, file, row string) []string {
	if broken.File != file {
		return rows
	}
	at := broken.Row - 1
	return append(rows[:at:at], append([]string{row}, rows[at:]...)...)
}

func (l *ledger) invoiceRow(i *invoice) string {
	seller, buyer := l.sides(i)
	status := map[int64]string{record.StatusNormal: "正常", record.StatusVoid: "作废", record.StatusRed: "红字"}[i.status]
	day := func(d int64) string {
		if d == 0 {
			return ""
		}
		return record.DayTime(d).Format("2006/1/2")
	}
	return strings.Join([]string{
		i.number, day(i.date), seller.taxNumber, seller.name, buyer.taxNumber, buyer.name,
		grouped(i.net()), grouped(i.tax()), grouped(i.total()), currency, status, day(i.due), day(i.paid),
	}, ",")
}

// grouped is an amount as spreadsheets export it, quoted where it has commas.
func grouped(fen int64) string {
	s := record.FormatFen(fen)
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	whole, rest := s[:len(s)-3], s[len(s)-3:]
	if len(whole) <= 3 {
		return sign + whole + rest
	}
	var groups []string
	for len(whole) > 3 {
		groups = append([]string{whole[len(whole)-3:]}, groups...)
		whole = whole[:len(whole)-3]
	}
	return `"` + sign + whole + "," + strings.Join(groups, ",") + rest + `"`
}
