package evidence

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/xinlian/xinlian/bundle"
	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/scoring"
	"github.com/xinlian/xinlian/gateway/vault"
	bundlev1 "github.com/xinlian/xinlian/gen/xinlian/bundle/v1"
	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// pageLimit is how many rows one query returns.
const pageLimit = 1000

// Disclosure is what the exporter may open. All of it is optional but the proof.
type Disclosure struct {
	ScoreProof []byte
	Proposal   *scoring.Proposal
	Records    []*vault.Opened
	// From lists earlier heights whose headers go along, so that a reader who
	// trusts one of them can walk forward.
	From []int64
}

// Exporter makes bundles.
type Exporter struct{ Client *chain.Client }

// Exported says where a bundle hangs.
type Exported struct {
	StateHeight int64
	Root        bundle.TrustRoot // the header that proves the rows
	Rows        int
	Bytes       int
}

// Export writes the bundle of a loan as the state stands now. It waits for the
// two blocks that prove it.
func (e Exporter) Export(ctx context.Context, w io.Writer, loanID uint64, d Disclosure) (Exported, error) {
	head, err := e.Client.Head(ctx)
	if err != nil {
		return Exported{}, err
	}
	height := head.Height
	if err := e.settle(ctx, height); err != nil {
		return Exported{}, err
	}
	// Every question is about one height: the loan may go on meanwhile.
	places, heights, err := e.places(chain.AtHeight(ctx, height), loanID)
	if err != nil {
		return Exported{}, err
	}
	c := bundle.Contents{
		ChainID: e.Client.ChainID(), StateHeight: height, LoanID: loanID, ScoreProof: d.ScoreProof,
		Records: records(d.Records), Features: features(d.Proposal),
	}
	for _, p := range places {
		row, err := e.Client.ProvenRow(ctx, p, height)
		if err != nil {
			return Exported{}, err
		}
		c.Rows = append(c.Rows, row)
	}
	for _, h := range heights {
		block, err := e.Client.Header(ctx, h)
		if err != nil {
			return Exported{}, err
		}
		c.Blocks = append(c.Blocks, block)
	}
	for _, h := range append(slices.Clone(d.From), height+1) {
		lb, err := e.Client.LightBlock(ctx, h)
		if err != nil {
			return Exported{}, err
		}
		c.Headers = append(c.Headers, lb)
	}
	var file bytes.Buffer
	if err := bundle.Write(&file, c); err != nil {
		return Exported{}, err
	}
	out := Exported{
		StateHeight: height, Rows: len(c.Rows), Bytes: file.Len(),
		Root: bundle.TrustRoot{Height: height + 1, Hash: c.Headers[len(c.Headers)-1].Hash()},
	}
	_, err = w.Write(file.Bytes())
	return out, err
}

// settle waits until the commit of the header after height is there: it is in
// the block after that one.
func (e Exporter) settle(ctx context.Context, height int64) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		head, err := e.Client.Head(ctx)
		if err != nil {
			return err
		}
		if head.Height >= height+2 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for block %d: %w", height+2, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// places lists every row that the verifier reads, and the heights of the blocks
// in which the journals' entries were made, ascending.
func (e Exporter) places(ctx context.Context, loanID uint64) ([]wire.Row, []int64, error) {
	r, err := e.Client.Loan.Loan(ctx, &loanv1.QueryLoanRequest{Id: loanID})
	if err != nil {
		return nil, nil, fmt.Errorf("reading loan %d: %w", loanID, err)
	}
	l := r.Loan
	app, err := e.Client.Loan.Application(ctx, &loanv1.QueryApplicationRequest{Id: l.ApplicationId})
	if err != nil {
		return nil, nil, fmt.Errorf("reading application %d: %w", l.ApplicationId, err)
	}
	rows := []wire.Row{
		wire.RowLoan(loanID), wire.RowOffer(l.OfferId), wire.RowApplication(l.ApplicationId), wire.RowProduct(l.ProductId),
		wire.RowTemplate(l.TemplateHash), wire.RowOrganisation(l.EnterpriseId), wire.RowOrganisation(l.LenderOrgId),
		wire.RowConsent(l.ConsentId), wire.RowScore(app.Application.ScoreId), wire.RowSrs(), wire.RowHeaderLog(),
	}
	var heights []int64
	for _, f := range []func() ([]wire.Row, []int64, error){
		func() ([]wire.Row, []int64, error) { return e.journal(ctx, l) },
		func() ([]wire.Row, []int64, error) { return e.consent(ctx, l.ConsentId) },
		func() ([]wire.Row, []int64, error) { return e.schedule(ctx, loanID) },
		func() ([]wire.Row, []int64, error) { return e.score(ctx, app.Application.ScoreId) },
		func() ([]wire.Row, []int64, error) { return e.audits(ctx, l.TemplateHash) },
	} {
		more, at, err := f()
		if err != nil {
			return nil, nil, err
		}
		rows, heights = append(rows, more...), append(heights, at...)
	}
	slices.Sort(heights)
	heights = slices.Compact(heights)
	leaves, err := e.leaves(ctx, heights)
	return append(rows, leaves...), heights, err
}

