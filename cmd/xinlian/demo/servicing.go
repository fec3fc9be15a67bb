package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/xinlian/xinlian/bundle"
	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/evidence"
	"github.com/xinlian/xinlian/gateway/scoring"
	"github.com/xinlian/xinlian/gateway/vault"
	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/durable"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/wire"
)

// deposit gives the firm takings to repay from.
func (w *world) deposit(f *firm, amountFen int64) action {
	return func(ctx context.Context) (chain.Result, error) {
		s := w.founder(settlement)
		return w.client.Send(ctx, s.admin, &cashv1.MsgIssue{
			Device: wire.Address(s.admin), OrgId: s.id, ToOrgId: w.id(f.name), AmountFen: amountFen, BankReference: "demo-takings-" + f.name,
		})
	}
}

func (w *world) loan(ctx context.Context) (loanv1.Loan, error) {
	r, err := w.client.Loan.Loan(ctx, &loanv1.QueryLoanRequest{Id: w.id("loan")})
	if err != nil {
		return loanv1.Loan{}, err
	}
	return r.Loan, nil
}

// entry finds the first entry of a kind in the loan's journal after a number.
func (w *world) entry(ctx context.Context, kind loanv1.EntryKind, after uint64) (loanv1.JournalEntry, bool, error) {
	r, err := w.client.Loan.Journal(ctx, &loanv1.QueryJournalRequest{LoanId: w.id("loan")})
	if err != nil {
		return loanv1.JournalEntry{}, false, err
	}
	for _, e := range r.Entries {
		if e.Kind == kind && e.Number > after {
			return e, true, nil
		}
	}
	return loanv1.JournalEntry{}, false, nil
}

// collectUntilTranche waits for the chain to collect and to release the second tranche.
func (w *world) collectUntilTranche(ctx context.Context) (chain.Result, error) {
	var second loanv1.JournalEntry
	err := wait(ctx, "the second tranche", w.until(4), func() (bool, error) {
		first, ok, err := w.entry(ctx, loanv1.EntryKind_ENTRY_KIND_DISBURSED, 0)
		if err != nil || !ok {
			return false, err
		}
		second, ok, err = w.entry(ctx, loanv1.EntryKind_ENTRY_KIND_DISBURSED, first.Number)
		return ok, err
	})
	if err != nil {
		return chain.Result{}, err
	}
	l, err := w.loan(ctx)
	if err != nil {
		return chain.Result{}, err
	}
	w.say("%d instalments were collected on their due dates; the rule released ¥%s more, by itself", l.OnTime, record.FormatFen(second.PrincipalFen))
	return chain.Result{Height: second.Height}, nil
}

// fallLate moves the firm's money away, so that the next instalment is late. The
// chain's clock does not stop with the demonstration: one that was started again
// long after a kill may find that everything fell due meanwhile, and was paid.
func (w *world) fallLate(f, to *firm) action {
	return func(ctx context.Context) (chain.Result, error) {
		l, err := w.loan(ctx)
		if err != nil {
			return chain.Result{}, err
		}
		if l.Status != loanv1.LoanStatus_LOAN_STATUS_CLOSED {
			if err := w.moveAll(ctx, f, to); err != nil {
				return chain.Result{}, err
			}
		}
		var late loanv1.JournalEntry
		var happened bool
		err = wait(ctx, "a late instalment", w.until(4), func() (bool, error) {
			if l, err = w.loan(ctx); err != nil {
				return false, err
			}
			late, happened, err = w.entry(ctx, loanv1.EntryKind_ENTRY_KIND_LATE, 0)
			return happened || l.Status == loanv1.LoanStatus_LOAN_STATUS_CLOSED, err
		})
		if err != nil {
			return chain.Result{}, err
		}
		if !happened {
			w.say("while the demonstration stood still every instalment fell due; the chain has collected them all, none is late")
			return chain.Result{}, nil
		}
		w.say("instalment %d of tranche %d is past its grace: late fee ¥%s", late.Instalment, late.Tranche, record.FormatFen(late.FeeFen))
		return chain.Result{Height: late.Height}, nil
	}
}

// moveAll sends a firm's whole balance to another.
func (w *world) moveAll(ctx context.Context, from, to *firm) error {
	b, err := w.client.Cash.Balance(ctx, &cashv1.QueryBalanceRequest{OrgId: w.id(from.name)})
	if err != nil || b.AmountFen == 0 {
		return err
	}
	_, err = w.client.Send(ctx, from.owner, &cashv1.MsgTransfer{
		Device: wire.Address(from.owner), OrgId: w.id(from.name), ToOrgId: w.id(to.name), AmountFen: b.AmountFen,
	})
	return err
}

// recover pays the money back; the chain collects what is overdue, fee first. The
// other firm has no money of its own: whatever it holds is what was moved.
func (w *world) recover(f, from *firm) action {
	return func(ctx context.Context) (chain.Result, error) {
		err := w.moveAll(ctx, from, f)
		if err != nil {
			return chain.Result{}, err
		}
		err = wait(ctx, "the overdue instalments", w.until(4), func() (bool, error) {
			l, err := w.loan(ctx)
			return l.Status == loanv1.LoanStatus_LOAN_STATUS_CURRENT || l.Status == loanv1.LoanStatus_LOAN_STATUS_CLOSED, err
		})
		if err == nil {
			w.say("the chain has collected what was overdue; nothing is late any more")
		}
		return chain.Result{}, err
	}
}

