package portal

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/line"
	"github.com/xinlian/xinlian/gateway/registry"
	"github.com/xinlian/xinlian/gateway/store"
	"github.com/xinlian/xinlian/gateway/vault"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

const origin = "http://localhost:8080"

func site(inner http.Handler) http.Handler {
	p := &Portal{Config: Config{Origin: origin, Log: slog.New(slog.DiscardHandler)}}
	return p.home(headers(origin, bounded(http.NewCrossOriginProtection().Handler(inner))))
}

func ask(h http.Handler, r *http.Request) *http.Response {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec.Result()
}

// TestHeaders proves that every answer carries the content policy, which allows
// nothing inline and no other host, and the other guards.
func TestHeaders(t *testing.T) {
	t.Parallel()
	res := ask(site(staticFiles()), httptest.NewRequest(http.MethodGet, origin+"/static/portal.css", nil))
	if res.StatusCode != http.StatusOK {
		t.Fatal(res.Status)
	}
	policy := res.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'self'", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'", "form-action 'self'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy lacks %q", want)
		}
	}
	for _, never := range []string{"unsafe-inline", "unsafe-eval", "http:", "https:", "*"} {
		if strings.Contains(policy, never) {
			t.Errorf("the policy has %q", never)
		}
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

// TestHosts proves that the loopback address leads to localhost, which can own a
// passkey, and that no other host is served.
func TestHosts(t *testing.T) {
	t.Parallel()
	h := site(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for _, c := range []struct {
		url, location string
		status        int
	}{
		{origin + "/owner", "", http.StatusOK},
		{"http://127.0.0.1:8080/owner?a=1", origin + "/owner?a=1", http.StatusTemporaryRedirect},
		{"http://[::1]:8080/", origin + "/", http.StatusTemporaryRedirect},
		{"http://127.0.0.1:9/", origin + "/", http.StatusTemporaryRedirect},
		{"http://evil.example/owner", "", http.StatusMisdirectedRequest},
		{"http://localhost:9/owner", "", http.StatusMisdirectedRequest},
		{"http://evil.example/healthz", "", http.StatusOK},
	} {
		res := ask(h, httptest.NewRequest(http.MethodGet, c.url, nil))
		if res.StatusCode != c.status || res.Header.Get("Location") != c.location {
			t.Errorf("%s: got %d %q", c.url, res.StatusCode, res.Header.Get("Location"))
		}
	}
}

// TestForeignPosts proves that another site cannot make a visitor's browser post.
func TestForeignPosts(t *testing.T) {
	t.Parallel()
	h := site(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	post := func(name, value string) int {
		r := httptest.NewRequest(http.MethodPost, origin+"/logout", nil)
		r.Header.Set(name, value)
		return ask(h, r).StatusCode
	}
	for _, c := range []struct {
		name, value string
		status      int
	}{
		{"Sec-Fetch-Site", "cross-site", http.StatusForbidden},
		{"Sec-Fetch-Site", "same-site", http.StatusForbidden},
		{"Origin", "https://evil.example", http.StatusForbidden},
		{"Sec-Fetch-Site", "same-origin", http.StatusOK},
		{"Origin", origin, http.StatusOK},
	} {
		if got := post(c.name, c.value); got != c.status {
			t.Errorf("%s: %s: got %d, want %d", c.name, c.value, got, c.status)
		}
	}
}

// TestBodies proves that a body over its bound is refused by name.
func TestBodies(t *testing.T) {
	t.Parallel()
	h := site(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		w.WriteHeader(explain(EN, err).Status)
	}))
	r := httptest.NewRequest(http.MethodPost, origin+"/", strings.NewReader(strings.Repeat("x", formBytesMax+1)))
	if got := ask(h, r).StatusCode; got != http.StatusRequestEntityTooLarge {
		t.Errorf("got %d", got)
	}
}

// TestOrigin proves that a portal at an origin that the chain does not allow is
// refused with the ones it does, and that the rpId fits the origin's host.
func TestOrigin(t *testing.T) {
	t.Parallel()
	params := orgv1.Params{Origins: []string{"http://localhost:8080", "https://a.bank.example"}, RpIds: []string{"localhost", "bank.example"}}
	for _, o := range params.Origins {
		if err := checkOrigin(o, params); err != nil {
			t.Errorf("%s: %v", o, err)
		}
	}
	err := checkOrigin("http://localhost:9090", params)
	if !errors.Is(err, ErrOrigin) || !strings.Contains(err.Error(), "http://localhost:8080") {
		t.Errorf("another port: got %v", err)
	}
	if err := checkOrigin("https://a.bank.example", orgv1.Params{Origins: params.Origins, RpIds: []string{"ank.example"}}); !errors.Is(err, ErrOrigin) {
		t.Errorf("an rpId that is no parent domain: got %v", err)
	}
	if got := rpIDOf("https://a.bank.example", []string{"example", "bank.example"}); got != "bank.example" {
		t.Errorf("got %q", got)
	}
}

// TestLanguages proves the order in which a reader's language is chosen.
func TestLanguages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		url, cookie, accept string
		want                Lang
	}{
		{"/", "", "", ZH},
		{"/", "", "en-GB,en;q=0.9", EN},
		{"/", "", "de, en;q=0.5", EN},
		{"/", "", "zh-CN,en", ZH},
		{"/", "en", "zh-CN", EN},
		{"/?lang=zh", "en", "en", ZH},
		{"/?lang=xx", "", "en", EN},
	} {
		r := httptest.NewRequest(http.MethodGet, c.url, nil)
		r.Header.Set("Accept-Language", c.accept)
		if c.cookie != "" {
			r.AddCookie(&http.Cookie{Name: langCookie, Value: c.cookie})
		}
		if got := langOf(r); got != c.want {
			t.Errorf("%+v: got %s", c, got)
		}
	}
}

