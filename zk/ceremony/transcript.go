package ceremony

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/kzg"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/durable"
	"github.com/xinlian/xinlian/zk"
)

const (
	headerFile = "header"
	beaconFile = "beacon"
	sealFile   = "seal"
	// SRSFile is the name of the reference string in the folder.
	SRSFile = "srs"

	// BeaconBytesMin and BeaconBytesMax bound the beacon's value.
	BeaconBytesMin = 16
	BeaconBytesMax = 128
)

// Signer signs with an organisation's ed25519 key.
type Signer interface {
	Sign(b []byte) ([]byte, error)
}

// Transcript is an opened folder. Progress, when set, is told what begins; it may
// be called from any method. Now is the clock, time.Now by default.
type Transcript struct {
	Header   Header
	Progress func(string)
	Now      func() time.Time

	dir     string
	hash    [32]byte // of the header
	records []record
}

// Init begins a ceremony in a folder that has none.
func Init(dir string, h Header) error {
	b, err := h.Encode()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	path := filepath.Join(dir, headerFile)
	if _, err := os.Stat(path); err == nil {
		return fmt.Errorf("%w: %s holds a ceremony already", ErrTranscript, dir)
	}
	return durable.WriteFile(path, b, 0o644)
}

// Open reads header and records and checks their chain and every signature; the
// points are left to Verify.
func Open(dir string) (*Transcript, error) {
	b, err := readSmall(filepath.Join(dir, headerFile), headerBytesMax)
	if err != nil {
		return nil, err
	}
	h, err := decodeHeader(b)
	if err != nil {
		return nil, err
	}
	t := &Transcript{
		Header: h, Progress: func(string) {}, Now: time.Now, dir: dir,
		hash: canon.New("ceremony-header-hash").Bytes(b).MustSum(),
	}
	seen := map[uint8]bool{}
	for range h.Organisations {
		n := len(t.records) + 1
		b, err := readSmall(t.path(n, "record"), len(record{}.encode()))
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return nil, err
		}
		r, err := decodeRecord(b)
		if err != nil {
			return nil, err
		}
		if err := r.check(h, t.head(), uint16(n), seen); err != nil {
			return nil, err
		}
		t.records = append(t.records, r)
	}
	return t, nil
}

func readSmall(path string, most int) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading the transcript: %w", err)
	}
	if info.Size() > int64(most) {
		return nil, fmt.Errorf("%w: %s has %d bytes, at most %d", ErrTranscript, path, info.Size(), most)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the transcript: %w", err)
	}
	return b, nil
}

func (t *Transcript) path(number int, what string) string {
	return filepath.Join(t.dir, fmt.Sprintf("%03d.%s", number, what))
}

// head is the hash that the next record follows.
func (t *Transcript) head() [32]byte {
	if n := len(t.records); n > 0 {
		return t.records[n-1].hash()
	}
	return t.hash
}

// Contributors are the names of those who contributed, in order.
func (t *Transcript) Contributors() []string {
	var names []string
	for _, r := range t.records {
		names = append(names, t.Header.Organisations[r.organisation].Name)
	}
	return names
}

// Verify checks every contribution from the beginning, the first against
// InitializeSetup and each other against the one before: subgroup, knowledge of
// the factor, powers in sequence. It needs no trust in whoever made the folder.
// At least one contribution is required.
func (t *Transcript) Verify() error {
	_, err := t.verified()
	return err
}

// verified is the state after the last contribution.
func (t *Transcript) verified() (*kzg.MpcSetup, error) {
	if len(t.records) == 0 {
		return nil, fmt.Errorf("%w: nobody contributed", ErrTranscript)
	}
	start := kzg.InitializeSetup(int(t.Header.Powers))
	previous := &start
	for i, r := range t.records {
		t.Progress(fmt.Sprintf("contribution %d of %d, by %s: reading", i+1, len(t.records), t.Contributors()[i]))
		next, err := readContribution(t.path(i+1, "contribution"), t.Header.Powers, r.contribution)
		if err != nil {
			return nil, err
		}
		t.Progress(fmt.Sprintf("contribution %d of %d: verifying", i+1, len(t.records)))
		if err := previous.Verify(next); err != nil {
			return nil, fmt.Errorf("%w: contribution %d: %w", ErrTranscript, i+1, err)
		}
		previous = next
	}
	return previous, nil
}

