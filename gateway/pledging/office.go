package pledging

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/desk"
	"github.com/xinlian/xinlian/gateway/vault"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/artefact"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/oprf"
)

// country is where the sellers of this version are registered.
const country = "CN"

// facePpm is the whole of a face amount in millionths.
const facePpm = 1_000_000

// How long statements and pledges of these desks stand, where the chain's
// parameters allow as much.
const (
	statementLife = 7 * 24 * time.Hour
	pledgeLife    = 180 * 24 * time.Hour
)

// The refusals of a desk; each says what to do.
var (
	ErrReceivable = errors.New("pledging: the record is no receivable that can be pledged: want a valid invoice issued, or money owed, with a number and an amount")
	ErrRecord     = errors.New("pledging: the record is not among what was opened: open the records again")
	ErrConsent    = errors.New("pledging: the lender has no live consent of this enterprise that covers the record: ask the owner for one")
	ErrOrder      = errors.New("pledging: the order does not fit the record: have the lender ask again")
	ErrState      = errors.New("pledging: the order is not at this stage")
	ErrAmount     = errors.New("pledging: the amount is not above nothing and at most the face amount")
)

// Tagger makes tags of receivables with the members' help, one for every key that
// is checked, the newest last.
type Tagger interface {
	Receivables(ctx context.Context, consent []byte, inputs ...[]byte) ([][]pledgev1.Tag, error)
}

// Office acts for one organisation, a lender or a verifier.
type Office struct {
	Client *chain.Client
	OrgID  uint64
	Device wire.Signer // an active device of it
	Tags   Tagger
	Book   *Book
}

// Pledgeable lists the receivables among opened records: valid invoices that the
// enterprise issued, and money owed to it.
func Pledgeable(r desk.Reading) []*vault.Opened {
	var list []*vault.Opened
	for _, o := range r.Opened {
		if pledgeable(o.Record) == nil {
			list = append(list, o)
		}
	}
	return list
}

func pledgeable(r *record.Record) error {
	is := func(name string, want int64) bool {
		if r.Schema.Index(name) < 0 {
			return true
		}
		n, has := r.Int(name)
		return !has || n == want
	}
	amount, has := r.Int("amount")
	sold := r.Schema.ID == record.SalesInvoice.ID || r.Schema.ID == record.Receivable.ID
	if !sold || !has || amount <= 0 || r.SourceID() == "" || !is("direction", record.DirectionIn) || !is("status", record.StatusNormal) {
		return ErrReceivable
	}
	return nil
}

// LeafOf is the hash of a record's leaf, by which desks name it.
func LeafOf(enterprise uint64, o *vault.Opened) []byte {
	return record.LeafHash(enterprise, o.Record.Schema, o.Salt, o.Canonical)
}

// Find is the record of that leaf among what was opened, or ErrRecord.
func Find(r desk.Reading, leaf []byte) (*vault.Opened, error) {
	for _, o := range r.Opened {
		if bytes.Equal(LeafOf(r.Consent.Terms.EnterpriseId, o), leaf) {
			return o, pledgeable(o.Record)
		}
	}
	return nil, ErrRecord
}

// tags are those of a record that this organisation opened under a consent.
func (f *Office) tags(ctx context.Context, consent []byte, seller string, r *record.Record) ([]pledgev1.Tag, error) {
	input, err := oprf.InvoiceInput(country, seller, "", r.SourceID())
	if err != nil {
		return nil, err
	}
	list, err := f.Tags.Receivables(ctx, consent, input)
	if err != nil {
		return nil, fmt.Errorf("asking the members for the tag: %w", err)
	}
	return list[0], nil
}

// Check tells whether a receivable is pledged, at whomever it may be. seller is
// the enterprise's registration code.
func (f *Office) Check(ctx context.Context, r desk.Reading, seller string, leaf []byte) (pledged bool, err error) {
	o, err := Find(r, leaf)
	if err != nil {
		return false, err
	}
	list, err := f.tags(ctx, r.Consent.Id, seller, o.Record)
	if err != nil {
		return false, err
	}
	for _, t := range list {
		a, err := f.Client.Pledge.Check(ctx, &pledgev1.QueryCheckRequest{Tag: t.Tag})
		if err != nil {
			return false, fmt.Errorf("checking a tag: %w", err)
		}
		pledged = pledged || a.Availability == pledgev1.Availability_AVAILABILITY_PLEDGED
	}
	return pledged, nil
}

