package portal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"github.com/xinlian/xinlian/gateway/evidence"
	"github.com/xinlian/xinlian/gateway/scoring"
	"github.com/xinlian/xinlian/gateway/store"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/scorecard"
)

// scoreView is a score with what the same scorecard says about it.
type scoreView struct {
	Score      scorev1.Score
	Bands      []scorev1.Band
	FeatureSet uint32
	Features   []scorecard.Value // empty where this gateway did not derive them
	Reasons    []scorecard.Reason
	Path       []scorecard.Step
	Try        *trial
	Tried      int // feature, -1 for none
}

// trial is a what-if: the same firm with one value changed.
type trial struct {
	Value  scorecard.Value
	Result scorecard.Result
	Band   string
	Bad    bool // the text is no value
}

func (p *Portal) ownerScore(_ http.ResponseWriter, r *http.Request, g *Page, st state) (templ.Component, error) {
	if len(st.Scores) == 0 {
		return scorePage(g, st, nil), nil
	}
	score := st.Scores[len(st.Scores)-1]
	if id := r.URL.Query().Get("id"); id != "" {
		i := slices.IndexFunc(st.Scores, func(s scorev1.Score) bool { return FullHex(s.Id) == id })
		if i < 0 {
			return nil, refuse(http.StatusNotFound, "error.missing")
		}
		score = st.Scores[i]
	}
	v, err := p.scoreView(r.Context(), score, r.URL.Query().Get("feature"), r.URL.Query().Get("value"))
	return scorePage(g, st, v), err
}

func (p *Portal) scoreView(ctx context.Context, score scorev1.Score, feature, value string) (*scoreView, error) {
	v := &scoreView{Score: score, Tried: -1}
	row, err := p.Client.Score.Model(ctx, &scorev1.QueryModelRequest{ModelHash: score.ModelHash})
	if err != nil {
		return nil, err
	}
	v.Bands = row.Model.Bands
	proposal, err := p.proposalOf(ctx, score)
	if errors.Is(err, store.ErrNotFound) {
		return v, nil
	}
	if err != nil {
		return nil, err
	}
	model, err := p.Line.ModelOf(ctx, score.ModelHash)
	if err != nil {
		return nil, err
	}
	v.FeatureSet, v.Features = model.FeatureSet, proposal.Set.Features
	if v.Reasons, err = model.Explain(v.Features); err != nil {
		return nil, err
	}
	if v.Path, err = model.PathUp(v.Features); err != nil {
		return nil, err
	}
	if i, err := strconv.Atoi(feature); err == nil && i >= 0 && i < len(v.Features) && value != "" {
		v.Tried = i
		v.Try = try(model, v, i, value)
	}
	return v, nil
}

// try evaluates one changed value with the very scorecard that the proof is about.
func try(model *scorecard.Model, v *scoreView, i int, value string) *trial {
	n, ok := parseFeature(scorecard.Definitions(model.FeatureSet)[i], value)
	if !ok {
		return &trial{Bad: true}
	}
	t := &trial{Value: scorecard.Known(n)}
	var err error
	if t.Result, err = model.WhatIf(v.Features, i, t.Value); err != nil {
		return &trial{Bad: true}
	}
	for _, b := range v.Bands {
		if t.Result.Score >= b.ScoreMin {
			t.Band = b.Name
			break
		}
	}
	return t
}

// parseFeature reads a value as people write it in the feature's unit.
func parseFeature(d scorecard.Definition, s string) (int64, bool) {
	var n int64
	var err error
	switch d.Unit {
	case scorecard.Fen:
		n, err = ParseMoney(s)
	case scorecard.BPS:
		n, err = record.ParseFen(s) // percent have two digits, as yuan have
	default:
		n, err = strconv.ParseInt(s, 10, 64)
	}
	return n, err == nil && n >= d.Min && n <= d.Max
}

// proposalOf finds the feature set behind a score among the enterprise's files.
func (p *Portal) proposalOf(ctx context.Context, score scorev1.Score) (scoring.Proposal, error) {
	files, err := p.Store.FilesOf(ctx, score.EnterpriseId)
	if err != nil {
		return scoring.Proposal{}, err
	}
	for _, f := range files {
		if !bytes.Equal(f.ScoreID, score.Id) {
			continue
		}
		return p.Line.Proposal(ctx, f.ID)
	}
	return scoring.Proposal{}, store.ErrNotFound
}

