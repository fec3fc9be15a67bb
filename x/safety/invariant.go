package safety

import (
	"bytes"
	"cmp"
	"context"

	errorsmod "cosmossdk.io/errors"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	"github.com/xinlian/xinlian/x/org"
)

// Invariant is a named check over the whole state. Tests run all of them after
// every step of a simulation, and an operator on a stopped node; a block never.
type Invariant struct {
	Name  string
	Check func(ctx context.Context) error
}

// rule is one named truth about the whole state. A genesis must satisfy all of
// them before it is written, and no sequence of messages may break one.
type rule struct {
	name  string
	check func(*safetyv1.GenesisState) error
}

var rules = []rule{
	{"params", func(gs *safetyv1.GenesisState) error { return validateParams(gs.Params) }},
	{"stop", stopRule},
	{"audit", auditRule},
	{"audits-bound", auditsBoundRule},
	{"incident", incidentRule},
}

// Invariants are the rules of a genesis, asked of the living state, and that
// the organisations which rows name exist and may do what they did.
func (k *Keeper) Invariants() []Invariant {
	var list []Invariant
	for _, r := range rules {
		list = append(list, Invariant{r.name, func(ctx context.Context) error {
			gs, err := k.ExportGenesis(ctx)
			if err != nil {
				return err
			}
			return r.check(gs)
		}})
	}
	return append(list, Invariant{"organisations", k.organisations})
}

func stopRule(gs *safetyv1.GenesisState) error {
	last := ""
	for _, s := range gs.Stops {
		if s.TypeUrl <= last {
			return ErrGenesis.Wrapf("stop of %q is out of order", s.TypeUrl)
		}
		last = s.TypeUrl
		if err := typeURL(s.TypeUrl); err != nil {
			return err
		}
		if protected(s.TypeUrl) {
			return ErrUnstoppable.Wrap(s.TypeUrl)
		}
		if err := hash("reason_hash", s.ReasonHash); err != nil {
			return errorsmod.Wrap(err, s.TypeUrl)
		}
	}
	return nil
}

// auditRule compares keys as the store does: kind, then hash, then auditor.
func auditRule(gs *safetyv1.GenesisState) error {
	var last safetyv1.Audit
	for _, a := range gs.Audits {
		if err := subjectKind(a.SubjectKind); err != nil {
			return err
		}
		if err := hash("subject_hash", a.SubjectHash); err != nil {
			return err
		}
		if err := hash("report_hash", a.ReportHash); err != nil {
			return err
		}
		if cmp.Or(cmp.Compare(last.SubjectKind, a.SubjectKind), bytes.Compare(last.SubjectHash, a.SubjectHash),
			cmp.Compare(last.AuditorOrgId, a.AuditorOrgId)) >= 0 {
			return ErrGenesis.Wrapf("audit of %x by %d is out of order", a.SubjectHash, a.AuditorOrgId)
		}
		last = a
	}
	return nil
}

func auditsBoundRule(gs *safetyv1.GenesisState) error {
	n := 0
	var last safetyv1.Audit
	for _, a := range gs.Audits {
		if a.SubjectKind != last.SubjectKind || !bytes.Equal(a.SubjectHash, last.SubjectHash) {
			n = 0
		}
		if n++; n > AuditsMax {
			return ErrAuditsFull.Wrapf("subject %x", a.SubjectHash)
		}
		last = a
	}
	return nil
}

// incidentRule: ids run from 1 without a gap, and only a closed one has an end.
func incidentRule(gs *safetyv1.GenesisState) error {
	for n, i := range gs.Incidents {
		if i.Id != uint64(n)+1 {
			return ErrGenesis.Wrapf("incident %d in place %d", i.Id, n+1)
		}
		if err := incident(i.Kind, i.EvidenceHash); err != nil {
			return errorsmod.Wrapf(err, "incident %d", i.Id)
		}
		switch i.Status {
		case safetyv1.IncidentStatus_INCIDENT_STATUS_OPEN:
			if i.ClosedAt != 0 {
				return ErrField.Wrapf("incident %d: open and closed at %d", i.Id, i.ClosedAt)
			}
		case safetyv1.IncidentStatus_INCIDENT_STATUS_CLOSED:
			if i.ClosedAt < i.OpenedAt {
				return ErrField.Wrapf("incident %d: closed at %d, opened at %d", i.Id, i.ClosedAt, i.OpenedAt)
			}
		default:
			return ErrField.Wrapf("incident %d: status %d", i.Id, i.Status)
		}
	}
	return nil
}

// organisations: stops are banks' and regulators', audits auditors', incidents
// members' or the chain's.
func (k *Keeper) organisations(ctx context.Context) error {
	gs, err := k.ExportGenesis(ctx)
	if err != nil {
		return err
	}
	for _, s := range gs.Stops {
		if err := k.suits(ctx, s.ByOrgId, mayStop); err != nil {
			return err
		}
	}
	for _, a := range gs.Audits {
		if err := k.suits(ctx, a.AuditorOrgId, org.AnyRole(orgv1.Role_ROLE_AUDITOR)); err != nil {
			return err
		}
	}
	for _, i := range gs.Incidents {
		if i.OpenedByOrgId == 0 {
			continue
		}
		if err := k.suits(ctx, i.OpenedByOrgId, org.Member); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keeper) suits(ctx context.Context, orgID uint64, holds org.Requirement) error {
	o, err := k.orgs.Organisation(ctx, orgID)
	if err != nil {
		return err
	}
	return holds(o, orgv1.Device{})
}
