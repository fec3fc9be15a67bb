package portal

import (
	"net/url"
	"strings"
	"testing"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/scorecard/terms"
)

// sample is a firm of 560 points with one product whose terms follow from them.
func sample(t *testing.T) (card, []offerable) {
	t.Helper()
	model := &scorecard.Model{
		ID: "small", FeatureSet: scorecard.FeatureSet2, Features: uint16(len(scorecard.Definitions(scorecard.FeatureSet2))), Base: 500,
		Tables: []scorecard.Table{
			{Feature: scorecard.CustomerCount, Cuts: []int64{5, 10}, Points: []int64{0, 20, 30}},
			{Feature: scorecard.OverdraftDays, Cuts: []int64{1, 30}, Points: []int64{50, 30, 0}},
			{Feature: scorecard.NetCashMonthly, Cuts: []int64{1_200_000}, Points: []int64{30, 40}},
			{Feature: scorecard.BusinessAge, Cuts: []int64{120}, Points: []int64{0, 100}},
		},
		Capacity: scorecard.Capacity{Feature: scorecard.NetCashMonthly, Numerator: 1, Denominator: 2},
	}
	if err := model.Validate(); err != nil {
		t.Fatal(err)
	}
	c := card{model: model, bands: []scorev1.Band{{Name: "A", ScoreMin: 610, PdPpm: 10_000}, {Name: "B", ScoreMin: 590, PdPpm: 30_000}, {Name: "C", ScoreMin: 0, PdPpm: 80_000}}}
	c.features = make([]scorecard.Value, model.Features)
	c.features[scorecard.CustomerCount], c.features[scorecard.OverdraftDays] = scorecard.Known(4), scorecard.Known(12)
	c.features[scorecard.NetCashMonthly], c.features[scorecard.BusinessAge] = scorecard.Known(1_000_000), scorecard.Known(30)
	now, err := model.Evaluate(c.features)
	if err != nil {
		t.Fatal(err)
	}
	c.score = scorev1.Score{Id: []byte{1}, Score: now.Score, CapacityFen: now.CapacityFen}
	o := offerable{Score: &c.score, Bands: c.bands, Live: true, Product: loanv1.Product{Id: 1, Terms: loanv1.ProductTerms{Name: "quick", BandFactorBps: []uint32{10_000, 8_000, 5_000}}}}
	o.Facts = terms.Facts{
		AmountFenMax: 50_000_000, CapacityPeriods: 10, ExposureFenMax: 50_000_000, FundingBps: 100, MarginBps: 200, LgdBps: 5_000,
		Grade: 1, PoolFreeFen: 50_000_000, IndexBps: 300, RateCapBps: 2_400,
	}
	o.Facts = o.with(now)
	if o.Terms, err = terms.Of(o.Facts); err != nil {
		t.Fatal(err)
	}
	return c, []offerable{o, {Product: loanv1.Product{Id: 2}}}
}

// The way to the next band is the smallest, its effect on limit and rate is what the
// chain's own function says, and its sliders stand where it ends.
func TestWayUp(t *testing.T) {
	t.Parallel()
	c, list := sample(t)
	v, err := c.wayUp(list)
	if err != nil || v == nil || !v.Found {
		t.Fatalf("no way: %+v, %v", v, err)
	}
	// 560 points; B begins at 590: 20 by one more customer and 10 or 20 more by another.
	if v.Target.Name != "B" || v.Missing != 30 || len(v.Way.Changes) != 2 || len(v.Effects) != 1 {
		t.Fatalf("got %+v", v)
	}
	e := v.Effects[0]
	if e.Now.LimitFen != 2_500_000 || e.Now.RateBps != 1_000 || e.Then.RateBps != 750 || e.Then.LimitFen < 4_000_000 {
		t.Errorf("effect %+v", e)
	}
	u, err := url.Parse(v.Sliders)
	if err != nil {
		t.Fatal(err)
	}
	at, err := c.whatIf(u.Query(), list)
	if err != nil {
		t.Fatal(err)
	}
	if at.ThenBand.Name != "B" || at.Then.Score < v.Target.ScoreMin {
		t.Errorf("the sliders of %s come to %+v", v.Sliders, at.Then)
	}
	c.score.Score = 700
	if v, err := c.wayUp(list); v != nil || err != nil {
		t.Errorf("a way up from the best band: %+v, %v", v, err)
	}
	c.score.Score, c.bands[1].ScoreMin = 560, 605
	c.bands[0].ScoreMin = 900
	if v, err := c.wayUp(list); err != nil || !v.Found {
		t.Errorf("605 points: %+v, %v", v, err)
	}
	c.bands[1].ScoreMin = 800
	if v, err := c.wayUp(list); err != nil || v.Found || v.Missing != 240 {
		t.Errorf("what no effort reaches: %+v, %v", v, err)
	}
}

