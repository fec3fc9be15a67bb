package pull

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/xinlian/xinlian/gateway/store"
)

// PagesMax bounds the pages of one run.
const PagesMax = 10_000

// CursorBytesMax bounds a cursor or link that a source gives.
const CursorBytesMax = 4 << 10

// position is where an HTTP source stands. Its JSON is the stored cursor.
type position struct {
	At   string `json:"at"`             // the page to ask for
	From string `json:"from,omitempty"` // the page that was read last
	Last string `json:"last,omitempty"` // digest of that page's rows
}

// httpPuller reads pages.
type httpPuller struct {
	source *Source
	client *client
	token  string
	oauth  *clientcredentials.Config
}

func newHTTPPuller(s *Source, allow AllowList) (*httpPuller, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.HTTP.CAFile != "" {
		pem, err := readSmall(s.HTTP.CAFile)
		if err != nil {
			return nil, fault(ReasonDefinition, "the certificates cannot be read", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fault(ReasonDefinition, s.HTTP.CAFile+" holds no certificate", nil)
		}
	}
	h := &httpPuller{source: s, client: newClient(allow, s.PerMinute, s.RequestTimeout.or(requestTimeout), config)}
	if s.HTTP.TokenFile != "" {
		var err error
		if h.token, err = readSecret(s.HTTP.TokenFile); err != nil {
			return nil, err
		}
	}
	if o := s.HTTP.OAuth2; o != nil {
		secret, err := readSecret(o.ClientSecretFile)
		if err != nil {
			return nil, err
		}
		h.oauth = &clientcredentials.Config{ClientID: o.ClientID, ClientSecret: secret, TokenURL: o.TokenURL, Scopes: o.Scopes}
	}
	return h, nil
}

func (h *httpPuller) close() error { h.client.close(); return nil }

// pull reads pages from the stored cursor on until the source has no more. It
// stops at a page that comes again under another cursor, and at a cursor that
// comes again: what was taken before stays.
func (h *httpPuller) pull(ctx context.Context, cursor string, _ map[string]store.Taken, take take) error {
	var p position
	if cursor != "" {
		if err := json.Unmarshal([]byte(cursor), &p); err != nil {
			return fault(ReasonInternal, "the stored cursor cannot be read", err)
		}
	}
	if h.source.mapping.Paging.Kind == "page" && p.From != "" {
		p.At = p.From // the last page may have grown
	}
	asked := map[string]bool{}
	digests := map[string]bool{}
	if p.Last != "" {
		digests[p.Last] = true
	}
	for n := 1; ; n++ {
		if n > PagesMax {
			return fault(ReasonRepeat, fmt.Sprintf("more than %d pages", PagesMax), nil)
		}
		asked[p.At] = true
		page, err := h.page(ctx, p.At)
		if err != nil {
			return err
		}
		again := page.digest == p.Last && p.At == p.From
		if len(page.rows) > 0 && !again {
			if digests[page.digest] {
				return fault(ReasonRepeat, fmt.Sprintf("page %d of this run has the rows of an earlier page", n), nil)
			}
			digests[page.digest] = true
		}
		if page.next != "" && asked[page.next] {
			return fault(ReasonRepeat, fmt.Sprintf("page %d of this run leads back to a page that was read", n), nil)
		}
		after := position{At: page.next, From: p.At, Last: page.digest}
		if page.next == "" {
			after.At = p.At
		}
		if len(page.rows) > 0 && !again {
			state, err := json.Marshal(after)
			if err != nil {
				return fault(ReasonInternal, "the cursor cannot be written", err)
			}
			item := store.Item{Name: h.name(p.At), Body: page.body, Digest: sha256.Sum256(page.body)}
			if err := take(item, string(state), nil); err != nil {
				return err
			}
		}
		if page.next == "" {
			return nil
		}
		p = after
	}
}

// name is a page's name in problems.
func (h *httpPuller) name(at string) string {
	if at == "" {
		return h.source.ID + "/first"
	}
	return fmt.Sprintf("%s/%.64s", h.source.ID, at)
}

// fetched is one page.
type fetched struct {
	body   []byte
	rows   []any
	digest string // of the rows alone: a page may carry the time
	next   string
}

func (h *httpPuller) page(ctx context.Context, at string) (fetched, error) {
	address, err := h.address(at)
	if err != nil {
		return fetched{}, err
	}
	body, err := h.fetch(ctx, address)
	if err != nil {
		return fetched{}, err
	}
	value, err := decodeJSON(body)
	if err != nil {
		return fetched{}, fault(ReasonContent, "the page is not JSON that can be read in one way only", err)
	}
	rows, err := h.source.mapping.list(value)
	if err != nil {
		return fetched{}, fault(ReasonContent, err.Error(), nil)
	}
	canonical, err := json.Marshal(rows)
	if err != nil {
		return fetched{}, fault(ReasonContent, "the rows cannot be read", err)
	}
	sum := sha256.Sum256(canonical)
	f := fetched{body: body, rows: rows, digest: fmt.Sprintf("%x", sum[:])}
	f.next, err = h.next(value, address, at, len(rows))
	return f, err
}

// address is where a page is asked for.
func (h *httpPuller) address(at string) (string, error) {
	u, err := url.Parse(h.source.HTTP.URL)
	if err != nil {
		return "", fault(ReasonDefinition, "http.url", err)
	}
	paging := h.source.mapping.Paging
	q := u.Query()
	switch paging.Kind {
	case "link":
		if at != "" {
			return sameHost(h.source.HTTP.URL, at)
		}
	case "cursor":
		if at != "" {
			q.Set(paging.Parameter, at)
		}
	case "page":
		if at == "" {
			at = strconv.Itoa(paging.First)
		}
		q.Set(paging.Parameter, at)
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// next is the cursor of the page after, empty after the last.
func (h *httpPuller) next(page any, address, cursor string, rows int) (string, error) {
	paging := h.source.mapping.Paging
	if paging.Kind == "page" {
		if rows == 0 {
			return "", nil
		}
		n := paging.First
		if cursor != "" {
			var err error
			if n, err = strconv.Atoi(cursor); err != nil {
				return "", fault(ReasonInternal, "the stored page number cannot be read", err)
			}
		}
		return strconv.Itoa(n + 1), nil
	}
	v, ok := at(h.source.mapping.next, page)
	if !ok {
		return "", nil
	}
	var s string
	switch v := v.(type) {
	case string:
		s = v
	case json.Number:
		s = v.String()
	default:
		return "", fault(ReasonContent, paging.Next+" is not a cursor", nil)
	}
	if len(s) > CursorBytesMax {
		return "", fault(ReasonContent, fmt.Sprintf("a cursor of %d bytes, at most %d", len(s), CursorBytesMax), nil)
	}
	if paging.Kind == "link" && s != "" {
		return sameHost(address, s)
	}
	return s, nil
}

// sameHost resolves a link, which may not lead the credentials to another host.
func sameHost(from, link string) (string, error) {
	base, err := url.Parse(from)
	if err != nil {
		return "", fault(ReasonInternal, "address", err)
	}
	u, err := base.Parse(link)
	if err != nil || u.Scheme != base.Scheme || u.Host != base.Host {
		return "", fault(ReasonAllow, "the link to the page leads to another host than http.url", nil)
	}
	return u.String(), nil
}

// fetch gets a page. A token that ended before its time is renewed once.
func (h *httpPuller) fetch(ctx context.Context, address string) ([]byte, error) {
	for try := 0; ; try++ {
		if err := h.authorise(ctx); err != nil {
			return nil, err
		}
		body, err := h.client.get(ctx, address, h.token)
		var f *Fault
		if h.oauth != nil && try == 0 && errors.As(err, &f) && f.Reason == ReasonAuth {
			h.token = ""
			continue
		}
		return body, err
	}
}

// authorise gets a token where there is none.
func (h *httpPuller) authorise(ctx context.Context) error {
	if h.oauth == nil || h.token != "" {
		return nil
	}
	if err := h.client.wait(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, oauth2.HTTPClient, h.client.http), h.client.timeout)
	defer cancel()
	t, err := h.oauth.Token(ctx)
	var answer *oauth2.RetrieveError
	if errors.As(err, &answer) && answer.Response != nil {
		f := statusFault(answer.Response, time.Now())
		if f.Reason == ReasonRequest { // RFC 6749, 5.2: bad credentials may be 400
			f.Reason = ReasonAuth
		}
		f.Detail = "asking for a token: " + f.Detail
		return f
	}
	if err != nil {
		return faultOf(err)
	}
	h.token = t.AccessToken
	return nil
}
