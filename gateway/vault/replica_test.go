package vault

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const testSecond = 4

// pair is two custodians' vaults on one chain, joined by HTTP.
type pair struct {
	*world

	second *world
	device ed25519.PrivateKey // of the second custodian
	keys   *DataKey
	// answerer is the first custodian's service device.
	answerer Answerer
	site     *httptest.Server // the first's
}

func newPair(t *testing.T, s Suite) *pair {
	t.Helper()
	p := &pair{world: newWorldOf(t, s)}
	p.second = &world{t: t, dir: t.TempDir(), suite: s, custodian: testSecond, chain: p.chain, device: p.world.device, key: p.key}
	p.second.open()
	pub, private, err := ed25519.GenerateKey(nil)
	must(t, err)
	p.device = private
	p.keys, err = GenerateDataKey(s)
	must(t, err)
	firstPub, first, err := ed25519.GenerateKey(nil)
	must(t, err)
	p.answerer = Answerer{"xin1first", func(b []byte) ([]byte, error) { return ed25519.Sign(first, b), nil }}
	p.chain.mu.Lock()
	p.chain.devices["xin1first"] = Device{Address: "xin1first", Org: testCustodian, Active: true, KeyType: KeyEd25519, Public: firstPub}
	p.chain.devices["xin1second"] = Device{Address: "xin1second", Org: testSecond, Active: true, KeyType: KeyEd25519, Public: pub}
	p.chain.dataKeys[testSecond] = p.keys.Recipient()
	p.chain.second = map[uint64]uint64{testEnterprise: testSecond}
	p.chain.mu.Unlock()
	p.site = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		must(t, err)
		req, err := DecodeReplicaRequest(raw)
		if err == nil {
			err = p.vault.Replicate(r.Context(), *req, unhexed(t, r.Header.Get("Signature")), p.answerer, w)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
		}
	}))
	t.Cleanup(p.site.Close)
	return p
}

func (p *pair) ask(ctx context.Context, req ReplicaRequest) (io.ReadCloser, error) {
	raw, err := req.Encoded()
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.site.URL, bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Signature", hex.EncodeToString(ed25519.Sign(p.device, raw)))
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	return res.Body, nil
}

func (p *pair) adopt() (Adopted, error) {
	return p.second.vault.Adopt(p.t.(*testing.T).Context(), testCustodian, testEnterprise, "xin1second", p.keys, p.ask)
}

// The second custodian holds the same records, documents, keys and wraps, serves
// reads when the first is gone, follows its revocations, and erases for itself.
func TestSecondCustodian(t *testing.T) { eachSuite(t, secondCustodian) }

func secondCustodian(t *testing.T, s Suite) {
	t.Helper()
	p := newPair(t, s)
	p.seal(bank(202503, SegmentRecords+4)...)
	unanchored, err := p.vault.Seal(t.Context(), Batch{Enterprise: testEnterprise, Schema: bank(202504, 1)[0].Schema, Records: List(bank(202504, 1))})
	must(t, err)
	doc, err := p.vault.StoreDocument(t.Context(), testDocument(Months{202501, 202501}), strings.NewReader(strings.Repeat("statement", 20_000)))
	must(t, err)
	consent := p.consent(nil)
	done, err := p.adopt()
	must(t, err)
	if done != (Adopted{Keys: 1, Batches: 1, Documents: 1, Wraps: 1}) {
		t.Errorf("adopted %+v", done)
	}
	if again, err := p.adopt(); err != nil || again != (Adopted{}) {
		t.Errorf("adopted again %+v, %v", again, err)
	}
	if _, err := p.second.vault.Batch(unanchored.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("an unanchored batch was adopted: %v", err)
	}
	_, body, err := p.second.vault.OpenDocument(t.Context(), doc.ID)
	must(t, err)
	text, err := io.ReadAll(body)
	if err = errors.Join(err, body.Close()); err != nil || len(text) != 180_000 {
		t.Errorf("document of %d bytes, %v", len(text), err)
	}
	if r, err := p.second.vault.Scrub(t.Context(), ScrubOptions{}); err != nil || len(r.Findings) != 0 || r.Records != SegmentRecords+4 {
		t.Errorf("scrub of the second: %+v, %v", r, err)
	}

	p.chain.state(p.consent(nil), StateRevoked)
	ended := p.consent(nil)
	_, err = p.adopt()
	must(t, err)
	p.chain.state(ended, StateRevoked)
	_, _, err = p.vault.Rotate(t.Context(), testEnterprise, bankCategory)
	must(t, err)
	p.seal(bank(202505, 2)...)
	done, err = p.adopt()
	must(t, err)
	if done.Keys != 1 || done.Batches != 1 || done.Dropped == 0 {
		t.Errorf("after a revocation: %+v", done)
	}

	must(t, p.vault.Close()) // the first is down
	p.site.Close()
	if _, err := p.adopt(); err == nil {
		t.Error("adopted from a custodian that is down")
	}
	req := p.request(consent)
	req.Custodian = testSecond
	got, err := p.second.read(req)
	if err != nil || len(got) != SegmentRecords+4+2 {
		t.Errorf("%d records from the second, %v", len(got), err)
	}
	over := p.request(ended)
	over.Custodian = testSecond
	_, err = p.second.read(over)
	wantErr(t, err, ErrConsentRevoked, "a revoked consent at the second")
	_, err = p.second.vault.Erase(t.Context(), testEnterprise)
	must(t, err)
	again := p.request(consent)
	again.Custodian = testSecond
	_, err = p.second.read(again)
	wantErr(t, err, ErrErased, "after the erasure at the second")
}

