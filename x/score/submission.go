package score

import (
	"bytes"
	"context"
	"slices"

	sdk "github.com/cosmos/cosmos-sdk/types"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/x/attestation"
	"github.com/xinlian/xinlian/x/org"
	"github.com/xinlian/xinlian/zk"
)

// accept decides on a score message and is the row that it makes. It writes
// nothing: SubmitScore writes the row, Admit drops it. The checks go from the
// cheapest to the proof.
func (k *Keeper) accept(ctx context.Context, m *scorev1.MsgSubmitScore) (scorev1.Score, error) {
	if err := submission(m); err != nil {
		return scorev1.Score{}, err
	}
	enterprise, err := k.sender(ctx, m)
	if err != nil {
		return scorev1.Score{}, err
	}
	p, err := k.Params(ctx)
	if err != nil {
		return scorev1.Score{}, err
	}
	model, err := k.Model(ctx, m.ModelHash)
	if err != nil {
		return scorev1.Score{}, err
	}
	if model.Status != scorev1.ModelStatus_MODEL_STATUS_ACTIVE {
		return scorev1.Score{}, ErrModelStatus.Wrapf("model %x is %s", m.ModelHash, model.Status)
	}
	if h := height(ctx); m.IssueHeight > h || h-m.IssueHeight > p.IssueWindowBlocks {
		return scorev1.Score{}, ErrIssueHeight.Wrapf("got %d at %d, window %d", m.IssueHeight, h, p.IssueWindowBlocks)
	}
	if err := k.consented(ctx, m); err != nil {
		return scorev1.Score{}, err
	}
	set, err := k.attested(ctx, m, enterprise, p.AttestorsMin)
	if err != nil {
		return scorev1.Score{}, err
	}
	if err := k.current(ctx, m, model, set.FeatureStatement, p.AsOfDaysMax); err != nil {
		return scorev1.Score{}, err
	}
	if err := k.complete(ctx, m.EnterpriseId, set); err != nil {
		return scorev1.Score{}, err
	}
	row := scorev1.Score{
		EnterpriseId: m.EnterpriseId, ModelHash: m.ModelHash, Commitment: m.Commitment,
		DataDigest: set.DataDigest, AsOfDay: set.AsOfDay, Score: m.Score, CapacityFen: m.CapacityFen,
		Purpose: m.Purpose, LenderOrgId: m.LenderOrgId, ConsentId: m.ConsentId,
		IssueHeight: m.IssueHeight, ExpiryHeight: m.IssueHeight + p.ValidityBlocks,
		AttestationIds: set.attestationIDs, Height: height(ctx),
	}
	band := bandOf(model.Bands, m.Score)
	row.Band, row.PdPpm = band.Name, band.PDPpm
	row.Shadow = model.Role != scorev1.ModelRole_MODEL_ROLE_CHAMPION
	return row, k.proven(ctx, &row, model, m.Proof)
}

// sender is the enterprise when the device acts for it, for a custodian of it or
// for the lender. An attestor knows the features too, and may not publish what
// they score.
func (k *Keeper) sender(ctx context.Context, m *scorev1.MsgSubmitScore) (orgv1.Organisation, error) {
	o, _, err := org.Authorise(ctx, k.Orgs, m.Device, m.OrgId)
	if err != nil {
		return o, err
	}
	enterprise, err := k.Orgs.Organisation(ctx, m.EnterpriseId)
	if err != nil {
		return o, err
	}
	if err := org.Enterprise(enterprise, orgv1.Device{}); err != nil {
		return o, err
	}
	if !slices.Contains(attestation.Parties(enterprise, m.LenderOrgId), o.Id) {
		return o, ErrSender.Wrapf("organisation %d, enterprise %d, lender %d", o.Id, m.EnterpriseId, m.LenderOrgId)
	}
	return enterprise, nil
}

