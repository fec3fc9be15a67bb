package safety

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	"github.com/xinlian/xinlian/x/org"
)

type msgServer struct{ k *Keeper }

var _ safetyv1.MsgServer = msgServer{}

// NewMsgServer serves the module's messages.
func NewMsgServer(k *Keeper) safetyv1.MsgServer { return msgServer{k} }

// StopMessage trips the breaker for a message type until a time. A stop that
// stands is not replaced, not even by a longer one of the same organisation, or
// one hand could hold the chain for ever without a gap.
func (s msgServer) StopMessage(ctx context.Context, m *safetyv1.MsgStopMessage) (*safetyv1.MsgStopMessageResponse, error) {
	if err := typeURL(m.TypeUrl); err != nil {
		return nil, err
	}
	if protected(m.TypeUrl) {
		return nil, ErrUnstoppable.Wrap(m.TypeUrl)
	}
	if err := hash("reason_hash", m.ReasonHash); err != nil {
		return nil, err
	}

	if _, _, err := org.Authorise(ctx, s.k.orgs, m.Device, m.OrgId, mayStop, org.Person); err != nil {
		return nil, err
	}

	p, err := s.k.Params(ctx)
	if err != nil {
		return nil, err
	}
	if err := bounded(now(ctx), m.ExpiresAt, p.StopSecondsMax); err != nil {
		return nil, err
	}
	if allowed, err := s.k.IsAllowed(ctx, m.TypeUrl); !allowed {
		if !ErrStopped.Is(err) {
			return nil, err
		}
		return nil, ErrStopStands.Wrap(m.TypeUrl)
	}

	row := safetyv1.Stop{
		TypeUrl:    m.TypeUrl,
		ByOrgId:    m.OrgId,
		ReasonHash: m.ReasonHash,
		ExpiresAt:  m.ExpiresAt,
		Height:     height(ctx),
	}
	if err := s.k.stops.Set(ctx, row.TypeUrl, row); err != nil {
		return nil, err
	}
	return &safetyv1.MsgStopMessageResponse{},
		emit(ctx, &safetyv1.EventStopChanged{TypeUrl: row.TypeUrl, ExpiresAt: row.ExpiresAt})
}

// ResumeMessage ends a stop before its time. The organisation that made it may;
// so may any that could make one, once it no longer holds, to clear the row.
func (s msgServer) ResumeMessage(ctx context.Context, m *safetyv1.MsgResumeMessage) (*safetyv1.MsgResumeMessageResponse, error) {
	if err := typeURL(m.TypeUrl); err != nil {
		return nil, err
	}

	if _, _, err := org.Authorise(ctx, s.k.orgs, m.Device, m.OrgId, mayStop, org.Person); err != nil {
		return nil, err
	}

	row, err := s.k.stops.Get(ctx, m.TypeUrl)
	if errors.Is(err, collections.ErrNotFound) {
		return nil, ErrUnknownStop.Wrap(m.TypeUrl)
	}
	if err != nil {
		return nil, err
	}
	stands, err := s.k.stands(ctx, row)
	if err != nil {
		return nil, err
	}
	if stands && row.ByOrgId != m.OrgId {
		return nil, ErrNotStopper.Wrapf("the stop is organisation %d's", row.ByOrgId)
	}

	if err := s.k.stops.Remove(ctx, m.TypeUrl); err != nil {
		return nil, err
	}
	return &safetyv1.MsgResumeMessageResponse{},
		emit(ctx, &safetyv1.EventStopChanged{TypeUrl: m.TypeUrl, ExpiresAt: now(ctx)})
}

