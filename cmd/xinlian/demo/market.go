package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/xinlian/xinlian/gateway/chain"
	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/artefact"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/lending/template"
)

const indexID = "cny-base"

// publishIndex has three publishers state the base rate; the chain takes the median.
func (w *world) publishIndex(ctx context.Context) (chain.Result, error) {
	head, err := w.client.Head(ctx)
	if err != nil {
		return chain.Result{}, err
	}
	day := uint32(head.Time.Unix() / 86400)
	var last chain.Result
	for name, bps := range map[string]int64{bankA: 310, bankB: 320, settlement: 315} {
		f := w.founder(name)
		res, err := w.client.Send(ctx, f.service, &scorev1.MsgPublishIndex{
			Device: wire.Address(f.service), OrgId: f.id, IndexId: indexID, ValueBps: bps, Day: day,
		})
		if err != nil {
			return res, err
		}
		last = res
	}
	r, err := w.client.Score.Index(ctx, &scorev1.QueryIndexRequest{IndexId: indexID})
	if err != nil {
		return last, err
	}
	w.say("median of %d publishers: %d bps", len(r.Quotes), r.ValueBps)
	return last, nil
}

// adoptModel registers the published scorecard, has it audited, and has every
// voting member recompute its verifying key before it votes.
func (w *world) adoptModel(ctx context.Context) (chain.Result, error) {
	hash, err := w.model.Hash()
	if err != nil {
		return chain.Result{}, err
	}
	canonical, err := w.model.Canonical()
	if err != nil {
		return chain.Result{}, err
	}
	key, err := w.prover.VerifyingKey(ctx, w.model)
	if err != nil {
		return chain.Result{}, err
	}
	_, err = w.client.Score.Model(ctx, &scorev1.QueryModelRequest{ModelHash: hash[:]})
	if err != nil && status.Code(err) != codes.NotFound {
		return chain.Result{}, err
	}
	if err != nil {
		msg := &scorev1.MsgRegisterModel{OrgId: w.founder(bankA).id, Device: wire.Address(w.founder(bankA).admin), Canonical: canonical, Key: key.Encode(), Role: scorev1.ModelRole_MODEL_ROLE_CHAMPION}
		for i := len(w.bands.Bands) - 1; i >= 0; i-- {
			b := w.bands.Bands[i]
			msg.Bands = append(msg.Bands, scorev1.Band{Name: b.Name, ScoreMin: b.MinScore, PdPpm: b.PDPpm})
		}
		if _, err := w.client.Send(ctx, w.founder(bankA).admin, msg); err != nil {
			return chain.Result{}, err
		}
	}
	if err := w.audit(ctx, safetyv1.SubjectKind_SUBJECT_KIND_MODEL, hash[:]); err != nil {
		return chain.Result{}, err
	}
	keyHash := key.Hash()
	var last chain.Result
	for _, f := range w.founders {
		m, err := w.client.Score.Model(ctx, &scorev1.QueryModelRequest{ModelHash: hash[:]})
		if err != nil {
			return last, err
		}
		if m.Model.Status == scorev1.ModelStatus_MODEL_STATUS_ACTIVE {
			w.say("%d members voted with the key hash %X… that they recomputed", len(m.Model.Votes), keyHash[:6])
			return last, nil
		}
		if voted(m.Model.Votes, f.id) {
			continue
		}
		last, err = w.client.Send(ctx, f.admin, &scorev1.MsgVoteModel{
			Device: wire.Address(f.admin), OrgId: f.id, ModelHash: hash[:], KeyHash: keyHash[:], Approve: true,
		})
		if err != nil {
			return last, err
		}
	}
	return last, nil
}

func voted(votes []scorev1.ModelVote, org uint64) bool {
	for _, v := range votes {
		if v.OrgId == org {
			return true
		}
	}
	return false
}

