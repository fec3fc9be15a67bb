package identity

import (
	"testing"

	"github.com/xinlian/xinlian/internal/record"
)

func invoice(schema *record.Schema, id string, fen int64) *record.Record {
	return record.New(schema).SetText("source_id", id).SetInt("date", 20_458).SetInt("amount", fen).SetText("currency", "CNY").
		SetInt("direction", 1).SetInt("status", record.StatusNormal).SetInt("net", fen).SetInt("tax", 0).SetText("counterparty", "买方样本公司")
}

func entry(account, reference string) *record.Record {
	return record.New(record.BankTransaction).SetText("source_id", reference).SetInt("date", 20_458).SetInt("amount", 5).SetText("currency", "CNY").
		SetInt("direction", 1).SetInt("status", 1).SetText("account", account)
}

// TestOf proves which records are of one document and which are not.
func TestOf(t *testing.T) {
	t.Parallel()
	sale, purchase := record.SalesInvoice, record.PurchaseInvoice
	const national = "24312000000012345678"
	for _, c := range []struct {
		name string
		a, b *record.Record
		same bool
	}{
		{"width, case and spaces", invoice(sale, "inv-7", 1), invoice(sale, "ＩＮＶ－ 7", 1), true},
		{"kinds of hyphen", invoice(sale, "INV-7", 1), invoice(sale, "INV–7", 1), true},
		{"code and number of a paper fapiao", invoice(sale, "031001900111-12345678", 1), invoice(sale, "03100190011112345678", 1), true},
		{"hyphens that divide other numbers", invoice(sale, "1-23", 1), invoice(sale, "12-3", 1), false},
		{"sale and purchase", invoice(sale, "7", 1), invoice(purchase, "7", 1), false},
		{"two suppliers", invoice(purchase, "S1:7", 1), invoice(purchase, "S2:7", 1), false},
		{"a national number with and without supplier", invoice(purchase, national, 1), invoice(purchase, "S2:"+national, 1), true},
		{"content does not matter", invoice(sale, "7", 1), invoice(sale, "7", 2), true},
		{"reference with and without account", entry("6222", "6222:R1"), entry("6222", "R1"), true},
		{"two accounts", entry("6222", "R1"), entry("6223", "R1"), false},
		{"a bank's reference of twenty digits is its account's own", entry("6222", national), entry("6223", national), false},
	} {
		if got := Of(c.a) == Of(c.b); got != c.same {
			t.Errorf("%s: one document is %t", c.name, got)
		}
	}
}

// TestContent proves that formats may differ in free text and in what one of
// them does not know, but not in figures.
func TestContent(t *testing.T) {
	t.Parallel()
	base := invoice(record.SalesInvoice, "7", 100)
	for name, other := range map[string]*record.Record{
		"counterparty": invoice(record.SalesInvoice, "7", 100).SetText("counterparty", "91310000MA1FL1111B"),
		"paid":         invoice(record.SalesInvoice, "7", 100).SetInt("paid", 20_470),
		"currency":     invoice(record.SalesInvoice, "7", 100).SetText("currency", "cny"),
		"payment":      invoice(record.SalesInvoice, "7", 100).SetInt("payment", record.PaymentPaid),
		"booking":      invoice(record.SalesInvoice, "7", 100).SetInt("booking", record.BookingBooked),
		"seal":         invoice(record.SalesInvoice, "7", 100).SetInt("seal", record.SealTrusted),
		"free":         invoice(record.SalesInvoice, "7", 100).SetInt("financed", record.FinancedNone),
	} {
		if Content(base) != Content(other) {
			t.Errorf("%s: another content", name)
		}
	}
	for name, other := range map[string]*record.Record{
		"amount":   invoice(record.SalesInvoice, "7", 101),
		"date":     invoice(record.SalesInvoice, "7", 100).SetInt("date", 20_459),
		"status":   invoice(record.SalesInvoice, "7", 100).SetInt("status", record.StatusVoid),
		"tax":      invoice(record.SalesInvoice, "7", 100).SetInt("tax", 1),
		"factored": invoice(record.SalesInvoice, "7", 100).SetInt("financed", record.FinancedFactored),
	} {
		if Content(base) == Content(other) {
			t.Errorf("%s: the same content", name)
		}
	}
}

// TestSort proves that each document counts once, as it was said first.
func TestSort(t *testing.T) {
	t.Parallel()
	first, again, other := invoice(record.SalesInvoice, "A-1", 100), invoice(record.SalesInvoice, "a-1", 100), invoice(record.SalesInvoice, "B", 7)
	later := invoice(record.SalesInvoice, "A-1", 999)
	got := Sort([]*record.Record{first, other, again, later})
	if len(got.First) != 2 || got.First[0] != first || got.First[1] != other || got.Repeats != 1 || got.Conflicts != 1 {
		t.Errorf("got %+v", got)
	}
	if got = Sort([]*record.Record{later, first}); len(got.First) != 1 || got.First[0] != later || got.Conflicts != 1 {
		t.Errorf("the other way round: got %+v", got)
	}
}
