package sim_test

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/testkit"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/x/cash"
	"github.com/xinlian/xinlian/x/fund"
	"github.com/xinlian/xinlian/x/loan"
	"github.com/xinlian/xinlian/zk"
)

// actions are what may happen, each as often as it is named.
var actions = []func(*world) deed{
	registerEnterprise, registerEnterprise, confirmEnterprise, confirmEnterprise, retag, retag, activate, activate, chooseCustodian, chooseCustodian, setDataKey,
	addDevice, addDevice, freezeDevice, freezeDevice, unfreezeDevice, unfreezeDevice, revokeDevice, requestRecovery, cancelRecovery,
	issue, issue, transfer, transfer, transfer, spend, redeem, settle, rejectRedemption, grantMandate, debit, debit, refund, disputeDebit, decideDebit, collectDebit, revokeMandate, reportBalance, freezeMoney, unfreezeMoney, unfreezeMoney,
	donate, donate,
	anchor, anchor, anchor, anchor, supersede, accessLog, accessLog,
	requestConsent, requestConsent, requestConsent, grant, grant, refuseConsent, refuseConsent, refuseConsent, pause, resume, resume, resume, revoke,
	amend, amend, openCase, confirmCase, confirmCase, closeCase, erase, recordErasure, recordErasure,
	wrap, wrap, wrap, deletionReceipt, deletionReceipt,
	attest, attest, attest, attest, attestFeatures, withdraw, withdraw, withdraw, dispute, dispute, dispute, resolve, resolve, resolve,
	attestReceivable, attestReceivable, pledgeReceivable, pledgeReceivable, releasePledge, withdrawReceivable, contestReceivable, decideReceivable, decideReceivable,
	submitScore, submitScore, publishIndex, publishIndex, registerModel, voteModel, voteModel,
	saveDraft, saveDraft, discardDraft, submitTemplate, submitTemplate, reviewTemplate, reviewTemplate, reviewTemplate, reviewTemplate, activateTemplate, activateTemplate, activateTemplate, activateTemplate, retireTemplate, retireTemplate, signAudit, signAudit,
	openFund, admitInvestor, admitInvestor, admitInvestor, subscribe, subscribe, subscribe, redeemShares, redeemShares, cancelOrder, cancelOrder, claimIncome, claimIncome, windUp,
	openPool, fundPool, fundPool, withdrawPool, withdrawPool, offerProduct, offerProduct, retireProduct, retireProduct,
	apply, apply, apply, apply, apply, apply, apply, decide, decide, decide, appeal, appeal, accept, accept, accept, accept, accept, refuseOffer, refuseOffer, refuseOffer, refuseOffer,
	repay, repay, repay, writeOff, writeOff, writeOff, stop, resumeMessage, resumeMessage, openIncident, closeIncident, setNodes, setNodes,
}

func address(s wire.Signer) string { return wire.Address(s) }

func hash(w *world, what string) []byte { return testkit.Digest(what, w.rng.Uint64()) }

// ---- organisations

func registerEnterprise(w *world) deed {
	if len(w.firms) > 12 && !w.chance(10) {
		return deed{}
	}
	name := w.name("firm")
	if w.chance(10) {
		name = pick(w, w.firms).Name // it is there already
	}
	m := w.Registration(name)
	m.EarlierTag, m.IdentityTag = m.IdentityTag, nextTag(name)
	return deed{w.VerifierA.Admin, m, func(o testkit.Outcome) {
		var r orgv1.MsgRegisterEnterpriseResponse
		o.Response(w.t, &r)
		w.firms = append(w.firms, &firm{
			Enterprise: testkit.Enterprise{ID: r.EnterpriseId, Name: name, Owner: testkit.Passkey(w.t, name)},
			streams:    map[string]stream{}, lending: map[uint64]lending{},
		})
	}}
}

func confirmEnterprise(w *world) deed {
	f := recent(w, w.firms)
	m := w.Confirmation(f.Enterprise)
	m.EarlierTag, m.IdentityTag = m.IdentityTag, nextTag(f.Name)
	return deed{by: w.VerifierB.Admin, msg: m}
}

// nextTag is a firm's tag under the members' next key.
func nextTag(name string) []byte { return testkit.Digest("tag", nextTagEpoch, name) }

// retag is a verifier's word on the tag of a firm that was registered under the
// earlier key; two verifiers must say the same.
func retag(w *world) deed {
	f, by := w.firms[w.rng.IntN(borrowers)], pick(w, []testkit.Founder{w.VerifierA, w.VerifierB})
	return deed{by: by.Admin, msg: &orgv1.MsgRetagEnterprise{
		Device: address(by.Admin), OrgId: by.ID, EnterpriseId: f.ID, IdentityTag: nextTag(f.Name), TagEpoch: nextTagEpoch,
	}}
}