// offerable is a product as the owner sees it.
type offerable struct {
	Product  loanv1.Product
	Template loanv1.TemplateTerms
	IndexBps int64
	Live     bool // the index is fresh
	Score    *scorev1.Score
	LossBps  int64
	RateBps  uint32 // what the decision would come to now
	Capped   bool
	LimitFen int64 // by capacity and product; the decision also looks at exposure and pool
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
	var list []offerable
	for _, prod := range r.Products {
		if prod.Retired {
			continue
		}
		o, err := p.offerable(ctx, st, prod, params.Params.RateCapBps)
		if err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, nil
}

func (p *Portal) offerable(ctx context.Context, st state, prod loanv1.Product, capBps uint32) (offerable, error) {
	o := offerable{Product: prod, LimitFen: prod.Terms.AmountFenMax}
	t, err := p.Client.Loan.Template(ctx, &loanv1.QueryTemplateRequest{TemplateHash: prod.Terms.TemplateHash})
	if err != nil {
		return o, err
	}
	o.Template = t.Template.Terms
	index, err := p.Client.Score.Index(ctx, &scorev1.QueryIndexRequest{IndexId: prod.Terms.IndexId})
	if err != nil {
		return o, fmt.Errorf("reading index %s: %w", prod.Terms.IndexId, err)
	}
	o.IndexBps, o.Live = index.ValueBps, index.Live
	sum := o.IndexBps + int64(prod.Terms.FundingBps) + int64(prod.Terms.MarginBps)
	if s, ok := st.Score(prod.LenderOrgId); ok {
		o.Score = &s
		o.LossBps = (int64(s.PdPpm)*int64(prod.Terms.LgdBps) + 999_999) / 1_000_000 // rounded up, as the chain does
		sum += o.LossBps
		o.LimitFen = min(o.LimitFen, capacityLimit(s.CapacityFen, prod.Terms.CapacityPeriods, uint32(st.Grade)))
	}
	o.Capped = sum > int64(capBps)
	o.RateBps = uint32(min(max(sum, 0), int64(capBps)))
	return o, nil
}

// capacityLimit is capacity times periods, scaled by the quality of the data:
// whole for grade A, 80 % for B, half for C, nothing for D.
func capacityLimit(capacityFen int64, periods, grade uint32) int64 {
	factor := map[uint32]int64{1: 10_000, 2: 8_000, 3: 5_000}[grade]
	n := new(big.Int).Mul(big.NewInt(max(capacityFen, 0)), big.NewInt(int64(periods)))
	n.Quo(n.Mul(n, big.NewInt(factor)), big.NewInt(10_000))
	if !n.IsInt64() {
		return principalFenMax
	}
	return min(n.Int64(), principalFenMax)
}

func (p *Portal) ownerApply(_ http.ResponseWriter, r *http.Request, g *Page, st state) (templ.Component, error) {
	list, err := p.products(r.Context(), st)
	return applyPage(g, st, list), err
}

// applyPreview is the schedule of what the owner is typing.
func (p *Portal) applyPreview(_ http.ResponseWriter, r *http.Request, g *Page, st state) (templ.Component, error) {
	q := r.URL.Query()
	id, err := parseID(q.Get("product_id"))
	if err != nil {
		return nil, err
	}
	list, err := p.products(r.Context(), st)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(o offerable) bool { return o.Product.Id == id })
	if i < 0 {
		return nil, refuse(http.StatusNotFound, "error.missing")
	}
	text := q.Get("amount_fen")
	if text == "" {
		text = q.Get("yuan.amount_fen")
	}
	fen, err := ParseMoney(text)
	periods, err2 := strconv.ParseUint(q.Get("periods"), 10, 8)
	if err != nil || err2 != nil {
		return previewPart(g, list[i], nil), nil
	}
	rows, err := firstTranche(list[i].Template, fen, list[i].RateBps, uint32(periods))
	if err != nil {
		return previewPart(g, list[i], nil), nil
	}
	return previewPart(g, list[i], rows), nil
}

// firstTranche is the schedule of what is paid out at signing.
func firstTranche(t loanv1.TemplateTerms, fen int64, rateBps, periods uint32) ([]Row, error) {
	parts := split(fen, t.TrancheBps)
	if len(parts) == 0 {
		return nil, errSchedule
	}
	return preview(t, parts[0], rateBps, periods)
}

func (p *Portal) ownerApplications(_ http.ResponseWriter, _ *http.Request, g *Page, st state) (templ.Component, error) {
	return applicationsPage(g, st), nil
}

