package vault

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/record"
)

// WrapsMax bounds the wraps of one consent, one per category and epoch; the chain
// takes no more.
const WrapsMax = 64

// WrapContext is everything that a wrap is for. Sealing binds all of it: a wrap
// presented for another chain, consent, month or key does not open.
type WrapContext struct {
	Suite      Suite
	ChainID    string
	Enterprise uint64
	Category   record.Category
	Epoch      uint32
	Months     Months
	Recipient  ID // data-key id
	Consent    ID
}

// Info is the context in canonical form, which sealing binds.
func (c WrapContext) Info() ([]byte, error) {
	return canon.New("wrap-info").String(string(c.Suite)).String(c.ChainID).Uint64(c.Enterprise).
		Uint8(uint8(c.Category)).Uint32(c.Epoch).Uint32(c.Months.From).Uint32(c.Months.To).
		Fixed(c.Recipient[:]).Fixed(c.Consent[:]).Encoded()
}

// Wrap holds the period keys of a consent's months, one category and one epoch,
// encrypted to the grantee organisation. It lives in the vault and on the way to
// the grantee; the chain stores only its hash.
type Wrap struct {
	WrapContext

	Sealed []byte
}

// SealWrap encrypts the period keys of c.Months in ascending order to r.
func SealWrap(c WrapContext, r Recipient, periods []Key) (*Wrap, error) {
	if err := c.Months.check(); err != nil {
		return nil, err
	}
	if r.ID() != c.Recipient || r.Suite != c.Suite || len(periods) != c.Months.count() {
		return nil, fmt.Errorf("%w: wrap context does not match its recipient or keys", ErrKey)
	}
	info, err := c.Info()
	if err != nil {
		return nil, err
	}
	plain := make([]byte, 0, len(periods)*KeyBytes)
	for _, k := range periods {
		plain = append(plain, k[:]...)
	}
	a, err := c.Suite.algorithms()
	if err != nil {
		return nil, err
	}
	sealed, err := a.sealTo(r.Public, info, plain)
	if err != nil {
		return nil, fmt.Errorf("wrapping period keys: %w", err)
	}
	return &Wrap{WrapContext: c, Sealed: sealed}, nil
}

// Open returns the period key of each month. The sender is not authenticated: a
// record opened with these keys still has to prove itself against its root.
func (w *Wrap) Open(key *DataKey) (map[uint32]Key, error) {
	if w.Recipient != key.ID() || w.Suite != key.suite {
		return nil, fmt.Errorf("%w: wrap is for data key %s", ErrKey, w.Recipient)
	}
	if err := w.Months.check(); err != nil {
		return nil, err
	}
	info, err := w.Info()
	if err != nil {
		return nil, err
	}
	plain, err := key.private.open(info, w.Sealed)
	if err != nil {
		return nil, fmt.Errorf("%w: opening a wrap: %w", ErrKey, err)
	}
	months := w.Months.each()
	if len(plain) != len(months)*KeyBytes {
		return nil, fmt.Errorf("%w: wrap holds %d bytes for %d months", ErrKey, len(plain), len(months))
	}
	keys := make(map[uint32]Key, len(months))
	for i, m := range months {
		keys[m] = Key(plain[i*KeyBytes:])
	}
	return keys, nil
}

// Encoded is the wrap's canonical bytes.
func (w *Wrap) Encoded() ([]byte, error) {
	return canon.New("wrap").String(string(w.Suite)).String(w.ChainID).Uint64(w.Enterprise).
		Uint8(uint8(w.Category)).Uint32(w.Epoch).Uint32(w.Months.From).Uint32(w.Months.To).
		Fixed(w.Recipient[:]).Fixed(w.Consent[:]).Bytes(w.Sealed).Encoded()
}

// Hash is SHA-256 of the wrap's canonical bytes, which the chain stores.
func (w *Wrap) Hash() ([sha256.Size]byte, error) {
	b, err := w.Encoded()
	return sha256.Sum256(b), err
}

