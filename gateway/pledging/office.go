package pledging

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/desk"
	"github.com/xinlian/xinlian/gateway/vault"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
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
	ErrSeller     = errors.New("pledging: the seller's registration code is not this enterprise's: compare it with your own file")
	ErrVerifier   = errors.New("pledging: no desk of that verifier is known here: choose another, or have its gateway's address configured")
	ErrAmount     = errors.New("pledging: the amount is not above nothing and at most the face amount")
)

// codePledged is the code of x/pledge's ErrPledged, which its golden file holds.
const codePledged = 22

// IsPledged tells whether the chain refused a pledge because the receivable is
// pledged already.
func IsPledged(err error) bool { return chain.IsRefused(err, "pledge", codePledged) }

// Tagger makes tags with the members' help: one for every key that is checked, the
// newest last.
type Tagger interface {
	Receivables(ctx context.Context, consent []byte, inputs ...[]byte) ([][]pledgev1.Tag, error)
	Identity(ctx context.Context, input []byte) ([]pledgev1.Tag, error)
}

// Office acts for one organisation, a lender or a verifier.
type Office struct {
	Client *chain.Client
	OrgID  uint64
	Device wire.ReadSigner // an active device of it
	Tags   Tagger
	Inbox  *Inbox // of this gateway: whoever it takes letters for needs none
	Post   *Post  // to the others
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

// Reaches tells whether an order can be brought to a verifier.
func (f *Office) Reaches(verifier uint64) bool {
	return f.Inbox.Verifiers[verifier] || f.Post.Reaches(verifier)
}

// Ask has a verifier state the receivable's tag for this lender. A verifier
// elsewhere gets the order by letter; one that cannot be brought now is brought
// by Follow.
func (f *Office) Ask(ctx context.Context, r desk.Reading, seller string, leaf []byte, verifier uint64) (Order, error) {
	if verifier == f.OrgID || !f.Reaches(verifier) {
		return Order{}, ErrVerifier
	}
	o, err := Find(r, leaf)
	if err != nil {
		return Order{}, err
	}
	head, err := f.Client.Head(ctx)
	if err != nil {
		return Order{}, err
	}
	// The lender sends its pledges itself and shows the opening. The private half of
	// the pledge key would sign for a relay, and is not kept.
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Order{}, fmt.Errorf("drawing a pledge key: %w", err)
	}
	random := make([]byte, idBytes+2*artefact.SaltBytes)
	rand.Read(random)
	face, _ := o.Record.Int("amount")
	order := Order{
		ID: orderID(random[:idBytes]), Lender: f.OrgID, Verifier: verifier, Enterprise: r.Consent.Terms.EnterpriseId,
		Seller: seller, Number: o.Record.SourceID(), ConsentID: r.Consent.Id, Leaf: leaf, FaceFen: face, PledgeKey: public,
		Salt: random[idBytes : idBytes+artefact.SaltBytes], FaceSalt: random[idBytes+artefact.SaltBytes:], State: StateAsked,
		AskedAt: head.Time.Unix(),
	}
	with := []uint64{order.Lender, order.Enterprise}
	if f.Inbox.Verifiers[verifier] {
		return order, f.Book().file(ctx, order, append(with, verifier)...)
	}
	if err := f.Book().file(ctx, order, with...); err != nil {
		return order, err
	}
	if order, err = f.Follow(ctx, order.ID); errors.Is(err, ErrUnreachable) {
		err = nil // it is filed, and goes out when the other side can be reached
	}
	return order, err
}

// Book holds the orders of this gateway.
func (f *Office) Book() *Book { return f.Inbox.Book }

// verifiers is an order that waits for this verifier.
func (f *Office) verifiers(ctx context.Context, id string) (Order, error) {
	o, err := f.Book().Order(ctx, f.OrgID, id)
	switch {
	case err != nil:
		return o, err
	case o.Verifier != f.OrgID:
		return o, ErrUnknown
	case o.State != StateAsked:
		return o, fmt.Errorf("%w: it is %s", ErrState, o.State)
	}
	return o, nil
}

// Attest states an order's receivable on chain. The verifier opened the record
// itself: it holds the order against it and against the registration code in its
// own file, has the members make the tag for itself, and makes sure that the
// lender's consent is live and covers the record. One that identifies enterprises
// also has the chain say whose the code is.
func (f *Office) Attest(ctx context.Context, id string, r desk.Reading, seller string) (chain.Result, error) {
	var none chain.Result
	release := f.Book().hold(id)
	defer release()
	order, err := f.verifiers(ctx, id)
	if err != nil {
		return none, err
	}
	o, err := f.compare(ctx, order, r, seller)
	if err != nil {
		return none, err
	}
	list, err := f.tags(ctx, r.Consent.Id, seller, o.Record)
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
	return res, f.Book().save(ctx, order)
}

// compare holds an order against the verifier's own opening of the record, its own
// file and the chain.
func (f *Office) compare(ctx context.Context, order Order, r desk.Reading, seller string) (*vault.Opened, error) {
	o, err := Find(r, order.Leaf)
	if err != nil {
		return nil, err
	}
	face, _ := o.Record.Int("amount")
	if face != order.FaceFen || o.Record.SourceID() != order.Number || r.Consent.Terms.EnterpriseId != order.Enterprise {
		return nil, ErrOrder
	}
	if seller != order.Seller {
		return nil, ErrSeller
	}
	if err := f.identified(ctx, order.Enterprise, seller); err != nil {
		return nil, err
	}
	c, err := f.Inbox.Ledger.Consent(ctx, order.ConsentID)
	if err != nil {
		return nil, err
	}
	head, err := f.Client.Head(ctx)
	if err != nil {
		return nil, err
	}
	if !consents(c, order, head.Time.Unix(), profilev1.Category(o.Record.Schema.Category)) {
		return nil, ErrConsent
	}
	return o, nil
}

// identified is nil when the chain knows the enterprise by the code's identity tag.
// Only an organisation that identifies enterprises can ask for that tag; for
// another one its own file is the check.
func (f *Office) identified(ctx context.Context, enterprise uint64, seller string) error {
	me, err := f.Client.Org.Organisation(ctx, &orgv1.QueryOrganisationRequest{Id: f.OrgID})
	if err != nil {
		return fmt.Errorf("reading the roles of organisation %d: %w", f.OrgID, err)
	}
	if !slices.Contains(me.Organisation.Roles, orgv1.Role_ROLE_KYB) {
		return nil
	}
	input, err := oprf.IdentityInput(country, seller)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSeller, err)
	}
	list, err := f.Tags.Identity(ctx, input)
	if err != nil {
		return fmt.Errorf("asking the members for the identity tag: %w", err)
	}
	for _, t := range list {
		q, err := f.Client.Org.OrganisationByTag(ctx, &orgv1.QueryOrganisationByTagRequest{IdentityTag: t.Tag})
		if status.Code(err) == codes.NotFound {
			continue
		}
		if err != nil {
			return fmt.Errorf("looking the enterprise up: %w", err)
		}
		if q.Id == enterprise {
			return nil
		}
	}
	return ErrSeller
}

// Decline ends an order that the verifier does not state, as when its own file says
// otherwise. The lender may ask another verifier.
func (f *Office) Decline(ctx context.Context, id string) error {
	release := f.Book().hold(id)
	defer release()
	order, err := f.verifiers(ctx, id)
	if err != nil {
		return err
	}
	order.State = StateDeclined
	return f.Book().save(ctx, order)
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
