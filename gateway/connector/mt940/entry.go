package mt940

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/internal/record"
)

// entry is one statement line, field 61, with the field 86 that follows it.
type entry struct {
	row         connector.Row
	id          string
	day         int64
	fen         int64
	direction   int64
	status      int64
	pending     bool
	own         string // the supplementary details
	information string
}

// balanceForm is the content of fields 60 and 62: mark, date, currency, amount.
var balanceForm = regexp.MustCompile(`^([CD])([0-9]{6})([A-Z]{3})([0-9,.]+)$`)

func readBalance(row *connector.Row, column string, f field) *balance {
	m := balanceForm.FindStringSubmatch(strings.TrimSpace(f.text))
	if m == nil {
		row.Fail(column, connector.RuleAmount, fmt.Sprintf("%.40q is no balance: mark, date, currency and amount with a comma", f.text))
		return nil
	}
	b := &balance{day: shortDay(row, column, m[2]), currency: m[3], fen: amount(row, column, m[4]), line: f.line}
	if m[1] == "D" {
		b.fen = -b.fen
	}
	return b
}

// amount reads digits with the one decimal comma of the standard.
func amount(row *connector.Row, column, s string) int64 {
	whole, fraction, ok := strings.Cut(s, ",")
	if !ok || strings.ContainsAny(whole+fraction, ",.") {
		row.Fail(column, connector.RuleAmount, fmt.Sprintf("%.40q: an amount has one comma, before its decimals", s))
		return 0
	}
	return row.Fen(column, whole+"."+fraction)
}

// shortDay reads YYMMDD; years from 80 on are of the last century.
func shortDay(row *connector.Row, column, s string) int64 {
	century := "20"
	if s[0] >= '8' {
		century = "19"
	}
	return row.Day(column, century+s)
}

// lineForm is field 61: value date, entry date, mark, funds code, amount, type,
// the owner's reference and the bank's.
var lineForm = regexp.MustCompile(`^([0-9]{6})([0-9]{4})?(RC|RD|EC|ED|C|D)([A-Z])?([0-9][0-9,.]*)([NFS][A-Z0-9]{3})?(.*)$`)

func (d *document) statementLine(m *message, f field) error {
	d.entries++
	m.lines++
	if m.account == "" || m.foreign {
		return nil // told once, for the message
	}
	e := &entry{row: connector.Row{At: connector.Position{Row: d.entries, Line: f.line}}}
	m.last = e
	first, own, _ := strings.Cut(f.text, "\n")
	e.own = own
	if m.opening == nil {
		e.row.Fail(":60F:", connector.RuleRequired, "an opening balance, which names the currency, must stand before the line")
		return nil
	}
	p := lineForm.FindStringSubmatch(strings.TrimSpace(first))
	if p == nil {
		e.row.Fail(":61:", connector.RuleColumns, fmt.Sprintf("%.60q is no statement line: date, mark C, D, RC or RD, and amount", first))
		return nil
	}
	e.day = shortDay(&e.row, ":61: date", p[1])
	if p[2] != "" && !e.row.Failed() {
		e.day = entryDay(&e.row, e.day, p[2])
	}
	e.fen = amount(&e.row, ":61: amount", p[5])
	if p[6] == "" {
		e.row.Fail(":61: type", connector.RuleCode, "the type of transaction, such as NTRF, is missing")
	}
	e.direction, e.status = record.DirectionIn, record.StatusNormal
	switch p[3] {
	case "D", "RC", "ED": // the reversal of a credit takes money away
		e.direction = record.DirectionOut
	}
	if p[3][0] == 'R' {
		e.status = record.StatusRed
	}
	e.pending = p[3][0] == 'E'
	// A bank's reference is often that of a batch or a text, so the place in the
	// statement tells lines apart: it is the same however often the file is sent.
	e.id = fmt.Sprintf("%s:%s/%s/%s/%d", m.account, m.reference, m.number, record.DayTime(m.opening.day).Format("2006-01-02"), m.lines)
	return nil
}

// entryDay is the month and day of booking in the year that is nearest to the
// value date: a line of 31 December may have a value in January.
func entryDay(row *connector.Row, value int64, monthDay string) int64 {
	year := record.DayTime(value).Year()
	best, found := int64(0), false
	for y := year - 1; y <= year+1; y++ {
		t, err := time.Parse("20060102", fmt.Sprintf("%04d%s", y, monthDay))
		if err != nil {
			continue // 29 February of another year
		}
		if day := record.Day(t); !found || abs(day-value) < abs(best-value) {
			best, found = day, true
		}
	}
	if !found {
		row.Fail(":61: date", connector.RuleDate, fmt.Sprintf("%q is no month and day", monthDay))
	}
	return best
}

