package dossier

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	gogoproto "github.com/cosmos/gogoproto/proto"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/xinlian/xinlian/gateway/store"
	"github.com/xinlian/xinlian/gateway/vault"
	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/record"
)

// pageLimit is how many rows one query returns.
const pageLimit = 200

// held is what is not records: rows of the chain, receipts of reads, and what
// the gateway's database keeps of the firm.
type held struct {
	Height       int64
	Organisation orgv1.Organisation
	Devices      []orgv1.Device
	Balance      cashv1.QueryBalanceResponse
	Streams      []profilev1.Stream
	Batches      []profilev1.Batch
	Consents     []consent
	Reads        []*vault.Receipt
	Attestations []attestationv1.Attestation
	Disputes     []dispute
	Scores       []scorev1.Score
	Applications []loanv1.Application
	Offers       []loanv1.Offer
	Loans        []loan
	Sources      []store.Source
	Files        []store.File
	Firm         json.RawMessage // as the owner entered it; null where it was elsewhere

	json  func(m gogoproto.Message) json.RawMessage
	fault error // of json
}

type consent struct {
	Row     profilev1.Consent
	Journal []profilev1.ConsentEntry
}

type dispute struct {
	Row        attestationv1.Dispute
	Reason     string // where this gateway keeps the text
	Resolution string
}

type loan struct {
	Row         loanv1.Loan
	Instalments []loanv1.Instalment
	Journal     []loanv1.JournalEntry
}

// pages asks for every page of a query.
func pages[T any](ask func(page *query.PageRequest) ([]T, *query.PageResponse, error)) (all []T, err error) {
	page := &query.PageRequest{Limit: pageLimit}
	for {
		rows, next, err := ask(page)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
		if next == nil || len(next.NextKey) == 0 {
			return all, nil
		}
		page = &query.PageRequest{Key: next.NextKey, Limit: pageLimit}
	}
}

func (d Writer) gather(ctx context.Context, e *vault.Export) (*held, error) {
	id := e.Receipt.Enterprise
	head, err := d.Client.Head(ctx)
	if err != nil {
		return nil, err
	}
	h := &held{Height: head.Height}
	h.json = func(m gogoproto.Message) json.RawMessage {
		b, err := d.Client.Codec().Proto.MarshalJSON(m)
		h.fault = errors.Join(h.fault, err)
		return b
	}
	for _, read := range []func(context.Context, *held, uint64) error{d.organisation, d.profile, d.credit, d.gateway} {
		if err := read(ctx, h, id); err != nil {
			return nil, fmt.Errorf("gathering what is held of enterprise %d: %w", id, err)
		}
	}
	var consents []vault.ID
	for _, c := range h.Consents {
		consents = append(consents, vault.ID(c.Row.Id))
	}
	for _, n := range d.Vault.Log().Concerning(id, consents...) {
		r, err := d.Vault.Log().Receipt(n)
		if err != nil {
			return nil, err
		}
		h.Reads = append(h.Reads, r)
	}
	return h, nil
}

func (d Writer) organisation(ctx context.Context, h *held, id uint64) error {
	o, err := d.Client.Org.Organisation(ctx, &orgv1.QueryOrganisationRequest{Id: id})
	if err != nil {
		return err
	}
	h.Organisation = o.Organisation
	h.Devices, err = pages(func(p *query.PageRequest) ([]orgv1.Device, *query.PageResponse, error) {
		r, err := d.Client.Org.Devices(ctx, &orgv1.QueryDevicesRequest{OrgId: id, Pagination: p})
		if err != nil {
			return nil, nil, err
		}
		return r.Devices, r.Pagination, nil
	})
	if err != nil {
		return err
	}
	b, err := d.Client.Cash.Balance(ctx, &cashv1.QueryBalanceRequest{OrgId: id})
	if err == nil {
		h.Balance = *b
	} else if status.Code(err) == codes.NotFound {
		err = nil
	}
	return err
}

