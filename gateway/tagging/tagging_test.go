package tagging

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/xinlian/xinlian/gateway/store"
	"github.com/xinlian/xinlian/gateway/vault"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/oprf"
	"github.com/xinlian/xinlian/passkey"
)

const (
	chainID = "xinlian-test"
	lender  = uint64(101)
	kyb     = uint64(102)
)

var consent = bytes.Repeat([]byte{0xcc}, idBytes)

// ledger stands for a member's node. Tests bend its fields.
type ledger struct {
	now     time.Time
	devices map[string]vault.Device
	keys    []pledgev1.Key
	params  pledgev1.Params
	frozen  map[uint64]bool
	revoked bool
}

func (l *ledger) Now(context.Context) (time.Time, error) { return l.now, nil }

func (l *ledger) Device(_ context.Context, address string) (vault.Device, error) {
	d, known := l.devices[address]
	if !known {
		return d, vault.ErrDevice
	}
	return d, nil
}

func (l *ledger) Consented(_ context.Context, id []byte, grantee uint64) (bool, error) {
	return !l.revoked && grantee == lender && bytes.Equal(id, consent), nil
}

func (l *ledger) Identifies(_ context.Context, id uint64) (bool, error) { return id == kyb, nil }
func (l *ledger) Acts(_ context.Context, id uint64) (bool, error)       { return !l.frozen[id], nil }
func (l *ledger) Keys(context.Context) ([]pledgev1.Key, error)          { return l.keys, nil }
func (l *ledger) Params(context.Context) (pledgev1.Params, error)       { return l.params, nil }

// members is a network of four with their services, and two askers.
type members struct {
	*ledger
	services map[uint64]*Service
	devices  map[uint64]wire.ReadSigner
	outcome  Ceremony
}

func newMembers(t *testing.T) *members {
	t.Helper()
	m := &members{
		ledger: &ledger{
			now: time.Unix(1_800_000_000, 0).UTC(), devices: map[string]vault.Device{}, frozen: map[uint64]bool{},
			params: pledgev1.Params{EvaluationWindowSeconds: 3600, EvaluationsMax: 10, IdentityEvaluationsMax: 3},
		},
		services: map[uint64]*Service{}, devices: map[uint64]wire.ReadSigner{},
	}
	var err error
	m.outcome, err = Generate(chainID, []uint64{1, 2, 3, 4})
	check(t, err)
	m.keys = []pledgev1.Key{m.outcome.Row(1, 1)}
	for id, share := range m.outcome.Shares {
		m.services[id] = m.service(t, id, HeldShare{1, share})
	}
	for _, id := range []uint64{lender, kyb} {
		key, err := wire.NewServiceKey()
		check(t, err)
		m.devices[id] = key
		m.ledger.devices[wire.Address(key)] = vault.Device{
			Address: wire.Address(key), Org: id, Active: true, KeyType: vault.KeyEd25519, Public: key.PubKey().Bytes(),
		}
	}
	return m
}

func (m *members) service(t *testing.T, id uint64, shares ...HeldShare) *Service {
	t.Helper()
	q, err := OpenQuota(filepath.Join(t.TempDir(), "quota"))
	check(t, err)
	return &Service{
		ChainID: chainID, OrgID: id, Ledger: m.ledger, Shares: shares, Quota: q, Now: func() time.Time { return m.now },
		Signers: vault.NewSigners(func() passkey.Policy { return passkey.Policy{} }),
	}
}

