package portal

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"github.com/xinlian/xinlian/gateway/store"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/scorecard/terms"
)

const (
	whatIfPath = "/owner/whatif"
	// slots is how many places a slider has on each side of the present value. The
	// last is as far as the factor can be moved.
	slots = 20
	// slidersOpen is how many sliders are there at once; the others are a tap away.
	slidersOpen = 6
)

// card is an enterprise's own features with the scorecard that scored them. They are
// hers: no other session gets to them.
type card struct {
	score    scorev1.Score
	bands    []scorev1.Band // the best first
	model    *scorecard.Model
	features []scorecard.Value
}

// cardOf is false where this gateway did not derive the features.
func (p *Portal) cardOf(ctx context.Context, score scorev1.Score) (card, bool, error) {
	c := card{score: score}
	proposal, err := p.proposalOf(ctx, score)
	if errors.Is(err, store.ErrNotFound) {
		return c, false, nil
	}
	if err != nil {
		return c, false, err
	}
	c.features = proposal.Set.Features
	row, err := p.Client.Score.Model(ctx, &scorev1.QueryModelRequest{ModelHash: score.ModelHash})
	if err != nil {
		return c, false, err
	}
	c.bands = row.Model.Bands
	c.model, err = p.Line.ModelOf(ctx, score.ModelHash)
	return c, err == nil, err
}

// steps are the single steps to a better bin that a firm can do in half a year: to
// advise one to be older helps nobody.
func (c card) steps() ([]scorecard.Step, error) {
	all, err := c.model.PathUp(c.features)
	if err != nil {
		return nil, err
	}
	defs := scorecard.Definitions(c.model.FeatureSet)
	return slices.DeleteFunc(all, func(s scorecard.Step) bool {
		f := int(s.Reason.Feature)
		from, to := defs[f].Range(f, s.Reason.Value.Int)
		return s.Reason.StepAt < from || s.Reason.StepAt > to
	}), nil
}

// effect is what a product's decision would come to, before and after.
type effect struct {
	Product   loanv1.Product
	Now, Then terms.Terms
}

// effects are of the products whose decision rests on this very score.
func (c card) effects(list []offerable, then scorecard.Result) ([]effect, error) {
	var effects []effect
	for _, o := range list {
		if o.Score == nil || !bytes.Equal(o.Score.Id, c.score.Id) {
			continue
		}
		t, err := terms.Of(o.with(then))
		if err != nil {
			return nil, err
		}
		effects = append(effects, effect{Product: o.Product, Now: o.Terms, Then: t})
	}
	return effects, nil
}

// wayView is the smallest feasible way to the next band, with what it would do to
// limits and rates. Without a way Found is false: no few changes reach it.
type wayView struct {
	Target  scorev1.Band
	Missing int64 // points
	Found   bool
	Way     scorecard.Way
	Set     uint32
	Effects []effect
	Sliders string // address of the sliders set to it
}

// wayUp is nil in the best band.
func (c card) wayUp(list []offerable) (*wayView, error) {
	place := bandOf(c.bands, c.score.Score)
	if place == 0 {
		return nil, nil
	}
	v := &wayView{Target: c.bands[place-1], Set: c.model.FeatureSet}
	v.Missing = v.Target.ScoreMin - c.score.Score
	var err error
	if v.Way, v.Found, err = c.model.WayTo(c.features, v.Target.ScoreMin); err != nil || !v.Found {
		return v, err
	}
	q := url.Values{"id": {FullHex(c.score.Id)}}
	for _, change := range v.Way.Changes {
		step := scorecard.ReachOf(int(change.Feature)).Step(change.From)
		q.Set(sliderName(int(change.Feature)), num((max(change.To-change.From, change.From-change.To)*slots+step-1)/step))
	}
	v.Sliders = whatIfPath + "?" + q.Encode()
	v.Effects, err = c.effects(list, v.Way.Result)
	return v, err
}

// slider is one factor that a firm can move. Its places go from the worse on the
// left to the better on the right, whichever way the numbers go.
type slider struct {
	Feature int
	Def     scorecard.Definition
	Now     int64
	Place   int
	Lost    int64
}

