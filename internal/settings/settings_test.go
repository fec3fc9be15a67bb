package settings

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// config has one field of every type that a configuration may have.
type config struct {
	Listen string `toml:"listen" doc:"address of the portal" check:"required"`
	Debug  bool   `toml:"debug" doc:"say more"`
	Vault  struct {
		Dir    string        `toml:"dir" doc:"where ciphertexts lie"`
		MaxAge time.Duration `toml:"head-age" doc:"oldest head to serve under"`
		Size   int64         `toml:"size" doc:"bytes of a segment"`
		Keep   int           `toml:"keep" doc:"segments in memory"`
		Peers  []string      `toml:"peers" doc:"other custodians"`
	} `toml:"vault"`
	Internal string // not a setting
}

func defaults() *config {
	c := &config{Listen: "127.0.0.1:8080", Internal: "kept"}
	c.Vault.MaxAge, c.Vault.Keep, c.Vault.Peers = 10*time.Second, 4, []string{"a"}
	return c
}

const prefix = "XINLIAN_T"

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Test that the environment wins over the file and the file over the defaults,
// and that each key knows where its value comes from.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	c := defaults()
	path := file(t, "listen = \"file:1\"\ndebug = true\n[vault]\nhead-age = \"3s\"\nsize = 7\npeers = [\"b\", \"c\"]\n")
	keys, err := Load(c, path, prefix, []string{
		"HOME=/x", "XINLIAN_OTHER=1", "XINLIAN_T_LISTEN=env:1", "XINLIAN_T_VAULT_HEAD_AGE=1m", "XINLIAN_T_VAULT_PEERS= d , ,e",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := defaults()
	want.Listen, want.Debug = "env:1", true
	want.Vault.MaxAge, want.Vault.Size, want.Vault.Peers = time.Minute, 7, []string{"d", "e"}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got %+v, want %+v", c, want)
	}
	var got []string
	for _, k := range keys {
		got = append(got, k.Name+" "+k.Default+" -> "+k.Value+" "+string(k.Source)+" "+k.Env)
	}
	wantKeys := []string{
		"debug false -> true file XINLIAN_T_DEBUG",
		"listen 127.0.0.1:8080 -> env:1 environment XINLIAN_T_LISTEN",
		"vault.dir  ->  default XINLIAN_T_VAULT_DIR",
		"vault.head-age 10s -> 1m0s environment XINLIAN_T_VAULT_HEAD_AGE",
		"vault.keep 4 -> 4 default XINLIAN_T_VAULT_KEEP",
		"vault.peers a -> d,e environment XINLIAN_T_VAULT_PEERS",
		"vault.size 0 -> 7 file XINLIAN_T_VAULT_SIZE",
	}
	if !reflect.DeepEqual(got, wantKeys) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(wantKeys, "\n"))
	}
}

// Test that no file, and a file that is not there, leave the defaults.
func TestNoFile(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", filepath.Join(t.TempDir(), "missing.toml")} {
		c := defaults()
		if _, err := Load(c, path, prefix, nil); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(c, defaults()) {
			t.Errorf("got %+v", c)
		}
	}
}

// Test that every mistake is refused and named: the key or variable, and what
// was wanted.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file, env string
		want            []string
	}{
		{"unknown keys", "x = 1\n[vault]\ny = 2\n", "", []string{"unknown keys vault.y, x"}},
		{"unknown variable", "", "XINLIAN_T_X=1", []string{"unknown environment variable XINLIAN_T_X"}},
		{"not TOML", "listen", "", []string{"c.toml"}},
		{"a word for a number", "[vault]\nsize = \"big\"\n", "", []string{"vault.size", `"big"`, "whole number"}},
		{"a fraction for a number", "[vault]\nkeep = 1.5\n", "", []string{"vault.keep", "whole number"}},
		{"a number without unit for a duration", "[vault]\nhead-age = 3\n", "", []string{"vault.head-age", "300ms"}},
		{"a negative duration", "", "XINLIAN_T_VAULT_HEAD_AGE=-1s", []string{"XINLIAN_T_VAULT_HEAD_AGE", "-1s"}},
		{"a word for a bool", "", "XINLIAN_T_DEBUG=maybe", []string{"XINLIAN_T_DEBUG", "true or false"}},
		{"a list of numbers", "[vault]\npeers = [1]\n", "", []string{"vault.peers", "list of strings"}},
		{"a comma inside a list", "[vault]\npeers = [\"a,b\"]\n", "", []string{"vault.peers", "commas"}},
		{"required and empty", "listen = \"\"\n", "", []string{"listen is not set", "XINLIAN_T_LISTEN"}},
		{"too large", "# " + strings.Repeat("x", FileBytesMax), "", []string{"at most 1048576"}},
	} {
		path := ""
		if c.file != "" {
			path = file(t, c.file)
		}
		var env []string
		if c.env != "" {
			env = []string{c.env}
		}
		_, err := Load(defaults(), path, prefix, env)
		if err == nil {
			t.Errorf("%s: accepted", c.name)
			continue
		}
		for _, part := range c.want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q does not say %q", c.name, err, part)
			}
		}
	}
}

// Test that a folder in the place of the file is an error, not a missing file.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	if _, err := Load(defaults(), t.TempDir(), prefix, nil); err == nil {
		t.Error("a folder was read as a configuration")
	}
}

// Test the text that explains a key, and that a mistyped name leads to near ones.
func TestExplain(t *testing.T) {
	t.Parallel()
	keys, err := Load(defaults(), "", prefix, []string{"XINLIAN_T_VAULT_KEEP=9"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"vault.keep": "vault.keep\n  segments in memory\n  value       9 (from environment)\n  default     4\n  environment XINLIAN_T_VAULT_KEEP\n",
		"vault.dir":  "vault.dir\n  where ciphertexts lie\n  value       \"\" (from default)\n  default     \"\"\n  environment XINLIAN_T_VAULT_DIR\n",
	} {
		if got, err := Explain(keys, name); err != nil || got != want {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	for name, want := range map[string]string{
		"keep":  `there is no key "keep"; there are: vault.keep`,
		"vault": `there is no key "vault"; there are: vault.dir, vault.head-age, vault.keep, vault.peers, vault.size`,
		"zzz":   `there is no key "zzz"; there are: debug, listen, vault.dir, vault.head-age, vault.keep, vault.peers, vault.size`,
	} {
		if _, err := Explain(keys, name); err == nil || err.Error() != want {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// Test that the file which Write makes explains each key and reads back to the
// same configuration, whatever characters its texts have.
func TestWriteReads(t *testing.T) {
	t.Parallel()
	c := defaults()
	c.Listen, c.Debug, c.Vault.Dir, c.Vault.Peers = `a "b" \c`, true, "信链\tx", []string{"p q", `r"s`}
	keys, err := Load(c, "", prefix, nil)
	if err != nil {
		t.Fatal(err)
	}
	written := string(Write(keys))
	for _, k := range keys {
		if !strings.Contains(written, "# "+k.Doc+"\n") {
			t.Errorf("%s is not explained", k.Name)
		}
	}
	again := defaults()
	if _, err := Load(again, file(t, written), prefix, nil); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again, c) {
		t.Errorf("got %+v, want %+v, from\n%s", again, c, written)
	}
}
