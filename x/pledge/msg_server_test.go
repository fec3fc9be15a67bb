package pledge

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"slices"
	"strings"
	"testing"

	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/artefact"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/x/org"
)

// isOnly tells whether err is the registered error and shows its code to a client.
func isOnly(err error, want *errorsmod.Error) bool {
	space, code, _ := errorsmod.ABCIInfo(err, false)
	return err != nil && space == want.Codespace() && code == want.ABCICode()
}

// serve sends a message to its handler.
func (c kit) serve(msg sdk.Msg) error {
	return c.serveAt(c.ctx, msg)
}

func (c kit) serveAt(ctx context.Context, msg sdk.Msg) error {
	var err error
	switch m := msg.(type) {
	case *pledgev1.MsgAttestReceivable:
		_, err = c.msgs.AttestReceivable(ctx, m)
	case *pledgev1.MsgRetagReceivable:
		_, err = c.msgs.RetagReceivable(ctx, m)
	case *pledgev1.MsgWithdrawReceivable:
		_, err = c.msgs.WithdrawReceivable(ctx, m)
	case *pledgev1.MsgPledge:
		_, err = c.msgs.Pledge(ctx, m)
	case *pledgev1.MsgReleasePledge:
		_, err = c.msgs.ReleasePledge(ctx, m)
	case *pledgev1.MsgContestReceivable:
		_, err = c.msgs.ContestReceivable(ctx, m)
	case *pledgev1.MsgDecideReceivable:
		_, err = c.msgs.DecideReceivable(ctx, m)
	case *pledgev1.MsgProposeKey:
		_, err = c.msgs.ProposeKey(ctx, m)
	case *pledgev1.MsgConfirmKey:
		_, err = c.msgs.ConfirmKey(ctx, m)
	case *pledgev1.MsgUpdateParams:
		_, err = c.msgs.UpdateParams(ctx, m)
	}
	return err
}

// refuse fails the test unless the message is refused with that error and leaves
// the state as it was.
func (c kit) refuse(t *testing.T, name string, msg sdk.Msg, want *errorsmod.Error) {
	t.Helper()
	before, err := c.ExportGenesis(c.ctx)
	check(t, err)
	if err := c.serve(msg); !isOnly(err, want) {
		t.Errorf("%s: got %v, want %v", name, err, want)
	}
	after, err := c.ExportGenesis(c.ctx)
	check(t, err)
	if before.String() != after.String() {
		t.Errorf("%s: a refusal changed the state", name)
	}
}

// TestOneLender proves that the first lender has the receivable, that another is
// told no more than that it is pledged, that partial pledges of the first add up
// to the face and no further, and that the last release frees it.
func TestOneLender(t *testing.T) {
	t.Parallel()
	c := keyed(t).fresh()
	a, b := c.attest(t, bankA, 1), c.attest(t, bankB, 1)
	c.wantCheck(t, tagN(1, 1), false)
	first := c.pledge(t, bankA, a, 1, 600_000)
	c.wantEvents(t,
		&pledgev1.EventStatementChanged{StatementId: a, Status: stateLive},
		&pledgev1.EventStatementChanged{StatementId: b, Status: stateLive},
		&pledgev1.EventPledgeChanged{PledgeId: first, StatementId: a, Status: pledgeLive})
	c.wantCheck(t, tagN(1, 1), true)
	c.wantCheck(t, tagN(2, 1), false)

	err := c.serve(c.pledging(t, bankB, b, 1, 1))
	if !isOnly(err, ErrPledged) || err.Error() != ErrPledged.Error() {
		t.Errorf("a second lender: got %v", err)
	}
	c.refuse(t, "above the face", c.pledging(t, bankA, a, 1, 400_001), ErrShare)
	second := c.pledge(t, bankA, a, 1, 400_000)
	c.refuse(t, "above the whole face", c.pledging(t, bankA, a, 1, 1), ErrShare)
	c.checkInvariants(t)

	check(t, c.release(bankA, first))
	c.refuse(t, "one share is left", c.pledging(t, bankB, b, 1, 1), ErrPledged)
	c.wantCheck(t, tagN(1, 1), true)
	c = c.fresh()
	check(t, c.release(bankA, second))
	c.wantEvents(t, &pledgev1.EventPledgeChanged{PledgeId: second, StatementId: a, Status: pledgeReleased})
	c.wantCheck(t, tagN(1, 1), false)
	c.pledge(t, bankB, b, 1, FacePpm)
	c.refuse(t, "the first again", c.pledging(t, bankA, a, 1, 1), ErrPledged)
	c.checkInvariants(t)
}

