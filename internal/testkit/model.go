package testkit

import (
	"context"
	"slices"
	"sync"

	"github.com/xinlian/xinlian/app"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/zk"
)

// OneAuditor lets one auditor's approval suffice: the consortium has only one.
func OneAuditor(g *app.Genesis) { g.Safety.Params.AuditsMin = 1 }

// Model is a scorecard with its key.
type Model struct {
	Card *scorecard.Model
	Hash []byte
	Key  *zk.VerifyingKey
}

// Card is a small scorecard of two features: its circuit proves in a second.
func Card(id string) *scorecard.Model {
	return &scorecard.Model{
		ID: id, FeatureSet: 1, Features: 2, Base: 600,
		Tables: []scorecard.Table{
			{Feature: 0, Points: []int64{7}, Missing: -7},
			{Feature: 1, Cuts: []int64{0}, Points: []int64{-300, 40}, Missing: 1},
		},
		Capacity: scorecard.Capacity{Feature: 1, Numerator: 1, Denominator: 2},
	}
}

// prover is shared by all tests of a binary: keys take longer than proofs.
var prover = sync.OnceValues(func() (*zk.Prover, error) { return zk.NewProver(zk.UnsafeDevelopmentSRS(), nil) })

// SmallModel is Card("small") with its key.
var smallModel = sync.OnceValues(func() (Model, error) {
	card := Card("small")
	p, err := prover()
	if err != nil {
		return Model{}, err
	}
	key, err := p.VerifyingKey(context.Background(), card)
	if err != nil {
		return Model{}, err
	}
	hash, err := card.Hash()
	return Model{Card: card, Hash: hash[:], Key: key}, err
})

// SmallModel is the scorecard of this package's chains; it is on none of them yet.
func (c *Chain) SmallModel() Model {
	c.tb.Helper()
	m, err := smallModel()
	if err != nil {
		c.tb.Fatal(err)
	}
	return m
}

// ModelProposal is the message that registers a card under a key.
func (c *Chain) ModelProposal(card *scorecard.Model, key []byte) *scorev1.MsgRegisterModel {
	c.tb.Helper()
	canonical, err := card.Canonical()
	if err != nil {
		c.tb.Fatal(err)
	}
	return &scorev1.MsgRegisterModel{
		Device: wire.Address(c.BankA.Admin), OrgId: c.BankA.ID, Canonical: canonical, Key: slices.Clone(key),
		Role:  scorev1.ModelRole_MODEL_ROLE_CHAMPION,
		Bands: []scorev1.Band{{Name: "A", ScoreMin: 620, PdPpm: 10_000}, {Name: "B", ScoreMin: 0, PdPpm: 80_000}},
	}
}

// ModelVote is a member's vote with the key hash that it recomputed.
func ModelVote(f Founder, hash []byte, keyHash [32]byte, approve bool) *scorev1.MsgVoteModel {
	return &scorev1.MsgVoteModel{Device: wire.Address(f.Admin), OrgId: f.ID, ModelHash: hash, KeyHash: keyHash[:], Approve: approve}
}

// Audit is the auditor's signature over a subject.
func (c *Chain) Audit(kind safetyv1.SubjectKind, hash []byte, passed bool) *safetyv1.MsgSignAudit {
	return &safetyv1.MsgSignAudit{
		Device: wire.Address(c.Auditor.Admin), OrgId: c.Auditor.ID, SubjectKind: kind, SubjectHash: hash,
		ReportHash: Digest("report", hash), Passed: passed, CodeReviewed: true, LogicTested: true,
	}
}

// Adopt registers the small model, has it audited, and has four of the seven
// members vote for it.
func (c *Chain) Adopt() Model {
	c.tb.Helper()
	m := c.SmallModel()
	c.Do(c.BankA.Admin, c.ModelProposal(m.Card, m.Key.Encode()))
	c.Do(c.Auditor.Admin, c.Audit(safetyv1.SubjectKind_SUBJECT_KIND_MODEL, m.Hash, true))
	for _, f := range c.Founders()[:4] {
		c.Do(f.Admin, ModelVote(f, m.Hash, m.Key.Hash(), true))
	}
	return m
}