func (m *members) client(t *testing.T, id uint64, carrier Members) *Client {
	t.Helper()
	if carrier == nil {
		n, err := NewNetwork(m.services, nil)
		check(t, err)
		carrier = n
	}
	return &Client{
		ChainID: chainID, OrgID: id, Device: m.devices[id], Ledger: m.ledger, Members: carrier,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func invoice(t testing.TB, number string) []byte {
	t.Helper()
	b, err := oprf.InvoiceInput("CN", "91330000MA27XL0Q3K", "", number)
	check(t, err)
	return b
}

// request is a signed one of the lender's to member 1.
func (m *members) request(t *testing.T, bend func(*Request)) (raw, signature []byte) {
	t.Helper()
	blinded, err := oprf.Blind([][]byte{[]byte("x")})
	check(t, err)
	r := Request{
		ChainID: chainID, Member: 1, Asker: lender, Device: wire.Address(m.devices[lender]), Purpose: PurposeReceivable, Epoch: 1,
		Consent: [idBytes]byte(consent), Nonce: [nonceBytes]byte{byte(len(t.Name()))}, Expires: m.now.Add(time.Minute), Blinded: blinded.Blinded(),
	}
	if bend != nil {
		bend(&r)
	}
	raw, err = r.Encoded()
	check(t, err)
	signature, err = m.devices[lender].SignRead(raw)
	check(t, err)
	return raw, signature
}

// TestTags proves that two askers get one tag for one invoice over real HTTP, that
// silent and lying members are made up for, and that too many of them are not.
func TestTags(t *testing.T) {
	t.Parallel()
	m := newMembers(t)
	urls := map[uint64]string{}
	for id, s := range m.services {
		server := httptest.NewServer(Handler(map[uint64]*Service{id: s}, slog.New(slog.NewTextHandler(io.Discard, nil))))
		t.Cleanup(server.Close)
		urls[id] = server.URL
	}
	remote, err := NewNetwork(nil, urls)
	check(t, err)
	ctx := context.Background()
	first, err := m.client(t, lender, remote).Receivables(ctx, consent, invoice(t, "12345678"), invoice(t, "12345679"))
	check(t, err)
	again, err := m.client(t, lender, nil).Receivables(ctx, consent, invoice(t, " 1234-5678 "))
	check(t, err)
	if len(first) != 2 || len(first[0]) != 1 || !bytes.Equal(first[0][0].Tag, again[0][0].Tag) || bytes.Equal(first[0][0].Tag, first[1][0].Tag) {
		t.Errorf("got %v, then %v", first, again)
	}
	identity, err := m.client(t, kyb, nil).Identity(ctx, invoice(t, "12345678"))
	check(t, err)
	if !bytes.Equal(identity[0].Tag, first[0][0].Tag) {
		t.Error("the function depends on who asks")
	}

	liar := m.services[2].Shares
	m.services[2].Shares = []HeldShare{{1, m.outcome.Shares[3]}} // fits no row of member 2
	got, err := m.client(t, lender, nil).Receivables(ctx, consent, invoice(t, "12345678"))
	check(t, err)
	if !bytes.Equal(got[0][0].Tag, first[0][0].Tag) {
		t.Error("another tag without member 2")
	}
	delete(m.services, 4)
	if _, err := m.client(t, lender, nil).Receivables(ctx, consent, invoice(t, "12345678")); !errors.Is(err, oprf.ErrFew) || !errors.Is(err, ErrNoShare) {
		t.Errorf("two of four: %v", err)
	}
	m.services[2].Shares = liar

	m.keys = nil
	if _, err := m.client(t, lender, nil).Receivables(ctx, consent, invoice(t, "1")); !errors.Is(err, ErrNoKey) {
		t.Errorf("no key: %v", err)
	}
}

// carrierFunc is a function as Members.
type carrierFunc func(ctx context.Context, member uint64, raw, signature []byte) (oprf.Partial, error)

func (f carrierFunc) Ask(ctx context.Context, member uint64, raw, signature []byte) (oprf.Partial, error) {
	return f(ctx, member, raw, signature)
}

// TestLiar proves that a member that answers with a wrong point is left out and
// the tag made without it.
func TestLiar(t *testing.T) {
	t.Parallel()
	m := newMembers(t)
	lies := 0
	carrier := carrierFunc(func(ctx context.Context, member uint64, raw, signature []byte) (oprf.Partial, error) {
		p, err := m.services[member].Evaluate(ctx, raw, signature)
		if member == 1 && err == nil {
			lies++
			p.Points[0] = bytes.Clone(p.Points[1])
		}
		return p, err
	})
	got, err := m.client(t, lender, carrier).Receivables(context.Background(), consent, invoice(t, "1"), invoice(t, "2"))
	check(t, err)
	want, err := m.client(t, lender, nil).Receivables(context.Background(), consent, invoice(t, "1"))
	check(t, err)
	if lies != 1 || !bytes.Equal(got[0][0].Tag, want[0][0].Tag) {
		t.Errorf("%d lies, tag %x, want %x", lies, got[0][0].Tag, want[0][0].Tag)
	}
}

// TestTwoKeys proves that in a rotation every input gets a tag under both keys.
func TestTwoKeys(t *testing.T) {
	t.Parallel()
	m := newMembers(t)
	next, err := Generate(chainID, []uint64{1, 2, 3, 4})
	check(t, err)
	m.keys = append(m.keys, next.Row(2, 1))
	for id, s := range next.Shares {
		m.services[id].Shares = append(m.services[id].Shares, HeldShare{2, s})
	}
	got, err := m.client(t, kyb, nil).Identity(context.Background(), []byte("firm"))
	check(t, err)
	if len(got) != 2 || got[0].Epoch != 1 || got[1].Epoch != 2 || bytes.Equal(got[0].Tag, got[1].Tag) {
		t.Errorf("got %v", got)
	}
}

// TestServiceRefuses proves every check of a member's service, in the order in
// which a refusal is reported, and that a refused request costs no quota.
func TestServiceRefuses(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]struct {
		bend  func(*Request)
		world func(*members)
		want  error
	}{
		"another chain":           {bend: func(r *Request) { r.ChainID = "other" }, want: ErrMember},
		"another member":          {bend: func(r *Request) { r.Member = 2 }, want: ErrMember},
		"an old block":            {world: func(m *members) { m.services[1].Now = func() time.Time { return m.now.Add(time.Minute) } }, want: ErrStale},
		"expired":                 {bend: func(r *Request) { r.Expires = r.Expires.Add(-2 * time.Minute) }, want: ErrExpired},
		"far ahead":               {bend: func(r *Request) { r.Expires = r.Expires.Add(time.Hour) }, want: ErrExpired},
		"unknown device":          {bend: func(r *Request) { r.Device = "xin1nobody" }, want: ErrDevice},
		"for another asker":       {bend: func(r *Request) { r.Asker = kyb }, want: ErrDevice},
		"another's device":        {world: func(m *members) { m.bendDevice(func(d *vault.Device) { d.Org = kyb }) }, want: ErrDevice},
		"a frozen device":         {world: func(m *members) { m.bendDevice(func(d *vault.Device) { d.Active = false }) }, want: ErrDevice},
		"another key's signature": {world: func(m *members) { m.bendDevice(func(d *vault.Device) { d.Public = make([]byte, 32) }) }, want: ErrDevice},
		"a suspended asker":       {world: func(m *members) { m.frozen[lender] = true }, want: ErrDevice},
		"an unknown epoch":        {bend: func(r *Request) { r.Epoch = 2 }, want: ErrNoShare},
		"no share":                {world: func(m *members) { m.services[1].Shares = nil }, want: ErrNoShare},
		"a share of another key":  {world: func(m *members) { m.services[1].Shares[0].Share = m.outcome.Shares[2] }, want: ErrNoShare},
		"another consent":         {bend: func(r *Request) { r.Consent[0]++ }, want: ErrConsent},
		"a revoked consent":       {world: func(m *members) { m.revoked = true }, want: ErrConsent},
		"no verifier":             {bend: func(r *Request) { r.Purpose, r.Consent = PurposeIdentity, [idBytes]byte{} }, want: ErrRole},
		"over the quota":          {world: func(m *members) { m.params.EvaluationsMax = 0 }, want: ErrQuota},
		"no point":                {bend: func(r *Request) { r.Blinded[0] = make([]byte, 32) }, want: ErrRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMembers(t)
			raw, signature := m.request(t, s.bend)
			if s.world != nil {
				s.world(m)
			}
			if _, err := m.services[1].Evaluate(context.Background(), raw, signature); !errors.Is(err, s.want) {
				t.Errorf("got %v, want %v", err, s.want)
			}
			if !errors.Is(s.want, ErrRequest) && len(m.services[1].Quota.counts) != 0 && m.services[1].Quota.counts[account{lender, PurposeReceivable}] != 0 {
				t.Error("a refusal was counted")
			}
		})
	}
	m := newMembers(t)
	raw, signature := m.request(t, nil)
	if _, err := m.services[1].Evaluate(context.Background(), raw, signature); err != nil {
		t.Fatal(err)
	}
	if _, err := m.services[1].Evaluate(context.Background(), raw, signature); !errors.Is(err, ErrReplayed) {
		t.Errorf("again: %v", err)
	}
	m.now = m.now.Add(2 * time.Minute)
	if _, err := m.services[1].Evaluate(context.Background(), raw, signature); !errors.Is(err, ErrExpired) {
		t.Errorf("later: %v", err)
	}
}

