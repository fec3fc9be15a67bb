//go:build canary

package canary_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
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

	"github.com/xinlian/xinlian/internal/sample"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/passkey"
	"github.com/xinlian/xinlian/passkey/softkey"
	"github.com/xinlian/xinlian/test/world"
)

// visitor is an owner's browser with a passkey, as far as HTTP goes.
type visitor struct {
	origin string
	http   *http.Client
	device wire.SoftDevice
}

func newVisitor(origin string) (*visitor, error) {
	key, err := softkey.New()
	if err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	return &visitor{
		origin: origin, http: &http.Client{Jar: jar, Timeout: 3 * time.Minute},
		device: wire.SoftDevice{Key: key, Origin: origin, RPID: world.RPID},
	}, err
}

func answered(res *http.Response, err error) (int, []byte, error) {
	if err != nil {
		return 0, nil, err
	}
	body, err := io.ReadAll(res.Body)
	return res.StatusCode, body, errors.Join(err, res.Body.Close())
}

// get reads a page that must be there.
func (v *visitor) get(path string) (string, error) {
	status, body, err := answered(v.http.Get(v.origin + path))
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("GET %s: status %d: %.300s", path, status, words(body))
	}
	return string(body), err
}

// post sends JSON and returns the status and the answer.
func (v *visitor) post(path string, in any) (int, map[string]any, error) {
	raw, err := json.Marshal(in)
	if err != nil {
		return 0, nil, err
	}
	status, body, err := answered(v.http.Post(v.origin+path, "application/json", bytes.NewReader(raw)))
	if err != nil {
		return 0, nil, err
	}
	var out map[string]any
	if err := json.Unmarshal(body, &out); err != nil {
		return 0, nil, fmt.Errorf("POST %s: status %d: %w", path, status, err)
	}
	return status, out, nil
}

func (v *visitor) form(path string, fields url.Values) (int, string, error) {
	status, body, err := answered(v.http.PostForm(v.origin+path, fields))
	return status, string(body), err
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// enrol registers a firm with the passkey; a refusal is an error.
func (v *visitor) enrol(o sample.Owner) error {
	page, err := v.get("/nonce")
	if err != nil {
		return err
	}
	var fresh struct {
		Nonce []byte `json:"nonce"`
	}
	if err := json.Unmarshal([]byte(page), &fresh); err != nil {
		return err
	}
	assertion, err := v.device.Key.At(v.device.Origin, v.device.RPID).Sign(passkey.DomainLogin, fresh.Nonce)
	if err != nil {
		return err
	}
	status, answer, err := v.post("/enrol", map[string]string{
		"firm_name": o.Name, "tax_number": o.TaxNumber, "account": o.Account, "agreed": "true",
		"public_key": b64(v.device.PubKey().Bytes()), "credential_id": b64([]byte("credential")), "assertion": b64(assertion), "nonce": b64(fresh.Nonce),
	})
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("enrolling: %d %v", status, answer)
	}
	return err
}

// sign prepares, signs and submits one message.
func (v *visitor) sign(kind string, fields map[string]string) error {
	status, prepared, err := v.post("/tx/prepare", map[string]any{"kind": kind, "fields": fields})
	if err != nil || status != http.StatusOK {
		return failure("preparing "+kind, status, fmt.Sprint(prepared), err)
	}
	text, _ := prepared["sign_bytes"].(string)
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return err
	}
	signature, err := v.device.Sign(raw)
	if err != nil {
		return err
	}
	status, done, err := v.post("/tx/submit", map[string]string{"sign_bytes": b64(raw), "signature": b64(signature)})
	if err != nil || status != http.StatusOK {
		return failure("submitting "+kind, status, fmt.Sprint(done), err)
	}
	return nil
}

// documents is the form with which documents are handed in.
func documents(key string, files []sample.File) (kind string, body []byte, err error) {
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	err = m.WriteField("idempotency_key", key)
	for _, f := range files {
		part, partErr := m.CreateFormFile("files", f.Name)
		if partErr != nil {
			return "", nil, errors.Join(err, partErr)
		}
		_, writeErr := part.Write(f.Data)
		err = errors.Join(err, writeErr)
	}
	err = errors.Join(err, m.Close())
	return m.FormDataContentType(), b.Bytes(), err
}

func (v *visitor) upload(key string, files []sample.File) (int, string, error) {
	kind, body, err := documents(key, files)
	if err != nil {
		return 0, "", err
	}
	status, page, err := answered(v.http.Post(v.origin+"/owner/data", kind, bytes.NewReader(body)))
	return status, string(page), err
}

// until asks for a page again until it holds one of the texts.
func (v *visitor) until(path string, wants ...string) (string, error) {
	for end := time.Now().Add(5 * time.Minute); ; {
		page, err := v.get(path)
		if err != nil {
			return page, err
		}
		for _, w := range wants {
			if strings.Contains(page, w) {
				return page, nil
			}
		}
		if time.Now().After(end) {
			return page, fmt.Errorf("%s says none of %q: %.600s", path, wants, words([]byte(page)))
		}
		time.Sleep(300 * time.Millisecond)
	}
}

// failure says what went wrong: the way to the gateway, or its answer.
func failure(what string, status int, page string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return fmt.Errorf("%s: status %d: %.600s", what, status, words([]byte(page)))
}

var tags = regexp.MustCompile(`(?s)<(style|script).*?</(style|script)>|<[^>]*>|\s+`)

func words(page []byte) []byte { return tags.ReplaceAll(page, []byte(" ")) }

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

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
