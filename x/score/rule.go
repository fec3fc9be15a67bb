package score

import (
	"bytes"

	errorsmod "cosmossdk.io/errors"

	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/zk"
)

// rule is one named truth about the whole state. A genesis must satisfy all of
// them before it is written, and no sequence of messages may break one.
type rule struct {
	name  string
	check func(*scorev1.GenesisState) error
}

// srsRule: the key decodes, and is the development key exactly when the genesis
// says so. That another key comes from an honest ceremony is shown by the
// signatures on its transcript, off chain.
func srsRule(gs *scorev1.GenesisState) error {
	if len(gs.SrsKey) == 0 {
		return ErrSRS.Wrap("srs_key: there is none")
	}
	key, err := zk.DecodeSRSKey(gs.SrsKey)
	if err != nil {
		return ErrSRS.Wrap(err.Error())
	}
	want := scorev1.SrsKind_SRS_KIND_CEREMONY
	if key.Development() {
		want = scorev1.SrsKind_SRS_KIND_DEVELOPMENT_UNSAFE
	}
	if gs.SrsKind != want {
		return ErrSRS.Wrapf("srs_kind: got %s, the key is %s", gs.SrsKind, want)
	}
	if len(gs.SrsSeal) == 0 {
		return nil
	}
	_, err = Sealed(gs)
	return err
}

// Sealed is the seal of the ceremony in a genesis, each of its signatures checked
// and of the pinned key, or ErrSeal. Whose the signing keys are, and how many must
// sign on which network, is not asked here: x/org knows the one and the network
// the other.
func Sealed(gs *scorev1.GenesisState) (zk.SignedSeal, error) {
	s, err := zk.DecodeSignedSeal(gs.SrsSeal)
	if err != nil {
		return s, ErrSeal.Wrap(err.Error())
	}
	key, err := zk.DecodeSRSKey(gs.SrsKey)
	if err != nil {
		return s, ErrSRS.Wrap(err.Error())
	}
	if want := key.Hash(); s.Seal.Key != want {
		return s, ErrSeal.Wrapf("it is of key %x, srs_key is %x", s.Seal.Key, want)
	}
	if key.Development() {
		return s, ErrSeal.Wrap("srs_key is the development key, which no ceremony makes")
	}
	return s, nil
}

func modelRule(gs *scorev1.GenesisState) error {
	var last []byte
	for _, m := range gs.Models {
		if bytes.Compare(m.Hash, last) <= 0 {
			return ErrGenesis.Wrapf("model %.32x is out of order", m.Hash)
		}
		last = m.Hash
		if err := validModel(m); err != nil {
			return errorsmod.Wrapf(err, "model %.32x", m.Hash)
		}
	}
	return nil
}

// validModel judges a row by itself.
func validModel(m scorev1.Model) error {
	want, err := decodeModel(m.Canonical, m.Key, m.Bands, m.Role)
	if err != nil {
		return err
	}
	if !bytes.Equal(m.Hash, want.Hash) || !bytes.Equal(m.KeyHash, want.KeyHash) || m.FeatureSetVersion != want.FeatureSetVersion {
		return ErrModel.Wrap("hash, key_hash or feature_set_version do not follow from the model")
	}
	if m.ProposerOrgId == 0 || m.Height < 0 || len(m.Votes) > VotesMax {
		return ErrField.Wrapf("proposed by %d at %d, %d votes", m.ProposerOrgId, m.Height, len(m.Votes))
	}
	var last uint64
	differs := false
	for _, v := range m.Votes {
		if v.OrgId <= last {
			return ErrGenesis.Wrapf("vote of %d is out of order", v.OrgId)
		}
		last = v.OrgId
		if err := hash("key_hash", v.KeyHash); err != nil {
			return err
		}
		differs = differs || !bytes.Equal(v.KeyHash, m.KeyHash)
	}
	switch m.Status {
	case scorev1.ModelStatus_MODEL_STATUS_PROPOSED, scorev1.ModelStatus_MODEL_STATUS_ACTIVE, scorev1.ModelStatus_MODEL_STATUS_SUSPENDED:
		if differs {
			return ErrModelStatus.Wrapf("a vote carries another key, and the model is %s", m.Status)
		}
	case scorev1.ModelStatus_MODEL_STATUS_STOPPED:
		if !differs {
			return ErrModelStatus.Wrap("no vote carries another key, and the model is stopped")
		}
	case scorev1.ModelStatus_MODEL_STATUS_RETIRED:
	default:
		return ErrField.Wrapf("status: got %d", m.Status)
	}
	return validSuspension(m)
}

// validSuspension: a proposed model has no finding, a suspended one has.
func validSuspension(m scorev1.Model) error {
	s := m.Suspension
	if s == nil {
		if m.Status == scorev1.ModelStatus_MODEL_STATUS_SUSPENDED {
			return ErrSuspension.Wrap("the model is suspended for nothing")
		}
		return nil
	}
	switch {
	case m.Status == scorev1.ModelStatus_MODEL_STATUS_PROPOSED:
		return ErrSuspension.Wrapf("a finding on a model that is %s", m.Status)
	case s.Height < m.Height || s.Observed <= s.Bound:
		return ErrSuspension.Wrapf("found at %d, model of %d, observed %d, bound %d", s.Height, m.Height, s.Observed, s.Bound)
	case s.Alarm == scorev1.Alarm_ALARM_DRIFT && s.Band == "":
	case s.Alarm == scorev1.Alarm_ALARM_CALIBRATION && bandIndex(m.Bands, s.Band) >= 0:
	default:
		return ErrSuspension.Wrapf("alarm %s of band %q", s.Alarm, s.Band)
	}
	return nil
}

