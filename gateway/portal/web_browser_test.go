package portal_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/passkey"
)

// gatewayStub answers the page as the gateway does, with the chain's own codec
// and verifier. It can be told to lie about an amount.
type gatewayStub struct {
	t      *testing.T
	codec  wire.Codec
	origin string
	mux    *http.ServeMux

	mu       sync.Mutex
	key      *passkey.PubKey
	nonce    []byte
	prepared map[string]wire.Prepared // by sign bytes
	lieFen   int64
	signed   int
}

const pageHead = `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>信链</title>
<meta name="xinlian-rp" content="localhost"><meta name="xinlian-chain" content="` + fixtureChain + `">
<script src="/static/sign.js" defer></script></head><body>`

func newGatewayStub(t *testing.T) *gatewayStub {
	t.Helper()
	codec, err := wire.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	g := &gatewayStub{t: t, codec: codec, mux: http.NewServeMux(), nonce: []byte(strings.Repeat("n", 32)), prepared: map[string]wire.Prepared{}}
	page := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; connect-src 'self'; form-action 'none'")
			_, _ = w.Write([]byte(pageHead + body))
		}
	}
	g.mux.Handle("GET /static/", http.StripPrefix("/static/", http.FileServer(http.Dir("static"))))
	g.mux.Handle("GET /join", page(`<form data-enrol data-user="晨光食品"><input name="invite" value="abc"><button id="go">登记</button></form>`))
	g.mux.Handle("GET /pay", page(`<form data-sign="/xinlian.cash.v1.MsgTransfer"><input name="org_id" value="12">`+
		`<input name="to_org_id" value="3"><input name="amount_fen" data-yuan value="1,000.50"><button id="go">付款</button></form>`))
	g.mux.Handle("GET /in", page(`<form data-login><button id="go">登录</button></form>`))
	g.mux.Handle("GET /nonce", g.answer(func(map[string]any) (any, error) { return map[string]any{"nonce": g.nonce}, nil }))
	g.mux.Handle("POST /enrol", g.answer(g.enrol))
	g.mux.Handle("POST /login", g.answer(g.login))
	g.mux.Handle("POST /tx/prepare", g.answer(g.prepare))
	g.mux.Handle("POST /tx/submit", g.answer(g.submit))
	return g
}

func (g *gatewayStub) answer(f func(map[string]any) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in map[string]any
		_ = json.NewDecoder(r.Body).Decode(&in) // a GET has none
		g.mu.Lock()
		defer g.mu.Unlock()
		out, err := f(in)
		w.Header().Set("Content-Type", "application/json")
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			out = map[string]any{"title": "拒绝", "detail": err.Error()}
		}
		_ = json.NewEncoder(w).Encode(out)
	}
}

func binary(in map[string]any, name string) []byte {
	var b []byte
	text, _ := json.Marshal(in[name])
	_ = json.Unmarshal(text, &b)
	return b
}

// proves checks an assertion with the chain's verifier and a policy for this page.
func (g *gatewayStub) proves(d passkey.Domain, message, signature []byte) error {
	a, err := passkey.Verify(g.key, d, message, signature)
	if err != nil {
		return err
	}
	return passkey.Policy{Enabled: true, Origins: []string{g.origin}, RPIDs: []string{fixtureRP}}.Check(a)
}

func (g *gatewayStub) enrol(in map[string]any) (any, error) {
	key, err := passkey.NewPubKey(binary(in, "public_key"))
	if err != nil {
		return nil, err
	}
	g.key = key
	if err := g.proves(passkey.DomainLogin, g.nonce, binary(in, "assertion")); err != nil {
		return nil, err
	}
	return map[string]any{"location": "/pay?invite=" + in["invite"].(string)}, nil
}

func (g *gatewayStub) login(in map[string]any) (any, error) {
	if err := g.proves(passkey.DomainLogin, g.nonce, binary(in, "assertion")); err != nil {
		return nil, err
	}
	return map[string]any{"location": "/pay?in=1"}, nil
}

func (g *gatewayStub) prepare(in map[string]any) (any, error) {
	fields := in["fields"].(map[string]any)
	amountFen, err := strconv.ParseInt(fields["amount_fen"].(string), 10, 64)
	if err != nil {
		return nil, err
	}
	account := authtypes.NewBaseAccount(sdk.AccAddress(g.key.Address()), g.key, 41, 7)
	p, err := g.codec.Prepare(context.Background(), wire.Draft{
		ChainID: fixtureChain, Account: account, Gas: 20_000_000, Timeout: time.Now().Add(4 * time.Minute),
		Msgs: []sdk.Msg{&cashv1.MsgTransfer{
			Device: wire.AddressText(g.key.Address()), OrgId: 12, ToOrgId: 3, AmountFen: amountFen + g.lieFen,
		}},
	})
	if err != nil {
		return nil, err
	}
	g.prepared[string(p.SignBytes)] = p
	return map[string]any{
		"sign_bytes": p.SignBytes, "chain_id": fixtureChain, "support": map[string]any{"orgs": map[string]string{"3": "青禾银行"}},
	}, nil
}

