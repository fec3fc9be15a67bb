package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// WithKeys opens the key ring of a vault that nobody has open, to rotate its keys
// without a node. Of cfg only Dir, KMSDir and Master are needed.
func WithKeys(cfg Config, do func(*KeyRing) error) error {
	dir, kms := filepath.Clean(cfg.Dir), filepath.Clean(cfg.KMSDir)
	if _, err := os.Stat(dir); err != nil {
		return fmt.Errorf("looking for the vault: %w", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return err
	}
	files, err := openCatalogue(dir, kms)
	if err == nil {
		var k *KeyRing
		if k, err = openKeyRing(cfg.Suite, cfg.Master, kms, filepath.Join(dir, "keys"), files); err == nil {
			err = do(k)
		}
	}
	return errors.Join(err, files.close(), lock.Release())
}

// RotateMaster makes a new master key, seals every enterprise key under it, and
// forgets the old one. With a guard the master keys move to it; nil keeps the
// present one. Reads, sealing and grants go on meanwhile: the ring is held for
// one enterprise key at a time. A crash in between is finished by the next
// OpenKeyRing with the new guard.
func (k *KeyRing) RotateMaster(to MasterGuard) error {
	k.rotating.Lock()
	defer k.rotating.Unlock()
	err := k.locked(func() error {
		if len(k.masters) > 1 {
			return fmt.Errorf("%w: a master rotation is unfinished", ErrKey)
		}
		if to == nil {
			to = k.guard
		}
		next := []Key{randomKey(), k.masters[0]}
		if err := k.saveMaster(to, next); err != nil {
			return err
		}
		k.masters, k.guard = next, to
		return nil
	})
	if err != nil {
		return err
	}
	return k.finishMaster()
}

// finishMaster seals every enterprise key under the first master and then
// forgets the others.
func (k *KeyRing) finishMaster() error {
	names, err := list(k.enterpriseDir())
	if err != nil {
		return err
	}
	for _, n := range names {
		if err := k.locked(func() error { return k.resealEnterprise(n) }); err != nil {
			return err
		}
	}
	return k.locked(func() error {
		// What was made meanwhile was made under the first master already.
		if err := k.saveMaster(k.guard, k.masters[:1]); err != nil {
			return err
		}
		k.masters = k.masters[:1]
		for _, kind := range masterKinds {
			if kind == k.guard.Kind() {
				continue
			}
			if err := k.catalogue.shred(k.masterFile(kind)); err != nil {
				return fmt.Errorf("destroying the former master key file: %w", err)
			}
		}
		return nil
	})
}

// resealEnterprise seals one enterprise key file under the first master.
func (k *KeyRing) resealEnterprise(name string) error {
	enterprise, ok, err := parseEnterpriseFile(name)
	if err != nil || !ok {
		return err
	}
	path := filepath.Join(k.enterpriseDir(), name)
	key, err := k.openEnterprise(enterprise, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // erased or rotated meanwhile
	}
	if err != nil {
		return err
	}
	b, err := sealedKey{suite: k.suite, enterprise: enterprise}.seal(k.masters[0], key)
	if err != nil {
		return err
	}
	return k.catalogue.write(path, b)
}

// RotateEnterprise makes a new key for an enterprise, seals its category keys
// under it and destroys the old one. Category keys stay what they are, so that
// records and wraps are untouched. Reads go on meanwhile; a crash in between is
// finished by the next OpenKeyRing.
func (k *KeyRing) RotateEnterprise(enterprise uint64) error {
	k.rotating.Lock()
	defer k.rotating.Unlock()
	err := k.locked(func() error {
		if _, err := k.enterpriseKeys(enterprise); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: enterprise %d has no key", ErrKey, enterprise)
		} else if err != nil {
			return err
		}
		b, err := sealedKey{suite: k.suite, enterprise: enterprise}.seal(k.masters[0], randomKey())
		if err != nil {
			return err
		}
		return k.catalogue.write(k.nextFile(enterprise), b)
	})
	if err != nil {
		return fmt.Errorf("making a new enterprise key: %w", err)
	}
	return k.finishEnterprise(enterprise)
}

// finishEnterprise seals every category key under the next enterprise key, which
// then takes the place of the old one.
func (k *KeyRing) finishEnterprise(enterprise uint64) error {
	names, err := list(k.categoryDir(enterprise))
	if err != nil {
		return err
	}
	for _, n := range names {
		if err := k.locked(func() error { return k.resealCategory(enterprise, n) }); err != nil {
			return err
		}
	}
	return k.locked(func() error {
		if there, err := exists(k.nextFile(enterprise)); err != nil || !there {
			return err // erased meanwhile
		}
		b, err := readFile(k.nextFile(enterprise))
		if err != nil {
			return err
		}
		// The next key is safe on disk until the end: after a crash at any point one
		// of the two files opens every category key.
		if err := k.catalogue.shred(k.enterpriseFile(enterprise)); err != nil {
			return err
		}
		if err := k.catalogue.write(k.enterpriseFile(enterprise), b); err != nil {
			return err
		}
		return k.catalogue.shred(k.nextFile(enterprise))
	})
}