// consented requires of a score for a lender that it is an active lender and
// holds the enterprise's live consent for just this purpose. A score for nobody
// in particular needs none: a lender needs one before it may use it.
func (k *Keeper) consented(ctx context.Context, m *scorev1.MsgSubmitScore) error {
	if m.LenderOrgId == 0 {
		return nil
	}
	lender, err := k.Orgs.Organisation(ctx, m.LenderOrgId)
	if err != nil {
		return err
	}
	if lender.Status != orgv1.OrgStatus_ORG_STATUS_ACTIVE || !org.HasRole(lender, orgv1.Role_ROLE_LENDER) {
		return ErrLender.Wrapf("organisation %d is %s", lender.Id, lender.Status)
	}
	c, err := k.Profiles.LiveConsent(ctx, m.ConsentId)
	if err != nil {
		return ErrConsent.Wrap(err.Error())
	}
	switch t := c.Terms; {
	case t.EnterpriseId != m.EnterpriseId:
		return ErrConsentEnterprise.Wrapf("got %d, want %d", t.EnterpriseId, m.EnterpriseId)
	case t.GranteeOrgId != m.LenderOrgId:
		return ErrConsentGrantee.Wrapf("got %d, want %d", t.GranteeOrgId, m.LenderOrgId)
	case uint32(t.Purpose) != m.Purpose:
		return ErrConsentPurpose.Wrapf("got %d, want %d", t.Purpose, m.Purpose)
	}
	return nil
}

// featureSet is what enough attestors say alike of a commitment.
type featureSet struct {
	attestationv1.FeatureStatement
	batchIDs       [][]byte
	attestationIDs []uint64 // ascending, one for each voice, at most AttestationsMax
	voices         int
}

// attested is the feature set behind the commitment, or ErrAttestors. Statements
// over one commitment may differ when an attestor errs or lies; those alike are
// counted together, and the set with the most voices is taken, the first of
// equals. The commitment binds its values, so no proof exists for a wrong set.
func (k *Keeper) attested(ctx context.Context, m *scorev1.MsgSubmitScore, enterprise orgv1.Organisation, least uint32) (featureSet, error) {
	list, err := k.Attestations.FeatureAttestations(ctx, m.EnterpriseId, m.Commitment)
	if err != nil {
		return featureSet{}, err
	}
	parties := attestation.Parties(enterprise, m.LenderOrgId)
	var best featureSet
	for len(list) > 0 {
		first := list[0]
		alike := slices.Clone(list)
		alike = slices.DeleteFunc(alike, func(a attestationv1.Attestation) bool { return !sameStatement(a, first) })
		list = slices.DeleteFunc(list, func(a attestationv1.Attestation) bool { return sameStatement(a, first) })
		set, err := k.count(ctx, alike, parties)
		if err != nil {
			return featureSet{}, err
		}
		if set.voices > best.voices {
			best = set
		}
	}
	if best.voices < int(least) {
		return featureSet{}, ErrAttestors.Wrapf("got %d, want %d", best.voices, least)
	}
	return best, nil
}

func sameStatement(a, b attestationv1.Attestation) bool {
	return a.Features.FeatureSetVersion == b.Features.FeatureSetVersion &&
		a.Features.AsOfDay == b.Features.AsOfDay &&
		bytes.Equal(a.Features.DataDigest, b.Features.DataDigest) &&
		bytes.Equal(a.Features.Commitment, b.Features.Commitment) &&
		slices.EqualFunc(a.BatchIds, b.BatchIds, bytes.Equal)
}

// count counts organisations, never devices or attestations.
func (k *Keeper) count(ctx context.Context, alike []attestationv1.Attestation, parties []uint64) (featureSet, error) {
	set := featureSet{FeatureStatement: *alike[0].Features, batchIDs: alike[0].BatchIds}
	candidates := make([]uint64, len(alike))
	for i, a := range alike {
		candidates[i] = a.AttestorOrgId
	}
	picked, err := attestation.Independent(ctx, k.Orgs, candidates, parties)
	if err != nil {
		return set, err
	}
	set.voices = len(picked)
	for _, a := range alike {
		if slices.Contains(picked, a.AttestorOrgId) && len(set.attestationIDs) < AttestationsMax {
			set.attestationIDs = append(set.attestationIDs, a.Id)
		}
	}
	slices.Sort(set.attestationIDs)
	return set, nil
}

// current requires the model's feature set version, an as-of day neither in the
// future nor too old, and that no attestor stands by a newer feature set.
func (k *Keeper) current(ctx context.Context, m *scorev1.MsgSubmitScore, model scorev1.Model, f attestationv1.FeatureStatement, daysMax uint32) error {
	if f.FeatureSetVersion != model.FeatureSetVersion {
		return ErrFeatureSet.Wrapf("got %d, want %d", f.FeatureSetVersion, model.FeatureSetVersion)
	}
	if today := attestation.Day(now(ctx)); f.AsOfDay > today || today-f.AsOfDay > daysMax {
		return ErrAsOf.Wrapf("got %d on day %d, at most %d days old", f.AsOfDay, today, daysMax)
	}
	newest, _, any, err := k.Attestations.NewestFeatures(ctx, m.EnterpriseId, f.FeatureSetVersion)
	if err != nil {
		return err
	}
	if any && !bytes.Equal(newest.Commitment, m.Commitment) {
		return ErrSuperseded.Wrapf("by one as of day %d", newest.AsOfDay)
	}
	return nil
}

