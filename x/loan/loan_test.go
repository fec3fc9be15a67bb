package loan

import (
	"bytes"
	"fmt"
	"testing"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/x/org"
)

// From template to closed loan: each step leaves the state and the events that
// it should, the borrower pays to the fen what her schedule says, and the second
// tranche comes by rule.
func TestLifeOfALoan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	product := w.market(contractTerms())

	res, events, err := deliver(w, w.msg.Apply, applyFor(product, 10_000_000))
	w.must(err)
	if res.Outcome != loanv1.Outcome_OUTCOME_APPROVED || res.OfferId != 1 || res.ApplicationId != 1 {
		t.Fatalf("response %+v", res)
	}
	wantList(t, "events of an application", events, []string{"xinlian.loan.v1.EventOfferChanged", "xinlian.loan.v1.EventDecided"})
	wantRow(t, "pool with an offer", ptr(w.pool(1)), &loanv1.Pool{Id: 1, ManagerOrgId: bank, ContributedFen: 50_000_000, ReservedFen: 10_000_000})
	w.sound()

	_, events, err = deliver(w, w.msg.Accept, w.acceptance(1))
	w.must(err)
	wantList(t, "events of an acceptance", events, []string{
		"xinlian.loan.v1.EventOfferChanged", "xinlian.loan.v1.EventJournal", "xinlian.loan.v1.EventJournal",
	})
	wantRow(t, "pool with a loan", ptr(w.pool(1)), &loanv1.Pool{
		Id: 1, ManagerOrgId: bank, ContributedFen: 50_000_000, LentFen: 6_000_000, ReservedFen: 4_000_000,
	})
	if got := w.balance(cashAccount(bakery)); got != 6_000_000 {
		t.Fatalf("the bakery holds %d fen, want the first tranche", got)
	}
	l := w.loan(1)
	if l.RateBps != 720 || l.Status != loanv1.LoanStatus_LOAN_STATUS_CURRENT || l.JournalEntries != 2 || l.Device != bakeryAdmin {
		t.Fatalf("loan %+v", l)
	}
	w.sound()

	total := w.total()
	w.must(w.cash.issue(w.ctx, cashAccount(bakery), 4_000_000))
	total += 4_000_000
	for n := uint32(1); n <= 12; n++ {
		w.advance(w.row(1, 1, n).DueAt)
		w.sound()
	}
	if first := w.row(1, 1, 1); first.PrincipalFen+first.InterestFen != 519_714 || first.Status != loanv1.InstalmentStatus_INSTALMENT_STATUS_PAID {
		t.Errorf("first instalment %+v", first)
	}
	l = w.loan(1)
	if l.Tranches[0].Status != loanv1.TrancheStatus_TRANCHE_STATUS_REPAID || l.Tranches[1].Status != loanv1.TrancheStatus_TRANCHE_STATUS_DISBURSED {
		t.Fatalf("tranches %+v", l.Tranches)
	}
	if l.Tranches[1].DisbursedAt != w.row(1, 1, 2).DueAt {
		t.Errorf("second tranche paid out at %d, want with the second instalment on time", l.Tranches[1].DisbursedAt)
	}
	for n := uint32(11); n <= 12; n++ {
		w.advance(w.row(1, 2, n).DueAt)
	}
	w.sound()
	l = w.loan(1)
	if l.Status != loanv1.LoanStatus_LOAN_STATUS_CLOSED || l.OnTime != 24 || l.Late != 0 {
		t.Errorf("at its end the loan is %+v", l)
	}
	if got := w.total(); got != total {
		t.Errorf("money grew from %d to %d fen", total, got)
	}
	p := w.pool(1)
	if p.LentFen != 0 || p.ReservedFen != 0 || w.balance(PoolAccount(1)) != 50_000_000+p.EarnedFen || p.EarnedFen != 236_567+157_711 {
		t.Errorf("at the end the pool is %+v", p)
	}
	if *w.headers == 0 {
		t.Error("no header was recorded for blocks that collected")
	}
}

// total is all the money there is.
func (w *world) total() int64 {
	w.Helper()
	var sum int64
	w.must(w.cash.accounts.Walk(w.ctx, nil, func(_ []byte, v int64) (bool, error) { sum += v; return false, nil }))
	return sum
}

func ptr[T any](v T) *T { return &v }

