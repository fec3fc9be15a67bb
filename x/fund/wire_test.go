package fund

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/internal/wire"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares text with a file that is reviewed like code.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		check(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	check(t, err)
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}

var registration = regexp.MustCompile(`(?m)^\s+(Err\w+)\s*= errorsmod\.RegisterWithGRPCCode\(Name, (\d+), codes\.(\w+), "(.*)"\)$`)

// No error changes its code and no two share one; the register would overwrite without a word.
func TestErrorCodes(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("errors.go")
	check(t, err)
	found := registration.FindAllStringSubmatch(string(source), -1)
	if len(found) != bytes.Count(source, []byte("errorsmod.Register")) {
		t.Errorf("%d registrations understood", len(found))
	}
	used := map[string]bool{"0": true, "1": true}
	var text strings.Builder
	for _, m := range found {
		if used[m[2]] {
			t.Errorf("%s: code %s is taken", m[1], m[2])
		}
		used[m[2]] = true
		fmt.Fprintf(&text, "%s %s %s %s\n", Name, m[2], m[3], m[4])
	}
	golden(t, "testdata/errors.golden", text.String())
}

// The keys of the store stay where light clients look for them.
func TestStoreKeys(t *testing.T) {
	t.Parallel()
	c := funded(t, terms())
	check(t, c.redeeming(insurer, senior, 1_000))
	var text strings.Builder
	it := c.ctx.KVStore(c.key).Iterator(nil, nil)
	defer it.Close()
	for ; it.Valid(); it.Next() {
		fmt.Fprintf(&text, "%x\n", it.Key())
	}
	golden(t, "testdata/keys.golden", text.String())
}

// A fund's account is 32 bytes and belongs to no other fund.
func TestAccounts(t *testing.T) {
	t.Parallel()
	if a, b := Account(1), Account(256); len(a) != 32 || bytes.Equal(a, b) {
		t.Errorf("%X %X", a, b)
	}
	golden(t, "testdata/accounts.golden", wire.AddressText(Account(1))+"\n"+wire.AddressText(Account(256))+"\n")
}