func (d Writer) profile(ctx context.Context, h *held, id uint64) (err error) {
	c := d.Client
	if h.Streams, err = pages(func(p *query.PageRequest) ([]profilev1.Stream, *query.PageResponse, error) {
		r, err := c.Profile.Streams(ctx, &profilev1.QueryStreamsRequest{EnterpriseId: id, Pagination: p})
		if err != nil {
			return nil, nil, err
		}
		return r.Streams, r.Pagination, nil
	}); err != nil {
		return err
	}
	if h.Batches, err = pages(func(p *query.PageRequest) ([]profilev1.Batch, *query.PageResponse, error) {
		r, err := c.Profile.Batches(ctx, &profilev1.QueryBatchesRequest{EnterpriseId: id, Pagination: p})
		if err != nil {
			return nil, nil, err
		}
		return r.Batches, r.Pagination, nil
	}); err != nil {
		return err
	}
	rows, err := pages(func(p *query.PageRequest) ([]profilev1.Consent, *query.PageResponse, error) {
		r, err := c.Profile.Consents(ctx, &profilev1.QueryConsentsRequest{EnterpriseId: id, Pagination: p})
		if err != nil {
			return nil, nil, err
		}
		return r.Consents, r.Pagination, nil
	})
	if err != nil {
		return err
	}
	for _, row := range rows {
		journal, err := pages(func(p *query.PageRequest) ([]profilev1.ConsentEntry, *query.PageResponse, error) {
			r, err := c.Profile.ConsentJournal(ctx, &profilev1.QueryConsentJournalRequest{ConsentId: row.Id, Pagination: p})
			if err != nil {
				return nil, nil, err
			}
			return r.Entries, r.Pagination, nil
		})
		if err != nil {
			return err
		}
		h.Consents = append(h.Consents, consent{row, journal})
	}
	return d.words(ctx, h, id)
}

// words reads what others have said about the records.
func (d Writer) words(ctx context.Context, h *held, id uint64) (err error) {
	c := d.Client
	if h.Attestations, err = pages(func(p *query.PageRequest) ([]attestationv1.Attestation, *query.PageResponse, error) {
		r, err := c.Attestation.Attestations(ctx, &attestationv1.QueryAttestationsRequest{EnterpriseId: id, Pagination: p})
		if err != nil {
			return nil, nil, err
		}
		return r.Attestations, r.Pagination, nil
	}); err != nil {
		return err
	}
	rows, err := pages(func(p *query.PageRequest) ([]attestationv1.Dispute, *query.PageResponse, error) {
		r, err := c.Attestation.Disputes(ctx, &attestationv1.QueryDisputesRequest{EnterpriseId: id, Pagination: p})
		if err != nil {
			return nil, nil, err
		}
		return r.Disputes, r.Pagination, nil
	})
	if err != nil {
		return err
	}
	for _, row := range rows {
		x := dispute{Row: row}
		if x.Reason, err = d.salted(ctx, row.ReasonHash); err != nil {
			return err
		}
		if x.Resolution, err = d.salted(ctx, row.ResolutionHash); err != nil {
			return err
		}
		h.Disputes = append(h.Disputes, x)
	}
	h.Scores, err = pages(func(p *query.PageRequest) ([]scorev1.Score, *query.PageResponse, error) {
		r, err := c.Score.Scores(ctx, &scorev1.QueryScoresRequest{EnterpriseId: id, Pagination: p})
		if err != nil {
			return nil, nil, err
		}
		return r.Scores, r.Pagination, nil
	})
	return err
}

// salted is the text behind a salted hash, empty where this gateway has none.
func (d Writer) salted(ctx context.Context, hash []byte) (string, error) {
	var s struct{ Text string }
	err := d.Store.Load(ctx, "salted", hex.EncodeToString(hash), &s)
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return s.Text, err
}

func (d Writer) credit(ctx context.Context, h *held, id uint64) (err error) {
	c := d.Client
	if h.Applications, err = pages(func(p *query.PageRequest) ([]loanv1.Application, *query.PageResponse, error) {
		r, err := c.Loan.Applications(ctx, &loanv1.QueryApplicationsRequest{EnterpriseId: id, Pagination: p})
		if err != nil {
			return nil, nil, err
		}
		return r.Applications, r.Pagination, nil
	}); err != nil {
		return err
	}
	for _, a := range h.Applications {
		if a.OfferId == 0 {
			continue
		}
		o, err := c.Loan.Offer(ctx, &loanv1.QueryOfferRequest{Id: a.OfferId})
		if err != nil {
			return err
		}
		h.Offers = append(h.Offers, o.Offer)
	}
	rows, err := pages(func(p *query.PageRequest) ([]loanv1.Loan, *query.PageResponse, error) {
		r, err := c.Loan.Loans(ctx, &loanv1.QueryLoansRequest{EnterpriseId: id, Pagination: p})
		if err != nil {
			return nil, nil, err
		}
		return r.Loans, r.Pagination, nil
	})
	if err != nil {
		return err
	}
	for _, row := range rows {
		l := loan{Row: row}
		if l.Instalments, err = pages(func(p *query.PageRequest) ([]loanv1.Instalment, *query.PageResponse, error) {
			r, err := c.Loan.Schedule(ctx, &loanv1.QueryScheduleRequest{LoanId: row.Id, Pagination: p})
			if err != nil {
				return nil, nil, err
			}
			return r.Instalments, r.Pagination, nil
		}); err != nil {
			return err
		}
		if l.Journal, err = pages(func(p *query.PageRequest) ([]loanv1.JournalEntry, *query.PageResponse, error) {
			r, err := c.Loan.Journal(ctx, &loanv1.QueryJournalRequest{LoanId: row.Id, Pagination: p})
			if err != nil {
				return nil, nil, err
			}
			return r.Entries, r.Pagination, nil
		}); err != nil {
			return err
		}
		h.Loans = append(h.Loans, l)
	}
	return nil
}