// audit has the auditor sign a subject's exact hash, once.
func (w *world) audit(ctx context.Context, kind safetyv1.SubjectKind, hash []byte) error {
	r, err := w.client.Safety.Audits(ctx, &safetyv1.QueryAuditsRequest{SubjectKind: kind, SubjectHash: hash})
	if err == nil && len(r.Audits) > 0 {
		return nil
	}
	f := w.founder(auditor)
	report := sha256.Sum256(append([]byte("audit report of the demonstration "), hash...))
	_, err = w.client.Send(ctx, f.admin, &safetyv1.MsgSignAudit{
		Device: wire.Address(f.admin), OrgId: f.id, SubjectKind: kind, SubjectHash: hash, ReportHash: report[:], Passed: true,
		CodeReviewed: true, LogicTested: true,
	})
	return err
}

// templateTerms is the contract of the demonstration: equal instalments, two
// tranches, the second after two instalments paid on time, and a lower rate
// after three. The words of its conditions are made from their expressions.
func templateTerms() (loanv1.TemplateTerms, error) {
	c := func(code, expression string) loanv1.Condition {
		return loanv1.Condition{Code: code, Expression: expression}
	}
	v := func(name string, value int64) loanv1.Variable { return loanv1.Variable{Name: name, Value: value} }
	holds := func(list template.List, variables ...loanv1.Variable) loanv1.TestCase {
		return loanv1.TestCase{Condition: string(list), Variables: variables, Want: true}
	}
	fails := func(list template.List, variables ...loanv1.Variable) loanv1.TestCase {
		return loanv1.TestCase{Condition: string(list), Variables: variables}
	}
	t := loanv1.TemplateTerms{
		Name: "sme-instalment", Version: 1, Method: loanv1.Method_METHOD_EQUAL_INSTALMENT,
		PeriodUnit: loanv1.PeriodUnit_PERIOD_UNIT_MONTH, TrancheBps: []uint32{6000, 4000},
		GraceDays: 3, LateFeeBps: 50, PrepaymentFeeBps: 0,
		Eligibility: []loanv1.Condition{
			c("score-min", "score.points >= 540"),
			c("no-write-off", "applicant.written_off_fen == 0"),
			c("quality-min", "quality.grade <= 3"),
		},
		Referral:  []loanv1.Condition{c("no-other-loan", "applicant.outstanding_fen == 0")},
		Release:   []loanv1.Condition{c("on-time-min", "performance.on_time >= 2"), c("no-late", "performance.late == 0")},
		Covenants: []loanv1.Condition{c("quality-kept", "quality.grade <= 3")},
		Warnings:  []loanv1.Condition{c("score-steady", "!growth.measured || growth.points >= -30")},
		StepDowns: []loanv1.StepDown{{Condition: c("three-on-time", "performance.on_time >= 3 && performance.late == 0"), Bps: 50}},
		Tests: []loanv1.TestCase{
			holds(template.Eligibility, v("score.points", 700), v("quality.grade", 2)),
			fails(template.Eligibility, v("score.points", 539), v("quality.grade", 2)),
			fails(template.Eligibility, v("score.points", 700), v("quality.grade", 2), v("applicant.written_off_fen", 1)),
			fails(template.Eligibility, v("score.points", 700), v("quality.grade", 4)),
			holds(template.Referral),
			fails(template.Referral, v("applicant.outstanding_fen", 1)),
			holds(template.Release, v("performance.on_time", 2)),
			fails(template.Release, v("performance.on_time", 1)),
			fails(template.Release, v("performance.on_time", 2), v("performance.late", 1)),
			holds(template.Covenant, v("quality.grade", 3)),
			fails(template.Covenant, v("quality.grade", 4)),
			holds(template.Warning, v("growth.measured", 1), v("growth.points", -30)),
			fails(template.Warning, v("growth.measured", 1), v("growth.points", -31)),
			holds(template.Step(1), v("performance.on_time", 3)),
			fails(template.Step(1), v("performance.on_time", 3), v("performance.late", 1)),
		},
	}
	if err := template.Fill(&t); err != nil {
		return t, fmt.Errorf("writing the template: %w", err)
	}
	return t, nil
}

