package council

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

var rewrite = flag.Bool("update", false, "rewrite the golden files")

// golden compares text with a file that is reviewed like code.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	same(t, path, got, string(want))
}

var registration = regexp.MustCompile(`(?m)^\s+(Err\w+)\s*= errorsmod\.RegisterWithGRPCCode\(Name, (\d+), codes\.(\w+), "(.*)"\)$`)

// Test that no error changes its code, and that no two share one. The register
// would overwrite without a word.
func TestErrorCodes(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("errors.go")
	if err != nil {
		t.Fatal(err)
	}
	found := registration.FindAllStringSubmatch(string(source), -1)
	same(t, "registrations understood", len(found), bytes.Count(source, []byte("errorsmod.Register")))
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

// Test that the store's keys stay where light clients look for them.
func TestStoreKeys(t *testing.T) {
	t.Parallel()
	w := lived(t)
	var text strings.Builder
	it := w.ctx.KVStore(w.key).Iterator(nil, nil)
	defer it.Close()
	for ; it.Valid(); it.Next() {
		fmt.Fprintf(&text, "%x\n", it.Key())
	}
	golden(t, "testdata/keys.golden", text.String())
}
