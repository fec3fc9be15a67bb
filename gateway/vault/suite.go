package vault

import (
	"crypto/cipher"
	"fmt"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/record"
)

// Suite names the algorithms of an object. It is chosen once for a chain, is
// part of every derivation and every AAD, and stands in every stored object, so
// that bytes made under one suite never open under another.
type Suite string

// The suites. They differ in algorithms alone: what is derived from what, and
// what is authenticated with what, is the same.
const (
	// SuiteNIST is AES-256-GCM, HKDF-SHA256 and HPKE base mode with
	// DHKEM(P-256, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM.
	SuiteNIST Suite = "nist"
	// SuiteSM is SM4-GCM under the first 16 bytes of a key, HKDF-SM3, and SM2
	// encryption of a fresh key for wraps. Browsers cannot open it.
	SuiteSM Suite = "sm"
)

// Sizes of keys and identifiers, in bytes.
const (
	KeyBytes      = 32
	IDBytes       = 32
	NonceBytes    = 16
	gcmTagBytes   = 16
	CiphertextMax = record.CanonicalBytesMax + record.SaltBytes + gcmTagBytes
)

// ID is a batch id, a document id, a consent id or a data-key id.
type ID [IDBytes]byte

// String is the id in hexadecimal.
func (id ID) String() string { return fmt.Sprintf("%x", id[:]) }

// MarshalText is the id in hexadecimal.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads an id in hexadecimal.
func (id *ID) UnmarshalText(b []byte) (err error) {
	*id, err = ParseID(string(b))
	return err
}

// Key is a symmetric key. It prints as a constant, so that a log line with a
// structure that holds one leaks nothing.
type Key [KeyBytes]byte

// String hides the key.
func (Key) String() string { return "vault.Key(hidden)" }

// GoString hides the key from %#v.
func (Key) GoString() string { return "vault.Key(hidden)" }

// Format hides the key from every verb, %x and %d included.
func (Key) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("vault.Key(hidden)")) }

// Mode says how an object is encrypted.
type Mode uint8

// The modes of encryption.
const (
	ModeSingle Mode = 1 // one record, one AEAD call
	ModeStream Mode = 2 // a document in chunks, the last one marked
)

// algorithms is what a suite is made of.
type algorithms interface {
	// aead is the cipher under key. Its nonce is 12 bytes, its tag 16.
	aead(key Key) (cipher.AEAD, error)
	// derive expands secret to one key under info.
	derive(secret, info []byte) (Key, error)
	// checkPublic refuses what is no public key.
	checkPublic(public []byte) error
	// sealTo encrypts to an organisation's public key; nobody is authenticated.
	sealTo(public, info, plaintext []byte) ([]byte, error)
	generate() (privateKey, error)
	parse(raw []byte) (privateKey, error)
}

// privateKey is the secret half of a data key.
type privateKey interface {
	raw() ([]byte, error)
	public() []byte
	open(info, sealed []byte) ([]byte, error)
}

// algorithms are the suite's; ErrSuite for one that this build does not have.
func (s Suite) algorithms() (algorithms, error) {
	switch s {
	case SuiteNIST:
		return nist{}, nil
	case SuiteSM:
		return sm{}, nil
	}
	return nil, fmt.Errorf("%w %q", ErrSuite, string(s))
}

func (s Suite) check() error {
	_, err := s.algorithms()
	return err
}

func (s Suite) aead(key Key) (cipher.AEAD, error) {
	a, err := s.algorithms()
	if err != nil {
		return nil, err
	}
	return a.aead(key)
}

func (s Suite) derive(secret, info []byte) (Key, error) {
	a, err := s.algorithms()
	if err != nil {
		return Key{}, err
	}
	return a.derive(secret, info)
}

// PeriodKey is the key of one month (yyyymm) under a category key. It is the
// smallest key that is ever wrapped for a grantee.
func PeriodKey(s Suite, category Key, month uint32) (Key, error) {
	if !validMonth(month) {
		return Key{}, fmt.Errorf("%w: month %d", ErrOutOfRange, month)
	}
	info, err := canon.New("period").Uint32(month).Encoded()
	if err != nil {
		return Key{}, err
	}
	return s.derive(category[:], info)
}

// RecordKey is the key that encrypts one record, or one document, and nothing
// else ever. periods holds the period key of the record's month; a document that
// covers several months takes all of their keys in ascending order, so that only
// a reader who holds every one of them opens it.
func RecordKey(s Suite, periods []Key, mode Mode, batch ID, index uint64) (Key, error) {
	if len(periods) == 0 {
		return Key{}, fmt.Errorf("%w: no period key", ErrKey)
	}
	secret := make([]byte, 0, len(periods)*KeyBytes)
	for _, k := range periods {
		secret = append(secret, k[:]...)
	}
	info, err := canon.New("record-key").String(string(s)).Uint8(uint8(mode)).Fixed(batch[:]).Uint64(index).Encoded()
	if err != nil {
		return Key{}, err
	}
	return s.derive(secret, info)
}

// Place is where a ciphertext belongs. All of it is authenticated with the
// ciphertext, so that one moved to another place does not open.
type Place struct {
	Suite      Suite
	Mode       Mode
	Enterprise uint64
	Category   record.Category
	Epoch      uint32
	Batch      ID
	Index      uint64
	SchemaID   string
	Version    uint16 // of the schema
}

// AAD is the place as additional authenticated data.
func (p Place) AAD() ([]byte, error) {
	return canon.New("record-aad").String(string(p.Suite)).Uint8(uint8(p.Mode)).
		Uint64(p.Enterprise).Uint8(uint8(p.Category)).Uint32(p.Epoch).
		Fixed(p.Batch[:]).Uint64(p.Index).String(p.SchemaID).Uint16(p.Version).Encoded()
}

// sealSingle encrypts salt and canonical bytes under a record key. The nonce is
// zero, which is sound only because RecordKey gives each record a key of its own.
func sealSingle(p Place, key Key, salt, canonical []byte) ([]byte, error) {
	a, err := p.Suite.aead(key)
	if err != nil {
		return nil, err
	}
	aad, err := p.AAD()
	if err != nil {
		return nil, err
	}
	plain := append(append(make([]byte, 0, len(salt)+len(canonical)), salt...), canonical...)
	return a.Seal(nil, make([]byte, a.NonceSize()), plain, aad), nil
}

// openSingle reverses sealSingle. GCM does not commit to its key: the caller
// recomputes the leaf and compares it with the anchored root.
func openSingle(p Place, key Key, ciphertext []byte) (salt, canonical []byte, err error) {
	if len(ciphertext) > CiphertextMax {
		return nil, nil, fmt.Errorf("%w: ciphertext of %d bytes", ErrDamaged, len(ciphertext))
	}
	a, err := p.Suite.aead(key)
	if err != nil {
		return nil, nil, err
	}
	aad, err := p.AAD()
	if err != nil {
		return nil, nil, err
	}
	plain, err := a.Open(nil, make([]byte, a.NonceSize()), ciphertext, aad)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: record %d of batch %s does not open", ErrDamaged, p.Index, p.Batch)
	}
	if len(plain) < record.SaltBytes {
		return nil, nil, fmt.Errorf("%w: record %d of batch %s is too short", ErrDamaged, p.Index, p.Batch)
	}
	return plain[:record.SaltBytes], plain[record.SaltBytes:], nil
}