func (g *gatewayStub) submit(in map[string]any) (any, error) {
	signBytes, signature := binary(in, "sign_bytes"), binary(in, "signature")
	if err := g.proves(passkey.DomainSign, signBytes, signature); err != nil {
		return nil, err
	}
	g.signed++
	tx, err := g.prepared[string(signBytes)].Signed(signature)
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(tx)
	return map[string]any{"hash": hex.EncodeToString(hash[:]), "height": 1024, "took_ms": 640}, nil
}

// In a real browser, under a strict content policy, the built page enrols a
// passkey, logs in, shows a payment and signs it so that the chain's verifier
// accepts it; and it signs nothing if the server prepared another amount.
func TestPageInBrowser(t *testing.T) {
	t.Parallel()
	path := browserPath(t)
	g := newGatewayStub(t)
	server := httptest.NewServer(g.mux)
	defer server.Close()
	g.origin = strings.Replace(server.URL, "127.0.0.1", "localhost", 1)

	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox)
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	defer stop()
	ctx, cancel := chromedp.NewContext(allocator)
	defer cancel()
	ctx, cancelTime := context.WithTimeout(ctx, time.Minute)
	defer cancelTime()
	b := browser{t, ctx, g.origin}
	b.addAuthenticator()

	b.open("/join")
	b.eval(`document.querySelector("#go").click()`)
	b.wait(`location.href.includes("invite=abc")`)
	b.open("/in")
	b.eval(`document.querySelector("#go").click()`)
	b.wait(`location.href.includes("in=1")`)

	b.open("/pay")
	b.eval(`document.querySelector("#go").click()`)
	b.wait(`document.querySelector("[data-sign-confirm]")?.hidden === false`)
	card := b.text("[data-sign-card]")
	for _, want := range []string{"付款", "青禾银行(机构 3 号)", "¥1,000.50(壹仟元伍角整)", "校验码"} {
		if !strings.Contains(card, want) {
			t.Errorf("card lacks %q: %s", want, card)
		}
	}
	b.eval(`document.querySelector("[data-sign-confirm]").click()`)
	b.wait(`document.querySelector('[data-step="done"]')?.dataset.state === "done"`)
	if got := b.text("[data-sign-steps]"); !strings.Contains(got, "已上链 #1024") {
		t.Errorf("steps: %s", got)
	}

	b.open("/pay")
	b.eval(`document.querySelector("#go").click()`)
	b.wait(`document.querySelector("[data-sign-cancel]")?.hidden === false`)
	b.eval(`document.querySelector("[data-sign-cancel]").click()`)
	b.wait(`document.querySelector("[data-sign-error]")?.hidden === false`)

	g.mu.Lock()
	g.lieFen = 1
	g.mu.Unlock()
	b.open("/pay")
	b.eval(`document.querySelector("#go").click()`)
	b.wait(`document.querySelector("[data-sign-error]")?.hidden === false`)
	if got := b.text("[data-sign-error]"); !strings.Contains(got, "与您填写的不一致") || !strings.Contains(got, "field-differs: amount_fen") {
		t.Errorf("error: %s", got)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.signed != 1 {
		t.Errorf("%d signatures, want 1", g.signed)
	}
}

func browserPath(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium-headless-shell", "headless-shell", "chromium", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no Chromium on this machine")
	return ""
}

type browser struct {
	t      *testing.T
	ctx    context.Context
	origin string
}

func (b browser) addAuthenticator() {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, webauthn.Enable, webauthn.EnableParams{})
	if err == nil {
		_, err = chromedp.Call(b.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
			Options: &webauthn.VirtualAuthenticatorOptions{
				Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
				HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
			},
		})
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b browser) open(path string) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.Navigate(b.origin+path)); err != nil {
		b.t.Fatal(err)
	}
}

func (b browser) eval(js string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`(`+js+`, true)`)); err != nil {
		b.t.Fatalf("%s: %v", js, err)
	}
}

func (b browser) text(selector string) string {
	b.t.Helper()
	s, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.querySelector(`+strconv.Quote(selector)+`)?.textContent ?? ""`))
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// wait polls until a condition holds in the page.
func (b browser) wait(condition string) {
	b.t.Helper()
	for range 200 {
		if ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`!!(`+condition+`)`)); err == nil && ok {
			return
		}
		select {
		case <-b.ctx.Done():
			b.t.Fatal(b.ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
	b.t.Fatalf("%s never held; error on the page: %q", condition, b.text("[data-sign-error]"))
}
