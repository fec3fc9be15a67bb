package vault

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
)

// The README names every error of the package, and no other.
func TestReadmeNamesEveryError(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	must(t, err)
	code, err := os.ReadFile("errors.go")
	must(t, err)
	declared := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\t(Err\w+) += errors\.New`).FindAllStringSubmatch(string(code), -1) {
		declared[m[1]] = true
		if !strings.Contains(string(readme), "`"+m[1]+"`") {
			t.Errorf("README.md does not name %s", m[1])
		}
	}
	for _, m := range regexp.MustCompile("`(Err\\w+)`").FindAllStringSubmatch(string(readme), -1) {
		if !declared[m[1]] {
			t.Errorf("README.md names %s, which does not exist", m[1])
		}
	}
	if len(declared) < 30 {
		t.Errorf("only %d errors found", len(declared))
	}
}

// Outcomes are stable, unique, and lead back to their errors.
func TestOutcomesAreUnique(t *testing.T) {
	t.Parallel()
	seen := map[Outcome]bool{OutcomeAllowed: true, OutcomeFailed: true}
	for _, o := range outcomes {
		if seen[o.outcome] || OutcomeOf(o.err) != o.outcome || !errors.Is(o.outcome.Err(), o.err) {
			t.Errorf("outcome %d of %v", o.outcome, o.err)
		}
		seen[o.outcome] = true
	}
	if OutcomeOf(nil) != OutcomeAllowed || OutcomeOf(os.ErrClosed) != OutcomeFailed || OutcomeFailed.Err() != nil {
		t.Error("outcomes without an error")
	}
}