// Single steps that nobody can do in half a year are not advised.
func TestStepsAreFeasible(t *testing.T) {
	t.Parallel()
	c, _ := sample(t)
	whole, err := c.model.PathUp(c.features)
	if err != nil {
		t.Fatal(err)
	}
	steps, err := c.steps()
	if err != nil {
		t.Fatal(err)
	}
	if len(steps) != len(whole)-1 {
		t.Errorf("%d of %d steps", len(steps), len(whole))
	}
	for _, s := range steps {
		if s.Reason.Feature == scorecard.BusinessAge {
			t.Error("advises to be older")
		}
	}
}

// Right is better for every slider, whichever way its numbers go; the middle is now;
// what cannot be moved has no slider; a place beyond the ends is refused.
func TestSliders(t *testing.T) {
	t.Parallel()
	c, list := sample(t)
	still, err := c.whatIf(url.Values{}, list)
	if err != nil {
		t.Fatal(err)
	}
	if len(still.Moved()) != 0 || still.Then != still.Now || len(still.Sliders) != 3 {
		t.Fatalf("at rest %+v", still)
	}
	for _, s := range still.Sliders {
		if s.Feature == scorecard.BusinessAge {
			t.Error("age has a slider")
		}
		last := s.Now
		for s.Place = 1; s.Place <= slots; s.Place++ {
			if step := (s.At() - last) * int64(s.Def.Direction); step < 0 {
				t.Errorf("%s gets worse at place %d", s.Def.Name, s.Place)
			}
			last = s.At()
		}
		for s.Place = -1; s.Place >= -slots; s.Place-- {
			if worse := (s.At() - s.Now) * int64(s.Def.Direction); worse > 0 {
				t.Errorf("%s gets better at place %d", s.Def.Name, s.Place)
			}
			if s.At() < s.Def.Min || s.At() > s.Def.Max {
				t.Errorf("%s goes to %d", s.Def.Name, s.At())
			}
		}
		better, err := c.whatIf(url.Values{sliderName(s.Feature): {"20"}}, list)
		if err != nil {
			t.Fatal(err)
		}
		if better.Then.Score <= still.Now.Score || better.Effects[0].Then.LimitFen < still.Effects[0].Then.LimitFen {
			t.Errorf("%s at its best: %+v", s.Def.Name, better.Then)
		}
	}
	for _, bad := range []string{"21", "-21", "x", "1.5"} {
		if _, err := c.whatIf(url.Values{sliderName(scorecard.OverdraftDays): {bad}}, list); err == nil {
			t.Errorf("place %q is taken", bad)
		}
	}
}

// The page says in both languages that it is a trial, and shows limit and rate with
// their parts.
func TestWhatIfPage(t *testing.T) {
	t.Parallel()
	c, list := sample(t)
	v, err := c.whatIf(url.Values{sliderName(scorecard.OverdraftDays): {"20"}}, list)
	if err != nil {
		t.Fatal(err)
	}
	for lang, want := range map[Lang][]string{
		ZH: {"试算，不构成承诺", "额度取下列各项中最小的", "年利率是下列各项之和", "透支天数", "0 天（现在 12 天）"},
		EN: {"A trial, not a promise", "The limit is the smallest of these", "The rate is the sum of these", "0 days (now 12 days)"},
	} {
		var b strings.Builder
		if err := whatIfPage(&Page{Lang: lang}, v).Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("%s lacks %q", lang, w)
			}
		}
	}
}
