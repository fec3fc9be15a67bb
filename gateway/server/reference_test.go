package server

import (
	"errors"
	"math/big"
	"path/filepath"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/kzg"

	"github.com/xinlian/xinlian/gateway/prover"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/zk"
)

// A gateway proves under the string that the chain pins and no other: a chain of a
// ceremony wants its file, of the pinned key and, under a seal, to the byte.
func TestReferenceString(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "srs")
	made, err := kzg.NewSRS(zk.PowersMin, big.NewInt(1_234_567))
	if err != nil {
		t.Fatal(err)
	}
	file, err := zk.WriteSRS(path, made)
	if err != nil {
		t.Fatal(err)
	}
	key, err := zk.ReadSRSKey(path)
	if err != nil {
		t.Fatal(err)
	}
	seal := func(file [32]byte) []byte {
		b, err := zk.SignedSeal{Seal: zk.Seal{Ceremony: "c", Key: key.Hash(), File: file, Powers: zk.PowersMin, Contributions: 1}}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	development := zk.UnsafeDevelopmentSRS().Key().Encode()
	unsafeKind, members := scorev1.SrsKind_SRS_KIND_DEVELOPMENT_UNSAFE, scorev1.SrsKind_SRS_KIND_CEREMONY
	for name, r := range map[string]struct {
		srs  scorev1.QuerySrsResponse
		path string
		good bool
	}{
		"development":             {scorev1.QuerySrsResponse{Key: development, Kind: unsafeKind}, "", true},
		"ceremony":                {scorev1.QuerySrsResponse{Key: key.Encode(), Kind: members}, path, true},
		"sealed":                  {scorev1.QuerySrsResponse{Key: key.Encode(), Kind: members, Seal: seal(file)}, path, true},
		"no file":                 {scorev1.QuerySrsResponse{Key: key.Encode(), Kind: members}, "", false},
		"absent file":             {scorev1.QuerySrsResponse{Key: key.Encode(), Kind: members}, path + "x", false},
		"file of another key":     {scorev1.QuerySrsResponse{Key: development, Kind: members}, path, false},
		"sealed as another file":  {scorev1.QuerySrsResponse{Key: key.Encode(), Kind: members, Seal: seal([32]byte{1})}, path, false},
		"a seal that is no seal":  {scorev1.QuerySrsResponse{Key: key.Encode(), Kind: members, Seal: []byte("seal")}, path, false},
		"called development only": {scorev1.QuerySrsResponse{Key: key.Encode(), Kind: unsafeKind}, "", false},
	} {
		srs, err := referenceString(&r.srs, r.path)
		if r.good && (err != nil || string(srs.Key().Encode()) != string(r.srs.Key)) || !r.good && !errors.Is(err, prover.ErrReferenceString) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
