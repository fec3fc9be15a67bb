package desk

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"time"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/vault"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
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
	Service wire.Signer    // signs attestations and scores
	DataKey *vault.DataKey // opens what is wrapped to the organisation
	Vaults  Vaults
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
// organisation's devices. Every record in the result is proven against the
// anchored root of its batch.
func (d *Desk) Open(ctx context.Context, device wire.ReadSigner, consentID []byte) (Reading, error) {
	r, err := d.Client.Profile.Consent(ctx, &profilev1.QueryConsentRequest{ConsentId: consentID})
	if err != nil {
		return Reading{}, fmt.Errorf("reading the consent: %w", err)
	}
	out := Reading{Consent: r.Consent}
	custodian, err := d.custodianOf(ctx, r.Consent.Terms.EnterpriseId)
	if err != nil {
		return out, err
	}
	req, err := d.request(ctx, device, custodian, r.Consent)
	if err != nil {
		return out, err
	}
	raw, err := req.Encoded()
	if err != nil {
		return out, err
	}
	signature, err := device.SignRead(raw)
	if err != nil {
		return out, fmt.Errorf("signing the request: %w", err)
	}
	delivery, err := d.Vaults.Read(ctx, custodian, req, signature)
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
	return out, err
}

func (d *Desk) request(ctx context.Context, device wire.ReadSigner, custodian uint64, k profilev1.Consent) (vault.ReadRequest, error) {
	head, err := d.Client.Head(ctx)
	if err != nil {
		return vault.ReadRequest{}, err
	}
	req := vault.ReadRequest{
		ChainID: d.Client.ChainID(), Custodian: custodian, Consent: vault.ID(k.Id),
		Purpose: custody.PurposeName(k.Terms.Purpose), Use: vault.Use(k.Terms.Mode), Device: wire.Address(device),
		Selector: vault.Selector{Months: vault.Months{From: k.Terms.MonthFrom, To: k.Terms.MonthTo}},
		Expires:  head.Time.Add(requestLife).Truncate(time.Second),
	}
	for _, c := range k.Terms.Categories {
		req.Selector.Categories = append(req.Selector.Categories, record.Category(c))
	}
	_, err = rand.Read(req.Nonce[:])
	return req, err
}

func (d *Desk) custodianOf(ctx context.Context, enterprise uint64) (uint64, error) {
	r, err := d.Client.Org.Organisation(ctx, &orgv1.QueryOrganisationRequest{Id: enterprise})
	if err != nil {
		return 0, fmt.Errorf("reading enterprise %d: %w", enterprise, err)
	}
	return r.Organisation.CustodianOrgId, nil
}