func (k *KeyRing) resealCategory(enterprise uint64, name string) error {
	c, epoch, ok := parseCategoryFile(name)
	if !ok {
		return fmt.Errorf("%w: key file %q", ErrDamaged, name)
	}
	owners, err := k.enterpriseKeys(enterprise)
	if errors.Is(err, ErrErased) {
		return nil
	}
	if err != nil {
		return err
	}
	key, err := k.openCategory(enterprise, c, epoch, owners)
	if err != nil {
		return err
	}
	b, err := sealedKey{k.suite, enterprise, c, epoch}.seal(owners[0], key)
	if err != nil {
		return err
	}
	return k.catalogue.write(k.categoryFile(enterprise, c, epoch), b)
}

// finishRotations completes what a crash left between two keys.
func (k *KeyRing) finishRotations() error {
	if len(k.masters) > 1 {
		if err := k.finishMaster(); err != nil {
			return fmt.Errorf("finishing a master key rotation: %w", err)
		}
	}
	names, err := list(k.enterpriseDir())
	if err != nil {
		return err
	}
	for _, n := range names {
		digits, ok := strings.CutSuffix(n, nextSuffix)
		if !ok {
			continue
		}
		enterprise, err := strconv.ParseUint(digits, 10, 64)
		if err != nil {
			return fmt.Errorf("%w: key file %q", ErrDamaged, n)
		}
		if err := k.finishEnterprise(enterprise); err != nil {
			return fmt.Errorf("finishing the rotation of enterprise %d's key: %w", enterprise, err)
		}
	}
	return nil
}

// Enterprises lists those that have a key here.
func (k *KeyRing) Enterprises() ([]uint64, error) {
	names, err := list(k.enterpriseDir())
	if err != nil {
		return nil, err
	}
	var out []uint64
	for _, n := range names {
		enterprise, ok, err := parseEnterpriseFile(n)
		if err != nil {
			return nil, err
		}
		if ok && !slices.Contains(out, enterprise) {
			out = append(out, enterprise)
		}
	}
	slices.Sort(out)
	return out, nil
}

func (k *KeyRing) locked(do func() error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return do()
}

func (k *KeyRing) nextFile(enterprise uint64) string {
	return filepath.Join(k.enterpriseDir(), strconv.FormatUint(enterprise, 10)+nextSuffix)
}

// parseEnterpriseFile reads the number of a key file; a tombstone is not one.
func parseEnterpriseFile(name string) (uint64, bool, error) {
	digits, ok := strings.CutSuffix(name, keySuffix)
	if !ok {
		digits, ok = strings.CutSuffix(name, nextSuffix)
	}
	if !ok {
		return 0, false, nil
	}
	enterprise, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0, false, fmt.Errorf("%w: key file %q", ErrDamaged, name)
	}
	return enterprise, true, nil
}

// RotateDataKey saves a new data key beside the old one in an organisation's
// folder and returns it. Readers open with both; the organisation's admin then
// sets the new one on chain, custodians re-wrap to it, and RetireDataKeys ends
// the old one.
func RotateDataKey(folder string) (*DataKey, error) {
	keys, err := LoadDataKeys(folder)
	if err != nil {
		return nil, err
	}
	next, err := GenerateDataKey(keys[0].suite)
	if err != nil {
		return nil, err
	}
	// The old key gets its own name first: after a crash both are there, or one.
	old := keys[0].ID()
	if err := keys[0].Save(filepath.Join(folder, formerPrefix+old.String())); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	temp := filepath.Join(folder, tempPrefix+"data-key")
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := next.Save(temp); err != nil {
		return nil, err
	}
	if err := os.Rename(temp, filepath.Join(folder, DataKeyFile)); err != nil {
		return nil, err
	}
	return next, syncDir(folder)
}

// DataKeyFile is the current data key in an organisation's folder; formerPrefix
// begins the name of one that it replaced.
const (
	DataKeyFile  = "data.key"
	formerPrefix = "data-former-"
)

// LoadDataKeys reads an organisation's data keys, the current one first.
func LoadDataKeys(folder string) ([]*DataKey, error) {
	current, err := LoadDataKey(filepath.Join(folder, DataKeyFile))
	if err != nil {
		return nil, err
	}
	keys := []*DataKey{current}
	names, err := list(folder)
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		if !strings.HasPrefix(n, formerPrefix) {
			continue
		}
		key, err := LoadDataKey(filepath.Join(folder, n))
		if err != nil {
			return nil, fmt.Errorf("former data key %s: %w", n, err)
		}
		if key.ID() != current.ID() {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// RetireDataKeys destroys the keys that the current one replaced, once no wrap
// is left that only they open.
func RetireDataKeys(folder string) error {
	if _, err := LoadDataKey(filepath.Join(folder, DataKeyFile)); err != nil {
		return err
	}
	names, err := list(folder)
	if err != nil {
		return err
	}
	for _, n := range names {
		if strings.HasPrefix(n, formerPrefix) {
			if err := shred(filepath.Join(folder, n)); err != nil {
				return err
			}
		}
	}
	return nil
}
