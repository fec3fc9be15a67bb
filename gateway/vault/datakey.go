package vault

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"

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
