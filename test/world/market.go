package world

import (
	"bytes"
	"context"
	"crypto/sha256"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/xinlian/xinlian/gateway/chain"
	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/artefact"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/lending/template"
	"github.com/xinlian/xinlian/scorecard/models"
	"github.com/xinlian/xinlian/zk"
)

const indexID = "cny-base"

// Send sends a message of a device and fails the test if it is refused.
func (w *World) Send(ctx context.Context, s wire.Signer, m sdk.Msg) chain.Result {
	w.tb.Helper()
	res, err := w.Client.Send(ctx, s, m)
	if err != nil {
		w.tb.Fatalf("%s: %v", sdk.MsgTypeURL(m), err)
	}
	return res
}

// adopt brings the network to where a firm can borrow: index, scorecard,
// contract, pool and product.
func (w *World) adopt(ctx context.Context) {
	w.tb.Helper()
	day := uint32(time.Now().Unix() / 86400)
	for o, bps := range map[*Org]int64{w.BankA: 310, w.BankB: 320, w.Settlement: 315} {
		w.Send(ctx, o.Service, &scorev1.MsgPublishIndex{Device: wire.Address(o.Service), OrgId: o.ID, IndexId: indexID, ValueBps: bps, Day: day})
	}
	model := w.adoptModel(ctx)
	template := w.adoptTemplate(ctx)
	w.openProduct(ctx, model, template)
}

func (w *World) adoptModel(ctx context.Context) []byte {
	w.tb.Helper()
	var err error
	w.prover, err = zk.NewProver(zk.UnsafeDevelopmentSRS(), nil)
	must(w.tb, err)
	model, bands := models.SMEv2()
	hash, err := model.Hash()
	must(w.tb, err)
	canonical, err := model.Canonical()
	must(w.tb, err)
	key, err := w.prover.VerifyingKey(ctx, model)
	must(w.tb, err)
	msg := &scorev1.MsgRegisterModel{Device: wire.Address(w.BankA.Admin), OrgId: w.BankA.ID, Canonical: canonical, Key: key.Encode(), Role: scorev1.ModelRole_MODEL_ROLE_CHAMPION}
	for i := len(bands.Bands) - 1; i >= 0; i-- {
		b := bands.Bands[i]
		msg.Bands = append(msg.Bands, scorev1.Band{Name: b.Name, ScoreMin: b.MinScore, PdPpm: b.PDPpm})
	}
	w.Send(ctx, w.BankA.Admin, msg)
	w.audit(ctx, safetyv1.SubjectKind_SUBJECT_KIND_MODEL, hash[:])
	keyHash := key.Hash()
	for _, o := range w.orgs() {
		r, err := w.Client.Score.Model(ctx, &scorev1.QueryModelRequest{ModelHash: hash[:]})
		must(w.tb, err)
		if r.Model.Status == scorev1.ModelStatus_MODEL_STATUS_ACTIVE {
			return bytes.Clone(hash[:])
		}
		w.Send(ctx, o.Admin, &scorev1.MsgVoteModel{Device: wire.Address(o.Admin), OrgId: o.ID, ModelHash: hash[:], KeyHash: keyHash[:], Approve: true})
	}
	return bytes.Clone(hash[:])
}

func (w *World) audit(ctx context.Context, kind safetyv1.SubjectKind, hash []byte) {
	w.tb.Helper()
	report := sha256.Sum256(hash)
	w.Send(ctx, w.Auditor.Admin, &safetyv1.MsgSignAudit{
		Device: wire.Address(w.Auditor.Admin), OrgId: w.Auditor.ID, SubjectKind: kind, SubjectHash: hash, ReportHash: report[:], Passed: true, CodeReviewed: true, LogicTested: true,
	})
}

