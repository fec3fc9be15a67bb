package portal

import (
	"context"
	"fmt"
	"slices"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/scorecard/terms"
)

// offerable is a product as the owner sees it: what a decision would come to on
// the facts of now, by the chain's own function.
type offerable struct {
	Product  loanv1.Product
	Template loanv1.TemplateTerms
	Live     bool // the index is fresh
	Score    *scorev1.Score
	Bands    []scorev1.Band // of the product's model, the best first
	Facts    terms.Facts
	Terms    terms.Terms
}

// Capped tells whether the legal cap lowers the rate.
func (o offerable) Capped() bool {
	return slices.ContainsFunc(o.Terms.Parts, func(p terms.Part) bool { return p.Code == terms.RateLegalCap })
}

func (p *Portal) products(ctx context.Context, st state) ([]offerable, error) {
	r, err := p.Client.Loan.Products(ctx, &loanv1.QueryProductsRequest{Pagination: all})
	if err != nil {
		return nil, err
	}
	params, err := p.Client.Loan.Params(ctx, &loanv1.QueryParamsRequest{})
	if err != nil {
		return nil, err
	}
	exposure, err := p.Client.Loan.Exposure(ctx, &loanv1.QueryExposureRequest{EnterpriseId: st.Org.Id})
	if err != nil {
		return nil, err
	}
	var list []offerable
	for _, prod := range r.Products {
		if prod.Retired {
			continue
		}
		o, err := p.offerable(ctx, st, prod, params.Params.RateCapBps, exposure.Exposure)
		if err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, nil
}

func (p *Portal) offerable(ctx context.Context, st state, prod loanv1.Product, capBps uint32, exposure loanv1.Exposure) (offerable, error) {
	o := offerable{Product: prod}
	t, err := p.Client.Loan.Template(ctx, &loanv1.QueryTemplateRequest{TemplateHash: prod.Terms.TemplateHash})
	if err != nil {
		return o, err
	}
	o.Template = t.Template.Terms
	index, err := p.Client.Score.Index(ctx, &scorev1.QueryIndexRequest{IndexId: prod.Terms.IndexId})
	if err != nil {
		return o, fmt.Errorf("reading index %s: %w", prod.Terms.IndexId, err)
	}
	o.Live = index.Live
	pool, err := p.Client.Loan.Pool(ctx, &loanv1.QueryPoolRequest{Id: prod.Terms.PoolId})
	if err != nil {
		return o, err
	}
	o.Facts = terms.Facts{
		AmountFenMax: prod.Terms.AmountFenMax, CapacityPeriods: prod.Terms.CapacityPeriods, ExposureFenMax: prod.Terms.ExposureFenMax,
		FundingBps: prod.Terms.FundingBps, MarginBps: prod.Terms.MarginBps, LgdBps: prod.Terms.LgdBps,
		Grade: uint32(st.Grade), ExposureFen: exposure.OutstandingFen, ReservedFen: exposure.ReservedFen,
		PoolFreeFen: freeFen(pool.Pool), IndexBps: index.ValueBps, RateCapBps: capBps,
	}
	if s, ok := st.Score(prod.LenderOrgId); ok {
		m, err := p.Client.Score.Model(ctx, &scorev1.QueryModelRequest{ModelHash: prod.Terms.ModelHash})
		if err != nil {
			return o, err
		}
		o.Score, o.Bands = &s, m.Model.Bands
		o.Facts = o.with(scorecard.Result{Score: s.Score, CapacityFen: s.CapacityFen})
	}
	o.Terms, err = terms.Of(o.Facts)
	return o, err
}

// with is the facts of the product's decision for another result of the scorecard.
func (o offerable) with(r scorecard.Result) terms.Facts {
	f := o.Facts
	place := bandOf(o.Bands, r.Score)
	f.CapacityFen, f.PdPpm = r.CapacityFen, o.Bands[place].PdPpm
	f.BandFactorBps, _ = terms.BandFactorBps(o.Product.Terms.BandFactorBps, place)
	return f
}

// bandOf is the place of a score's band, of bands with the best first, of which
// there is one at least. The last also holds every score below it.
func bandOf(bands []scorev1.Band, score int64) int {
	for i, b := range bands {
		if score >= b.ScoreMin {
			return i
		}
	}
	return len(bands) - 1
}

// freeFen is what a pool could lend: what it holds by its books less what it has promised.
func freeFen(p loanv1.Pool) int64 {
	return p.ContributedFen + p.EarnedFen - p.LentFen - p.LostFen - p.ReservedFen
}
