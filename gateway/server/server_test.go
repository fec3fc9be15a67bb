package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xinlian/xinlian/gateway/vault"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/settings"
)

// TestNumbered proves that entries by organisation are read, and that a bad one
// is named.
func TestNumbered(t *testing.T) {
	t.Parallel()
	values, order, err := numbered("hosted", []string{"5=/srv/five", " 3 = /srv/three "})
	if err != nil || values[5] != "/srv/five" || values[3] != "/srv/three" || len(order) != 2 || order[0] != 5 {
		t.Errorf("got %v, %v, %v", values, order, err)
	}
	for _, bad := range [][]string{{"five=/srv"}, {"0=/srv"}, {"5="}, {"5"}, {"5=/a", "5=/b"}} {
		if _, _, err := numbered("hosted", bad); err == nil || !strings.Contains(err.Error(), "hosted") {
			t.Errorf("%v: got %v", bad, err)
		}
	}
}

// TestConfig proves that a configuration explains itself, that a file and the
// environment override the defaults, and that an unknown key is an error.
func TestConfig(t *testing.T) {
	t.Parallel()
	c := DefaultConfig("/home")
	path := filepath.Join(t.TempDir(), FileName)
	if err := os.WriteFile(path, []byte("origin = \"https://bank.example\"\nhosted = [\"5=/srv/five\"]\n[log]\nlevel = \"warn\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	keys, err := settings.Load(&c, path, EnvPrefix, []string{EnvPrefix + "_KYB_AMOUNT_LIMIT_FEN=7"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Origin != "https://bank.example" || c.Hosted[0] != "5=/srv/five" || c.KYB.AmountLimitFen != 7 || c.Listen != "localhost:8080" {
		t.Errorf("got %+v", c)
	}
	for _, k := range keys {
		if k.Doc == "" {
			t.Errorf("%s does not say what it is", k.Name)
		}
	}
	if _, err := settings.Load(&c, "", EnvPrefix, []string{EnvPrefix + "_NO_SUCH_KEY=1"}); err == nil {
		t.Error("an unknown key is taken")
	}
	if _, err := c.Logger(); err != nil {
		t.Error(err)
	}
	c.Log.Level = "loud"
	if _, err := c.Logger(); err == nil || !strings.Contains(err.Error(), "loud") {
		t.Errorf("got %v", err)
	}
}

// TestVaultRefusals proves that a refusal over the network is the very error
// that the vault gave, and that garbage is refused before any vault sees it.
func TestVaultRefusals(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	for _, refusal := range []error{vault.ErrConsentRevoked, vault.ErrFetchLimit, vault.ErrNonceUsed, vault.ErrWrongVault} {
		far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { refuseRead(w, refusal, log) }))
		v, err := newVaults(nil, map[uint64]string{5: far.URL})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Read(context.Background(), 5, request(), []byte("signature")); !errors.Is(err, refusal) {
			t.Errorf("got %v, want %v", err, refusal)
		}
		far.Close()
	}
	h := vaultHandler(nil, log)
	for name, body := range map[string]string{"nothing": "", "garbage": "xxxx", "too much": strings.Repeat("x", readBytesMax+1)} {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, readPath, strings.NewReader(body)))
		var p readProblem
		if err := json.NewDecoder(rec.Body).Decode(&p); err != nil || !errors.Is(p.Outcome.Err(), vault.ErrBadRequest) {
			t.Errorf("%s: got %+v, %v", name, p, err)
		}
	}
}

func request() vault.ReadRequest {
	return vault.ReadRequest{
		ChainID: "c", Custodian: 5, Purpose: "verification", Use: vault.UseView, Device: "xin1",
		Selector: vault.Selector{Categories: []record.Category{record.CategoryBank}, Months: vault.Months{From: 202501, To: 202502}},
	}
}

// TestVaultFaults proves that a failure at the far end is told apart from a
// refusal, that its cause stays there, and that an unknown custodian is named.
func TestVaultFaults(t *testing.T) {
	t.Parallel()
	var logged bytes.Buffer
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		refuseRead(w, errors.New("disk on fire"), slog.New(slog.NewTextHandler(&logged, nil)))
	}))
	defer far.Close()
	v, err := newVaults(nil, map[uint64]string{5: far.URL})
	if err != nil {
		t.Fatal(err)
	}
	_, err = v.Read(context.Background(), 5, request(), nil)
	if err == nil || strings.Contains(err.Error(), "fire") || !strings.Contains(logged.String(), "fire") {
		t.Errorf("got %v; the far log says %q", err, logged.String())
	}
	if _, err := v.Read(context.Background(), 6, request(), nil); !errors.Is(err, ErrNoVault) {
		t.Errorf("got %v", err)
	}
	for _, bad := range []string{"", "host", "ftp://host", "https://"} {
		if _, err := newVaults(nil, map[uint64]string{5: bad}); err == nil {
			t.Errorf("%q is taken for an address", bad)
		}
	}
	redirect := httptest.NewServer(http.RedirectHandler("http://127.0.0.1:1/", http.StatusTemporaryRedirect))
	defer redirect.Close()
	if v, err = newVaults(nil, map[uint64]string{5: redirect.URL}); err != nil {
		t.Fatal(err)
	}
	if r, err := v.Read(context.Background(), 5, request(), nil); err == nil {
		_, _ = io.Copy(io.Discard, r)
		t.Error("a redirect is followed")
	}
}

