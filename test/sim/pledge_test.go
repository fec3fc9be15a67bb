package sim_test

import (
	"crypto/ed25519"

	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	"github.com/xinlian/xinlian/internal/artefact"
	"github.com/xinlian/xinlian/internal/testkit"
	"github.com/xinlian/xinlian/internal/wire"
)

type (
	// receivable is a statement with what opens it.
	receivable struct {
		id      uint64
		number  int // of the invoice; several statements may have one
		lender  testkit.Founder
		firm    *firm
		opening *pledgev1.Opening
	}
	pledged struct {
		id uint64
		of receivable
	}
)

// invoices is how many different receivables there are: few, so that lenders meet.
const invoices = 12

// shareKey registers a key that four members share; the chain does not compute
// with it.
func (w *world) shareKey() {
	m := &pledgev1.MsgProposeKey{Authority: wire.Authority(), Threshold: 3, Point: testkit.Digest("key"), TranscriptHash: testkit.Digest("transcript")}
	holders := w.Founders()[:4]
	for i, f := range holders {
		m.Shares = append(m.Shares, pledgev1.KeyShare{Index: uint32(i + 1), OrgId: f.ID, Point: testkit.Digest("share", i)})
	}
	w.Pass(m)
	for _, f := range holders {
		w.Do(f.Admin, &pledgev1.MsgConfirmKey{Device: address(f.Admin), OrgId: f.ID, TranscriptHash: m.TranscriptHash})
	}
}

func invoiceTag(number int) []byte { return testkit.Digest("tag", number) }

func pledgeKey(lender uint64) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(testkit.Digest("pledge key", lender))
}

// attestReceivable is a verifier's word about one of few invoices of a borrower,
// for a lender with a consent.
func attestReceivable(w *world) deed {
	f, lender, by := w.firms[w.rng.IntN(borrowers)], pick(w, []testkit.Founder{w.BankA, w.BankB}), w.verifier()
	r := receivable{number: w.rng.IntN(invoices), lender: lender, firm: f, opening: &pledgev1.Opening{
		ConsentId: f.lending[lender.ID].consent, Salt: hash(w, "salt"),
	}}
	key := pledgeKey(lender.ID).Public().(ed25519.PublicKey)
	commitment, err := artefact.LenderCommitment(lender.ID, r.opening.ConsentId, key, r.opening.Salt)
	if err != nil {
		w.t.Fatal(err)
	}
	m := &pledgev1.MsgAttestReceivable{
		Device: address(by.Admin), OrgId: by.ID, EnterpriseId: f.ID, BatchId: f.anchors[0].BatchId, LeafHash: hash(w, "leaf"),
		Tags: []pledgev1.Tag{{Epoch: 1, Tag: invoiceTag(r.number)}}, LenderCommitment: commitment, PledgeKey: key,
		FaceCommitment: hash(w, "face"), ExpiresAt: w.Now().AddDate(0, 0, 1+w.rng.IntN(29)).Unix(),
	}
	return deed{by.Admin, m, func(o testkit.Outcome) {
		var res pledgev1.MsgAttestReceivableResponse
		o.Response(w.t, &res)
		r.id = res.StatementId
		w.receivables = append(w.receivables, r)
	}}
}

// pledgeReceivable is sent by the lender, or relayed by the regulator.
func pledgeReceivable(w *world) deed {
	r := recent(w, w.receivables)
	if r.id == 0 {
		return deed{}
	}
	m := &pledgev1.MsgPledge{
		Device: address(r.lender.Service), OrgId: r.lender.ID, StatementId: r.id, Tag: invoiceTag(r.number),
		SharePpm: 1 + w.rng.Uint32N(1_000_000), ExpiresAt: w.Now().Unix() + 1 + w.rng.Int64N(3600), Opening: r.opening,
	}
	by := r.lender.Service
	if w.chance(30) {
		row, ok := ask(w, pledgev1.NewQueryClient(w.Conn()).Statement, &pledgev1.QueryStatementRequest{Id: r.id})
		if !ok {
			return deed{}
		}
		b, err := artefact.PledgeContent(testkit.ChainID, r.id, row.Statement.Pledges, m.Tag, m.SharePpm, m.ExpiresAt)
		if err != nil {
			w.t.Fatal(err)
		}
		by = w.Regulator.Service
		m.Device, m.OrgId, m.Opening, m.LenderSignature = address(by), w.Regulator.ID, nil, ed25519.Sign(pledgeKey(r.lender.ID), b)
	}
	return deed{by, m, func(o testkit.Outcome) {
		var res pledgev1.MsgPledgeResponse
		o.Response(w.t, &res)
		w.pledges = append(w.pledges, pledged{res.PledgeId, r})
	}}
}

func releasePledge(w *world) deed {
	p := recent(w, w.pledges)
	if p.id == 0 {
		return deed{}
	}
	l := p.of.lender
	return deed{by: l.Service, msg: &pledgev1.MsgReleasePledge{Device: address(l.Service), OrgId: l.ID, PledgeId: p.id, Opening: p.of.opening}}
}

func withdrawReceivable(w *world) deed {
	r, by := recent(w, w.receivables), w.verifier()
	return deed{by: by.Admin, msg: &pledgev1.MsgWithdrawReceivable{Device: address(by.Admin), OrgId: by.ID, StatementId: r.id}}
}

func contestReceivable(w *world) deed {
	r := recent(w, w.receivables)
	return deed{by: w.Regulator.Admin, msg: &pledgev1.MsgContestReceivable{
		Device: address(w.Regulator.Admin), OrgId: w.Regulator.ID, StatementId: r.id, ReasonHash: hash(w, "reason"),
	}}
}

func decideReceivable(w *world) deed {
	r := recent(w, w.receivables)
	return deed{by: w.Regulator.Admin, msg: &pledgev1.MsgDecideReceivable{
		Device: address(w.Regulator.Admin), OrgId: w.Regulator.ID, StatementId: r.id, Upheld: w.chance(50),
	}}
}
