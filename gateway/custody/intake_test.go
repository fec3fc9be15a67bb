package custody_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/connector/format"
	"github.com/xinlian/xinlian/gateway/connector/ofd"
	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/custody/custodytest"
	"github.com/xinlian/xinlian/gateway/store"
	"github.com/xinlian/xinlian/gateway/vault"
	"github.com/xinlian/xinlian/internal/record"
)

const enterprise = 41

var owner = connector.Owner{TaxNumber: "91310000MA1FL0000A", Name: "样本晴川豆制品商行"}

// invoice is a line of the table of invoices.
type invoice struct {
	number, day string
	fen         int64
}

func table(name string, list ...invoice) custody.Upload {
	var b strings.Builder
	b.WriteString("number,issue_date,seller_tax_number,seller_name,buyer_tax_number,buyer_name,net,tax,total,currency,status\n")
	for _, v := range list {
		total := fmt.Sprintf("%d.%02d", v.fen/100, v.fen%100)
		fmt.Fprintf(&b, "%s,%s,%s,%s,,买方样本公司,%s,0,%s,CNY,normal\n", v.number, v.day, owner.TaxNumber, owner.Name, total, total)
	}
	return custody.Upload{Name: name, Data: []byte(b.String())}
}

func deliver(t *testing.T, w *custodytest.World, key string, uploads ...custody.Upload) custody.Collected {
	t.Helper()
	got, err := w.Intake.Deliver(t.Context(), custody.Delivery{Enterprise: enterprise, Key: key, Owner: owner, Source: "source-" + key, Uploads: uploads})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func numbers(w *custodytest.World) string {
	var list []string
	for _, r := range w.Records(enterprise) {
		amount, _ := r.Int("amount")
		list = append(list, fmt.Sprintf("%s=%d", r.SourceID(), amount))
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// TestDeliverOnce proves that a delivery's key makes it one delivery, across a
// restart too, and that another key with the same records brings nothing new.
func TestDeliverOnce(t *testing.T) {
	t.Parallel()
	w := custodytest.New(t)
	file := table("a.csv", invoice{"A-1", "2026-01-05", 100}, invoice{"A-2", "2026-01-06", 200})
	first := deliver(t, w, "k", file)
	w.Close()
	w.Open(nil)
	again := deliver(t, w, "k", file)
	if first.Anchored.Height != again.Anchored.Height || again.Records() != 2 {
		t.Errorf("the same key: got height %d and %d records, want %d and 2", again.Anchored.Height, again.Records(), first.Anchored.Height)
	}
	other := deliver(t, w, "other", file)
	if other.Twice != 2 || other.Records() != 0 || len(w.Chain.Batches()) != 1 {
		t.Errorf("another key: got %d twice, %d records, %d batches on chain", other.Twice, other.Records(), len(w.Chain.Batches()))
	}
	if got := numbers(w); got != "A-1=100 A-2=200" {
		t.Errorf("the profile has %s", got)
	}
	twice, conflicts, err := w.Book.Overlap(t.Context(), custodytest.Custodian, enterprise)
	if err != nil || twice != 2 || conflicts != 0 {
		t.Errorf("got %d records of several sources and %d conflicts, %v", twice, conflicts, err)
	}
}

// TestConflict proves that what contradicts an earlier record is anchored beside
// it in a stream of its own and named, and that the earlier one stays as it is.
func TestConflict(t *testing.T) {
	t.Parallel()
	w := custodytest.New(t)
	first := deliver(t, w, "k1", table("a.csv", invoice{"A-1", "2026-01-05", 100}, invoice{"A-2", "2026-01-06", 200}))
	second := deliver(t, w, "k2", table("b.csv", invoice{"A 1", "2026-01-05", 100}, invoice{"A-1", "2026-01-05", 100}, invoice{"A-2", "2026-01-06", 250}))
	if len(second.Conflicts) != 1 || second.Twice != 1 {
		t.Fatalf("got %+v and %d twice, want one conflict and one repeat", second.Conflicts, second.Twice)
	}
	c := second.Conflicts[0]
	if c.SourceID != "A-2" || c.Batch != first.Batches[0].ID || c.Position != 1 {
		t.Errorf("got %+v, want A-2 against record 1 of the first batch", c)
	}
	if got := numbers(w); got != "A 1=100 A-1=100 A-2=200 A-2=250" {
		t.Errorf("the profile has %s", got)
	}
	batches := w.Chain.Batches()
	if len(batches) != 2 || batches[1].Source != batches[0].Source+".2" || batches[1].Sequence != 1 {
		t.Errorf("got %d batches, the last from %q", len(batches), batches[len(batches)-1].Source)
	}
	known, err := w.Book.Conflicts(t.Context(), custodytest.Custodian, enterprise, 10)
	if err != nil || len(known) != 2 || vault.ID(known[0].Batch) != first.Batches[0].ID {
		t.Errorf("the index lists %v, %v", known, err)
	}
}

// TestSightings proves that the index says where a record was seen.
func TestSightings(t *testing.T) {
	t.Parallel()
	w := custodytest.New(t)
	deliver(t, w, "k1", table("a.csv", invoice{"A-1", "2026-01-05", 100}))
	deliver(t, w, "k2", table("b.csv", invoice{"A-2", "2026-01-06", 100}, invoice{"A-1", "2026-01-05", 100}))
	all := map[string]int{}
	for _, k := range w.Index(enterprise) {
		seen, err := w.Book.Sightings(t.Context(), custodytest.Custodian, enterprise, k.Tag, k.Content)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range seen {
			all[fmt.Sprintf("%s %s:%d", s.Source, s.File, s.Row)]++
		}
	}
	for _, want := range []string{"source-k1 a.csv:2", "source-k2 b.csv:2", "source-k2 b.csv:3"} {
		if all[want] != 1 {
			t.Errorf("not seen at %s: %v", want, all)
		}
	}
}

// TestLateRecords proves that records of days that their stream covers already
// go to the stream's next lane, and that a complete source leaves no gap.
func TestLateRecords(t *testing.T) {
	t.Parallel()
	w := custodytest.New(t)
	send := func(key string, list ...invoice) {
		t.Helper()
		if _, err := w.Intake.Deliver(t.Context(), custody.Delivery{Enterprise: enterprise, Key: key, Owner: owner, Complete: true, Uploads: []custody.Upload{table(key+".csv", list...)}}); err != nil {
			t.Fatal(err)
		}
	}
	send("1", invoice{"A-1", "2026-01-05", 1})
	send("2", invoice{"A-2", "2026-01-09", 2}, invoice{"A-3", "2026-01-03", 3})
	send("3", invoice{"A-4", "2026-01-02", 4})
	var got []string
	for _, b := range w.Chain.Batches() {
		got = append(got, fmt.Sprintf("%s#%d:%d-%d", b.Source, b.Sequence, b.PeriodFrom-20_454, b.PeriodTo-20_454))
	}
	want := []string{"table#1:4-4", "table#2:5-8", "table.2#1:2-2", "table.3#1:1-1"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestKilled proves that a delivery that is killed before or after any of its
// durable steps is in the profile once after it is handed in again, and that no
// sealed batch is left without an anchor.
func TestKilled(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		for n := 0; ; n++ {
			w := custodytest.New(t)
			w.Close()
			fuse := custodytest.NewFuse(n, after)
			w.Open(fuse)
			d := custody.Delivery{Enterprise: enterprise, Key: "k", Owner: owner, Uploads: []custody.Upload{table("a.csv", invoice{"A-1", "2026-01-05", 100}, invoice{"A-2", "2026-01-06", 200})}}
			_, err := w.Intake.Deliver(t.Context(), d)
			if !fuse.Blown() {
				if n < 3 {
					t.Fatalf("a delivery has %d steps only", n)
				}
				break
			}
			if !errors.Is(err, custodytest.ErrKilled) {
				t.Fatalf("step %d: got %v", n, err)
			}
			w.Close()
			w.Open(nil)
			if err := w.Intake.Recover(t.Context()); err != nil {
				t.Fatal(err)
			}
			got, err := w.Intake.Deliver(t.Context(), d)
			if err != nil || got.Records() != 2 {
				t.Fatalf("step %d, after %t: got %d records, %v", n, after, got.Records(), err)
			}
			if list := numbers(w); list != "A-1=100 A-2=200" || len(w.Chain.Batches()) != 1 || len(w.Vault.Batches(enterprise)) != 1 {
				t.Errorf("step %d, after %t: the profile has %s, the chain %d batches, the vault %d", n, after, list, len(w.Chain.Batches()), len(w.Vault.Batches(enterprise)))
			}
		}
	}
}

// TestRefusedPlan proves that a plan the chain refuses for good leaves no trace,
// that one refused at admission stays until its fate is known, and that one that
// is out of date is sealed again.
func TestRefusedPlan(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		refusal *chain.Refused
		planned int
		sealed  int
	}{
		{"in a block", &chain.Refused{Space: "profile", Code: 7, Hash: []byte{1}}, 0, 0},
		{"at admission", &chain.Refused{Space: "sdk", Code: 13}, 1, 1},
	} {
		w := custodytest.New(t)
		w.Chain.Refuse = func() error { return c.refusal }
		d := custody.Delivery{Enterprise: enterprise, Key: "k", Owner: owner, Uploads: []custody.Upload{table("a.csv", invoice{"A-1", "2026-01-05", 100})}}
		if _, err := w.Intake.Deliver(t.Context(), d); !errors.Is(err, c.refusal) {
			t.Fatalf("%s: got %v", c.name, err)
		}
		planned, err := w.Book.Planned(t.Context(), custodytest.Custodian)
		if err != nil || len(planned) != c.planned || len(w.Vault.Batches(enterprise)) != c.sealed {
			t.Errorf("%s: got %d plans, %d sealed batches, %v", c.name, len(planned), len(w.Vault.Batches(enterprise)), err)
		}
		w.Chain.Refuse = nil
		if got, err := w.Intake.Deliver(t.Context(), d); err != nil || got.Records() != 1 || len(w.Chain.Batches()) != 1 {
			t.Errorf("%s: then got %d records, %v", c.name, got.Records(), err)
		}
	}
	w := custodytest.New(t)
	once := true
	w.Chain.Refuse = func() error {
		if once {
			once = false
			return &chain.Refused{Space: "profile", Code: 12, Hash: []byte{1}}
		}
		return nil
	}
	deliver(t, w, "k", table("a.csv", invoice{"A-1", "2026-01-05", 100}))
	if n := len(w.Vault.Batches(enterprise)); n != 1 {
		t.Errorf("out of date: %d sealed batches", n)
	}
}

// TestIndexOfOldBatches proves that batches anchored before there was an index
// are read into it at the start.
func TestIndexOfOldBatches(t *testing.T) {
	t.Parallel()
	w := custodytest.New(t)
	deliver(t, w, "k", table("a.csv", invoice{"A-1", "2026-01-05", 100}))
	k := store.DeliveryKey{Custodian: custodytest.Custodian, Enterprise: enterprise, Key: "k"}
	if err := w.Book.DropDelivery(context.Background(), k); err != nil { // as if it had been anchored without
		t.Fatal(err)
	}
	w.Close()
	w.Open(nil)
	got := deliver(t, w, "again", table("b.csv", invoice{"A-1", "2026-01-05", 100}))
	if got.Twice != 1 || len(w.Chain.Batches()) != 1 {
		t.Errorf("got %d twice and %d batches", got.Twice, len(w.Chain.Batches()))
	}
}

// TestAuthorities proves that the intake trusts the seals of the authorities it is
// told of, and of nobody else.
func TestAuthorities(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("..", "connector", "ofd", "testdata")
	sealed, err := os.ReadFile(filepath.Join(folder, "sealed.ofd"))
	if err != nil {
		t.Fatal(err)
	}
	authorities, err := ofd.LoadAuthorities(filepath.Join(folder, "authority.pem"))
	if err != nil {
		t.Fatal(err)
	}
	for want, parsers := range map[int64]connector.Set{record.SealTrusted: format.Trusting(authorities), record.SealUntrusted: nil} {
		w := custodytest.New(t)
		w.Intake.Parsers = parsers
		seller := connector.Owner{TaxNumber: "99000000000000001A", Name: "样本业主公司"}
		if _, err := w.Intake.Deliver(t.Context(), custody.Delivery{
			Enterprise: enterprise, Key: "k1", Owner: seller, Uploads: []custody.Upload{{Name: "sealed.ofd", Data: sealed}},
		}); err != nil {
			t.Fatal(err)
		}
		list := w.Records(enterprise)
		if len(list) != 1 {
			t.Fatalf("%d records", len(list))
		}
		if seal, _ := list[0].Int("seal"); seal != want {
			t.Errorf("seal %d, want %d", seal, want)
		}
	}
}

// TestFinanced proves that an invoice of which a later document says that it was
// factored is a conflict that the owner sees, while one that was paid or booked
// meanwhile says nothing new.
func TestFinanced(t *testing.T) {
	t.Parallel()
	const header = "发票号码,开票日期,价税合计,币种,收支方向,状态,不含税金额,税额,对方税号或名称,付款状态,保理或转让\n"
	row := func(payment, financed string) custody.Upload {
		return custody.Upload{Name: "invoices.csv", Data: fmt.Appendf(nil, "%sA-1,2026-01-05,1.00,CNY,收,正常,1.00,0.00,买方样本公司,%s,%s\n", header, payment, financed)}
	}
	w := custodytest.New(t)
	first := deliver(t, w, "k1", row("open", ""))
	if first.Records() != 1 {
		t.Fatalf("got %d records, problems %v", first.Records(), first.Problems)
	}
	if got := deliver(t, w, "k2", row("paid", "none")); got.Twice != 1 || len(got.Conflicts) != 0 {
		t.Errorf("paid: %d twice, conflicts %v", got.Twice, got.Conflicts)
	}
	if got := deliver(t, w, "k3", row("paid", "factored")); got.Twice != 0 || len(got.Conflicts) != 1 || got.Conflicts[0].Batch != first.Batches[0].ID {
		t.Errorf("factored: %d twice, conflicts %v, problems %v", got.Twice, got.Conflicts, got.Problems)
	}
}
