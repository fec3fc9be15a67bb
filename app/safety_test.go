package app_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"

	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	"github.com/xinlian/xinlian/internal/testkit"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/x/safety"
)

func stop(c *testkit.Chain, f testkit.Founder, url string) *safetyv1.MsgStopMessage {
	return &safetyv1.MsgStopMessage{
		Device: wire.Address(f.Admin), OrgId: f.ID, TypeUrl: url,
		ReasonHash: bytes.Repeat([]byte{7}, 32), ExpiresAt: c.Now().Add(time.Hour).Unix(),
	}
}

// Test that the breaker holds a message type wherever it comes from: sent by a
// device, and carried out for the council by a proposal that has passed. Then it
// is resumed, and both go through.
func TestStoppedMessage(t *testing.T) {
	t.Parallel()
	c := testkit.Start(t)
	regulator := c.Regulator
	direct := nodes(c.BankA)
	admit := &councilv1.MsgRemoveMember{Authority: wire.Authority(), OrgId: c.Auditor.ID}
	for _, m := range []sdk.Msg{direct, admit} {
		c.Do(regulator.Admin, stop(c, regulator, sdk.MsgTypeURL(m)))
	}

	c.Refuse(c.BankA.Admin, safety.ErrStopped, direct)
	p := c.Decide(admit)
	if p.Status != govv1.StatusFailed || !strings.Contains(p.FailedReason, safety.ErrStopped.Error()) {
		t.Errorf("a stopped message in a proposal that passed: %s: %s", p.Status, p.FailedReason)
	}
	p = c.Decide(&orgv1.MsgAccredit{Authority: wire.Authority(), OrgId: c.VerifierA.ID, Category: 1, ExpiresAt: c.Now().Add(time.Hour).Unix()}, admit)
	if p.Status != govv1.StatusFailed {
		t.Errorf("a stopped message beside another: %s", p.Status)
	}

	for _, m := range []sdk.Msg{direct, admit} {
		c.Do(regulator.Admin, &safetyv1.MsgResumeMessage{Device: wire.Address(regulator.Admin), OrgId: regulator.ID, TypeUrl: sdk.MsgTypeURL(m)})
	}
	c.Do(c.BankA.Admin, direct)
	c.Pass(admit)
	c.CheckInvariants()
}

// Test that a stop ends by itself.
func TestStopExpires(t *testing.T) {
	t.Parallel()
	c := testkit.Start(t)
	c.Do(c.BankB.Admin, stop(c, c.BankB, sdk.MsgTypeURL(nodes(c.BankA))))
	c.Refuse(c.BankA.Admin, safety.ErrStopped, nodes(c.BankA))
	c.Block(time.Hour)
	c.Do(c.BankA.Admin, nodes(c.BankA))
}

// Test that nobody can stop what undoes a stop: the breaker's own messages, the
// council's votes and proposals, a suspension, and freezing a stolen device.
func TestUnstoppable(t *testing.T) {
	t.Parallel()
	c := testkit.Start(t)
	for _, m := range []sdk.Msg{
		&safetyv1.MsgStopMessage{}, &safetyv1.MsgResumeMessage{}, &safetyv1.MsgUpdateParams{}, &safetyv1.MsgOpenIncident{},
		&govv1.MsgSubmitProposal{}, &govv1.MsgVote{}, &orgv1.MsgSuspendOrganisation{}, &orgv1.MsgFreezeDevice{},
	} {
		for _, f := range []testkit.Founder{c.BankA, c.Regulator} {
			c.Refuse(f.Admin, safety.ErrUnstoppable, stop(c, f, sdk.MsgTypeURL(m)))
		}
	}
	c.Refuse(c.Auditor.Admin, safety.ErrNotStopper, stop(c, c.Auditor, sdk.MsgTypeURL(nodes(c.BankA))))
}
