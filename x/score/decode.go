package score

import (
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/zk"
)

// Bounds of fields. Longer input is refused before anything is read for it.
const (
	HashBytes         = 32
	CanonicalBytesMax = 32 << 10
	KeyBytesMax       = zk.VerifyingKeyBytesMax
	VotesMax          = 100
	AttestationsMax   = 8
	IndexIDBytesMax   = 32
	ValueBpsMin       = -10_000
	ValueBpsMax       = 100_000
)

func hash(field string, b []byte) error {
	if len(b) != HashBytes {
		return ErrField.Wrapf("%s: got %d bytes, want %d", field, len(b), HashBytes)
	}
	return nil
}

func purpose(p uint32) error {
	if _, known := profilev1.Purpose_name[int32(p)]; !known || p == 0 {
		return ErrField.Wrapf("purpose: got %d", p)
	}
	return nil
}

// submission checks the shape of a score message, without any state. A lender
// and its consent come together or not at all.
func submission(m *scorev1.MsgSubmitScore) error {
	if err := hash("model_hash", m.ModelHash); err != nil {
		return err
	}
	if err := hash("commitment", m.Commitment); err != nil {
		return err
	}
	if err := purpose(m.Purpose); err != nil {
		return err
	}
	if m.LenderOrgId != 0 {
		if err := hash("consent_id", m.ConsentId); err != nil {
			return err
		}
	} else if len(m.ConsentId) != 0 {
		return ErrField.Wrap("consent_id: there is no lender")
	}
	if err := results(m.Score, m.CapacityFen); err != nil {
		return err
	}
	if m.IssueHeight < 1 {
		return ErrField.Wrapf("issue_height: got %d", m.IssueHeight)
	}
	if len(m.Proof) == 0 || len(m.Proof) > zk.ProofBytesMax {
		return ErrField.Wrapf("proof: got %d bytes, want 1 to %d", len(m.Proof), zk.ProofBytesMax)
	}
	return nil
}

func results(score, capacityFen int64) error {
	if score <= -zk.ScoreOffset || score >= zk.ScoreOffset {
		return ErrField.Wrapf("score: got %d", score)
	}
	if capacityFen < 0 || capacityFen > scorecard.CapacityMax {
		return ErrField.Wrapf("capacity_fen: got %d, want 0 to %d", capacityFen, int64(scorecard.CapacityMax))
	}
	return nil
}

// indexID refuses what would not sort and print the same everywhere.
func indexID(id string) error {
	if id == "" || len(id) > IndexIDBytesMax {
		return ErrField.Wrapf("index_id: got %d bytes, want 1 to %d", len(id), IndexIDBytesMax)
	}
	for i := range len(id) {
		c := id[i]
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.') {
			return ErrField.Wrapf("index_id: byte %d is %q", i, c)
		}
	}
	return nil
}

func valueBps(v int64) error {
	if v < ValueBpsMin || v > ValueBpsMax {
		return ErrField.Wrapf("value_bps: got %d, want %d to %d", v, ValueBpsMin, ValueBpsMax)
	}
	return nil
}
