package condition

import (
	"bytes"
	"errors"
	"testing"
)

// Any text either compiles within the bounds, to something whose encoding loads
// again and evaluates the same, or is refused with a code.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		"score.points >= 500", "10 / score.points > 0", "[1].exists(x, x > 0)", "1.5 > 0.5", "((((", "\x00", "score.points in [1, 2]",
		`market.index == "//" // c`, "market.index_live ? score.points % 7 == -1 : !(quality.grade < 3)", "score.`points` > 0", "a.?b", "score{points: 1}",
	} {
		f.Add(seed, int64(7))
	}
	f.Fuzz(func(t *testing.T, source string, points int64) {
		c, err := Compile(Underwriting, source)
		if err != nil {
			var fault *Fault
			if !errors.As(err, &fault) || fault.Code == "" {
				t.Fatalf("%q: %v is no fault", source, err)
			}
			return
		}
		v := Values{"score.points": {Int: points}}
		loaded, err := Load(c.Encoded())
		if err != nil {
			t.Fatalf("%q: %v", source, err)
		}
		if got := c.Evaluate(v); got != loaded.Evaluate(v) || got != reference(c.root, v).outcome() {
			t.Fatalf("%q with %d: %d", source, points, got)
		}
		if c.Words(Chinese) == "" || c.Words(English) == "" {
			t.Fatalf("%q has no words", source)
		}
	})
}

// Any bytes either load to a condition that writes the same bytes, or are refused with a code.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{"score.points >= 500", `market.index in ["a", "b"]`, "market.index_live ? -score.points < 3 : true"} {
		c, err := Compile(Underwriting, seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(c.Encoded())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Load(b)
		if err != nil {
			var fault *Fault
			if !errors.As(err, &fault) {
				t.Fatalf("%v is no fault", err)
			}
			return
		}
		if !bytes.Equal(c.Encoded(), b) {
			t.Fatal("loaded from bytes that it does not write")
		}
		c.Evaluate(nil)
	})
}

func BenchmarkEvaluate(b *testing.B) {
	c := compiled(b, Underwriting, "score.points >= 620 && quality.grade <= 3 && schedule.instalment_fen * 100 <= score.capacity_fen * 80")
	v := Values{"score.points": {Int: 700}, "quality.grade": {Int: 2}, "score.capacity_fen": {Int: 100_000}, "schedule.instalment_fen": {Int: 70_000}}
	for b.Loop() {
		c.Evaluate(v)
	}
}

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		compiled(b, Underwriting, "score.points >= 620 && quality.grade <= 3 && schedule.instalment_fen * 100 <= score.capacity_fen * 80")
	}
}

func BenchmarkLoad(b *testing.B) {
	encoded := compiled(b, Underwriting, "score.points >= 620 && quality.grade <= 3 && schedule.instalment_fen * 100 <= score.capacity_fen * 80").Encoded()
	for b.Loop() {
		if _, err := Load(encoded); err != nil {
			b.Fatal(err)
		}
	}
}