func activate(w *world) deed {
	f := recent(w, w.firms)
	by := pick(w, append([]wire.Signer{f.Owner}, f.extra...))
	return deed{by: by, msg: &orgv1.MsgActivateDevice{Device: address(by)}}
}

func chooseCustodian(w *world) deed {
	f := recent(w, w.firms)
	to := w.Settlement.ID
	if w.chance(20) {
		to = w.BankA.ID // is no custodian
	}
	return deed{by: f.Owner, msg: &orgv1.MsgChooseCustodian{Device: f.Device(), OrgId: f.ID, CustodianOrgId: to}}
}

func setDataKey(w *world) deed {
	f := pick(w, w.Founders())
	return deed{by: f.Admin, msg: &orgv1.MsgSetDataKey{Device: address(f.Admin), OrgId: f.ID, PublicKey: w.DataKey(w.name("key"))}}
}

func addDevice(w *world) deed {
	f := pick(w, w.firms)
	s := testkit.Passkey(w.t, w.name("device"))
	return deed{f.Owner, &orgv1.MsgAddDevice{
		Device: f.Device(), OrgId: f.ID, Key: wire.DeviceKey(s), Role: orgv1.DeviceRole_DEVICE_ROLE_OFFICER, AmountLimitFen: w.amount(100_000),
	}, func(testkit.Outcome) { f.extra = append(f.extra, s) }}
}

// extra is a firm with one of its further devices.
func (w *world) extra() (*firm, string) {
	for range w.firms {
		if f := pick(w, w.firms); len(f.extra) != 0 {
			return f, address(recent(w, f.extra))
		}
	}
	f := w.firms[0]
	return f, f.Device()
}

func freezeDevice(w *world) deed {
	f, target := w.extra()
	return deed{f.Owner, &orgv1.MsgFreezeDevice{Device: f.Device(), OrgId: f.ID, Target: target}, func(testkit.Outcome) {
		w.frozen = append(w.frozen, frozen{f, target})
	}}
}

// unfreezeDevice is mostly of a device that was frozen, and perhaps thawed since.
func unfreezeDevice(w *world) deed {
	f, target := w.extra()
	if len(w.frozen) != 0 && w.chance(70) {
		last := recent(w, w.frozen)
		f, target = last.firm, last.device
	}
	return deed{by: f.Owner, msg: &orgv1.MsgUnfreezeDevice{Device: f.Device(), OrgId: f.ID, Target: target}}
}

func revokeDevice(w *world) deed {
	f, target := w.extra()
	if target == f.Device() {
		return deed{}
	}
	return deed{by: f.Owner, msg: &orgv1.MsgRevokeDevice{Device: f.Device(), OrgId: f.ID, Target: target}}
}

func requestRecovery(w *world) deed {
	f := pick(w, w.firms)
	return deed{by: w.VerifierA.Admin, msg: &orgv1.MsgRequestRecovery{
		Device: address(w.VerifierA.Admin), OrgId: w.VerifierA.ID, EnterpriseId: f.ID, NewKey: wire.DeviceKey(testkit.Passkey(w.t, w.name("recovered"))),
	}}
}

func cancelRecovery(w *world) deed {
	f := pick(w, w.firms)
	return deed{by: f.Owner, msg: &orgv1.MsgCancelRecovery{Device: f.Device(), OrgId: f.ID}}
}

func setNodes(w *world) deed {
	f := pick(w, w.Founders())
	const hex = "0123456789abcdef0123456789abcdef01234567"
	ids := []string{hex[w.rng.IntN(3):]} // of 40 digits, or too few
	return deed{by: f.Admin, msg: &councilv1.MsgSetNodes{Device: address(f.Admin), OrgId: f.ID, NodeIds: ids}}
}

// ---- money

// holder is a random organisation that holds money, with its signer.
func (w *world) holder() (uint64, wire.Signer) {
	if w.chance(20) {
		f := pick(w, w.Founders())
		return f.ID, f.Admin
	}
	f := pick(w, w.firms)
	return f.ID, f.Owner
}

func issue(w *world) deed {
	to, _ := w.holder()
	reference := w.name("ref")
	if w.chance(10) {
		reference = "start-firm-0" // counted already
	}
	return deed{by: w.Settlement.Admin, msg: w.Issue(to, w.amount(2_000_000), reference)}
}

func transfer(w *world) deed {
	from, by := w.holder()
	to, _ := w.holder()
	return deed{by: by, msg: &cashv1.MsgTransfer{Device: address(by), OrgId: from, ToOrgId: to, AmountFen: w.amount(1_000_000)}}
}