// The journal names the transaction that moved money and leaves the chain's own work without one.
func TestJournalNamesTransactions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.borrow(w.market(contractTerms()), 10_000_000)
	w.advance(w.row(id, 1, 1).DueAt)
	r, err := w.qry.Journal(w.ctx, &loanv1.QueryJournalRequest{LoanId: id})
	w.must(err)
	wantList(t, "journal", w.kinds(id), []string{"SIGNED", "DISBURSED", "COLLECTED", "HELD"})
	for _, e := range r.Entries {
		byTx := e.Kind == loanv1.EntryKind_ENTRY_KIND_SIGNED || e.Kind == loanv1.EntryKind_ENTRY_KIND_DISBURSED
		if byTx != (len(e.TxHash) == 32) {
			t.Errorf("entry %d names transaction %X", e.Number, e.TxHash)
		}
	}
	if !bytes.Equal(r.Entries[0].Previous, make([]byte, 32)) {
		t.Error("the first entry names an entry before it")
	}
}

// A delinquent loan can be given up: its principal becomes the pool's loss and
// the enterprise's record, planned tranches fall away and collection stops.
func TestWriteOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	product := w.market(contractTerms())
	id := w.borrow(product, 10_000_000)
	give := &loanv1.MsgWriteOff{Device: bankAdmin, OrgId: bank, LoanId: id}
	refused(w, "a current loan", w.msg.WriteOff, give, ErrState)
	w.drain(bakery)
	w.pass(w.row(id, 1, 1).DueAt + 3*daySeconds)
	refused(w, "by an officer", w.msg.WriteOff, &loanv1.MsgWriteOff{Device: bankOfficer, OrgId: bank, LoanId: id}, org.ErrDeviceRole)
	refused(w, "by another lender", w.msg.WriteOff, &loanv1.MsgWriteOff{Device: otherAdmin, OrgId: otherBank, LoanId: id}, ErrUnauthorised)
	done(w, w.msg.WriteOff, give)
	w.sound()
	// The watch over the model hears of the loan once, and of its default once.
	l, err := w.k.loans.Get(w.ctx, id)
	w.must(err)
	score := string(hashOf(byte(bakery)))
	if n, m := w.told["opened "+score], w.told[fmt.Sprintf("defaulted %s of %d", score, l.SignedAt)]; n != 1 || m != 1 || len(w.told) != 2 {
		t.Errorf("told of %d openings and %d defaults: %v", n, m, w.told)
	}
	if p := w.pool(1); p.LostFen != 6_000_000 || p.LentFen != 0 || p.ReservedFen != 0 {
		t.Errorf("pool %+v", p)
	}
	e, err := w.k.Exposure(w.ctx, bakery)
	w.must(err)
	wantRow(t, "exposure", &e, &loanv1.Exposure{EnterpriseId: bakery, WrittenOffFen: 6_000_000})
	w.must(w.cash.issue(w.ctx, cashAccount(bakery), 10_000_000))
	w.pass(w.row(id, 1, 12).DueAt)
	if got := w.balance(cashAccount(bakery)); got != 10_000_000 {
		t.Errorf("a written-off loan was collected: %d fen left", got)
	}
	refused(w, "twice", w.msg.WriteOff, give, ErrState)
	refused(w, "repaying it", w.msg.Repay, &loanv1.MsgRepay{Device: bakeryAdmin, OrgId: bakery, LoanId: id, AmountFen: 1}, ErrState)
	res := done(w, w.msg.Apply, applyFor(product, 1_000_000))
	a, err := w.k.application(w.ctx, res.ApplicationId)
	w.must(err)
	if res.Outcome != loanv1.Outcome_OUTCOME_DECLINED || a.Decision.Reasons[0].Code != "no-loss" || a.Decision.Reasons[0].Value != 6_000_000 {
		t.Errorf("the next application came to %+v", a.Decision)
	}
}

// drain takes all money from an organisation's account out of the world.
func (w *world) drain(org uint64) {
	w.Helper()
	w.must(w.cash.accounts.Set(w.ctx, cashAccount(org), 0))
}

// Each decision names its model for ever, through the score among its inputs and
// through its product, and both name the same one, also when the model is retired.
func TestDecisionNamesModel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.borrow(w.market(contractTerms()), 10_000_000)
	w.models[string(hashOf(0xaa))] = scorev1.Model{Hash: hashOf(0xaa), Status: scorev1.ModelStatus_MODEL_STATUS_RETIRED}
	l, err := w.k.loans.Get(w.ctx, id)
	w.must(err)
	app, err := w.k.application(w.ctx, l.ApplicationId)
	w.must(err)
	in := app.Decision.Inputs
	score, err := w.k.left.Score.Score(w.ctx, in.ScoreId)
	w.must(err)
	product, err := w.k.product(w.ctx, in.ProductId)
	w.must(err)
	if !bytes.Equal(score.ModelHash, hashOf(0xaa)) || !bytes.Equal(product.Terms.ModelHash, score.ModelHash) {
		t.Errorf("the decision rests on model %x, its product on %x", score.ModelHash, product.Terms.ModelHash)
	}
}
