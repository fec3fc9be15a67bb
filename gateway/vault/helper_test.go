package vault

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/passkey"
)

const (
	testChain      = "xinlian-test-1"
	testCustodian  = 3
	testEnterprise = 41
	testLender     = 52
	testPurpose    = "underwriting"
)

var testStart = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// fakeChain is a node whose state a test sets. Its head is as old as lag says.
type fakeChain struct {
	mu       sync.Mutex
	now      time.Time
	lag      time.Duration
	height   uint64
	consents map[ID]Consent
	devices  map[string]Device
	dataKeys map[uint64]Recipient
	anchors  map[ID]Anchor
	erased   []uint64
	second   map[uint64]uint64 // enterprise → second custodian
	fail     error             // of every call
}

func newFakeChain() *fakeChain {
	return &fakeChain{
		now: testStart, height: 100, consents: map[ID]Consent{}, devices: map[string]Device{},
		dataKeys: map[uint64]Recipient{}, anchors: map[ID]Anchor{},
	}
}

func (f *fakeChain) Head(context.Context) (Head, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return Head{Height: f.height, Time: f.now.Add(-f.lag)}, f.fail
}

func (f *fakeChain) Consent(_ context.Context, id ID) (Consent, error) {
	return lookUp(f, f.consents, id, ErrConsentUnknown)
}

func (f *fakeChain) Device(_ context.Context, address string) (Device, error) {
	return lookUp(f, f.devices, address, ErrDevice)
}

func (f *fakeChain) DataKey(_ context.Context, org uint64) (Recipient, error) {
	return lookUp(f, f.dataKeys, org, ErrKey)
}

func (f *fakeChain) Anchored(_ context.Context, batch ID) (Anchor, error) {
	return lookUp(f, f.anchors, batch, ErrNotAnchored)
}

func (f *fakeChain) Erasures(context.Context) ([]uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]uint64(nil), f.erased...), f.fail
}

func (f *fakeChain) Custodians(_ context.Context, enterprise uint64) (uint64, uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return testCustodian, f.second[enterprise], f.fail
}

func lookUp[K comparable, V any](f *fakeChain, m map[K]V, key K, absent error) (V, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	v, ok := m[key]
	if !ok {
		return v, absent
	}
	return v, f.fail
}

func (f *fakeChain) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fakeChain) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now, f.height = f.now.Add(d), f.height+1
}

func (f *fakeChain) anchor(b BatchInfo) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.anchors[b.ID] = Anchor{
		Root: b.Root, Enterprise: b.Enterprise, Category: b.Category, Epoch: b.Epoch, Source: b.Source, Count: b.Count,
		PeriodFrom: b.FromDay - 3, PeriodTo: b.ToDay + 3, Status: AnchorLive,
	}
}

func (f *fakeChain) set(c Consent) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.consents[c.ID] = c
}

func (f *fakeChain) state(id ID, s State) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := f.consents[id]
	c.State = s
	f.consents[id] = c
}

// world is a vault, its chain and one lender with one device.
type world struct {
	t     testing.TB
	dir   string
	suite Suite
	blobs func() *Blobs

	custodian uint64 // 0 is testCustodian
	chain     *fakeChain
	vault     *Vault
	device    ed25519.PrivateKey
	key       *DataKey
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldIn(t, t.TempDir(), SuiteNIST)
}

func newWorldOf(t testing.TB, s Suite) *world {
	t.Helper()
	return newWorldIn(t, t.TempDir(), s)
}

func newWorldIn(t testing.TB, dir string, s Suite) *world {
	t.Helper()
	return newWorldOn(t, dir, s, nil)
}

// newWorldOn is a world whose blobs are where open opens them, or in its folder.
func newWorldOn(t testing.TB, dir string, s Suite, open func() *Blobs) *world {
	t.Helper()
	w := &world{t: t, dir: dir, suite: s, blobs: open, chain: newFakeChain()}
	w.open()
	pub, private, err := ed25519.GenerateKey(nil)
	must(t, err)
	w.device = private
	w.chain.devices["xin1lender"] = Device{Address: "xin1lender", Org: testLender, Active: true, KeyType: KeyEd25519, Public: pub}
	w.key, err = GenerateDataKey(s)
	must(t, err)
	w.chain.dataKeys[testLender] = w.key.Recipient()
	return w
}

func (w *world) config() Config {
	c := Config{
		Dir: filepath.Join(w.dir, "data"), KMSDir: filepath.Join(w.dir, "kms"), Suite: w.suite, ChainID: testChain,
		Custodian: testCustodian, Chain: w.chain, Signers: NewSigners(testPolicy), Now: w.chain.clock,
	}
	if w.custodian != 0 {
		c.Custodian = w.custodian
	}
	if w.blobs != nil {
		c.Blobs = w.blobs()
	}
	return c
}