// gateway reads what this gateway's own database keeps of the firm.
func (d Writer) gateway(ctx context.Context, h *held, id uint64) (err error) {
	if h.Sources, err = d.Store.SourcesOf(ctx, id); err != nil {
		return err
	}
	if h.Files, err = d.Store.FilesOf(ctx, id); err != nil {
		return err
	}
	err = d.Store.Load(ctx, "firm", fmt.Sprint(id), &h.Firm)
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return err
}

// named is a file of rows.
type named struct {
	name string
	rows any
}

// rows turns messages of the chain into their proto JSON.
func rows[T any, M interface {
	*T
	gogoproto.Message
}](h *held, list []T,
) []json.RawMessage {
	out := make([]json.RawMessage, len(list))
	for i := range list {
		out[i] = h.json(M(&list[i]))
	}
	return out
}

func (h *held) files() []named {
	consents, loans, disputes, reads := []any{}, []any{}, []any{}, []any{}
	for _, c := range h.Consents {
		consents = append(consents, map[string]any{"consent": h.json(&c.Row), "journal": rows(h, c.Journal)})
	}
	for _, l := range h.Loans {
		loans = append(loans, map[string]any{"loan": h.json(&l.Row), "schedule": rows(h, l.Instalments), "journal": rows(h, l.Journal)})
	}
	for _, x := range h.Disputes {
		disputes = append(disputes, map[string]any{"dispute": h.json(&x.Row), "reason": x.Reason, "resolution": x.Resolution})
	}
	for _, r := range h.Reads {
		raw, _ := r.Encoded() // it was decoded from these bytes
		reads = append(reads, map[string]any{
			"sequence": r.Sequence, "custodian": r.Custodian, "org": r.Org, "device": r.Device, "verified": r.Verified, "purpose": r.Purpose,
			"consent": r.Consent.String(), "outcome": r.Outcome, "records": r.Records, "height": r.Height,
			"time": time.Unix(r.TimeUnix, 0).UTC(), "canonical": raw,
		})
	}
	return []named{
		{"organisation.json", map[string]any{"organisation": h.json(&h.Organisation), "devices": rows(h, h.Devices), "firm": h.Firm, "balance": h.json(&h.Balance)}},
		{"schemas.json", h.schemas()},
		{"streams.json", rows(h, h.Streams)},
		{"batches.json", rows(h, h.Batches)},
		{"consents.json", consents},
		{"reads.json", reads},
		{"attestations.json", rows(h, h.Attestations)},
		{"disputes.json", disputes},
		{"scores.json", rows(h, h.Scores)},
		{"applications.json", rows(h, h.Applications)},
		{"offers.json", rows(h, h.Offers)},
		{"loans.json", loans},
		{"sources.json", h.Sources},
		{"files.json", h.Files},
	}
}

// schemas describe the fields of the records, each once.
func (h *held) schemas() []any {
	units := map[record.Type]string{
		record.Text: "text", record.Amount: "fen", record.Date: "days since 1970-01-01", record.Count: "number", record.Code: "index from 1 into codes",
	}
	list, seen := []any{}, map[string]bool{}
	for _, b := range h.Batches {
		s, ok := record.Find(b.Anchor.SchemaId, uint16(b.Anchor.SchemaVersion))
		key := fmt.Sprintf("%s/%d", b.Anchor.SchemaId, b.Anchor.SchemaVersion)
		if !ok || seen[key] {
			continue
		}
		seen[key] = true
		fields := []any{}
		for _, f := range s.Fields {
			fields = append(fields, map[string]any{"name": f.Name, "zh": f.ZH, "en": f.EN, "unit": units[f.Type], "codes": f.Codes})
		}
		list = append(list, map[string]any{"id": s.ID, "version": s.Version, "zh": s.ZH, "en": s.EN, "fields": fields})
	}
	return list
}