// TestNoRowNamesTheLender proves that no key and no value of the store contains
// what names a lender or its consent, while the sender's own words do.
func TestNoRowNamesTheLender(t *testing.T) {
	t.Parallel()
	c := keyed(t)
	c.pledge(t, bankB, c.attest(t, bankB, 1), 1, 5)
	it := c.ctx.KVStore(c.key).Iterator(nil, nil)
	defer it.Close()
	for ; it.Valid(); it.Next() {
		for name, secret := range map[string][]byte{"consent": consentID(bankB), "salt": opening(bankB).Salt} {
			if bytes.Contains(it.Key(), secret) || bytes.Contains(it.Value(), secret) {
				t.Errorf("row %x has the %s", it.Key(), name)
			}
		}
	}
	st, err := c.Statement(c.ctx, 1)
	check(t, err)
	for id := range c.fakes.orgs { // without the salt all organisations can be tried in vain
		guess, err := artefact.LenderCommitment(id, consentID(id), st.PledgeKey, b32(0))
		check(t, err)
		if bytes.Equal(guess, st.LenderCommitment) {
			t.Errorf("organisation %d was found", id)
		}
	}
}

// TestAttestRefused proves each check of a verifier's statement.
func TestAttestRefused(t *testing.T) {
	t.Parallel()
	c := keyed(t)
	for name, s := range map[string]struct {
		bend func(m *pledgev1.MsgAttestReceivable)
		want *errorsmod.Error
	}{
		"batch id":            {func(m *pledgev1.MsgAttestReceivable) { m.BatchId = nil }, ErrField},
		"leaf":                {func(m *pledgev1.MsgAttestReceivable) { m.LeafHash = b32(1)[1:] }, ErrField},
		"lender commitment":   {func(m *pledgev1.MsgAttestReceivable) { m.LenderCommitment = nil }, ErrField},
		"pledge key":          {func(m *pledgev1.MsgAttestReceivable) { m.PledgeKey = nil }, ErrField},
		"face commitment":     {func(m *pledgev1.MsgAttestReceivable) { m.FaceCommitment = nil }, ErrField},
		"no tag":              {func(m *pledgev1.MsgAttestReceivable) { m.Tags = nil }, ErrField},
		"short tag":           {func(m *pledgev1.MsgAttestReceivable) { m.Tags[0].Tag = m.Tags[0].Tag[1:] }, ErrField},
		"tag of epoch 0":      {func(m *pledgev1.MsgAttestReceivable) { m.Tags[0].Epoch = 0 }, ErrField},
		"two of one epoch":    {func(m *pledgev1.MsgAttestReceivable) { m.Tags = append(m.Tags, m.Tags[0]) }, ErrField},
		"17 tags":             {func(m *pledgev1.MsgAttestReceivable) { m.Tags = slices.Repeat(m.Tags, 17) }, ErrField},
		"another epoch":       {func(m *pledgev1.MsgAttestReceivable) { m.Tags[0].Epoch = 2 }, ErrTags},
		"a tag too many":      {func(m *pledgev1.MsgAttestReceivable) { m.Tags = append(m.Tags, tagN(1, 2)) }, ErrTags},
		"ends now":            {func(m *pledgev1.MsgAttestReceivable) { m.ExpiresAt = now(c.ctx) }, ErrField},
		"ends late":           {func(m *pledgev1.MsgAttestReceivable) { m.ExpiresAt = now(c.ctx) + 30*daySeconds + 1 }, ErrField},
		"unknown device":      {func(m *pledgev1.MsgAttestReceivable) { m.Device = "" }, errFake},
		"no attestor":         {func(m *pledgev1.MsgAttestReceivable) { m.OrgId = bankA }, org.ErrRole},
		"not accredited":      {func(m *pledgev1.MsgAttestReceivable) { m.OrgId = attestorB }, ErrAccreditation},
		"the firm's keeper":   {func(m *pledgev1.MsgAttestReceivable) { m.OrgId = custodian }, ErrIndependence},
		"another firm's":      {func(m *pledgev1.MsgAttestReceivable) { m.BatchId = b32(2) }, ErrBatch},
		"a replaced batch":    {func(m *pledgev1.MsgAttestReceivable) { m.BatchId = b32(3) }, ErrBatch},
		"an unknown batch":    {func(m *pledgev1.MsgAttestReceivable) { m.BatchId = b32(4) }, errFake},
		"an unknown firm":     {func(m *pledgev1.MsgAttestReceivable) { m.EnterpriseId = 99 }, ErrBatch},
		"batch of other firm": {func(m *pledgev1.MsgAttestReceivable) { m.EnterpriseId = otherFirm }, ErrBatch},
	} {
		m := c.attesting(t, bankA, 1)
		s.bend(m)
		c.refuse(t, name, m, s.want)
	}
	empty := newKit(t)
	m := empty.attesting(t, bankA, 1)
	m.Tags = []pledgev1.Tag{tagN(1, 1)}
	empty.refuse(t, "before there is a key", m, ErrNoKey)
}