// TestCookies proves that cookies are out of reach of scripts and other sites.
func TestCookies(t *testing.T) {
	t.Parallel()
	for _, o := range []string{origin, "https://bank.example"} {
		p := &Portal{Config: Config{Origin: o}}
		c := p.cookie(sessionCookie, "t", 60)
		if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure != strings.HasPrefix(o, "https:") {
			t.Errorf("%s: got %v", o, c)
		}
	}
}

// TestProblems proves that errors become the right status and words, that facts
// of ours stay in the log, and that a refusal of the chain keeps its code.
func TestProblems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		status int
		want   string
	}{
		{registry.ErrKnown, http.StatusConflict, "registered already"},
		{fmt.Errorf("looking: %w", store.ErrNotFound), http.StatusNotFound, "Not found"},
		{fmt.Errorf("reading: %w", vault.ErrConsentRevoked), http.StatusForbidden, "revoked"},
		{line.ErrNoData, http.StatusConflict, "Upload documents first"},
		{refuse(http.StatusUnauthorized, "error.session"), http.StatusUnauthorized, "Log in again"},
		{&chain.Refused{Space: "loan", Code: 18, Log: "raw"}, http.StatusUnprocessableEntity, "The network refused"},
		{errors.New("secret fact"), http.StatusInternalServerError, "Something failed"},
	} {
		a := explain(EN, c.err)
		if a.Status != c.status || !strings.Contains(a.Title, c.want) {
			t.Errorf("%v: got %d %q", c.err, a.Status, a.Title)
		}
		if strings.Contains(a.Title+a.Detail, "secret fact") {
			t.Errorf("%v: the cause reaches the reader", c.err)
		}
	}
	a := explain(ZH, &chain.Refused{Space: "loan", Code: 18})
	if a.Space != "loan" || a.Code != 18 || !strings.Contains(a.Detail, "超过额度") {
		t.Errorf("got %+v", a)
	}
}

