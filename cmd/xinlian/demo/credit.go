package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/xinlian/xinlian/gateway/brief"
	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/desk"
	"github.com/xinlian/xinlian/gateway/scoring"
	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/scorecard"
)

// grantLender has the bank ask, the owner grant, and the officer open the records.
func (w *world) grantLender(f *firm) action {
	return func(ctx context.Context) (chain.Result, error) {
		bank := w.founder(bankA)
		id, res, err := w.agree(ctx, f, bank, profilev1.Purpose_PURPOSE_UNDERWRITING)
		if err != nil {
			return res, err
		}
		r, err := w.read(ctx, bank, id)
		if err != nil {
			return res, fmt.Errorf("the officer opening the records: %w", err)
		}
		w.say("consent %X…; the officer of %s opened %d records through the vault (receipt %d in its log)", id[:6], bank.title, len(r.Opened), r.Receipt.Sequence)
		return res, nil
	}
}

// score derives features, has two attestors derive them again, proves and submits.
func (w *world) score(f *firm) action {
	return func(ctx context.Context) (chain.Result, error) {
		bank := w.founder(bankA)
		id, _, err := w.agree(ctx, f, bank, profilev1.Purpose_PURPOSE_UNDERWRITING)
		if err != nil {
			return chain.Result{}, err
		}
		r, err := w.read(ctx, bank, id)
		if err != nil {
			return chain.Result{}, err
		}
		p, err := w.propose(ctx, f, r)
		if err != nil {
			return chain.Result{}, err
		}
		if err := w.attestFeatures(ctx, f, p); err != nil {
			return chain.Result{}, err
		}
		scored, err := w.proveScore(ctx, f, p, bank, id)
		if err != nil {
			return scored.Result, err
		}
		if scored, err = w.scorer().Send(ctx, scored); err != nil {
			return scored.Result, err
		}
		row, err := w.client.Score.Score(ctx, &scorev1.QueryScoreRequest{ScoreId: scored.ID})
		if err != nil {
			return scored.Result, err
		}
		w.say("%d points, band %s (%.1f %% a year), capacity ¥%s a month; proof of %d bytes made in %d ms, verified by the chain",
			row.Score.Score, row.Score.Band, float64(row.Score.PdPpm)/10_000, record.FormatFen(row.Score.CapacityFen), len(scored.Proof), w.id("proving-ms/"+f.name))
		return scored.Result, w.tellReasons(p)
	}
}

// proveScore makes the proof and notes it before it is sent: the chain keeps the
// statement only, and a bundle needs the proof. A proof that the chain has taken
// before a kill is not made again.
func (w *world) proveScore(ctx context.Context, f *firm, p scoring.Proposal, lender *founder, consent []byte) (scoring.Scored, error) {
	if id := w.bytes("score/" + f.name); id != nil {
		accepted, err := w.scorer().Accepted(ctx, id)
		if err != nil || accepted {
			return scoring.Scored{ID: id, Proof: w.bytes("proof/" + f.name)}, err
		}
	}
	scored, err := w.scorer().Prove(ctx, w.model, p, profilev1.Purpose_PURPOSE_UNDERWRITING, lender.id, consent)
	if err != nil {
		return scored, err
	}
	w.keepBytes("score/"+f.name, scored.ID)
	w.keepBytes("proof/"+f.name, scored.Proof)
	w.keepID("proving-ms/"+f.name, uint64(scored.Proving.Milliseconds()))
	return scored, w.save()
}

// propose derives the features once and keeps them, salt and all, so that a
// second start goes on with the same commitment.
func (w *world) propose(ctx context.Context, f *firm, r desk.Reading) (scoring.Proposal, error) {
	on := scoring.Basis{Version: w.model.FeatureSet, Enterprise: w.id(f.name), AsOfDay: f.book.LastDay}
	if salt := w.bytes("salt/" + f.name); len(salt) == 31 {
		return scoring.Derive(ctx, w.client, on, r.Opened, [31]byte(salt))
	}
	p, err := scoring.Propose(ctx, w.client, on, r.Opened)
	if err != nil {
		return p, err
	}
	w.keepBytes("salt/"+f.name, bytes.Clone(p.Set.Salt[:]))
	return p, w.save()
}

