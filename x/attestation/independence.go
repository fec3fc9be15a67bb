package attestation

import (
	"context"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/x/org"
)

// Directory answers who an organisation is and who is under common control.
type Directory interface {
	Organisation(ctx context.Context, id uint64) (orgv1.Organisation, error)
	SameControl(ctx context.Context, a, b uint64) (bool, error)
}

// Parties lists those who may not vouch for an enterprise's records: itself and
// its custodians. others may add a lender; zeros are left out.
func Parties(enterprise orgv1.Organisation, others ...uint64) []uint64 {
	list := []uint64{enterprise.Id}
	for _, id := range append([]uint64{enterprise.CustodianOrgId, enterprise.SecondCustodianOrgId}, others...) {
		if id != 0 {
			list = append(list, id)
		}
	}
	return list
}

// Independent picks, in the order given, the candidates that count as voices of
// their own: active attestors, under common control with none of the parties and
// with no earlier pick. Common control splits organisations into groups, so how
// many are picked does not depend on the order.
func Independent(ctx context.Context, dir Directory, candidates, parties []uint64) ([]uint64, error) {
	var picked []uint64
	for _, id := range candidates {
		o, err := dir.Organisation(ctx, id)
		if err != nil {
			return nil, err
		}
		if o.Status != orgv1.OrgStatus_ORG_STATUS_ACTIVE || !org.HasRole(o, orgv1.Role_ROLE_ATTESTOR) {
			continue
		}
		related, err := relatedToAny(ctx, dir, id, parties, picked)
		if err != nil {
			return nil, err
		}
		if !related {
			picked = append(picked, id)
		}
	}
	return picked, nil
}

// relatedToAny tells whether id is one of the organisations listed, or under
// common control with one.
func relatedToAny(ctx context.Context, dir Directory, id uint64, lists ...[]uint64) (bool, error) {
	for _, list := range lists {
		for _, other := range list {
			same, err := dir.SameControl(ctx, id, other)
			if err != nil || same {
				return same, err
			}
		}
	}
	return false, nil
}

// independent is nil when id is none of the organisations listed and under
// common control with none, else ErrIndependence.
func independent(ctx context.Context, dir Directory, id uint64, of []uint64) error {
	related, err := relatedToAny(ctx, dir, id, of)
	if err == nil && related {
		err = ErrIndependence.Wrapf("organisation %d, parties %d", id, of)
	}
	return err
}
