package org

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"cosmossdk.io/collections"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// TagStatementsMax bounds the words on a newer tag that wait for an agreeing one.
// Beyond it the oldest goes, so that nobody can fill the row for good.
const TagStatementsMax = 4

// TagEpochAccepted tells whether identity tags are stated under the epoch of the
// members' key. What an epoch is this module does not know: to it the number is
// data, and the council says which ones count.
func (k *Keeper) TagEpochAccepted(ctx context.Context, epoch uint64) (bool, error) {
	p, err := k.Params(ctx)
	return p.TagEpochMin <= epoch && epoch <= p.TagEpoch, err
}

func rotating(p orgv1.Params) bool { return p.TagEpochMin < p.TagEpoch }

// validateTagEpochs is nil for one epoch, or two that follow each other.
func validateTagEpochs(p orgv1.Params) error {
	if p.TagEpochMin == 0 || p.TagEpoch < p.TagEpochMin || p.TagEpoch-p.TagEpochMin > 1 {
		return ErrParams.Wrapf("tag epochs %d to %d, want one from 1 on, or two that follow each other", p.TagEpochMin, p.TagEpoch)
	}
	return nil
}

// rotation is nil when council may put the epochs of p in place of those of old:
// a rotation opens with the next epoch, and closes when every enterprise has its
// tag under it. Otherwise a firm could come back under the tag it lacks.
func (k *Keeper) rotation(ctx context.Context, old, p orgv1.Params) error {
	switch {
	case p.TagEpochMin == old.TagEpochMin && p.TagEpoch == old.TagEpoch:
		return nil
	case !rotating(old) && p.TagEpochMin == old.TagEpoch && p.TagEpoch == old.TagEpoch+1:
		return nil
	case rotating(old) && p.TagEpochMin == old.TagEpoch && p.TagEpoch == old.TagEpoch:
		n, err := k.underEpoch(ctx, old.TagEpochMin)
		if err != nil || n == 0 {
			return err
		}
		return ErrTagsLeft.Wrapf("%d under epoch %d", n, old.TagEpochMin)
	}
	return ErrParams.Wrapf("tag epochs %d to %d after %d to %d", p.TagEpochMin, p.TagEpoch, old.TagEpochMin, old.TagEpoch)
}

// underEpoch counts the enterprises whose newest tag is of the epoch.
func (k *Keeper) underEpoch(ctx context.Context, epoch uint64) (uint64, error) {
	n, err := k.tagged.Get(ctx, epoch)
	if errors.Is(err, collections.ErrNotFound) {
		return 0, nil
	}
	return n, err
}

// takeTags writes an enterprise's tags into the index and counts it.
func (k *Keeper) takeTags(ctx context.Context, o orgv1.Organisation) error {
	for _, tag := range tagsOf(o) {
		if err := k.tags.Set(ctx, tag, o.Id); err != nil {
			return err
		}
	}
	n, err := k.underEpoch(ctx, o.TagEpoch)
	if err != nil {
		return err
	}
	return k.tagged.Set(ctx, o.TagEpoch, n+1)
}

// releaseTags undoes takeTags.
func (k *Keeper) releaseTags(ctx context.Context, o orgv1.Organisation) error {
	for _, tag := range tagsOf(o) {
		if err := k.tags.Remove(ctx, tag); err != nil {
			return err
		}
	}
	n, err := k.underEpoch(ctx, o.TagEpoch)
	if err != nil {
		return err
	}
	if n > 1 {
		return k.tagged.Set(ctx, o.TagEpoch, n-1)
	}
	return k.tagged.Remove(ctx, o.TagEpoch)
}

// tagsOf lists the tags that an enterprise has taken.
func tagsOf(o orgv1.Organisation) [][]byte {
	if len(o.EarlierTag) == 0 {
		return [][]byte{o.IdentityTag}
	}
	return [][]byte{o.IdentityTag, o.EarlierTag}
}

// newTags is nil when a new enterprise's tags are one for each accepted epoch, and
// free.
func (k *Keeper) newTags(ctx context.Context, p orgv1.Params, o orgv1.Organisation) error {
	if rotating(p) != (len(o.EarlierTag) != 0) {
		return ErrTagEpoch.Wrapf("want a tag for each epoch from %d to %d", p.TagEpochMin, p.TagEpoch)
	}
	if bytes.Equal(o.IdentityTag, o.EarlierTag) {
		return ErrField.Wrap("earlier_tag: equals identity_tag")
	}
	for _, tag := range tagsOf(o) {
		if taken, err := k.tags.Has(ctx, tag); err != nil || taken {
			return either(err, ErrTagTaken)
		}
	}
	return nil
}