func (w *world) open() {
	w.t.Helper()
	v, err := Open(context.Background(), w.config())
	must(w.t, err)
	w.vault = v
	if t, ok := w.t.(*testing.T); ok {
		t.Cleanup(func() { must(t, v.Close()) })
	}
}

func (w *world) reopen() {
	w.t.Helper()
	must(w.t, w.vault.Close())
	w.open()
}

// seal seals and anchors records.
func (w *world) seal(records ...*record.Record) BatchInfo {
	w.t.Helper()
	b, err := w.vault.Seal(context.Background(), Batch{Enterprise: testEnterprise, Schema: records[0].Schema, Records: List(records)})
	must(w.t, err)
	w.chain.anchor(b)
	return b
}

// consent puts an active consent for bank statements of 2025 on chain and grants it.
func (w *world) consent(change func(*Consent)) ID {
	w.t.Helper()
	c := Consent{
		ID: randomID(), Enterprise: testEnterprise, Grantee: testLender, State: StateActive, Purpose: testPurpose, Use: UseStore,
		Categories: []record.Category{record.CategoryBank}, Months: Months{202501, 202512},
		Start: testStart.Add(-time.Hour), End: testStart.Add(90 * 24 * time.Hour), FetchUnit: FetchOnce, FetchLimit: 1000,
	}
	if change != nil {
		change(&c)
	}
	state := c.State
	c.State = StateActive
	w.chain.set(c)
	_, err := w.vault.Grant(context.Background(), c.ID)
	must(w.t, err)
	w.chain.state(c.ID, state)
	return c.ID
}

func (w *world) request(consent ID) ReadRequest {
	r := ReadRequest{
		ChainID: testChain, Custodian: testCustodian, Consent: consent, Purpose: testPurpose, Use: UseView, Device: "xin1lender",
		Selector: Selector{Categories: []record.Category{record.CategoryBank}, Months: Months{202501, 202512}},
		Expires:  w.chain.clock().Add(time.Minute).Truncate(time.Second),
	}
	rand.Read(r.Nonce[:])
	return r
}

func (w *world) sign(r ReadRequest) []byte {
	w.t.Helper()
	b, err := r.Encoded()
	must(w.t, err)
	return ed25519.Sign(w.device, b)
}

// read asks, sends and opens, as a lender does.
func (w *world) read(r ReadRequest) ([]*Opened, error) { return w.readWith(r, w.key) }

func (w *world) readWith(r ReadRequest, keys DataKeySource) ([]*Opened, error) {
	d, err := w.vault.Read(context.Background(), r, w.sign(r))
	if err != nil {
		return nil, err
	}
	var wire bytes.Buffer
	if err := d.Send(context.Background(), &wire); err != nil {
		return nil, err
	}
	return w.openWireWith(r, wire.Bytes(), keys)
}

func (w *world) openWire(r ReadRequest, wire []byte) ([]*Opened, error) {
	return w.openWireWith(r, wire, w.key)
}

func (w *world) openWireWith(r ReadRequest, wire []byte, keys DataKeySource) ([]*Opened, error) {
	reader := &Reader{ChainID: testChain, Key: keys, Anchors: w.chain}
	o, err := reader.Open(context.Background(), r, bytes.NewReader(wire))
	if err != nil {
		return nil, err
	}
	return o.All()
}

func testPolicy() passkey.Policy {
	return passkey.Policy{Enabled: true, Origins: []string{"http://localhost:8080"}, RPIDs: []string{"localhost"}}
}

// bank makes n bank transactions in a month.
func bank(month uint32, n int) []*record.Record {
	first := record.Day(time.Date(int(month/100), time.Month(month%100), 1, 0, 0, 0, 0, time.UTC))
	out := make([]*record.Record, n)
	for i := range out {
		out[i] = record.New(record.BankTransaction).SetText("source_id", fmt.Sprintf("T%d-%d", month, i)).SetInt("date", first+int64(i%28)).
			SetInt("amount", int64(i+1)*100).SetText("currency", "CNY").SetInt("direction", record.DirectionIn).
			SetInt("status", record.StatusNormal).SetText("account", "6222000011112222").SetText("counterparty", "华东测试商贸")
	}
	return out
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t testing.TB, got, want error, format string, args ...any) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", fmt.Sprintf(format, args...), got, want)
	}
}

// files lists every file under dir.
func files(t testing.TB, dir string) []string {
	t.Helper()
	var out []string
	must(t, filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			out = append(out, path)
		}
		return err
	}))
	return out
}

func copyTree(t testing.TB, from, to string) {
	t.Helper()
	must(t, os.RemoveAll(to))
	must(t, os.CopyFS(to, os.DirFS(from)))
	for _, f := range files(t, to) {
		must(t, os.Chmod(f, secretMode))
	}
}