// spend has a borrower pay away all it has: its next instalment will be late.
func spend(w *world) deed {
	f := pick(w, w.firms[:borrowers])
	r, ok := ask(w, cashv1.NewQueryClient(w.Conn()).Balance, &cashv1.QueryBalanceRequest{OrgId: f.ID})
	if !ok {
		return deed{}
	}
	return deed{by: f.Owner, msg: &cashv1.MsgTransfer{Device: f.Device(), OrgId: f.ID, ToOrgId: w.BankB.ID, AmountFen: r.AmountFen}}
}

func redeem(w *world) deed {
	from, by := w.holder()
	return deed{by, &cashv1.MsgRedeem{
		Device: address(by), OrgId: from, IssuerOrgId: w.Settlement.ID, AmountFen: w.amount(200_000), AccountHash: hash(w, "account"),
	}, func(o testkit.Outcome) {
		var r cashv1.MsgRedeemResponse
		o.Response(w.t, &r)
		w.redemptions = append(w.redemptions, r.RedemptionId)
	}}
}

func settle(w *world) deed {
	by := w.Settlement
	return deed{by: by.Admin, msg: &cashv1.MsgSettleRedemption{
		Device: address(by.Admin), OrgId: by.ID, RedemptionId: recent(w, w.redemptions), BankReference: w.name("paid"),
	}}
}

func freezeMoney(w *world) deed {
	by := w.Regulator
	f := freeze{pick(w, w.firms).ID, w.name("case")}
	return deed{by.Admin, &cashv1.MsgFreeze{
		Device: address(by.Admin), OrgId: by.ID, TargetOrgId: f.org, CaseId: f.name, ReasonHash: hash(w, "reason"),
		ExpiresAt: w.Now().Unix() + w.rng.Int64N(300),
	}, func(testkit.Outcome) { w.freezes = append(w.freezes, f) }}
}

func unfreezeMoney(w *world) deed {
	by, f := w.Regulator, recent(w, w.freezes)
	return deed{by: by.Admin, msg: &cashv1.MsgUnfreeze{Device: address(by.Admin), OrgId: by.ID, TargetOrgId: f.org, CaseId: f.name}}
}

// donate tries to send money past x/cash: to a pool, to a module, or to a stranger.
func donate(w *world) deed {
	from, by := w.holder()
	to := pick(w, []sdk.AccAddress{
		loan.PoolAccount(1), fund.Account(1), wire.ModuleAddress("cash"), wire.ModuleAddress("gov"), wire.ModuleAddress("fee_collector"), make([]byte, 20), cash.Account(999),
	})
	sender := address(by)
	if w.chance(50) {
		sender = wire.AddressText(cash.Account(from)) // nobody has a key for it
	}
	return deed{by: by, msg: &banktypes.MsgSend{
		FromAddress: sender, ToAddress: wire.AddressText(to), Amount: sdk.NewCoins(sdk.NewInt64Coin(wire.Denom, 1+w.rng.Int64N(100))),
	}}
}

// ---- records and consents

func anchor(w *world) deed {
	f := recent(w, w.firms)
	if len(f.lending) != 0 && !w.chance(5) {
		return deed{} // a new month without voices stops a borrower for a while
	}
	source := pick(w, []string{"upload", "branch"})
	s := f.streams[source]
	if s.sequence == 0 {
		s.lastDay = uint32(record.Day(w.Now())) - 600
	}
	a := testkit.Anchor(f.Enterprise, source, s.sequence+1, s.lastDay+testkit.DaysPerBatch, w.epoch(f))
	switch w.rng.IntN(8) {
	case 0:
		a.Sequence++
	case 1:
		a.Root = a.Root[:31]
	case 2:
		a.Epoch++
	case 3:
		a.PeriodTo += 1000
	}
	return deed{w.Settlement.Service, &profilev1.MsgAnchorBatches{
		Device: address(w.Settlement.Service), OrgId: w.Settlement.ID, EnterpriseId: f.ID, Anchors: []profilev1.BatchAnchor{a},
	}, func(testkit.Outcome) {
		f.streams[source] = stream{a.Sequence, a.PeriodTo}
		f.anchors = append(f.anchors, a)
		w.batches = append(w.batches, batch{a.BatchId, f})
	}}
}

// supersede has the owner try to write a month anew.
func supersede(w *world) deed {
	b := pick(w, w.batches)
	s := b.firm.streams["upload"]
	a := testkit.Anchor(b.firm.Enterprise, "upload", s.sequence+1, s.lastDay, w.epoch(b.firm))
	a.Supersedes = b.id
	return deed{by: w.Settlement.Service, msg: &profilev1.MsgAnchorBatches{
		Device: address(w.Settlement.Service), OrgId: w.Settlement.ID, EnterpriseId: b.firm.ID, Anchors: []profilev1.BatchAnchor{a},
	}}
}