// TestPledgeRefused proves each check of a pledge that a lender sends itself.
func TestPledgeRefused(t *testing.T) {
	t.Parallel()
	c := keyed(t)
	id := c.attest(t, bankA, 1)
	for name, s := range map[string]struct {
		bend func(m *pledgev1.MsgPledge)
		want *errorsmod.Error
	}{
		"tag":               {func(m *pledgev1.MsgPledge) { m.Tag = nil }, ErrField},
		"no share":          {func(m *pledgev1.MsgPledge) { m.SharePpm = 0 }, ErrField},
		"a great share":     {func(m *pledgev1.MsgPledge) { m.SharePpm = FacePpm + 1 }, ErrField},
		"no proof":          {func(m *pledgev1.MsgPledge) { m.Opening = nil }, ErrField},
		"two proofs":        {func(m *pledgev1.MsgPledge) { m.LenderSignature = make([]byte, 64) }, ErrField},
		"consent id":        {func(m *pledgev1.MsgPledge) { m.Opening.ConsentId = nil }, ErrField},
		"salt":              {func(m *pledgev1.MsgPledge) { m.Opening.Salt = nil }, ErrField},
		"unknown device":    {func(m *pledgev1.MsgPledge) { m.Device = "" }, errFake},
		"an enterprise":     {func(m *pledgev1.MsgPledge) { m.OrgId = firm }, org.ErrKind},
		"no lender":         {func(m *pledgev1.MsgPledge) { m.OrgId = attestorA }, org.ErrRole},
		"another lender":    {func(m *pledgev1.MsgPledge) { m.OrgId = bankB }, ErrLender},
		"another salt":      {func(m *pledgev1.MsgPledge) { m.Opening.Salt = b32(1) }, ErrLender},
		"another consent":   {func(m *pledgev1.MsgPledge) { m.Opening.ConsentId = consentID(bankB) }, ErrLender},
		"unknown statement": {func(m *pledgev1.MsgPledge) { m.StatementId = 9 }, ErrUnknownStatement},
		"another tag":       {func(m *pledgev1.MsgPledge) { m.Tag = b32(7) }, ErrTags},
		"ends now":          {func(m *pledgev1.MsgPledge) { m.ExpiresAt = now(c.ctx) }, ErrField},
		"ends late":         {func(m *pledgev1.MsgPledge) { m.ExpiresAt = now(c.ctx) + 366*daySeconds + 1 }, ErrField},
	} {
		m := c.pledging(t, bankA, id, 1, 10)
		s.bend(m)
		c.refuse(t, name, m, s.want)
	}
	later := c.after(daySeconds)
	later.refuse(t, "the statement has expired", later.pledging(t, bankA, id, 1, 10), ErrStatementStatus)

	related := c.attesting(t, bankA, 2)
	related.OrgId = affiliate
	check(t, c.serve(related))
	c.refuse(t, "the lender's own verifier", c.pledging(t, bankA, id+1, 2, 10), ErrIndependence)

	for name, bend := range map[string]func(*profilev1.ConsentTerms){
		"another firm's consent": func(t *profilev1.ConsentTerms) { t.EnterpriseId = otherFirm },
		"another's consent":      func(t *profilev1.ConsentTerms) { t.GranteeOrgId = bankB },
		"without invoices":       func(t *profilev1.ConsentTerms) { t.Categories = t.Categories[:1] },
	} {
		c.fakes.bendConsent(bankA, bend)
		c.refuse(t, name, c.pledging(t, bankA, id, 1, 10), ErrConsent)
		c.fakes.bendConsent(bankA, func(t *profilev1.ConsentTerms) {
			t.EnterpriseId, t.GranteeOrgId, t.Categories = firm, bankA, []profilev1.Category{profilev1.Category_CATEGORY_BANK, invoice}
		})
	}
	delete(c.fakes.consents, string(consentID(bankA)))
	c.refuse(t, "no live consent", c.pledging(t, bankA, id, 1, 10), errFake)
}

