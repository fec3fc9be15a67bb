package portal

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/store"
	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// kindUpload is what the gateway keeps of an upload's result, sealed: problems
// may quote a cell.
const kindUpload = "upload"

// problemsKept bounds the problems kept of one upload; all are counted.
const problemsKept = 500

// result is what became of an upload, as its page shows it.
type result struct {
	Files     []connector.Summary
	Problems  []connector.RowError
	Refused   int // problems in all that refused a row or a document
	Notes     int
	Batches   int
	Records   uint64
	Twice     int                // records that the profile had already
	Conflicts []custody.Conflict // records that contradict earlier ones
	Height    int64
	TxHash    string
}

// holding is one stream with its batches, as the data page shows it.
type holding struct {
	Stream   profilev1.Stream
	Category profilev1.Category
	Batches  int
	Records  uint64
	GapDays  uint32
	Disputed int
}

func (p *Portal) ownerData(_ http.ResponseWriter, r *http.Request, g *Page, st state) (templ.Component, error) {
	batches, err := p.Client.Profile.Batches(r.Context(), &profilev1.QueryBatchesRequest{EnterpriseId: st.Org.Id, Pagination: all})
	if err != nil {
		return nil, err
	}
	attested, err := p.Client.Attestation.Attestations(r.Context(), &attestationv1.QueryAttestationsRequest{EnterpriseId: st.Org.Id, Pagination: all})
	if err != nil {
		return nil, err
	}
	looked, err := p.looks(r.Context(), st, lookFilter{}, looksOnDataPage)
	if err != nil {
		return nil, err
	}
	key, err := randomKey()
	if err != nil {
		return nil, err
	}
	lenders, err := p.lenders(r)
	if err != nil {
		return nil, err
	}
	sources, err := p.sources(r.Context(), st)
	if err != nil {
		return nil, err
	}
	return dataPage(g, dataView{
		State: st, Holdings: holdings(st.Streams, batches.Batches), Attested: attested.Attestations, Looked: looked,
		Key: key, Hosted: p.Custodians[st.Org.CustodianOrgId] != nil, Lenders: lenders, Sources: sources,
	}), nil
}

// holdings joins streams and their batches.
func holdings(streams []profilev1.Stream, batches []profilev1.Batch) []holding {
	var list []holding
	for _, s := range streams {
		h := holding{Stream: s}
		for _, b := range batches {
			if b.Anchor.Source != s.Source || b.Anchor.SchemaId != s.SchemaId {
				continue
			}
			h.Category = b.Category
			h.Batches++
			h.Records += uint64(b.Anchor.RecordCount)
			h.GapDays += b.GapDays
			if b.Status == profilev1.BatchStatus_BATCH_STATUS_DISPUTED {
				h.Disputed++
			}
		}
		list = append(list, h)
	}
	return list
}

func randomKey() (string, error) {
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		return "", fmt.Errorf("drawing a key: %w", err)
	}
	return hex.EncodeToString(b), nil
}

// upload collects documents. The same form sent twice is one upload: its key is
// in the form, and the first answer is given again.
func (p *Portal) upload(w http.ResponseWriter, r *http.Request, g *Page, st state) (templ.Component, error) {
	custodian := p.Custodians[st.Org.CustodianOrgId]
	if custodian == nil {
		return nil, refuse(http.StatusConflict, "error.custodian")
	}
	if st.Firm.TaxNumber == "" {
		return nil, refuse(http.StatusConflict, "error.firm.unknown")
	}
	uploads, err := readUploads(r)
	if err != nil {
		return nil, err
	}
	return nil, p.once(w, r, fingerprint(uploads), func() (store.Reply, error) { return p.collect(r, custodian, st, uploads) })
}

func (p *Portal) collect(r *http.Request, c *custody.Custodian, st state, uploads []custody.Upload) (store.Reply, error) {
	ctx := r.Context()
	firm := connector.Owner{TaxNumber: st.Firm.TaxNumber, Name: st.Firm.Name, Accounts: []string{st.Firm.Account}}
	got, err := c.Collect(ctx, st.Org.Id, firm, uploads)
	if err != nil && len(got.Problems) == 0 {
		return store.Reply{}, err
	}
	res := result{Files: got.Files, Records: got.Records(), Batches: len(got.Batches), Twice: got.Twice, Conflicts: got.Conflicts, Height: got.Anchored.Height, TxHash: hex.EncodeToString(got.Anchored.Hash)}
	if err != nil { // nothing was anchored; the problems say why, or the chain does
		if len(got.Batches) > 0 {
			return store.Reply{}, err
		}
		res.Records, res.Batches = 0, 0
	}
	for _, e := range got.Problems {
		if e.Note {
			res.Notes++
		} else {
			res.Refused++
		}
	}
	slices.SortStableFunc(got.Problems, func(a, b connector.RowError) int { return order(a.Note) - order(b.Note) })
	res.Problems = got.Problems[:min(len(got.Problems), problemsKept)]
	id, err := randomKey()
	if err != nil {
		return store.Reply{}, err
	}
	if err := p.Store.Save(ctx, kindUpload, num(st.Org.Id)+"/"+id, res); err != nil {
		return store.Reply{}, err
	}
	return store.Reply{Status: http.StatusSeeOther, Location: "/owner/data/uploads/" + id}, nil
}

func order(note bool) int {
	if note {
		return 1
	}
	return 0
}

func (p *Portal) uploaded(_ http.ResponseWriter, r *http.Request, g *Page, st state) (templ.Component, error) {
	var res result
	if err := p.Store.Load(r.Context(), kindUpload, num(st.Org.Id)+"/"+r.PathValue("id"), &res); err != nil {
		return nil, err
	}
	return uploadedPage(g, res), nil
}

// filesMax bounds the files of one upload.
const filesMax = 2000

// readUploads takes the files out of a form, opening ZIP archives: invoices come
// by the hundred in one.
func readUploads(r *http.Request) ([]custody.Upload, error) {
	// All of it stays in memory: what does not fit there would go to temporary
	// files, in the clear, and stay after a kill.
	if err := r.ParseMultipartForm(uploadBytesMax); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, err
		}
		return nil, problem{status: http.StatusBadRequest, key: "error.request", cause: err}
	}
	var uploads []custody.Upload
	budget := int64(uploadBytesMax)
	for _, h := range r.MultipartForm.File["files"] {
		more, err := openUpload(h, &budget)
		if err != nil {
			return nil, err
		}
		if uploads = append(uploads, more...); len(uploads) > filesMax {
			return nil, refuse(http.StatusRequestEntityTooLarge, "error.files", strconv.Itoa(filesMax))
		}
	}
	if len(uploads) == 0 {
		return nil, refuse(http.StatusUnprocessableEntity, "error.upload.none")
	}
	return uploads, nil
}

func openUpload(h *multipart.FileHeader, budget *int64) ([]custody.Upload, error) {
	f, err := h.Open()
	if err != nil {
		return nil, fmt.Errorf("opening an upload: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("reading an upload: %w", err)
	}
	if bundle(data) {
		return unzip(data, budget)
	}
	if *budget -= int64(len(data)); *budget < 0 {
		return nil, refuse(http.StatusRequestEntityTooLarge, "error.size", uploadBytesMax>>20)
	}
	return []custody.Upload{{Name: h.Filename, Data: data}}, nil
}