// epoch is the current epoch of the bank category.
func (w *world) epoch(f *firm) uint32 {
	r, ok := ask(w, profilev1.NewQueryClient(w.Conn()).Epochs, &profilev1.QueryEpochsRequest{EnterpriseId: f.ID})
	if ok {
		for _, e := range r.Epochs {
			if e.Category == profilev1.Category_CATEGORY_BANK {
				return e.Number
			}
		}
	}
	return 1
}

func accessLog(w *world) deed {
	by := w.Settlement
	m := &profilev1.MsgAnchorAccessLog{Device: address(by.Service), OrgId: by.ID, From: 1, To: 3, PreviousHead: make([]byte, 32), Head: hash(w, "head"), Refused: 1}
	if r, ok := ask(w, profilev1.NewQueryClient(w.Conn()).AccessLog, &profilev1.QueryAccessLogRequest{VaultOrgId: by.ID}); ok && r.Log.Sequence != 0 && !w.chance(20) {
		m.From, m.To, m.PreviousHead = r.Log.Sequence+1, r.Log.Sequence+1+w.rng.Uint64N(5), r.Log.Head
	}
	return deed{by: by.Service, msg: m}
}

func requestConsent(w *world) deed {
	f := pick(w, w.firms)
	by := pick(w, []testkit.Founder{w.BankA, w.BankB, w.VerifierA, w.VerifierB})
	purpose := profilev1.Purpose_PURPOSE_MONITORING
	if (by.ID == w.VerifierA.ID || by.ID == w.VerifierB.ID) != w.chance(10) {
		purpose = profilev1.Purpose_PURPOSE_VERIFICATION
	}
	terms := w.Terms(f.Enterprise, by, purpose, time.Duration(20+w.rng.IntN(3000))*time.Second, w.name("nonce"))
	return deed{by.Admin, &profilev1.MsgRequestConsent{Device: address(by.Admin), OrgId: by.ID, Terms: terms}, func(o testkit.Outcome) {
		var r profilev1.MsgRequestConsentResponse
		o.Response(w.t, &r)
		w.consents = append(w.consents, consent{r.ConsentId, f, by})
	}}
}

// consented is a recent consent; a firm without one stands in for none.
func (w *world) consented() consent {
	if len(w.consents) == 0 {
		return consent{make([]byte, 32), w.firms[0], w.BankA}
	}
	return recent(w, w.consents)
}

// readable is a consent that may be paused and resumed: now and then one on which
// a loan rests.
func (w *world) readable() consent {
	if f := pick(w, w.firms[:borrowers]); w.chance(20) {
		return consent{f.lending[w.BankA.ID].consent, f, w.BankA}
	}
	return w.consented()
}

func grant(w *world) deed {
	c := w.consented()
	return deed{by: c.firm.Owner, msg: &profilev1.MsgGrantConsent{Device: c.firm.Device(), OrgId: c.firm.ID, ConsentId: c.id}}
}

func refuseConsent(w *world) deed {
	c := w.consented()
	return deed{by: c.firm.Owner, msg: &profilev1.MsgRefuseConsent{Device: c.firm.Device(), OrgId: c.firm.ID, ConsentId: c.id}}
}

func pause(w *world) deed {
	c := w.readable()
	return deed{c.firm.Owner, &profilev1.MsgPauseConsent{Device: c.firm.Device(), OrgId: c.firm.ID, ConsentId: c.id}, func(testkit.Outcome) {
		w.paused = append(w.paused, c)
	}}
}

// resume is mostly of a consent that was paused, and perhaps resumed since.
func resume(w *world) deed {
	c := w.readable()
	if len(w.paused) != 0 && w.chance(70) {
		c = recent(w, w.paused)
	}
	return deed{by: c.firm.Owner, msg: &profilev1.MsgResumeConsent{Device: c.firm.Device(), OrgId: c.firm.ID, ConsentId: c.id}}
}

func revoke(w *world) deed {
	c := w.consented()
	if w.chance(50) {
		return deed{by: c.grantee.Admin, msg: &profilev1.MsgRevokeConsent{Device: address(c.grantee.Admin), OrgId: c.grantee.ID, ConsentId: c.id}}
	}
	return deed{by: c.firm.Owner, msg: &profilev1.MsgRevokeConsent{Device: c.firm.Device(), OrgId: c.firm.ID, ConsentId: c.id}}
}

func wrap(w *world) deed {
	c := w.readable()
	m := &profilev1.MsgPostWraps{Device: address(w.Settlement.Service), OrgId: w.Settlement.ID, ConsentId: c.id}
	key := hash(w, "no key")
	if r, ok := ask(w, orgv1.NewQueryClient(w.Conn()).Organisation, &orgv1.QueryOrganisationRequest{Id: c.grantee.ID}); ok && r.Organisation.DataKey != nil {
		key = r.Organisation.DataKey.Id
	}
	for epoch := range w.epoch(c.firm) {
		m.Wraps = append(m.Wraps, profilev1.WrapRef{Category: profilev1.Category_CATEGORY_BANK, Epoch: epoch + 1, DataKeyId: key, Hash: hash(w, "wrap")})
	}
	return deed{by: w.Settlement.Service, msg: m}
}

