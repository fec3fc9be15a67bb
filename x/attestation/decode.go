package attestation

import (
	"bytes"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
)

// Bounds of fields. Longer input is refused before anything is read for it.
const (
	HashBytes  = 32
	BatchesMax = 256
)

func hash(field string, b []byte) error {
	if len(b) != HashBytes {
		return ErrField.Wrapf("%s: got %d bytes, want %d", field, len(b), HashBytes)
	}
	return nil
}

// batchIDs refuses a list that is empty, too long, out of order or names a batch
// twice.
func batchIDs(ids [][]byte) error {
	if len(ids) == 0 || len(ids) > BatchesMax {
		return ErrField.Wrapf("batch_ids: got %d, want 1 to %d", len(ids), BatchesMax)
	}
	for i, id := range ids {
		if err := hash("batch_ids", id); err != nil {
			return err
		}
		if i > 0 && bytes.Compare(ids[i-1], id) >= 0 {
			return ErrField.Wrapf("batch_ids: number %d is out of order", i)
		}
	}
	return nil
}

func verdict(v attestationv1.Verdict) error {
	if v != attestationv1.Verdict_VERDICT_CONSISTENT && v != attestationv1.Verdict_VERDICT_INCONSISTENT {
		return ErrField.Wrapf("verdict: got %d", v)
	}
	return nil
}

func featureStatement(f attestationv1.FeatureStatement) error {
	if f.FeatureSetVersion == 0 {
		return ErrField.Wrap("feature_set_version: got 0")
	}
	if f.AsOfDay == 0 {
		return ErrField.Wrap("as_of_day: got 0")
	}
	if err := hash("data_digest", f.DataDigest); err != nil {
		return err
	}
	return hash("commitment", f.Commitment)
}

// expiry bounds an attestation's life.
func expiry(at, expiresAt, secondsMax int64) error {
	if expiresAt <= at || expiresAt-at > secondsMax {
		return ErrField.Wrapf("expires_at: got %d, want after %d and at most %d seconds later", expiresAt, at, secondsMax)
	}
	return nil
}

// subject refuses a dispute about nothing, or about two things.
func subject(batchID []byte, attestationID uint64) error {
	if attestationID == 0 {
		return hash("batch_id", batchID)
	}
	if len(batchID) != 0 {
		return ErrField.Wrap("batch_id, attestation_id: one of them is contested, not both")
	}
	return nil
}
