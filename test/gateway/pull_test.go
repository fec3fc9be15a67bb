package gateway_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/pull"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/sample"
	"github.com/xinlian/xinlian/test/world"
)

// checkPulled: a folder of documents and an interface that has some of the same
// invoices bring a firm's records on chain once, over a restart of the gateway,
// and the owner sees both sources and that they overlap.
func checkPulled(t *testing.T, w *world.World) {
	t.Helper()
	v := newVisitor(t, w)
	book := sample.Make(sample.Options{Seed: 11, Profile: sample.Thin})
	register(t, v, book.Owner)
	v.sign("/xinlian.org.v1.MsgActivateDevice", nil)
	v.sign("/xinlian.org.v1.MsgChooseCustodian", map[string]string{"custodian_org_id": "5"})
	firm := newestFirm(t, w)

	drop := filepath.Join(t.TempDir(), "drop")
	for _, f := range book.Files() {
		save(t, filepath.Join(drop, filepath.Base(f.Name)), string(f.Data))
	}
	save(t, filepath.Join(w.Sources, "drop.source.toml"), fmt.Sprintf("version = 1\nenterprise = %d\nkind = \"folder\"\nevery = \"1m\"\n[folder]\npath = %q\nsettle = \"100ms\"\n", firm, drop))
	v.until("/owner/data", "已送达", 30*time.Second)
	before := anchored(t, w, firm)
	if int(before) != len(book.Records) {
		t.Errorf("the chain has %d records, the book %d", before, len(book.Records))
	}

	rows := invoices(book, 20)
	api := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		if err := json.NewEncoder(out).Encode(map[string]any{"invoices": rows}); err != nil {
			t.Error(err)
		}
	}))
	defer api.Close()
	var err error
	if w.Allow, err = pull.ParseAllowList([]string{strings.TrimPrefix(api.URL, "http://") + " plain"}); err != nil {
		t.Fatal(err)
	}
	save(t, filepath.Join(w.Sources, "erp.mapping.toml"), erpMapping)
	save(t, filepath.Join(w.Sources, "erp.source.toml"), fmt.Sprintf("version = 1\nenterprise = %d\nkind = \"http\"\nevery = \"1h\"\n[http]\nurl = %q\nmapping = \"erp.mapping.toml\"\n", firm, api.URL))
	w.Restart()
	v.until("/owner/data", fmt.Sprintf("%d 条记录由多个来源给出", len(rows)-1), 30*time.Second)
	// The page knows of the delivery before it is in a block.
	world.Until(t, "record more on chain", 15*time.Second, func() bool { return anchored(t, w, firm) > before })
	if after := anchored(t, w, firm); after != before+1 {
		t.Errorf("the chain has %d records, want the one new invoice more than %d", after, before)
	}
	checkSigned(t, w, v, firm, book.Owner)
	if err := os.RemoveAll(w.Sources); err != nil {
		t.Fatal(err)
	}
}