func (w *world) attestFeatures(ctx context.Context, f *firm, p scoring.Proposal) error {
	for _, name := range []string{verifierA, verifierB} {
		v := w.founder(name)
		id, _, err := w.agree(ctx, f, v, profilev1.Purpose_PURPOSE_VERIFICATION)
		if err != nil {
			return err
		}
		r, err := w.read(ctx, v, id)
		if err != nil {
			return err
		}
		if _, err := w.desk(name).AttestFeatures(ctx, r, p); err != nil {
			return fmt.Errorf("%s attesting the features: %w", v.title, err)
		}
	}
	w.say("both verifiers derived the same %d features from the records that they opened themselves", len(p.Set.Features))
	return nil
}

func (w *world) tellReasons(p scoring.Proposal) error {
	reasons, err := w.model.Explain(p.Set.Features)
	if err != nil {
		return err
	}
	for _, r := range reasons {
		w.say("  reason: %s", r.Text(scorecard.English))
	}
	return nil
}

// applyFor applies and tells the decision.
func (w *world) applyFor(f *firm, label string, amountFen int64, periods uint32) action {
	return func(ctx context.Context) (chain.Result, error) {
		a, err := w.applied(ctx, f, amountFen, periods)
		if err != nil {
			return chain.Result{}, err
		}
		res := chain.Result{Height: a.Height}
		if a.Id == 0 {
			res, err = w.client.Send(ctx, f.owner, &loanv1.MsgApply{
				Device: wire.Address(f.owner), OrgId: w.id(f.name), ProductId: 1, AmountFen: amountFen, Periods: periods,
				ConsentId: w.bytes(consentKey(f, w.founder(bankA), profilev1.Purpose_PURPOSE_UNDERWRITING)), ScoreId: w.bytes("score/" + f.name),
			})
			if err != nil {
				return res, err
			}
			var r loanv1.MsgApplyResponse
			if err := w.client.Response(res, 0, &r); err != nil {
				return res, err
			}
			a.Id, a.OfferId = r.ApplicationId, r.OfferId
			w.keepID("applied-ms/"+label, uint64(res.Took.Milliseconds()))
		}
		w.keepID("application/"+label, a.Id)
		w.keepID("offer/"+label, a.OfferId)
		return res, w.tellDecision(ctx, a.Id)
	}
}

// applied finds the application that the firm made for this amount before a
// kill; its id is 0 where there is none.
func (w *world) applied(ctx context.Context, f *firm, amountFen int64, periods uint32) (loanv1.Application, error) {
	r, err := w.client.Loan.Applications(ctx, &loanv1.QueryApplicationsRequest{EnterpriseId: w.id(f.name)})
	if err != nil {
		return loanv1.Application{}, err
	}
	for _, a := range r.Applications {
		if a.AmountFen == amountFen && a.Periods == periods && bytes.Equal(a.ScoreId, w.bytes("score/"+f.name)) {
			return a, nil
		}
	}
	return loanv1.Application{}, nil
}

func (w *world) tellDecision(ctx context.Context, id uint64) error {
	a, err := w.client.Loan.Application(ctx, &loanv1.QueryApplicationRequest{Id: id})
	if err != nil {
		return err
	}
	d := a.Application.Decision
	w.say("%s: limit ¥%s, rate %d.%02d %%", d.Outcome, record.FormatFen(d.LimitFen), d.RateBps/100, d.RateBps%100)
	for _, p := range d.RateParts {
		w.say("  rate: %s %+d bps", p.Code, p.Bps)
	}
	for _, r := range d.Reasons {
		w.say("  reason: %s, found %d, wanted %d", r.Code, r.Value, r.Threshold)
	}
	return nil
}

