package artefact

import "github.com/xinlian/xinlian/internal/canon"

// SaltBytes is the size of a salt that hides a commitment's content.
const SaltBytes = 32

// LenderCommitment is the SHA-256 that stands for a lender in a statement about a
// receivable: who it is, the consent under which it learnt of the receivable, and
// the key drawn for this one pledge. Without the salt none of them can be found by
// trying all organisations.
func LenderCommitment(lenderOrg uint64, consentID, pledgeKey, salt []byte) ([]byte, error) {
	for _, f := range []struct {
		name string
		b    []byte
		want int
	}{{"consent_id", consentID, HashBytes}, {"pledge_key", pledgeKey, 32}, {"salt", salt, SaltBytes}} {
		if err := size(f.name, f.b, f.want); err != nil {
			return nil, err
		}
	}
	return sum(canon.New("pledge-lender").Uint64(lenderOrg).Fixed(consentID).Fixed(pledgeKey).Fixed(salt))
}

// FaceCommitment is the SHA-256 that stands for a receivable's face amount, fen,
// in a verifier's statement. Shares are millionths of that amount.
func FaceCommitment(faceFen int64, salt []byte) ([]byte, error) {
	if err := size("salt", salt, SaltBytes); err != nil {
		return nil, err
	}
	return sum(canon.New("pledge-face").Int64(faceFen).Fixed(salt))
}

// PledgeContent is what a lender's pledge key signs when another member relays the
// pledge. number counts the statement's earlier pledges, so that no signature
// serves twice.
func PledgeContent(chainID string, statementID uint64, number uint32, tag []byte, sharePpm uint32, expiresAt int64) ([]byte, error) {
	if err := size("tag", tag, HashBytes); err != nil {
		return nil, err
	}
	return canon.New("pledge").String(chainID).Uint64(statementID).Uint32(number).Fixed(tag).
		Uint32(sharePpm).Int64(expiresAt).Encoded()
}

// ReleaseContent is what a lender's pledge key signs when another member relays
// the release.
func ReleaseContent(chainID string, pledgeID uint64) ([]byte, error) {
	return canon.New("pledge-release").String(chainID).Uint64(pledgeID).Encoded()
}
