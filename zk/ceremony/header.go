package ceremony

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/zk"
)

// ErrTranscript says that a transcript is malformed or does not hold.
var ErrTranscript = errors.New("ceremony: transcript does not hold")

const (
	organisationsMax     = zk.SealSignaturesMax
	organisationBytesMax = 128
	beaconNameBytesMax   = 256
	headerBytesMax       = 16 << 10
)

// Organisation may contribute once, and signs with the key.
type Organisation struct {
	Name string
	Key  [ed25519.PublicKeySize]byte
}

// Header is what the organisations agree on before the first contribution. The
// beacon is named here and becomes known at BeaconAt, after the last
// contribution, so that nobody can choose a contribution to fit it.
type Header struct {
	Name          string // of the ceremony, 1 to zk.CeremonyNameBytesMax bytes
	Powers        uint32 // in G1; zk.PowersMax for a network
	Beacon        string // a public value that nobody can foretell, in words
	BeaconAt      int64  // when it becomes known, Unix seconds
	Organisations []Organisation
}

// Encode is the header's canonical bytes.
func (h Header) Encode() ([]byte, error) {
	w := canon.New("ceremony-header").String(h.Name).Uint32(h.Powers).String(h.Beacon).Int64(h.BeaconAt).
		Uint8(uint8(len(h.Organisations)))
	for _, o := range h.Organisations {
		w.String(o.Name).Fixed(o.Key[:])
	}
	b, err := w.Encoded()
	if err != nil {
		return nil, fmt.Errorf("%w: header: %w", ErrTranscript, err)
	}
	return b, h.validate()
}

func (h Header) validate() error {
	switch {
	case h.Name == "" || len(h.Name) > zk.CeremonyNameBytesMax:
		return fmt.Errorf("%w: name has %d bytes, want 1 to %d", ErrTranscript, len(h.Name), zk.CeremonyNameBytesMax)
	case h.Powers < zk.PowersMin || h.Powers > zk.PowersMax:
		return fmt.Errorf("%w: %d powers, want %d to %d", ErrTranscript, h.Powers, zk.PowersMin, zk.PowersMax)
	case h.Beacon == "" || len(h.Beacon) > beaconNameBytesMax:
		return fmt.Errorf("%w: the beacon's name has %d bytes, want 1 to %d", ErrTranscript, len(h.Beacon), beaconNameBytesMax)
	case h.BeaconAt <= 0:
		return fmt.Errorf("%w: the beacon has no time", ErrTranscript)
	case len(h.Organisations) == 0 || len(h.Organisations) > organisationsMax:
		return fmt.Errorf("%w: %d organisations, want 1 to %d", ErrTranscript, len(h.Organisations), organisationsMax)
	}
	for i, o := range h.Organisations {
		if o.Name == "" || len(o.Name) > organisationBytesMax {
			return fmt.Errorf("%w: name of organisation %d has %d bytes, want 1 to %d", ErrTranscript, i, len(o.Name), organisationBytesMax)
		}
		for _, other := range h.Organisations[:i] {
			if other.Name == o.Name || other.Key == o.Key {
				return fmt.Errorf("%w: organisation %s comes twice", ErrTranscript, o.Name)
			}
		}
	}
	return nil
}

func decodeHeader(b []byte) (Header, error) {
	r := canon.Open("ceremony-header", b)
	h := Header{Name: r.String(), Powers: r.Uint32(), Beacon: r.String(), BeaconAt: r.Int64()}
	n := int(r.Uint8())
	for range n {
		o := Organisation{Name: r.String()}
		copy(o.Key[:], r.Fixed(ed25519.PublicKeySize))
		h.Organisations = append(h.Organisations, o)
	}
	if err := r.Done(); err != nil {
		return Header{}, fmt.Errorf("%w: header: %w", ErrTranscript, err)
	}
	return h, h.validate()
}

// organisation is the place of a key in the list, or an error.
func (h Header) organisation(key []byte) (int, error) {
	for i, o := range h.Organisations {
		if bytes.Equal(o.Key[:], key) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%w: key %x is of none of the organisations in the header", ErrTranscript, key)
}

// record is one organisation's signed word about its contribution. Records form
// a chain: each holds the hash of the one before, the first that of the header.
type record struct {
	previous     [32]byte // hash of the record before, or of the header
	number       uint16   // from 1
	organisation uint8    // place in the header
	at           int64    // Unix seconds, before Header.BeaconAt
	contribution [32]byte // SHA-256 of the contribution's file
	signature    [ed25519.SignatureSize]byte
}

func (r record) signed() []byte {
	b, err := canon.New("ceremony-record").Fixed(r.previous[:]).Uint16(r.number).Uint8(r.organisation).
		Int64(r.at).Fixed(r.contribution[:]).Encoded()
	if err != nil {
		panic(err) // no string among the fields
	}
	return b
}

func (r record) encode() []byte {
	b, err := canon.New("ceremony-signed-record").Bytes(r.signed()).Fixed(r.signature[:]).Encoded()
	if err != nil {
		panic(err) // no string among the fields, and the bytes are few
	}
	return b
}

func (r record) hash() [32]byte {
	return canon.New("ceremony-record-hash").Bytes(r.encode()).MustSum()
}

func decodeRecord(b []byte) (record, error) {
	outer := canon.Open("ceremony-signed-record", b)
	signed := outer.Bytes()
	var rec record
	copy(rec.signature[:], outer.Fixed(ed25519.SignatureSize))
	if err := outer.Done(); err != nil {
		return record{}, fmt.Errorf("%w: record: %w", ErrTranscript, err)
	}
	r := canon.Open("ceremony-record", signed)
	copy(rec.previous[:], r.Fixed(32))
	rec.number, rec.organisation, rec.at = r.Uint16(), r.Uint8(), r.Int64()
	copy(rec.contribution[:], r.Fixed(32))
	if err := r.Done(); err != nil {
		return record{}, fmt.Errorf("%w: record: %w", ErrTranscript, err)
	}
	return rec, nil
}

// check holds a record against the header and the state of the chain before it.
func (r record) check(h Header, previous [32]byte, number uint16, seen map[uint8]bool) error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%w: record %d: %s", ErrTranscript, number, fmt.Sprintf(format, args...))
	}
	switch {
	case r.number != number:
		return fail("says it is number %d", r.number)
	case r.previous != previous:
		return fail("does not follow the one before")
	case int(r.organisation) >= len(h.Organisations):
		return fail("organisation %d is not in the header", r.organisation)
	case seen[r.organisation]:
		return fail("%s contributed before", h.Organisations[r.organisation].Name)
	case r.at >= h.BeaconAt:
		return fail("made at %d, when the beacon of %d could be known", r.at, h.BeaconAt)
	case !ed25519.Verify(h.Organisations[r.organisation].Key[:], r.signed(), r.signature[:]):
		return fail("the signature of %s is false", h.Organisations[r.organisation].Name)
	}
	seen[r.organisation] = true
	return nil
}
