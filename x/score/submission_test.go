package score

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/cosmos/gogoproto/proto"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/x/attestation"
	"github.com/xinlian/xinlian/x/org"
	"github.com/xinlian/xinlian/zk"
)

// A true statement with its proof makes the row that the statement says, one
// event, and nothing else; and it is usable.
func TestSubmitScore(t *testing.T) {
	t.Parallel()
	c, m := scoring(t)
	p := provenOnce(t)
	c = c.fresh()
	res, err := c.msgs.SubmitScore(c.ctx, m)
	check(t, err)
	if !bytes.Equal(res.ScoreId, p.statement.Nullifier[:]) {
		t.Errorf("id: got %x, want the nullifier %x", res.ScoreId, p.statement.Nullifier)
	}
	c.wantEvents(t, &scorev1.EventScored{ScoreId: res.ScoreId, EnterpriseId: firm, LenderOrgId: lender, Score: 147})
	sum, err := p.statement.Hash()
	check(t, err)
	want := scorev1.Score{
		Id: p.statement.Nullifier[:], EnterpriseId: firm, ModelHash: m.ModelHash, Commitment: m.Commitment,
		DataDigest: p.statement.DataDigest[:], AsOfDay: asOfDay, Score: 147, CapacityFen: 3_000, Band: "A", PdPpm: 10_000,
		Purpose: 1, LenderOrgId: lender, ConsentId: consentID, IssueHeight: issueHeight,
		ExpiryHeight: issueHeight + DefaultParams().ValidityBlocks, StatementHash: sum[:],
		AttestationIds: []uint64{1, 2}, Height: issueHeight + 10,
	}
	got, err := c.Score(c.ctx, res.ScoreId)
	check(t, err)
	if !proto.Equal(&got, &want) {
		t.Errorf("row: got %v, want %v", got, want)
	}
	if used := c.ctx.GasMeter().GasConsumed(); used < GasVerify {
		t.Errorf("gas: got %d, want at least %d", used, GasVerify)
	}
	check(t, c.Usable(c.ctx, got))
	c.checkInvariants(t)
}

// accepted counts the scores on chain.
func (c kit) accepted(t *testing.T) int {
	t.Helper()
	list, err := rows(c.ctx, c.scores)
	check(t, err)
	return len(list)
}

