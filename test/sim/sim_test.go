// Package sim_test lets random actors act on the whole chain and checks after
// every step that what must always be true is true.
package sim_test

import (
	"bytes"
	"maps"
	"os"
	"slices"
	"strconv"
	"testing"
)

// The default run. SIM_STEPS and SIM_SEED choose another.
const (
	defaultSteps = 400
	defaultSeed  = 1
	// longest is how many times as long a run may go on for messages that had no
	// chance to succeed yet.
	longest = 4
)

// neverTaken are messages that must never succeed: money moves by x/cash only.
var neverTaken = []string{"/cosmos.bank.v1beta1.MsgSend"}

// taken are the messages that must succeed at least once in a run, so that the
// simulation cannot become empty.
var taken = []string{
	"attestation.v1.MsgAttestBatches", "attestation.v1.MsgAttestFeatures", "attestation.v1.MsgOpenDispute",
	"attestation.v1.MsgResolveDispute", "attestation.v1.MsgWithdraw",
	"cash.v1.MsgFreeze", "cash.v1.MsgIssue", "cash.v1.MsgRedeem", "cash.v1.MsgSettleRedemption", "cash.v1.MsgTransfer", "cash.v1.MsgUnfreeze",
	"cash.v1.MsgDebit", "cash.v1.MsgGrantMandate", "cash.v1.MsgOpenChargeback", "cash.v1.MsgRefund",
	"cash.v1.MsgRejectRedemption", "cash.v1.MsgResolveChargeback", "cash.v1.MsgRevokeMandate",
	"council.v1.MsgSetNodes",
	"fund.v1.MsgAdmitInvestor", "fund.v1.MsgCancelOrder", "fund.v1.MsgClaimIncome", "fund.v1.MsgOpenFund", "fund.v1.MsgRedeem", "fund.v1.MsgSubscribe", "fund.v1.MsgWindUp",
	"loan.v1.MsgAccept", "loan.v1.MsgActivateTemplate", "loan.v1.MsgAppeal", "loan.v1.MsgApply", "loan.v1.MsgDecideReferral", "loan.v1.MsgFundPool",
	"loan.v1.MsgOfferProduct", "loan.v1.MsgOpenPool", "loan.v1.MsgRefuseOffer", "loan.v1.MsgRepay", "loan.v1.MsgRetireProduct",
	"loan.v1.MsgDiscardDraft", "loan.v1.MsgRetireTemplate", "loan.v1.MsgReviewTemplate", "loan.v1.MsgSaveDraft", "loan.v1.MsgSubmitTemplate", "loan.v1.MsgWithdrawPool", "loan.v1.MsgWriteOff",
	"org.v1.MsgActivateDevice", "org.v1.MsgAddDevice", "org.v1.MsgCancelRecovery", "org.v1.MsgChooseCustodian", "org.v1.MsgConfirmEnterprise",
	"org.v1.MsgFreezeDevice", "org.v1.MsgRegisterEnterprise", "org.v1.MsgRequestRecovery", "org.v1.MsgRetagEnterprise", "org.v1.MsgRevokeDevice", "org.v1.MsgSetDataKey",
	"org.v1.MsgUnfreezeDevice",
	"pledge.v1.MsgAttestReceivable", "pledge.v1.MsgContestReceivable", "pledge.v1.MsgDecideReceivable", "pledge.v1.MsgPledge",
	"pledge.v1.MsgReleasePledge", "pledge.v1.MsgWithdrawReceivable",
	"profile.v1.MsgAmendConsent", "profile.v1.MsgCloseCase", "profile.v1.MsgConfirmCase", "profile.v1.MsgOpenCase",
	"profile.v1.MsgRecordErasure", "profile.v1.MsgRequestErasure",
	"profile.v1.MsgAnchorAccessLog", "profile.v1.MsgAnchorBatches", "profile.v1.MsgGrantConsent", "profile.v1.MsgPauseConsent",
	"profile.v1.MsgPostDeletionReceipt", "profile.v1.MsgPostWraps", "profile.v1.MsgRefuseConsent", "profile.v1.MsgRequestConsent",
	"profile.v1.MsgResumeConsent", "profile.v1.MsgRevokeConsent",
	"safety.v1.MsgCloseIncident", "safety.v1.MsgOpenIncident", "safety.v1.MsgResumeMessage", "safety.v1.MsgSignAudit", "safety.v1.MsgStopMessage",
	"score.v1.MsgPublishIndex", "score.v1.MsgRegisterModel", "score.v1.MsgSubmitScore", "score.v1.MsgVoteModel",
}

// Test that after every step of a random history each module's invariants hold
// and no fen is made or lost, that a refusal leaves the modules' state as it was,
// that the same history ends in the same app hash, and that every message of the
// list succeeded at least once.
func TestSimulation(t *testing.T) {
	steps, seed := setting(t, "SIM_STEPS", defaultSteps), setting(t, "SIM_SEED", defaultSeed)
	w := newWorld(t, seed)
	at := uint64(0)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("SIM_SEED=%d, step %d, height %d", seed, at, w.Height())
		}
	})
	for ; at < steps || at < longest*steps && len(w.missing()) != 0; at++ {
		w.step()
		if err := w.App.CheckInvariants(); err != nil {
			t.Fatal(err)
		}
		if err := w.conservation(); err != nil {
			t.Fatal(err)
		}
	}
	w.report()

	again := newWorld(t, seed)
	for range at {
		again.step()
	}
	if first, second := w.App.LastCommitID().Hash, again.App.LastCommitID().Hash; !bytes.Equal(first, second) {
		t.Errorf("the same history ends in app hash %X and %X", first, second)
	}
}

// missing are the messages of the list that did not succeed yet.
func (w *world) missing() []string {
	return slices.DeleteFunc(slices.Clone(taken), func(name string) bool {
		c := w.tally["/xinlian."+name]
		return c != nil && c.taken != 0
	})
}

// report tells how often each message succeeded and was refused.
func (w *world) report() {
	for _, url := range slices.Sorted(maps.Keys(w.tally)) {
		c := w.tally[url]
		w.t.Logf("%5d taken %5d refused  %s", c.taken, c.refused, url)
		if slices.Contains(neverTaken, url) && c.taken != 0 {
			w.t.Errorf("%s succeeded", url)
		}
	}
	for _, name := range w.missing() {
		why := "was never sent"
		if c := w.tally["/xinlian."+name]; c != nil {
			why = "last: " + c.why
		}
		w.t.Errorf("%s never succeeded: %s", name, why)
	}
}

func setting(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}
