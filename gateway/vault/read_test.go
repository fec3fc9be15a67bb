package vault

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"

	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/passkey"
	"github.com/xinlian/xinlian/passkey/softkey"
)

// A lender reads exactly the months that it asked for, each record proven.
func TestReadOpensWhatWasAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.seal(append(bank(202501, 3), bank(202502, 4)...)...)
	w.seal(bank(202412, 2)...) // outside the consent
	id := w.consent(nil)
	req := w.request(id)
	req.Selector.Months = Months{202502, 202503}
	got, err := w.read(req)
	must(t, err)
	if len(got) != 4 {
		t.Fatalf("%d records, want 4", len(got))
	}
	for i, o := range got {
		if o.Month != 202502 || o.Batch.ID != first.ID || o.Proof.Index != uint64(i+3) {
			t.Errorf("record %d: month %d, index %d", i, o.Month, o.Proof.Index)
		}
		if _, err := record.Verify(first.Root[:], testEnterprise, o.Salt, o.Canonical, o.Proof); err != nil {
			t.Errorf("record %d: %v", i, err)
		}
	}
	r, err := w.vault.Log().Receipt(1)
	must(t, err)
	if r.Outcome != OutcomeAllowed || r.Records != 4 || r.Height != 100 || r.Device != "xin1lender" || !r.Verified || r.Org != testLender {
		t.Errorf("receipt %+v", r)
	}
}

// Each rule refuses by its own error, leaves a receipt that says so, and
// releases nothing.
func TestReadRefusals(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		consent func(*Consent)
		request func(*world, *ReadRequest)
		chain   func(*fakeChain)
		want    error
	}{
		{"another chain", nil, func(_ *world, r *ReadRequest) { r.ChainID = "other" }, nil, ErrWrongVault},
		{"another custodian", nil, func(_ *world, r *ReadRequest) { r.Custodian++ }, nil, ErrWrongVault},
		{"stale head", nil, nil, func(f *fakeChain) { f.lag = HeadAgeMax + time.Second }, ErrHeadStale},
		{"head from the future", nil, nil, func(f *fakeChain) { f.lag = -HeadAgeMax - time.Second }, ErrHeadStale},
		{"unknown device", nil, func(_ *world, r *ReadRequest) { r.Device = "xin1nobody" }, nil, ErrDevice},
		{"inactive device", nil, nil, func(f *fakeChain) { d := f.devices["xin1lender"]; d.Active = false; f.devices["xin1lender"] = d }, ErrDevice},
		{"device of another organisation", nil, nil, func(f *fakeChain) { d := f.devices["xin1lender"]; d.Org++; f.devices["xin1lender"] = d }, ErrGrantee},
		{"unknown key type", nil, nil, func(f *fakeChain) { d := f.devices["xin1lender"]; d.KeyType = 9; f.devices["xin1lender"] = d }, ErrSignature},
		{"expired request", nil, func(w *world, r *ReadRequest) { r.Expires = w.chain.now.Add(-time.Second) }, nil, ErrRequestExpired},
		{"request that lives too long", nil, func(w *world, r *ReadRequest) { r.Expires = w.chain.now.Add(RequestLifeMax + time.Second) }, nil, ErrRequestExpired},
		{"unknown consent", nil, func(_ *world, r *ReadRequest) { r.Consent[0] ^= 1 }, nil, ErrConsentUnknown},
		{"pending", func(c *Consent) { c.State = StatePending }, nil, nil, ErrConsentPending},
		{"paused", func(c *Consent) { c.State = StatePaused }, nil, nil, ErrConsentPaused},
		{"revoked", func(c *Consent) { c.State = StateRevoked }, nil, nil, ErrConsentRevoked},
		{"refused", func(c *Consent) { c.State = StateRefused }, nil, nil, ErrConsentRefused},
		{"expired by state", func(c *Consent) { c.State = StateExpired }, nil, nil, ErrConsentExpired},
		{"expired by time", func(c *Consent) { c.End = testStart.Add(time.Second) }, func(w *world, r *ReadRequest) {
			w.chain.advance(time.Second)
			r.Expires = r.Expires.Add(time.Second)
		}, nil, ErrConsentExpired},
		{"not yet", func(c *Consent) { c.Start = testStart.Add(time.Second) }, nil, nil, ErrConsentEarly},
		{"purpose", nil, func(_ *world, r *ReadRequest) { r.Purpose = "marketing" }, nil, ErrPurpose},
		{"storing under a view-only consent", func(c *Consent) { c.Use = UseView }, func(_ *world, r *ReadRequest) { r.Use = UseStore }, nil, ErrMode},
		{"category", nil, func(_ *world, r *ReadRequest) {
			r.Selector.Categories = []record.Category{record.CategoryBank, record.CategoryTax}
		}, nil, ErrOutOfRange},
		{"months before", nil, func(_ *world, r *ReadRequest) { r.Selector.Months.From = 202412 }, nil, ErrOutOfRange},
		{"months after", nil, func(_ *world, r *ReadRequest) { r.Selector.Months.To = 202601 }, nil, ErrOutOfRange},
		{"unknown batch", nil, func(_ *world, r *ReadRequest) { r.Selector.Batches = []ID{{1}} }, nil, ErrNotFound},
		{"chain unreachable", nil, nil, func(f *fakeChain) { f.fail = io.ErrClosedPipe }, io.ErrClosedPipe},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.seal(bank(202503, 2)...)
			id := w.consent(c.consent)
			req := w.request(id)
			if c.request != nil {
				c.request(w, &req)
			}
			if c.chain != nil {
				c.chain(w.chain)
			}
			d, err := w.vault.Read(context.Background(), req, w.sign(req))
			wantErr(t, err, c.want, "read")
			if d != nil {
				t.Error("something was released")
			}
			r, err := w.vault.Log().Receipt(1)
			must(t, err)
			if r.Outcome != OutcomeOf(c.want) || r.Outcome == OutcomeAllowed || r.Records != 0 || r.Root != (hash{}) || r.Consent != req.Consent {
				t.Errorf("receipt %+v", r)
			}
		})
	}
}