func deletionReceipt(w *world) deed {
	c := pick(w, w.consents)
	if c.firm == nil {
		return deed{}
	}
	by := c.grantee
	return deed{by: by.Service, msg: &profilev1.MsgPostDeletionReceipt{Device: address(by.Service), OrgId: by.ID, ConsentId: c.id, ReceiptHash: hash(w, "deleted")}}
}

// ---- attestations

func (w *world) verifier() testkit.Founder {
	return pick(w, []testkit.Founder{w.VerifierA, w.VerifierB})
}

// attest speaks about a firm's newest batch, mostly well of borrowers'.
func attest(w *world) deed {
	b := recent(w, w.batches)
	if w.chance(40) {
		b = pick(w, w.batches)
	}
	verdict := attestationv1.Verdict_VERDICT_CONSISTENT
	if w.chance(15) && len(b.firm.lending) == 0 {
		verdict = attestationv1.Verdict_VERDICT_INCONSISTENT
	}
	by := w.verifier()
	return deed{by.Admin, w.Attestation(by, b.firm.Enterprise, [][]byte{b.id}, verdict), w.noteAttestation(by, b.firm)}
}

func (w *world) noteAttestation(by testkit.Founder, about *firm) func(testkit.Outcome) {
	return func(o testkit.Outcome) {
		var r attestationv1.MsgAttestBatchesResponse // both responses have only the id
		o.Response(w.t, &r)
		w.attestations = append(w.attestations, said{r.AttestationId, by, about})
	}
}

func attestFeatures(w *world) deed {
	f := pick(w, w.firms)
	if len(f.anchors) == 0 {
		return deed{}
	}
	by, some := w.verifier(), f.anchors[w.rng.IntN(len(f.anchors)):]
	some = some[:min(len(some), zk.DataRefsMax, 16)]
	refs := make([]zk.DataRef, len(some))
	for i, a := range some {
		refs[i] = zk.DataRef{BatchID: [32]byte(a.BatchId), Root: [32]byte(a.Root), SchemaID: a.SchemaId, SchemaVersion: uint16(a.SchemaVersion), Sequence: a.Sequence}
	}
	digest, err := zk.DataDigest(refs)
	if err != nil {
		w.t.Fatal(err)
	}
	if w.chance(20) {
		digest[0] ^= 1
	}
	return deed{by.Admin, w.FeatureAttestation(by, f.Enterprise, testkit.BatchIDs(some), zk.FeatureSet{
		Version: scorecard.FeatureSet1, Salt: [31]byte(hash(w, "salt")), Enterprise: f.ID, AsOfDay: uint32(record.Day(w.Now())) - 1, DataDigest: digest,
		Features: []scorecard.Value{scorecard.Known(1), scorecard.Known(w.rng.Int64N(1000))},
	}), w.noteAttestation(by, f)}
}

// withdraw takes back a word, but rarely one on which a borrower's score or grade rests.
func withdraw(w *world) deed {
	a := recent(w, w.attestations)
	if a.about == nil || len(a.about.lending) != 0 && !w.chance(1) {
		return deed{}
	}
	return deed{by: a.by.Admin, msg: &attestationv1.MsgWithdraw{Device: address(a.by.Admin), OrgId: a.by.ID, AttestationId: a.id, ReasonHash: hash(w, "reason")}}
}

func dispute(w *world) deed {
	b, by := pick(w, w.batches), w.verifier()
	if len(b.firm.lending) != 0 && !w.chance(1) {
		if b = recent(w, w.batches); len(b.firm.lending) != 0 {
			return deed{}
		}
	}
	m := &attestationv1.MsgOpenDispute{Device: address(by.Admin), OrgId: by.ID, EnterpriseId: b.firm.ID, BatchId: b.id, ReasonHash: hash(w, "reason")}
	return deed{by.Admin, m, func(o testkit.Outcome) {
		var r attestationv1.MsgOpenDisputeResponse
		o.Response(w.t, &r)
		w.disputes = append(w.disputes, r.DisputeId)
	}}
}

func resolve(w *world) deed {
	by := pick(w, []testkit.Founder{w.Regulator, w.Regulator, w.VerifierA})
	return deed{by: by.Admin, msg: &attestationv1.MsgResolveDispute{
		Device: address(by.Admin), OrgId: by.ID, DisputeId: recent(w, w.disputes), Upheld: w.chance(30), ResolutionHash: hash(w, "resolution"),
	}}
}

