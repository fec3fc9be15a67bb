package pledging

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/tagging"
	"github.com/xinlian/xinlian/gateway/vault"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/artefact"
)

// openMax bounds the orders of one lender that wait at one verifier.
const openMax = 50

// The refusals of a letter; the sender sees their text.
var (
	ErrAddressee = errors.New("pledging: the letter is for an organisation or chain that is not here")
	ErrExpired   = errors.New("pledging: the letter has expired or lies too far ahead")
	ErrSender    = errors.New("pledging: the signing device is not an active one of the lender, or the signature is not its")
	ErrFull      = errors.New("pledging: the verifier has enough open orders of this lender: wait until it has stated some")
	ErrPledge    = errors.New("pledging: the chain has no such pledge of this lender")
	ErrStale     = errors.New("pledging: the newest block is too old to decide on")
)

// Ledger answers an inbox's questions from the gateway's own node.
type Ledger interface {
	// Now is the time of the newest block.
	Now(ctx context.Context) (time.Time, error)
	// Device is a device, or vault.ErrDevice.
	Device(ctx context.Context, address string) (vault.Device, error)
	// Acts tells whether an organisation is active.
	Acts(ctx context.Context, orgID uint64) (bool, error)
	// Consent is a consent; an error where there is none.
	Consent(ctx context.Context, id []byte) (profilev1.Consent, error)
	// Keeps tells whether an organisation is a custodian of the enterprise's records.
	Keeps(ctx context.Context, custodian, enterprise uint64) (bool, error)
	// Standing is a pledge with its statement; an error where there is none.
	Standing(ctx context.Context, pledge uint64) (pledgev1.Statement, pledgev1.Pledge, error)
}

// Chain is a Ledger over a node.
type Chain struct{ tagging.Chain }

var _ Ledger = Chain{}

// NewChain is a Ledger over a client's node.
func NewChain(c *chain.Client) Chain { return Chain{tagging.Chain{Client: c}} }

// Consent asks for a consent.
func (c Chain) Consent(ctx context.Context, id []byte) (profilev1.Consent, error) {
	q, err := c.Client.Profile.Consent(ctx, &profilev1.QueryConsentRequest{ConsentId: id})
	if err != nil {
		return profilev1.Consent{}, fmt.Errorf("reading the lender's consent: %w", err)
	}
	return q.Consent, nil
}

// Keeps asks for the enterprise's custodians.
func (c Chain) Keeps(ctx context.Context, custodian, enterprise uint64) (bool, error) {
	list, err := custodiansOf(ctx, c.Client, enterprise)
	return slices.Contains(list, custodian), err
}

// custodiansOf lists an enterprise's custodians, the first one first.
func custodiansOf(ctx context.Context, c *chain.Client, enterprise uint64) ([]uint64, error) {
	q, err := c.Org.Organisation(ctx, &orgv1.QueryOrganisationRequest{Id: enterprise})
	if err != nil {
		return nil, fmt.Errorf("reading enterprise %d: %w", enterprise, err)
	}
	var list []uint64
	for _, id := range []uint64{q.Organisation.CustodianOrgId, q.Organisation.SecondCustodianOrgId} {
		if id != 0 {
			list = append(list, id)
		}
	}
	return list, nil
}

// Standing asks for a pledge and its statement.
func (c Chain) Standing(ctx context.Context, pledge uint64) (pledgev1.Statement, pledgev1.Pledge, error) {
	p, err := c.Client.Pledge.Pledge(ctx, &pledgev1.QueryPledgeRequest{Id: pledge})
	if err != nil {
		return pledgev1.Statement{}, pledgev1.Pledge{}, fmt.Errorf("reading pledge %d: %w", pledge, err)
	}
	s, err := c.Client.Pledge.Statement(ctx, &pledgev1.QueryStatementRequest{Id: p.Pledge.StatementId})
	if err != nil {
		return pledgev1.Statement{}, pledgev1.Pledge{}, fmt.Errorf("reading statement %d: %w", p.Pledge.StatementId, err)
	}
	return s.Statement, p.Pledge, nil
}

// Inbox takes letters of lenders at other gateways for organisations of this one.
type Inbox struct {
	ChainID    string
	Ledger     Ledger
	Signers    vault.Signer
	Verifiers  map[uint64]bool // with a desk here
	Custodians map[uint64]bool // with a vault here
	Book       *Book
	Now        func() time.Time
}

// Answer is how far an order has come at its verifier.
type Answer struct {
	State       State
	StatementID uint64
}

// Take files a letter. An order that is here already is answered with how far it
// is, so that a lender asks by sending it again.
func (i *Inbox) Take(ctx context.Context, k Kind, raw, signature []byte) (Answer, error) {
	l, err := DecodeLetter(k, raw)
	if err != nil {
		return Answer{}, err
	}
	here := i.Verifiers
	if k == KindNotice {
		here = i.Custodians
	}
	if l.ChainID != i.ChainID || !here[l.To] {
		return Answer{}, ErrAddressee
	}
	now, err := i.identify(ctx, l, raw, signature)
	if err != nil {
		return Answer{}, err
	}
	if k == KindNotice {
		return Answer{}, i.notice(ctx, l)
	}
	return i.order(ctx, l, now)
}

