package pull

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func threePages() map[string]string {
	return map[string]string{"": page("c1", "A", "BB"), "c1": page("c2", "CCC", "DDDD"), "c2": page("", "EEEEE")}
}

// TestPages proves that pages are followed by cursor into the profile once, that
// the next run begins where the last one ended, and that what is new there is
// taken and what was seen is not.
func TestPages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := newAPI(t, threePages())
	b.define(a, "")
	r := b.step(0)
	b.want(r, Delivered, "")
	if r.Records != 5 || r.Delivered == 0 || r.Attempt != 0 {
		t.Errorf("got %+v", r)
	}
	b.profileIs("A", "BB", "CCC", "DDDD", "EEEEE")
	if b.step(time.Minute); len(a.requests()) != 3 {
		t.Errorf("asked %v before its time", a.requests())
	}
	a.mu.Lock()
	a.pages["c2"], a.pages["c3"] = page("c3", "EEEEE", "FFFFFF"), page("", "GGGGGGG")
	a.mu.Unlock()
	b.want(b.step(time.Hour), Delivered, "")
	b.profileIs("A", "BB", "CCC", "DDDD", "EEEEE", "FFFFFF", "GGGGGGG")
	if got := a.requests(); !slices.Equal(got, []string{"", "c1", "c2", "c2", "c3"}) {
		t.Errorf("asked %q", got)
	}
}

// TestServerFaults proves what each misbehaviour of a server makes of its source,
// that nothing of it enters the profile, and that the source delivers once the
// server behaves, where it may be tried again.
func TestServerFaults(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a forbidden host was called") }))
	t.Cleanup(elsewhere.Close)
	whole := page("", "A")
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	text := func(s string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(s)) }
	}
	byHand := func(s string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if err := hijack(w, s); err != nil {
				t.Error(err)
			}
		}
	}
	for _, c := range []struct {
		name   string
		handle http.HandlerFunc
		status Status
		reason Reason
	}{
		{"stall before the answer", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, Timeout, ReasonTimeout},
		{"stall inside the answer", func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(whole[:20]))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, Timeout, ReasonTimeout},
		{"too short", byHand("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + whole), Pending, ReasonLength},
		{"too long", byHand(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(whole)-4, whole)), Pending, ReasonContent},
		{"two lengths", byHand("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n" + whole), Pending, ReasonConnection},
		{"cut chunk", byHand("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n" + whole), Pending, ReasonLength},
		{"connection closed", byHand(""), Pending, ReasonConnection},
		{"500", status(500), Pending, ReasonServer},
		{"503", status(503), Pending, ReasonServer},
		{"504", status(504), Timeout, ReasonTimeout},
		{"429", status(429), Pending, ReasonServer},
		{"401", status(401), Denied, ReasonAuth},
		{"403", status(403), Denied, ReasonAuth},
		{"404", status(404), Denied, ReasonRequest},
		{"redirect to a forbidden host", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) }, Denied, ReasonAllow},
		{"redirect without end", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/again?cursor=x", http.StatusFound)
		}, Denied, ReasonRequest},
		{"says too much", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(PageBytesMax+1))
		}, Pending, ReasonSize},
		{"sends too much", func(w http.ResponseWriter, _ *http.Request) {
			for range PageBytesMax/(1<<20) + 1 {
				_, _ = w.Write([]byte(strings.Repeat(" ", 1<<20)))
			}
		}, Pending, ReasonSize},
		{"not JSON", text("<html>"), Pending, ReasonContent},
		{"cut JSON", text(whole[:len(whole)-1]), Pending, ReasonContent},
		{"something after it", text(whole + "x"), Pending, ReasonContent},
		{"a name twice", text(`{"data":{"items":[],"items":[` + row("A") + `]}}`), Pending, ReasonContent},
		{"too deep", text(strings.Repeat("[", 1000) + strings.Repeat("]", 1000)), Pending, ReasonContent},
		{"not UTF-8", text("{\"data\":\"\xff\"}"), Pending, ReasonContent},
		{"no rows", text(`{"data":{}}`), Pending, ReasonContent},
		{"rows that are no list", text(`{"data":{"items":7}}`), Pending, ReasonContent},
		{"a cursor that is none", text(`{"data":{"items":[],"next":{}}}`), Pending, ReasonContent},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			a := newAPI(t, map[string]string{"": whole})
			a.set(c.handle)
			b.define(a, "")
			r := b.step(0)
			b.want(r, c.status, c.reason)
			b.profileIs()
			a.set(nil)
			r = b.step(24 * time.Hour)
			if c.status == Denied {
				b.want(r, Denied, c.reason)
				b.profileIs()
				return
			}
			b.want(r, Delivered, "")
			b.profileIs("A")
		})
	}
}

