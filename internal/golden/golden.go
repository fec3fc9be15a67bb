// Package golden holds tests to files that are reviewed like code. go test -update
// writes them anew. A test that links internal/testkit cannot use it: a library
// below the SDK's test helpers registers the same flag.
package golden

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Same compares text with the file at path.
func Same(tb testing.TB, path, got string) {
	tb.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	if got != string(want) {
		tb.Errorf("%s differs; run with -update and review: got\n%s\nwant\n%s", path, got, want)
	}
}

var registration = regexp.MustCompile(`(?m)^\s+(Err\w+)\s*= errorsmod\.RegisterWithGRPCCode\(Name, (\d+), codes\.(\w+), "(.*)"\)$`)

// ErrorCodes tells that no error of errors.go changes its code and that no two
// share one; the SDK's register would overwrite without a word.
func ErrorCodes(tb testing.TB, module string) {
	tb.Helper()
	source, err := os.ReadFile("errors.go")
	if err != nil {
		tb.Fatal(err)
	}
	found := registration.FindAllStringSubmatch(string(source), -1)
	if want := bytes.Count(source, []byte("errorsmod.Register")); len(found) != want {
		tb.Fatalf("understood %d registrations of %d", len(found), want)
	}
	used := map[string]bool{"0": true, "1": true} // success, and errors without a code
	var text strings.Builder
	for _, m := range found {
		if used[m[2]] {
			tb.Errorf("%s: code %s is taken", m[1], m[2])
		}
		used[m[2]] = true
		fmt.Fprintf(&text, "%s %s %s %s\n", module, m[2], m[3], m[4])
	}
	Same(tb, "testdata/errors.golden", text.String())
}
