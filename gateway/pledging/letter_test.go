package pledging

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/xinlian/xinlian/gateway/vault"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/artefact"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/passkey"
)

const chainID = "xinlian-test"

// The organisations of the tests.
const (
	bank       = uint64(101)
	verifier   = uint64(103)
	custodian  = uint64(105)
	enterprise = uint64(108)
)

// ledger stands for a gateway's node. Tests bend its fields.
type ledger struct {
	now       time.Time
	device    vault.Device
	idle      bool // the lender is not active
	consent   profilev1.Consent
	statement pledgev1.Statement
	pledge    pledgev1.Pledge
}

var errNone = errors.New("there is none")

func (l *ledger) Now(context.Context) (time.Time, error) { return l.now, nil }

func (l *ledger) Device(_ context.Context, address string) (vault.Device, error) {
	if address != l.device.Address {
		return vault.Device{}, vault.ErrDevice
	}
	return l.device, nil
}

func (l *ledger) Acts(_ context.Context, id uint64) (bool, error) { return id == bank && !l.idle, nil }

func (l *ledger) Consent(_ context.Context, id []byte) (profilev1.Consent, error) {
	if !bytes.Equal(id, l.consent.Id) {
		return profilev1.Consent{}, errNone
	}
	return l.consent, nil
}

func (l *ledger) Keeps(_ context.Context, c, e uint64) (bool, error) {
	return c == custodian && e == enterprise, nil
}

func (l *ledger) Standing(_ context.Context, id uint64) (pledgev1.Statement, pledgev1.Pledge, error) {
	if id != l.pledge.Id {
		return pledgev1.Statement{}, pledgev1.Pledge{}, errNone
	}
	return l.statement, l.pledge, nil
}

// other is a lender at another gateway than the inbox, and the inbox.
type other struct {
	*ledger
	inbox *Inbox
	key   wire.ReadSigner
}

func newOther(t testing.TB) *other {
	t.Helper()
	key, err := wire.NewServiceKey()
	check(t, err)
	l := &ledger{
		now:    time.Unix(1_800_000_000, 0).UTC(),
		device: vault.Device{Address: wire.Address(key), Org: bank, Active: true, KeyType: vault.KeyEd25519, Public: key.PubKey().Bytes()},
		consent: profilev1.Consent{Id: filled(0xcc), State: profilev1.ConsentState_CONSENT_STATE_ACTIVE, Terms: profilev1.ConsentTerms{
			EnterpriseId: enterprise, GranteeOrgId: bank, StartsAt: 1, ExpiresAt: 1_900_000_000, Categories: []profilev1.Category{profilev1.Category_CATEGORY_INVOICE},
		}},
	}
	return &other{ledger: l, key: key, inbox: &Inbox{
		ChainID: chainID, Ledger: l, Signers: vault.NewSigners(func() passkey.Policy { return passkey.Policy{} }),
		Verifiers: map[uint64]bool{verifier: true}, Custodians: map[uint64]bool{custodian: true}, Book: NewBook(shelf{}),
		Now: func() time.Time { return l.now },
	}}
}