func (m *members) bendDevice(bend func(*vault.Device)) {
	address := wire.Address(m.devices[lender])
	d := m.ledger.devices[address]
	bend(&d)
	m.ledger.devices[address] = d
}

// TestQuota proves that evaluations are counted by asker and purpose, that a
// restart forgets nothing, and that a new window begins by the chain's time.
func TestQuota(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "quota")
	q, err := OpenQuota(path)
	check(t, err)
	at := time.Unix(7_200, 0)
	use := func(asker uint64, p Purpose, n int, at time.Time) error { return q.Use(asker, p, n, at, 3600, 10) }
	check(t, use(1, PurposeReceivable, 9, at))
	if err := use(1, PurposeReceivable, 2, at); !errors.Is(err, ErrQuota) {
		t.Errorf("11 of 10: %v", err)
	}
	check(t, use(1, PurposeIdentity, 10, at))
	check(t, use(2, PurposeReceivable, 10, at))
	q, err = OpenQuota(path)
	check(t, err)
	if err := use(2, PurposeReceivable, 1, at.Add(3599*time.Second)); !errors.Is(err, ErrQuota) {
		t.Errorf("after a restart: %v", err)
	}
	check(t, use(1, PurposeReceivable, 1, at))
	check(t, use(2, PurposeReceivable, 10, at.Add(time.Hour)))
	if err := use(2, PurposeReceivable, 1, at); !errors.Is(err, ErrQuota) {
		t.Errorf("time that runs backwards: %v", err)
	}
}