// journal lists a loan's journal.
func (e Exporter) journal(ctx context.Context, l loanv1.Loan) ([]wire.Row, []int64, error) {
	var rows []wire.Row
	var heights []int64
	page := &query.PageRequest{Limit: pageLimit}
	for {
		r, err := e.Client.Loan.Journal(ctx, &loanv1.QueryJournalRequest{LoanId: l.Id, Pagination: page})
		if err != nil {
			return nil, nil, fmt.Errorf("reading the journal of loan %d: %w", l.Id, err)
		}
		for _, entry := range r.Entries {
			rows = append(rows, wire.RowJournalEntry(l.Id, entry.Number))
			heights = append(heights, entry.Height)
		}
		if r.Pagination == nil || len(r.Pagination.NextKey) == 0 {
			return rows, heights, nil
		}
		page = &query.PageRequest{Key: r.Pagination.NextKey, Limit: pageLimit}
	}
}

// leaves lists the leaves of the chain's log of block hashes for heights.
func (e Exporter) leaves(ctx context.Context, heights []int64) ([]wire.Row, error) {
	var rows []wire.Row
	for _, h := range heights {
		r, err := e.Client.Council.HeaderEntry(ctx, &councilv1.QueryHeaderEntryRequest{Height: h})
		if err != nil {
			return nil, fmt.Errorf("reading the log of block hashes at height %d: %w", h, err)
		}
		rows = append(rows, wire.RowHeaderEntry(r.Entry.Index))
	}
	return rows, nil
}

func (e Exporter) schedule(ctx context.Context, loanID uint64) ([]wire.Row, []int64, error) {
	r, err := e.Client.Loan.Schedule(ctx, &loanv1.QueryScheduleRequest{LoanId: loanID, Pagination: &query.PageRequest{Limit: pageLimit}})
	if err != nil {
		return nil, nil, fmt.Errorf("reading the schedule of loan %d: %w", loanID, err)
	}
	var rows []wire.Row
	for _, i := range r.Instalments {
		rows = append(rows, wire.RowInstalment(loanID, i.Tranche, i.Number))
	}
	return rows, nil, nil
}

func (e Exporter) audits(ctx context.Context, template []byte) ([]wire.Row, []int64, error) {
	r, err := e.Client.Safety.Audits(ctx, &safetyv1.QueryAuditsRequest{
		SubjectKind: safetyv1.SubjectKind_SUBJECT_KIND_TEMPLATE, SubjectHash: template,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("reading the audits: %w", err)
	}
	var rows []wire.Row
	for _, a := range r.Audits {
		if a.Passed {
			rows = append(rows, wire.RowAudit(uint32(a.SubjectKind), a.SubjectHash, a.AuditorOrgId))
		}
	}
	return rows, nil, nil
}

func records(opened []*vault.Opened) []bundlev1.Record {
	var list []bundlev1.Record
	for _, o := range opened {
		list = append(list, bundlev1.Record{
			BatchId: bytes.Clone(o.Batch.ID[:]), Index: o.Proof.Index, Salt: o.Salt, Canonical: o.Canonical, Path: o.Proof.Path,
		})
	}
	return list
}

func features(p *scoring.Proposal) *bundlev1.FeatureSet {
	if p == nil {
		return nil
	}
	f := &bundlev1.FeatureSet{Version: p.Set.Version, Salt: p.Set.Salt[:]}
	for _, v := range p.Set.Features {
		f.Features = append(f.Features, bundlev1.Feature{Present: v.Present, Value: v.Int})
	}
	return f
}
