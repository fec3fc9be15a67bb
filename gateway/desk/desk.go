package desk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/vault"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/wire"
)

// requestLife is how long a read request is good for.
const requestLife = 2 * time.Minute

// Vaults finds the vault of a custodian.
type Vaults interface {
	// Read sends a signed request and returns the delivery, still sealed.
	Read(ctx context.Context, custodian uint64, req vault.ReadRequest, signature []byte) (io.ReadCloser, error)
}

// Desk acts for one organisation.
type Desk struct {
	Client  *chain.Client
	OrgID   uint64
	Service wire.Signer         // signs attestations and scores
	DataKey vault.DataKeySource // opens what is wrapped to the organisation
	Vaults  Vaults
	Keeper  Keeper
	// Forget drops what others of this process still hold of a consent's records in
	// memory; nil where nobody does.
	Forget func(consent []byte)
}

// Reading is what a read under a consent gave.
type Reading struct {
	Consent profilev1.Consent
	Opened  []*vault.Opened
	Receipt vault.Receipt
}

// Records lists the records without their proofs.
func (r Reading) Records() []*record.Record {
	list := make([]*record.Record, len(r.Opened))
	for i, o := range r.Opened {
		list[i] = o.Record
	}
	return list
}

// Open reads everything that a consent covers, signed by one of the
// organisation's devices, from the first custodian or, when that gives no answer,
// from the second. Every record in the result is proven against the
// anchored root of its batch.
func (d *Desk) Open(ctx context.Context, device wire.ReadSigner, consentID []byte) (Reading, error) {
	r, err := d.Client.Profile.Consent(ctx, &profilev1.QueryConsentRequest{ConsentId: consentID})
	if err != nil {
		return Reading{}, fmt.Errorf("reading the consent: %w", err)
	}
	first, second, err := custody.Ledger{Client: d.Client}.Custodians(ctx, r.Consent.Terms.EnterpriseId)
	if err != nil {
		return Reading{}, err
	}
	out, err := d.openAt(ctx, device, r.Consent, first)
	// A refusal is an answer; anything else may be a vault that is down.
	if err == nil || second == 0 || vault.OutcomeOf(err) != vault.OutcomeFailed || ctx.Err() != nil {
		return out, err
	}
	again, errSecond := d.openAt(ctx, device, r.Consent, second)
	if errSecond != nil {
		return again, errors.Join(err, fmt.Errorf("second custodian %d: %w", second, errSecond))
	}
	return again, nil
}

func (d *Desk) openAt(ctx context.Context, device wire.ReadSigner, consent profilev1.Consent, custodian uint64) (Reading, error) {
	req, err := d.requestTo(ctx, wire.Address(device), consent, custodian)
	if err != nil {
		return Reading{}, err
	}
	raw, err := req.Encoded()
	if err != nil {
		return Reading{}, err
	}
	signature, err := device.SignRead(raw)
	if err != nil {
		return Reading{}, fmt.Errorf("signing the request: %w", err)
	}
	return d.Deliver(ctx, req, signature)
}

// Request makes the request that a device signs to read everything that a
// consent covers. It is good once and for two minutes.
func (d *Desk) Request(ctx context.Context, device string, consentID []byte) (vault.ReadRequest, error) {
	r, err := d.Client.Profile.Consent(ctx, &profilev1.QueryConsentRequest{ConsentId: consentID})
	if err != nil {
		return vault.ReadRequest{}, fmt.Errorf("reading the consent: %w", err)
	}
	custodian, _, err := custody.Ledger{Client: d.Client}.Custodians(ctx, r.Consent.Terms.EnterpriseId)
	if err != nil {
		return vault.ReadRequest{}, err
	}
	return d.requestTo(ctx, device, r.Consent, custodian)
}

func (d *Desk) requestTo(ctx context.Context, device string, consent profilev1.Consent, custodian uint64) (vault.ReadRequest, error) {
	t := consent.Terms
	head, err := d.Client.Head(ctx)
	if err != nil {
		return vault.ReadRequest{}, err
	}
	req := vault.ReadRequest{
		ChainID: d.Client.ChainID(), Custodian: custodian, Consent: vault.ID(consent.Id),
		Purpose: custody.PurposeOf(t), Use: vault.Use(t.Mode), Device: device,
		Selector: vault.Selector{Months: vault.Months{From: t.MonthFrom, To: t.MonthTo}},
		Expires:  head.Time.Add(requestLife).Truncate(time.Second),
	}
	for _, c := range t.Categories {
		req.Selector.Categories = append(req.Selector.Categories, record.Category(c))
	}
	_, err = rand.Read(req.Nonce[:])
	return req, err
}

// Deliver sends a signed request to the custodian's vault and opens what comes
// with the organisation's data key.
func (d *Desk) Deliver(ctx context.Context, req vault.ReadRequest, signature []byte) (Reading, error) {
	r, err := d.Client.Profile.Consent(ctx, &profilev1.QueryConsentRequest{ConsentId: req.Consent[:]})
	if err != nil {
		return Reading{}, fmt.Errorf("reading the consent: %w", err)
	}
	out := Reading{Consent: r.Consent}
	delivery, err := d.Vaults.Read(ctx, req.Custodian, req, signature)
	if err != nil {
		return out, err
	}
	defer delivery.Close()
	reader := vault.Reader{ChainID: d.Client.ChainID(), Key: d.DataKey, Anchors: custody.Ledger{Client: d.Client}}
	reading, err := reader.Open(ctx, req, delivery)
	if err != nil {
		return out, err
	}
	out.Opened, err = reading.All()
	out.Receipt = reading.Receipt
	if err == nil && req.Use == vault.UseStore && d.Keeper != nil {
		err = d.keep(ctx, req.Consent, out.Opened)
	}
	return out, err
}