// accept signs the offer; the money is in the account in the same block.
func (w *world) accept(f *firm) action {
	return func(ctx context.Context) (chain.Result, error) {
		o, err := w.client.Loan.Offer(ctx, &loanv1.QueryOfferRequest{Id: w.id("offer/" + f.name)})
		if err != nil {
			return chain.Result{}, err
		}
		before, err := w.client.Cash.Balance(ctx, &cashv1.QueryBalanceRequest{OrgId: w.id(f.name)})
		if err != nil {
			return chain.Result{}, err
		}
		if o.Offer.Status != loanv1.OfferStatus_OFFER_STATUS_OPEN {
			return chain.Result{}, w.findLoan(ctx, f)
		}
		res, err := w.client.Send(ctx, f.owner, &loanv1.MsgAccept{
			Device: wire.Address(f.owner), OrgId: w.id(f.name), OfferId: o.Offer.Id, ContractHash: o.Offer.ContractHash,
			PrincipalFen: o.Offer.PrincipalFen, RateBps: o.Offer.RateBps, Periods: o.Offer.Periods, AutoDebit: true,
		})
		if err != nil {
			return res, err
		}
		after, err := w.client.Cash.Balance(ctx, &cashv1.QueryBalanceRequest{OrgId: w.id(f.name)})
		if err != nil {
			return res, err
		}
		w.say("contract %X… signed; ¥%s is in the account in the same block", o.Offer.ContractHash[:6], record.FormatFen(after.AmountFen-before.AmountFen))
		w.keepID("accepted-ms", uint64(res.Took.Milliseconds()))
		apply, sign, prove := w.id("applied-ms/"+f.name), w.id("accepted-ms"), w.id("proving-ms/"+f.name)
		w.say("application to money: %d ms; with making the proof: %d ms", apply+sign, apply+sign+prove)
		return res, w.findLoan(ctx, f)
	}
}

func (w *world) findLoan(ctx context.Context, f *firm) error {
	r, err := w.client.Loan.Loans(ctx, &loanv1.QueryLoansRequest{EnterpriseId: w.id(f.name)})
	if err != nil {
		return err
	}
	if len(r.Loans) == 0 {
		return fmt.Errorf("enterprise %d has no loan", w.id(f.name))
	}
	w.keepID("loan", r.Loans[0].Id)
	return nil
}

// decide has the officer decide the referred application.
func (w *world) decide(label string) action {
	return func(ctx context.Context) (chain.Result, error) {
		bank := w.founder(bankA)
		a, err := w.client.Loan.Application(ctx, &loanv1.QueryApplicationRequest{Id: w.id("application/" + label)})
		if err != nil {
			return chain.Result{}, err
		}
		if a.Application.Decision.Officer != "" {
			w.say("the officer has decided: %s", a.Application.Decision.Outcome)
			return chain.Result{}, nil
		}
		note, err := statementHash("the officer's reason", []byte(label))
		if err != nil {
			return chain.Result{}, err
		}
		b, err := brief.Of(ctx, w.client, w.id("application/"+label))
		if err != nil {
			return chain.Result{}, err
		}
		read, err := b.Hash()
		if err != nil {
			return chain.Result{}, err
		}
		res, err := w.client.Send(ctx, bank.admin, &loanv1.MsgDecideReferral{
			Device: wire.Address(bank.admin), OrgId: bank.id, ApplicationId: w.id("application/" + label), Approve: false, NoteHash: note, BriefHash: read[:],
		})
		if err == nil {
			w.say("the officer refuses a second loan beside the first; the reason's salted hash and that of the brief with %d facts are on chain", len(b.Strong)+len(b.Odd)+len(b.Open))
		}
		return res, err
	}
}

// until is a bound for waits on the block clock.
func (w *world) until(periods int) time.Duration {
	return time.Duration(periods)*w.period + 30*time.Second
}

// scoreRefused tries to get the forged books scored: the attestors recompute the
// features but the chain refuses batches that a verifier found inconsistent.
func (w *world) scoreRefused(f *firm) action {
	return func(ctx context.Context) (chain.Result, error) {
		v := w.founder(verifierA)
		id, _, err := w.agree(ctx, f, v, profilev1.Purpose_PURPOSE_VERIFICATION)
		if err != nil {
			return chain.Result{}, err
		}
		r, err := w.read(ctx, v, id)
		if err != nil {
			return chain.Result{}, err
		}
		p, err := w.propose(ctx, f, r)
		if err != nil {
			return chain.Result{}, err
		}
		_, err = w.desk(v.name).AttestFeatures(ctx, r, p)
		var refused *chain.Refused
		if errors.As(err, &refused) {
			w.say("the chain refuses a feature set over refused batches: %s", refused.Log)
			return chain.Result{}, nil
		}
		if err != nil {
			return chain.Result{}, err
		}
		_, err = w.scorer().Submit(ctx, w.model, p, profilev1.Purpose_PURPOSE_UNDERWRITING, 0, nil)
		if !errors.As(err, &refused) {
			return chain.Result{}, fmt.Errorf("forged books were scored, or refused for another reason: %w", err)
		}
		w.say("the chain refuses the score: %s", refused.Log)
		return chain.Result{}, nil
	}
}