// adoptTemplate submits the contract template; the chain runs its test cases,
// the auditor signs its hash, the review is recorded, and it becomes active.
func (w *world) adoptTemplate(ctx context.Context) (chain.Result, error) {
	f := w.founder(bankA)
	terms, err := templateTerms()
	if err != nil {
		return chain.Result{}, err
	}
	hash, err := artefact.TemplateHash(terms)
	if err != nil {
		return chain.Result{}, err
	}
	r, err := w.client.Loan.Template(ctx, &loanv1.QueryTemplateRequest{TemplateHash: hash[:]})
	if err != nil && status.Code(err) != codes.NotFound {
		return chain.Result{}, err
	}
	if err != nil {
		if _, err := w.client.Send(ctx, f.admin, &loanv1.MsgSubmitTemplate{Device: wire.Address(f.admin), OrgId: f.id, Terms: terms}); err != nil {
			return chain.Result{}, err
		}
	} else if r.Template.Status == loanv1.TemplateStatus_TEMPLATE_STATUS_ACTIVE {
		return chain.Result{}, nil
	}
	if err := w.audit(ctx, safetyv1.SubjectKind_SUBJECT_KIND_TEMPLATE, hash[:]); err != nil {
		return chain.Result{}, err
	}
	w.say("template %X…: %d test cases ran on the chain, 1 auditor signed", hash[:6], len(terms.Tests))
	if r == nil || r.Template.Status != loanv1.TemplateStatus_TEMPLATE_STATUS_REVIEWED {
		if _, err := w.client.Send(ctx, f.admin, &loanv1.MsgReviewTemplate{Device: wire.Address(f.admin), OrgId: f.id, TemplateHash: hash[:]}); err != nil {
			return chain.Result{}, err
		}
	}
	return w.client.Send(ctx, f.admin, &loanv1.MsgActivateTemplate{Device: wire.Address(f.admin), OrgId: f.id, TemplateHash: hash[:]})
}

// openProduct issues money to the bank, funds its pool and offers the product.
func (w *world) openProduct(ctx context.Context) (chain.Result, error) {
	const capital = 5_000_000_00 // fen
	f, s := w.founder(bankA), w.founder(settlement)
	if _, err := w.client.Send(ctx, s.admin, &cashv1.MsgIssue{
		Device: wire.Address(s.admin), OrgId: s.id, ToOrgId: f.id, AmountFen: capital, BankReference: "demo-capital-1",
	}); err != nil {
		return chain.Result{}, err
	}
	pool, err := w.client.Loan.Pool(ctx, &loanv1.QueryPoolRequest{Id: 1})
	if err != nil && status.Code(err) != codes.NotFound {
		return chain.Result{}, err
	}
	if err != nil {
		if _, err := w.client.Send(ctx, f.admin, &loanv1.MsgOpenPool{Device: wire.Address(f.admin), OrgId: f.id}); err != nil {
			return chain.Result{}, err
		}
	}
	if err != nil || pool.Pool.ContributedFen == 0 {
		if _, err := w.client.Send(ctx, f.admin, &loanv1.MsgFundPool{Device: wire.Address(f.admin), OrgId: f.id, PoolId: 1, AmountFen: capital}); err != nil {
			return chain.Result{}, err
		}
	}
	if p, err := w.client.Loan.Product(ctx, &loanv1.QueryProductRequest{Id: 1}); err == nil && p.Product.Id == 1 {
		return chain.Result{}, nil
	}
	terms, err := templateTerms()
	if err != nil {
		return chain.Result{}, err
	}
	contract, err := artefact.TemplateHash(terms)
	if err != nil {
		return chain.Result{}, err
	}
	model, err := w.model.Hash()
	if err != nil {
		return chain.Result{}, err
	}
	res, err := w.client.Send(ctx, f.admin, &loanv1.MsgOfferProduct{Device: wire.Address(f.admin), OrgId: f.id, Terms: loanv1.ProductTerms{
		TemplateHash: bytes.Clone(contract[:]), Name: "sme-working-capital", PoolId: 1, ModelHash: bytes.Clone(model[:]),
		AmountFenMin: 10_000_00, AmountFenMax: 300_000_00, PeriodsMin: 3, PeriodsMax: 12,
		IndexId: indexID, FundingBps: 180, MarginBps: 300, LgdBps: 4500, CapacityPeriods: 8,
		ExposureFenMax: 400_000_00, OfferSeconds: 24 * 60 * 60,
	}})
	if err != nil {
		return res, fmt.Errorf("offering the product: %w", err)
	}
	w.say("pool 1 holds ¥5,000,000.00; product 1 lends ¥10,000 to ¥300,000")
	return res, nil
}
