package vault

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/xinlian/xinlian/internal/canon"
)

// PublicKeyBytes is the size of a data key's public bytes: an uncompressed point.
const PublicKeyBytes = 65

// Recipient is the public half of an organisation's data key, as the chain
// holds it. Wraps go to it, never to a person's device.
type Recipient struct {
	Suite  Suite
	Public []byte
}

// ID is the data-key id: SHA-256 of the public bytes, as the chain has it.
func (r Recipient) ID() ID { return sha256.Sum256(r.Public) }

// Check refuses a key whose public bytes are no point of the suite's curve.
func (r Recipient) Check() error {
	a, err := r.Suite.algorithms()
	if err != nil {
		return err
	}
	if err := a.checkPublic(r.Public); err != nil {
		return fmt.Errorf("%w: public bytes: %w", ErrKey, err)
	}
	return nil
}

// DataKey is an organisation's key pair of encryption. It prints as a constant.
type DataKey struct {
	suite   Suite
	private privateKey
}

// GenerateDataKey makes a new data key.
func GenerateDataKey(s Suite) (*DataKey, error) {
	a, err := s.algorithms()
	if err != nil {
		return nil, err
	}
	private, err := a.generate()
	if err != nil {
		return nil, fmt.Errorf("%w: generating: %w", ErrKey, err)
	}
	return &DataKey{suite: s, private: private}, nil
}

// LoadDataKey reads a key that Save wrote. It refuses a file that others may read.
func LoadDataKey(path string) (*DataKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%w: the data key file is open to others (mode %o, want %o)", ErrKey, info.Mode().Perm(), secretMode)
	}
	b, err := readFile(path)
	if err != nil {
		return nil, err
	}
	r := canon.Open("data-key-private", b)
	suite, raw := Suite(r.String()), r.Bytes()
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("%w: data key file: %w", ErrDamaged, err)
	}
	a, err := suite.algorithms()
	if err != nil {
		return nil, err
	}
	private, err := a.parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: data key file", ErrKey)
	}
	return &DataKey{suite: suite, private: private}, nil
}

// Save writes the key to a new file that only its owner may read; it never
// overwrites one.
func (k *DataKey) Save(path string) error {
	raw, err := k.private.raw()
	if err != nil {
		return fmt.Errorf("%w: serialising", ErrKey)
	}
	b, err := canon.New("data-key-private").String(string(k.suite)).Bytes(raw).Encoded()
	if err != nil {
		return err
	}
	if there, err := exists(path); err != nil || there {
		return errors.Join(err, fmt.Errorf("saving the data key: %w", fs.ErrExist))
	}
	return writeFile(path, b)
}

// Recipient is the public half.
func (k *DataKey) Recipient() Recipient {
	return Recipient{Suite: k.suite, Public: k.private.public()}
}

// ID is the id of the public half.
func (k *DataKey) ID() ID { return k.Recipient().ID() }

// Format hides the key from every verb.
func (*DataKey) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("vault.DataKey(hidden)")) }

// DataKeySource finds the private half of a data key. While an organisation
// rotates its key, wraps to two of them are about.
type DataKeySource interface {
	// DataKey is the key of that id; ErrKey.
	DataKey(id ID) (*DataKey, error)
	// Current is the key that new wraps should go to.
	Current() *DataKey
}

// Current makes a single key a source.
func (k *DataKey) Current() *DataKey { return k }

// DataKey makes a single key a source.
func (k *DataKey) DataKey(id ID) (*DataKey, error) {
	if k.ID() != id {
		return nil, fmt.Errorf("%w: wrap is for data key %s", ErrKey, id)
	}
	return k, nil
}

// DataKeyFolder is the data keys in an organisation's folder. It looks there
// again when it is asked for one that it does not know, so that a rotation needs
// no restart. It is safe for concurrent use.
type DataKeyFolder struct {
	dir string

	mu   sync.Mutex
	keys []*DataKey
}

// OpenDataKeyFolder reads the data keys in dir.
func OpenDataKeyFolder(dir string) (*DataKeyFolder, error) {
	keys, err := LoadDataKeys(dir)
	return &DataKeyFolder{dir: dir, keys: keys}, err
}

// Current is the folder's current key, or the last one known if the folder
// cannot be read.
func (f *DataKeyFolder) Current() *DataKey {
	f.mu.Lock()
	defer f.mu.Unlock()
	if keys, err := LoadDataKeys(f.dir); err == nil {
		f.keys = keys
	}
	return f.keys[0]
}

// DataKey is the key of that id; ErrKey.
func (f *DataKeyFolder) DataKey(id ID) (*DataKey, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for range 2 {
		for _, k := range f.keys {
			if k.ID() == id {
				return k, nil
			}
		}
		keys, err := LoadDataKeys(f.dir)
		if err != nil {
			return nil, err
		}
		f.keys = keys
	}
	return nil, fmt.Errorf("%w: no data key %s in %s", ErrKey, id, f.dir)
}
