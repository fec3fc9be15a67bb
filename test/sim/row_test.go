package sim_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"testing"
	"time"

	"github.com/cosmos/gogoproto/proto"
	"google.golang.org/grpc"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cosmos/cosmos-sdk/store/v2/rootmulti"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// want is what a query returns for a row.
func want[Q, R any](w *world, q func(context.Context, Q, ...grpc.CallOption) (R, error), request Q) R {
	w.t.Helper()
	r, err := q(context.Background(), request)
	if err != nil {
		w.t.Fatalf("%+v: %v", request, err)
	}
	return r
}

// Test that on a chain with a running loan every place of a provable row holds,
// with a proof, exactly the row that its module's query returns.
func TestRows(t *testing.T) {
	w := newWorld(t, 1)
	f, p := w.firms[0], w.products[0]
	l := f.lending[w.BankA.ID]
	var applied loanv1.MsgApplyResponse
	w.Do(f.Owner, &loanv1.MsgApply{
		Device: f.Device(), OrgId: f.ID, ProductId: p.ID, AmountFen: 1_000_000, Periods: 3, ConsentId: l.consent, ScoreId: l.score,
	}).Response(t, &applied)
	offer := want(w, loanv1.NewQueryClient(w.Conn()).Offer, &loanv1.QueryOfferRequest{Id: applied.OfferId}).Offer
	w.Do(f.Owner, w.Acceptance(f.Enterprise, offer))
	w.Blocks(3, 40*time.Second)

	loans, profiles, scores := loanv1.NewQueryClient(w.Conn()), profilev1.NewQueryClient(w.Conn()), scorev1.NewQueryClient(w.Conn())
	councils := councilv1.NewQueryClient(w.Conn())
	organisation := want(w, orgv1.NewQueryClient(w.Conn()).Organisation, &orgv1.QueryOrganisationRequest{Id: f.ID}).Organisation
	log := want(w, councils.HeaderLog, &councilv1.QueryHeaderLogRequest{}).Log
	header := want(w, councils.HeaderEntries, &councilv1.QueryHeaderEntriesRequest{}).Entries[3]
	batch := want(w, profiles.Batch, &profilev1.QueryBatchRequest{BatchId: f.anchors[0].BatchId}).Batch
	consent := want(w, profiles.Consent, &profilev1.QueryConsentRequest{ConsentId: l.consent}).Consent
	entry := want(w, profiles.ConsentJournal, &profilev1.QueryConsentJournalRequest{ConsentId: l.consent}).Entries[1]
	attestation := want(w, attestationv1.NewQueryClient(w.Conn()).Attestation, &attestationv1.QueryAttestationRequest{Id: 1}).Attestation
	model := want(w, scores.Model, &scorev1.QueryModelRequest{ModelHash: w.models[0]}).Model
	score := want(w, scores.Score, &scorev1.QueryScoreRequest{ScoreId: l.score}).Score
	srs := want(w, scores.Srs, &scorev1.QuerySrsRequest{})
	template := want(w, loans.Template, &loanv1.QueryTemplateRequest{TemplateHash: w.templates[0].hash}).Template
	product := want(w, loans.Product, &loanv1.QueryProductRequest{Id: p.ID}).Product
	application := want(w, loans.Application, &loanv1.QueryApplicationRequest{Id: applied.ApplicationId}).Application
	offer = want(w, loans.Offer, &loanv1.QueryOfferRequest{Id: offer.Id}).Offer
	lent := want(w, loans.Loan, &loanv1.QueryLoanRequest{Id: 1}).Loan
	instalment := want(w, loans.Schedule, &loanv1.QueryScheduleRequest{LoanId: 1}).Instalments[1]
	journal := want(w, loans.Journal, &loanv1.QueryJournalRequest{LoanId: 1}).Entries[2]
	audit := want(w, safetyv1.NewQueryClient(w.Conn()).Audits, &safetyv1.QueryAuditsRequest{
		SubjectKind: safetyv1.SubjectKind_SUBJECT_KIND_MODEL, SubjectHash: w.models[0],
	}).Audits[0]

	for _, c := range []struct {
		name string
		row  wire.Row
		want proto.Message // nil: the SRS key, which is bare bytes
	}{
		{"organisation", wire.RowOrganisation(f.ID), &organisation},
		{"header log", wire.RowHeaderLog(), &log},
		{"header entry", wire.RowHeaderEntry(header.Index), &header},
		{"batch", wire.RowBatch(batch.Anchor.BatchId), &batch},
		{"consent", wire.RowConsent(consent.Id), &consent},
		{"consent entry", wire.RowConsentEntry(consent.Id, entry.Number), &entry},
		{"attestation", wire.RowAttestation(attestation.Id), &attestation},
		{"model", wire.RowModel(model.Hash), &model},
		{"score", wire.RowScore(score.Id), &score},
		{"srs", wire.RowSrs(), nil},
		{"template", wire.RowTemplate(template.Hash), &template},
		{"product", wire.RowProduct(product.Id), &product},
		{"application", wire.RowApplication(application.Id), &application},
		{"offer", wire.RowOffer(offer.Id), &offer},
		{"loan", wire.RowLoan(lent.Id), &lent},
		{"instalment", wire.RowInstalment(1, instalment.Tranche, instalment.Number), &instalment},
		{"journal entry", wire.RowJournalEntry(1, journal.Number), &journal},
		{"audit", wire.RowAudit(uint32(audit.SubjectKind), audit.SubjectHash, audit.AuditorOrgId), &audit},
	} {
		bytesWanted := srs.Key
		if c.want != nil {
			var err error
			if bytesWanted, err = proto.Marshal(c.want); err != nil {
				t.Fatal(err)
			}
		}
		r, err := w.App.Query(context.Background(), &abci.RequestQuery{
			Path: "/store/" + c.row.Store + "/key", Data: c.row.Key, Height: w.Height(), Prove: true,
		})
		switch {
		case err != nil:
			t.Errorf("%s: %v", c.name, err)
		case r.Code != 0 || r.ProofOps == nil || len(r.ProofOps.Ops) != 2:
			t.Errorf("%s: code %d %s, proof %v", c.name, r.Code, r.Log, r.ProofOps)
		case !bytes.Equal(r.Value, bytesWanted):
			t.Errorf("%s: the row is %X, the query returns %X", c.name, r.Value, bytesWanted)
		default:
			path := "/" + c.row.Store + "/x:" + hex.EncodeToString(c.row.Key)
			if err := rootmulti.DefaultProofRuntime().VerifyValue(r.ProofOps, w.App.LastCommitID().Hash, path, r.Value); err != nil {
				t.Errorf("%s: its proof: %v", c.name, err)
			}
		}
	}
}
