package pledge

import (
	"context"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/x/org"
)

// AttestReceivable records a verifier's word. It does not say whether the
// receivable is free: a verifier must not learn that, and it may change.
func (s msgServer) AttestReceivable(ctx context.Context, m *pledgev1.MsgAttestReceivable) (*pledgev1.MsgAttestReceivableResponse, error) {
	if err := hashes(namedBytes{"batch_id", m.BatchId}, namedBytes{"leaf_hash", m.LeafHash},
		namedBytes{"lender_commitment", m.LenderCommitment}, namedBytes{"pledge_key", m.PledgeKey},
		namedBytes{"face_commitment", m.FaceCommitment}); err != nil {
		return nil, err
	}
	if err := tags(m.Tags); err != nil {
		return nil, err
	}

	if _, _, err := org.Authorise(ctx, s.k.orgs, m.Device, m.OrgId, org.AnyRole(orgv1.Role_ROLE_ATTESTOR)); err != nil {
		return nil, err
	}

	p, err := s.k.Params(ctx)
	if err != nil {
		return nil, err
	}
	if err := expiry(now(ctx), m.ExpiresAt, p.StatementSecondsMax); err != nil {
		return nil, err
	}
	batch, err := s.k.profiles.Batch(ctx, m.BatchId)
	if err != nil {
		return nil, err
	}
	if batch.EnterpriseId != m.EnterpriseId || batch.Status != profilev1.BatchStatus_BATCH_STATUS_LIVE {
		return nil, ErrBatch.Wrapf("%x is %s", m.BatchId, batch.Status)
	}
	if err := s.k.mayVouch(ctx, m.OrgId, m.EnterpriseId, uint32(batch.Category)); err != nil {
		return nil, err
	}
	checked, err := s.k.checked(ctx)
	if err != nil {
		return nil, err
	}
	if err := exactly(m.Tags, checked); err != nil {
		return nil, err
	}

	id, err := s.k.nextStatement.Next(ctx)
	if err != nil {
		return nil, err
	}
	return &pledgev1.MsgAttestReceivableResponse{StatementId: id}, s.k.setStatement(ctx, pledgev1.Statement{
		Id: id, EnterpriseId: m.EnterpriseId, AttestorOrgId: m.OrgId, Device: m.Device, BatchId: m.BatchId, LeafHash: m.LeafHash,
		Category: uint32(batch.Category), Tags: m.Tags, LenderCommitment: m.LenderCommitment, PledgeKey: m.PledgeKey,
		FaceCommitment: m.FaceCommitment, Status: stateLive, IssuedAt: now(ctx), ExpiresAt: m.ExpiresAt,
	})
}

// exactly is nil when there is one tag for each key that is checked.
func exactly(list []pledgev1.Tag, checked []pledgev1.Key) error {
	if len(checked) == 0 {
		return ErrNoKey
	}
	if len(list) != len(checked) {
		return ErrTags.Wrapf("got %d, want one for each of %d keys", len(list), len(checked))
	}
	for i, key := range checked {
		if list[i].Epoch != key.Epoch {
			return ErrTags.Wrapf("got epoch %d, want %d", list[i].Epoch, key.Epoch)
		}
	}
	return nil
}

// RetagReceivable gives a statement its tag under the active key. Tags under keys
// that are checked no more go; the last statement that holds something by a
// retiring key retires it.
func (s msgServer) RetagReceivable(ctx context.Context, m *pledgev1.MsgRetagReceivable) (*pledgev1.MsgRetagReceivableResponse, error) {
	if err := tags([]pledgev1.Tag{m.Tag}); err != nil {
		return nil, err
	}

	if _, _, err := org.Authorise(ctx, s.k.orgs, m.Device, m.OrgId, org.AnyRole(orgv1.Role_ROLE_ATTESTOR)); err != nil {
		return nil, err
	}

	st, err := s.k.Statement(ctx, m.StatementId)
	if err != nil {
		return nil, err
	}
	if st.Status == stateOverturned {
		return nil, ErrStatementStatus.Wrapf("statement %d is %s", st.Id, st.Status)
	}
	if err := s.k.mayVouch(ctx, m.OrgId, st.EnterpriseId, st.Category); err != nil {
		return nil, err
	}
	checked, err := s.k.checked(ctx)
	if err != nil {
		return nil, err
	}
	if len(checked) == 0 || m.Tag.Epoch != checked[len(checked)-1].Epoch || newest(st) >= m.Tag.Epoch {
		return nil, ErrTags.Wrapf("got epoch %d, statement %d has %d", m.Tag.Epoch, st.Id, newest(st))
	}
	if st.PledgedPpm > 0 {
		if err := s.k.heldByOther(ctx, st.Id, []pledgev1.Tag{m.Tag}); err != nil {
			return nil, err
		}
	}

	if st.PledgedPpm > 0 {
		if err := s.k.free(ctx, st); err != nil {
			return nil, err
		}
	}
	// The move may have retired the earlier key; its tag is of no more use then.
	if checked, err = s.k.checked(ctx); err != nil {
		return nil, err
	}
	st.Tags = append(current(st.Tags, checked), m.Tag)
	if st.PledgedPpm > 0 {
		if err := s.k.hold(ctx, st); err != nil {
			return nil, err
		}
	}
	return &pledgev1.MsgRetagReceivableResponse{}, s.k.setStatement(ctx, st)
}