// SignAudit records an auditor's word on an exact hash. A later word of the same
// auditor replaces it, in either direction.
func (s msgServer) SignAudit(ctx context.Context, m *safetyv1.MsgSignAudit) (*safetyv1.MsgSignAuditResponse, error) {
	if err := subjectKind(m.SubjectKind); err != nil {
		return nil, err
	}
	if err := hash("subject_hash", m.SubjectHash); err != nil {
		return nil, err
	}
	if err := hash("report_hash", m.ReportHash); err != nil {
		return nil, err
	}
	// Passing a template is a word on both: that it was read, and that it was tested.
	if m.SubjectKind == safetyv1.SubjectKind_SUBJECT_KIND_TEMPLATE && m.Passed && !(m.CodeReviewed && m.LogicTested) {
		return nil, ErrField.Wrapf("code_reviewed %t, logic_tested %t: passing a template wants both", m.CodeReviewed, m.LogicTested)
	}

	_, _, err := org.Authorise(ctx, s.k.orgs, m.Device, m.OrgId, org.AnyRole(orgv1.Role_ROLE_AUDITOR), org.Person)
	if err != nil {
		return nil, err
	}

	row := safetyv1.Audit{
		SubjectKind:  m.SubjectKind,
		SubjectHash:  m.SubjectHash,
		AuditorOrgId: m.OrgId,
		ReportHash:   m.ReportHash,
		Passed:       m.Passed,
		CodeReviewed: m.CodeReviewed,
		LogicTested:  m.LogicTested,
		SignedAt:     now(ctx),
		Height:       height(ctx),
	}
	again, err := s.k.audits.Has(ctx, keyOf(row))
	if err != nil {
		return nil, err
	}
	list, err := s.k.auditsOf(ctx, m.SubjectKind, m.SubjectHash)
	if err != nil {
		return nil, err
	}
	if !again && len(list) >= AuditsMax {
		return nil, ErrAuditsFull.Wrapf("%d", len(list))
	}

	if err := s.k.audits.Set(ctx, keyOf(row), row); err != nil {
		return nil, err
	}
	return &safetyv1.MsgSignAuditResponse{}, emit(ctx, &safetyv1.EventAudited{
		SubjectHash: row.SubjectHash, AuditorOrgId: row.AuditorOrgId, Passed: row.Passed,
	})
}

// OpenIncident opens an incident. Machines may: a monitor is the first to see.
func (s msgServer) OpenIncident(ctx context.Context, m *safetyv1.MsgOpenIncident) (*safetyv1.MsgOpenIncidentResponse, error) {
	if err := incident(m.Kind, m.EvidenceHash); err != nil {
		return nil, err
	}

	if _, _, err := org.Authorise(ctx, s.k.orgs, m.Device, m.OrgId, org.Member); err != nil {
		return nil, err
	}

	id, err := s.k.open(ctx, m.OrgId, m.Kind, m.EvidenceHash)
	return &safetyv1.MsgOpenIncidentResponse{IncidentId: id}, err
}

// CloseIncident closes an incident, for its opener or a regulator. One that the
// chain opened is a regulator's to close.
func (s msgServer) CloseIncident(ctx context.Context, m *safetyv1.MsgCloseIncident) (*safetyv1.MsgCloseIncidentResponse, error) {
	o, _, err := org.Authorise(ctx, s.k.orgs, m.Device, m.OrgId, org.Member, org.Person)
	if err != nil {
		return nil, err
	}

	row, err := s.k.incidents.Get(ctx, m.IncidentId)
	if errors.Is(err, collections.ErrNotFound) {
		return nil, ErrUnknownIncident.Wrapf("id %d", m.IncidentId)
	}
	if err != nil {
		return nil, err
	}
	row, err = closed(row, o, now(ctx))
	if err != nil {
		return nil, err
	}

	return &safetyv1.MsgCloseIncidentResponse{}, s.k.putIncident(ctx, row)
}

// UpdateParams replaces the parameters. A stop that stands keeps its end.
func (s msgServer) UpdateParams(ctx context.Context, m *safetyv1.MsgUpdateParams) (*safetyv1.MsgUpdateParamsResponse, error) {
	if err := validateParams(m.Params); err != nil {
		return nil, err
	}
	if err := org.Council(s.k.authority, m.Authority); err != nil {
		return nil, err
	}
	return &safetyv1.MsgUpdateParamsResponse{}, s.k.params.Set(ctx, m.Params)
}
