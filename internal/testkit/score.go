package testkit

import (
	"context"
	"slices"
	"sync"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/zk"
)

// CapacityFen is what the small model says that a firm can pay a month.
const CapacityFen = 5_000_000

// Features commits to features of a firm over anchors, in the small model's
// order, and has both verifiers state them.
func (c *Chain) Features(e Enterprise, anchors []profilev1.BatchAnchor) zk.FeatureSet {
	c.tb.Helper()
	refs := make([]zk.DataRef, 0, len(anchors))
	for _, a := range anchors {
		refs = append(refs, zk.DataRef{
			BatchID: [32]byte(a.BatchId), Root: [32]byte(a.Root), SourceOrg: a.SourceOrgId,
			SchemaID: a.SchemaId, SchemaVersion: uint16(a.SchemaVersion), Sequence: a.Sequence,
		})
	}
	digest, err := zk.DataDigest(refs)
	if err != nil {
		c.tb.Fatal(err)
	}
	set := zk.FeatureSet{
		Version: scorecard.FeatureSet1, Salt: [31]byte(Digest("salt", e.Name)), Enterprise: e.ID,
		AsOfDay: uint32(record.Day(c.now)) - 1, DataDigest: digest,
		Features: []scorecard.Value{scorecard.Known(5), scorecard.Known(2 * CapacityFen)},
	}
	for _, v := range []Founder{c.VerifierA, c.VerifierB} {
		c.Do(v.Admin, c.FeatureAttestation(v, e, BatchIDs(anchors), set))
	}
	return set
}

// FeatureAttestation is a verifier's statement about a feature set.
func (c *Chain) FeatureAttestation(v Founder, e Enterprise, batchIDs [][]byte, set zk.FeatureSet) *attestationv1.MsgAttestFeatures {
	c.tb.Helper()
	commitment, err := zk.Commitment(set)
	if err != nil {
		c.tb.Fatal(err)
	}
	return &attestationv1.MsgAttestFeatures{
		Device: wire.Address(v.Admin), OrgId: v.ID, EnterpriseId: e.ID, BatchIds: batchIDs,
		Features: attestationv1.FeatureStatement{
			FeatureSetVersion: set.Version, AsOfDay: set.AsOfDay, DataDigest: slices.Clone(set.DataDigest[:]), Commitment: commitment[:],
		},
		MethodHash: Digest("extractor"), ExpiresAt: c.now.AddDate(0, 6, 0).Unix(),
	}
}

// proofs remembers proofs by the hash of their statement: chains with the same
// history ask for the same ones.
var proofs sync.Map

// Scoring proves the small model's score of a feature set for a lender under a
// consent, or for none with 0 and nil, and returns the message with which the
// lender, or the firm itself, submits it.
func (c *Chain) Scoring(e Enterprise, set zk.FeatureSet, lender Founder, consentID []byte) *scorev1.MsgSubmitScore {
	c.tb.Helper()
	params, err := scorev1.NewQueryClient(c.Conn()).Params(context.Background(), &scorev1.QueryParamsRequest{})
	if err != nil {
		c.tb.Fatal(err)
	}
	terms := zk.Terms{
		ChainID: ChainID, Purpose: uint32(profilev1.Purpose_PURPOSE_UNDERWRITING), Lender: lender.ID,
		IssueHeight: uint64(c.height), ExpiryHeight: uint64(c.height + params.Params.ValidityBlocks),
	}
	copy(terms.ConsentID[:], consentID)
	m := c.SmallModel()
	statement, err := zk.State(m.Card, set, terms)
	if err != nil {
		c.tb.Fatal(err)
	}
	msg := &scorev1.MsgSubmitScore{
		Device: e.Device(), OrgId: e.ID, EnterpriseId: e.ID, ModelHash: m.Hash, Commitment: slices.Clone(statement.Commitment[:]),
		Purpose: terms.Purpose, LenderOrgId: lender.ID, ConsentId: consentID, Score: statement.Score, CapacityFen: statement.CapacityFen,
		IssueHeight: int64(terms.IssueHeight), Proof: c.proof(m, statement, set),
	}
	if lender.ID != 0 {
		msg.Device, msg.OrgId = wire.Address(lender.Service), lender.ID
	}
	return msg
}

func (c *Chain) proof(m Model, s zk.Statement, set zk.FeatureSet) []byte {
	c.tb.Helper()
	hash, err := s.Hash()
	if err != nil {
		c.tb.Fatal(err)
	}
	if known, ok := proofs.Load(hash); ok {
		return slices.Clone(known.([]byte))
	}
	p, err := prover()
	if err != nil {
		c.tb.Fatal(err)
	}
	proof, err := p.Prove(context.Background(), m.Card, zk.Witness{Statement: s, FeatureSet: set})
	if err != nil {
		c.tb.Fatal(err)
	}
	proofs.Store(hash, proof)
	return slices.Clone(proof)
}

// Score has a lender submit a real proof for a firm and returns the score's id.
func (c *Chain) Score(e Enterprise, set zk.FeatureSet, lender Founder, consentID []byte) []byte {
	c.tb.Helper()
	var r scorev1.MsgSubmitScoreResponse
	signer := lender.Service
	if lender.ID == 0 {
		signer = e.Owner
	}
	c.Do(signer, c.Scoring(e, set, lender, consentID)).Response(c.tb, &r)
	return r.ScoreId
}
