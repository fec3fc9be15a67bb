package scorecard

import (
	"errors"
	"testing"
)

func threeBands() *Bands {
	return &Bands{Model: [32]byte{1}, Bands: []Band{{300, 200_000, "C"}, {500, 50_000, "B"}, {600, 50_000, "A"}}}
}

// TestBandOf shows both sides of every border, and that the worst band has no
// floor and the best no ceiling.
func TestBandOf(t *testing.T) {
	t.Parallel()
	for score, want := range map[int64]string{
		-1 << 62: "C", 299: "C", 300: "C", 499: "C", 500: "B", 599: "B", 600: "A", 1 << 62: "A",
	} {
		if got := threeBands().Of(score).Name; got != want {
			t.Errorf("%d: got %s, want %s", score, got, want)
		}
	}
}

// TestBandsValidate shows that each bound of a table of bands is checked.
func TestBandsValidate(t *testing.T) {
	t.Parallel()
	if err := threeBands().Validate(); err != nil {
		t.Fatal(err)
	}
	for name, bend := range map[string]func(*Bands){
		"none":          func(b *Bands) { b.Bands = nil },
		"too many":      func(b *Bands) { b.Bands = make([]Band, BandsMax+1) },
		"no name":       func(b *Bands) { b.Bands[0].Name = "" },
		"long name":     func(b *Bands) { b.Bands[0].Name = "123456789" },
		"over certain":  func(b *Bands) { b.Bands[0].PDPpm = ppm + 1 },
		"scores equal":  func(b *Bands) { b.Bands[1].MinScore = 300 },
		"risk rises":    func(b *Bands) { b.Bands[2].PDPpm = 50_001 },
		"score too low": func(b *Bands) { b.Bands[0].MinScore = -bandScoreMax - 1 },
	} {
		b := threeBands()
		bend(b)
		if err := b.Validate(); !errors.Is(err, ErrBands) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
