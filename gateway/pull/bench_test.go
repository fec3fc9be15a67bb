package pull

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/custody/custodytest"
	"github.com/xinlian/xinlian/gateway/store"
)

const enterprise = 41

var owner = connector.Owner{TaxNumber: "91310000MA1FL0000A", Name: "样本晴川豆制品商行"}

// bench is a scheduler over a real store, vault and intake.
type bench struct {
	*custodytest.World

	t         *testing.T
	dir       string
	allow     []string
	scheduler *Scheduler

	mu  sync.Mutex
	now time.Time
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{World: custodytest.New(t), t: t, dir: t.TempDir(), now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	b.write("mapping.toml", mapping, 0o600)
	b.schedule()
	return b
}

// schedule makes a scheduler over the files as they are open now.
func (b *bench) schedule() {
	b.t.Helper()
	list, err := ParseAllowList(b.allow)
	if err != nil {
		b.t.Fatal(err)
	}
	b.scheduler = &Scheduler{Dir: b.dir, Allow: list, Keeper: b.Book, Profile: profile{b.Intake}, Now: b.clock, Log: slog.New(slog.DiscardHandler)}
}

// profile has one custodian and one firm.
type profile struct{ *custody.Intake }

func (profile) Signer(_ context.Context, org uint64) (*custody.Source, error) {
	return nil, fmt.Errorf("organisation %d is not here", org)
}

func (profile) Owner(context.Context, uint64) (connector.Owner, error) { return owner, nil }

func (b *bench) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bench) write(name, text string, mode os.FileMode) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), mode); err != nil {
		b.t.Fatal(err)
	}
}

// step lets time pass and does what is due.
func (b *bench) step(pass time.Duration) store.Source {
	b.t.Helper()
	b.mu.Lock()
	b.now = b.now.Add(pass)
	b.mu.Unlock()
	if err := b.scheduler.Step(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	return b.source()
}

func (b *bench) source() store.Source {
	b.t.Helper()
	list, err := b.Book.SourcesOf(b.t.Context(), enterprise)
	if err != nil || len(list) != 1 {
		b.t.Fatalf("got %d sources, %v", len(list), err)
	}
	return list[0]
}

// want fails the test unless the source stands at a status for a reason.
func (b *bench) want(r store.Source, status Status, reason Reason) {
	b.t.Helper()
	if r.Status != string(status) || r.Reason != string(reason) {
		b.t.Errorf("got %s %s (%s), want %s %s", r.Status, r.Reason, r.Detail, status, reason)
	}
}

// profileIs fails the test unless the profile has exactly these invoices.
func (b *bench) profileIs(want ...string) {
	b.t.Helper()
	var got []string
	for _, r := range b.Records(enterprise) {
		got = append(got, r.SourceID())
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		b.t.Errorf("the profile has %v, want %v", got, want)
	}
}

// mapping is that of the interface of the tests.
const mapping = `version = 1
schema = "sales-invoice"
schema_version = 1
rows = "$.data.items"
owner = "$.seller"

[paging]
kind = "cursor"
parameter = "cursor"
next = "$.data.next"

[fields.source_id]
path = "$.number"
[fields.date]
path = "$.issued"
[fields.amount]
path = "$.total"
[fields.net]
path = "$.net"
[fields.tax]
path = "$['tax']"
unit = "fen"
[fields.currency]
value = "CNY"
[fields.direction]
value = "in"
[fields.status]
path = "$.state"
codes = { OK = "normal", CANCELLED = "void", REVERSED = "red" }
[fields.counterparty]
path = "$.buyer.tax_numbers[0]"
`

// row is an invoice as the interface gives it.
func row(number string) string {
	return fmt.Sprintf(`{"seller":%q,"number":%q,"issued":"2026-01-%02dT10:00:00+08:00","total":113.0,"net":"100.00","tax":1300,"state":"OK","buyer":{"tax_numbers":["91310000MA1FL1111B"]}}`,
		owner.TaxNumber, number, 1+len(number)%28)
}

func page(next string, numbers ...string) string {
	rows := make([]string, len(numbers))
	for i, n := range numbers {
		rows[i] = row(n)
	}
	tail := "null"
	if next != "" {
		tail = fmt.Sprintf("%q", next)
	}
	return `{"data":{"items":[` + strings.Join(rows, ",") + `],"next":` + tail + `}}`
}

// api is a TLS server whose pages are by cursor.
type api struct {
	*httptest.Server

	mu     sync.Mutex
	pages  map[string]string
	handle http.HandlerFunc // nil: pages
	asked  []string
}

func newAPI(t *testing.T, pages map[string]string) *api {
	t.Helper()
	a := &api{pages: pages}
	a.Server = httptest.NewTLSServer(a)
	a.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	t.Cleanup(func() {
		a.CloseClientConnections()
		a.Close()
	})
	return a
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	handle := a.handle
	a.asked = append(a.asked, r.URL.Query().Get("cursor"))
	a.mu.Unlock()
	if handle != nil {
		handle(w, r)
		return
	}
	a.serve(w, r)
}

func (a *api) serve(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	text, ok := a.pages[r.URL.Query().Get("cursor")]
	a.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	_, _ = w.Write([]byte(text))
}

func (a *api) set(handle http.HandlerFunc) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.handle = handle
}

func (a *api) requests() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.asked)
}

// define makes the interface a source.
func (b *bench) define(a *api, more string) {
	b.t.Helper()
	b.write("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Certificate().Raw})), 0o600)
	b.allow = append(b.allow, a.Listener.Addr().String())
	b.schedule()
	b.write("erp.source.toml", fmt.Sprintf(`version = 1
enterprise = %d
kind = "http"
every = "1h"
requests_per_minute = 600
request_timeout = "300ms"
[http]
url = "%s/v1/invoices?size=2"
mapping = "mapping.toml"
ca_file = "ca.pem"
%s`, enterprise, a.URL, more), 0o600)
}

// reopen closes the files and opens them with a fuse or nil.
func (b *bench) reopen(fuse *custodytest.Fuse) {
	b.t.Helper()
	b.Close()
	b.Open(fuse)
	b.schedule()
}

// closedPort is an address of this machine where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// hijack takes over a connection to answer by hand.
func hijack(w http.ResponseWriter, answer string) error {
	h, ok := w.(http.Hijacker)
	if !ok {
		return errors.New("no hijacker")
	}
	conn, buf, err := h.Hijack()
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = buf.WriteString(answer)
	return errors.Join(err, buf.Flush())
}
