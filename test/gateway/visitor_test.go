package gateway_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/sample"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/passkey"
	"github.com/xinlian/xinlian/passkey/softkey"
	"github.com/xinlian/xinlian/test/world"
)

// visitor is a browser with a passkey, as far as HTTP goes: it does what the
// page's script does, without looking at the page.
type visitor struct {
	tb     testing.TB
	w      *world.World
	http   *http.Client
	device wire.SoftDevice
}

func newVisitor(tb testing.TB, w *world.World) *visitor {
	tb.Helper()
	key, err := softkey.New()
	if err != nil {
		tb.Fatal(err)
	}
	v := &visitor{tb: tb, w: w, device: wire.SoftDevice{Key: key, Origin: w.Origin, RPID: world.RPID}}
	v.forget()
	return v
}

// forget drops every cookie, as another browser would.
func (v *visitor) forget() {
	jar, err := cookiejar.New(nil)
	if err != nil {
		v.tb.Fatal(err)
	}
	v.http = &http.Client{Jar: jar, Timeout: 2 * time.Minute}
}

// enterprise is the firm whose device the visitor holds.
func (v *visitor) enterprise() uint64 {
	v.tb.Helper()
	d, err := v.w.Client.Org.Device(v.tb.Context(), &orgv1.QueryDeviceRequest{Address: wire.Address(v.device)})
	if err != nil {
		v.tb.Fatal(err)
	}
	return d.Device.OrgId
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// get reads a page that must be there.
func (v *visitor) get(path string) string {
	v.tb.Helper()
	status, body := v.ask(path)
	if status != http.StatusOK {
		v.tb.Fatalf("GET %s: status %d: %.600s", path, status, body)
	}
	return body
}

func (v *visitor) ask(path string) (int, string) {
	v.tb.Helper()
	res, err := v.http.Get(v.w.Origin + path)
	if err != nil {
		v.tb.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		v.tb.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// post sends JSON and returns status and answer.
func (v *visitor) post(path string, in any) (int, map[string]any) {
	v.tb.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		v.tb.Fatal(err)
	}
	res, err := v.http.Post(v.w.Origin+path, "application/json", bytes.NewReader(body))
	if err != nil {
		v.tb.Fatal(err)
	}
	defer res.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		v.tb.Fatalf("POST %s: status %d: %v", path, res.StatusCode, err)
	}
	return res.StatusCode, out
}

// form submits an ordinary form and returns the page that it leads to.
func (v *visitor) form(path string, fields url.Values) (int, string) {
	v.tb.Helper()
	res, err := v.http.PostForm(v.w.Origin+path, fields)
	if err != nil {
		v.tb.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		v.tb.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// proof answers a fresh nonce.
func (v *visitor) proof(d passkey.Domain) map[string]string {
	v.tb.Helper()
	var answer struct {
		Nonce []byte `json:"nonce"`
	}
	if err := json.Unmarshal([]byte(v.get("/nonce")), &answer); err != nil {
		v.tb.Fatal(err)
	}
	assertion, err := v.device.Key.At(v.device.Origin, v.device.RPID).Sign(d, answer.Nonce)
	if err != nil {
		v.tb.Fatal(err)
	}
	return map[string]string{
		"public_key": b64(v.device.PubKey().Bytes()), "credential_id": b64([]byte("credential")), "assertion": b64(assertion), "nonce": b64(answer.Nonce),
	}
}

// sign prepares, signs and submits one message, and fails the test on a refusal.
func (v *visitor) sign(kind string, fields map[string]string) map[string]any {
	v.tb.Helper()
	status, prepared := v.post("/tx/prepare", map[string]any{"kind": kind, "fields": fields})
	if status != http.StatusOK {
		v.tb.Fatalf("preparing %s: %d %v", kind, status, prepared)
	}
	raw, err := base64.StdEncoding.DecodeString(prepared["sign_bytes"].(string))
	if err != nil {
		v.tb.Fatal(err)
	}
	signature, err := v.device.Sign(raw)
	if err != nil {
		v.tb.Fatal(err)
	}
	status, done := v.post("/tx/submit", map[string]string{"sign_bytes": b64(raw), "signature": b64(signature)})
	if status != http.StatusOK {
		v.tb.Fatalf("submitting %s: %d %v", kind, status, done)
	}
	return done
}

// upload sends a book's files under a key.
func (v *visitor) upload(key string, files []sample.File) (int, string) {
	v.tb.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	_ = m.WriteField("idempotency_key", key)
	for _, f := range files {
		part, err := m.CreateFormFile("files", f.Name)
		if err != nil {
			v.tb.Fatal(err)
		}
		if _, err := part.Write(f.Data); err != nil {
			v.tb.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		v.tb.Fatal(err)
	}
	res, err := v.http.Post(v.w.Origin+"/owner/data", m.FormDataContentType(), &body)
	if err != nil {
		v.tb.Fatal(err)
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil {
		v.tb.Fatal(err)
	}
	return res.StatusCode, string(page)
}

// until asks for a page again until it holds the text.
func (v *visitor) until(path, want string, patience time.Duration) string {
	v.tb.Helper()
	page, found := "", false
	defer func() {
		if !found {
			v.tb.Logf("%s says:\n%s", path, plain(page))
		}
	}()
	world.Until(v.tb, fmt.Sprintf("%q on %s", want, path), patience, func() bool {
		page = v.get(path)
		found = strings.Contains(page, want)
		return found
	})
	return page
}

var (
	tags   = regexp.MustCompile(`(?s)<(style|script).*?</(style|script)>|<[^>]*>`)
	spaces = regexp.MustCompile(`\s+`)
)

// plain is the text of a page.
func plain(page string) string {
	return spaces.ReplaceAllString(tags.ReplaceAllString(page, " "), " ")
}

// values lists what a regular expression's group finds on a page, each once.
func values(page, expression string) []string {
	seen := map[string]bool{}
	var list []string
	for _, m := range regexp.MustCompile(expression).FindAllStringSubmatch(page, -1) {
		if !seen[m[1]] {
			seen[m[1]] = true
			list = append(list, m[1])
		}
	}
	return list
}
