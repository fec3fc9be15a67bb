package score

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/zk"
)

// IncidentKeyDiffers is the kind of the incident that a differing key opens.
const IncidentKeyDiffers = "model-key-differs"

// Model is the row of a model in whatever state, or ErrUnknownModel.
func (k *Keeper) Model(ctx context.Context, hash []byte) (scorev1.Model, error) {
	m, err := k.models.Get(ctx, hash)
	return m, found(err, ErrUnknownModel, "hash %.32x", hash)
}

// decodeModel reads what a member proposes: the model, its key without any
// pairing material, its bands and its role. ErrModel, ErrKey, ErrBands or ErrRole.
func decodeModel(canonical, key []byte, bands []scorev1.Band, role scorev1.ModelRole) (scorev1.Model, error) {
	if len(canonical) > CanonicalBytesMax {
		return scorev1.Model{}, ErrModel.Wrapf("got %d bytes, want at most %d", len(canonical), CanonicalBytesMax)
	}
	card, err := scorecard.Decode(canonical)
	if err != nil {
		return scorev1.Model{}, ErrModel.Wrap(err.Error())
	}
	id, err := card.Hash()
	if err != nil {
		return scorev1.Model{}, ErrModel.Wrap(err.Error())
	}
	if len(key) > KeyBytesMax {
		return scorev1.Model{}, ErrKey.Wrapf("got %d bytes, want at most %d", len(key), KeyBytesMax)
	}
	vk, err := zk.DecodeVerifyingKey(key)
	if err != nil {
		return scorev1.Model{}, ErrKey.Wrap(err.Error())
	}
	if err := checkBands(id, bands); err != nil {
		return scorev1.Model{}, err
	}
	if role != scorev1.ModelRole_MODEL_ROLE_CHAMPION && role != scorev1.ModelRole_MODEL_ROLE_CHALLENGER {
		return scorev1.Model{}, ErrRole.Wrapf("got %d", role)
	}
	keyHash := vk.Hash()
	return scorev1.Model{
		Hash: id[:], Canonical: canonical, Key: key, KeyHash: keyHash[:],
		FeatureSetVersion: card.FeatureSet, Bands: bands, Status: scorev1.ModelStatus_MODEL_STATUS_PROPOSED,
		Role: role,
	}, nil
}

// checkBands requires bands from the best down, of distinct plain names: scores
// fall strictly, and the probability of default never falls with them.
func checkBands(model [32]byte, bands []scorev1.Band) error {
	if err := rising(model, bands).Validate(); err != nil {
		return ErrBands.Wrap(err.Error())
	}
	for i, b := range bands {
		for j := range len(b.Name) {
			if c := b.Name[j]; c <= ' ' || c > '~' {
				return ErrBands.Wrapf("band %d: byte %d is %q", i, j, c)
			}
		}
		if slices.ContainsFunc(bands[:i], func(other scorev1.Band) bool { return other.Name == b.Name }) {
			return ErrBands.Wrapf("band %d: %q comes twice", i, b.Name)
		}
	}
	return shares(bands)
}

// shares requires that the shares of the training population are whole or unknown.
func shares(bands []scorev1.Band) error {
	var sum uint64
	for _, b := range bands {
		sum += uint64(b.SharePpm)
	}
	if sum != 0 && sum != million {
		return ErrBands.Wrapf("share_ppm: the bands sum to %d, want %d, or 0 when unknown", sum, million)
	}
	return nil
}

// bandOf is the band of a score; the lowest also holds every score below it.
func bandOf(bands []scorev1.Band, score int64) scorecard.Band {
	return rising([32]byte{}, bands).Of(score)
}

// rising is the table as package scorecard orders it, from the worst up.
func rising(model [32]byte, bands []scorev1.Band) *scorecard.Bands {
	table := &scorecard.Bands{Model: model}
	for _, b := range slices.Backward(bands) {
		table.Bands = append(table.Bands, scorecard.Band{Name: b.Name, MinScore: b.ScoreMin, PDPpm: b.PdPpm})
	}
	return table
}