// TestRepeatedPage proves that a server that gives a page again, under another
// cursor or in a circle, is stopped by name, and that nothing is doubled.
func TestRepeatedPage(t *testing.T) {
	t.Parallel()
	for name, pages := range map[string]map[string]string{
		"same rows": {"": page("c1", "A"), "c1": page("c2", "BB"), "c2": page("c3", "A")},
		"circle":    {"": page("c1", "A"), "c1": page("c1", "BB")},
		"back":      {"": page("c1", "A"), "c1": page("c2", "BB"), "c2": page("c1", "CCC")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.define(newAPI(t, pages), "")
			b.want(b.step(0), Pending, ReasonRepeat)
			got := b.Records(enterprise)
			seen := map[string]bool{}
			for _, r := range got {
				if seen[r.SourceID()] {
					t.Errorf("%s is there twice", r.SourceID())
				}
				seen[r.SourceID()] = true
			}
			if !seen["A"] {
				t.Error("what came before the repetition is lost")
			}
		})
	}
}

// TestBackoff proves that failures are spaced further and further apart, that a
// server's Retry-After is kept, and that a success forgets them.
func TestBackoff(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := newAPI(t, map[string]string{"": page("", "A")})
	var wait atomic.Int64
	a.set(func(w http.ResponseWriter, _ *http.Request) {
		if n := wait.Load(); n > 0 {
			w.Header().Set("Retry-After", strconv.FormatInt(n, 10))
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		w.WriteHeader(http.StatusBadGateway)
	})
	b.define(a, "")
	for attempt, least := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 32 * time.Minute, time.Hour, time.Hour} {
		r := b.step(2 * time.Hour)
		if pause := time.Unix(r.NextAt, 0).Sub(b.clock()); pause < least || pause > least*5/4 || r.Attempt != attempt+1 {
			t.Errorf("attempt %d: next in %s, want %s and at most a quarter more", r.Attempt, pause, least)
		}
	}
	wait.Store(7200)
	r := b.step(2 * time.Hour)
	if pause := time.Unix(r.NextAt, 0).Sub(b.clock()); pause != 2*time.Hour {
		t.Errorf("Retry-After 7200: next in %s", pause)
	}
	asked := len(a.requests())
	if b.step(time.Hour); len(a.requests()) != asked {
		t.Error("the server was called before it wanted to be")
	}
	a.set(nil)
	r = b.step(2 * time.Hour)
	b.want(r, Delivered, "")
	if r.Attempt != 0 {
		t.Errorf("attempt %d after a success", r.Attempt)
	}
	for text, want := range map[string]time.Duration{"5": 5 * time.Second, "-1": 0, "x": 0, "": 0, "999999999": RetryAfterMax, "Mon, 02 Mar 2026 09:01:00 GMT": time.Minute} {
		if got := retryAfter(text, time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)); got != want {
			t.Errorf("Retry-After %q: got %s, want %s", text, got, want)
		}
	}
}

// TestDenied proves that a source that was denied is left alone until its
// credentials change.
func TestDenied(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := newAPI(t, map[string]string{"": page("", "A")})
	a.set(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer right" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		a.serve(w, r)
	})
	b.define(a, `token_file = "token"`)
	b.write("token", "wrong\n", 0o600)
	b.want(b.step(0), Denied, ReasonAuth)
	b.want(b.step(100*time.Hour), Denied, ReasonAuth)
	if n := len(a.requests()); n != 1 {
		t.Errorf("asked %d times", n)
	}
	b.write("token", "right again\n", 0o600) // another length: the change is seen within a file system's tick
	b.write("token", "right\n", 0o600)
	b.want(b.step(time.Second), Delivered, "")
	b.profileIs("A")
}