// repayEarly pays off the rest before it is due.
func (w *world) repayEarly(f *firm) action {
	return func(ctx context.Context) (chain.Result, error) {
		l, err := w.loan(ctx)
		if err != nil || l.Status == loanv1.LoanStatus_LOAN_STATUS_CLOSED {
			return chain.Result{}, err
		}
		res, err := w.client.Send(ctx, f.owner, &loanv1.MsgRepay{
			Device: wire.Address(f.owner), OrgId: w.id(f.name), LoanId: l.Id, AmountFen: 200_000_00,
		})
		if err != nil {
			return res, err
		}
		var r loanv1.MsgRepayResponse
		if err := w.client.Response(res, 0, &r); err != nil {
			return res, err
		}
		w.say("early payment: ¥%s taken, outstanding ¥%s", record.FormatFen(r.TakenFen), record.FormatFen(r.OutstandingFen))
		return res, nil
	}
}

// revoke ends the bank's consent; its next read is refused, and that too is on record.
func (w *world) revoke(f *firm) action {
	return func(ctx context.Context) (chain.Result, error) {
		bank := w.founder(bankA)
		id := w.bytes(consentKey(f, bank, profilev1.Purpose_PURPOSE_UNDERWRITING))
		c, err := w.client.Profile.Consent(ctx, &profilev1.QueryConsentRequest{ConsentId: id})
		if err != nil {
			return chain.Result{}, err
		}
		var res chain.Result
		if c.Consent.State == profilev1.ConsentState_CONSENT_STATE_ACTIVE {
			res, err = w.client.Send(ctx, f.owner, &profilev1.MsgRevokeConsent{Device: wire.Address(f.owner), OrgId: w.id(f.name), ConsentId: id})
			if err != nil {
				return res, err
			}
		}
		_, err = w.read(ctx, bank, id)
		switch {
		case err == nil:
			return res, errors.New("a read after the revocation was allowed")
		case !errors.Is(err, vault.ErrConsentRevoked):
			return res, fmt.Errorf("the read was refused for another reason: %w", err)
		}
		w.say("the next read of %s is refused: %v", bank.title, err)
		return res, nil
	}
}

// prove exports the bundle and checks it three ways.
func (w *world) prove(f *firm) action {
	return func(ctx context.Context) (chain.Result, error) {
		disclosed, err := w.disclose(ctx, f)
		if err != nil {
			return chain.Result{}, err
		}
		path := filepath.Join(w.home, fmt.Sprintf("loan-%d.bundle", w.id("loan")))
		var file bytes.Buffer
		exported, err := w.exporter().Export(ctx, &file, w.id("loan"), disclosed)
		if err != nil {
			return chain.Result{}, err
		}
		if err := durable.WriteFile(path, file.Bytes(), 0o644); err != nil {
			return chain.Result{}, err
		}
		w.say("%s: %d rows proven at height %d, %d bytes", path, exported.Rows, exported.StateHeight, exported.Bytes)
		report := bundle.Verify(file.Bytes(), &exported.Root, time.Now())
		if report.Verdict != bundle.Valid {
			return chain.Result{}, fmt.Errorf("the bundle does not verify:\n%s", report)
		}
		for _, c := range report.Checks {
			w.say("  ✔ %-13s %s", c.Name, c.Detail)
		}
		if v := bundle.Verify(file.Bytes(), nil, time.Now()).Verdict; v != bundle.Unanchored {
			return chain.Result{}, fmt.Errorf("without a trust root the verdict is %s", v)
		}
		bent := bytes.Clone(file.Bytes())
		bent[len(bent)/2] ^= 1
		refused := bundle.Verify(bent, &exported.Root, time.Now())
		if refused.Verdict != bundle.Refused {
			return chain.Result{}, errors.New("a flipped byte was not noticed")
		}
		w.say("without --trust: UNANCHORED. One flipped byte: %s", refused.Checks[len(refused.Checks)-1].Detail)
		w.say("check it yourself: xinlian verify %s --trust %s", path, exported.Root)
		return chain.Result{Height: exported.StateHeight}, nil
	}
}

// disclosedRecords is how many records the owner shows.
const disclosedRecords = 10

// disclose has the owner open her features and a few records. The bank's consent
// is over; the records are hers, and her custodian opens them for her.
func (w *world) disclose(ctx context.Context, f *firm) (evidence.Disclosure, error) {
	var all []*vault.Opened
	for _, b := range w.vault.Batches(w.id(f.name)) {
		opened, err := w.vault.OpenBatch(ctx, b.ID)
		if errors.Is(err, vault.ErrNotAnchored) { // sealed before a kill, and then again
			continue
		}
		if err != nil {
			return evidence.Disclosure{}, err
		}
		all = append(all, opened...)
	}
	p, err := scoring.Derive(ctx, w.client, scoring.Basis{Version: w.model.FeatureSet, Enterprise: w.id(f.name), AsOfDay: f.book.LastDay}, all, [31]byte(w.bytes("salt/"+f.name)))
	if err != nil {
		return evidence.Disclosure{}, err
	}
	d := evidence.Disclosure{ScoreProof: w.bytes("proof/" + f.name), Proposal: &p, From: []int64{2}}
	for i := range disclosedRecords {
		d.Records = append(d.Records, all[i*len(all)/disclosedRecords])
	}
	return d, nil
}