// TestPledgesFull proves that the live pledges of one statement are bounded.
func TestPledgesFull(t *testing.T) {
	t.Parallel()
	c := keyed(t)
	id := c.attest(t, bankA, 1)
	for range PledgesMax {
		c.pledge(t, bankA, id, 1, 1)
	}
	c.refuse(t, "one more", c.pledging(t, bankA, id, 1, 1), ErrPledgesFull)
	check(t, c.release(bankA, 1))
	c.pledge(t, bankA, id, 1, 1)
	c.checkInvariants(t)
}

// TestRelay proves that a member can send for a lender whose pledge key signed
// exactly this, once, and that nobody else can.
func TestRelay(t *testing.T) {
	t.Parallel()
	c := keyed(t)
	id := c.attest(t, outsider, 1)
	direct := c.pledging(t, outsider, id, 1, 700_000)
	m := c.relayed(t, direct, outsider, 1, regulator)
	for name, s := range map[string]struct {
		bend func(m *pledgev1.MsgPledge)
		want *errorsmod.Error
	}{
		"a short signature":    {func(m *pledgev1.MsgPledge) { m.LenderSignature = m.LenderSignature[1:] }, ErrField},
		"another's signature":  {func(m *pledgev1.MsgPledge) { m.LenderSignature = make([]byte, 64) }, ErrLender},
		"another share":        {func(m *pledgev1.MsgPledge) { m.SharePpm-- }, ErrLender},
		"another end":          {func(m *pledgev1.MsgPledge) { m.ExpiresAt-- }, ErrLender},
		"another tag":          {func(m *pledgev1.MsgPledge) { m.Tag = b32(4) }, ErrLender},
		"a relay not a member": {func(m *pledgev1.MsgPledge) { m.OrgId = outsider }, ErrLender},
		"an enterprise":        {func(m *pledgev1.MsgPledge) { m.OrgId = firm }, org.ErrKind},
	} {
		bent := *m
		bent.LenderSignature = bytes.Clone(m.LenderSignature)
		s.bend(&bent)
		c.refuse(t, name, &bent, s.want)
	}
	elsewhere := c
	elsewhere.ctx = c.ctx.WithChainID("another")
	elsewhere.refuse(t, "another chain", m, ErrLender)
	check(t, c.serve(m))
	c.refuse(t, "the same again", m, ErrLender)
	c.wantCheck(t, tagN(1, 1), true)

	b, err := artefact.ReleaseContent(chainID, 1)
	check(t, err)
	r := &pledgev1.MsgReleasePledge{Device: "service", OrgId: bankB, PledgeId: 1, LenderSignature: ed25519.Sign(pledgeKey(outsider, 1), b)}
	bent := *r
	bent.LenderSignature = ed25519.Sign(pledgeKey(bankA, 1), b)
	c.refuse(t, "released by another's key", &bent, ErrLender)
	bent = *r
	bent.OrgId = outsider
	c.refuse(t, "released by no member", &bent, ErrLender)
	check(t, c.serve(r))
	c.refuse(t, "released again", r, ErrPledgeEnded)
	c.refuse(t, "pledged by the first signature", m, ErrLender)
	c.wantCheck(t, tagN(1, 1), false)
	c.checkInvariants(t)
}

