package scoring

import (
	"context"
	"fmt"
	"time"

	"github.com/xinlian/xinlian/gateway/chain"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/zk"
)

// Scorer proves and submits scores.
type Scorer struct {
	Client  *chain.Client
	Prover  *zk.Prover
	Service wire.Signer
	OrgID   uint64
}

// Scored is a score that the chain has verified.
type Scored struct {
	ID        []byte
	Statement zk.Statement
	Proof     []byte
	Proving   time.Duration
	Result    chain.Result
}

// Submit proves the score of an attested proposal for a lender under its consent
// and submits it.
func (s *Scorer) Submit(ctx context.Context, model *scorecard.Model, p Proposal, purpose profilev1.Purpose, lender uint64, consentID []byte) (Scored, error) {
	params, err := s.Client.Score.Params(ctx, &scorev1.QueryParamsRequest{})
	if err != nil {
		return Scored{}, fmt.Errorf("reading the parameters: %w", err)
	}
	head, err := s.Client.Head(ctx)
	if err != nil {
		return Scored{}, err
	}
	terms := zk.Terms{
		ChainID: s.Client.ChainID(), Purpose: uint32(purpose), Lender: lender,
		IssueHeight: uint64(head.Height), ExpiryHeight: uint64(head.Height + params.Params.ValidityBlocks),
	}
	copy(terms.ConsentID[:], consentID)
	statement, err := zk.State(model, p.Set, terms)
	if err != nil {
		return Scored{}, fmt.Errorf("evaluating the model: %w", err)
	}
	out := Scored{Statement: statement, ID: statement.Nullifier[:]}
	began := time.Now()
	out.Proof, err = s.Prover.Prove(ctx, model, zk.Witness{Statement: statement, FeatureSet: p.Set})
	if err != nil {
		return out, fmt.Errorf("proving the score: %w", err)
	}
	out.Proving = time.Since(began)
	out.Result, err = s.Client.Send(ctx, s.Service, &scorev1.MsgSubmitScore{
		Device: wire.Address(s.Service), OrgId: s.OrgID, EnterpriseId: p.Set.Enterprise,
		ModelHash: statement.ModelID[:], Commitment: p.Commitment[:], Purpose: uint32(purpose),
		LenderOrgId: lender, ConsentId: consentID, Score: statement.Score, CapacityFen: statement.CapacityFen,
		IssueHeight: head.Height, Proof: out.Proof,
	})
	return out, err
}
