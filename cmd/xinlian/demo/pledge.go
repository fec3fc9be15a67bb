package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/desk"
	"github.com/xinlian/xinlian/gateway/pledging"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/wire"
)

// pledgeOnce has two banks go for one receivable. Each is told by its own check
// and by the chain, under a consent of its own, with a statement of its own.
func (w *world) pledgeOnce(f *firm) action {
	return func(ctx context.Context) (chain.Result, error) {
		first, err := w.receivables(ctx, f, bankA)
		if err != nil {
			return chain.Result{}, err
		}
		leaf, face, err := largest(first)
		if err != nil {
			return chain.Result{}, err
		}
		second, err := w.receivables(ctx, f, bankB)
		if err != nil {
			return chain.Result{}, err
		}
		seller := f.book.Owner.TaxNumber
		pledged, err := w.office(bankA).Check(ctx, first, seller, leaf)
		if err != nil {
			return chain.Result{}, err
		}
		if !pledged { // else an earlier start was killed right after it pledged
			w.say("%s checks an invoice of ¥%s with the help of %d of %d members, who do not see which: free",
				w.founder(bankA).title, record.FormatFen(face), w.threshold(), len(w.founders))
			order, err := w.stated(ctx, f, bankA, verifierA, first, leaf)
			if err != nil {
				return chain.Result{}, err
			}
			if _, err := w.office(bankA).Pledge(ctx, order.ID, face/2); err != nil {
				return chain.Result{}, err
			}
			w.say("✔ %s pledges half of it on %s's statement %d", w.founder(bankA).title, w.founder(verifierA).title, order.StatementID)
		}
		return w.pledgeTwice(ctx, f, second, leaf, face)
	}
}

// pledgeTwice is the second bank's attempt: its check says pledged, and where it
// goes on regardless, with another verifier's statement, the chain refuses.
func (w *world) pledgeTwice(ctx context.Context, f *firm, r desk.Reading, leaf []byte, face int64) (chain.Result, error) {
	pledged, err := w.office(bankB).Check(ctx, r, f.book.Owner.TaxNumber, leaf)
	if err != nil {
		return chain.Result{}, err
	}
	if !pledged {
		return chain.Result{}, fmt.Errorf("the check of %s calls a pledged receivable free", bankB)
	}
	w.say("%s checks the same invoice: already pledged. By whom it is not told", w.founder(bankB).title)
	order, err := w.stated(ctx, f, bankB, verifierB, r, leaf)
	if err != nil {
		return chain.Result{}, err
	}
	res, err := w.office(bankB).Pledge(ctx, order.ID, face/4)
	if !pledging.IsPledged(err) {
		return res, fmt.Errorf("the second pledge was not refused as pledged: %w", err)
	}
	w.say("✘ %s tries all the same: %s", w.founder(bankB).title, wire.ErrorText(err))
	return chain.Result{}, nil
}

// receivables are the firm's records as a bank opens them under its own consent.
func (w *world) receivables(ctx context.Context, f *firm, bank string) (desk.Reading, error) {
	by := w.founder(bank)
	id, _, err := w.agree(ctx, f, by, profilev1.Purpose_PURPOSE_UNDERWRITING)
	if err != nil {
		return desk.Reading{}, err
	}
	return w.read(ctx, by, id)
}

// stated has a bank ask and a verifier, who opens the record itself, state.
func (w *world) stated(ctx context.Context, f *firm, bank, verifier string, r desk.Reading, leaf []byte) (pledging.Order, error) {
	order, err := w.office(bank).Ask(ctx, r, f.book.Owner.TaxNumber, leaf, w.founder(verifier).id)
	if err != nil {
		return order, err
	}
	own, _, err := w.agree(ctx, f, w.founder(verifier), profilev1.Purpose_PURPOSE_VERIFICATION)
	if err != nil {
		return order, err
	}
	opened, err := w.read(ctx, w.founder(verifier), own)
	if err != nil {
		return order, err
	}
	if _, err := w.office(verifier).Attest(ctx, order.ID, opened, f.book.Owner.TaxNumber); err != nil {
		return order, fmt.Errorf("%s stating the receivable: %w", verifier, err)
	}
	return w.office(bank).Book().Order(ctx, w.founder(bank).id, order.ID)
}

// largest is the leaf and the amount of the largest receivable, of equal ones the
// first by leaf, so that every start finds the same.
func largest(r desk.Reading) (leaf []byte, faceFen int64, err error) {
	for _, o := range pledging.Pledgeable(r) {
		l := pledging.LeafOf(r.Consent.Terms.EnterpriseId, o)
		if fen, _ := o.Record.Int("amount"); fen > faceFen || fen == faceFen && bytes.Compare(l, leaf) < 0 {
			leaf, faceFen = l, fen
		}
	}
	if leaf == nil {
		return nil, 0, errors.New("the firm has no receivable")
	}
	return leaf, faceFen, nil
}

func (w *world) office(name string) *pledging.Office { return w.server.Office(w.founder(name).id) }

// threshold is how many members make a tag.
func (w *world) threshold() int { return 2*len(w.founders)/3 + 1 }