// complete requires that the listed batches count, and that they are all there:
// every batch of the 24 months before the as-of day that was not replaced, of
// every stream. A contested batch therefore stops scoring; otherwise a firm could
// contest its bad month away.
func (k *Keeper) complete(ctx context.Context, enterprise uint64, set featureSet) error {
	listed := make(map[string]bool, len(set.batchIDs))
	batches := make([]profilev1.Batch, 0, len(set.batchIDs))
	for _, id := range set.batchIDs {
		b, err := k.counting(ctx, enterprise, id)
		if err != nil {
			return err
		}
		batches = append(batches, b)
		listed[string(id)] = true
	}
	digest, err := attestation.DataDigest(batches)
	if err != nil {
		return err
	}
	if !bytes.Equal(digest[:], set.DataDigest) {
		return ErrDigest.Wrapf("got %x, want %x", set.DataDigest, digest)
	}
	inside, err := attestation.Window(ctx, k.Profiles, enterprise,
		attestation.WindowStart(set.AsOfDay), set.AsOfDay, attestation.BatchesMax)
	if err != nil {
		return err
	}
	for _, b := range inside {
		if !listed[string(b.Anchor.BatchId)] {
			return ErrLeftOut.Wrapf("batch %x, number %d of its stream, is %s", b.Anchor.BatchId, b.Anchor.Sequence, b.Status)
		}
	}
	return nil
}

// counting is a batch of the enterprise that was neither replaced nor contested
// nor refused.
func (k *Keeper) counting(ctx context.Context, enterprise uint64, id []byte) (profilev1.Batch, error) {
	b, err := k.Profiles.Batch(ctx, id)
	if err != nil {
		return b, err
	}
	if b.EnterpriseId != enterprise {
		return b, ErrBatchOwner.Wrapf("batch %x is of %d", id, b.EnterpriseId)
	}
	if b.Status != profilev1.BatchStatus_BATCH_STATUS_LIVE {
		return b, ErrBatchStatus.Wrapf("batch %x is %s", id, b.Status)
	}
	refused, err := k.Attestations.BatchRefused(ctx, id)
	if err == nil && refused {
		err = ErrBatchRefused.Wrapf("batch %x", id)
	}
	return b, err
}

// proven rebuilds the statement from the row, refuses it when it was accepted
// before, and verifies the proof. It fills in what follows from the statement.
func (k *Keeper) proven(ctx context.Context, row *scorev1.Score, model scorev1.Model, proof []byte) error {
	statement, sum, err := statementOf(*row, model.FeatureSetVersion, sdk.UnwrapSDKContext(ctx).ChainID())
	if err != nil {
		return err
	}
	row.Id, row.StatementHash = statement.Nullifier[:], sum[:]
	spent, err := k.scores.Has(ctx, row.Id)
	if err != nil {
		return err
	}
	if spent {
		return ErrReplay.Wrapf("score %x", row.Id)
	}
	return k.verify(ctx, model, sum, proof)
}

// statementOf is the statement that a row's proof must show, and its hash, or
// ErrStatement.
func statementOf(row scorev1.Score, version uint32, chainID string) (zk.Statement, [32]byte, error) {
	s := zk.Statement{
		ChainID: chainID, ModelID: [32]byte(row.ModelHash), FeatureSetVersion: version,
		Enterprise: row.EnterpriseId, AsOfDay: row.AsOfDay, DataDigest: [32]byte(row.DataDigest),
		Commitment: [32]byte(row.Commitment), Score: row.Score, CapacityFen: row.CapacityFen,
		Purpose: row.Purpose, Lender: row.LenderOrgId,
		IssueHeight: uint64(row.IssueHeight), ExpiryHeight: uint64(row.ExpiryHeight),
	}
	if row.LenderOrgId != 0 {
		s.ConsentID = [32]byte(row.ConsentId)
	}
	var err error
	if s.Nullifier, err = zk.Nullifier(s.ModelID, s.Commitment, s.Purpose, s.Lender); err != nil {
		return s, [32]byte{}, ErrStatement.Wrap(err.Error())
	}
	sum, err := s.Hash()
	if err != nil {
		return s, sum, ErrStatement.Wrap(err.Error())
	}
	return s, sum, nil
}
