package scorecard

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/xinlian/xinlian/internal/record"
)

// anyRecord draws a valid record of any source, with amounts over the whole
// range of the schema and a few source ids, so that duplicates occur.
func anyRecord(t *rapid.T) *record.Record {
	s := rapid.SampledFrom(record.Schemas).Draw(t, "schema")
	r := record.New(s)
	amounts := rapid.OneOf(
		rapid.Int64Range(-1000, 1000),
		rapid.SampledFrom([]int64{-record.AmountMax, record.AmountMax, 0}),
		rapid.Int64Range(-record.AmountMax, record.AmountMax),
	)
	for _, f := range s.Fields {
		if !f.Required && rapid.Bool().Draw(t, "absent") {
			continue
		}
		switch {
		case f.Name == "source_id":
			r.SetText(f.Name, fmt.Sprint(rapid.IntRange(0, 40).Draw(t, "id")))
		case f.Name == "currency":
			r.SetText(f.Name, rapid.SampledFrom([]string{"CNY", "CNY", "CNY", "USD"}).Draw(t, "currency"))
		case f.Type == record.Text:
			r.SetText(f.Name, rapid.SampledFrom([]string{"甲", "乙", "C"}).Draw(t, "text"))
		case f.Type == record.Date:
			r.SetInt(f.Name, rapid.Int64Range(20_200, 20_700).Draw(t, "day"))
		case f.Type == record.Amount:
			r.SetInt(f.Name, amounts.Draw(t, "amount"))
		default:
			r.SetInt(f.Name, rapid.Int64Range(f.Min, f.Max).Draw(t, "number"))
		}
	}
	return r
}

// TestExtractProperties shows for random books and both versions that the order
// of records does not matter, that repeated records do not matter, that every
// feature keeps its bounds, and that the input is left alone.
func TestExtractProperties(t *testing.T) {
	t.Parallel()
	for _, version := range []uint32{FeatureSet1, FeatureSet2} {
		rapid.Check(t, func(t *rapid.T) { checkExtraction(t, version) })
	}
}

func checkExtraction(t *rapid.T, version uint32) {
	in := Input{
		Records: rapid.SliceOfN(rapid.Custom(anyRecord), 0, 60).Draw(t, "records"),
		AsOfDay: rapid.Int64Range(20_600, 20_720).Draw(t, "as of"),
		Market:  Market{{Index: BaseRateIndex, ValueBps: rapid.Int64().Draw(t, "base rate")}, {Index: "sector-甲", ValueBps: 7}},
	}
	before := slices.Clone(in.Records)
	x, err := Measure(version, in)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, in.Records) {
		t.Fatal("the caller's slice was reordered")
	}
	shuffled := in
	shuffled.Records = rapid.Permutation(in.Records).Draw(t, "shuffled")
	if y, err := Measure(version, shuffled); err != nil || y.Tally != x.Tally || !slices.Equal(x.Features, y.Features) {
		t.Fatalf("order matters: %v and %v (%v)", x, y, err)
	}
	if len(in.Records) > 0 {
		shuffled.Records = append(shuffled.Records, rapid.SliceOfN(rapid.SampledFrom(before), 1, 5).Draw(t, "repeated")...)
		if y, err := Extract(version, shuffled); err != nil || !slices.Equal(x.Features, y) {
			t.Fatalf("repeated records matter: %v and %v (%v)", x.Features, y, err)
		}
	}
	for i, v := range x.Features {
		d := &sets[version][i]
		if v.Present && (v.Int < d.Min || v.Int > d.Max) {
			t.Fatalf("%s: %d out of bounds", d.Name, v.Int)
		}
		if _, err := v.Encode(); err != nil {
			t.Fatal(err)
		}
	}
	if sum := x.Tally; sum.Used+sum.Duplicates+sum.ForeignCurrency+sum.OutsideWindow+sum.OtherSchema != len(before) {
		t.Fatalf("%+v does not add up to %d", sum, len(before))
	}
}

// TestExtractLargest shows that the largest book that is accepted, of the
// largest amounts of one sign, does not overflow: its features are positive and
// held at their bounds.
func TestExtractLargest(t *testing.T) {
	if testing.Short() {
		t.Skip("400,000 records")
	}
	t.Parallel()
	day := parseDay(t, "2025-08-10")
	records := make([]*record.Record, RecordsMax)
	for i := range records {
		r := record.New(record.PlatformSales).SetText("source_id", fmt.Sprintf("%06d", i)).SetInt("date", day)
		records[i] = r.SetText("currency", "CNY").SetInt("direction", record.DirectionIn).SetInt("orders", 1).
			SetInt("status", record.StatusNormal).SetInt("amount", record.AmountMax).SetInt("refunds", record.AmountMax)
	}
	features, err := Extract(FeatureSet2, Input{Records: records, AsOfDay: parseDay(t, "2026-07-31")})
	if err != nil {
		t.Fatal(err)
	}
	for index, want := range map[int]int64{SalesMonthly: fenMax, SalesVolatility: 18_333, ReturnsShare: 5000} {
		if got := show(features[index]); got != want {
			t.Errorf("%s: got %d, want %d", features1[index].Name, got, want)
		}
	}
}

// TestRatio shows rounding towards minus infinity and saturation, against
// arithmetic in arbitrary precision.
func TestRatio(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ a, b, d, want int64 }{
		{7, 1, 2, 3},
		{-7, 1, 2, -4},
		{-8, 1, 2, -4},
		{0, 5, 3, 0},
		{5, 0, 3, 0},
		{1 << 62, 10_000, 1 << 62, 10_000},
		{-1 << 63, 10_000, 1, -fenMax},
		{1<<63 - 1, 1<<63 - 1, 1, fenMax},
		{1<<63 - 1, 1, 1, fenMax},
		{-(1<<63 - 1), 1, 1<<63 - 1, -1},
	} {
		if got := ratio(c.a, c.b, c.d); got != c.want {
			t.Errorf("%d * %d / %d: got %d, want %d", c.a, c.b, c.d, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Int64().Draw(t, "a")
		b, d := rapid.Int64Range(0, 1<<62).Draw(t, "b"), rapid.Int64Range(1, 1<<62).Draw(t, "d")
		if got, want := ratio(a, b, d), exactRatio(a, b, d); got != want {
			t.Fatalf("%d * %d / %d: got %d, want %d", a, b, d, got, want)
		}
	})
}
