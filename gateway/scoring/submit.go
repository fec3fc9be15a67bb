package scoring

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/xinlian/xinlian/gateway/chain"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/zk"
)

// Prover makes proofs of scores: a zk.Prover does in this process, a
// prover.Process in one of its own.
type Prover interface {
	Prove(ctx context.Context, model *scorecard.Model, w zk.Witness) ([]byte, error)
}

// Scorer proves and submits scores.
type Scorer struct {
	Client  *chain.Client
	Prover  Prover
	Service wire.Signer
	OrgID   uint64
}

// Scored is a score that the chain has verified.
type Scored struct {
	ID        []byte
	Statement zk.Statement
	ConsentID []byte // empty for a score that is for no lender
	Proof     []byte
	Proving   time.Duration
	Result    chain.Result // empty where the chain had accepted the score before
}

// Submit proves the score of an attested proposal for a lender under its consent
// and submits it.
func (s *Scorer) Submit(ctx context.Context, model *scorecard.Model, p Proposal, purpose profilev1.Purpose, lender uint64, consentID []byte) (Scored, error) {
	out, err := s.Prove(ctx, model, p, purpose, lender, consentID)
	if err != nil {
		return out, err
	}
	return s.Send(ctx, out)
}

// Prove proves the score and sends nothing. The proof is not on chain later:
// whoever needs it for a bundle keeps it before it is sent.
func (s *Scorer) Prove(ctx context.Context, model *scorecard.Model, p Proposal, purpose profilev1.Purpose, lender uint64, consentID []byte) (Scored, error) {
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
	out := Scored{Statement: statement, ID: statement.Nullifier[:], ConsentID: consentID}
	began := time.Now()
	out.Proof, err = s.Prover.Prove(ctx, model, zk.Witness{Statement: statement, FeatureSet: p.Set})
	if err != nil {
		return out, fmt.Errorf("proving the score: %w", err)
	}
	out.Proving = time.Since(began)
	return out, nil
}

// Send submits a proven score. One that the chain accepted before, because a
// crash came after its block, is no error: a feature set scores once per model,
// purpose and lender, and the id says which.
func (s *Scorer) Send(ctx context.Context, scored Scored) (Scored, error) {
	accepted, err := s.Accepted(ctx, scored.ID)
	if err != nil || accepted {
		return scored, err
	}
	scored.Result, err = s.Client.Send(ctx, s.Service, s.Message(scored))
	return scored, err
}

// Message is the message that submits a proven score.
func (s *Scorer) Message(scored Scored) *scorev1.MsgSubmitScore {
	t := scored.Statement
	return &scorev1.MsgSubmitScore{
		Device: wire.Address(s.Service), OrgId: s.OrgID, EnterpriseId: t.Enterprise,
		ModelHash: t.ModelID[:], Commitment: t.Commitment[:], Purpose: t.Purpose,
		LenderOrgId: t.Lender, ConsentId: scored.ConsentID, Score: t.Score, CapacityFen: t.CapacityFen,
		IssueHeight: int64(t.IssueHeight), Proof: scored.Proof,
	}
}

// Accepted tells whether the chain has a score.
func (s *Scorer) Accepted(ctx context.Context, id []byte) (bool, error) {
	_, err := s.Client.Score.Score(ctx, &scorev1.QueryScoreRequest{ScoreId: id})
	if status.Code(err) == codes.NotFound {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking up score %x: %w", id, err)
	}
	return true, nil
}
