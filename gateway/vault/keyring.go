package vault

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/record"
)

// EpochsMax bounds the epochs of one category of one enterprise.
const EpochsMax = 100_000

// KeyRing is the custodian's key management: a master key seals one key per
// enterprise, which seals that enterprise's category keys, one per category and
// epoch. Master and enterprise keys live in a folder of their own that is never
// backed up with the data; destroying an enterprise's key makes everything of
// that enterprise unreadable, in the vault and in every copy of it.
//
// A KeyRing is safe for concurrent use; only one may have its folder open.
type KeyRing struct {
	suite     Suite
	kms       string // master and enterprise keys
	sealed    string // category keys, useless without the former
	catalogue *catalogue

	rotating sync.Mutex // one rotation at a time; taken before mu

	mu      sync.RWMutex
	guard   MasterGuard
	masters []Key // the current one first; a second while a rotation is under way
}

// OpenKeyRing opens the key ring whose master and enterprise keys are in kmsDir
// and whose sealed category keys are in sealedDir, and makes a master key when
// both are new. guard protects the master key; nil is FileGuard. It finishes
// rotations that were interrupted.
func OpenKeyRing(s Suite, guard MasterGuard, kmsDir, sealedDir string) (*KeyRing, error) {
	return openKeyRing(s, guard, kmsDir, sealedDir, nil)
}

func openKeyRing(s Suite, guard MasterGuard, kmsDir, sealedDir string, c *catalogue) (*KeyRing, error) {
	if s != "" {
		if err := s.check(); err != nil {
			return nil, err
		}
	}
	if guard == nil {
		guard = FileGuard()
	}
	k := &KeyRing{suite: s, guard: guard, kms: kmsDir, sealed: sealedDir, catalogue: c}
	for _, dir := range []string{k.enterpriseDir(), sealedDir} {
		if err := makeDir(dir); err != nil {
			return nil, fmt.Errorf("making the key folder: %w", err)
		}
		if err := sweepTemp(dir); err != nil {
			return nil, fmt.Errorf("sweeping the key folder: %w", err)
		}
	}
	if err := k.loadMaster(); err != nil {
		return nil, err
	}
	return k, k.finishRotations()
}

// Current is the newest epoch of a category, 0 where it has none.
func (k *KeyRing) Current(enterprise uint64, c record.Category) (uint32, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.current(enterprise, c)
}

// Ensure is Current, but starts epoch 1 where there is none. It refuses an
// erased enterprise with ErrErased.
func (k *KeyRing) Ensure(enterprise uint64, c record.Category) (uint32, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	epoch, err := k.current(enterprise, c)
	if err != nil || epoch > 0 {
		return epoch, err
	}
	return 1, k.create(enterprise, c, 1)
}

// Rotate starts the next epoch of a category and returns it. Old epochs stay
// readable for the consents that hold their wraps.
func (k *KeyRing) Rotate(enterprise uint64, c record.Category) (uint32, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	epoch, err := k.current(enterprise, c)
	if err != nil {
		return 0, err
	}
	if epoch >= EpochsMax {
		return 0, fmt.Errorf("%w: %d epochs", ErrBatch, epoch)
	}
	return epoch + 1, k.create(enterprise, c, epoch+1)
}

// Destroy destroys the enterprise's key and leaves a tombstone, so that no new
// key is made under that id. It is idempotent. A copy of the key folder still
// holds the key until it expires: a restored one must replay its erasures.
func (k *KeyRing) Destroy(enterprise uint64) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	stone, err := canon.New("kms-erased").Uint64(enterprise).Encoded()
	if err != nil {
		return err
	}
	if err := k.catalogue.write(k.tombstone(enterprise), stone); err != nil {
		return fmt.Errorf("writing the tombstone: %w", err)
	}
	for _, path := range []string{k.enterpriseFile(enterprise), k.nextFile(enterprise)} {
		if err := k.catalogue.shred(path); err != nil {
			return fmt.Errorf("destroying the enterprise key: %w", err)
		}
	}
	names, err := list(k.categoryDir(enterprise))
	if err != nil {
		return err
	}
	for _, n := range names {
		if err := k.catalogue.remove(filepath.Join(k.categoryDir(enterprise), n)); err != nil {
			return err
		}
	}
	return nil
}