// Terms is the contract of this network: two tranches, the second after two
// instalments on time.
func Terms() loanv1.TemplateTerms {
	v := func(name string, value int64) loanv1.Variable { return loanv1.Variable{Name: name, Value: value} }
	t := loanv1.TemplateTerms{
		Name: "sme-instalment", Version: 1, Method: loanv1.Method_METHOD_EQUAL_INSTALMENT,
		PeriodUnit: loanv1.PeriodUnit_PERIOD_UNIT_MONTH, TrancheBps: []uint32{6000, 4000}, GraceDays: 3, LateFeeBps: 50,
		Eligibility: []loanv1.Condition{{Code: "score-min", Expression: "score.points >= 540"}},
		Referral:    []loanv1.Condition{{Code: "large", Expression: "loan.amount_fen <= 15000000"}},
		Release:     []loanv1.Condition{{Code: "on-time-min", Expression: "performance.on_time >= 2"}},
		Tests: []loanv1.TestCase{
			{Condition: "eligibility", Variables: []loanv1.Variable{v("score.points", 540)}, Want: true},
			{Condition: "eligibility", Variables: []loanv1.Variable{v("score.points", 539)}, Want: false},
			{Condition: "referral", Variables: []loanv1.Variable{v("loan.amount_fen", 15_000_000)}, Want: true},
			{Condition: "referral", Variables: []loanv1.Variable{v("loan.amount_fen", 15_000_001)}, Want: false},
			{Condition: "release", Variables: []loanv1.Variable{v("performance.on_time", 2)}, Want: true},
			{Condition: "release", Variables: []loanv1.Variable{v("performance.on_time", 1)}, Want: false},
		},
	}
	if err := template.Fill(&t); err != nil {
		panic(err)
	}
	return t
}

func (w *World) adoptTemplate(ctx context.Context) []byte {
	w.tb.Helper()
	hash, err := artefact.TemplateHash(Terms())
	must(w.tb, err)
	device := wire.Address(w.BankA.Admin)
	w.Send(ctx, w.BankA.Admin, &loanv1.MsgSubmitTemplate{Device: device, OrgId: w.BankA.ID, Terms: Terms()})
	w.audit(ctx, safetyv1.SubjectKind_SUBJECT_KIND_TEMPLATE, hash[:])
	w.Send(ctx, w.BankA.Admin, &loanv1.MsgReviewTemplate{Device: device, OrgId: w.BankA.ID, TemplateHash: hash[:]})
	w.Send(ctx, w.BankA.Admin, &loanv1.MsgActivateTemplate{Device: device, OrgId: w.BankA.ID, TemplateHash: hash[:]})
	return bytes.Clone(hash[:])
}

func (w *World) openProduct(ctx context.Context, model, template []byte) {
	w.tb.Helper()
	const capital = 5_000_000_00 // fen
	device := wire.Address(w.BankA.Admin)
	w.Send(ctx, w.Settlement.Admin, &cashv1.MsgIssue{
		Device: wire.Address(w.Settlement.Admin), OrgId: w.Settlement.ID, ToOrgId: w.BankA.ID, AmountFen: capital, BankReference: "capital-1",
	})
	w.Send(ctx, w.BankA.Admin, &loanv1.MsgOpenPool{Device: device, OrgId: w.BankA.ID})
	w.Send(ctx, w.BankA.Admin, &loanv1.MsgFundPool{Device: device, OrgId: w.BankA.ID, PoolId: 1, AmountFen: capital})
	w.Send(ctx, w.BankA.Admin, &loanv1.MsgOfferProduct{Device: device, OrgId: w.BankA.ID, Terms: loanv1.ProductTerms{
		TemplateHash: template, Name: "sme-working-capital", PoolId: 1, ModelHash: model,
		AmountFenMin: 10_000_00, AmountFenMax: 300_000_00, PeriodsMin: 3, PeriodsMax: 12,
		IndexId: indexID, FundingBps: 180, MarginBps: 300, LgdBps: 4500, CapacityPeriods: 8,
		ExposureFenMax: 400_000_00, OfferSeconds: 24 * 60 * 60,
	}})
}