// Each input that the statement binds is bent alone, with everything that the
// chain checks beside the proof bent along, and the proof is refused.
func TestEveryBoundInput(t *testing.T) {
	t.Parallel()
	for name, bend := range map[string]func(c *kit, m *scorev1.MsgSubmitScore){
		"chain id": func(c *kit, _ *scorev1.MsgSubmitScore) { c.ctx = c.ctx.WithChainID("xinlian-test-2") },
		"model": func(c *kit, m *scorev1.MsgSubmitScore) {
			other, err := smallCard("test-other").Hash()
			check(t, err)
			row, err := c.Model(c.ctx, m.ModelHash)
			check(t, err)
			row.Hash = other[:]
			check(t, c.models.Set(c.ctx, row.Hash, row))
			m.ModelHash = row.Hash
		},
		"feature set version": func(c *kit, m *scorev1.MsgSubmitScore) {
			row, err := c.Model(c.ctx, m.ModelHash)
			check(t, err)
			row.FeatureSetVersion = 2
			check(t, c.models.Set(c.ctx, row.Hash, row))
			c.eachFeature(func(f *attestationv1.FeatureStatement) { f.FeatureSetVersion = 2 })
		},
		"enterprise": func(c *kit, m *scorev1.MsgSubmitScore) {
			m.EnterpriseId = otherFirm
			for i := range c.fakes.batches {
				c.fakes.batches[i].EnterpriseId = otherFirm
			}
			for i := range c.fakes.features {
				c.fakes.features[i].EnterpriseId = otherFirm
			}
			c.bendConsent(func(t *profilev1.ConsentTerms) { t.EnterpriseId = otherFirm })
		},
		"as-of day": func(c *kit, _ *scorev1.MsgSubmitScore) {
			c.eachFeature(func(f *attestationv1.FeatureStatement) { f.AsOfDay-- })
			for _, n := range []byte{1, 5} { // else the batches before the window would be inside
				c.fakes.batch(n).Anchor.PeriodTo--
			}
		},
		"data digest": func(c *kit, _ *scorev1.MsgSubmitScore) {
			c.fakes.batch(4).Anchor.Root[0] ^= 1
			digest, err := attestation.DataDigest([]profilev1.Batch{*c.fakes.batch(3), *c.fakes.batch(4), *c.fakes.batch(6)})
			check(t, err)
			c.eachFeature(func(f *attestationv1.FeatureStatement) { f.DataDigest = digest[:] })
		},
		"commitment": func(c *kit, m *scorev1.MsgSubmitScore) {
			m.Commitment[31] ^= 1
			c.eachFeature(func(f *attestationv1.FeatureStatement) { f.Commitment = m.Commitment })
		},
		"score":    func(_ *kit, m *scorev1.MsgSubmitScore) { m.Score++ },
		"capacity": func(_ *kit, m *scorev1.MsgSubmitScore) { m.CapacityFen++ },
		"purpose": func(c *kit, m *scorev1.MsgSubmitScore) {
			m.Purpose++
			c.bendConsent(func(t *profilev1.ConsentTerms) { t.Purpose++ })
		},
		"lender": func(c *kit, m *scorev1.MsgSubmitScore) {
			m.OrgId, m.LenderOrgId = lender2, lender2
			c.bendConsent(func(t *profilev1.ConsentTerms) { t.GranteeOrgId = lender2 })
		},
		"no lender": func(_ *kit, m *scorev1.MsgSubmitScore) {
			m.OrgId, m.LenderOrgId, m.ConsentId = firm, 0, nil
		},
		"consent": func(c *kit, m *scorev1.MsgSubmitScore) {
			row := c.fakes.consents[string(m.ConsentId)]
			m.ConsentId[0] ^= 1
			c.fakes.consents[string(m.ConsentId)] = row
		},
		"issue height": func(c *kit, m *scorev1.MsgSubmitScore) {
			m.IssueHeight++
			c.bendParams(t, func(p *scorev1.Params) { p.ValidityBlocks-- }) // the expiry stays
		},
		"expiry height": func(c *kit, _ *scorev1.MsgSubmitScore) {
			c.bendParams(t, func(p *scorev1.Params) { p.ValidityBlocks++ })
		},
		"proof": func(_ *kit, m *scorev1.MsgSubmitScore) { m.Proof[len(m.Proof)-1] ^= 1 },
		"proof cut": func(_ *kit, m *scorev1.MsgSubmitScore) {
			m.Proof = m.Proof[:len(m.Proof)-1]
		},
		"verifying key": func(c *kit, m *scorev1.MsgSubmitScore) {
			row, err := c.Model(c.ctx, m.ModelHash)
			check(t, err)
			row.Key = row.Key[:len(row.Key)-1]
			check(t, c.models.Set(c.ctx, row.Hash, row))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, m := scoring(t)
			bend(&c, m)
			c.wantRefused(t, m, ErrProof)
		})
	}
}

