package sample

import "testing"

// The check character is that of GB 32100-2015, whose own example this is.
func TestCheckCharacter(t *testing.T) {
	t.Parallel()
	if got := withCheck("91350100M000100Y4"); got != "91350100M000100Y43" {
		t.Error(got)
	}
}

// The logistic is monotone and symmetric to a millionth.
func TestLogistic(t *testing.T) {
	t.Parallel()
	last := int64(-1)
	for x := int64(-8000); x < 8000; x += 37 {
		p := logistic(x)
		if p < last {
			t.Fatalf("falls at %d", x)
		}
		if d := p + logistic(-x) - 1_000_000; d < -3 || d > 3 {
			t.Errorf("at %d: %d and %d", x, p, logistic(-x))
		}
		last = p
	}
}
