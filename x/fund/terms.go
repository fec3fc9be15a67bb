package fund

import (
	fundv1 "github.com/xinlian/xinlian/gen/xinlian/fund/v1"
)

// Bounds of the terms.
const (
	NameBytesMax = 32
	FeeBpsMax    = 500
	// pdBuckets is how many buckets of late instalments a PD is given for.
	pdBuckets = 4
)

// validateTerms checks what does not depend on state.
func validateTerms(t fundv1.FundTerms) error {
	if t.Name == "" || len(t.Name) > NameBytesMax {
		return ErrTerms.Wrapf("name of %d bytes, want 1 to %d", len(t.Name), NameBytesMax)
	}
	if t.PoolId == 0 {
		return ErrTerms.Wrap("pool_id 0")
	}
	if len(t.PdBps) != pdBuckets {
		return ErrTerms.Wrapf("pd_bps: got %d values, want %d", len(t.PdBps), pdBuckets)
	}
	last := uint32(0)
	for i, pd := range t.PdBps {
		if pd < last || pd > bpsUnit {
			return ErrTerms.Wrapf("pd_bps: value %d is %d, want %d to %d", i+1, pd, last, bpsUnit)
		}
		last = pd
	}
	for _, b := range []struct {
		name             string
		got, least, most int64
	}{
		{"lgd_bps", int64(t.LgdBps), 0, bpsUnit},
		{"hurdle_bps", int64(t.HurdleBps), 0, bpsUnit},
		{"junior_bps_min", int64(t.JuniorBpsMin), 1, bpsUnit},
		{"fee_bps", int64(t.FeeBps), 0, FeeBpsMax},
		{"borrower_bps_max", int64(t.BorrowerBpsMax), 1, bpsUnit},
		{"liquidity_bps_min", int64(t.LiquidityBpsMin), 0, bpsUnit - 1},
		{"size_fen_max", t.SizeFenMax, 1, SizeFenMax},
		{"round_seconds", t.RoundSeconds, RoundSecondsMin, RoundSecondsMax},
	} {
		if b.got < b.least || b.got > b.most {
			return ErrTerms.Wrapf("%s: got %d, want %d to %d", b.name, b.got, b.least, b.most)
		}
	}
	return nil
}