// TestTokens proves that tokens are fetched by client credentials, that one that
// ends in the middle of a run is renewed, and that wrong credentials deny.
func TestTokens(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := newAPI(t, threePages())
	var issued, refused atomic.Int64
	a.set(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			id, secret, _ := r.BasicAuth()
			if id != "gateway" || secret != "s3cret" || r.FormValue("grant_type") != "client_credentials" || r.FormValue("scope") != "invoices" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"access_token":"t%d","token_type":"Bearer","expires_in":3600}`, issued.Add(1))
			return
		}
		// The first token dies after one page, long before it said.
		token := r.Header.Get("Authorization")
		if token == "Bearer t1" && r.URL.Query().Get("cursor") != "" || !strings.HasPrefix(token, "Bearer t") {
			refused.Add(1)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		a.serve(w, r)
	})
	oauth := fmt.Sprintf("[http.oauth2]\ntoken_url = \"%s/token\"\nclient_id = \"gateway\"\nclient_secret_file = \"secret\"\nscopes = [\"invoices\"]\n", a.URL)
	b.define(a, oauth)
	b.write("secret", "wrong", 0o600)
	b.want(b.step(0), Denied, ReasonAuth)
	b.write("secret", "s3cret", 0o600)
	b.want(b.step(time.Second), Delivered, "")
	b.profileIs("A", "BB", "CCC", "DDDD", "EEEEE")
	if issued.Load() != 2 || refused.Load() != 1 {
		t.Errorf("%d tokens issued, %d requests refused, want 2 and 1", issued.Load(), refused.Load())
	}
	b.write("secret", "s3cret", 0o644)
	if err := chmod(b, "secret", 0o644); err != nil {
		t.Fatal(err)
	}
	b.want(b.step(2*time.Hour), Denied, ReasonDefinition)
}

// TestPageNumbersAndLinks proves the other two kinds of paging, that the last
// numbered page is read again for what was added, and that a link may not leave
// the host.
func TestPageNumbersAndLinks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write("mapping.toml", strings.NewReplacer(`kind = "cursor"`, `kind = "page"`, `next = "$.data.next"`, "first = 1").Replace(mapping), 0o600)
	a := newAPI(t, map[string]string{"1": page("", "A", "BB"), "2": page("", "CCC"), "3": page("")})
	b.define(a, "")
	b.want(b.step(0), Delivered, "")
	b.profileIs("A", "BB", "CCC")
	a.mu.Lock()
	a.pages["2"] = page("", "CCC", "DDDD")
	a.mu.Unlock()
	b.want(b.step(time.Hour), Delivered, "")
	b.profileIs("A", "BB", "CCC", "DDDD")
	if got := a.requests(); !slices.Equal(got, []string{"1", "2", "3", "2", "3"}) {
		t.Errorf("asked for pages %q", got)
	}

	b = newBench(t)
	b.write("mapping.toml", strings.NewReplacer(`kind = "cursor"`, `kind = "link"`, `parameter = "cursor"`, "").Replace(mapping), 0o600)
	a = newAPI(t, map[string]string{"": page("/v1/invoices?cursor=two", "A"), "two": page("https://evil.example/v1", "BB")})
	b.define(a, "")
	b.want(b.step(0), Denied, ReasonAllow)
	b.profileIs("A")
}

// TestRowProblems proves that a bad row is named by page, row, field and rule and
// costs no other row.
func TestRowProblems(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	bad := func(from, to string) string { return strings.Replace(row("X"), from, to, 1) }
	rows := []string{
		row("A"), bad("113.0", "113.001"), bad("113.0", "1.13e2"), bad("2026-01", "2026-13"), bad(`"OK"`, `"LOST"`), bad("1300", "1301"),
		bad(owner.TaxNumber, "91310000MA1FL9999Z"), bad(`"X"`, `null`), bad(`"X"`, `["X"]`), bad("113.0", "true"), `7`,
	}
	b.define(newAPI(t, map[string]string{"": `{"data":{"items":[` + strings.Join(rows, ",") + `]}}`}), "")
	r := b.step(0)
	b.want(r, Delivered, "")
	b.profileIs("A")
	if r.Records != 1 || r.Refused < 10 {
		t.Errorf("got %d records, %d refused", r.Records, r.Refused)
	}
	var problems []struct {
		File   string
		Row    int
		Column string
		Rule   string
	}
	if err := b.Book.Load(t.Context(), KindProblems, "erp", &problems); err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, p := range problems {
		got[fmt.Sprintf("%s %d %s %s", p.File, p.Row, p.Column, p.Rule)] = true
	}
	for _, want := range []string{
		"erp/first 2 amount ($.total) amount", "erp/first 3 amount ($.total) amount", "erp/first 4 date ($.issued) date",
		"erp/first 5 status ($.state) code", "erp/first 6 amount ($.total) total", "erp/first 7 owner owner",
		"erp/first 8 source_id ($.number) required", "erp/first 9 source_id ($.number) code", "erp/first 10 amount ($.total) amount",
		"erp/first 11 source_id ($.number) required",
	} {
		if !got[want] {
			t.Errorf("not named: %s", want)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
}

// TestRate proves that requests keep the source's rate.
func TestRate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.define(newAPI(t, threePages()), "")
	began := time.Now()
	b.want(b.step(0), Delivered, "")
	if took := time.Since(began); took < 190*time.Millisecond {
		t.Errorf("three requests at ten a second took %s", took)
	}
}
