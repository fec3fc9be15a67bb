package profile

import (
	"context"
	"slices"

	sdk "github.com/cosmos/cosmos-sdk/types"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/artefact"
)

// AnchorBatches anchors sealed batches in the order given. Each is checked over the
// state that the ones before it leave, so that one message may carry several
// batches of a stream; any refusal undoes the whole message.
func (s msgServer) AnchorBatches(ctx context.Context, m *profilev1.MsgAnchorBatches) (*profilev1.MsgAnchorBatchesResponse, error) {
	p, err := s.k.params.Get(ctx)
	if err != nil {
		return nil, err
	}
	suite, err := s.k.orgs.Suite(ctx)
	if err != nil {
		return nil, err
	}
	contents, err := decodeAnchors(sdk.UnwrapSDKContext(ctx).ChainID(), m, p, suite)
	if err != nil {
		return nil, err
	}
	if err := s.checkCustodian(ctx, m.Device, m.OrgId, m.EnterpriseId); err != nil {
		return nil, err
	}
	if err := s.k.holdKeys(ctx, m.EnterpriseId, m.OrgId); err != nil {
		return nil, err
	}
	for i, a := range m.Anchors {
		if err := s.anchor(ctx, m, a, contents[i]); err != nil {
			return nil, err
		}
	}
	return &profilev1.MsgAnchorBatchesResponse{}, nil
}

// decodeAnchors checks the shape of every anchor and makes what its source signs.
func decodeAnchors(chainID string, m *profilev1.MsgAnchorBatches, p profilev1.Params, suite orgv1.Suite) ([][]byte, error) {
	if n := len(m.Anchors); n < 1 || n > int(p.AnchorsPerMessageMax) {
		return nil, ErrField.Wrapf("anchors: got %d, want 1 to %d", n, p.AnchorsPerMessageMax)
	}
	contents := make([][]byte, len(m.Anchors))
	for i, a := range m.Anchors {
		if err := checkAnchor(a); err != nil {
			return nil, err
		}
		if a.Suite != suite {
			return nil, ErrField.Wrapf("suite: got %s, the chain has %s", a.Suite, suite)
		}
		content, err := artefact.AnchorContent(chainID, m.EnterpriseId, a)
		if err != nil {
			return nil, ErrField.Wrapf("anchors[%d]: %v", i, err)
		}
		contents[i] = content
	}
	return contents, nil
}

// checkCustodian wants the custodian that an active enterprise has chosen.
func (s msgServer) checkCustodian(ctx context.Context, device string, orgID, enterprise uint64) error {
	if _, _, err := s.acting(ctx, device, orgID, orgv1.Role_ROLE_CUSTODIAN); err != nil {
		return err
	}
	e, err := s.k.enterprise(ctx, enterprise)
	if err != nil {
		return err
	}
	if e.CustodianOrgId != orgID {
		return ErrUnauthorised.Wrapf("custodian of enterprise %d is organisation %d", enterprise, e.CustodianOrgId)
	}
	return nil
}

// anchor checks one batch over the present state, writes it and tells.
func (s msgServer) anchor(ctx context.Context, m *profilev1.MsgAnchorBatches, a profilev1.BatchAnchor, content []byte) error {
	schema, err := s.k.pinned(ctx, a.SchemaId, a.SchemaVersion)
	if err != nil {
		return err
	}
	now, height := moment(ctx)
	if a.PeriodTo > today(now) {
		return ErrPeriod.Wrapf("period_to: got %d, today is %d", a.PeriodTo, today(now))
	}
	used, err := s.k.batches.Has(ctx, a.BatchId)
	if err != nil {
		return err
	}
	if used {
		return ErrBatchExists.Wrapf("batch %x", a.BatchId)
	}
	epoch, started, err := s.k.epoch(ctx, m.EnterpriseId, schema.Category)
	if err != nil {
		return err
	}
	if a.Epoch != epoch.Number {
		return ErrEpoch.Wrapf("%s: got %d, want %d", schema.Category, a.Epoch, epoch.Number)
	}
	if err := s.checkVouched(ctx, m.EnterpriseId, a, content); err != nil {
		return err
	}
	stream, gapDays, err := s.k.place(ctx, m.EnterpriseId, a)
	if err != nil {
		return err
	}
	if !started {
		if err := s.k.openEpoch(ctx, epoch, height); err != nil {
			return err
		}
	}
	batch := profilev1.Batch{
		EnterpriseId: m.EnterpriseId, Anchor: a, Category: schema.Category,
		Status: profilev1.BatchStatus_BATCH_STATUS_LIVE, CustodianOrgId: m.OrgId,
		GapDays: gapDays, Height: height, AnchoredAt: now,
	}
	if err := s.k.store(ctx, batch, stream); err != nil {
		return err
	}
	return emit(ctx, &profilev1.EventAnchored{
		EnterpriseId: m.EnterpriseId, BatchId: a.BatchId, Category: batch.Category, RecordCount: a.RecordCount,
	})
}

// checkVouched verifies a signed batch's signature. An enterprise never vouches
// for records, its own or another's: that would be a declaration dressed up.
func (s msgServer) checkVouched(ctx context.Context, enterprise uint64, a profilev1.BatchAnchor, content []byte) error {
	if a.SourceClass != profilev1.SourceClass_SOURCE_CLASS_SIGNED {
		return nil
	}
	source, err := s.k.orgs.Organisation(ctx, a.SourceOrgId)
	if err != nil {
		return err
	}
	if source.Kind == orgv1.OrgKind_ORG_KIND_ENTERPRISE || a.SourceOrgId == enterprise {
		return ErrSource.Wrapf("organisation %d is an enterprise", a.SourceOrgId)
	}
	return s.k.orgs.VerifySource(ctx, a.SourceDevice, a.SourceOrgId, content, a.SourceSignature)
}

// enterprise is an organisation that has a profile: an active enterprise, else
// ErrEnterprise, that has not ordered its erasure, else ErrErased.
func (k *Keeper) enterprise(ctx context.Context, id uint64) (orgv1.Organisation, error) {
	e, err := k.orgs.Organisation(ctx, id)
	if err != nil {
		return e, err
	}
	if !slices.Contains(e.Roles, orgv1.Role_ROLE_BORROWER) || e.Status != orgv1.OrgStatus_ORG_STATUS_ACTIVE {
		return e, ErrEnterprise.Wrapf("organisation %d is %s, %s", id, e.Kind, e.Status)
	}
	return e, k.checkNotErased(ctx, id)
}
