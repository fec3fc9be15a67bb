package portal_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/xinlian/xinlian/gateway/portal"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/x/loan"
)

// TestPreviewIsTheChains proves that the schedule an owner sees before she signs
// is, row by row and fen by fen, the one that the chain makes when she does.
func TestPreviewIsTheChains(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		principal := rapid.Int64Range(1, 100_000_000_00).Draw(t, "principal")
		rate := rapid.Uint32Range(0, 3_600).Draw(t, "rate")
		periods := rapid.Uint32Range(1, 60).Draw(t, "periods")
		unit := loanv1.PeriodUnit(rapid.Int32Range(1, 2).Draw(t, "unit"))
		terms := loanv1.TemplateTerms{Method: loanv1.Method(rapid.Int32Range(1, 4).Draw(t, "method")), PeriodUnit: unit}
		want, err := loan.Plan{
			PrincipalFen: principal, RateBps: rate, Periods: periods, Method: terms.Method, Unit: unit,
			Start: rapid.Int64Range(0, 4_102_444_800).Draw(t, "start"),
		}.Schedule()
		if err != nil {
			t.Fatal(err)
		}
		got, err := portal.Preview(terms, principal, rate, periods)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Fatalf("%d rows, want %d", len(got), len(want))
		}
		for i, w := range want {
			if g := got[i]; g.Number != w.Number || g.PrincipalFen != w.PrincipalFen || g.InterestFen != w.InterestFen {
				t.Fatalf("row %d: got %+v, want %+v", i, g, w)
			}
		}
		if got[len(got)-1].BalanceFen != 0 {
			t.Fatalf("%d fen are left", got[len(got)-1].BalanceFen)
		}
	})
}

// TestKnownSchedule holds the example that every reader can check by hand.
func TestKnownSchedule(t *testing.T) {
	t.Parallel()
	level := loanv1.TemplateTerms{Method: loanv1.Method_METHOD_EQUAL_INSTALMENT, PeriodUnit: loanv1.PeriodUnit_PERIOD_UNIT_MONTH}
	rows, err := portal.Preview(level, 100_000_00, 720, 12)
	if err != nil {
		t.Fatal(err)
	}
	interest := int64(0)
	for _, r := range rows {
		interest += r.InterestFen
	}
	if first := rows[0].PrincipalFen + rows[0].InterestFen; first != 8_661_90 || interest != 3_942_75 {
		t.Errorf("instalment %d, interest %d", first, interest)
	}
	for _, c := range []struct {
		principal     int64
		rate, periods uint32
	}{{0, 720, 12}, {-1, 720, 12}, {1 << 60, 720, 12}, {1, 720, 0}, {1, 720, 61}, {1, 100_001, 12}} {
		if rows, err := portal.Preview(level, c.principal, c.rate, c.periods); err == nil {
			t.Errorf("%+v gives %d rows", c, len(rows))
		}
	}
}

// TestRefusalsExist proves that every refusal with words of ours is one that the
// chain can give: a code of its registered errors.
func TestRefusalsExist(t *testing.T) {
	t.Parallel()
	code := regexp.MustCompile(`Register(?:WithGRPCCode)?\(\w+, (\d+),`)
	for space, codes := range portal.Refusals {
		path := filepath.Join("..", "..", "x", space, "errors.go")
		switch space {
		case "sdk":
			continue // the SDK's own, frozen by its compatibility promise
		case "xinlian":
			path = filepath.Join("..", "..", "app", "ante.go")
		case "passkey":
			path = filepath.Join("..", "..", "passkey", "errors.go")
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var registered []string
		for _, m := range code.FindAllStringSubmatch(string(text), -1) {
			registered = append(registered, m[1])
		}
		for _, c := range codes {
			if !slices.Contains(registered, fmt.Sprint(c)) {
				t.Errorf("%s has no error %d", space, c)
			}
		}
	}
}

// TestKindsAreThePages proves that the gateway prepares exactly what the signing
// page has a card for.
func TestKindsAreThePages(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("web/kinds.json")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	got := slices.Sorted(slices.Values(portal.Kinds))
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