// hostile is a text that would run if a page did not escape it.
const hostile = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`

func hostilePage() *Page {
	return &Page{Lang: ZH, Path: "/owner", ChainID: "c", RPID: "localhost", Kind: kindEnterprise, Session: &store.Session{OrgID: 8}, names: map[uint64]string{1: hostile}}
}

func pages() map[string]templ.Component {
	g := hostilePage()
	st := state{
		Firm: registry.Firm{Name: hostile}, Org: orgv1.Organisation{Id: 8, Kind: kindEnterprise},
		Offers: []loanv1.Offer{{Id: 1, LenderOrgId: 1}}, Files: []store.File{{ID: 1, Lender: 1, Stage: line.Failed, Reason: line.ReasonInconsistent}},
		Consents: []profilev1.Consent{{Id: make([]byte, 32), State: profilev1.ConsentState_CONSENT_STATE_PENDING, Terms: profilev1.ConsentTerms{GranteeOrgId: 1, ExpiresAt: 1}}},
	}
	res := result{Files: []connector.Summary{{File: hostile, Format: hostile, Refused: 1}}, Problems: []connector.RowError{{
		Position: connector.Position{File: hostile, Row: 1}, Column: hostile, Rule: connector.RuleAmount, Detail: hostile,
	}}}
	tx := chain.Detail{Result: chain.Result{Space: hostile, Code: 7, Log: hostile, Events: []chain.Event{{Type: hostile, Attributes: map[string]string{hostile: hostile}}}}}
	tx.Messages = []chain.Message{{Type: hostile, JSON: hostile}}
	return map[string]templ.Component{
		"start":       startPage(g, []orgv1.Organisation{{Id: 1}}),
		"register":    registerPage(g),
		"home":        ownerHomePage(g, st, nil, nil),
		"data":        dataPage(g, dataView{State: st, Hosted: true, Key: hostile, Holdings: []holding{{Stream: profilev1.Stream{Source: hostile, SchemaId: hostile}}}, Looked: looked{List: []look{{Receipt: vault.Receipt{Org: 1, Purpose: hostile}}}}}),
		"uploaded":    uploadedPage(g, res),
		"consents":    consentsPage(g, st, map[string]string{string(make([]byte, 32)): hostile}),
		"progress":    progressPage(g, st, map[int64][]line.Finding{1: {{Severity: hostile, ZH: hostile, EN: hostile}}}),
		"offer":       offerPage(g, offerView{Offer: loanv1.Offer{Id: 1, LenderOrgId: 1}, Template: loanv1.TemplateTerms{Name: hostile, Release: []loanv1.Condition{{Zh: hostile, Expression: hostile}}}, Open: true}),
		"apply":       applyPage(g, st, []offerable{{Product: loanv1.Product{LenderOrgId: 1, Terms: loanv1.ProductTerms{Name: hostile}}}}),
		"transaction": transactionPage(g, tx),
		"error":       errorPage(g, answer{Title: hostile, Detail: hostile, Space: hostile}),
		"inbox":       inboxPage(g, orgv1.Organisation{Id: 1}, []loanv1.Application{{Id: 1, EnterpriseId: 1}}),
	}
}

var (
	script   = regexp.MustCompile(`<script([^>]*)>`)
	inline   = regexp.MustCompile(`(?i)<[a-z][^>]*\s(?:on[a-z]+|style|srcdoc)\s*=`)
	quoted   = regexp.MustCompile(`="[^"]*"`)
	external = regexp.MustCompile(`(?i)(?:src|href|action)="(?:https?:|//|data:|javascript:)`)
)

// TestPagesEscape proves that no page lets a name, a file, a cell or an event
// become markup, and that none needs an inline script, an inline style or
// another host.
func TestPagesEscape(t *testing.T) {
	t.Parallel()
	for name, c := range pages() {
		var b bytes.Buffer
		if err := c.Render(context.Background(), &b); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		html := b.String()
		for _, raw := range []string{"<script>alert", "<img src=x"} {
			if strings.Contains(html, raw) {
				t.Errorf("%s: %q reaches the page as markup", name, raw)
			}
		}
		for _, m := range script.FindAllStringSubmatch(html, -1) {
			if !strings.Contains(m[1], `src="/static/`) {
				t.Errorf("%s: inline script %q", name, m[0])
			}
		}
		if m := inline.FindString(quoted.ReplaceAllString(html, `=""`)); m != "" {
			t.Errorf("%s: inline code or style: %.80s", name, m)
		}
		if m := external.FindString(html); m != "" {
			t.Errorf("%s: another host: %s", name, m)
		}
	}
}

// TestFormsWithoutScript proves that a form which is sent before its script has
// come does not put what was entered into an address.
func TestFormsWithoutScript(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`<form[^>]*data-(?:sign|enrol|login|read)[^>]*>`)
	for name, c := range pages() {
		var b bytes.Buffer
		if err := c.Render(context.Background(), &b); err != nil {
			t.Fatal(err)
		}
		for _, f := range form.FindAllString(b.String(), -1) {
			if !strings.Contains(f, `method="post"`) || !strings.Contains(f, `action="/`) {
				t.Errorf("%s: %s", name, f)
			}
		}
	}
}

// TestNoChildrenByMistake proves that no badge or link swallows the words that
// stand after it on its line: templ takes a brace there for its children.
func TestNoChildrenByMistake(t *testing.T) {
	t.Parallel()
	swallowed := regexp.MustCompile(`@(badge|txLink|blockLink|pair|hidden)\([^\n]*\) \{`)
	for _, path := range sources(t) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if m := swallowed.FindString(string(b)); m != "" {
			t.Errorf("%s: %s", path, m)
		}
	}
}

