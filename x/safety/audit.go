package safety

import (
	"context"
	"slices"

	"cosmossdk.io/collections"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	"github.com/xinlian/xinlian/x/org"
)

const (
	// HashBytes is the size of every hash.
	HashBytes = 32
	// AuditsMax bounds the auditors of one subject: the most that Approved walks.
	AuditsMax = 32
)

// Approved tells whether enough independent auditors approve the exact hash.
// An auditor counts while it is active and its latest word is a pass; auditors
// under common control count once. Where a subject has an author, ApprovedApart
// leaves it out.
func (k *Keeper) Approved(ctx context.Context, kind safetyv1.SubjectKind, hash []byte) (bool, error) {
	return k.approved(ctx, kind, hash, nil)
}

// ApprovedApart is Approved counting only auditors that are neither the author of
// the subject nor under common control with it.
func (k *Keeper) ApprovedApart(ctx context.Context, kind safetyv1.SubjectKind, hash []byte, author uint64) (bool, error) {
	return k.approved(ctx, kind, hash, []uint64{author})
}

// approved counts the auditors that are independent of each other and of those apart.
func (k *Keeper) approved(ctx context.Context, kind safetyv1.SubjectKind, hash []byte, apart []uint64) (bool, error) {
	p, err := k.Params(ctx)
	if err != nil {
		return false, err
	}
	list, err := k.auditsOf(ctx, kind, hash)
	if err != nil {
		return false, err
	}
	counted := slices.Clone(apart)
	for _, a := range list {
		counts, err := k.counts(ctx, a, counted)
		if err != nil {
			return false, err
		}
		if counts {
			counted = append(counted, a.AuditorOrgId)
		}
	}
	return uint32(len(counted)-len(apart)) >= p.AuditsMin, nil
}

// counts tells whether the audit adds an independent voice to those counted.
// Common control splits auditors into groups, so the order does not matter.
func (k *Keeper) counts(ctx context.Context, a safetyv1.Audit, counted []uint64) (bool, error) {
	if !a.Passed {
		return false, nil
	}
	o, err := k.orgs.Organisation(ctx, a.AuditorOrgId)
	if err != nil {
		return false, err
	}
	if o.Status != orgv1.OrgStatus_ORG_STATUS_ACTIVE || !org.HasRole(o, orgv1.Role_ROLE_AUDITOR) {
		return false, nil
	}
	for _, other := range counted {
		same, err := k.orgs.SameControl(ctx, a.AuditorOrgId, other)
		if err != nil || same {
			return false, err
		}
	}
	return true, nil
}

// auditsOf lists a subject's audits by auditor.
func (k *Keeper) auditsOf(ctx context.Context, kind safetyv1.SubjectKind, hash []byte) ([]safetyv1.Audit, error) {
	var list []safetyv1.Audit
	err := k.audits.Walk(ctx, collections.NewSuperPrefixedTripleRange[uint32, []byte, uint64](uint32(kind), hash),
		func(_ auditKey, a safetyv1.Audit) (bool, error) {
			list = append(list, a)
			return false, nil
		})
	return list, err
}

func keyOf(a safetyv1.Audit) auditKey {
	return collections.Join3(uint32(a.SubjectKind), a.SubjectHash, a.AuditorOrgId)
}

func subjectKind(kind safetyv1.SubjectKind) error {
	if _, known := safetyv1.SubjectKind_name[int32(kind)]; !known || kind == 0 {
		return ErrField.Wrapf("subject_kind: got %d", kind)
	}
	return nil
}

func hash(field string, b []byte) error {
	if len(b) != HashBytes {
		return ErrField.Wrapf("%s: got %d bytes, want %d", field, len(b), HashBytes)
	}
	return nil
}