// Each check of a submission is bent alone, and refuses with its own code.
func TestEverySubmitCheck(t *testing.T) {
	t.Parallel()
	start := attestation.WindowStart(asOfDay)
	for name, tc := range map[string]struct {
		want error
		bend func(c *kit, m *scorev1.MsgSubmitScore)
	}{
		"model hash short":    {ErrField, func(_ *kit, m *scorev1.MsgSubmitScore) { m.ModelHash = m.ModelHash[1:] }},
		"commitment short":    {ErrField, func(_ *kit, m *scorev1.MsgSubmitScore) { m.Commitment = m.Commitment[1:] }},
		"purpose zero":        {ErrField, func(_ *kit, m *scorev1.MsgSubmitScore) { m.Purpose = 0 }},
		"purpose unknown":     {ErrField, func(_ *kit, m *scorev1.MsgSubmitScore) { m.Purpose = 99 }},
		"consent short":       {ErrField, func(_ *kit, m *scorev1.MsgSubmitScore) { m.ConsentId = m.ConsentId[1:] }},
		"consent for nobody":  {ErrField, func(_ *kit, m *scorev1.MsgSubmitScore) { m.LenderOrgId = 0 }},
		"score out of bounds": {ErrField, func(_ *kit, m *scorev1.MsgSubmitScore) { m.Score = zk.ScoreOffset }},
		"capacity negative":   {ErrField, func(_ *kit, m *scorev1.MsgSubmitScore) { m.CapacityFen = -1 }},
		"issue height zero":   {ErrField, func(_ *kit, m *scorev1.MsgSubmitScore) { m.IssueHeight = 0 }},
		"no proof":            {ErrField, func(_ *kit, m *scorev1.MsgSubmitScore) { m.Proof = nil }},
		"proof long": {ErrField, func(_ *kit, m *scorev1.MsgSubmitScore) {
			m.Proof = make([]byte, zk.ProofBytesMax+1)
		}},
		"device":             {errFake, func(_ *kit, m *scorev1.MsgSubmitScore) { m.Device = "stranger" }},
		"not enterprise":     {org.ErrKind, func(_ *kit, m *scorev1.MsgSubmitScore) { m.EnterpriseId = custodian }},
		"attestor sends":     {ErrSender, func(_ *kit, m *scorev1.MsgSubmitScore) { m.OrgId = attestorA }},
		"other lender sends": {ErrSender, func(_ *kit, m *scorev1.MsgSubmitScore) { m.OrgId = lender2 }},
		"model unknown":      {ErrUnknownModel, func(_ *kit, m *scorev1.MsgSubmitScore) { m.ModelHash[0] ^= 1 }},
		"model proposed":     {ErrModelStatus, modelStatus(t, scorev1.ModelStatus_MODEL_STATUS_PROPOSED)},
		"model stopped":      {ErrModelStatus, modelStatus(t, scorev1.ModelStatus_MODEL_STATUS_STOPPED)},
		"model retired":      {ErrModelStatus, modelStatus(t, scorev1.ModelStatus_MODEL_STATUS_RETIRED)},
		"issue in future": {ErrIssueHeight, func(c *kit, _ *scorev1.MsgSubmitScore) {
			c.ctx = c.ctx.WithBlockHeight(issueHeight - 1)
		}},
		"issue too old": {ErrIssueHeight, func(c *kit, _ *scorev1.MsgSubmitScore) {
			c.ctx = c.ctx.WithBlockHeight(issueHeight + DefaultParams().IssueWindowBlocks + 1)
		}},
		"lender's role": {ErrLender, func(c *kit, _ *scorev1.MsgSubmitScore) {
			c.fakes.change(lender, func(o *orgv1.Organisation) { o.Roles = nil })
		}},
		"lender suspended": {ErrLender, func(c *kit, _ *scorev1.MsgSubmitScore) {
			c.fakes.change(lender, func(o *orgv1.Organisation) { o.Status = orgv1.OrgStatus_ORG_STATUS_SUSPENDED })
		}},
		"consent not live":               {ErrConsent, func(c *kit, _ *scorev1.MsgSubmitScore) { clear(c.fakes.consents) }},
		"consent's grantor":              {ErrConsentEnterprise, consent(func(t *profilev1.ConsentTerms) { t.EnterpriseId = otherFirm })},
		"consent's grantee":              {ErrConsentGrantee, consent(func(t *profilev1.ConsentTerms) { t.GranteeOrgId = lender2 })},
		"consent's purpose":              {ErrConsentPurpose, consent(func(t *profilev1.ConsentTerms) { t.Purpose++ })},
		"one attestor":                   {ErrAttestors, func(c *kit, _ *scorev1.MsgSubmitScore) { c.fakes.features = c.fakes.features[:1] }},
		"one attestor twice":             {ErrAttestors, attestedBy(attestorA, attestorA)},
		"attestors related":              {ErrAttestors, control(attestorA, attestorB)},
		"enterprise attests":             {ErrAttestors, attestedBy(attestorA, firm)},
		"attestor related to enterprise": {ErrAttestors, control(firm, attestorA)},
		"attestor related to custodian":  {ErrAttestors, control(custodian, attestorA)},
		"attestor related to second custodian": {ErrAttestors, func(c *kit, _ *scorev1.MsgSubmitScore) {
			c.fakes.change(firm, func(o *orgv1.Organisation) { o.SecondCustodianOrgId = attestorA })
		}},
		"attestor related to lender": {ErrAttestors, control(lender, attestorA)},
		"lender attests":             {ErrAttestors, attestedBy(attestorA, lender)},
		"attestor suspended": {ErrAttestors, func(c *kit, _ *scorev1.MsgSubmitScore) {
			c.fakes.change(attestorA, func(o *orgv1.Organisation) { o.Status = orgv1.OrgStatus_ORG_STATUS_SUSPENDED })
		}},
		"attestor's role": {ErrAttestors, func(c *kit, _ *scorev1.MsgSubmitScore) {
			c.fakes.change(attestorA, func(o *orgv1.Organisation) { o.Roles = nil })
		}},
		"versions differ":     {ErrAttestors, oneFeature(func(a *attestationv1.Attestation) { a.Features.FeatureSetVersion++ })},
		"as-of days differ":   {ErrAttestors, oneFeature(func(a *attestationv1.Attestation) { a.Features.AsOfDay-- })},
		"digests differ":      {ErrAttestors, oneFeature(func(a *attestationv1.Attestation) { a.Features.DataDigest[0] ^= 1 })},
		"batch ids differ":    {ErrAttestors, oneFeature(func(a *attestationv1.Attestation) { a.BatchIds = a.BatchIds[1:] })},
		"feature set version": {ErrFeatureSet, eachFeature(func(f *attestationv1.FeatureStatement) { f.FeatureSetVersion++ })},
		"as-of in future":     {ErrAsOf, eachFeature(func(f *attestationv1.FeatureStatement) { f.AsOfDay = today + 1 })},
		"as-of too old": {ErrAsOf, eachFeature(func(f *attestationv1.FeatureStatement) {
			f.AsOfDay = today - DefaultParams().AsOfDaysMax - 1
		})},
		"newer feature set": {ErrSuperseded, func(c *kit, _ *scorev1.MsgSubmitScore) {
			c.fakes.newest = &attestationv1.FeatureStatement{AsOfDay: today, Commitment: make([]byte, HashBytes)}
		}},
		"batch unknown": {errFake, func(c *kit, _ *scorev1.MsgSubmitScore) { c.fakes.batches = c.fakes.batches[:5] }},
		"batch of another": {ErrBatchOwner, func(c *kit, _ *scorev1.MsgSubmitScore) {
			c.fakes.batch(4).EnterpriseId = otherFirm
		}},
		"batch replaced": {ErrBatchStatus, batchStatus(4, profilev1.BatchStatus_BATCH_STATUS_SUPERSEDED)},
		"batch disputed": {ErrBatchStatus, batchStatus(4, profilev1.BatchStatus_BATCH_STATUS_DISPUTED)},
		"batch refused": {ErrBatchRefused, func(c *kit, _ *scorev1.MsgSubmitScore) {
			c.fakes.refused = [][]byte{c.fakes.batch(4).Anchor.BatchId}
		}},
		"digest": {ErrDigest, func(c *kit, _ *scorev1.MsgSubmitScore) { c.fakes.batch(4).Anchor.Root[0] ^= 1 }},
		"month left out": {ErrLeftOut, func(c *kit, _ *scorev1.MsgSubmitScore) {
			c.fakes.batches = append(c.fakes.batches, testBatch(7, "bank", 5, asOfDay, asOfDay+30, profilev1.BatchStatus_BATCH_STATUS_LIVE))
		}},
		"stream left out": {ErrLeftOut, func(c *kit, _ *scorev1.MsgSubmitScore) {
			c.fakes.batches = append(c.fakes.batches, testBatch(7, "tax", 1, start-9, start, profilev1.BatchStatus_BATCH_STATUS_LIVE))
		}},
		"contested month left out": {ErrLeftOut, func(c *kit, _ *scorev1.MsgSubmitScore) {
			c.fakes.batches = append(c.fakes.batches, testBatch(7, "bank", 5, asOfDay, asOfDay, profilev1.BatchStatus_BATCH_STATUS_DISPUTED))
		}},
		"sequence has a hole": {attestation.ErrSequence, func(c *kit, _ *scorev1.MsgSubmitScore) {
			c.fakes.batch(2).Anchor.Sequence = 1
		}},
		"stream too long": {attestation.ErrTooMany, func(c *kit, _ *scorev1.MsgSubmitScore) {
			c.fakes.batches = c.fakes.batches[1:] // number 1, which ended before the window, is not read
		}},
		"commitment not canonical": {ErrStatement, func(c *kit, m *scorev1.MsgSubmitScore) {
			m.Commitment = bytes.Repeat([]byte{0xff}, HashBytes)
			c.eachFeature(func(f *attestationv1.FeatureStatement) { f.Commitment = m.Commitment })
		}},
		"replayed": {ErrReplay, func(c *kit, m *scorev1.MsgSubmitScore) {
			if _, err := c.msgs.SubmitScore(c.ctx, m); err != nil {
				t.Fatal(err)
			}
		}},
		"replayed with another issue height": {ErrReplay, func(c *kit, m *scorev1.MsgSubmitScore) {
			if _, err := c.msgs.SubmitScore(c.ctx, m); err != nil {
				t.Fatal(err)
			}
			m.IssueHeight++
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, m := scoring(t)
			tc.bend(&c, m)
			c.wantRefused(t, m, tc.want)
		})
	}
}

