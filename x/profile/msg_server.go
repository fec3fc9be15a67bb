package profile

import (
	"context"
	"slices"

	"cosmossdk.io/collections"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

type msgServer struct{ k *Keeper }

// NewMsgServer serves the module's messages.
func NewMsgServer(k *Keeper) profilev1.MsgServer { return msgServer{k: k} }

// RegisterSchema pins a schema version for good.
func (s msgServer) RegisterSchema(ctx context.Context, m *profilev1.MsgRegisterSchema) (*profilev1.MsgRegisterSchemaResponse, error) {
	if err := checkSchema(m.Schema); err != nil {
		return nil, err
	}
	if err := s.checkAuthority(m.Authority); err != nil {
		return nil, err
	}
	key := collections.Join(m.Schema.Id, m.Schema.Version)
	found, err := s.k.schemas.Has(ctx, key)
	if err != nil {
		return nil, err
	}
	if found {
		return nil, ErrSchemaExists.Wrapf("%s version %d", m.Schema.Id, m.Schema.Version)
	}
	pinned, err := s.k.allSchemas(ctx)
	if err != nil {
		return nil, err
	}
	if err := checkSameCategory(m.Schema, pinned); err != nil {
		return nil, err
	}
	return &profilev1.MsgRegisterSchemaResponse{}, s.k.schemas.Set(ctx, key, m.Schema)
}

// checkSameCategory: versions of one schema stay in one category, because a
// stream runs over versions and its batches are encrypted by category.
func checkSameCategory(s profilev1.Schema, pinned []profilev1.Schema) error {
	if len(pinned) >= SchemasMax {
		return ErrTooMany.Wrapf("%d schemas are pinned", len(pinned))
	}
	for _, p := range pinned {
		if p.Id == s.Id && p.Category != s.Category {
			return ErrField.Wrapf("category: got %s, version %d has %s", s.Category, p.Version, p.Category)
		}
	}
	return nil
}

// AnchorAccessLog anchors a further run of a vault's log of reads.
func (s msgServer) AnchorAccessLog(ctx context.Context, m *profilev1.MsgAnchorAccessLog) (*profilev1.MsgAnchorAccessLogResponse, error) {
	if err := checkHash("previous_head", m.PreviousHead); err != nil {
		return nil, err
	}
	if err := checkHash("head", m.Head); err != nil {
		return nil, err
	}
	if _, _, err := s.acting(ctx, m.Device, m.OrgId, orgv1.Role_ROLE_CUSTODIAN); err != nil {
		return nil, err
	}
	if _, height := moment(ctx); m.FirstHeight > height {
		return nil, ErrField.Wrapf("first_height: got %d, this is block %d", m.FirstHeight, height)
	}
	l, err := s.k.log(ctx, m.OrgId)
	if err != nil {
		return nil, err
	}
	if l, err = advanceLog(l, m); err != nil {
		return nil, err
	}
	p, err := s.k.params.Get(ctx)
	if err != nil {
		return nil, err
	}
	_, l.Height = moment(ctx)
	late := lateBlocks(m.FirstHeight, l.Height, p)
	if late > 0 {
		l.LateAnchors++
	}
	if l, err = s.k.keepAnchor(ctx, l, m.FirstHeight, p); err != nil {
		return nil, err
	}
	if err := s.k.logs.Set(ctx, m.OrgId, l); err != nil {
		return nil, err
	}
	return &profilev1.MsgAnchorAccessLogResponse{}, emit(ctx, &profilev1.EventAccessAnchored{
		VaultOrgId: m.OrgId, Sequence: l.Sequence, Head: l.Head, LateBlocks: late,
	})
}

// PostDeletionReceipt records the grantee's word that its copies are gone.
func (s msgServer) PostDeletionReceipt(ctx context.Context, m *profilev1.MsgPostDeletionReceipt) (*profilev1.MsgPostDeletionReceiptResponse, error) {
	if err := checkHash("receipt_hash", m.ReceiptHash); err != nil {
		return nil, err
	}
	c, _, err := s.consent(ctx, m.ConsentId, m.Device, m.OrgId)
	if err != nil {
		return nil, err
	}
	if m.OrgId != c.Terms.GranteeOrgId {
		return nil, ErrUnauthorised.Wrapf("grantee is organisation %d", c.Terms.GranteeOrgId)
	}
	now, _ := moment(ctx)
	receipt, err := s.k.owed(ctx, c)
	if err != nil {
		return nil, err
	}
	receipt.ReceiptHash, receipt.PostedAt = m.ReceiptHash, now
	if err := s.k.setReceipt(ctx, receipt); err != nil {
		return nil, err
	}
	return &profilev1.MsgPostDeletionReceiptResponse{}, emit(ctx, &profilev1.EventDeleted{ConsentId: c.Id, OrgId: m.OrgId})
}

// UpdateParams replaces the parameters.
func (s msgServer) UpdateParams(ctx context.Context, m *profilev1.MsgUpdateParams) (*profilev1.MsgUpdateParamsResponse, error) {
	if err := ValidateParams(m.Params); err != nil {
		return nil, err
	}
	if err := s.checkAuthority(m.Authority); err != nil {
		return nil, err
	}
	return &profilev1.MsgUpdateParamsResponse{}, s.k.params.Set(ctx, m.Params)
}

func (s msgServer) checkAuthority(authority string) error {
	if authority != s.k.authority {
		return ErrUnauthorised.Wrap("only the council does this")
	}
	return nil
}

// acting is the sender's organisation and device, with the role that the message needs.
func (s msgServer) acting(ctx context.Context, device string, orgID uint64, role orgv1.Role) (orgv1.Organisation, orgv1.Device, error) {
	o, d, err := s.k.orgs.Acting(ctx, device, orgID)
	if err == nil && !slices.Contains(o.Roles, role) {
		err = ErrUnauthorised.Wrapf("organisation %d lacks %s", orgID, role)
	}
	return o, d, err
}

// consent is the consent that a message names and the sender's device, which may
// act for its organisation.
func (s msgServer) consent(ctx context.Context, id []byte, device string, orgID uint64) (profilev1.Consent, orgv1.Device, error) {
	if err := checkHash("consent_id", id); err != nil {
		return profilev1.Consent{}, orgv1.Device{}, err
	}
	_, d, err := s.k.orgs.Acting(ctx, device, orgID)
	if err != nil {
		return profilev1.Consent{}, d, err
	}
	c, err := s.k.Consent(ctx, id)
	return c, d, err
}