// A request changed in any field after signing is refused by its signature, and
// a malformed one leaves a receipt without its text.
func TestReadChecksSignatureOverEveryField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.seal(bank(202503, 3)...)
	id := w.consent(nil)
	bends := map[string]func(*ReadRequest){
		"purpose":    func(r *ReadRequest) { r.Purpose = "other" },
		"use":        func(r *ReadRequest) { r.Use = UseStore },
		"consent":    func(r *ReadRequest) { r.Consent[3] ^= 8 },
		"categories": func(r *ReadRequest) { r.Selector.Categories = []record.Category{record.CategoryTax} },
		"from":       func(r *ReadRequest) { r.Selector.Months.From++ },
		"to":         func(r *ReadRequest) { r.Selector.Months.To-- },
		"batches":    func(r *ReadRequest) { r.Selector.Batches = []ID{b.ID} },
		"records":    func(r *ReadRequest) { r.Selector.Records = []RecordRef{{b.ID, 1}} },
		"nonce":      func(r *ReadRequest) { r.Nonce[0] ^= 1 },
		"expires":    func(r *ReadRequest) { r.Expires = r.Expires.Add(time.Second) },
	}
	for name, bend := range bends {
		req := w.request(id)
		sig := w.sign(req)
		bend(&req)
		_, err := w.vault.Read(context.Background(), req, sig)
		wantErr(t, err, ErrSignature, "%s", name)
	}
	req := w.request(id)
	sig := w.sign(req)
	req.Purpose = "bad\xff"
	_, err := w.vault.Read(context.Background(), req, sig)
	wantErr(t, err, ErrBadRequest, "malformed")
	r, err := w.vault.Log().Receipt(w.vault.Log().Len())
	must(t, err)
	if r.Purpose != "" || r.Outcome != OutcomeOf(ErrBadRequest) {
		t.Errorf("receipt %+v", r)
	}
}