// What may differ without harm does: the enterprise and its custodian may send, a
// third attestor adds its voice, one that errs does not take the others' away,
// and batches outside the window may be listed or not.
func TestSubmitScoreAccepted(t *testing.T) {
	t.Parallel()
	for name, bend := range map[string]func(c *kit, m *scorev1.MsgSubmitScore){
		"enterprise sends": func(_ *kit, m *scorev1.MsgSubmitScore) { m.OrgId = firm },
		"custodian sends":  func(_ *kit, m *scorev1.MsgSubmitScore) { m.OrgId = custodian },
		"service sends":    func(_ *kit, m *scorev1.MsgSubmitScore) { m.Device = "service" },
		"last block of the window": func(c *kit, _ *scorev1.MsgSubmitScore) {
			c.ctx = c.ctx.WithBlockHeight(issueHeight + DefaultParams().IssueWindowBlocks)
		},
		"an attestor errs": func(c *kit, _ *scorev1.MsgSubmitScore) {
			wrong := c.fakes.features[0]
			wrong.Id, wrong.AttestorOrgId = 3, attestorC
			f := *wrong.Features
			f.AsOfDay--
			wrong.Features = &f
			c.fakes.features = append([]attestationv1.Attestation{wrong}, c.fakes.features...)
			c.fakes.newest = c.fakes.features[1].Features
		},
		"a batch after the as-of day": func(c *kit, _ *scorev1.MsgSubmitScore) {
			c.fakes.batches = append(c.fakes.batches, testBatch(7, "bank", 5, asOfDay+1, asOfDay+2, profilev1.BatchStatus_BATCH_STATUS_LIVE))
		},
		"a stream that ended before the window": func(c *kit, _ *scorev1.MsgSubmitScore) {
			start := attestation.WindowStart(asOfDay)
			c.fakes.batches = append(c.fakes.batches, testBatch(7, "tax", 1, start-9, start-1, profilev1.BatchStatus_BATCH_STATUS_LIVE))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, m := scoring(t)
			bend(&c, m)
			if _, err := c.msgs.SubmitScore(c.ctx, m); err != nil {
				t.Error(err)
			}
			c.checkInvariants(t)
		})
	}
}

