package ceremony

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/kzg"

	"github.com/xinlian/xinlian/zk"
)

const testPowers = 64 + 3

var (
	testBeacon = bytes.Repeat([]byte{0xbe}, 32)
	beaconAt   = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
)

// member is an organisation with its key.
type member struct {
	name    string
	private ed25519.PrivateKey
}

func newMember(name string) member {
	seed := sha256.Sum256([]byte(name))
	return member{name, ed25519.NewKeyFromSeed(seed[:])}
}

func (m member) public() ed25519.PublicKey { return m.private.Public().(ed25519.PublicKey) }

func (m member) Sign(b []byte) ([]byte, error) { return ed25519.Sign(m.private, b), nil }

var members = []member{newMember("bank-a"), newMember("bank-b"), newMember("auditor"), newMember("late")}

func testHeader(powers uint32) Header {
	h := Header{Name: "xinlian-test-1", Powers: powers, Beacon: "a value of tomorrow", BeaconAt: beaconAt.Unix()}
	for _, m := range members {
		h.Organisations = append(h.Organisations, Organisation{m.name, [32]byte(m.public())})
	}
	return h
}

func begin(t testing.TB, powers uint32) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "transcript")
	if err := Init(dir, testHeader(powers)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// at opens the folder with the clock at some time from the beacon's.
func at(t testing.TB, dir string, from time.Duration) *Transcript {
	t.Helper()
	tr, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	tr.Now = func() time.Time { return beaconAt.Add(from) }
	return tr
}

func contribute(t testing.TB, dir string, ms ...member) {
	t.Helper()
	for _, m := range ms {
		if err := at(t, dir, -time.Hour).Contribute(m.public(), m); err != nil {
			t.Fatal(err)
		}
	}
}

func copyDir(t testing.TB, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// Three organisations make a reference string, a second machine comes to the same
// bytes, each signs, and the string loads under its pinned key and works.
func TestCeremony(t *testing.T) {
	t.Parallel()
	dir := begin(t, testPowers)
	contribute(t, dir, members[:3]...)
	if got := at(t, dir, 0).Contributors(); !slices.Equal(got, []string{"bank-a", "bank-b", "auditor"}) {
		t.Fatalf("contributors: %v", got)
	}
	other := copyDir(t, dir)
	first, err := at(t, dir, time.Second).Seal(testBeacon)
	if err != nil {
		t.Fatal(err)
	}
	second, err := at(t, other, time.Hour).Seal(testBeacon)
	if err != nil || first.Seal != second.Seal {
		t.Fatalf("two machines: %v\n%+v\n%+v", err, first.Seal, second.Seal)
	}
	for _, m := range members[:3] {
		if _, err := at(t, dir, time.Second).Sign(m.public(), m); err != nil {
			t.Fatalf("%s: %v", m.name, err)
		}
	}
	s, err := at(t, dir, time.Second).Check()
	if err != nil || len(s.Signatures) != 3 {
		t.Fatalf("checking: %v, %d signatures", err, len(s.Signatures))
	}
	// Sealing again keeps the signatures.
	if s, err = at(t, dir, time.Second).Seal(testBeacon); err != nil || len(s.Signatures) != 3 {
		t.Fatalf("sealing again: %v, %d signatures", err, len(s.Signatures))
	}
	srs, file, err := zk.LoadSRS(filepath.Join(dir, SRSFile), s.Seal.Key)
	if err != nil || file != s.Seal.File || srs.Kind() != zk.Ceremony || srs.Key().Hash() != s.Seal.Key {
		t.Fatalf("loading: %v", err)
	}
	if key, err := zk.ReadSRSKey(filepath.Join(dir, SRSFile)); err != nil || key != srs.Key() {
		t.Errorf("key of the file: %v", err)
	}
	if _, _, err := zk.LoadSRS(filepath.Join(dir, SRSFile), [32]byte{1}); !errors.Is(err, zk.ErrSRS) {
		t.Errorf("another key is pinned: %v", err)
	}
}

// What the ceremony refuses of people: strangers, second contributions, late
// ones, early or empty seals, signatures of those who did not contribute.
func TestRefusals(t *testing.T) {
	t.Parallel()
	dir := begin(t, testPowers)
	stranger := newMember("stranger")
	for name, err := range map[string]error{
		"init again":          Init(dir, testHeader(testPowers)),
		"verify of nothing":   at(t, dir, 0).Verify(),
		"seal of nothing":     second(at(t, dir, 0).Seal(testBeacon)),
		"stranger":            at(t, dir, -time.Hour).Contribute(stranger.public(), stranger),
		"contribution late":   at(t, dir, 0).Contribute(members[0].public(), members[0]),
		"signer of other key": at(t, dir, -time.Hour).Contribute(members[0].public(), members[1]),
	} {
		if !errors.Is(err, ErrTranscript) {
			t.Errorf("%s: %v", name, err)
		}
	}
	contribute(t, dir, members[0])
	for name, err := range map[string]error{
		"twice":              at(t, dir, -time.Hour).Contribute(members[0].public(), members[0]),
		"seal early":         second(at(t, dir, -time.Second).Seal(testBeacon)),
		"beacon short":       second(at(t, dir, 0).Seal(testBeacon[:BeaconBytesMin-1])),
		"beacon long":        second(at(t, dir, 0).Seal(make([]byte, BeaconBytesMax+1))),
		"sign before seal":   second(at(t, dir, 0).Sign(members[0].public(), members[0])),
		"no organisations":   Init(t.TempDir(), func() Header { h := testHeader(testPowers); h.Organisations = nil; return h }()),
		"powers too many":    Init(t.TempDir(), testHeader(zk.PowersMax+1)),
		"powers too few":     Init(t.TempDir(), testHeader(zk.PowersMin-1)),
		"organisation twice": Init(t.TempDir(), func() Header { h := testHeader(testPowers); h.Organisations[1] = h.Organisations[0]; return h }()),
	} {
		if !errors.Is(err, ErrTranscript) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := at(t, dir, 0).Seal(testBeacon); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"did not contribute": second(at(t, dir, 0).Sign(members[1].public(), members[1])),
		"stranger signs":     second(at(t, dir, 0).Sign(stranger.public(), stranger)),
		"another beacon":     second(at(t, dir, 0).Seal(bytes.Repeat([]byte{1}, 32))),
	} {
		if !errors.Is(err, ErrTranscript) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second(_ zk.SignedSeal, err error) error { return err }

// Every byte of a transcript counts: a change in any file is found, and so is a
// contribution made from a known or a zero secret that does not follow.
func TestTampering(t *testing.T) {
	t.Parallel()
	dir := begin(t, testPowers)
	contribute(t, dir, members[:2]...)
	if _, err := at(t, dir, 0).Seal(testBeacon); err != nil {
		t.Fatal(err)
	}
	for _, m := range members[:2] {
		if _, err := at(t, dir, 0).Sign(m.public(), m); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := at(t, dir, 0).Check(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"header", "001.record", "002.record", "001.contribution", "002.contribution", "beacon", "srs", "seal"} {
		whole, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, place := range []int{0, len(whole) / 3, len(whole) / 2, len(whole) - 1, -1, len(whole)} {
			bent := bytes.Clone(whole)
			switch {
			case place < 0:
				bent = bent[:len(bent)-1]
			case place == len(bent):
				bent = append(bent, 0)
			default:
				bent[place] ^= 1
			}
			folder := copyDir(t, dir)
			if err := os.WriteFile(filepath.Join(folder, name), bent, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := checkAll(folder); err == nil {
				t.Errorf("%s changed at %d of %d: accepted", name, place, len(whole))
			}
		}
	}
}

func checkAll(dir string) error {
	tr, err := Open(dir)
	if err != nil {
		return err
	}
	tr.Now = func() time.Time { return beaconAt }
	_, err = tr.Check()
	return err
}

// A member that signs bytes which are no contribution is found by everyone, even
// though hash and signature are right: a string made from scratch, the powers of
// nothing, fewer powers, a count that claims more memory than there is, a point
// in another form.
func TestForgedContribution(t *testing.T) {
	t.Parallel()
	dir := begin(t, testPowers)
	contribute(t, dir, members[0])
	good, err := os.ReadFile(filepath.Join(dir, "001.contribution"))
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(good)) != contributionBytes(testPowers) {
		t.Fatalf("a contribution has %d bytes, computed %d", len(good), contributionBytes(testPowers))
	}
	bend := func(change func(b []byte)) []byte {
		b := bytes.Clone(good)
		change(b)
		return b
	}
	fresh := func(powers int) []byte {
		s := kzg.InitializeSetup(powers)
		s.Contribute()
		var b bytes.Buffer
		if _, err := s.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	infinity := append([]byte{0xc0}, make([]byte, 95)...)
	const powersAt = proofBytes + 8
	for name, content := range map[string][]byte{
		"not on top of the first": fresh(testPowers),
		"fewer powers":            fresh(testPowers - 1),
		"copied":                  good,
		"count of 2^60":           bend(func(b []byte) { b[proofBytes] = 0x10 }),
		"count of zero":           bend(func(b []byte) { copy(b[proofBytes:], make([]byte, 8)) }),
		"zero factor":             bend(func(b []byte) { copy(b, infinity[:48]) }),
		"zero power":              bend(func(b []byte) { copy(b[powersAt:], infinity[:48]) }),
		"powers of one": bend(func(b []byte) {
			_, _, g1, _ := bls.Generators()
			one := g1.Bytes()
			for i := range testPowers - 1 {
				copy(b[powersAt+48*i:], one[:])
			}
		}),
		"zero in G2": bend(func(b []byte) { copy(b[len(b)-32-96:], infinity) }),
		"outside":    bend(func(b []byte) { copy(b[powersAt:], bytes.Repeat([]byte{0x9f}, 48)) }),
		"swapped": bend(func(b []byte) {
			copy(b[powersAt:], good[powersAt+48:powersAt+96])
			copy(b[powersAt+48:], good[powersAt:powersAt+48])
		}),
		"raw point": bend(func(b []byte) {
			_, _, g1, _ := bls.Generators()
			raw := g1.RawBytes()
			copy(b[powersAt:], raw[:])
		}),
	} {
		folder := copyDir(t, dir)
		tr := at(t, folder, -time.Hour)
		if err := os.WriteFile(tr.path(2, "contribution"), content, 0o600); err != nil {
			t.Fatal(err)
		}
		r := record{previous: tr.head(), number: 2, organisation: 1, at: tr.Now().Unix(), contribution: sha256.Sum256(content)}
		copy(r.signature[:], ed25519.Sign(members[1].private, r.signed()))
		if err := os.WriteFile(tr.path(2, "record"), r.encode(), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := at(t, folder, -time.Hour).Verify(); !errors.Is(err, ErrTranscript) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Records that do not follow from header and time are refused on opening, though
// each carries its organisation's true signature.
func TestForgedRecord(t *testing.T) {
	t.Parallel()
	dir := begin(t, testPowers)
	contribute(t, dir, members[0])
	for name, change := range map[string]func(*record){
		"number":       func(r *record) { r.number = 3 },
		"previous":     func(r *record) { r.previous[0] ^= 1 },
		"organisation": func(r *record) { r.organisation = 9 },
		"again":        func(r *record) { r.organisation = 0 },
		"of another":   func(r *record) { r.organisation = 2 },
		"late":         func(r *record) { r.at = beaconAt.Unix() },
	} {
		folder := copyDir(t, dir)
		tr := at(t, folder, 0)
		r := record{previous: tr.head(), number: 2, organisation: 1, at: beaconAt.Unix() - 1}
		change(&r)
		signer := members[1]
		if name == "again" {
			signer = members[0]
		}
		copy(r.signature[:], ed25519.Sign(signer.private, r.signed()))
		if err := os.WriteFile(tr.path(2, "record"), r.encode(), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(folder); !errors.Is(err, ErrTranscript) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// gnark seals without a contribution, and reads into a zero value without an
// error: the traps that this package is built around are still there.
func TestGnarkTraps(t *testing.T) {
	t.Parallel()
	s := kzg.InitializeSetup(testPowers)
	sealed := s.Seal(testBeacon)
	if _, err := zk.SealedSRS(&sealed); err != nil {
		t.Errorf("gnark refuses an empty ceremony now: %v", err)
	}
	_, _, g1, _ := bls.Generators()
	contributed := kzg.InitializeSetup(testPowers)
	contributed.Contribute()
	var b bytes.Buffer
	if _, err := contributed.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	var zero kzg.MpcSetup
	if _, err := zero.ReadFrom(&b); err != nil {
		t.Fatal(err)
	}
	if srs := zero.Seal(testBeacon); srs.Vk.G1 == g1 {
		t.Error("gnark fills a zero value in now")
	}
}

// A known secret that reaches the end is found where it can be: the development
// string in a file is recognised by its key.
func TestLoadRefusesForeignStrings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good, err := kzg.NewSRS(testPowers, big.NewInt(987_654_321))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "srs")
	if _, err := zk.WriteSRS(path, good); err != nil {
		t.Fatal(err)
	}
	key, err := zk.ReadSRSKey(path)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head := len(whole) - 96*testPowers
	for name, change := range map[string]func(b []byte) []byte{
		"short":        func(b []byte) []byte { return b[:len(b)-1] },
		"long":         func(b []byte) []byte { return append(b, 0) },
		"empty":        func([]byte) []byte { return nil },
		"count":        func(b []byte) []byte { b[head-1]++; return b },
		"domain":       func(b []byte) []byte { b[8] ^= 1; return b },
		"off curve":    func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		"power moved":  func(b []byte) []byte { copy(b[head+96:head+192], b[head+192:]); return b },
		"zero point":   func(b []byte) []byte { copy(b[head+96:], append([]byte{0x40}, make([]byte, 95)...)); return b },
		"key replaced": func(b []byte) []byte { b[head-5] ^= 1; return b },
	} {
		bent := filepath.Join(dir, "bent")
		if err := os.WriteFile(bent, change(bytes.Clone(whole)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := zk.LoadSRS(bent, key.Hash()); !errors.Is(err, zk.ErrSRS) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The figures of the README at full size, CEREMONY_POWERS=262147.
func TestFullSize(t *testing.T) {
	text := os.Getenv("CEREMONY_POWERS")
	if text == "" {
		t.Skip("set CEREMONY_POWERS=262147 to measure a ceremony at full size")
	}
	powers, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	dir := begin(t, uint32(powers))
	timed := func(what string, f func() error) {
		began := time.Now()
		if err := f(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		t.Log(what, time.Since(began).Round(100*time.Millisecond))
	}
	for i, m := range members[:2] {
		timed(fmt.Sprintf("contribution %d, with all before it verified", i+1), func() error {
			return at(t, dir, -time.Hour).Contribute(m.public(), m)
		})
	}
	timed("verify two", func() error { return at(t, dir, 0).Verify() })
	timed("seal", func() error { return second(at(t, dir, 0).Seal(testBeacon)) })
	s, err := at(t, dir, 0).Signed()
	if err != nil {
		t.Fatal(err)
	}
	timed("load", func() error {
		_, _, err := zk.LoadSRS(filepath.Join(dir, SRSFile), s.Seal.Key)
		return err
	})
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if info, err := f.Info(); err == nil {
			t.Log(f.Name(), info.Size(), "bytes")
		}
	}
}
