package artefact

import (
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/canon"
)

// DeletionHash is the hash of a grantee's deletion receipt, kind `deletion`:
// which consent's copies were destroyed, by which device, how, how many, when.
// The chain keeps the hash, the grantee the statement. The chain id makes it good
// on one network.
func DeletionHash(chainID string, d profilev1.DeletionStatement) ([]byte, error) {
	if err := size("consent_id", d.ConsentId, HashBytes); err != nil {
		return nil, err
	}
	return sum(canon.New("deletion").String(chainID).Fixed(d.ConsentId).Uint64(d.OrgId).String(d.Device).
		Uint32(uint32(d.Method)).Uint64(d.Records).Uint32(d.Wraps).Int64(d.DeletedAt))
}

// ErasureHash is the hash of a custodian's erasure receipt, kind `erasure`: whose
// keys it destroyed, when, and the root over the ids of the batches that nobody
// can read any more. The chain keeps the hash; whoever holds the statement can
// compare.
func ErasureHash(chainID string, e profilev1.ErasureStatement) ([]byte, error) {
	if err := size("root", e.Root, HashBytes); err != nil {
		return nil, err
	}
	return sum(canon.New("erasure").String(chainID).Uint64(e.CustodianOrgId).Uint64(e.EnterpriseId).
		Int64(e.DestroyedAt).Uint64(e.Batches).Uint64(e.Documents).Fixed(e.Root))
}