// TestReleaseRefused proves each check of a release, and that it needs no consent.
func TestReleaseRefused(t *testing.T) {
	t.Parallel()
	c := keyed(t)
	id := c.pledge(t, bankA, c.attest(t, bankA, 1), 1, 10)
	good := pledgev1.MsgReleasePledge{Device: "service", OrgId: bankA, PledgeId: id, Opening: opening(bankA)}
	for name, s := range map[string]struct {
		bend func(m *pledgev1.MsgReleasePledge)
		want *errorsmod.Error
	}{
		"no proof":       {func(m *pledgev1.MsgReleasePledge) { m.Opening = nil }, ErrField},
		"salt":           {func(m *pledgev1.MsgReleasePledge) { m.Opening = &pledgev1.Opening{ConsentId: b32(1)} }, ErrField},
		"unknown":        {func(m *pledgev1.MsgReleasePledge) { m.PledgeId = 9 }, ErrUnknownPledge},
		"another lender": {func(m *pledgev1.MsgReleasePledge) { m.OrgId = bankB }, ErrLender},
		"no lender":      {func(m *pledgev1.MsgReleasePledge) { m.OrgId = attestorA }, org.ErrRole},
		"unknown device": {func(m *pledgev1.MsgReleasePledge) { m.Device = "" }, errFake},
	} {
		m := good
		s.bend(&m)
		c.refuse(t, name, &m, s.want)
	}
	clear(c.fakes.consents)
	check(t, c.serve(&good))
	c.refuse(t, "again", &good, ErrPledgeEnded)
}

// TestExpiry proves that pledges end by themselves in the block after their time,
// a bounded number in each, and free their receivables then and not before.
func TestExpiry(t *testing.T) {
	t.Parallel()
	c := keyed(t)
	const n = ExpiriesPerBlockMax/PledgesMax + 1
	for i := range n {
		id := c.attest(t, bankA, byte(i+1))
		for range PledgesMax {
			c.pledge(t, bankA, id, byte(i+1), 1)
		}
	}
	c = c.after(30*daySeconds - 1)
	check(t, c.EndBlock(c.ctx))
	c.wantCheck(t, tagN(1, 1), true)
	c = c.after(1).fresh()
	check(t, c.EndBlock(c.ctx))
	if got := len(c.ctx.EventManager().Events()); got != ExpiriesPerBlockMax {
		t.Errorf("one block ended %d", got)
	}
	c.wantCheck(t, tagN(1, 1), false)
	c.wantCheck(t, tagN(n, 1), true)
	c.checkInvariants(t)
	check(t, c.EndBlock(c.ctx))
	c.wantCheck(t, tagN(n, 1), false)
	c.checkInvariants(t)
	c.refuse(t, "releasing what has expired", &pledgev1.MsgReleasePledge{
		Device: "service", OrgId: bankA, PledgeId: 1, Opening: opening(bankA),
	}, ErrPledgeEnded)
}