// voted is the model with a member's vote, its latest, in order of member. A
// differing key stops the model, however it votes: it can no longer be trusted
// that all members verify the same thing.
func voted(m scorev1.Model, v scorev1.ModelVote) (scorev1.Model, error) {
	switch m.Status {
	case scorev1.ModelStatus_MODEL_STATUS_PROPOSED, scorev1.ModelStatus_MODEL_STATUS_ACTIVE, scorev1.ModelStatus_MODEL_STATUS_SUSPENDED:
	default:
		return m, ErrModelStatus.Wrapf("model %x is %s", m.Hash, m.Status)
	}
	votes := slices.Clone(m.Votes)
	i, again := slices.BinarySearchFunc(votes, v.OrgId, func(v scorev1.ModelVote, id uint64) int {
		return cmp.Compare(v.OrgId, id)
	})
	if again {
		votes[i] = v
	} else {
		votes = slices.Insert(votes, i, v)
	}
	if len(votes) > VotesMax {
		return m, ErrField.Wrapf("votes: got %d, want at most %d", len(votes), VotesMax)
	}
	m.Votes = votes
	if !bytes.Equal(v.KeyHash, m.KeyHash) {
		m.Status = scorev1.ModelStatus_MODEL_STATUS_STOPPED
	}
	return m, nil
}

// passes tells whether the approvals of current members carry a model: votes_min
// of them and more than half of the council.
func passes(approvals, members int, votesMin uint32) bool {
	return approvals >= int(votesMin) && 2*approvals > members
}

// vote is the model after a vote. Votes of organisations that left the council
// fall out first. An audit that comes after the votes takes effect with the next
// vote, which may repeat an earlier one.
func (k *Keeper) vote(ctx context.Context, m scorev1.Model, v scorev1.ModelVote) (scorev1.Model, error) {
	var err error
	if m.Votes, err = k.currentVotes(ctx, m.Votes); err != nil {
		return m, err
	}
	m, err = voted(m, v)
	if err != nil || m.Status != scorev1.ModelStatus_MODEL_STATUS_PROPOSED {
		return m, err
	}
	approvals := 0
	for _, v := range m.Votes {
		if v.Approve {
			approvals++
		}
	}
	members, err := k.Council.Members(ctx)
	if err != nil {
		return m, err
	}
	p, err := k.Params(ctx)
	if err != nil || !passes(approvals, members, p.VotesMin) {
		return m, err
	}
	audited, err := k.Safety.Approved(ctx, safetyv1.SubjectKind_SUBJECT_KIND_MODEL, m.Hash)
	if err == nil && audited {
		m.Status = scorev1.ModelStatus_MODEL_STATUS_ACTIVE
	}
	return m, err
}

func (k *Keeper) currentVotes(ctx context.Context, votes []scorev1.ModelVote) ([]scorev1.ModelVote, error) {
	var current []scorev1.ModelVote
	for _, v := range votes {
		member, err := k.Council.Member(ctx, v.OrgId)
		if err != nil {
			return nil, err
		}
		if member {
			current = append(current, v)
		}
	}
	return current, nil
}

// retired is the model out of use.
func retired(m scorev1.Model) (scorev1.Model, error) {
	if m.Status == scorev1.ModelStatus_MODEL_STATUS_RETIRED {
		return m, ErrModelStatus.Wrapf("model %x is %s", m.Hash, m.Status)
	}
	m.Status = scorev1.ModelStatus_MODEL_STATUS_RETIRED
	return m, nil
}

// assigned is the model in another role. A challenger's scores stay in shadow when
// it becomes champion: they were made when nothing hung on them.
func assigned(m scorev1.Model, role scorev1.ModelRole) (scorev1.Model, error) {
	switch {
	case role != scorev1.ModelRole_MODEL_ROLE_CHAMPION && role != scorev1.ModelRole_MODEL_ROLE_CHALLENGER:
		return m, ErrRole.Wrapf("got %d", role)
	case m.Role == role:
		return m, ErrRole.Wrapf("model %x is %s", m.Hash, m.Role)
	case m.Status == scorev1.ModelStatus_MODEL_STATUS_STOPPED || m.Status == scorev1.ModelStatus_MODEL_STATUS_RETIRED:
		return m, ErrModelStatus.Wrapf("model %x is %s", m.Hash, m.Status)
	}
	m.Role = role
	return m, nil
}

// putModel writes a model and tells when its state is another than before.
func (k *Keeper) putModel(ctx context.Context, m scorev1.Model, before scorev1.ModelStatus) error {
	if err := k.models.Set(ctx, m.Hash, m); err != nil {
		return err
	}
	if m.Status == before {
		return nil
	}
	if m.Status == scorev1.ModelStatus_MODEL_STATUS_STOPPED {
		if err := k.Safety.OpenIncident(ctx, IncidentKeyDiffers, m.Hash); err != nil {
			return err
		}
	}
	return emit(ctx, &scorev1.EventModelChanged{ModelHash: m.Hash, Status: m.Status, Role: m.Role})
}