// Contribute multiplies a secret, drawn from the system's random numbers and
// never stored, into the string, on top of everything that is there and holds. It
// is refused to an organisation that is not in the header or contributed before,
// and when the beacon may be known. The secret lies in memory while it works and
// is not wiped: use a machine that is switched off afterwards.
func (t *Transcript) Contribute(key ed25519.PublicKey, signer Signer) error {
	place, err := t.Header.organisation(key)
	if err != nil {
		return err
	}
	for _, r := range t.records {
		if int(r.organisation) == place {
			return fmt.Errorf("%w: %s contributed before", ErrTranscript, t.Header.Organisations[place].Name)
		}
	}
	if at := t.Now().Unix(); at >= t.Header.BeaconAt {
		return fmt.Errorf("%w: the beacon of %s may be known; begin another ceremony with a later one",
			ErrTranscript, time.Unix(t.Header.BeaconAt, 0).UTC().Format(time.RFC3339))
	}
	start := kzg.InitializeSetup(int(t.Header.Powers))
	state := &start
	if len(t.records) > 0 {
		if state, err = t.verified(); err != nil {
			return err
		}
	}
	t.Progress(fmt.Sprintf("contributing to %d powers", t.Header.Powers))
	state.Contribute()
	n := len(t.records) + 1
	r := record{previous: t.head(), number: uint16(n), organisation: uint8(place)}
	if r.contribution, err = writeContribution(t.path(n, "contribution"), state); err != nil {
		return err
	}
	if r.at = t.Now().Unix(); r.at >= t.Header.BeaconAt {
		return fmt.Errorf("%w: the beacon became known meanwhile; begin another ceremony with a later one", ErrTranscript)
	}
	signature, err := signer.Sign(r.signed())
	if err != nil {
		return fmt.Errorf("signing the contribution: %w", err)
	}
	copy(r.signature[:], signature)
	if !ed25519.Verify(key, r.signed(), signature) {
		return fmt.Errorf("%w: the signer signs with another key", ErrTranscript)
	}
	if err := durable.WriteFile(t.path(n, "record"), r.encode(), 0o644); err != nil {
		return err
	}
	t.records = append(t.records, r)
	return nil
}

// sealed verifies everything and is the result with the beacon in it.
func (t *Transcript) sealed(beacon []byte) (*kzg.SRS, [32]byte, error) {
	switch {
	case len(beacon) < BeaconBytesMin || len(beacon) > BeaconBytesMax:
		return nil, [32]byte{}, fmt.Errorf("%w: the beacon has %d bytes, want %d to %d", ErrTranscript, len(beacon), BeaconBytesMin, BeaconBytesMax)
	case t.Now().Unix() < t.Header.BeaconAt:
		return nil, [32]byte{}, fmt.Errorf("%w: %s is not known before %s", ErrTranscript, t.Header.Beacon,
			time.Unix(t.Header.BeaconAt, 0).UTC().Format(time.RFC3339))
	}
	last, err := t.verified()
	if err != nil {
		return nil, [32]byte{}, err
	}
	t.Progress("sealing")
	srs := last.Seal(beacon)
	head := t.head()
	transcript, err := canon.New("ceremony-transcript").Fixed(t.hash[:]).Uint16(uint16(len(t.records))).
		Fixed(head[:]).Bytes(beacon).Sum()
	return &srs, transcript, err
}

// Seal verifies the whole transcript, closes it with the value of its beacon and
// writes the reference string. Doing it again, here or on another machine, gives
// the same files. It is refused without a contribution, before the beacon can be
// known, with another value than before, and when the result is the development
// string.
func (t *Transcript) Seal(beacon []byte) (zk.SignedSeal, error) {
	if old, err := t.beacon(); err == nil && string(old) != string(beacon) {
		return zk.SignedSeal{}, fmt.Errorf("%w: it was sealed with beacon %x", ErrTranscript, old)
	}
	srs, transcript, err := t.sealed(beacon)
	if err != nil {
		return zk.SignedSeal{}, err
	}
	t.Progress("checking the reference string")
	checked, err := zk.SealedSRS(srs)
	if err != nil {
		return zk.SignedSeal{}, err
	}
	if checked.Kind() != zk.Ceremony {
		return zk.SignedSeal{}, fmt.Errorf("%w: the result is the development string, whose secret is known", ErrTranscript)
	}
	file, err := zk.WriteSRS(filepath.Join(t.dir, SRSFile), srs)
	if err != nil {
		return zk.SignedSeal{}, err
	}
	s := zk.SignedSeal{Seal: zk.Seal{
		Ceremony: t.Header.Name, Transcript: transcript, Key: checked.Key().Hash(), File: file,
		Powers: t.Header.Powers, Contributions: uint16(len(t.records)),
	}}
	if old, err := t.Signed(); err == nil && old.Seal == s.Seal {
		s.Signatures = old.Signatures
	}
	if err := durable.WriteFile(filepath.Join(t.dir, beaconFile), beacon, 0o644); err != nil {
		return s, err
	}
	return s, t.writeSeal(s)
}

func (t *Transcript) beacon() ([]byte, error) {
	return readSmall(filepath.Join(t.dir, beaconFile), BeaconBytesMax)
}

func (t *Transcript) writeSeal(s zk.SignedSeal) error {
	b, err := s.Encode()
	if err != nil {
		return err
	}
	return durable.WriteFile(filepath.Join(t.dir, sealFile), b, 0o644)
}

// Signed is the seal in the folder with its signatures, as it stands there.
func (t *Transcript) Signed() (zk.SignedSeal, error) { return ReadSeal(filepath.Join(t.dir, sealFile)) }

// ReadSeal reads a seal with its signatures, each of which it checks.
func ReadSeal(path string) (zk.SignedSeal, error) {
	b, err := readSmall(path, zk.SignedSealBytesMax)
	if err != nil {
		return zk.SignedSeal{}, err
	}
	return zk.DecodeSignedSeal(b)
}
