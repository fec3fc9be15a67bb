package portal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
	"github.com/xinlian/xinlian/scorecard"
)

// scoreView is a score with what the same scorecard says about it.
type scoreView struct {
	Score      scorev1.Score
	FeatureSet uint32
	Features   []scorecard.Value // empty where this gateway did not derive them
	Reasons    []scorecard.Reason
	Path       []scorecard.Step
	Way        *wayView // to the next band, nil where there is none
}

func (p *Portal) ownerScore(_ http.ResponseWriter, r *http.Request, g *Page, st state) (templ.Component, error) {
	if len(st.Scores) == 0 {
		return scorePage(g, st, nil), nil
	}
	score, err := chosen(r, st)
	if err != nil {
		return nil, err
	}
	v, err := p.scoreView(r.Context(), st, score)
	return scorePage(g, st, v), err
}

// chosen is the score that the request names among the enterprise's own, of which
// there is one at least, or the last.
func chosen(r *http.Request, st state) (scorev1.Score, error) {
	id := r.URL.Query().Get("id")
	if id == "" {
		return st.Scores[len(st.Scores)-1], nil
	}
	i := slices.IndexFunc(st.Scores, func(s scorev1.Score) bool { return FullHex(s.Id) == id })
	if i < 0 {
		return scorev1.Score{}, refuse(http.StatusNotFound, "error.missing")
	}
	return st.Scores[i], nil
}

func (p *Portal) scoreView(ctx context.Context, st state, score scorev1.Score) (*scoreView, error) {
	v := &scoreView{Score: score}
	c, found, err := p.cardOf(ctx, score)
	if err != nil || !found {
		return v, err
	}
	v.FeatureSet, v.Features = c.model.FeatureSet, c.features
	if v.Reasons, err = c.model.Explain(v.Features); err != nil {
		return nil, err
	}
	if v.Path, err = c.steps(); err != nil {
		return nil, err
	}
	list, err := p.products(ctx, st)
	if err != nil {
		return nil, err
	}
	v.Way, err = c.wayUp(list)
	return v, err
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
	rows, err := firstTranche(list[i].Template, fen, list[i].Terms.RateBps, uint32(periods))
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
