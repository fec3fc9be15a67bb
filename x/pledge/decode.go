package pledge

import (
	"crypto/ed25519"

	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	"github.com/xinlian/xinlian/internal/artefact"
)

// Bounds of what messages carry.
const (
	HashBytes = 32
	// FacePpm is the whole of a receivable, in millionths.
	FacePpm = 1_000_000
	// PledgesMax bounds the live pledges of one statement.
	PledgesMax = 32
	// TagsMax bounds the tags of one statement.
	TagsMax = 16
	// HoldersMax bounds the shares of a key.
	HoldersMax = 64
)

func hash(field string, b []byte) error {
	if len(b) != HashBytes {
		return ErrField.Wrapf("%s: got %d bytes, want %d", field, len(b), HashBytes)
	}
	return nil
}

// hashes is nil when all fields are of HashBytes.
func hashes(fields ...namedBytes) error {
	for _, f := range fields {
		if err := hash(f.name, f.bytes); err != nil {
			return err
		}
	}
	return nil
}

type namedBytes struct {
	name  string
	bytes []byte
}

// share is nil for 1 to FacePpm millionths.
func share(ppm uint32) error {
	if ppm == 0 || ppm > FacePpm {
		return ErrField.Wrapf("share_ppm: got %d, want 1 to %d", ppm, FacePpm)
	}
	return nil
}

// expiry is nil when something made at that time may end then.
func expiry(at, expiresAt, secondsMax int64) error {
	if expiresAt <= at || expiresAt-at > secondsMax {
		return ErrField.Wrapf("expires_at: got %d, want within %d seconds after %d", expiresAt, secondsMax, at)
	}
	return nil
}

// tags is nil for 1 to TagsMax tags, ascending by epoch.
func tags(list []pledgev1.Tag) error {
	if len(list) == 0 || len(list) > TagsMax {
		return ErrField.Wrapf("tags: got %d, want 1 to %d", len(list), TagsMax)
	}
	for i, t := range list {
		if err := hash("tag", t.Tag); err != nil {
			return err
		}
		if t.Epoch == 0 || i > 0 && t.Epoch <= list[i-1].Epoch {
			return ErrField.Wrapf("tags: epoch %d at place %d, want ascending from 1", t.Epoch, i)
		}
	}
	return nil
}

// proof is nil when exactly one of the two ways to speak for the lender is there.
func proof(o *pledgev1.Opening, signature []byte) error {
	switch {
	case o == nil && len(signature) != ed25519.SignatureSize:
		return ErrField.Wrapf("lender_signature: got %d bytes, want %d, or an opening", len(signature), ed25519.SignatureSize)
	case o != nil && len(signature) != 0:
		return ErrField.Wrap("opening: there is a lender_signature too")
	case o != nil:
		return hashes(namedBytes{"consent_id", o.ConsentId}, namedBytes{"salt", o.Salt})
	}
	return nil
}

// content is canonical bytes; the error is a field's size.
func content(b []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, ErrField.Wrap(err.Error())
	}
	return b, nil
}

// commitmentOf is what an opening by an organisation commits to.
func commitmentOf(orgID uint64, o *pledgev1.Opening, pledgeKey []byte) ([]byte, error) {
	return content(artefact.LenderCommitment(orgID, o.ConsentId, pledgeKey, o.Salt))
}