// TestContest proves who may contest and decide, that a contested statement takes
// no more pledges while its pledges stand, and what each outcome does.
func TestContest(t *testing.T) {
	t.Parallel()
	c := keyed(t)
	id := c.attest(t, bankA, 1)
	c.pledge(t, bankA, id, 1, 10)
	contesting := func(by uint64) *pledgev1.MsgContestReceivable {
		return &pledgev1.MsgContestReceivable{Device: "officer", OrgId: by, StatementId: id, ReasonHash: b32(1)}
	}
	c.refuse(t, "by another firm", contesting(otherFirm), ErrNotJudge)
	c.refuse(t, "by a bank", contesting(bankB), ErrNotJudge)
	machine := contesting(firm)
	machine.Device = "service"
	c.refuse(t, "by a machine", machine, org.ErrDeviceRole)
	short := contesting(firm)
	short.ReasonHash = nil
	c.refuse(t, "without a reason", short, ErrField)
	unknown := contesting(firm)
	unknown.StatementId = 9
	c.refuse(t, "unknown", unknown, ErrUnknownStatement)
	deciding := &pledgev1.MsgDecideReceivable{Device: "officer", OrgId: regulator, StatementId: id}
	c.refuse(t, "deciding what nobody contests", deciding, ErrStatementStatus)

	check(t, c.contest(firm, id))
	c.refuse(t, "contested twice", contesting(regulator), ErrStatementStatus)
	c.refuse(t, "pledging what is contested", c.pledging(t, bankA, id, 1, 10), ErrStatementStatus)
	c.refuse(t, "withdrawing what is contested", &pledgev1.MsgWithdrawReceivable{Device: "service", OrgId: attestorA, StatementId: id}, ErrStatementStatus)
	c.wantCheck(t, tagN(1, 1), true)
	bank := *deciding
	bank.OrgId = bankA
	c.refuse(t, "decided by a bank", &bank, ErrNotJudge)
	check(t, c.decide(regulator, id, false))
	c.pledge(t, bankA, id, 1, 10)

	c.refuse(t, "withdrawn by another", &pledgev1.MsgWithdrawReceivable{Device: "service", OrgId: attestorB, StatementId: id}, ErrNotAttestor)
	check(t, c.withdraw(attestorA, id))
	c.refuse(t, "pledging what is withdrawn", c.pledging(t, bankA, id, 1, 10), ErrStatementStatus)
	check(t, c.contest(regulator, id))
	check(t, c.decide(regulator, id, false))
	if st, _ := c.Statement(c.ctx, id); st.Status != stateWithdrawn {
		t.Errorf("a rejected contest brought a withdrawn statement to %s", st.Status)
	}
	check(t, c.contest(firm, id))
	c = c.fresh()
	check(t, c.decide(regulator, id, true))
	c.wantEvents(t,
		&pledgev1.EventPledgeChanged{PledgeId: 1, StatementId: id, Status: pledgeVoid},
		&pledgev1.EventPledgeChanged{PledgeId: 2, StatementId: id, Status: pledgeVoid},
		&pledgev1.EventStatementChanged{StatementId: id, Status: stateOverturned})
	c.wantCheck(t, tagN(1, 1), false)
	c.checkInvariants(t)
	c.pledge(t, bankB, c.attest(t, bankB, 1), 1, FacePpm)
}