func abs(n int64) int64 { return max(n, -n) }

// emit delivers the statement line that is complete.
func (d *document) emit(m *message) error {
	e := m.last
	m.last = nil
	if e == nil {
		return nil
	}
	if e.pending && !e.row.Failed() {
		return d.sink.Refuse(connector.RowError{
			Position: e.row.At, Column: ":61:", Rule: connector.RulePending, Note: true, Detail: "an expected movement",
		})
	}
	name, purpose := details(text(e.information))
	if purpose == "" {
		purpose = text(e.own)
	}
	for _, s := range []string{name, purpose} {
		if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f }) {
			e.row.Fail(":86:", connector.RuleEncoding, "the text has a control character")
		}
	}
	if e.row.Failed() {
		m.refused = true
		return e.row.Emit(d.sink, nil)
	}
	m.movements = record.AddFen(m.movements, e.fen*(3-2*e.direction))
	return e.row.Emit(d.sink, record.New(record.BankTransaction).
		SetText("source_id", e.id).SetInt("date", e.day).SetInt("amount", e.fen).SetText("currency", m.opening.currency).
		SetInt("direction", e.direction).SetInt("status", e.status).
		SetText("account", m.account).
		SetText("counterparty", connector.Describe(name)).
		SetText("description", connector.Describe(purpose)))
}

var structured = regexp.MustCompile(`^[0-9]{3}[^0-9A-Za-z\s]`)

// details are the other side's name and the purpose in a field 86. Three forms
// are known: the German one, a code and subfields such as ?20; the slashed one,
// such as /NAME/ and /REMI/; and plain text.
func details(s string) (name, purpose string) {
	joined := strings.ReplaceAll(s, "\n", "")
	switch {
	case structured.MatchString(joined):
		return germanDetails(joined)
	case strings.HasPrefix(joined, "/") && strings.Count(joined, "/") >= 2:
		name, purpose = slashed(joined, "NAME"), slashed(joined, "REMI")
		if name+purpose != "" {
			return name, purpose
		}
	}
	return "", s
}

// germanDetails reads subfields: 20 to 29 and 60 to 63 are the purpose, 32 and
// 33 the name, 00 the bank's word for the kind of movement.
func germanDetails(s string) (name, purpose string) {
	var kind string
	for _, sub := range strings.Split(s[4:], s[3:4]) {
		if len(sub) < 2 {
			continue
		}
		switch code, v := sub[:2], sub[2:]; {
		case code == "00":
			kind = v
		case code >= "20" && code <= "29" || code >= "60" && code <= "63":
			purpose += v
		case code == "32" || code == "33":
			name += v
		}
	}
	if purpose == "" {
		purpose = kind
	}
	return name, purpose
}

var slashCode = regexp.MustCompile(`/[A-Z]{2,4}/`)

// slashed is the value behind /code/, up to the next code.
func slashed(s, code string) string {
	_, rest, ok := strings.Cut(s, "/"+code+"/")
	if !ok {
		return ""
	}
	if code == "REMI" {
		for _, kind := range []string{"USTD//", "USTD/"} {
			rest = strings.TrimPrefix(rest, kind)
		}
	}
	if at := slashCode.FindStringIndex(rest); at != nil {
		rest = rest[:at[0]]
	}
	return strings.Trim(rest, "/ ")
}

// text is s in UTF-8. A file that is not UTF-8 is GB18030 where its bytes beyond
// ASCII come in pairs, and else Latin: the standard knows neither, and no amount
// depends on it.
func text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	run, pairs := 0, true
	for i := range len(s) + 1 {
		if i < len(s) && s[i] >= utf8.RuneSelf {
			run++
			continue
		}
		pairs = pairs && run%2 == 0
		run = 0
	}
	if pairs {
		if out, err := simplifiedchinese.GB18030.NewDecoder().String(s); err == nil && !strings.ContainsRune(out, utf8.RuneError) {
			return out
		}
	}
	out, err := charmap.Windows1252.NewDecoder().String(s)
	if err != nil {
		return strings.ToValidUTF8(s, "")
	}
	return strings.ReplaceAll(out, string(utf8.RuneError), "")
}
