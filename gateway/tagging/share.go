package tagging

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/xinlian/xinlian/gateway/store"
	"github.com/xinlian/xinlian/internal/durable"
	"github.com/xinlian/xinlian/oprf"
)

// place is the file of a share, which is also what its seal is bound to: member,
// epoch and the beginning of the public share, so that sharings do not overwrite
// each other.
func place(orgID, epoch uint64, s oprf.PublicShare) string {
	return fmt.Sprintf("oprf-share-%d-%d-%x", orgID, epoch, s.Point[:8])
}

// SaveShare seals a member's share into the keys folder.
func SaveShare(keys string, sealer *store.Sealer, orgID uint64, h HeldShare) error {
	name := place(orgID, h.Epoch, h.Share.Public())
	if err := durable.WriteFile(filepath.Join(keys, name), sealer.Seal(name, h.Share.Encoded()), 0o600); err != nil {
		return fmt.Errorf("sealing a share: %w", err)
	}
	return nil
}

// LoadShares opens all shares of a member in the keys folder. Those of an earlier
// sharing are among them until they are deleted; a service uses what fits the
// registered key.
func LoadShares(keys string, sealer *store.Sealer, orgID uint64) ([]HeldShare, error) {
	paths, err := filepath.Glob(filepath.Join(keys, fmt.Sprintf("oprf-share-%d-*", orgID)))
	if err != nil {
		return nil, err
	}
	var list []HeldShare
	for _, path := range paths {
		var org, epoch uint64
		var point []byte
		name := filepath.Base(path)
		if _, err := fmt.Sscanf(name, "oprf-share-%d-%d-%x", &org, &epoch, &point); err != nil || name != fmt.Sprintf("oprf-share-%d-%d-%x", org, epoch, point) {
			continue // a file of another name, such as one being written
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading a share: %w", err)
		}
		plain, err := sealer.Open(name, b)
		if err != nil {
			return nil, fmt.Errorf("reading share %s: %w", path, err)
		}
		s, err := oprf.DecodeShare(plain)
		if err != nil {
			return nil, fmt.Errorf("reading share %s: %w", path, err)
		}
		list = append(list, HeldShare{Epoch: epoch, Share: s})
	}
	return list, nil
}