// ---- scores

// submitScore sends a prepared score, perhaps once more, or one that is bent.
func submitScore(w *world) deed {
	d := pick(w, w.prepared)
	if w.chance(40) {
		bent := *d.msg.(*scorev1.MsgSubmitScore)
		bent.Score++
		bent.Proof = bytes.Clone(bent.Proof)
		return deed{by: d.by, msg: &bent}
	}
	return d
}

func publishIndex(w *world) deed {
	by := pick(w, []testkit.Founder{w.BankA, w.BankB, w.Settlement, w.Regulator})
	m := w.Quote(by, 100+w.rng.Int64N(400))
	if w.chance(10) {
		m.Day += 2
	}
	return deed{by: by.Service, msg: m}
}

// registerModel proposes another card under the small model's key, which is wrong:
// whoever recomputes the key will find that.
func registerModel(w *world) deed {
	if len(w.models) > 4 && !w.chance(10) {
		return deed{}
	}
	card := testkit.Card(w.name("card"))
	return deed{w.BankA.Admin, w.ModelProposal(card, w.SmallModel().Key.Encode()), func(o testkit.Outcome) {
		var r scorev1.MsgRegisterModelResponse
		o.Response(w.t, &r)
		w.models = append(w.models, r.ModelHash)
	}}
}

func voteModel(w *world) deed {
	by, model := pick(w, w.Founders()), recent(w, w.models)
	key := w.SmallModel().Key.Hash()
	if !bytes.Equal(model, w.models[0]) && w.chance(20) {
		key = sha256.Sum256([]byte("recomputed"))
	}
	return deed{by: by.Admin, msg: testkit.ModelVote(by, model, key, w.chance(80))}
}

// ---- lending

func (w *world) lender() testkit.Founder { return pick(w, []testkit.Founder{w.BankA, w.BankB}) }

func submitTemplate(w *world) deed {
	if len(w.templates) > 6 && !w.chance(10) {
		return deed{}
	}
	by, terms := w.lender(), testkit.Contract(w.name("loan"))
	if w.chance(20) {
		terms.Tests[0].Want = false
	}
	return deed{by.Admin, &loanv1.MsgSubmitTemplate{Device: address(by.Admin), OrgId: by.ID, Terms: terms}, func(o testkit.Outcome) {
		var r loanv1.MsgSubmitTemplateResponse
		o.Response(w.t, &r)
		w.templates = append(w.templates, template{r.TemplateHash, by})
	}}
}

func saveDraft(w *world) deed {
	terms := testkit.Contract("draft-" + string(rune('a'+w.rng.IntN(20))))
	by := w.lender()
	return deed{by: by.Admin, msg: &loanv1.MsgSaveDraft{Device: address(by.Admin), OrgId: by.ID, Terms: terms}}
}

func discardDraft(w *world) deed {
	by := w.lender()
	return deed{by: by.Admin, msg: &loanv1.MsgDiscardDraft{Device: address(by.Admin), OrgId: by.ID, Name: "draft-" + string(rune('a'+w.rng.IntN(20)))}}
}

func reviewTemplate(w *world) deed {
	of := recent(w, w.templates)
	by := of.by
	if w.chance(30) {
		by = w.Auditor
	}
	return deed{by: by.Admin, msg: &loanv1.MsgReviewTemplate{Device: address(by.Admin), OrgId: by.ID, TemplateHash: of.hash}}
}

func activateTemplate(w *world) deed {
	of := recent(w, w.templates)
	by := of.by
	if w.chance(10) {
		by = w.lender()
	}
	return deed{by: by.Admin, msg: &loanv1.MsgActivateTemplate{Device: address(by.Admin), OrgId: by.ID, TemplateHash: of.hash}}
}

func retireTemplate(w *world) deed {
	if len(w.templates) < 2 {
		return deed{}
	}
	by := w.lender()
	return deed{by: by.Admin, msg: &loanv1.MsgRetireTemplate{Device: address(by.Admin), OrgId: by.ID, TemplateHash: pick(w, w.templates[1:]).hash}}
}

func signAudit(w *world) deed {
	return deed{by: w.Auditor.Admin, msg: w.Audit(safetyv1.SubjectKind_SUBJECT_KIND_TEMPLATE, recent(w, w.templates).hash, w.chance(80))}
}

func openPool(w *world) deed {
	by := w.lender()
	if w.chance(10) {
		by = w.VerifierA
	}
	if len(w.pools) > 6 && !w.chance(10) {
		return deed{}
	}
	return deed{by.Admin, &loanv1.MsgOpenPool{Device: address(by.Admin), OrgId: by.ID}, func(o testkit.Outcome) {
		var r loanv1.MsgOpenPoolResponse
		o.Response(w.t, &r)
		w.pools = append(w.pools, testkit.Product{PoolID: r.PoolId, Lender: by})
	}}
}

