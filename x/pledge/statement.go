package pledge

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"cosmossdk.io/collections"

	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	"github.com/xinlian/xinlian/x/attestation"
)

const (
	stateLive       = pledgev1.StatementStatus_STATEMENT_STATUS_LIVE
	stateContested  = pledgev1.StatementStatus_STATEMENT_STATUS_CONTESTED
	stateWithdrawn  = pledgev1.StatementStatus_STATEMENT_STATUS_WITHDRAWN
	stateOverturned = pledgev1.StatementStatus_STATEMENT_STATUS_OVERTURNED
)

// Statement is a verifier's statement, else ErrUnknownStatement.
func (k *Keeper) Statement(ctx context.Context, id uint64) (pledgev1.Statement, error) {
	st, err := k.statements.Get(ctx, id)
	return st, found(err, ErrUnknownStatement, "%d", id)
}

// mayVouch is nil when the organisation may speak about records of that category
// of the enterprise: accredited, and neither the enterprise nor its custodian nor
// under common control with one.
func (k *Keeper) mayVouch(ctx context.Context, orgID, enterpriseID uint64, category uint32) error {
	accredited, err := k.orgs.Accredited(ctx, orgID, category)
	if err != nil || !accredited {
		return either(err, ErrAccreditation.Wrapf("organisation %d, category %d", orgID, category))
	}
	enterprise, err := k.orgs.Organisation(ctx, enterpriseID)
	if err != nil {
		return err
	}
	voices, err := attestation.Independent(ctx, k.orgs, []uint64{orgID}, attestation.Parties(enterprise))
	if err != nil || len(voices) != 1 {
		return either(err, ErrIndependence.Wrapf("organisation %d", orgID))
	}
	return nil
}

// heldByOther is ErrPledged when another statement holds one of the tags. The
// error does not say which.
func (k *Keeper) heldByOther(ctx context.Context, id uint64, list []pledgev1.Tag) error {
	for _, t := range list {
		holder, err := k.holders.Get(ctx, collections.Join(t.Epoch, t.Tag))
		if errors.Is(err, collections.ErrNotFound) {
			continue
		}
		if err != nil || holder != id {
			return either(err, ErrPledged)
		}
	}
	return nil
}

// tagged is nil when the statement has the tag of every key that is checked and
// tag is that of the active one.
func tagged(st pledgev1.Statement, checked []pledgev1.Key, tag []byte) error {
	if len(checked) == 0 {
		return ErrNoKey
	}
	for _, key := range checked {
		if _, has := tagOf(st, key.Epoch); !has {
			return ErrTags.Wrapf("statement %d has none of epoch %d: re-tag it", st.Id, key.Epoch)
		}
	}
	if got, _ := tagOf(st, checked[len(checked)-1].Epoch); !bytes.Equal(got, tag) {
		return ErrTags.Wrapf("tag is not that of statement %d under epoch %d", st.Id, checked[len(checked)-1].Epoch)
	}
	return nil
}

func tagOf(st pledgev1.Statement, epoch uint64) ([]byte, bool) {
	i := slices.IndexFunc(st.Tags, func(t pledgev1.Tag) bool { return t.Epoch == epoch })
	if i < 0 {
		return nil, false
	}
	return st.Tags[i].Tag, true
}

// newest is the epoch of a statement's last tag.
func newest(st pledgev1.Statement) uint64 { return st.Tags[len(st.Tags)-1].Epoch }

// current are the tags whose keys are checked.
func current(list []pledgev1.Tag, checked []pledgev1.Key) []pledgev1.Tag {
	return slices.DeleteFunc(slices.Clone(list), func(t pledgev1.Tag) bool {
		return !slices.ContainsFunc(checked, func(key pledgev1.Key) bool { return key.Epoch == t.Epoch })
	})
}

// hold marks a statement's tags as pledged.
func (k *Keeper) hold(ctx context.Context, st pledgev1.Statement) error {
	for _, t := range st.Tags {
		if err := k.holders.Set(ctx, collections.Join(t.Epoch, t.Tag), st.Id); err != nil {
			return err
		}
	}
	return k.keep(ctx, newest(st))
}

// free marks them as free.
func (k *Keeper) free(ctx context.Context, st pledgev1.Statement) error {
	for _, t := range st.Tags {
		if err := k.holders.Remove(ctx, collections.Join(t.Epoch, t.Tag)); err != nil {
			return err
		}
	}
	return k.drop(ctx, newest(st))
}

func (k *Keeper) setStatement(ctx context.Context, st pledgev1.Statement) error {
	if err := k.statements.Set(ctx, st.Id, st); err != nil {
		return err
	}
	return emit(ctx, &pledgev1.EventStatementChanged{StatementId: st.Id, Status: st.Status})
}