// Erased says whether the enterprise's key was destroyed here.
func (k *KeyRing) Erased(enterprise uint64) (bool, error) {
	return exists(k.tombstone(enterprise))
}

// destroyed says whether Destroy has nothing left to do.
func (k *KeyRing) destroyed(enterprise uint64) (bool, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	gone, err := k.Erased(enterprise)
	if err != nil || !gone {
		return false, err
	}
	key, err := exists(k.enterpriseFile(enterprise))
	if err != nil || key {
		return false, err
	}
	if key, err = exists(k.nextFile(enterprise)); err != nil {
		return false, err
	}
	sealed, err := list(k.categoryDir(enterprise))
	return !key && len(sealed) == 0, err
}

// periodKey is the period key of one month; it leaves the custodian only inside
// a wrap.
func (k *KeyRing) periodKey(enterprise uint64, c record.Category, epoch, month uint32) (Key, error) {
	category, err := k.categoryKey(enterprise, c, epoch)
	if err != nil {
		return Key{}, err
	}
	return PeriodKey(k.suite, category, month)
}

func (k *KeyRing) categoryKey(enterprise uint64, c record.Category, epoch uint32) (Key, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	owners, err := k.enterpriseKeys(enterprise)
	if err != nil {
		return Key{}, err
	}
	return k.openCategory(enterprise, c, epoch, owners)
}

// openCategory opens a category key with whichever of the enterprise's keys it
// is sealed under.
func (k *KeyRing) openCategory(enterprise uint64, c record.Category, epoch uint32, owners []Key) (Key, error) {
	b, err := readFile(k.categoryFile(enterprise, c, epoch))
	if errors.Is(err, fs.ErrNotExist) {
		return Key{}, fmt.Errorf("%w: enterprise %d has no %s key of epoch %d", ErrKey, enterprise, c, epoch)
	}
	if err != nil {
		return Key{}, err
	}
	var last error
	for _, owner := range owners {
		key, err := sealedKey{k.suite, enterprise, c, epoch}.open(owner, b)
		if err == nil {
			return key, nil
		}
		last = err
	}
	return Key{}, last
}

func (k *KeyRing) current(enterprise uint64, c record.Category) (uint32, error) {
	if gone, err := k.Erased(enterprise); err != nil || gone {
		return 0, errors.Join(err, erasedIf(gone, enterprise))
	}
	names, err := list(k.categoryDir(enterprise))
	if err != nil {
		return 0, err
	}
	var newest uint32
	for _, n := range names {
		category, epoch, ok := parseCategoryFile(n)
		if !ok {
			return 0, fmt.Errorf("%w: key file %q", ErrDamaged, n)
		}
		if category == c && epoch > newest {
			newest = epoch
		}
	}
	return newest, nil
}

func (k *KeyRing) create(enterprise uint64, c record.Category, epoch uint32) error {
	return k.store(enterprise, c, epoch, randomKey())
}

// store seals a category key under the enterprise's newest key, which it makes
// where there is none.
func (k *KeyRing) store(enterprise uint64, c record.Category, epoch uint32, key Key) error {
	owners, err := k.enterpriseKeys(enterprise)
	if errors.Is(err, fs.ErrNotExist) {
		owners = make([]Key, 1)
		owners[0], err = k.createEnterprise(enterprise)
	}
	if err != nil {
		return err
	}
	if err := makeDir(k.categoryDir(enterprise)); err != nil {
		return err
	}
	b, err := sealedKey{k.suite, enterprise, c, epoch}.seal(owners[0], key)
	if err != nil {
		return err
	}
	return k.catalogue.write(k.categoryFile(enterprise, c, epoch), b)
}