// TestSizes proves that a page comes quickly over a slow line: bounds on what the
// wire carries, compressed.
func TestSizes(t *testing.T) {
	t.Parallel()
	zipped := func(b []byte) int {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		_, _ = z.Write(b)
		_ = z.Close()
		return out.Len()
	}
	css, err := static.ReadFile("static/portal.css")
	if err != nil {
		t.Fatal(err)
	}
	if len(css) > 12<<10 {
		t.Errorf("the style sheet has %d bytes, at most %d", len(css), 12<<10)
	}
	script, err := static.ReadFile("static/sign.js")
	if err != nil {
		t.Fatal(err)
	}
	if n := zipped(script); n > 100<<10 {
		t.Errorf("the signing script has %d bytes compressed, at most %d", n, 100<<10)
	}
	for name, c := range pages() {
		var b bytes.Buffer
		if err := c.Render(context.Background(), &b); err != nil {
			t.Fatal(err)
		}
		if n := zipped(b.Bytes()); n > 60<<10 {
			t.Errorf("%s has %d bytes compressed, at most %d", name, n, 60<<10)
		}
	}
}

// TestFieldsOfMessages proves that the gateway takes fields in their one
// spelling, none that the message lacks, and never a signer from a form.
func TestFieldsOfMessages(t *testing.T) {
	t.Parallel()
	p := &Portal{}
	s := store.Session{Device: "xin1session", OrgID: 8}
	build := func(kind string, fields map[string]string) error {
		_, err := p.build(context.Background(), s, kind, fields)
		return err
	}
	const transfer = "/xinlian.cash.v1.MsgTransfer"
	for _, c := range []struct {
		name, kind string
		fields     map[string]string
		ok         bool
	}{
		{"as it should be", transfer, map[string]string{"to_org_id": "3", "amount_fen": "100"}, true},
		{"its own organisation named", transfer, map[string]string{"org_id": "8", "to_org_id": "3", "amount_fen": "100"}, true},
		{"another organisation", transfer, map[string]string{"org_id": "9", "to_org_id": "3", "amount_fen": "100"}, false},
		{"a device in the form", transfer, map[string]string{"device": "xin1other", "to_org_id": "3", "amount_fen": "100"}, false},
		{"a leading zero", transfer, map[string]string{"to_org_id": "03", "amount_fen": "100"}, false},
		{"a plus sign", transfer, map[string]string{"to_org_id": "3", "amount_fen": "+100"}, false},
		{"an amount over 63 bits", transfer, map[string]string{"to_org_id": "3", "amount_fen": "9223372036854775808"}, false},
		{"a short hash", transfer, map[string]string{"to_org_id": "3", "amount_fen": "1", "memo_hash": "00"}, false},
		{"an upper-case hash", transfer, map[string]string{"to_org_id": "3", "amount_fen": "1", "memo_hash": strings.Repeat("AB", 32)}, false},
		{"a field of no message", transfer, map[string]string{"to_org_id": "3", "amount_fen": "1", "fee": "1"}, false},
		{"a kind off the list", "/xinlian.org.v1.MsgUpdateParams", nil, false},
		{"a kind of the SDK", "/cosmos.bank.v1beta1.MsgSend", nil, false},
		{"a bad boolean", "/xinlian.loan.v1.MsgDecideReferral", map[string]string{"application_id": "1", "approve": "yes"}, false},
	} {
		if err := build(c.kind, c.fields); (err == nil) != c.ok {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
	m, err := p.build(context.Background(), s, "/xinlian.org.v1.MsgActivateDevice", nil)
	if err != nil || m.(*orgv1.MsgActivateDevice).Device != "xin1session" {
		t.Errorf("got %v, %v", m, err)
	}
}

// TestHostedForms proves that a form at a hosted desk is read as the page's
// script would: yuan become fen, and a text becomes the hash of text and salt.
func TestHostedForms(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(url.Values{
		"kind": {"/k"}, "next": {"/there"}, "yuan.amount_fen": {"1,000.50"}, "salted.note_hash": {" 理由 "}, "approve": {"true"},
	}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if err := r.ParseForm(); err != nil {
		t.Fatal(err)
	}
	in, err := hostedIntent(r)
	if err != nil {
		t.Fatal(err)
	}
	if in.Kind != "/k" || in.Fields["amount_fen"] != "100050" || in.Fields["approve"] != "true" || in.Salted["note_hash"].Text != "理由" {
		t.Errorf("got %+v", in)
	}
	if _, ok := in.Fields["next"]; ok {
		t.Error("next became a field")
	}
	h, err := in.Salted["note_hash"].hash()
	if err != nil || FullHex(h) != in.Fields["note_hash"] {
		t.Errorf("the hash does not open: %x, %v", h, err)
	}
}

// TestSaltedText proves the salted hash by the value that the page's own tests hold.
func TestSaltedText(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("web/testdata/signdocs.json")
	if err != nil {
		t.Fatal(err)
	}
	field := func(name string) string {
		return regexp.MustCompile(`"` + name + `": "([^"]*)"`).FindStringSubmatch(string(b))[1]
	}
	h, err := saltedText{Text: field("salted_text"), Salt: field("salt")}.hash()
	if err != nil || FullHex(h) != field("salted_hash") {
		t.Errorf("got %x, %v", h, err)
	}
}

// TestPortfolio proves buckets and portfolio at risk by hand.
func TestPortfolio(t *testing.T) {
	t.Parallel()
	l := func(status loanv1.LoanStatus, fen, days int64) late {
		return late{Loan: loanv1.Loan{Status: status, Tranches: []loanv1.Tranche{{OutstandingFen: fen}}}, DaysLate: days}
	}
	current, delinquent := loanv1.LoanStatus_LOAN_STATUS_CURRENT, loanv1.LoanStatus_LOAN_STATUS_DELINQUENT
	b := sumUp([]late{
		l(current, 600, 0), l(delinquent, 100, 1), l(delinquent, 100, 30), l(delinquent, 100, 31), l(delinquent, 100, 400),
		l(loanv1.LoanStatus_LOAN_STATUS_CLOSED, 0, 0), l(loanv1.LoanStatus_LOAN_STATUS_WRITTEN_OFF, 50, 0),
	})
	if b.OutstandingFen != 1000 || b.PAR1 != 4000 || b.PAR30 != 2000 || b.ClosedLoans != 1 || b.WrittenOff != 1 {
		t.Errorf("got %+v", b)
	}
	var counts []int
	for _, k := range b.Buckets {
		counts = append(counts, k.Loans)
	}
	if fmt.Sprint(counts) != "[1 2 1 0 1]" {
		t.Errorf("got %v", counts)
	}
	if got := daysLate(100, 100, 0); got != 0 {
		t.Errorf("on the last second: %d days", got)
	}
	if got := daysLate(100, 101, 0); got != 1 {
		t.Errorf("a second later: %d days", got)
	}
	if got := daysLate(100, 131, 30); got != 31 {
		t.Errorf("in compressed time: %d days", got)
	}
}

// TestArchives proves that an archive's files are taken out, and that one that
// unfolds beyond the bound is refused.
func TestArchives(t *testing.T) {
	t.Parallel()
	data := zipped(t, map[string]string{"a/one.csv": "1", "__MACOSX/x": "no", ".hidden": "no"})
	budget := int64(100)
	got, err := unzip(data, &budget)
	if err != nil || len(got) != 1 || got[0].Name != "a/one.csv" || budget != 99 {
		t.Errorf("got %v, %d, %v", got, budget, err)
	}
	bomb := zipped(t, map[string]string{"big.xml": strings.Repeat("0", 1000)})
	if _, err := unzip(bomb, &budget); err == nil {
		t.Error("an archive beyond the bound is taken")
	}
	if _, err := unzip([]byte("PK\x03\x04 nonsense"), &budget); err == nil {
		t.Error("a damaged archive is taken")
	}
	workbook := zipped(t, map[string]string{"[Content_Types].xml": "", "xl/workbook.xml": ""})
	if !bundle(data) || bundle(workbook) || bundle(zipped(t, map[string]string{"OFD.xml": ""})) || bundle([]byte("a,b\n")) {
		t.Error("a workbook or an OFD is taken apart, or an archive of documents is not")
	}
}

// TestStaticFiles proves that files come compressed where the browser takes it,
// are not sent again while they are the same, and that nothing else is served.
func TestStaticFiles(t *testing.T) {
	t.Parallel()
	h := site(staticFiles())
	r := httptest.NewRequest(http.MethodGet, origin+"/static/sign.js", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	res := ask(h, r)
	if res.Header.Get("Content-Encoding") != "gzip" || !strings.Contains(res.Header.Get("Content-Type"), "javascript") {
		t.Errorf("got %v", res.Header)
	}
	z, err := gzip.NewReader(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(z)
	want, _ := static.ReadFile("static/sign.js")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, want %d, %v", len(got), len(want), err)
	}
	r = httptest.NewRequest(http.MethodGet, origin+"/static/sign.js", nil)
	r.Header.Set("If-None-Match", res.Header.Get("ETag"))
	if res := ask(h, r); res.StatusCode != http.StatusNotModified {
		t.Errorf("the same again: %d", res.StatusCode)
	}
	for _, path := range []string{"/static/", "/static/../portal.go", "/static/none.js"} {
		if res := ask(h, httptest.NewRequest(http.MethodGet, origin+path, nil)); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}
