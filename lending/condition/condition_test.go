package condition

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

func compiled(t testing.TB, stage Stage, source string) *Condition {
	t.Helper()
	c, err := Compile(stage, source)
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return c
}

// Everything but bounded arithmetic over known names is refused, each with its code.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code   Code
		source string
	}{
		{BadSize, ""},
		{BadSize, "score.points > 0 && " + strings.Repeat(" ", SourceBytesMax)},
		{BadSyntax, " "},
		{BadSyntax, "score.points >"},
		{BadSyntax, "score.points = 5"},
		{BadSyntax, "score.points > 9223372036854775808"},
		{BadSyntax, strings.Repeat("(", 40) + "score.points" + strings.Repeat(")", 40) + " > 0"},
		{BadText, "score.points > 0\n"},
		{BadText, "score.points > 0\t"},
		{BadText, "ѕcore.points > 0"}, // Cyrillic
		{BadText, "score.points > 0 // always"},
		{BadText, `market.index == "\u0430"`},
		{NoVariable, "true"},
		{NoVariable, "1 == 1"},
		{BadType, "score.points"},
		{BadType, "score.points + 1"},
		{BadType, "score.points >= true"},
		{BadType, `score.points == "1"`},
		{BadType, `market.index < "b"`},
		{BadType, `market.index + "b" == "cb"`},
		{BadType, "market.index_live > false"},
		{BadType, "!score.points"},
		{BadType, "score.points && true"},
		{BadType, "score.points > 0 ? 1 : true"},
		{BadType, `score.points in ["a"]`},
		{BadType, `score.points in [1, "a"]`},
		{BadType, "market.index_live in []"},
		{BadType, "score.points in score.points"},
		{Forbidden, "[1] == [score.points]"},
		{BadType, "score.points > 0 ? [1] == [1] : true"},
		{Forbidden, "score.points >= 1.5"},
		{Forbidden, "double(score.points) > 0.0"},
		{Forbidden, "int(score.points) > 0"},
		{Forbidden, "score.points > 0u"},
		{Forbidden, "string(score.points) == '1'"},
		{Forbidden, "market.index.matches('^[0-9]+$')"},
		{Forbidden, "matches(market.index, 'a')"},
		{Forbidden, "market.index.contains('a')"},
		{Forbidden, "b'a' == b'a' && score.points > 0"},
		{Forbidden, "null == null && score.points > 0"},
		{Forbidden, "timestamp('2026-01-01T00:00:00Z') < timestamp('2027-01-01T00:00:00Z') && score.points > 0"},
		{Forbidden, "duration('1h') > duration('1s') && score.points > 0"},
		{Forbidden, "[1, 2].exists(x, x == score.points)"},
		{Forbidden, "[1, 2].map(x, x)[0] == score.points"},
		{Forbidden, "has(score.points)"},
		{Forbidden, "size([1, 2]) == score.points"},
		{Forbidden, "[1, 2][0] == score.points"},
		{Forbidden, "score.points in [score.capacity_fen]"},
		{Forbidden, "score.points in [1, true]"},
		{Forbidden, "score.points in {1: 2}"},
		{Forbidden, "type(score.points) == int"},
		{Forbidden, "dyn(score.points) == 1"},
		{BadName, "score.unknown > 0"},
		{BadName, "unknown > 0"},
		{BadName, "score > 0"},
		{BadName, "performance.late == 0"}, // known later
		{BadSize, "score.points in [" + strings.Repeat("1,", ListMax) + "1]"},
		{BadSize, strings.Repeat("1>0&&", 70) + "score.points>0"},
	} {
		_, err := Compile(Underwriting, c.source)
		var f *Fault
		if !errors.As(err, &f) || f.Code != c.code {
			t.Errorf("%q: got %v, want %s", c.source, err, c.code)
		}
	}
	if _, err := Compile(0, "score.points > 0"); err == nil {
		t.Error("a condition of no stage was accepted")
	}
}