func sliderName(feature int) string { return "f" + num(feature) }

// At is the value at the slider's place, within what the factor can be.
func (s slider) At() int64 {
	change := scorecard.ReachOf(s.Feature).Step(s.Now) * int64(s.Place) / slots * int64(s.Def.Direction)
	return min(max(s.Now+change, min(s.Def.Min, s.Now)), max(s.Def.Max, s.Now))
}

// sliders are of the factors that the model scores, the firm has and can move, the
// costliest first, at the places that the request names.
func (c card) sliders(q url.Values) ([]slider, error) {
	losses, err := c.model.Losses(c.features)
	if err != nil {
		return nil, err
	}
	defs := scorecard.Definitions(c.model.FeatureSet)
	reads := c.model.Reads()
	reads[c.model.Capacity.Feature] = true
	var list []slider
	for f, read := range reads {
		v := c.features[f]
		if !read || !v.Present || scorecard.ReachOf(f).Step(v.Int) == 0 {
			continue
		}
		s := slider{Feature: f, Def: defs[f], Now: v.Int}
		if i := slices.IndexFunc(losses, func(r scorecard.Reason) bool { return int(r.Feature) == f }); i >= 0 {
			s.Lost = losses[i].Lost
		}
		if text := q.Get(sliderName(f)); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < -slots || n > slots {
				return nil, refuse(http.StatusUnprocessableEntity, "error.field", sliderName(f))
			}
			s.Place = n
		}
		list = append(list, s)
	}
	slices.SortStableFunc(list, func(a, b slider) int { return cmp.Compare(b.Lost, a.Lost) })
	return list, nil
}

// whatIfView is the sliders with what the same scorecard and the chain's own terms
// make of them.
type whatIfView struct {
	ID        string
	Sliders   []slider
	Now, Then scorecard.Result
	NowBand   scorev1.Band
	ThenBand  scorev1.Band
	Effects   []effect
}

// Moved lists what is not as it is.
func (v *whatIfView) Moved() []slider {
	return slices.DeleteFunc(slices.Clone(v.Sliders), func(s slider) bool { return s.At() == s.Now })
}

// whatIf makes the view; nil where there is no score or its features are elsewhere.
func (p *Portal) whatIf(r *http.Request, st state) (*whatIfView, error) {
	if len(st.Scores) == 0 {
		return nil, nil
	}
	score, err := chosen(r, st)
	if err != nil {
		return nil, err
	}
	c, found, err := p.cardOf(r.Context(), score)
	if err != nil || !found {
		return nil, err
	}
	list, err := p.products(r.Context(), st)
	if err != nil {
		return nil, err
	}
	return c.whatIf(r.URL.Query(), list)
}

func (c card) whatIf(q url.Values, list []offerable) (*whatIfView, error) {
	v := &whatIfView{ID: FullHex(c.score.Id)}
	var err error
	if v.Sliders, err = c.sliders(q); err != nil {
		return nil, err
	}
	features := slices.Clone(c.features)
	for _, s := range v.Sliders {
		features[s.Feature] = scorecard.Known(s.At())
	}
	if v.Now, err = c.model.Evaluate(c.features); err != nil {
		return nil, err
	}
	if v.Then, err = c.model.Evaluate(features); err != nil {
		return nil, err
	}
	v.NowBand, v.ThenBand = c.bands[bandOf(c.bands, v.Now.Score)], c.bands[bandOf(c.bands, v.Then.Score)]
	v.Effects, err = c.effects(list, v.Then)
	return v, err
}

func (p *Portal) ownerWhatIf(_ http.ResponseWriter, r *http.Request, g *Page, st state) (templ.Component, error) {
	v, err := p.whatIf(r, st)
	if err != nil {
		return nil, err
	}
	return whatIfPage(g, v), nil
}

// whatIfPart answers each move of a slider.
func (p *Portal) whatIfPart(_ http.ResponseWriter, r *http.Request, g *Page, st state) (templ.Component, error) {
	v, err := p.whatIf(r, st)
	if err != nil {
		return nil, err
	}
	if v == nil {
		return nil, refuse(http.StatusNotFound, "error.missing")
	}
	return whatIfMoved(g, v), nil
}
