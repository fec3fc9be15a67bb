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
	suite  Suite
	kms    string // master and enterprise keys
	sealed string // category keys, useless without the former

	mu      sync.RWMutex
	masters []Key // the current one first; a second while a rotation is under way
}

// OpenKeyRing opens the key ring whose master and enterprise keys are in kmsDir
// and whose sealed category keys are in sealedDir, and makes a master key when
// both are new. It finishes a master rotation that was interrupted.
func OpenKeyRing(s Suite, kmsDir, sealedDir string) (*KeyRing, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	k := &KeyRing{suite: s, kms: kmsDir, sealed: sealedDir}
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
	if len(k.masters) > 1 {
		if err := k.reseal(); err != nil {
			return nil, fmt.Errorf("finishing a master key rotation: %w", err)
		}
	}
	return k, nil
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
	if err := writeFile(k.tombstone(enterprise), stone); err != nil {
		return fmt.Errorf("writing the tombstone: %w", err)
	}
	if err := shred(k.enterpriseFile(enterprise)); err != nil {
		return fmt.Errorf("destroying the enterprise key: %w", err)
	}
	names, err := list(k.categoryDir(enterprise))
	if err != nil {
		return err
	}
	for _, n := range names {
		if err := removeFile(filepath.Join(k.categoryDir(enterprise), n)); err != nil {
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
	if err != nil {
		return false, err
	}
	sealed, err := list(k.categoryDir(enterprise))
	return !key && len(sealed) == 0, err
}

// RotateMaster makes a new master key and seals every enterprise key under it.
// Reads go on meanwhile only between keys; a crash in between is finished by the
// next OpenKeyRing.
func (k *KeyRing) RotateMaster() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.masters) > 1 {
		return fmt.Errorf("%w: a master rotation is unfinished", ErrKey)
	}
	next := []Key{randomKey(), k.masters[0]}
	if err := k.saveMaster(next); err != nil {
		return err
	}
	k.masters = next
	return k.reseal()
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
	owner, err := k.enterpriseKey(enterprise)
	if err != nil {
		return Key{}, err
	}
	b, err := readFile(k.categoryFile(enterprise, c, epoch))
	if errors.Is(err, fs.ErrNotExist) {
		return Key{}, fmt.Errorf("%w: enterprise %d has no %s key of epoch %d", ErrKey, enterprise, c, epoch)
	}
	if err != nil {
		return Key{}, err
	}
	return sealedKey{k.suite, enterprise, c, epoch}.open(owner, b)
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
	owner, err := k.enterpriseKey(enterprise)
	if errors.Is(err, fs.ErrNotExist) {
		owner, err = k.createEnterprise(enterprise)
	}
	if err != nil {
		return err
	}
	if err := makeDir(k.categoryDir(enterprise)); err != nil {
		return err
	}
	b, err := sealedKey{k.suite, enterprise, c, epoch}.seal(owner, randomKey())
	if err != nil {
		return err
	}
	return writeFile(k.categoryFile(enterprise, c, epoch), b)
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
	return key, writeFile(k.enterpriseFile(enterprise), b)
}

// enterpriseKey returns fs.ErrNotExist where there is none yet.
func (k *KeyRing) enterpriseKey(enterprise uint64) (Key, error) {
	if gone, err := k.Erased(enterprise); err != nil || gone {
		return Key{}, errors.Join(err, erasedIf(gone, enterprise))
	}
	b, err := readFile(k.enterpriseFile(enterprise))
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

// reseal seals every enterprise key under the first master and then forgets the
// others.
func (k *KeyRing) reseal() error {
	names, err := list(k.enterpriseDir())
	if err != nil {
		return err
	}
	for _, n := range names {
		digits, ok := strings.CutSuffix(n, keySuffix)
		if !ok {
			continue
		}
		enterprise, err := strconv.ParseUint(digits, 10, 64)
		if err != nil {
			return fmt.Errorf("%w: key file %q", ErrDamaged, n)
		}
		key, err := k.enterpriseKey(enterprise)
		if err != nil {
			return err
		}
		b, err := sealedKey{suite: k.suite, enterprise: enterprise}.seal(k.masters[0], key)
		if err != nil {
			return err
		}
		if err := writeFile(k.enterpriseFile(enterprise), b); err != nil {
			return err
		}
	}
	if err := k.saveMaster(k.masters[:1]); err != nil {
		return err
	}
	k.masters = k.masters[:1]
	return nil
}

func (k *KeyRing) loadMaster() error {
	path := k.masterFile()
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		names, err := list(k.enterpriseDir())
		if err != nil {
			return err
		}
		if len(names) > 0 {
			return fmt.Errorf("%w: the master key is missing but enterprise keys exist", ErrKey)
		}
		k.masters = []Key{randomKey()}
		return k.saveMaster(k.masters)
	}
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%w: the master key file is open to others (mode %o, want %o)", ErrKey, info.Mode().Perm(), secretMode)
	}
	b, err := readFile(path)
	if err != nil {
		return err
	}
	r := canon.Open("kms-master", b)
	suite, n := Suite(r.String()), r.Uint8()
	for range min(n, 2) {
		if key := r.Fixed(KeyBytes); key != nil {
			k.masters = append(k.masters, Key(key))
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%w: master key file: %w", ErrDamaged, err)
	}
	if len(k.masters) == 0 {
		return fmt.Errorf("%w: master key file holds no key", ErrKey)
	}
	if suite != k.suite {
		return fmt.Errorf("%w: master key is of suite %q", ErrSuite, suite)
	}
	return nil
}

func (k *KeyRing) saveMaster(keys []Key) error {
	w := canon.New("kms-master").String(string(k.suite)).Uint8(uint8(len(keys)))
	for _, key := range keys {
		w.Fixed(key[:])
	}
	b, err := w.Encoded()
	if err != nil {
		return err
	}
	return writeFile(k.masterFile(), b)
}

const (
	keySuffix    = ".key"
	erasedSuffix = ".erased"
)

func (k *KeyRing) masterFile() string    { return filepath.Join(k.kms, "master.key") }
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