// sameTags is nil when a further verifier states the tags that the row has. The
// earlier one counts while its epoch is accepted: afterwards nobody can make it.
func sameTags(p orgv1.Params, o orgv1.Organisation, tag, earlier []byte) error {
	var want []byte
	if o.TagEpoch > p.TagEpochMin {
		want = o.EarlierTag
	}
	if !bytes.Equal(o.IdentityTag, tag) || !bytes.Equal(want, earlier) {
		return ErrTag.Wrapf("enterprise %d, epoch %d", o.Id, o.TagEpoch)
	}
	return nil
}

// RetagEnterprise records a verifier's word on an enterprise's tag under the epoch
// that a rotation opened, in place of its earlier word. When another verifier, not
// under common control with it, said the same, the enterprise has the tag, and
// keeps the one before: neither is free for another registration. Until then its
// present tag is taken, which every registration in the rotation must state too.
func (s msgServer) RetagEnterprise(ctx context.Context, m *orgv1.MsgRetagEnterprise) (*orgv1.MsgRetagEnterpriseResponse, error) {
	if err := hash("identity_tag", m.IdentityTag); err != nil {
		return nil, err
	}

	verifier, _, err := Authorise(ctx, s.k, m.Device, m.OrgId, AnyRole(orgv1.Role_ROLE_KYB), Person)
	if err != nil {
		return nil, err
	}

	enterprise, err := s.k.Organisation(ctx, m.EnterpriseId)
	if err != nil {
		return nil, err
	}
	if err := Enterprise(enterprise, orgv1.Device{}); err != nil {
		return nil, err
	}
	if err := statedBy(enterprise, verifier, nil); err != nil {
		return nil, err
	}
	p, err := s.k.Params(ctx)
	if err != nil {
		return nil, err
	}
	if m.TagEpoch != p.TagEpoch || m.TagEpoch <= enterprise.TagEpoch {
		return nil, ErrTagEpoch.Wrapf("got %d, enterprise %d has one of %d, accepted is %d", m.TagEpoch, enterprise.Id, enterprise.TagEpoch, p.TagEpoch)
	}
	if taken, err := s.k.tags.Has(ctx, m.IdentityTag); err != nil || taken {
		return nil, either(err, ErrTagTaken)
	}
	word := orgv1.TagStatement{VerifierOrgId: m.OrgId, IdentityTag: m.IdentityTag, TagEpoch: m.TagEpoch, Height: height(ctx)}
	counts, err := s.k.agreed(ctx, enterprise, verifier, word)
	if err != nil {
		return nil, err
	}

	if counts {
		enterprise, err = s.k.retag(ctx, enterprise, word)
	} else {
		enterprise.Retags = worded(enterprise.Retags, word)
	}
	if err != nil {
		return nil, err
	}
	if err := s.k.organisations.Set(ctx, enterprise.Id, enterprise); err != nil {
		return nil, err
	}
	return &orgv1.MsgRetagEnterpriseResponse{Counts: counts},
		emit(ctx, &orgv1.EventRetagged{EnterpriseId: enterprise.Id, TagEpoch: m.TagEpoch, Counts: counts})
}

// agreed tells whether another verifier that may identify today said the same.
func (k *Keeper) agreed(ctx context.Context, enterprise, verifier orgv1.Organisation, word orgv1.TagStatement) (bool, error) {
	for _, w := range enterprise.Retags {
		if w.TagEpoch != word.TagEpoch || !bytes.Equal(w.IdentityTag, word.IdentityTag) {
			continue
		}
		other, err := k.Organisation(ctx, w.VerifierOrgId)
		if err != nil {
			return false, err
		}
		if active(other) == nil && HasRole(other, orgv1.Role_ROLE_KYB) && !sameControl(other, verifier) {
			return true, nil
		}
	}
	return false, nil
}

// worded adds a word in place of the same verifier's earlier one, and drops the
// oldest where room lacks.
func worded(list []orgv1.TagStatement, word orgv1.TagStatement) []orgv1.TagStatement {
	list = slices.DeleteFunc(slices.Clone(list), func(w orgv1.TagStatement) bool { return w.VerifierOrgId == word.VerifierOrgId })
	if len(list) == TagStatementsMax {
		list = list[1:]
	}
	return append(list, word)
}

// retag moves an enterprise to a newer tag. The one before stays taken; the one
// before that is of an epoch that nobody can state any more, and goes.
func (k *Keeper) retag(ctx context.Context, o orgv1.Organisation, word orgv1.TagStatement) (orgv1.Organisation, error) {
	if err := k.releaseTags(ctx, o); err != nil {
		return o, err
	}
	o.EarlierTag, o.IdentityTag, o.TagEpoch, o.Retags = o.IdentityTag, word.IdentityTag, word.TagEpoch, nil
	return o, k.takeTags(ctx, o)
}