// Gas is taken before the proof is looked at: with too little of it the message
// ends in the meter's panic, not in a verdict.
func TestGasBeforeProof(t *testing.T) {
	t.Parallel()
	c, m := scoring(t)
	c.ctx = c.ctx.WithGasMeter(storetypes.NewGasMeter(GasVerify - 1))
	defer func() {
		out, ok := recover().(storetypes.ErrorOutOfGas)
		if !ok || !strings.Contains(out.Descriptor, "verify proof") {
			t.Errorf("got %v, want out of gas at the proof", out)
		}
	}()
	_, err := c.msgs.SubmitScore(c.ctx, m)
	t.Errorf("got %v, want a panic", err)
}

// A panic inside the verifier is a refused proof.
func TestVerifierPanics(t *testing.T) {
	t.Parallel()
	if err := verify(nil, nil, [32]byte{}, nil); !errors.Is(err, ErrProof) {
		t.Errorf("got %v, want %v", err, ErrProof)
	}
}

// A score stops being usable with its expiry, its model, any attestation and any
// batch behind it, each alone; a model's retirement leaves it usable.
func TestUsable(t *testing.T) {
	t.Parallel()
	expiry := issueHeight + DefaultParams().ValidityBlocks
	for name, tc := range map[string]struct {
		want error
		bend func(c *kit, m *scorev1.MsgSubmitScore)
	}{
		"last block":        {nil, func(c *kit, _ *scorev1.MsgSubmitScore) { *c = c.at(expiry, 0) }},
		"expired":           {ErrExpired, func(c *kit, _ *scorev1.MsgSubmitScore) { *c = c.at(expiry+1, 0) }},
		"model retired":     {nil, modelStatus(t, scorev1.ModelStatus_MODEL_STATUS_RETIRED)},
		"model stopped":     {ErrModelStatus, modelStatus(t, scorev1.ModelStatus_MODEL_STATUS_STOPPED)},
		"attestation ended": {ErrAttestationEnded, func(c *kit, _ *scorev1.MsgSubmitScore) { c.fakes.ended = []uint64{2} }},
		"batch replaced":    {ErrBatchStatus, batchStatus(6, profilev1.BatchStatus_BATCH_STATUS_SUPERSEDED)},
		"batch disputed":    {ErrBatchStatus, batchStatus(6, profilev1.BatchStatus_BATCH_STATUS_DISPUTED)},
		"batch refused": {ErrBatchRefused, func(c *kit, _ *scorev1.MsgSubmitScore) {
			c.fakes.refused = [][]byte{c.fakes.batch(6).Anchor.BatchId}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, m := scoring(t)
			res, err := c.msgs.SubmitScore(c.ctx, m)
			check(t, err)
			row, err := c.Score(c.ctx, res.ScoreId)
			check(t, err)
			tc.bend(&c, m)
			if err := c.Usable(c.ctx, row); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}

// wantRefused tells whether both doors refuse the message with that code, and
// that nothing is written.
func (c kit) wantRefused(t *testing.T, m *scorev1.MsgSubmitScore, want error) {
	t.Helper()
	before := c.accepted(t)
	if _, err := c.msgs.SubmitScore(c.ctx, m); !errors.Is(err, want) {
		t.Errorf("SubmitScore: got %v, want %v", err, want)
	}
	if err := c.Admit(c.ctx, m); !errors.Is(err, want) {
		t.Errorf("Admit: got %v, want %v", err, want)
	}
	if after := c.accepted(t); after != before {
		t.Errorf("got %d scores, want %d", after, before)
	}
}

func (c *kit) eachFeature(bend func(*attestationv1.FeatureStatement)) {
	for i := range c.fakes.features {
		bend(c.fakes.features[i].Features)
	}
}

func (c *kit) bendConsent(bend func(*profilev1.ConsentTerms)) {
	row := c.fakes.consents[string(consentID)]
	bend(&row.Terms)
	c.fakes.consents[string(consentID)] = row
}

func (c *kit) bendParams(t *testing.T, bend func(*scorev1.Params)) {
	t.Helper()
	p, err := c.Params(c.ctx)
	check(t, err)
	bend(&p)
	check(t, c.params.Set(c.ctx, p))
}

type bending = func(c *kit, m *scorev1.MsgSubmitScore)

func modelStatus(t *testing.T, s scorev1.ModelStatus) bending {
	return func(c *kit, m *scorev1.MsgSubmitScore) {
		row, err := c.Model(c.ctx, m.ModelHash)
		check(t, err)
		row.Status = s
		check(t, c.models.Set(c.ctx, row.Hash, row))
	}
}

func consent(bend func(*profilev1.ConsentTerms)) bending {
	return func(c *kit, _ *scorev1.MsgSubmitScore) { c.bendConsent(bend) }
}

func attestedBy(a, b uint64) bending {
	return func(c *kit, _ *scorev1.MsgSubmitScore) {
		c.fakes.features[0].AttestorOrgId, c.fakes.features[1].AttestorOrgId = a, b
		for _, id := range []uint64{a, b} { // so that only the relation refuses it
			c.fakes.change(id, func(o *orgv1.Organisation) { o.Roles = append(o.Roles, orgv1.Role_ROLE_ATTESTOR) })
		}
	}
}

func control(a, b uint64) bending {
	return func(c *kit, _ *scorev1.MsgSubmitScore) {
		c.fakes.change(b, func(o *orgv1.Organisation) { o.ControlGroup = c.fakes.orgs[a].ControlGroup })
	}
}

func oneFeature(bend func(*attestationv1.Attestation)) bending {
	return func(c *kit, _ *scorev1.MsgSubmitScore) { bend(&c.fakes.features[1]) }
}

func eachFeature(bend func(*attestationv1.FeatureStatement)) bending {
	return func(c *kit, _ *scorev1.MsgSubmitScore) { c.eachFeature(bend) }
}

func batchStatus(n byte, s profilev1.BatchStatus) bending {
	return func(c *kit, _ *scorev1.MsgSubmitScore) { c.fakes.batch(n).Status = s }
}