// identify proves who sent a letter, and that it is fresh by a chain that is.
func (i *Inbox) identify(ctx context.Context, l Letter, raw, signature []byte) (time.Time, error) {
	now, err := i.Ledger.Now(ctx)
	if err != nil {
		return now, fmt.Errorf("reading the chain's time: %w", err)
	}
	if age := i.Now().Sub(now); age > vault.HeadAgeMax || age < -vault.HeadAgeMax {
		return now, ErrStale
	}
	if l.Expires.Before(now) || l.Expires.Sub(now) > letterLifeMax {
		return now, ErrExpired
	}
	d, err := i.Ledger.Device(ctx, l.Device)
	if err != nil {
		return now, fmt.Errorf("%w: %w", ErrSender, err)
	}
	if !d.Active || d.Address != l.Device || d.Org != l.Order.Lender || len(signature) > signatureMax {
		return now, ErrSender
	}
	if err := i.Signers.Check(d, raw, signature); err != nil {
		return now, fmt.Errorf("%w: %w", ErrSender, err)
	}
	acts, err := i.Ledger.Acts(ctx, l.Order.Lender)
	if err == nil && !acts {
		err = ErrSender
	}
	return now, err
}

// order files a new order with its verifier, under the lender's live consent.
func (i *Inbox) order(ctx context.Context, l Letter, now time.Time) (Answer, error) {
	release := i.Book.hold(l.Order.ID)
	defer release()
	was, err := i.Book.Order(ctx, l.To, l.Order.ID)
	switch {
	case err == nil && !was.sameWish(l.Order):
		return Answer{}, fmt.Errorf("%w: another one has its id", ErrOrder)
	case err == nil:
		return Answer{State: was.State, StatementID: was.StatementID}, nil
	case !errors.Is(err, ErrUnknown):
		return Answer{}, err
	}
	c, err := i.Ledger.Consent(ctx, l.Order.ConsentID)
	if err != nil {
		return Answer{}, fmt.Errorf("%w: %w", ErrConsent, err)
	}
	if !consents(c, l.Order, now.Unix(), profilev1.Category_CATEGORY_INVOICE, profilev1.Category_CATEGORY_RECEIVABLE) {
		return Answer{}, ErrConsent
	}
	list, err := i.Book.Orders(ctx, l.To)
	if err != nil {
		return Answer{}, err
	}
	open := 0
	for _, o := range list {
		if o.Lender == l.Order.Lender && o.State == StateAsked {
			open++
		}
	}
	if open >= openMax {
		return Answer{}, ErrFull
	}
	o := l.Order
	o.State, o.AskedAt = StateAsked, now.Unix()
	return Answer{State: o.State}, i.Book.file(ctx, o, o.Verifier)
}

// notice files a pledge with its owner, when the chain has it and its opening fits.
func (i *Inbox) notice(ctx context.Context, l Letter) error {
	o := l.Order
	keeps, err := i.Ledger.Keeps(ctx, l.To, o.Enterprise)
	if err != nil {
		return err
	}
	if !keeps {
		return ErrAddressee
	}
	st, p, err := i.Ledger.Standing(ctx, o.PledgeID)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPledge, err)
	}
	if st.Id != o.StatementID {
		return ErrPledge
	}
	if err := opens(st, o); err != nil {
		return err
	}
	o.State, o.SharePpm = StatePledged, p.SharePpm
	release := i.Book.hold(o.ID)
	defer release()
	was, err := i.Book.Order(ctx, o.Enterprise, o.ID)
	switch {
	case err == nil && (was.Lender != o.Lender || was.StatementID != 0 && was.StatementID != o.StatementID):
		return fmt.Errorf("%w: another one has its id", ErrOrder)
	case err == nil:
		was.StatementID, was.SharePpm = o.StatementID, o.SharePpm
		was.succeed(o.PledgeID)
		o = was
	case !errors.Is(err, ErrUnknown):
		return err
	}
	return i.Book.file(ctx, o, o.Enterprise)
}

// opens is nil when a statement is the one that an order asked for: its verifier's,
// over its leaf, with commitments that the order opens.
func opens(st pledgev1.Statement, o Order) error {
	lender, err := artefact.LenderCommitment(o.Lender, o.ConsentID, o.PledgeKey, o.Salt)
	if err != nil {
		return err
	}
	face, err := artefact.FaceCommitment(o.FaceFen, o.FaceSalt)
	if err != nil {
		return err
	}
	if st.AttestorOrgId != o.Verifier || st.EnterpriseId != o.Enterprise || !bytes.Equal(st.LeafHash, o.Leaf) ||
		!bytes.Equal(st.PledgeKey, o.PledgeKey) || !bytes.Equal(st.LenderCommitment, lender) || !bytes.Equal(st.FaceCommitment, face) {
		return fmt.Errorf("%w: statement %d is about something else", ErrPledge, st.Id)
	}
	return nil
}

// consents tells whether a consent is live, the lender's over the enterprise, and
// covers one of the categories.
func consents(c profilev1.Consent, o Order, now int64, any ...profilev1.Category) bool {
	t := c.Terms
	return c.State == profilev1.ConsentState_CONSENT_STATE_ACTIVE && t.StartsAt <= now && now < t.ExpiresAt &&
		t.GranteeOrgId == o.Lender && t.EnterpriseId == o.Enterprise &&
		slices.ContainsFunc(t.Categories, func(x profilev1.Category) bool { return slices.Contains(any, x) })
}