func fundPool(w *world) deed {
	p := pick(w, w.pools)
	return deed{by: p.Lender.Admin, msg: &loanv1.MsgFundPool{Device: address(p.Lender.Admin), OrgId: p.Lender.ID, PoolId: p.PoolID, AmountFen: w.amount(500_000)}}
}

func withdrawPool(w *world) deed {
	p, by := pick(w, w.pools), w.lender()
	return deed{by: by.Admin, msg: &loanv1.MsgWithdrawPool{Device: address(by.Admin), OrgId: by.ID, PoolId: p.PoolID, AmountFen: w.amount(3_000_000)}}
}

func offerProduct(w *world) deed {
	if len(w.products) > 6 && !w.chance(10) {
		return deed{}
	}
	p := pick(w, w.pools)
	p.TemplateHash = pick(w, w.templates).hash
	return deed{p.Lender.Admin, w.Offering(p), func(o testkit.Outcome) {
		var r loanv1.MsgOfferProductResponse
		o.Response(w.t, &r)
		p.ID = r.ProductId
		w.products = append(w.products, p)
	}}
}

func retireProduct(w *world) deed {
	p := pick(w, w.products)
	if p.ID <= lasting {
		return deed{}
	}
	return deed{by: p.Lender.Admin, msg: &loanv1.MsgRetireProduct{Device: address(p.Lender.Admin), OrgId: p.Lender.ID, ProductId: p.ID}}
}

// lasting is how many products, the first, are never retired.
const lasting = 3

func apply(w *world) deed {
	f, p := pick(w, w.firms[:borrowers]), pick(w, w.products)
	if w.chance(70) {
		p = pick(w, w.products[:lasting])
	}
	l := f.lending[p.Lender.ID]
	return deed{f.Owner, &loanv1.MsgApply{
		Device: f.Device(), OrgId: f.ID, ProductId: p.ID, AmountFen: w.amount(12_000_000), Periods: uint32(2 + w.rng.IntN(5)), ConsentId: l.consent, ScoreId: l.score,
	}, func(o testkit.Outcome) {
		var r loanv1.MsgApplyResponse
		o.Response(w.t, &r)
		w.applications = append(w.applications, r.ApplicationId)
		if r.OfferId != 0 {
			w.offers = append(w.offers, r.OfferId)
		}
	}}
}

func decide(w *world) deed {
	id := recent(w, w.applications)
	r, ok := ask(w, loanv1.NewQueryClient(w.Conn()).Application, &loanv1.QueryApplicationRequest{Id: id})
	by := w.lender()
	if ok && r.Application.LenderOrgId == w.BankA.ID {
		by = w.BankA
	}
	return deed{by.Admin, &loanv1.MsgDecideReferral{
		Device: address(by.Admin), OrgId: by.ID, ApplicationId: id, Approve: w.chance(70), AmountFen: w.amount(9_000_000), NoteHash: hash(w, "note"), BriefHash: hash(w, "brief"),
	}, func(o testkit.Outcome) {
		var r loanv1.MsgDecideReferralResponse
		if o.Response(w.t, &r); r.OfferId != 0 {
			w.offers = append(w.offers, r.OfferId)
		}
	}}
}

// appeal is against a decision that declined, mostly: such a one is seldom among the
// last few.
func appeal(w *world) deed {
	id := recent(w, w.applications)
	for _, a := range w.applications {
		r, ok := ask(w, loanv1.NewQueryClient(w.Conn()).Application, &loanv1.QueryApplicationRequest{Id: a})
		if ok && r.Application.Decision.Outcome == loanv1.Outcome_OUTCOME_DECLINED && w.chance(50) {
			id = a
		}
	}
	r, ok := ask(w, loanv1.NewQueryClient(w.Conn()).Application, &loanv1.QueryApplicationRequest{Id: id})
	f := pick(w, w.firms[:borrowers])
	if i := slices.IndexFunc(w.firms, func(f *firm) bool { return ok && f.ID == r.Application.EnterpriseId }); i >= 0 && w.chance(90) {
		f = w.firms[i]
	}
	return deed{by: f.Owner, msg: &loanv1.MsgAppeal{Device: f.Device(), OrgId: f.ID, ApplicationId: id, NoteHash: hash(w, "appeal")}}
}

