package check

import (
	"testing"

	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/scorecard"
)

// TestConfirm shows which invoices a counterparty's own records confirm, deny or
// do not reach, on both sides, that its name stays out, and that the features
// read the result.
func TestConfirm(t *testing.T) {
	t.Parallel()
	invoice := func(s *record.Schema, id, other string, day, fen, status int64) *record.Record {
		return record.New(s).SetText("source_id", id).SetInt("date", day).SetInt("amount", fen).SetInt("net", fen).SetInt("tax", 0).
			SetText("currency", "CNY").SetInt("direction", 1).SetInt("status", status).SetText("counterparty", other)
	}
	const day, normal, void = 20_600, record.StatusNormal, record.StatusVoid
	firm := []*record.Record{
		invoice(record.SalesInvoice, "1", "样本甲", day, 100, normal),
		invoice(record.SalesInvoice, "2", "样本甲", day, 200, normal),
		invoice(record.SalesInvoice, "3", "样本甲", day, 300, normal),
		invoice(record.SalesInvoice, "4", "样本甲", day+50, 400, normal),
		invoice(record.SalesInvoice, "5", "样本甲", day, 500, void),
		invoice(record.SalesInvoice, "6", "样本乙", day, 600, normal),
		invoice(record.PurchaseInvoice, "税号:7", "样本甲", day, 700, normal),
	}
	other := []*record.Record{
		invoice(record.PurchaseInvoice, "税号:1", "本企业", day, 100, normal),
		invoice(record.PurchaseInvoice, "税号:2", "本企业", day+1, 199, normal),
		invoice(record.PurchaseInvoice, "税号:0", "丙", day-9, 1, normal),
		invoice(record.SalesInvoice, "7", "本企业", day, 700, normal),
	}
	got := Confirm(firm, other, Counterparty{Pseudonym: "P-1", Name: "样本甲", Member: true, QualityBps: 8_000, Confirmer: "样本核验"})
	want := []struct {
		id        string
		answer    int64
		direction int64
	}{
		{"1", record.AnswerConfirmed, record.DirectionIn},
		{"2", record.AnswerDenied, record.DirectionIn}, // another total
		{"3", record.AnswerDenied, record.DirectionIn},
		{"4", record.AnswerUnknown, record.DirectionIn}, // after its last record
		{"税号:7", record.AnswerConfirmed, record.DirectionOut},
	}
	if len(got) != len(want) {
		t.Fatalf("%d confirmations, want %d", len(got), len(want))
	}
	for i, w := range want {
		answer, _ := got[i].Int("answer")
		direction, _ := got[i].Int("direction")
		if err := got[i].Validate(); err != nil || got[i].SourceID() != w.id || answer != w.answer || direction != w.direction || got[i].Text("counterparty") != "P-1" {
			t.Errorf("%d: %s answered %d of side %d (%v), want %+v", i, got[i].SourceID(), answer, direction, err, w)
		}
	}
	features, err := scorecard.Extract(scorecard.FeatureSet2, scorecard.Input{Records: append(firm, got...), AsOfDay: day + 60})
	if err != nil {
		t.Fatal(err)
	}
	// 100 of 100 + 200 + 300 + 600 sold in complete months; one partner.
	if v := features[scorecard.ConfirmedShare]; v != scorecard.Known(833) {
		t.Errorf("confirmed share %+v", v)
	}
	if v := features[scorecard.NetworkPartners]; v != scorecard.Known(1) {
		t.Errorf("network partners %+v", v)
	}
}