// TestKeyRefused proves each check of a proposed key and of a confirmation.
func TestKeyRefused(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	for name, s := range map[string]struct {
		bend func(m *pledgev1.MsgProposeKey)
		want *errorsmod.Error
	}{
		"by a member":     {func(m *pledgev1.MsgProposeKey) { m.Authority = "xin1x" }, org.ErrAuthority},
		"no shares":       {func(m *pledgev1.MsgProposeKey) { m.Shares = nil }, ErrKeyShape},
		"too many":        {func(m *pledgev1.MsgProposeKey) { m.Shares = make([]pledgev1.KeyShare, 65) }, ErrKeyShape},
		"two thirds":      {func(m *pledgev1.MsgProposeKey) { m.Threshold = 2 }, ErrKeyShape},
		"more than all":   {func(m *pledgev1.MsgProposeKey) { m.Threshold = 5 }, ErrKeyShape},
		"point":           {func(m *pledgev1.MsgProposeKey) { m.Point = nil }, ErrField},
		"transcript":      {func(m *pledgev1.MsgProposeKey) { m.TranscriptHash = nil }, ErrField},
		"share":           {func(m *pledgev1.MsgProposeKey) { m.Shares[1].Point = nil }, ErrField},
		"index 0":         {func(m *pledgev1.MsgProposeKey) { m.Shares[0].Index = 0 }, ErrKeyShape},
		"order":           {func(m *pledgev1.MsgProposeKey) { slices.Reverse(m.Shares) }, ErrKeyShape},
		"index too great": {func(m *pledgev1.MsgProposeKey) { m.Shares[3].Index = 1 << 16 }, ErrKeyShape},
		"one holds two":   {func(m *pledgev1.MsgProposeKey) { m.Shares[1].OrgId = bankA }, ErrKeyShape},
		"no member":       {func(m *pledgev1.MsgProposeKey) { m.Shares[1].OrgId = outsider }, ErrKeyShape},
	} {
		m := c.proposing(0x10)
		s.bend(m)
		c.refuse(t, name, m, s.want)
	}
	confirming := &pledgev1.MsgConfirmKey{Device: "officer", OrgId: bankA, TranscriptHash: b32(0x11)}
	c.refuse(t, "nothing proposed", confirming, ErrNoProposal)
	check(t, c.serve(c.proposing(0x10)))
	for name, s := range map[string]struct {
		bend func(m *pledgev1.MsgConfirmKey)
		want *errorsmod.Error
	}{
		"hash":               {func(m *pledgev1.MsgConfirmKey) { m.TranscriptHash = nil }, ErrField},
		"another transcript": {func(m *pledgev1.MsgConfirmKey) { m.TranscriptHash = b32(1) }, ErrTranscript},
		"no holder":          {func(m *pledgev1.MsgConfirmKey) { m.OrgId = outsider }, ErrHolder},
		"a machine":          {func(m *pledgev1.MsgConfirmKey) { m.Device = "service" }, org.ErrDeviceRole},
	} {
		m := *confirming
		s.bend(&m)
		c.refuse(t, name, &m, s.want)
	}
	check(t, c.serve(confirming))
	c.refuse(t, "twice", confirming, ErrConfirmed)
	c.checkInvariants(t)
	check(t, c.serve(c.proposing(0x20))) // a later proposal starts afresh
	c.refuse(t, "the earlier transcript", confirming, ErrTranscript)
	c.refuse(t, "parameters by a member", &pledgev1.MsgUpdateParams{Authority: "xin1x", Params: DefaultParams()}, org.ErrAuthority)
	c.refuse(t, "no parameters", &pledgev1.MsgUpdateParams{Authority: wire.Authority()}, ErrParams)
	p := DefaultParams()
	p.EvaluationsMax = 7
	check(t, c.serve(&pledgev1.MsgUpdateParams{Authority: wire.Authority(), Params: p}))
}