// Admitted conditions come out as arithmetic says; what has no value is undefined.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		source string
		points int64
		want   Outcome
	}{
		{"score.points >= 500", 500, Holds},
		{"score.points >= 500", 499, Fails},
		{"500 <= score.points", 500, Holds},
		{"score.points in [1, 2, 3]", 2, Holds},
		{"score.points in [1, 2, 3]", 4, Fails},
		{"!(score.points in [])", 4, Holds},
		{"score.points > 0 ? score.points < 10 : score.points == -5", -5, Holds},
		{"score.points % 7 == 3 || score.points / 2 == 50", 101, Holds},
		{"-score.points == 5", -5, Holds},
		{"10 / score.points > 0", 0, Undefined},
		{"score.points + 1 > 0", math.MaxInt64, Undefined},
		{"score.points * 2 > 0", 1 << 62, Undefined},
		{"-score.points > 0", math.MinInt64, Undefined},
		{"score.points / -1 > 0", math.MinInt64, Undefined},
		{"score.points == -9223372036854775808", math.MinInt64, Holds},
		{"score.points > 9007199254740992", 1<<53 + 1, Holds},
		{"score.points == 9007199254740993", 1 << 53, Fails},
		{"score.points == 0 || 1 / score.points == 0", 0, Holds}, // what decides, decides
		{"1 / score.points == 0 || score.points == 0", 0, Holds}, // from either side
		{"score.points != 0 && 1 / score.points == 0", 0, Fails},
		{"score.points >= 0 && 10 % (score.points - 1) == 0", 1, Undefined},
		{"(score.points >= 0) == (score.points >= 0)", 1, Holds},
		{"score.capacity_fen == 0 && !market.index_live && market.index == ''", 1, Holds}, // absent
	} {
		got := compiled(t, Underwriting, c.source).Evaluate(Values{"score.points": {Int: c.points}})
		if got != c.want {
			t.Errorf("%s with %d: got %d, want %d", c.source, c.points, got, c.want)
		}
	}
	c := compiled(t, Servicing, `loan.period_unit in ["month"] && market.index != "lpr" && growth.measured`)
	v := Values{"loan.period_unit": {Text: "month"}, "market.index": {Text: "cny"}, "growth.measured": {Bool: true}}
	if c.Evaluate(v) != Holds {
		t.Error("strings and booleans do not compare")
	}
}

// Plain comparisons yield the threshold that a reason shows; others yield none.
func TestThreshold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		source, name string
		number       int64
	}{
		{"score.points >= 500", "score.points", 500},
		{"500 <= score.points", "score.points", 500},
		{"quality.grade < 4", "quality.grade", 4},
		{"score.points == -1", "score.points", -1},
		{"(score.points > 7)", "score.points", 7},
		{"score.points > score.pd_ppm", "", 0},
		{"score.points + 1 > 7", "", 0},
		{"score.points > 1 && score.points < 9", "", 0},
		{"!(score.points > 7)", "", 0},
		{"score.points in [7]", "", 0},
	} {
		name, number, ok := compiled(t, Underwriting, c.source).Threshold()
		if name != c.name || number != c.number || ok != (c.name != "") {
			t.Errorf("%s: got %q %d, want %q %d", c.source, name, number, c.name, c.number)
		}
	}
}

// The environment is in order, in words, and within its own bounds.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	if !slices.IsSortedFunc(variables, func(a, b Variable) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("names are not in order")
	}
	seen := map[string]bool{}
	for _, v := range variables {
		if seen[v.Name] || len(v.Stages) == 0 || v.Zh == "" || v.En == "" || seen[v.Zh] {
			t.Errorf("%s: twice, never known or without words of its own", v.Name)
		}
		seen[v.Name], seen[v.Zh] = true, true
		switch {
		case v.Type == Int && v.Min >= v.Max:
			t.Errorf("%s: from %d to %d", v.Name, v.Min, v.Max)
		case v.Type == Bool && (v.ZhNot == "" || v.EnNot == ""):
			t.Errorf("%s: no words for false", v.Name)
		case v.Counted && v.One == "":
			t.Errorf("%s: no words for one", v.Name)
		case !slices.IsSorted(v.Among):
			t.Errorf("%s: values are not in order", v.Name)
		}
	}
}

// A condition and its encoding are the same: brackets and spaces leave no trace,
// another number does.
func TestEncodingIsCanonical(t *testing.T) {
	t.Parallel()
	a := compiled(t, Underwriting, "score.points>=500&&quality.grade<=3").Encoded()
	b := compiled(t, Underwriting, "((score.points)  >= 500) && (quality.grade <= (3))").Encoded()
	if !slices.Equal(a, b) {
		t.Error("one condition has two encodings")
	}
	for _, other := range []string{"score.points>=501&&quality.grade<=3", "quality.grade<=3&&score.points>=500", "score.points>=500||quality.grade<=3"} {
		if slices.Equal(a, compiled(t, Underwriting, other).Encoded()) {
			t.Errorf("%s has the same encoding", other)
		}
	}
	if slices.Equal(a, compiled(t, Servicing, "score.points>=500&&quality.grade<=3").Encoded()) {
		t.Error("two stages have the same encoding")
	}
	// Every cut and every byte turned over is refused or is another condition.
	for i := range a {
		if _, err := Load(a[:i]); err == nil {
			t.Errorf("loaded the first %d bytes", i)
		}
		bent := slices.Clone(a)
		bent[i] ^= 1
		if c, err := Load(bent); err == nil && !slices.Equal(c.Encoded(), bent) {
			t.Errorf("byte %d: loaded what it does not write", i)
		}
	}
	if _, err := Load(append(slices.Clone(a), 0)); err == nil {
		t.Error("loaded with a byte too many")
	}
}