// watchRule: counts are those of the scores, and no more loans default than there are.
func watchRule(gs *scorev1.GenesisState) error {
	models := make(map[string]scorev1.Model, len(gs.Models))
	for _, m := range gs.Models {
		models[string(m.Hash)] = m
	}
	type band struct{ model, name string }
	scored := make(map[band]uint64, len(models))
	for _, s := range gs.Scores {
		scored[band{string(s.ModelHash), s.Band}]++
	}
	var last []byte
	counted := uint64(0)
	for _, w := range gs.Watches {
		if bytes.Compare(w.ModelHash, last) <= 0 {
			return ErrGenesis.Wrapf("watch of model %.32x is out of order", w.ModelHash)
		}
		last = w.ModelHash
		m, known := models[string(w.ModelHash)]
		if !known {
			return ErrUnknownModel.Wrapf("watch of %.32x", w.ModelHash)
		}
		if len(w.Bands) != len(m.Bands) || w.DriftHeight < 0 || w.Since < 0 {
			return ErrField.Wrapf("watch of model %.32x: %d bands, want %d", m.Hash, len(w.Bands), len(m.Bands))
		}
		for i, c := range w.Bands {
			if want := scored[band{string(m.Hash), m.Bands[i].Name}]; c.Scored != want || c.Window > c.Scored || c.Defaults > c.Loans {
				return ErrGenesis.Wrapf("watch of model %.32x, band %d: %d scored of %d, %d in the window, %d of %d loans defaulted",
					m.Hash, i, c.Scored, want, c.Window, c.Defaults, c.Loans)
			}
			counted += c.Scored
		}
	}
	if counted != uint64(len(gs.Scores)) {
		return ErrGenesis.Wrapf("the watches count %d scores of %d", counted, len(gs.Scores))
	}
	return nil
}

func scoreRule(gs *scorev1.GenesisState) error {
	models := make(map[string]scorev1.Model, len(gs.Models))
	for _, m := range gs.Models {
		models[string(m.Hash)] = m
	}
	var last []byte
	for _, s := range gs.Scores {
		if bytes.Compare(s.Id, last) <= 0 {
			return ErrGenesis.Wrapf("score %.32x is out of order", s.Id)
		}
		last = s.Id
		m, known := models[string(s.ModelHash)]
		if !known {
			return ErrUnknownModel.Wrapf("score %.32x", s.Id)
		}
		if err := validScore(s, m); err != nil {
			return errorsmod.Wrapf(err, "score %.32x", s.Id)
		}
	}
	return nil
}

// validScore judges a row by itself and by its model: the id is the nullifier of
// its parts, the band that of its points.
func validScore(s scorev1.Score, m scorev1.Model) error {
	for _, f := range []struct {
		name string
		b    []byte
	}{{"commitment", s.Commitment}, {"data_digest", s.DataDigest}, {"statement_hash", s.StatementHash}} {
		if err := hash(f.name, f.b); err != nil {
			return err
		}
	}
	if err := purpose(s.Purpose); err != nil {
		return err
	}
	if err := results(s.Score, s.CapacityFen); err != nil {
		return err
	}
	if want := min(s.LenderOrgId, 1) * HashBytes; uint64(len(s.ConsentId)) != want {
		return ErrField.Wrapf("consent_id: got %d bytes, want %d", len(s.ConsentId), want)
	}
	nullifier, err := zk.Nullifier([32]byte(s.ModelHash), [32]byte(s.Commitment), s.Purpose, s.LenderOrgId)
	if err != nil {
		return ErrStatement.Wrap(err.Error())
	}
	if !bytes.Equal(s.Id, nullifier[:]) {
		return ErrStatement.Wrapf("id: want %x", nullifier)
	}
	if band := bandOf(m.Bands, s.Score); s.Band != band.Name || s.PdPpm != band.PDPpm {
		return ErrBands.Wrapf("got %q at %d ppm, want %q at %d", s.Band, s.PdPpm, band.Name, band.PDPpm)
	}
	if s.EnterpriseId == 0 || s.IssueHeight < 1 || s.IssueHeight > s.Height || s.ExpiryHeight < s.Height {
		return ErrField.Wrapf("enterprise %d, issued at %d, accepted at %d, good to %d",
			s.EnterpriseId, s.IssueHeight, s.Height, s.ExpiryHeight)
	}
	return ascending(s.AttestationIds)
}

func ascending(ids []uint64) error {
	if len(ids) < AttestorsFloor || len(ids) > AttestationsMax {
		return ErrField.Wrapf("attestation_ids: got %d, want %d to %d", len(ids), AttestorsFloor, AttestationsMax)
	}
	var last uint64
	for _, id := range ids {
		if id <= last {
			return ErrField.Wrapf("attestation_ids: %d is out of order", id)
		}
		last = id
	}
	return nil
}

func quoteRule(gs *scorev1.GenesisState) error {
	var last scorev1.Quote
	for _, q := range gs.Quotes {
		if q.IndexId < last.IndexId || q.IndexId == last.IndexId && q.PublisherOrgId <= last.PublisherOrgId {
			return ErrGenesis.Wrapf("quote %q of %d is out of order", q.IndexId, q.PublisherOrgId)
		}
		last = q
		if err := indexID(q.IndexId); err != nil {
			return err
		}
		if err := valueBps(q.ValueBps); err != nil {
			return err
		}
		if q.PublisherOrgId == 0 || q.PublishedAt < 0 {
			return ErrField.Wrapf("quote %q of %d at %d", q.IndexId, q.PublisherOrgId, q.PublishedAt)
		}
	}
	return nil
}