// DecodeWrap reads canonical bytes back.
func DecodeWrap(b []byte) (*Wrap, error) {
	r := canon.Open("wrap", b)
	w := &Wrap{WrapContext: WrapContext{
		Suite: Suite(r.String()), ChainID: r.String(), Enterprise: r.Uint64(),
		Category: record.Category(r.Uint8()), Epoch: r.Uint32(), Months: Months{r.Uint32(), r.Uint32()},
	}}
	copy(w.Recipient[:], r.Fixed(IDBytes))
	copy(w.Consent[:], r.Fixed(IDBytes))
	w.Sealed = r.Bytes()
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("%w: wrap: %w", ErrDamaged, err)
	}
	return w, w.Suite.check()
}

// wrapStore keeps the wraps of each consent in one file named by the consent.
type wrapStore struct {
	dir   string
	files *catalogue
}

func (s wrapStore) path(consent ID) string { return filepath.Join(s.dir, consent.String()) }

func (s wrapStore) save(consent ID, wraps []*Wrap) error {
	if len(wraps) == 0 || len(wraps) > WrapsMax {
		return fmt.Errorf("%w: %d wraps", ErrKey, len(wraps))
	}
	b, err := encodeWraps(wraps)
	if err != nil {
		return err
	}
	return s.files.write(s.path(consent), b)
}

// load returns ErrNoWraps where the consent has none, or no longer.
func (s wrapStore) load(consent ID) ([]*Wrap, error) {
	b, err := readFile(s.path(consent))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoWraps
	}
	if err != nil {
		return nil, err
	}
	wraps, err := decodeWraps(b)
	if err != nil {
		return nil, err
	}
	for _, w := range wraps {
		if w.Consent != consent {
			return nil, fmt.Errorf("%w: wraps of another consent", ErrDamaged)
		}
	}
	return wraps, nil
}

func (s wrapStore) drop(consent ID) error { return s.files.shred(s.path(consent)) }

// consents lists the consents that have wraps.
func (s wrapStore) consents() ([]ID, error) {
	names, err := list(s.dir)
	if err != nil {
		return nil, err
	}
	ids := make([]ID, 0, len(names))
	for _, n := range names {
		id, err := ParseID(n)
		if err != nil {
			return nil, fmt.Errorf("%w: wrap file %q in %s", ErrDamaged, n, filepath.Base(s.dir))
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func encodeWraps(wraps []*Wrap) ([]byte, error) {
	w := canon.New("wraps").Uint16(uint16(len(wraps)))
	for _, k := range wraps {
		b, err := k.Encoded()
		if err != nil {
			return nil, err
		}
		w.Bytes(b)
	}
	return w.Encoded()
}

func decodeWraps(b []byte) ([]*Wrap, error) {
	r := canon.Open("wraps", b)
	n := int(r.Uint16())
	if n > WrapsMax {
		return nil, fmt.Errorf("%w: %d wraps", ErrDamaged, n)
	}
	var wraps []*Wrap
	for range n {
		raw := r.Bytes()
		if r.Err() != nil {
			break
		}
		w, err := DecodeWrap(raw)
		if err != nil {
			return nil, err
		}
		wraps = append(wraps, w)
	}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("%w: wraps: %w", ErrDamaged, err)
	}
	return wraps, nil
}

// ParseID reads an id in lower-case hexadecimal.
func ParseID(s string) (id ID, err error) {
	if len(s) != 2*IDBytes {
		return id, fmt.Errorf("%w: id %.80q", ErrBadRequest, s)
	}
	for i := range id {
		hi, lo := unhex(s[2*i]), unhex(s[2*i+1])
		if hi > 15 || lo > 15 {
			return ID{}, fmt.Errorf("%w: id %q", ErrBadRequest, s)
		}
		id[i] = hi<<4 | lo
	}
	return id, nil
}

func unhex(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	}
	return 255
}