func (k *KeyRing) createEnterprise(enterprise uint64) (Key, error) {
	// Category keys without their enterprise key are a lost or half-restored key
	// folder: a new key would hide that.
	names, err := list(k.categoryDir(enterprise))
	if err != nil {
		return Key{}, err
	}
	if len(names) > 0 {
		return Key{}, fmt.Errorf("%w: enterprise %d has category keys but no key of its own", ErrKey, enterprise)
	}
	key := randomKey()
	b, err := sealedKey{suite: k.suite, enterprise: enterprise}.seal(k.masters[0], key)
	if err != nil {
		return Key{}, err
	}
	return key, k.catalogue.write(k.enterpriseFile(enterprise), b)
}

// enterpriseKeys are the enterprise's keys, the newest first: two while one
// replaces the other. It returns fs.ErrNotExist where there is none yet.
func (k *KeyRing) enterpriseKeys(enterprise uint64) ([]Key, error) {
	if gone, err := k.Erased(enterprise); err != nil || gone {
		return nil, errors.Join(err, erasedIf(gone, enterprise))
	}
	var keys []Key
	for _, path := range []string{k.nextFile(enterprise), k.enterpriseFile(enterprise)} {
		key, err := k.openEnterprise(enterprise, path)
		if err == nil {
			keys = append(keys, key)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	if len(keys) == 0 {
		return nil, fs.ErrNotExist
	}
	return keys, nil
}

// openEnterprise opens one enterprise key file with whichever master it is
// sealed under.
func (k *KeyRing) openEnterprise(enterprise uint64, path string) (Key, error) {
	b, err := readFile(path)
	if err != nil {
		return Key{}, err
	}
	var last error
	for _, m := range k.masters {
		key, err := sealedKey{suite: k.suite, enterprise: enterprise}.open(m, b)
		if err == nil {
			return key, nil
		}
		last = err
	}
	return Key{}, last
}

const (
	keySuffix    = ".key"
	erasedSuffix = ".erased"
	nextSuffix   = ".next" // an enterprise key that is about to replace the present one
)

func (k *KeyRing) enterpriseDir() string { return filepath.Join(k.kms, "enterprises") }

func (k *KeyRing) enterpriseFile(enterprise uint64) string {
	return filepath.Join(k.enterpriseDir(), strconv.FormatUint(enterprise, 10)+keySuffix)
}

func (k *KeyRing) tombstone(enterprise uint64) string {
	return filepath.Join(k.enterpriseDir(), strconv.FormatUint(enterprise, 10)+erasedSuffix)
}

func (k *KeyRing) categoryDir(enterprise uint64) string {
	return filepath.Join(k.sealed, strconv.FormatUint(enterprise, 10))
}

func (k *KeyRing) categoryFile(enterprise uint64, c record.Category, epoch uint32) string {
	return filepath.Join(k.categoryDir(enterprise), fmt.Sprintf("%d-%d%s", uint8(c), epoch, keySuffix))
}

func parseCategoryFile(name string) (record.Category, uint32, bool) {
	body, ok := strings.CutSuffix(name, keySuffix)
	category, epoch, found := strings.Cut(body, "-")
	c, err1 := strconv.ParseUint(category, 10, 8)
	e, err2 := strconv.ParseUint(epoch, 10, 32)
	return record.Category(c), uint32(e), ok && found && err1 == nil && err2 == nil && e > 0
}

func randomKey() (k Key) {
	rand.Read(k[:])
	return k
}

func randomID() (id ID) {
	rand.Read(id[:])
	return id
}

func exists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func erasedIf(gone bool, enterprise uint64) error {
	if gone {
		return fmt.Errorf("%w: %d", ErrErased, enterprise)
	}
	return nil
}
