package tagging

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/xinlian/xinlian/gateway/store"
	"github.com/xinlian/xinlian/internal/durable"
)

// SealFile is the key that seals the shares in a keys folder, and a ceremony's
// secrets. It is not the database's, which is rotated with the rows that it sealed.
const SealFile = "oprf-seal.key"

// lockFile keeps a step of a ceremony, a gateway that starts and a rotation of the
// sealing key from meeting: a file sealed under a key that is just being destroyed
// would be lost.
const lockFile = "oprf-seal.lock"

// lockPatience is how long one waits for another; each takes far less.
const lockPatience = 10 * time.Second

// withSealer does something with the sealing key of a keys folder while nobody else
// uses the folder. A rotation that was interrupted is finished first.
func withSealer(keys string, do func(*store.Sealer) error) (err error) {
	if err := os.MkdirAll(keys, 0o700); err != nil {
		return fmt.Errorf("making the folder of keys: %w", err)
	}
	l, err := lockKeys(keys)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Release()) }()
	sealer, err := store.OpenSealer(filepath.Join(keys, SealFile))
	if err != nil {
		return err
	}
	if sealer.Rotating() {
		if _, err := reseal(keys, sealer); err != nil {
			return fmt.Errorf("finishing a rotation of %s: %w", SealFile, err)
		}
	}
	return do(sealer)
}

func lockKeys(keys string) (*durable.Lock, error) {
	for end := time.Now().Add(lockPatience); ; time.Sleep(20 * time.Millisecond) {
		l, err := durable.Acquire(filepath.Join(keys, lockFile))
		if err == nil || !errors.Is(err, durable.ErrLocked) || time.Now().After(end) {
			return l, err
		}
	}
}

// OpenShares opens the shares of members in the keys folder.
func OpenShares(keys string, orgIDs ...uint64) (map[uint64][]HeldShare, error) {
	held := map[uint64][]HeldShare{}
	return held, withSealer(keys, func(sealer *store.Sealer) error {
		for _, id := range orgIDs {
			list, err := LoadShares(keys, sealer, id)
			if err != nil {
				return err
			}
			if len(list) > 0 {
				held[id] = list
			}
		}
		return nil
	})
}

// RotateSeal makes a new sealing key in a keys folder, seals every share and every
// secret of a ceremony anew, and destroys the former key. It tells how many files
// there are. A gateway that runs goes on: it has opened its shares. When a file does
// not open nothing is lost: both keys stay until the file is mended or removed and
// the rotation is done again.
func RotateSeal(keys string) (files int, err error) {
	if _, err := os.Stat(filepath.Join(keys, SealFile)); err != nil {
		return 0, fmt.Errorf("rotating the sealing key of shares: %w", err)
	}
	err = withSealer(keys, func(sealer *store.Sealer) error {
		files, err = reseal(keys, sealer)
		return err
	})
	return files, err
}

func reseal(keys string, sealer *store.Sealer) (files int, err error) {
	err = sealer.Rotate(func() error {
		var list []string
		for _, pattern := range []string{"oprf-share-*", "oprf-ceremony-*"} {
			found, err := filepath.Glob(filepath.Join(keys, pattern))
			if err != nil {
				return err
			}
			list = append(list, found...)
		}
		for _, path := range list {
			if strings.HasSuffix(path, ".new") {
				continue // one that a crash left unfinished
			}
			if err := resealFile(sealer, path); err != nil {
				return err
			}
			files++
		}
		return nil
	})
	return files, err
}

func resealFile(sealer *store.Sealer, path string) error {
	box, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("sealing a share anew: %w", err)
	}
	anew, err := sealer.Reseal(filepath.Base(path), box)
	if err != nil {
		return fmt.Errorf("sealing %s anew: %w", path, err)
	}
	if anew == nil {
		return nil
	}
	if err := durable.WriteFile(path, anew, 0o600); err != nil {
		return fmt.Errorf("sealing a share anew: %w", err)
	}
	return nil
}