func (p *Portal) ownerOffer(_ http.ResponseWriter, r *http.Request, g *Page, st state) (templ.Component, error) {
	id, err := parseID(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	o, err := p.Client.Loan.Offer(r.Context(), &loanv1.QueryOfferRequest{Id: id})
	if err != nil {
		return nil, err
	}
	if o.Offer.EnterpriseId != st.Org.Id {
		return nil, refuse(http.StatusNotFound, "error.missing")
	}
	t, err := p.Client.Loan.Template(r.Context(), &loanv1.QueryTemplateRequest{TemplateHash: o.Offer.TemplateHash})
	if err != nil {
		return nil, err
	}
	v := offerView{Offer: o.Offer, Template: t.Template.Terms, Open: o.Offer.Status == loanv1.OfferStatus_OFFER_STATUS_OPEN && o.Offer.ExpiresAt > st.Now}
	for _, part := range split(o.Offer.PrincipalFen, t.Template.Terms.TrancheBps) {
		rows, err := preview(t.Template.Terms, part, o.Offer.RateBps, o.Offer.Periods)
		if err != nil {
			return nil, err
		}
		v.Tranches = append(v.Tranches, part)
		v.Schedules = append(v.Schedules, rows)
	}
	for _, l := range st.Loans {
		if l.OfferId == id {
			v.LoanID = l.Id
		}
	}
	return offerPage(g, v), nil
}

// offerView is an offer with its contract and the schedules of its tranches.
type offerView struct {
	Offer     loanv1.Offer
	Template  loanv1.TemplateTerms
	Open      bool
	LoanID    uint64
	Tranches  []int64
	Schedules [][]Row
}

// InterestFen is the interest of all tranches paid on schedule.
func (v offerView) InterestFen() (fen int64) {
	for _, rows := range v.Schedules {
		fen += interestOf(rows)
	}
	return fen
}

// loanView is a loan with its schedule and journal.
type loanView struct {
	Loan        loanv1.Loan
	Instalments []loanv1.Instalment
	Journal     []loanv1.JournalEntry
	BalanceFen  int64
	Now         int64
}

func (p *Portal) loanView(ctx context.Context, id uint64) (loanView, error) {
	r, err := p.Client.Loan.Loan(ctx, &loanv1.QueryLoanRequest{Id: id})
	if err != nil {
		return loanView{}, err
	}
	rows, err := p.instalments(ctx, id)
	if err != nil {
		return loanView{}, err
	}
	j, err := p.Client.Loan.Journal(ctx, &loanv1.QueryJournalRequest{LoanId: id, Pagination: all})
	if err != nil {
		return loanView{}, err
	}
	return loanView{Loan: r.Loan, Instalments: rows, Journal: j.Entries}, nil
}

func (p *Portal) ownerLoan(_ http.ResponseWriter, r *http.Request, g *Page, st state) (templ.Component, error) {
	id, err := parseID(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	v, err := p.loanView(r.Context(), id)
	if err != nil {
		return nil, err
	}
	if v.Loan.EnterpriseId != st.Org.Id {
		return nil, refuse(http.StatusNotFound, "error.missing")
	}
	v.BalanceFen, v.Now = st.BalanceFen, st.Now
	return loanPage(g, v), nil
}

// loanBundle sends the file that proves the loan's life offline. The owner's
// copy opens the features; the records stay in the vault.
func (p *Portal) loanBundle(w http.ResponseWriter, r *http.Request, _ *Page, st state) (templ.Component, error) {
	id, err := parseID(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	l, err := p.Client.Loan.Loan(r.Context(), &loanv1.QueryLoanRequest{Id: id})
	if err != nil {
		return nil, err
	}
	if l.Loan.EnterpriseId != st.Org.Id {
		return nil, refuse(http.StatusNotFound, "error.missing")
	}
	return nil, p.sendBundle(w, r, l.Loan, true)
}

func (p *Portal) sendBundle(w http.ResponseWriter, r *http.Request, l loanv1.Loan, features bool) error {
	ctx := r.Context()
	app, err := p.Client.Loan.Application(ctx, &loanv1.QueryApplicationRequest{Id: l.ApplicationId})
	if err != nil {
		return err
	}
	row, err := p.Client.Score.Score(ctx, &scorev1.QueryScoreRequest{ScoreId: app.Application.ScoreId})
	if err != nil {
		return err
	}
	proof, err := p.scoreProof(ctx, row.Score)
	if err != nil {
		return err
	}
	d := evidence.Disclosure{ScoreProof: proof}
	if features {
		proposal, err := p.proposalOf(ctx, row.Score)
		if err == nil {
			d.Proposal = &proposal
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	var file bytes.Buffer
	out, err := p.exporter.Export(ctx, &file, l.Id, d)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="xinlian-loan-%d.bundle"`, l.Id))
	h.Set("X-Xinlian-Trust", out.Root.String())
	_, _ = w.Write(file.Bytes()) // the visitor may have gone
	return nil
}

// scoreProof takes the proof out of the transaction that submitted the score.
func (p *Portal) scoreProof(ctx context.Context, s scorev1.Score) ([]byte, error) {
	msgs, err := p.Client.Messages(ctx, s.Height)
	if err != nil {
		return nil, err
	}
	for _, m := range msgs {
		m, ok := m.(*scorev1.MsgSubmitScore)
		if ok && bytes.Equal(m.Commitment, s.Commitment) && bytes.Equal(m.ModelHash, s.ModelHash) && m.LenderOrgId == s.LenderOrgId &&
			profilev1.Purpose(m.Purpose) == profilev1.Purpose(s.Purpose) {
			return m.Proof, nil
		}
	}
	return nil, fmt.Errorf("block %d holds no proof of score %X", s.Height, s.Id)
}