// TestRotation proves that under a new key both tags are asked for and checked
// until every held receivable has a new tag, that none can be pledged again in
// between, and that a new sharing changes no tag.
func TestRotation(t *testing.T) {
	t.Parallel()
	c := keyed(t)
	c.wantKeys(t, keyActive)
	heldA, waitingA := c.attest(t, bankA, 1), c.attest(t, bankA, 2)
	waitingB := c.attest(t, bankB, 1)
	short := c.attest(t, bankA, 3)
	c.pledge(t, bankA, heldA, 1, 10)
	shortPledge := c.pledge(t, bankA, short, 3, 10)

	c.rotate(t, 0x10) // the same point: another sharing
	c.wantKeys(t, keyActive)
	if key, err := c.active(c.ctx); err != nil || key.Sharing != 2 || key.Epoch != 1 {
		t.Errorf("sharing %d of epoch %d, %v", key.Sharing, key.Epoch, err)
	}

	c.rotate(t, 0x40)
	c.wantKeys(t, keyRetiring, keyActive)
	c.refuse(t, "a third key in the window", c.proposing(0x60), ErrRetiring)
	check(t, c.serve(c.proposing(0x40))) // a new sharing of the active one may come
	c.checkInvariants(t)
	c.wantCheck(t, tagN(1, 1), true)

	m := c.pledging(t, bankB, waitingB, 1, 5)
	c.refuse(t, "without a new tag", m, ErrTags)
	fresh := c.attesting(t, bankB, 1)
	fresh.Tags = fresh.Tags[1:]
	c.refuse(t, "attested under the new key only", fresh, ErrTags)
	both := c.attest(t, bankB, 1)
	c.refuse(t, "pledged at another under the old key", c.pledging(t, bankB, both, 1, 5), ErrPledged)

	for name, s := range map[string]struct {
		by   uint64
		tag  pledgev1.Tag
		want *errorsmod.Error
	}{
		"of the old epoch":   {attestorA, tagN(1, 1), ErrTags},
		"of a later epoch":   {attestorA, tagN(1, 3), ErrTags},
		"short":              {attestorA, pledgev1.Tag{Epoch: 2, Tag: b32(1)[1:]}, ErrField},
		"by no attestor":     {bankA, tagN(1, 2), org.ErrRole},
		"by one without":     {attestorB, tagN(1, 2), ErrAccreditation},
		"by the firm's bank": {custodian, tagN(1, 2), ErrIndependence},
	} {
		c.refuse(t, "re-tagged "+name, &pledgev1.MsgRetagReceivable{Device: "service", OrgId: s.by, StatementId: heldA, Tag: s.tag}, s.want)
	}
	c.refuse(t, "re-tagging the unknown", &pledgev1.MsgRetagReceivable{Device: "service", OrgId: attestorA, StatementId: 99, Tag: tagN(1, 2)}, ErrUnknownStatement)
	check(t, c.retag(attestorA, heldA, tagN(1, 2)))
	c.refuse(t, "re-tagged again", &pledgev1.MsgRetagReceivable{Device: "service", OrgId: attestorA, StatementId: heldA, Tag: tagN(1, 2)}, ErrTags)
	c.wantCheck(t, tagN(1, 2), true)
	c.wantKeys(t, keyRetiring, keyActive) // the third receivable has no new tag yet
	c.refuse(t, "re-tagged to another's", &pledgev1.MsgRetagReceivable{Device: "service", OrgId: attestorA, StatementId: short, Tag: tagN(1, 2)}, ErrPledged)
	c.checkInvariants(t)

	c = c.fresh()
	check(t, c.release(bankA, shortPledge))
	c.wantKeys(t, keyRetired, keyActive)
	c.wantEvents(t, &pledgev1.EventKeyChanged{Epoch: 1, Sharing: 2, Status: keyRetired},
		&pledgev1.EventPledgeChanged{PledgeId: shortPledge, StatementId: short, Status: pledgeReleased})
	c.checkInvariants(t)
	check(t, c.retag(attestorA, waitingB, tagN(1, 2)))
	c.refuse(t, "pledged at another under the new key", c.pledging(t, bankB, waitingB, 1, 5), ErrPledged)
	check(t, c.retag(attestorA, waitingA, tagN(2, 2)))
	c.pledge(t, bankA, waitingA, 2, 5)
	c.pledge(t, bankA, heldA, 1, 5)
	check(t, c.contest(firm, short))
	check(t, c.decide(regulator, short, true))
	c.refuse(t, "re-tagging what was found wrong", &pledgev1.MsgRetagReceivable{Device: "service", OrgId: attestorA, StatementId: short, Tag: tagN(3, 2)}, ErrStatementStatus)
	c.checkInvariants(t)
}

// TestRetagRetires proves that re-tagging the last receivable that is held by an
// old key alone retires it.
func TestRetagRetires(t *testing.T) {
	t.Parallel()
	c := keyed(t)
	id := c.attest(t, bankA, 1)
	c.pledge(t, bankA, id, 1, 10)
	c.rotate(t, 0x40)
	check(t, c.retag(attestorA, id, tagN(1, 2)))
	c.wantKeys(t, keyRetired, keyActive)
	c.wantCheck(t, tagN(1, 2), true)
	c.wantCheck(t, tagN(1, 1), false) // that key is not checked any more
	c.checkInvariants(t)
	c.rotate(t, 0x60)
	c.wantKeys(t, keyRetired, keyRetiring, keyActive)
	check(t, c.release(bankA, 1))
	c.wantKeys(t, keyRetired, keyRetired, keyActive)
	c.checkInvariants(t)
}

// TestRefusalsAreSilent proves that no text of a refusal says more of a held
// receivable than that it is held.
func TestRefusalsAreSilent(t *testing.T) {
	t.Parallel()
	c := keyed(t)
	c.pledge(t, bankA, c.attest(t, bankA, 1), 1, 10)
	other := c.attest(t, bankB, 1)
	err := c.serve(c.pledging(t, bankB, other, 1, 1))
	if strings.ContainsAny(err.Error(), "0123456789") {
		t.Errorf("%q has a number", err)
	}
}
