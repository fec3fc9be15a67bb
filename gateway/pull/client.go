package pull

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/time/rate"
)

// Limits of what is fetched over HTTP.
const (
	PageBytesMax     = 8 << 20
	RedirectsMax     = 5
	RetryAfterMax    = 24 * time.Hour
	headerBytesMax   = 64 << 10
	tlsTimeout       = 10 * time.Second
	refusedBodyBytes = 4 << 10 // read of an answer that is refused anyway, so that the connection can be used again
)

// client calls servers of the allow list.
type client struct {
	allow   AllowList
	http    *http.Client
	limit   *rate.Limiter
	timeout time.Duration // of one request with its answer
}

// newClient makes a client. There is no proxy from the environment, no
// compression (so that sizes are what they say), and no cookie.
func newClient(allow AllowList, perMinute int, timeout time.Duration, roots *tls.Config) *client {
	c := &client{allow: allow, timeout: timeout, limit: rate.NewLimiter(rate.Limit(float64(perMinute)/60), 1)}
	transport := &http.Transport{
		DialContext: allow.dial, DisableCompression: true, ForceAttemptHTTP2: true, TLSClientConfig: roots,
		TLSHandshakeTimeout: tlsTimeout, MaxResponseHeaderBytes: headerBytesMax, MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute,
	}
	c.http = &http.Client{Transport: guarded{c, transport}, CheckRedirect: func(_ *http.Request, via []*http.Request) error {
		if len(via) > RedirectsMax {
			return fault(ReasonRequest, fmt.Sprintf("more than %d redirects", RedirectsMax), nil)
		}
		return nil
	}}
	return c
}

func (c *client) close() { c.http.CloseIdleConnections() }

// guarded checks every request, those of redirects and of tokens too, before it
// leaves.
type guarded struct {
	client *client
	next   *http.Transport
}

// RoundTrip refuses what the allow list does not name.
func (g guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := g.client.check(r.URL); err != nil {
		return nil, err
	}
	if r.Response != nil { // a redirect: it counts, and what comes next waits for it
		g.client.limit.Reserve()
	}
	return g.next.RoundTrip(r)
}

// wait keeps the rate. It comes before a request's own time begins.
func (c *client) wait(ctx context.Context) error {
	if err := c.limit.Wait(ctx); err != nil {
		return fault(ReasonTimeout, "the rate limit leaves no time for another request in this run", err)
	}
	return nil
}

// CloseIdleConnections lets http.Client close them.
func (g guarded) CloseIdleConnections() { g.next.CloseIdleConnections() }

func (c *client) check(u *url.URL) error {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	host := u.Hostname()
	e, err := c.allow.find(net.JoinHostPort(host, port))
	if err != nil {
		return err
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !e.plain) {
		return fault(ReasonAllow, fmt.Sprintf("%s://%s: TLS is required, unless the entry of the allow list says plain", u.Scheme, u.Host), nil)
	}
	if u.User != nil {
		return fault(ReasonDefinition, "an address carries credentials: give them as files", nil)
	}
	return nil
}

// get fetches one page.
func (c *client) get(ctx context.Context, address, token string) ([]byte, error) {
	if err := c.wait(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fault(ReasonDefinition, "the address cannot be used", err)
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "xinlian-gateway")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, faultOf(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		_, _ = io.CopyN(io.Discard, answer.Body, refusedBodyBytes)
		return nil, statusFault(answer, time.Now())
	}
	body, err := readBody(answer)
	if err == nil && ctx.Err() != nil {
		// A server that sees us hang up may end its answer as if it were whole.
		return nil, faultOf(ctx.Err())
	}
	return body, err
}

// readBody reads an answer whole. What is cut short, and what is too large, is
// refused: half a page must never count as one.
func readBody(answer *http.Response) ([]byte, error) {
	if answer.ContentLength > PageBytesMax {
		return nil, fault(ReasonSize, fmt.Sprintf("the answer says %d bytes, at most %d are taken", answer.ContentLength, PageBytesMax), nil)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, PageBytesMax+1))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fault(ReasonLength, fmt.Sprintf("the answer ended after %d of %s bytes", len(body), lengthText(answer.ContentLength)), nil)
	case err != nil:
		return nil, faultOf(err)
	case len(body) > PageBytesMax:
		return nil, fault(ReasonSize, fmt.Sprintf("more than %d bytes", PageBytesMax), nil)
	case answer.ContentLength >= 0 && int64(len(body)) != answer.ContentLength:
		return nil, fault(ReasonLength, fmt.Sprintf("the answer has %d of %d bytes", len(body), answer.ContentLength), nil)
	}
	return body, nil
}

func lengthText(n int64) string {
	if n < 0 {
		return "an unknown number of"
	}
	return strconv.FormatInt(n, 10)
}

// statusFault says what an answer other than 200 means.
func statusFault(answer *http.Response, now time.Time) *Fault {
	code := answer.StatusCode
	f := fault(ReasonRequest, "the server answers "+answer.Status, nil)
	switch {
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		f.Reason = ReasonAuth
	case code == http.StatusRequestTimeout || code == http.StatusGatewayTimeout:
		f.Reason = ReasonTimeout
	case code == http.StatusTooManyRequests || code >= 500:
		f.Reason = ReasonServer
	}
	f.After = retryAfter(answer.Header.Get("Retry-After"), now)
	return f
}

// retryAfter reads seconds or a date, at most RetryAfterMax; 0 for neither.
func retryAfter(s string, now time.Time) time.Duration {
	var d time.Duration
	if n, err := strconv.ParseUint(s, 10, 31); err == nil {
		d = time.Duration(n) * time.Second
	} else if t, err := http.ParseTime(s); err == nil {
		d = t.Sub(now)
	}
	return min(max(d, 0), RetryAfterMax)
}