// checkSigned: what a source signs is on chain in its name, and its second word on
// an invoice takes the place of the first.
func checkSigned(t *testing.T, w *world.World, v *visitor, firm uint64, owner sample.Owner) {
	t.Helper()
	bureau := filepath.Join(t.TempDir(), "bureau")
	row := func(amount string) string {
		return "number,issue_date,seller_tax_number,seller_name,buyer_tax_number,buyer_name,net,tax,total,currency,status\n" +
			"BUREAU-1,2026-01-07," + owner.TaxNumber + "," + owner.Name + ",,样本晴川五金商行," + amount + ",0.00," + amount + ",CNY,normal\n"
	}
	save(t, filepath.Join(bureau, "first.csv"), row("100.00"))
	save(t, filepath.Join(w.Sources, "bureau.source.toml"), fmt.Sprintf(
		"version = 1\nenterprise = %d\nsigned_by = %d\nkind = \"folder\"\nevery = \"1m\"\n[folder]\npath = %q\nsettle = \"100ms\"\n", firm, w.VerifierA.ID, bureau,
	))
	v.until("/owner/data", "bureau", 30*time.Second)
	var first profilev1.Batch
	world.Until(t, "signed batch on chain", 30*time.Second, func() bool {
		for _, b := range profile(t, w, firm) {
			if b.Anchor.SourceClass == profilev1.SourceClass_SOURCE_CLASS_SIGNED {
				first = b
			}
		}
		return len(first.Anchor.BatchId) > 0
	})
	if first.Anchor.SourceOrgId != w.VerifierA.ID {
		t.Errorf("organisation %d signed, want %d", first.Anchor.SourceOrgId, w.VerifierA.ID)
	}
	got, err := w.Server.Custodian().Intake.Deliver(t.Context(), custody.Delivery{
		Enterprise: firm, Owner: connector.Owner{TaxNumber: owner.TaxNumber, Name: owner.Name}, Source: "bureau",
		Signed:  &custody.Source{OrgID: w.VerifierA.ID, Service: w.VerifierA.Service},
		Uploads: []custody.Upload{{Name: "second.csv", Data: []byte(row("90.00"))}},
	})
	if err != nil || got.Corrected != 1 {
		t.Fatalf("%d corrected, %v", got.Corrected, err)
	}
	for _, b := range profile(t, w, firm) {
		if bytes.Equal(b.Anchor.BatchId, first.Anchor.BatchId) && b.Status != profilev1.BatchStatus_BATCH_STATUS_SUPERSEDED {
			t.Errorf("the corrected batch is %s", b.Status)
		}
	}
}

func profile(t *testing.T, w *world.World, firm uint64) []profilev1.Batch {
	t.Helper()
	r, err := w.Client.Profile.Batches(t.Context(), &profilev1.QueryBatchesRequest{EnterpriseId: firm})
	if err != nil {
		t.Fatal(err)
	}
	return r.Batches
}

const erpMapping = `version = 1
schema = "sales-invoice"
schema_version = 1
rows = "$.invoices"
[fields.source_id]
path = "$.number"
[fields.date]
path = "$.day"
[fields.amount]
path = "$.amount"
[fields.net]
path = "$.net"
[fields.tax]
path = "$.tax"
[fields.currency]
value = "CNY"
[fields.direction]
value = "in"
[fields.status]
path = "$.status"
codes = { "1" = "normal", "2" = "void", "3" = "red" }
[fields.counterparty]
path = "$.buyer"
`

// invoices are some of a book's sales as an interface gives them, written in
// another way than in the files, and one that no file has.
func invoices(book *sample.Book, most int) []map[string]any {
	var rows []map[string]any
	for _, r := range book.Records {
		if r.Schema.ID != record.SalesInvoice.ID || len(rows) == most {
			continue
		}
		row := map[string]any{"number": " " + strings.ToLower(r.SourceID()), "buyer": "another way to write it"}
		for _, name := range []string{"amount", "net", "tax"} {
			fen, _ := r.Int(name)
			row[name] = json.Number(record.FormatFen(fen))
		}
		day, _ := r.Int("date")
		row["day"] = record.DayTime(day).Format("2006/01/02")
		row["status"], _ = r.Int("status")
		rows = append(rows, row)
	}
	return append(rows, map[string]any{"number": "ERP-0001", "buyer": "x", "amount": "1.00", "net": "1.00", "tax": 0, "day": "2026-01-05", "status": 1})
}

func save(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func newestFirm(t *testing.T, w *world.World) (id uint64) {
	t.Helper()
	r, err := w.Client.Org.Organisations(t.Context(), &orgv1.QueryOrganisationsRequest{Kind: orgv1.OrgKind_ORG_KIND_ENTERPRISE})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range r.Organisations {
		id = max(id, o.Id)
	}
	return id
}

// anchored counts the records that the chain has of a firm.
func anchored(t *testing.T, w *world.World, firm uint64) (n uint64) {
	t.Helper()
	for _, b := range profile(t, w, firm) {
		n += uint64(b.Anchor.RecordCount)
	}
	return n
}