// A nonce serves once: also after a refusal, after a restart, and with the
// request otherwise changed; a bad signature does not use one up.
func TestReadNonceIsSingleUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.seal(bank(202503, 1)...)
	id := w.consent(nil)
	req := w.request(id)
	_, err := w.vault.Read(context.Background(), req, make([]byte, 64))
	wantErr(t, err, ErrSignature, "bad signature")
	_, err = w.read(req)
	must(t, err)
	_, err = w.read(req)
	wantErr(t, err, ErrNonceUsed, "again")
	w.reopen()
	_, err = w.read(req)
	wantErr(t, err, ErrNonceUsed, "after a restart")

	refused := w.request(id)
	refused.Purpose = "marketing"
	_, err = w.read(refused)
	wantErr(t, err, ErrPurpose, "refused")
	refused.Purpose = testPurpose
	_, err = w.read(refused)
	wantErr(t, err, ErrNonceUsed, "nonce of a refused read")
}

// Fetch limits hold over restarts, and a refused read uses up none.
func TestReadFetchLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.seal(bank(202503, 1)...)
	once := w.consent(func(c *Consent) { c.FetchLimit = 2 })
	bad := w.request(once)
	bad.Purpose = "marketing"
	_, err := w.read(bad)
	wantErr(t, err, ErrPurpose, "refused")
	for range 2 {
		_, err := w.read(w.request(once))
		must(t, err)
		w.reopen()
	}
	_, err = w.read(w.request(once))
	wantErr(t, err, ErrFetchLimit, "third")

	monthly := w.consent(func(c *Consent) { c.FetchUnit, c.FetchLimit = FetchMonth, 1 })
	_, err = w.read(w.request(monthly))
	must(t, err)
	w.chain.advance(time.Date(2026, 3, 31, 15, 59, 59, 0, time.UTC).Sub(w.chain.clock())) // 23:59:59 at UTC+8
	_, err = w.read(w.request(monthly))
	wantErr(t, err, ErrFrequency, "within the month")
	w.chain.advance(time.Second)
	_, err = w.read(w.request(monthly))
	must(t, err)
}

// Single records can be named; one outside the months or not
// anchored is refused rather than left out.
func TestReadNamedRecords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.seal(append(bank(202501, 5), bank(202411, 1)...)...)
	id := w.consent(nil)
	req := w.request(id)
	req.Selector.Records = []RecordRef{{b.ID, 1}, {b.ID, 4}}
	got, err := w.read(req)
	must(t, err)
	if len(got) != 2 || got[0].Proof.Index != 1 || got[1].Proof.Index != 4 {
		t.Fatalf("got %d records", len(got))
	}
	req = w.request(id)
	req.Selector.Records = []RecordRef{{b.ID, 5}}
	_, err = w.read(req)
	wantErr(t, err, ErrOutOfRange, "a record of another month")
	req = w.request(id)
	req.Selector.Records = []RecordRef{{b.ID, 6}}
	_, err = w.read(req)
	wantErr(t, err, ErrNotFound, "a record beyond the batch")

	later, err := w.vault.Seal(context.Background(), Batch{Enterprise: testEnterprise, Schema: record.BankTransaction, Records: List(bank(202502, 1))})
	must(t, err)
	req = w.request(id)
	req.Selector.Batches = []ID{later.ID}
	_, err = w.read(req)
	wantErr(t, err, ErrNotAnchored, "a batch not on chain")
}

// A delivery cut or bent at any byte never opens as whole.
func TestDeliveryIsTamperEvident(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.seal(bank(202503, 3)...)
	req := w.request(w.consent(nil))
	d, err := w.vault.Read(context.Background(), req, w.sign(req))
	must(t, err)
	var wire bytes.Buffer
	must(t, d.Send(context.Background(), &wire))
	good := wire.Bytes()
	if got, err := w.openWire(req, good); err != nil || len(got) != 3 {
		t.Fatalf("%d records, %v", len(got), err)
	}
	for n := 0; n < len(good); n += 7 {
		if _, err := w.openWire(req, good[:n]); err == nil {
			t.Fatalf("cut at byte %d of %d opened as whole", n, len(good))
		}
	}
	unbound := 0
	for i := range good {
		bent := bytes.Clone(good)
		bent[i] ^= 1 << (i % 8)
		got, err := w.openWire(req, bent)
		if err != nil {
			continue
		}
		// The receipt's sequence, link, organisation, height and time are the
		// vault's word until its log is anchored: 8 + 32 + 8 + 8 + 8 bytes.
		unbound++
		if len(got) != 3 {
			t.Fatalf("byte %d bent: %d records", i, len(got))
		}
	}
	if unbound > 64 {
		t.Errorf("%d bytes of %d are not bound", unbound, len(good))
	}
	other := w.request(req.Consent)
	if _, err := w.openWire(other, good); !errors.Is(err, ErrDamaged) {
		t.Errorf("delivery for another request: %v", err)
	}
	stranger, err := GenerateDataKey(SuiteNIST)
	must(t, err)
	w.key = stranger
	_, err = w.openWire(req, good)
	wantErr(t, err, ErrKey, "another organisation's key")
}