// offered is a recent offer, mostly one that is open, with the firm to which it was made.
func (w *world) offered() (loanv1.Offer, *firm) {
	r, ok := ask(w, loanv1.NewQueryClient(w.Conn()).Offer, &loanv1.QueryOfferRequest{Id: recent(w, w.offers)})
	for i := len(w.offers) - 1; i >= 0 && ok && r.Offer.Status != loanv1.OfferStatus_OFFER_STATUS_OPEN && w.chance(80); i-- {
		r, ok = ask(w, loanv1.NewQueryClient(w.Conn()).Offer, &loanv1.QueryOfferRequest{Id: w.offers[i]})
	}
	if !ok {
		return loanv1.Offer{Id: 999}, w.firms[0]
	}
	i := slices.IndexFunc(w.firms, func(f *firm) bool { return f.ID == r.Offer.EnterpriseId })
	return r.Offer, w.firms[i]
}

func accept(w *world) deed {
	o, f := w.offered()
	m := w.Acceptance(f.Enterprise, o)
	if w.chance(10) {
		m.RateBps++ // not what the offer says
	}
	return deed{f.Owner, m, func(o testkit.Outcome) {
		var r loanv1.MsgAcceptResponse
		o.Response(w.t, &r)
		w.loans = append(w.loans, r.LoanId)
	}}
}

func refuseOffer(w *world) deed {
	o, f := w.offered()
	return deed{by: f.Owner, msg: &loanv1.MsgRefuseOffer{Device: f.Device(), OrgId: f.ID, OfferId: o.Id}}
}

// lent is a recent loan; none has number 0.
func (w *world) lent() (loanv1.Loan, *firm) {
	r, ok := ask(w, loanv1.NewQueryClient(w.Conn()).Loan, &loanv1.QueryLoanRequest{Id: recent(w, w.loans)})
	if !ok {
		return loanv1.Loan{LenderOrgId: w.BankA.ID}, w.firms[0]
	}
	i := slices.IndexFunc(w.firms, func(f *firm) bool { return f.ID == r.Loan.EnterpriseId })
	return r.Loan, w.firms[i]
}

func repay(w *world) deed {
	l, f := w.lent()
	return deed{by: f.Owner, msg: &loanv1.MsgRepay{Device: f.Device(), OrgId: f.ID, LoanId: l.Id, AmountFen: w.amount(400_000)}}
}

// writeOff gives up a loan that is late, or tries it with one that is not.
func writeOff(w *world) deed {
	l, _ := w.lent()
	for _, id := range w.loans {
		if w.chance(20) || l.Status == loanv1.LoanStatus_LOAN_STATUS_DELINQUENT {
			break
		}
		if r, ok := ask(w, loanv1.NewQueryClient(w.Conn()).Loan, &loanv1.QueryLoanRequest{Id: id}); ok {
			l = r.Loan
		}
	}
	by := w.BankA
	if l.LenderOrgId == w.BankB.ID {
		by = w.BankB
	}
	return deed{by: by.Admin, msg: &loanv1.MsgWriteOff{Device: address(by.Admin), OrgId: by.ID, LoanId: l.Id}}
}

// ---- safety

func stop(w *world) deed {
	by := pick(w, []testkit.Founder{w.BankA, w.BankB, w.Regulator, w.Auditor})
	url := pick(w, []string{
		"/xinlian.loan.v1.MsgApply", "/xinlian.loan.v1.Servicing", "/xinlian.cash.v1.MsgTransfer", "/xinlian.profile.v1.MsgAnchorBatches", "/cosmos.gov.v1.MsgVote",
	})
	return deed{by.Admin, &safetyv1.MsgStopMessage{
		Device: address(by.Admin), OrgId: by.ID, TypeUrl: url, ReasonHash: hash(w, "reason"), ExpiresAt: w.Now().Unix() + 1 + w.rng.Int64N(60),
	}, func(testkit.Outcome) { w.stops = append(w.stops, url) }}
}

func resumeMessage(w *world) deed {
	by := pick(w, []testkit.Founder{w.BankA, w.BankB, w.Regulator})
	url := "/xinlian.loan.v1.MsgApply"
	if len(w.stops) != 0 {
		url = recent(w, w.stops)
	}
	return deed{by: by.Admin, msg: &safetyv1.MsgResumeMessage{Device: address(by.Admin), OrgId: by.ID, TypeUrl: url}}
}

func openIncident(w *world) deed {
	by := pick(w, w.Founders())
	return deed{by.Service, &safetyv1.MsgOpenIncident{Device: address(by.Service), OrgId: by.ID, Kind: "odd-looking", EvidenceHash: hash(w, "evidence")}, func(o testkit.Outcome) {
		var r safetyv1.MsgOpenIncidentResponse
		o.Response(w.t, &r)
		w.incidents = append(w.incidents, r.IncidentId)
	}}
}

func closeIncident(w *world) deed {
	by := w.Regulator
	return deed{by: by.Admin, msg: &safetyv1.MsgCloseIncident{Device: address(by.Admin), OrgId: by.ID, IncidentId: recent(w, w.incidents)}}
}
