package safety

import (
	"context"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	"github.com/xinlian/xinlian/x/org"
)

// IncidentKindBytesMax bounds an incident's short code.
const IncidentKindBytesMax = 32

// OpenIncident opens an incident in the chain's own name, as other modules do
// when a rule finds something that members must handle. kind is 1 to 32 bytes of
// lower-case letters, digits and hyphens; evidence is a salted hash of 32 bytes
// or empty. Else ErrField.
func (k *Keeper) OpenIncident(ctx context.Context, kind string, evidence []byte) error {
	if err := incident(kind, evidence); err != nil {
		return err
	}
	_, err := k.open(ctx, 0, kind, evidence)
	return err
}

// open writes an incident that was checked.
func (k *Keeper) open(ctx context.Context, orgID uint64, kind string, evidence []byte) (uint64, error) {
	id, err := k.nextIncident.Next(ctx)
	if err != nil {
		return 0, err
	}
	row := safetyv1.Incident{
		Id:            id,
		Kind:          kind,
		OpenedByOrgId: orgID,
		EvidenceHash:  evidence,
		Status:        safetyv1.IncidentStatus_INCIDENT_STATUS_OPEN,
		OpenedAt:      now(ctx),
	}
	return id, k.putIncident(ctx, row)
}

func (k *Keeper) putIncident(ctx context.Context, i safetyv1.Incident) error {
	if err := k.incidents.Set(ctx, i.Id, i); err != nil {
		return err
	}
	return emit(ctx, &safetyv1.EventIncident{IncidentId: i.Id, Kind: i.Kind, Status: i.Status})
}

// incident checks the fields that whoever opens one gives.
func incident(kind string, evidence []byte) error {
	if kind == "" || len(kind) > IncidentKindBytesMax {
		return ErrField.Wrapf("kind: got %d bytes, want 1 to %d", len(kind), IncidentKindBytesMax)
	}
	for i := range len(kind) {
		c := kind[i]
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') {
			return ErrField.Wrapf("kind: byte %d is %q", i, c)
		}
	}
	if len(evidence) == 0 {
		return nil
	}
	return hash("evidence_hash", evidence)
}

// closed is the incident ended at that time by an organisation that may: the one
// that opened it, or a regulator.
func closed(i safetyv1.Incident, by orgv1.Organisation, at int64) (safetyv1.Incident, error) {
	if i.Status != safetyv1.IncidentStatus_INCIDENT_STATUS_OPEN {
		return i, ErrIncidentClosed.Wrapf("id %d, at %d", i.Id, i.ClosedAt)
	}
	if i.OpenedByOrgId != by.Id && !org.HasRole(by, orgv1.Role_ROLE_REGULATOR) {
		return i, ErrNotHandler.Wrapf("organisation %d, incident %d", by.Id, i.Id)
	}
	i.Status, i.ClosedAt = safetyv1.IncidentStatus_INCIDENT_STATUS_CLOSED, at
	return i, nil
}