// A consent's least amount hides smaller records, in both directions, and they
// cannot be had by name either; what is left is proven as ever.
func TestReadAmountFilter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	records := bank(202503, 10)                   // 100 to 1000 fen
	records = append(records, bank(202503, 1)...) // 100 fen, turned into a return of 700
	records[10].SetInt("amount", -700)
	b := w.seal(records...)
	id := w.consent(func(c *Consent) { c.AmountFenMin = 700 })
	got, err := w.read(w.request(id))
	must(t, err)
	var indexes []uint64
	for _, o := range got {
		indexes = append(indexes, o.Proof.Index)
	}
	if want := []uint64{6, 7, 8, 9, 10}; !slices.Equal(indexes, want) {
		t.Errorf("records %v, want %v", indexes, want)
	}
	req := w.request(id)
	req.Selector.Records = []RecordRef{{b.ID, 5}}
	_, err = w.read(req)
	wantErr(t, err, ErrOutOfRange, "a hidden record by name")
}

// A read is taken from a passkey, an ed25519 and a secp256k1 device, each over
// the request's bytes and no others; a passkey's assertion for a transaction, or
// from another origin, is refused, and so is every passkey once they are off.
func TestSigners(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	req := w.request(ID{1})
	message, err := req.Encoded()
	must(t, err)
	soft, err := softkey.New()
	must(t, err)
	page := soft.At("http://localhost:8080", "localhost")
	assert := func(d softkey.Device, domain passkey.Domain) []byte {
		sig, err := d.Sign(domain, message)
		must(t, err)
		return sig
	}
	cosmos := secp256k1.GenPrivKey()
	cosmosSig, err := cosmos.Sign(message)
	must(t, err)
	devices := map[string]Device{
		"passkey":   {KeyType: KeyPasskey, Public: soft.PubKey().Bytes()},
		"ed25519":   {KeyType: KeyEd25519, Public: w.device.Public().(ed25519.PublicKey)},
		"secp256k1": {KeyType: KeySecp256k1, Public: cosmos.PubKey().Bytes()},
	}
	good := map[string][]byte{"passkey": assert(page, passkey.DomainRead), "ed25519": w.sign(req), "secp256k1": cosmosSig}
	signers := NewSigners(testPolicy)
	for name, d := range devices {
		must(t, signers.Check(d, message, good[name]))
		wantErr(t, signers.Check(d, append([]byte{0}, message...), good[name]), ErrSignature, "%s: another message", name)
		wantErr(t, signers.Check(d, message, nil), ErrSignature, "%s: no signature", name)
		wantErr(t, signers.Check(d, message, make([]byte, SignatureBytesMax+1)), ErrSignature, "%s: too long", name)
		bent := bytes.Clone(good[name])
		bent[len(bent)/2] ^= 1
		wantErr(t, signers.Check(d, message, bent), ErrSignature, "%s: bent", name)
		for other, sig := range good {
			if other != name {
				wantErr(t, signers.Check(d, message, sig), ErrSignature, "%s: signature of %s", name, other)
			}
		}
		d.Public = nil
		wantErr(t, signers.Check(d, message, good[name]), ErrSignature, "%s: no key", name)
	}
	d := devices["passkey"]
	wantErr(t, signers.Check(d, message, assert(page, passkey.DomainSign)), ErrSignature, "for a transaction")
	wantErr(t, signers.Check(d, message, assert(page, passkey.DomainLogin)), ErrSignature, "for a login")
	wantErr(t, signers.Check(d, message, assert(soft.At("https://evil.example", "localhost"), passkey.DomainRead)), ErrSignature, "another origin")
	off := NewSigners(func() passkey.Policy { return passkey.Policy{} })
	wantErr(t, off.Check(d, message, good["passkey"]), ErrSignature, "passkeys switched off")
}