// Ask has a verifier state the receivable's tag for this lender.
func (f *Office) Ask(ctx context.Context, r desk.Reading, seller string, leaf []byte, verifier uint64) (Order, error) {
	o, err := Find(r, leaf)
	if err != nil {
		return Order{}, err
	}
	// The lender sends its pledges itself and shows the opening. The private half of
	// the pledge key would sign for a relay, and is not kept.
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Order{}, fmt.Errorf("drawing a pledge key: %w", err)
	}
	random := make([]byte, 16+2*artefact.SaltBytes)
	rand.Read(random)
	face, _ := o.Record.Int("amount")
	order := Order{
		ID: orderID(random[:16]), Lender: f.OrgID, Verifier: verifier, Enterprise: r.Consent.Terms.EnterpriseId,
		Seller: seller, Number: o.Record.SourceID(), ConsentID: r.Consent.Id, Leaf: leaf, FaceFen: face, PledgeKey: public,
		Salt: random[16 : 16+artefact.SaltBytes], FaceSalt: random[16+artefact.SaltBytes:], State: StateAsked,
	}
	return order, f.Book.add(ctx, order)
}

// Attest states an order's receivable on chain. The verifier opened the record
// itself: it holds the order against it, has the members make the tag for itself,
// and makes sure that the lender's consent is live and covers the record.
func (f *Office) Attest(ctx context.Context, id string, r desk.Reading) (chain.Result, error) {
	var none chain.Result
	order, err := f.Book.Order(ctx, f.OrgID, id)
	if err != nil {
		return none, err
	}
	if order.Verifier != f.OrgID || order.State != StateAsked {
		return none, fmt.Errorf("%w: it is %s", ErrState, order.State)
	}
	o, err := Find(r, order.Leaf)
	if err != nil {
		return none, err
	}
	face, _ := o.Record.Int("amount")
	if face != order.FaceFen || o.Record.SourceID() != order.Number || r.Consent.Terms.EnterpriseId != order.Enterprise {
		return none, ErrOrder
	}
	if err := f.consented(ctx, order, o.Record.Schema.Category); err != nil {
		return none, err
	}
	list, err := f.tags(ctx, r.Consent.Id, order.Seller, o.Record)
	if err != nil {
		return none, err
	}
	lender, err := artefact.LenderCommitment(order.Lender, order.ConsentID, order.PledgeKey, order.Salt)
	if err != nil {
		return none, err
	}
	hidden, err := artefact.FaceCommitment(order.FaceFen, order.FaceSalt)
	if err != nil {
		return none, err
	}
	until, err := f.until(ctx, statementLife, func(p pledgev1.Params) int64 { return p.StatementSecondsMax })
	if err != nil {
		return none, err
	}
	res, err := f.Client.Send(ctx, f.Device, &pledgev1.MsgAttestReceivable{
		Device: wire.Address(f.Device), OrgId: f.OrgID, EnterpriseId: order.Enterprise, BatchId: o.Batch.ID[:], LeafHash: order.Leaf,
		Tags: list, LenderCommitment: lender, PledgeKey: order.PledgeKey, FaceCommitment: hidden, ExpiresAt: until,
	})
	if err != nil {
		return res, err
	}
	var answer pledgev1.MsgAttestReceivableResponse
	if err := f.Client.Response(res, 0, &answer); err != nil {
		return res, err
	}
	order.StatementID, order.State = answer.StatementId, StateAttested
	return res, f.Book.save(ctx, order)
}

// consented is nil when the lender's consent is live and covers the record.
func (f *Office) consented(ctx context.Context, o Order, c record.Category) error {
	q, err := f.Client.Profile.Consent(ctx, &profilev1.QueryConsentRequest{ConsentId: o.ConsentID})
	if err != nil {
		return fmt.Errorf("reading the lender's consent: %w", err)
	}
	head, err := f.Client.Head(ctx)
	if err != nil {
		return err
	}
	t, now := q.Consent.Terms, head.Time.Unix()
	if q.Consent.State != profilev1.ConsentState_CONSENT_STATE_ACTIVE || now < t.StartsAt || now >= t.ExpiresAt ||
		t.GranteeOrgId != o.Lender || t.EnterpriseId != o.Enterprise || !slices.Contains(t.Categories, profilev1.Category(c)) {
		return ErrConsent
	}
	return nil
}