// TestShares proves that sealed shares open where they were sealed and nowhere
// else.
func TestShares(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sealer, err := store.OpenSealer(filepath.Join(dir, SealFile))
	check(t, err)
	c, err := Generate(chainID, []uint64{1, 2, 3})
	check(t, err)
	check(t, SaveShare(dir, sealer, 1, HeldShare{1, c.Shares[1]}))
	check(t, SaveShare(dir, sealer, 1, HeldShare{1, c.Shares[1]}))
	check(t, SaveShare(dir, sealer, 1, HeldShare{2, c.Shares[2]}))
	check(t, SaveShare(dir, sealer, 2, HeldShare{1, c.Shares[3]}))
	check(t, os.WriteFile(filepath.Join(dir, "oprf-share-1-1-half.new"), nil, 0o600))
	list, err := LoadShares(dir, sealer, 1)
	check(t, err)
	if len(list) != 2 || list[0].Share.Public() != c.Shares[1].Public() || list[1].Epoch != 2 {
		t.Errorf("got %d shares", len(list))
	}
	if err := os.Rename(filepath.Join(dir, place(2, 1, c.Shares[3].Public())), filepath.Join(dir, place(3, 1, c.Shares[3].Public()))); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadShares(dir, sealer, 3); !errors.Is(err, store.ErrSealed) {
		t.Errorf("a share moved to another member: %v", err)
	}
	other, err := store.OpenSealer(filepath.Join(t.TempDir(), "seal.key"))
	check(t, err)
	if _, err := LoadShares(dir, other, 1); !errors.Is(err, store.ErrSealed) {
		t.Errorf("under another key: %v", err)
	}
}

// TestHandler proves that refusals over HTTP tell their kind and no more.
func TestHandler(t *testing.T) {
	t.Parallel()
	m := newMembers(t)
	h := Handler(m.services, slog.New(slog.NewTextHandler(io.Discard, nil)))
	raw, signature := m.request(t, func(r *Request) { r.Consent[0]++ })
	ask, err := canon.New("tag-ask").Bytes(raw).Bytes(signature).Encoded()
	check(t, err)
	for name, c := range map[string]struct {
		body []byte
		want int
	}{
		"nothing": {nil, http.StatusBadRequest}, "noise": {[]byte("hello"), http.StatusBadRequest},
		"too long": {make([]byte, requestBytesMax+1), http.StatusBadRequest}, "no consent": {ask, http.StatusForbidden},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, Path, bytes.NewReader(c.body)))
		if w.Code != c.want {
			t.Errorf("%s: status %d, want %d", name, w.Code, c.want)
		}
	}
}

// FuzzDecodeRequest proves that no bytes make the decoder panic, and that what it
// takes has one encoding.
func FuzzDecodeRequest(f *testing.F) {
	b, err := Request{
		ChainID: "c", Member: 1, Asker: 2, Device: "d", Purpose: PurposeIdentity, Epoch: 1, Expires: time.Unix(1, 0),
		Blinded: [][]byte{make([]byte, oprf.PointBytes)},
	}.Encoded()
	check(f, err)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := DecodeRequest(b)
		if err != nil {
			return
		}
		if again, err := r.Encoded(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%x was read as %x, %v", b, again, err)
		}
	})
}