func filled(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wish is an order of the bank's.
func wish(id byte) Order {
	return Order{
		ID: strings.Repeat(string("0123456789abcdef"[id%16]), 2*idBytes), Lender: bank, Verifier: verifier, Enterprise: enterprise,
		Seller: "91330000MA27XL0Q3K", Number: "26310000000000000017", ConsentID: filled(0xcc), Leaf: filled(0x11), FaceFen: 500_00,
		PledgeKey: filled(0x22), Salt: filled(0x33), FaceSalt: filled(0x44),
	}
}

// letter signs a letter, after a test has bent it.
func (o *other) letter(t testing.TB, k Kind, w Order, bend func(*Letter)) (raw, signature []byte) {
	t.Helper()
	l := Letter{Kind: k, ChainID: chainID, To: verifier, Device: wire.Address(o.key), Expires: o.now.Add(letterLife), Order: w}
	if k == KindNotice {
		l.To, l.Order.Seller = custodian, ""
	}
	if bend != nil {
		bend(&l)
	}
	raw, err := l.Encoded()
	check(t, err)
	signature, err = o.key.SignRead(raw)
	check(t, err)
	return raw, signature
}

// stated has the chain know the statement and a pledge of a wish.
func (o *other) stated(t testing.TB, w Order, pledge uint64) Order {
	t.Helper()
	lender, err := artefact.LenderCommitment(w.Lender, w.ConsentID, w.PledgeKey, w.Salt)
	check(t, err)
	face, err := artefact.FaceCommitment(w.FaceFen, w.FaceSalt)
	check(t, err)
	o.statement = pledgev1.Statement{
		Id: 4, EnterpriseId: w.Enterprise, AttestorOrgId: w.Verifier, LeafHash: w.Leaf, PledgeKey: w.PledgeKey, LenderCommitment: lender, FaceCommitment: face,
	}
	o.pledge = pledgev1.Pledge{Id: pledge, StatementId: 4, SharePpm: 250_000}
	w.StatementID, w.PledgeID = 4, pledge
	return w
}

// TestOrderByLetter proves that an order reaches its verifier and nobody else, that
// sending it again tells how far it is, and that its id cannot be taken by another.
func TestOrderByLetter(t *testing.T) {
	t.Parallel()
	o := newOther(t)
	raw, signature := o.letter(t, KindOrder, wish(1), nil)
	for range 2 {
		a, err := o.inbox.Take(t.Context(), KindOrder, raw, signature)
		if err != nil || a.State != StateAsked || a.StatementID != 0 {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	list, err := o.inbox.Book.Orders(t.Context(), verifier)
	if err != nil || len(list) != 1 || !list[0].sameWish(wish(1)) || list[0].AskedAt != o.now.Unix() {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, org := range []uint64{bank, enterprise, custodian} {
		if list, err := o.inbox.Book.Orders(t.Context(), org); err != nil || len(list) != 0 {
			t.Errorf("organisation %d has %d orders, %v", org, len(list), err)
		}
	}
	mine := list[0]
	mine.State, mine.StatementID = StateAttested, 4
	check(t, o.inbox.Book.save(t.Context(), mine))
	o.consent.State = profilev1.ConsentState_CONSENT_STATE_REVOKED // it is stated already
	if a, err := o.inbox.Take(t.Context(), KindOrder, raw, signature); err != nil || a.State != StateAttested || a.StatementID != 4 {
		t.Errorf("%+v, %v", a, err)
	}
	raw, signature = o.letter(t, KindOrder, wish(1), func(l *Letter) { l.Order.FaceFen++ })
	if _, err := o.inbox.Take(t.Context(), KindOrder, raw, signature); !errors.Is(err, ErrOrder) {
		t.Errorf("another order under the id: %v", err)
	}
}

// TestLetterRefusals proves which letters are not taken, and that they leave nothing.
func TestLetterRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		bend  func(*Letter)
		state func(*other)
		want  error
	}{
		"chain":        {func(l *Letter) { l.ChainID = "other" }, nil, ErrAddressee},
		"stranger":     {func(l *Letter) { l.To, l.Order.Verifier = 104, 104 }, nil, ErrAddressee},
		"expired":      {func(l *Letter) { l.Expires = l.Expires.Add(-2 * letterLife) }, nil, ErrExpired},
		"far ahead":    {func(l *Letter) { l.Expires = l.Expires.Add(letterLifeMax) }, nil, ErrExpired},
		"other lender": {func(l *Letter) { l.Order.Lender = 102 }, nil, ErrSender},
		"no device":    {func(l *Letter) { l.Device = "xinlian1other" }, nil, ErrSender},
		"revoked key":  {nil, func(o *other) { o.device.Active = false }, ErrSender},
		"idle":         {nil, func(o *other) { o.idle = true }, ErrSender},
		"other key":    {nil, func(o *other) { o.device.Public = filled(9) }, ErrSender},
		"no consent":   {func(l *Letter) { l.Order.ConsentID = filled(1) }, nil, ErrConsent},
		"paused": {nil, func(o *other) {
			o.consent.State = profilev1.ConsentState_CONSENT_STATE_PAUSED
		}, ErrConsent},
		"run out":     {nil, func(o *other) { o.consent.Terms.ExpiresAt = o.now.Unix() }, ErrConsent},
		"other firm":  {func(l *Letter) { l.Order.Enterprise = 109 }, nil, ErrConsent},
		"other data":  {nil, func(o *other) { o.consent.Terms.Categories = []profilev1.Category{profilev1.Category_CATEGORY_BANK} }, ErrConsent},
		"stale node":  {nil, func(o *other) { o.inbox.Now = func() time.Time { return o.now.Add(time.Hour) } }, ErrStale},
		"many orders": {nil, func(o *other) { fill(t, o.inbox.Book) }, ErrFull},
	} {
		o := newOther(t)
		if c.state != nil {
			c.state(o)
		}
		raw, signature := o.letter(t, KindOrder, wish(1), c.bend)
		if _, err := o.inbox.Take(t.Context(), KindOrder, raw, signature); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
		if _, err := o.inbox.Book.Order(t.Context(), verifier, wish(1).ID); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: the order is filed: %v", name, err)
		}
	}
}

// fill has the verifier hold as many open orders of the bank as it may.
func fill(t *testing.T, b *Book) {
	t.Helper()
	for i := range openMax {
		o := wish(2)
		o.ID, o.State = strings.Repeat("f", 20)+strings.Repeat(string(rune('a'+i%26)), 1+i/26), StateAsked
		check(t, b.file(t.Context(), o, verifier))
	}
}

// TestNotice proves that an owner is told of a pledge that the chain has and whose
// opening fits, with the pledges before it, and of no other.
func TestNotice(t *testing.T) {
	t.Parallel()
	o := newOther(t)
	for _, pledge := range []uint64{7, 7, 9} {
		raw, signature := o.letter(t, KindNotice, o.stated(t, wish(1), pledge), nil)
		if _, err := o.inbox.Take(t.Context(), KindNotice, raw, signature); err != nil {
			t.Fatal(err)
		}
	}
	list, err := o.inbox.Book.Orders(t.Context(), enterprise)
	if err != nil || len(list) != 1 || list[0].PledgeID != 9 || len(list[0].Earlier) != 1 || list[0].Earlier[0] != 7 || list[0].SharePpm != 250_000 || list[0].Seller != "" {
		t.Fatalf("%+v, %v", list, err)
	}
	for name, c := range map[string]struct {
		bend func(*Letter)
		want error
	}{
		"no pledge":       {func(l *Letter) { l.Order.PledgeID = 77 }, ErrPledge},
		"other statement": {func(l *Letter) { l.Order.StatementID = 5 }, ErrPledge},
		"other amount":    {func(l *Letter) { l.Order.FaceFen++ }, ErrPledge},
		"other salt":      {func(l *Letter) { l.Order.Salt = filled(0) }, ErrPledge},
		"other leaf":      {func(l *Letter) { l.Order.Leaf = filled(0) }, ErrPledge},
		"other verifier":  {func(l *Letter) { l.Order.Verifier++ }, ErrPledge},
		"other owner":     {func(l *Letter) { l.Order.Enterprise++ }, ErrAddressee},
		"to the verifier": {func(l *Letter) { l.To = verifier }, ErrAddressee},
	} {
		w := o.stated(t, wish(2), 9)
		raw, signature := o.letter(t, KindNotice, w, c.bend)
		if _, err := o.inbox.Take(t.Context(), KindNotice, raw, signature); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	if list, err := o.inbox.Book.Orders(t.Context(), enterprise); err != nil || len(list) != 1 {
		t.Errorf("%d orders, %v", len(list), err)
	}
}

// TestPost proves that a letter goes over HTTP as it goes in a process, that refusals
// come back as the errors that they are, and that a gateway that is away is told
// apart from one that refuses.
func TestPost(t *testing.T) {
	t.Parallel()
	o := newOther(t)
	server := httptest.NewServer(Handler(o.inbox, slog.New(slog.NewTextHandler(io.Discard, nil))))
	defer server.Close()
	p, err := NewPost(map[uint64]string{verifier: server.URL, custodian: server.URL})
	check(t, err)
	raw, signature := o.letter(t, KindOrder, wish(1), nil)
	if a, err := p.Send(t.Context(), KindOrder, verifier, raw, signature); err != nil || a.State != StateAsked {
		t.Fatalf("%+v, %v", a, err)
	}
	if _, err := p.Send(t.Context(), KindNotice, verifier, raw, signature); !errors.Is(err, ErrLetter) {
		t.Errorf("an order as a notice: %v", err)
	}
	signature[0] ^= 1
	if _, err := p.Send(t.Context(), KindOrder, verifier, raw, signature); !errors.Is(err, ErrSender) || errors.Is(err, ErrUnreachable) {
		t.Errorf("a bent signature: %v", err)
	}
	res, err := http.Post(server.URL+paths[KindOrder], "application/octet-stream", bytes.NewReader(make([]byte, letterBytesMax+signatureMax+1)))
	check(t, err)
	if res.Body.Close() != nil || res.StatusCode != http.StatusBadRequest {
		t.Errorf("a letter that is too long: status %d", res.StatusCode)
	}
	if !p.Reaches(verifier) || p.Reaches(bank) {
		t.Error("addresses are not those of the configuration")
	}
	server.Close()
	for _, to := range []uint64{verifier, bank} {
		if _, err := p.Send(t.Context(), KindOrder, to, raw, signature); !errors.Is(err, ErrUnreachable) {
			t.Errorf("to %d: %v", to, err)
		}
	}
	if _, err := NewPost(map[uint64]string{1: "ftp://nowhere"}); err == nil {
		t.Error("an address of no gateway is taken")
	}
}

// FuzzDecodeLetter proves that no bytes make the decoder panic, and that what it
// takes has one encoding.
func FuzzDecodeLetter(f *testing.F) {
	o := newOther(f)
	for _, k := range []Kind{KindOrder, KindNotice} {
		w := wish(1)
		w.StatementID, w.PledgeID = 4, 9
		raw, _ := o.letter(f, k, w, nil)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, k := range []Kind{KindOrder, KindNotice} {
			l, err := DecodeLetter(k, b)
			if err != nil {
				continue
			}
			if again, err := l.Encoded(); err != nil || !bytes.Equal(again, b) {
				t.Errorf("%x was read as %x, %v", b, again, err)
			}
		}
	})
}