// WithdrawReceivable takes a statement back: nothing more is pledged on it.
func (s msgServer) WithdrawReceivable(ctx context.Context, m *pledgev1.MsgWithdrawReceivable) (*pledgev1.MsgWithdrawReceivableResponse, error) {
	if _, _, err := org.Authorise(ctx, s.k.orgs, m.Device, m.OrgId); err != nil {
		return nil, err
	}

	st, err := s.k.Statement(ctx, m.StatementId)
	if err != nil {
		return nil, err
	}
	if st.AttestorOrgId != m.OrgId {
		return nil, ErrNotAttestor.Wrapf("statement %d", st.Id)
	}
	if st.Status != stateLive {
		return nil, ErrStatementStatus.Wrapf("statement %d is %s", st.Id, st.Status)
	}

	st.Status, st.Withdrawn = stateWithdrawn, true
	return &pledgev1.MsgWithdrawReceivableResponse{}, s.k.setStatement(ctx, st)
}

// ContestReceivable marks a statement that the enterprise or a regulator calls
// wrong. Its pledges stand until it is decided.
func (s msgServer) ContestReceivable(ctx context.Context, m *pledgev1.MsgContestReceivable) (*pledgev1.MsgContestReceivableResponse, error) {
	if err := hash("reason_hash", m.ReasonHash); err != nil {
		return nil, err
	}

	o, _, err := org.Authorise(ctx, s.k.orgs, m.Device, m.OrgId, org.Person)
	if err != nil {
		return nil, err
	}

	st, err := s.k.Statement(ctx, m.StatementId)
	if err != nil {
		return nil, err
	}
	if m.OrgId != st.EnterpriseId && !org.HasRole(o, orgv1.Role_ROLE_REGULATOR) {
		return nil, ErrNotJudge.Wrapf("organisation %d", m.OrgId)
	}
	if st.Status != stateLive && st.Status != stateWithdrawn {
		return nil, ErrStatementStatus.Wrapf("statement %d is %s", st.Id, st.Status)
	}

	st.Status, st.ContestHash = stateContested, m.ReasonHash
	return &pledgev1.MsgContestReceivableResponse{}, s.k.setStatement(ctx, st)
}

// DecideReceivable ends a contest. A statement found wrong frees the receivable.
func (s msgServer) DecideReceivable(ctx context.Context, m *pledgev1.MsgDecideReceivable) (*pledgev1.MsgDecideReceivableResponse, error) {
	o, _, err := org.Authorise(ctx, s.k.orgs, m.Device, m.OrgId, org.Person)
	if err != nil {
		return nil, err
	}
	if !org.HasRole(o, orgv1.Role_ROLE_REGULATOR) {
		return nil, ErrNotJudge.Wrapf("organisation %d", m.OrgId)
	}

	st, err := s.k.Statement(ctx, m.StatementId)
	if err != nil {
		return nil, err
	}
	if st.Status != stateContested {
		return nil, ErrStatementStatus.Wrapf("statement %d is %s", st.Id, st.Status)
	}

	switch {
	case m.Upheld:
		if st, err = s.k.void(ctx, st); err != nil {
			return nil, err
		}
		st.Status = stateOverturned
	case st.Withdrawn:
		st.Status = stateWithdrawn
	default:
		st.Status = stateLive
	}
	return &pledgev1.MsgDecideReceivableResponse{}, s.k.setStatement(ctx, st)
}