// Nothing is given to who is not the chosen second custodian, and nothing that
// was altered on the way is taken.
func TestReplicaRefusals(t *testing.T) {
	t.Parallel()
	p := newPair(t, SuiteNIST)
	p.seal(bank(202503, 3)...)
	p.consent(nil)
	good := ReplicaRequest{
		ChainID: testChain, Custodian: testCustodian, Second: testSecond, Enterprise: testEnterprise, Device: "xin1second",
		What: ReplicaKey, Category: bankCategory, Epoch: 1, Expires: p.chain.clock().Add(time.Minute).Truncate(time.Second),
	}
	for name, c := range map[string]struct {
		bend func(*ReplicaRequest)
		want error
	}{
		"another chain": {func(r *ReplicaRequest) { r.ChainID = "x" }, ErrWrongVault}, "another vault": {func(r *ReplicaRequest) { r.Custodian = 9 }, ErrWrongVault},
		"another's device": {func(r *ReplicaRequest) { r.Device = "xin1lender" }, ErrDevice}, "another organisation": {func(r *ReplicaRequest) { r.Second = testLender }, ErrDevice},
		"not its enterprise": {func(r *ReplicaRequest) { r.Enterprise = 7 }, ErrGrantee}, "expired": {func(r *ReplicaRequest) { r.Expires = testStart.Add(-time.Hour) }, ErrRequestExpired},
		"for ever": {func(r *ReplicaRequest) { r.Expires = testStart.Add(time.Hour) }, ErrRequestExpired}, "unknown part": {func(r *ReplicaRequest) { r.What = 9 }, ErrBadRequest},
		"no such key": {func(r *ReplicaRequest) { r.Epoch = 5 }, ErrKey},
	} {
		req := good
		c.bend(&req)
		raw, err := req.Encoded()
		must(t, err)
		var out bytes.Buffer
		err = p.vault.Replicate(t.Context(), req, ed25519.Sign(p.device, raw), p.answerer, &out)
		wantErr(t, err, c.want, "%s", name)
		if out.Len() > 0 {
			t.Errorf("%s: %d bytes were sent", name, out.Len())
		}
	}
	raw, err := good.Encoded()
	must(t, err)
	raw[9] ^= 1
	wantErr(t, p.vault.Replicate(t.Context(), good, ed25519.Sign(p.device, raw), p.answerer, io.Discard), ErrSignature, "signature over other bytes")

	whole := p.ask
	for at := range 40 {
		bent := func(ctx context.Context, req ReplicaRequest) (io.ReadCloser, error) {
			src, err := whole(ctx, req)
			if err != nil || req.What != ReplicaBatch {
				return src, err
			}
			b, err := io.ReadAll(src)
			b[len(b)*at/40] ^= 1
			return io.NopCloser(bytes.NewReader(b)), err
		}
		if _, err := p.second.vault.Adopt(t.Context(), testCustodian, testEnterprise, "xin1second", p.keys, bent); !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrSuite) && !errors.Is(err, ErrSignature) && !errors.Is(err, ErrDevice) {
			t.Fatalf("a batch bent at %d of 40: %v", at, err)
		}
	}
	if n := len(p.second.vault.Batches(testEnterprise)); n != 0 {
		t.Errorf("%d batches from bent answers", n)
	}
	if left := files(t, p.second.dir+"/data/attempts"); len(left) != 0 {
		t.Errorf("attempts left: %v", left)
	}
	if done, err := p.adopt(); err != nil || done.Batches != 1 {
		t.Errorf("then the true one: %+v, %v", done, err)
	}
}
