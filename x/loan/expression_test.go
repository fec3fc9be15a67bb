package loan

import (
	"math"
	"slices"
	"strings"
	"testing"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

func compile(t testing.TB, list, expression string) (condition, error) {
	t.Helper()
	env, err := environments()
	if err != nil {
		t.Fatal(err)
	}
	return compileCondition(env[list], loanv1.Condition{Code: "x", Expression: expression})
}

// Everything but bounded integer and boolean arithmetic is refused when a template is submitted.
func TestExpressionRefusals(t *testing.T) {
	t.Parallel()
	for _, e := range []string{
		"",
		" ",
		"true",
		"1 == 1",
		"score.points",
		"score.points + 1",
		"score.points >= 1.5",
		"double(score.points) > 0.0",
		"int(score.points) > 0",
		"uint(score.points) > 0u",
		"score.points > 0u",
		"string(score.points) == '1'",
		"string(score.points).matches('^[0-9]+$')",
		"'a' == 'a' && score.points > 0",
		"b'a' == b'a' && score.points > 0",
		"null == null && score.points > 0",
		"timestamp('2026-01-01T00:00:00Z') < timestamp('2027-01-01T00:00:00Z') && score.points > 0",
		"duration('1h') > duration('1s') && score.points > 0",
		"[1, 2].exists(x, x == score.points)",
		"[1, 2].all(x, x < score.points)",
		"[1, 2].map(x, x)[0] == score.points",
		"has(score.points)",
		"size([1, 2]) == score.points",
		"[1, 2][0] == score.points",
		"[1] + [2] == [score.points]",
		"score.points in [score.capacity_fen]",
		"score.points in [1, true]",
		"score.points in {1: 2}",
		"{1: 2}[1] == score.points",
		"type(score.points) == int",
		"dyn(score.points) == 1",
		"score.unknown > 0",
		"unknown > 0",
		"loan.late == 0", // a release variable
		"score > 0",
		"score.points > 0 // always",
		"score.points > 0\n",
		"score.points > 0\t",
		"ѕcore.points > 0", // Cyrillic
		"score.points > 9223372036854775808",
		"score.points >",
		"score.points = 5",
		strings.Repeat("(", 40) + "score.points" + strings.Repeat(")", 40) + " > 0",
		strings.Repeat("score.points > 0 && ", 30) + "true",
		"score.points > 0 && " + strings.Repeat(" ", ExpressionBytesMax),
	} {
		if _, err := compile(t, listEligibility, e); err == nil {
			t.Errorf("accepted %q", e)
		} else {
			wantError(t, err, ErrExpression)
		}
	}
	if _, err := compile(t, listRelease, "score.points > 0"); err == nil {
		t.Error("a score in a release rule was accepted")
	}
}

// Admitted expressions come out as arithmetic says; what has no value does not hold.
func TestExpressionValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		expression string
		points     int64
		want       bool
	}{
		{"score.points >= 500", 500, true},
		{"score.points >= 500", 499, false},
		{"500 <= score.points", 500, true},
		{"score.points in [1, 2, 3]", 2, true},
		{"score.points in [1, 2, 3]", 4, false},
		{"!(score.points in [])", 4, true},
		{"score.points > 0 ? score.points < 10 : score.points == -5", -5, true},
		{"score.points % 7 == 3 || score.points / 2 == 50", 101, true},
		{"-score.points == 5", -5, true},
		{"score.points != 5", 6, true},
		{"10 / score.points > 0", 0, false},                              // division by zero
		{"score.points + 1 > 0", math.MaxInt64, false},                   // overflow
		{"score.points * 2 > 0", 1 << 62, false},                         // overflow
		{"-score.points > 0", math.MinInt64, false},                      // overflow
		{"score.points == -9223372036854775808", math.MinInt64, true},    // the edge itself
		{"score.points > 9007199254740992", 1<<53 + 1, true},             // beyond a double's integers
		{"score.points == 9007199254740993", 1 << 53, false},             // and not confused
		{"score.points > 0 || 1 / score.points == 0", 1, true},           // the left decides
		{"score.points >= 0 && 10 % (score.points - 1) == 0", 1, false},  // modulo by zero
		{"(score.points >= 0) == (score.points >= 0)", 1, true},          // booleans compare
		{"score.capacity_fen == 0 && application.periods == 0", 1, true}, // absent is 0
		{"score.points >= 1 && true && !false && score.points < 3", 2, true},
	} {
		cond, err := compile(t, listEligibility, c.expression)
		if err != nil {
			t.Errorf("%s: %v", c.expression, err)
			continue
		}
		if got := cond.holds(values{"score.points": c.points}); got != c.want {
			t.Errorf("%s with %d: %t", c.expression, c.points, got)
		}
	}
}

// Plain comparisons yield the threshold that a reason shows; others yield none.
func TestThreshold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		expression, variable string
		threshold            int64
	}{
		{"score.points >= 500", "score.points", 500},
		{"500 <= score.points", "score.points", 500},
		{"quality.grade < 4", "quality.grade", 4},
		{"score.points == -1", "score.points", -1},
		{"exposure.written_off_fen != 3", "exposure.written_off_fen", 3},
		{"(score.points > 7)", "score.points", 7},
		{"score.points > score.pd_ppm", "", 0},
		{"score.points + 1 > 7", "", 0},
		{"score.points > 1 && score.points < 9", "", 0},
		{"!(score.points > 7)", "", 0},
		{"score.points in [7]", "", 0},
	} {
		cond, err := compile(t, listEligibility, c.expression)
		if err != nil {
			t.Errorf("%s: %v", c.expression, err)
		}
		if cond.variable != c.variable || cond.threshold != c.threshold {
			t.Errorf("%s: %q %d, want %q %d", c.expression, cond.variable, cond.threshold, c.variable, c.threshold)
		}
	}
}

// The names that conditions may read are sorted, distinct and known to a release rule's reader.
func TestVariableNames(t *testing.T) {
	t.Parallel()
	for _, list := range [][]string{underwritingNames, releaseNames} {
		if !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) {
			t.Errorf("names %v", list)
		}
	}
	f := Facts{Contract: &Contract{}}
	for _, n := range underwritingNames {
		if _, ok := f.values()[n]; !ok {
			t.Errorf("no value for %s", n)
		}
	}
	if len(f.values()) != len(underwritingNames) {
		t.Error("a value has no name")
	}
}

// Any expression either compiles within its bounds or is refused with the code for it.
func FuzzExpression(f *testing.F) {
	for _, seed := range []string{"score.points >= 500", "10 / score.points > 0", "[1].exists(x, x > 0)", "1.5 > 0.5", "((((", "\x00"} {
		f.Add(seed, int64(7))
	}
	f.Fuzz(func(t *testing.T, expression string, points int64) {
		cond, err := compile(t, listEligibility, expression)
		if err != nil {
			wantError(t, err, ErrExpression)
			return
		}
		v := values{"score.points": points}
		if first := cond.holds(v); first != cond.holds(v) {
			t.Errorf("%q is not a function", expression)
		}
	})
}
