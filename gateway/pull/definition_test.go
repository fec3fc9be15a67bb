package pull

import (
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestMappingRefused proves that a mapping with any key that is unknown, missing
// or without effect is refused with its name.
func TestMappingRefused(t *testing.T) {
	t.Parallel()
	if _, err := ParseMapping([]byte(mapping)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ from, to, says string }{
		{"version = 1", "version = 2", "version"},
		{"version = 1", "version = 1\ncolour = 7", "colour"},
		{"[fields.date]", "[fields.date]\nfarbe = 1", "farbe"},
		{`"sales-invoice"`, `"sales-voice"`, "sales-voice"},
		{"schema_version = 1", "schema_version = 9", "version 9"},
		{`rows = "$.data.items"`, "", "rows"},
		{"$.data.items", "$.data[*]", "several values"},
		{"$.data.items", "$..items", "several values"},
		{"$.data.items", "$.[", "rows"},
		{`kind = "cursor"`, `kind = "magic"`, "magic"},
		{`parameter = "cursor"`, "", "paging.parameter"},
		{`next = "$.data.next"`, "", "paging.next"},
		{`next = "$.data.next"`, "next = \"$.data.next\"\nfirst = 1", "paging.first"},
		{"[fields.tax]", "[fields.taxes]", "fields.taxes"},
		{"[fields.counterparty]\npath = \"$.buyer.tax_numbers[0]\"", "", "fields.counterparty"},
		{`value = "CNY"`, "value = \"CNY\"\npath = \"$.c\"", "path or value"},
		{`unit = "fen"`, `unit = "jiao"`, "jiao"},
		{`value = "CNY"`, "value = \"CNY\"\nunit = \"fen\"", "unit"},
		{`path = "$.issued"`, "path = \"$.issued\"\nlayout = \"unix\"", "utc_offset"},
		{`path = "$.issued"`, "path = \"$.issued\"\nlayout = \"moon\"", "moon"},
		{`path = "$.issued"`, "path = \"$.issued\"\nutc_offset = \"+08:00\"", "utc_offset"},
		{`path = "$.issued"`, "path = \"$.issued\"\nwithin = \"$.x\"", "within"},
		{`OK = "normal"`, `OK = "fine"`, "fine"},
		{`value = "CNY"`, "value = \"CNY\"\ncodes = { a = \"b\" }", "codes"},
	} {
		text := strings.Replace(mapping, c.from, c.to, 1)
		if text == mapping {
			t.Errorf("%q is not in the mapping", c.from)
		}
		if _, err := ParseMapping([]byte(text)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: got %v, want one that says %q", c.to, err, c.says)
		}
	}
}

// TestReadmeMapping proves that the mapping and the definition in README.md are
// legal, and that it names every key, status, reason and bound.
func TestReadmeMapping(t *testing.T) {
	t.Parallel()
	readme := readFile(t, "README.md")
	examples := regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(readme, -1)
	if len(examples) != 2 {
		t.Fatalf("%d examples, want a definition and a mapping", len(examples))
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"erp.source.toml": examples[0][1], "erp.mapping.toml": examples[1][1], "erp.secret": "s"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := LoadSource(filepath.Join(dir, "erp.source.toml")); err != nil {
		t.Error(err)
	}
	for _, file := range []string{"source.go", "mapping.go"} {
		for _, m := range regexp.MustCompile("`toml:\"(\\w+)\"`").FindAllStringSubmatch(readFile(t, file), -1) {
			if !strings.Contains(readme, "`"+m[1]+"`") {
				t.Errorf("README does not name the key %s", m[1])
			}
		}
	}
	for _, m := range regexp.MustCompile(`Reason\w+ +Reason = "([\w-]+)"`).FindAllStringSubmatch(readFile(t, "fault.go"), -1) {
		if !strings.Contains(readme, "| `"+m[1]+"` |") {
			t.Errorf("README does not name the reason %s", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^(?:const|\t)\s*([A-Z]\w+Max) +=`).FindAllStringSubmatch(readFile(t, "http.go")+readFile(t, "client.go")+readFile(t, "files.go"), -1) {
		if !strings.Contains(readme, "`"+m[1]+"`") {
			t.Errorf("README does not name the bound %s", m[1])
		}
	}
}

// TestReadmeTransitions proves that the table in README.md is the one that is
// held.
func TestReadmeTransitions(t *testing.T) {
	t.Parallel()
	readme := readFile(t, "README.md")
	events := []event{changed, due, complete, failed, stalled, refused}
	for _, from := range []Status{Ready, Pending, Delivered, Denied, Timeout} {
		line := "| `" + string(from) + "` |"
		for _, e := range events {
			to, err := from.after(e)
			switch {
			case err != nil:
				line += " – |"
			default:
				line += " `" + string(to) + "` |"
			}
		}
		if !strings.Contains(readme, line) {
			t.Errorf("README lacks %s", line)
		}
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestDefinitionRefused proves that a definition that cannot be used denies its
// source with the reason, and that mending it makes it ready.
func TestDefinitionRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, to, says string }{
		{"version = 1", "version = 3", "version"},
		{"enterprise = 41", "enterprise = 0", "enterprise"},
		{`kind = "http"`, `kind = "ftp"`, "kind"},
		{`every = "1h"`, `every = "1s"`, "every"},
		{`every = "1h"`, "every = \"1h\"\ndaily = \"03:00\"", "give one"},
		{`every = "1h"`, `daily = "25:00"`, "HH:MM"},
		{`every = "1h"`, "every = \"1h\"\njitter = \"2h\"", "jitter"},
		{"requests_per_minute = 600", "requests_per_minute = 6000", "requests_per_minute"},
		{`request_timeout = "300ms"`, `request_timeout = "1h"`, "request_timeout"},
		{`mapping = "mapping.toml"`, `mapping = "no.toml"`, "mapping"},
		{"[http]", "[http]\npassword = \"x\"", "password"},
		{"https://", "https://user:secret@", "credentials"},
	} {
		b := newBench(t)
		a := newAPI(t, map[string]string{"": page("", "A")})
		b.define(a, "")
		b.want(b.step(0), Delivered, "")
		good := readFile(t, filepath.Join(b.dir, "erp.source.toml"))
		bad := strings.Replace(good, c.from, c.to, 1)
		if bad == good {
			t.Errorf("%q is not in the definition", c.from)
		}
		b.write("erp.source.toml", bad, 0o600)
		r := b.step(time.Second)
		b.want(r, Denied, ReasonDefinition)
		if !strings.Contains(r.Detail, c.says) {
			t.Errorf("%q: got %q, want one that says %q", c.to, r.Detail, c.says)
		}
		b.write("erp.source.toml", good, 0o600)
		b.want(b.step(time.Second), Delivered, "")
		b.Close()
	}
}

// TestSchedule proves when a source is due after a run.
func TestSchedule(t *testing.T) {
	t.Parallel()
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct{ every, daily, now, want string }{
		{"1h", "", "2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z"},
		{"", "03:30", "2026-03-02T09:00:00Z", "2026-03-02T19:30:00Z"},
		{"", "03:30", "2026-03-02T19:30:00Z", "2026-03-03T19:30:00Z"},
		{"", "03:30", "2026-03-02T19:29:59Z", "2026-03-02T19:30:00Z"},
	} {
		s := &Source{Daily: c.daily}
		if c.every != "" {
			if err := s.Every.UnmarshalText([]byte(c.every)); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.checkSchedule(); err != nil {
			t.Fatal(err)
		}
		if got := s.next(at(c.now)); !got.Equal(at(c.want)) {
			t.Errorf("%+v: got %s", c, got.UTC())
		}
		s.Jitter = duration(10 * time.Minute)
		if got := s.next(at(c.now)); got.Before(at(c.want)) || got.Sub(at(c.want)) >= 10*time.Minute {
			t.Errorf("%+v with jitter: got %s", c, got.UTC())
		}
	}
}

// TestAllowList proves which entries are taken, and that what is not listed is
// refused: by name, by port, by scheme, and by where a name leads.
func TestAllowList(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "host", "host:", ":443", "host:0", "host:99999", "*.example:443", "https://host:443", "u@host:443", "host:443 open"} {
		if _, err := ParseAllowList([]string{bad}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	list, err := ParseAllowList([]string{"API.example:443", "127.0.0.1:8080 plain", "localhost:9443"})
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(list, 60, time.Second, nil)
	for _, u := range []string{"https://api.example/x", "https://api.EXAMPLE.:443/x", "http://127.0.0.1:8080/", "https://127.0.0.1:8080/"} {
		if err := c.check(parse(t, u)); err != nil {
			t.Errorf("%s: %v", u, err)
		}
	}
	for _, u := range []string{"http://api.example:443/", "https://api.example:444/", "https://other.example/", "https://127.0.0.1/", "ftp://127.0.0.1:8080/", "https://u:p@api.example/"} {
		if err := c.check(parse(t, u)); err == nil {
			t.Errorf("%s is called", u)
		}
	}
	// The name is listed, but leads to this machine, which nobody said it may.
	if _, err := list.dial(t.Context(), "tcp", "localhost:9443"); faultOf(err).Reason != ReasonAllow {
		t.Errorf("localhost: got %v", err)
	}
	list, err = ParseAllowList([]string{"localhost:9443 private"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := list.dial(t.Context(), "tcp", "localhost:9443"); err != nil && faultOf(err).Reason == ReasonAllow {
		t.Errorf("localhost as private: got %v", err)
	}
	for address, want := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true, "127.0.0.1": false, "::1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false,
		"169.254.169.254": false, "fe80::1": false, "fc00::1": false, "100.64.0.1": false, "0.0.0.0": false, "::": false, "224.0.0.1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "64:ff9b::7f00:1": false, "2002:7f00:1::": false, "255.255.255.255": false, "198.18.0.1": false,
	} {
		if got := public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: public is %t", address, got)
		}
	}
}

// FuzzDecodeJSON proves that no page crashes the reader, and that what it takes
// is read by the mapping without one either.
func FuzzDecodeJSON(f *testing.F) {
	f.Add([]byte(page("c", "A")))
	f.Add([]byte(`{"data":{"items":[{"number":[1],"total":1e999}]}}`))
	m, err := ParseMapping([]byte(mapping))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(_ *testing.T, b []byte) {
		v, err := decodeJSON(b)
		if err != nil {
			return
		}
		rows, err := m.list(v)
		if err != nil {
			return
		}
		for _, r := range rows {
			w := &pageRow{mapping: m, row: r}
			w.record(owner)
		}
	})
}

func parse(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
