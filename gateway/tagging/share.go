package tagging

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/xinlian/xinlian/gateway/store"
	"github.com/xinlian/xinlian/internal/durable"
	"github.com/xinlian/xinlian/oprf"
)

// label is the place that a sealed share is bound to.
func label(orgID, epoch uint64, sharing uint32) string {
	return fmt.Sprintf("oprf-share-%d-%d-%d", orgID, epoch, sharing)
}

// SaveShare seals a member's share into the keys folder. An earlier one of the
// same place is not overwritten: it is an error, unless it is the same.
func SaveShare(keys string, sealer *store.Sealer, orgID, epoch uint64, sharing uint32, s oprf.Share) error {
	path := filepath.Join(keys, label(orgID, epoch, sharing))
	if b, err := os.ReadFile(path); err == nil {
		plain, err := sealer.Open(label(orgID, epoch, sharing), b)
		if err != nil || !slices.Equal(plain, s.Encoded()) {
			return errors.Join(fmt.Errorf("sealing a share: %s holds another one", path), err)
		}
		return nil
	}
	if err := durable.WriteFile(path, sealer.Seal(label(orgID, epoch, sharing), s.Encoded()), 0o600); err != nil {
		return fmt.Errorf("sealing a share: %w", err)
	}
	return nil
}

// LoadShares opens all shares of a member in the keys folder.
func LoadShares(keys string, sealer *store.Sealer, orgID uint64) ([]HeldShare, error) {
	paths, err := filepath.Glob(filepath.Join(keys, fmt.Sprintf("oprf-share-%d-*", orgID)))
	if err != nil {
		return nil, err
	}
	var list []HeldShare
	for _, path := range paths {
		name := filepath.Base(path)
		var org, epoch uint64
		var sharing uint32
		if _, err := fmt.Sscanf(name, "oprf-share-%d-%d-%d", &org, &epoch, &sharing); err != nil || name != label(orgID, epoch, sharing) {
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