// TestGuardAndBlobs proves that the keys of vault, blobs and import are read, and
// that a half-made or mistyped setting is an error that names its key.
func TestGuardAndBlobs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	use := func(c Config) error {
		_, errGuard := c.Guard("")
		_, errBlobs := c.OpenBlobs(t.Context(), 5)
		_, errParsers := c.Parsers()
		return errors.Join(errGuard, errBlobs, errParsers)
	}
	keyset := filepath.Join(dir, "keyset.json")
	if err := vault.NewLocalKeyset(keyset); err != nil {
		t.Fatal(err)
	}
	passphrase, empty, certificate := file("passphrase", "ein langer Satz mit Wörtern\n"), file("empty.pem", ""), file("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
	for name, c := range map[string]struct {
		set  func(*Config)
		want string // in the error; empty: none
	}{
		"as it comes":        {func(*Config) {}, ""},
		"age":                {func(c *Config) { c.Vault.Master, c.Vault.Passphrase = "age", passphrase }, ""},
		"kms":                {func(c *Config) { c.Vault.Master, c.Vault.KMSKey = "kms", "keyset-file://"+keyset }, ""},
		"no such guard":      {func(c *Config) { c.Vault.Master = "paper" }, "vault.master"},
		"age without secret": {func(c *Config) { c.Vault.Master = "age" }, "vault.age_identity"},
		"age with two": {func(c *Config) {
			c.Vault.Master, c.Vault.Passphrase, c.Vault.Identity = "age", passphrase, passphrase
		}, "vault.age_passphrase"},
		"kms without key":       {func(c *Config) { c.Vault.Master = "kms" }, "vault.kms_key"},
		"no such store":         {func(c *Config) { c.Blobs.Store = "tape" }, "blobs.store"},
		"no such authorities":   {func(c *Config) { c.Import.Authorities = filepath.Join(dir, "absent.pem") }, "import.authorities"},
		"no certificate":        {func(c *Config) { c.Import.Authorities = empty }, "import.authorities"},
		"a broken certificate":  {func(c *Config) { c.Import.Authorities = certificate }, "import.authorities"},
		"s3 over plain network": {func(c *Config) { c.Blobs.Store, c.Blobs.Endpoint, c.Blobs.Bucket = "s3", "http://192.0.2.1:9000", "b" }, "https"},
	} {
		config := DefaultConfig(dir)
		c.set(&config)
		err := use(config)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// TestBankConfig proves that a settlement bank's settings are taken whole or named, and
// that an account's file is secret and never quoted.
func TestBankConfig(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	account := filepath.Join(dir, "account")
	write := func(text string, mode os.FileMode) {
		t.Helper()
		_ = os.Remove(account)
		if err := os.WriteFile(account, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	out, in := filepath.Join(dir, "out"), filepath.Join(dir, "in")
	for _, d := range []string{out, in} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	good := DefaultConfig(dir)
	if b, err := good.bank(); b != nil || err != nil {
		t.Errorf("by default: got %v, %v", b, err)
	}
	good.Bank.Org, good.Bank.Account, good.Bank.Outbox, good.Bank.Inbox = 7, account, out, in
	write("102100099996 99 样本清算行\n", 0o600)
	b, err := good.bank()
	if err != nil || b.OrgID != 7 || b.Account.Number != "99" || b.Every != 10*time.Second {
		t.Fatalf("got %+v, %v", b, err)
	}
	for want, bend := range map[string]func(c *Config){
		"bank.org":     func(c *Config) { c.Bank.Org = -1 },
		"bank.outbox":  func(c *Config) { c.Bank.Outbox = filepath.Join(dir, "absent") },
		"one folder":   func(c *Config) { c.Bank.Inbox = out + "/" },
		"bank.inbox":   func(c *Config) { c.Bank.Inbox = "" },
		"bank.every":   func(c *Config) { c.Bank.Every = time.Millisecond },
		"bank.account": func(c *Config) { c.Bank.Account = filepath.Join(dir, "absent") },
		"chmod 600": func(*Config) {
			write("102100099996 99 样本清算行\n", 0o640)
		},
		"联行号": func(*Config) { write("1021 99 样本清算行", 0o600) },
	} {
		write("102100099996 99 样本清算行\n", 0o600)
		c := good
		bend(&c)
		if _, err := c.bank(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "样本") {
			t.Errorf("%s: got %v", want, err)
		}
	}
}