// Pledge pledges an amount of an attested receivable, the share rounded up to a
// millionth. Where another lender was faster the chain's ErrPledged comes back.
func (f *Office) Pledge(ctx context.Context, id string, amountFen int64) (chain.Result, error) {
	var none chain.Result
	order, err := f.lenders(ctx, id)
	if err != nil {
		return none, err
	}
	if order.State == StateAsked || order.State == StatePledged {
		return none, fmt.Errorf("%w: it is %s", ErrState, order.State)
	}
	ppm, err := sharePpm(amountFen, order.FaceFen)
	if err != nil {
		return none, err
	}
	st, err := f.Client.Pledge.Statement(ctx, &pledgev1.QueryStatementRequest{Id: order.StatementID})
	if err != nil {
		return none, fmt.Errorf("reading statement %d: %w", order.StatementID, err)
	}
	until, err := f.until(ctx, pledgeLife, func(p pledgev1.Params) int64 { return p.PledgeSecondsMax })
	if err != nil {
		return none, err
	}
	list := st.Statement.Tags
	res, err := f.Client.Send(ctx, f.Device, &pledgev1.MsgPledge{
		Device: wire.Address(f.Device), OrgId: f.OrgID, StatementId: order.StatementID, Tag: list[len(list)-1].Tag,
		SharePpm: ppm, ExpiresAt: until, Opening: &pledgev1.Opening{ConsentId: order.ConsentID, Salt: order.Salt},
	})
	if err != nil {
		return res, err
	}
	var answer pledgev1.MsgPledgeResponse
	if err := f.Client.Response(res, 0, &answer); err != nil {
		return res, err
	}
	order.PledgeID, order.SharePpm, order.State = answer.PledgeId, ppm, StatePledged
	return res, f.Book.save(ctx, order)
}

// Release lets the pledge of an order go. While its statement lasts it can be
// pledged again.
func (f *Office) Release(ctx context.Context, id string) (chain.Result, error) {
	order, err := f.lenders(ctx, id)
	if err != nil {
		return chain.Result{}, err
	}
	if order.State != StatePledged {
		return chain.Result{}, fmt.Errorf("%w: it is %s", ErrState, order.State)
	}
	res, err := f.Client.Send(ctx, f.Device, &pledgev1.MsgReleasePledge{
		Device: wire.Address(f.Device), OrgId: f.OrgID, PledgeId: order.PledgeID,
		Opening: &pledgev1.Opening{ConsentId: order.ConsentID, Salt: order.Salt},
	})
	if err != nil {
		return res, err
	}
	order.State = StateReleased
	return res, f.Book.save(ctx, order)
}

// lenders is an order of this lender's.
func (f *Office) lenders(ctx context.Context, id string) (Order, error) {
	o, err := f.Book.Order(ctx, f.OrgID, id)
	if err == nil && o.Lender != f.OrgID {
		err = ErrUnknown
	}
	return o, err
}

// sharePpm is the part of the face in millionths, rounded up: a pledge covers at
// least the amount.
func sharePpm(amountFen, faceFen int64) (uint32, error) {
	if amountFen <= 0 || amountFen > faceFen {
		return 0, fmt.Errorf("%w: got %d fen of %d", ErrAmount, amountFen, faceFen)
	}
	n := new(big.Int).Mul(big.NewInt(amountFen), big.NewInt(facePpm))
	n.Add(n, big.NewInt(faceFen-1)).Quo(n, big.NewInt(faceFen))
	return uint32(n.Int64()), nil
}

// until is the chain's time some life from now, within its parameter.
func (f *Office) until(ctx context.Context, life time.Duration, most func(pledgev1.Params) int64) (int64, error) {
	head, err := f.Client.Head(ctx)
	if err != nil {
		return 0, err
	}
	p, err := f.Client.Pledge.Params(ctx, &pledgev1.QueryParamsRequest{})
	if err != nil {
		return 0, fmt.Errorf("reading the parameters: %w", err)
	}
	return head.Time.Unix() + min(int64(life/time.Second), most(p.Params)), nil
}
