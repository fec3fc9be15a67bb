package line_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/gateway/scoring"
	"github.com/xinlian/xinlian/gateway/vault"
	"github.com/xinlian/xinlian/internal/record"
)

// recomputed proves that a lender computes the score behind the loan again from
// the records that it opens itself, to the integer, and that a batch left out or
// an amount changed is named.
func (w *world) recomputed(t *testing.T) {
	account, err := scoring.Behind(t.Context(), w.Client(), w.Loan())
	if err != nil {
		t.Fatal(err)
	}
	bank := w.Founder("bank-a")
	reading, err := w.Desk("bank-a").Open(t.Context(), bank.Person, account.Loan.ConsentId)
	if err != nil {
		t.Fatal(err)
	}
	retrace := func(opened []*vault.Opened) scoring.Account {
		t.Helper()
		again := account
		if err := again.Retrace(t.Context(), w.Client(), opened); err != nil {
			t.Fatal(err)
		}
		return again
	}
	same := retrace(reading.Opened)
	if same.Difference != nil {
		t.Fatal(same.Difference)
	}
	if same.Result.Score != account.Score.Score || same.Result.CapacityFen != account.Score.CapacityFen || len(same.Features) == 0 {
		t.Errorf("got %+v of %d features, the chain has %d points and %d fen", same.Result, len(same.Features), account.Score.Score, account.Score.CapacityFen)
	}
	left := reading.Opened[0].Batch.ID
	without := slices.DeleteFunc(slices.Clone(reading.Opened), func(o *vault.Opened) bool { return o.Batch.ID == left })
	if d := retrace(without).Difference; d == nil || d.What != "batch" || d.Chain != left.String() {
		t.Errorf("a batch left out: got %v", d)
	}
	changed := slices.Clone(reading.Opened)
	for i, o := range changed {
		if o.Record.Schema.ID == record.BankTransaction.ID {
			amount, _ := o.Record.Int("amount")
			copied := *o
			copied.Record = &record.Record{Schema: o.Record.Schema, Values: slices.Clone(o.Record.Values)}
			copied.Record.SetInt("amount", amount*3+1_000_00)
			changed[i] = &copied
		}
	}
	if d := retrace(changed).Difference; d == nil || !strings.Contains(d.What, "score") && !strings.Contains(d.What, "capacity") {
		t.Errorf("amounts changed: got %v", d)
	}
}
