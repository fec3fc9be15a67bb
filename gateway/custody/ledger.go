package custody

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/vault"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/record"
)

// Ledger answers the vault's questions from the chain. Each answer is read at
// the moment it is asked: a revocation bites at the next block.
type Ledger struct{ Client *chain.Client }

var _ vault.Chain = Ledger{}

// Head is the newest block.
func (l Ledger) Head(ctx context.Context) (vault.Head, error) {
	h, err := l.Client.Head(ctx)
	return vault.Head{Height: uint64(h.Height), Time: h.Time}, err
}

// Consent is the state of a consent.
func (l Ledger) Consent(ctx context.Context, id vault.ID) (vault.Consent, error) {
	r, err := l.Client.Profile.Consent(ctx, &profilev1.QueryConsentRequest{ConsentId: id[:]})
	if status.Code(err) == codes.NotFound {
		return vault.Consent{}, vault.ErrConsentUnknown
	}
	if err != nil {
		return vault.Consent{}, fmt.Errorf("reading consent %s: %w", id, err)
	}
	t := r.Consent.Terms
	c := vault.Consent{
		ID: id, Enterprise: t.EnterpriseId, Grantee: t.GranteeOrgId, State: vault.State(r.Consent.State),
		Purpose: PurposeOf(t), Use: vault.Use(t.Mode), Months: vault.Months{From: t.MonthFrom, To: t.MonthTo},
		Start: time.Unix(t.StartsAt, 0).UTC(), End: time.Unix(t.ExpiresAt, 0).UTC(),
		FetchUnit: vault.FetchUnit(t.FetchUnit), FetchLimit: t.FetchLimit, AmountFenMin: t.AmountFenMin, Schemas: t.Schemas,
	}
	for _, k := range t.Categories {
		c.Categories = append(c.Categories, record.Category(k))
	}
	for _, p := range t.Providers {
		c.Providers = append(c.Providers, vault.Provider{Org: p.OrgId, Stream: p.Source})
	}
	return c, nil
}

// CasePrefix begins the purpose of a read under a regulator's case; the case
// number follows.
const CasePrefix = "supervision:"

// PurposeOf is the purpose that reads under a consent must name: its purpose, or
// the regulator's case with its number.
func PurposeOf(t profilev1.ConsentTerms) string {
	if t.Purpose == profilev1.Purpose_PURPOSE_SUPERVISION {
		return CasePrefix + t.CaseNumber
	}
	return PurposeName(t.Purpose)
}

// PurposeName is the name of a purpose in read requests and receipts.
func PurposeName(p profilev1.Purpose) string {
	if p == profilev1.Purpose_PURPOSE_UNSPECIFIED {
		return ""
	}
	return strings.ToLower(strings.TrimPrefix(p.String(), "PURPOSE_"))
}

// Device is a device as the chain knows it.
func (l Ledger) Device(ctx context.Context, address string) (vault.Device, error) {
	r, err := l.Client.Org.Device(ctx, &orgv1.QueryDeviceRequest{Address: address})
	if c := status.Code(err); c == codes.NotFound || c == codes.InvalidArgument {
		return vault.Device{}, vault.ErrDevice
	}
	if err != nil {
		return vault.Device{}, fmt.Errorf("reading device %s: %w", address, err)
	}
	d := r.Device
	kinds := map[orgv1.KeyType]vault.KeyType{
		orgv1.KeyType_KEY_TYPE_ED25519:   vault.KeyEd25519,
		orgv1.KeyType_KEY_TYPE_SECP256K1: vault.KeySecp256k1,
		orgv1.KeyType_KEY_TYPE_PASSKEY:   vault.KeyPasskey,
	}
	return vault.Device{
		Address: d.Address, Org: d.OrgId, KeyType: kinds[d.Key.Type], Public: d.Key.Key,
		Active: d.Status == orgv1.DeviceStatus_DEVICE_STATUS_ACTIVE,
	}, nil
}

// DataKey is the current data key of an organisation.
func (l Ledger) DataKey(ctx context.Context, org uint64) (vault.Recipient, error) {
	r, err := l.Client.Org.Organisation(ctx, &orgv1.QueryOrganisationRequest{Id: org})
	if err != nil {
		return vault.Recipient{}, fmt.Errorf("reading organisation %d: %w", org, err)
	}
	if r.Organisation.DataKey == nil {
		return vault.Recipient{}, fmt.Errorf("%w: organisation %d has set no data key", vault.ErrKey, org)
	}
	suite, err := Suite(ctx, l.Client)
	if err != nil {
		return vault.Recipient{}, err
	}
	return vault.Recipient{Suite: suite, Public: r.Organisation.DataKey.PublicKey}, nil
}

// Anchored is the anchor of a batch.
func (l Ledger) Anchored(ctx context.Context, id vault.ID) (vault.Anchor, error) {
	r, err := l.Client.Profile.Batch(ctx, &profilev1.QueryBatchRequest{BatchId: id[:]})
	if status.Code(err) == codes.NotFound {
		return vault.Anchor{}, vault.ErrNotAnchored
	}
	if err != nil {
		return vault.Anchor{}, fmt.Errorf("reading batch %s: %w", id, err)
	}
	b := r.Batch
	a := vault.Anchor{
		Enterprise: b.EnterpriseId, Category: record.Category(b.Category), Epoch: b.Anchor.Epoch,
		Source: b.Anchor.SourceOrgId, Stream: b.Anchor.Source, Count: uint64(b.Anchor.RecordCount),
		PeriodFrom: int64(b.Anchor.PeriodFrom), PeriodTo: int64(b.Anchor.PeriodTo), Status: vault.AnchorStatus(b.Status),
	}
	copy(a.Root[:], b.Anchor.Root)
	return a, nil
}

// Custodians are the enterprise's first and second custodian, 0 for none.
func (l Ledger) Custodians(ctx context.Context, enterprise uint64) (first, second uint64, err error) {
	r, err := l.Client.Org.Organisation(ctx, &orgv1.QueryOrganisationRequest{Id: enterprise})
	if err != nil {
		return 0, 0, fmt.Errorf("reading enterprise %d: %w", enterprise, err)
	}
	return r.Organisation.CustodianOrgId, r.Organisation.SecondCustodianOrgId, nil
}

// Erasures lists the enterprises whose owner has ordered their erasure.
func (l Ledger) Erasures(ctx context.Context) ([]uint64, error) {
	rows, err := l.erasures(ctx)
	ids := make([]uint64, len(rows))
	for i, e := range rows {
		ids[i] = e.EnterpriseId
	}
	return ids, err
}

func (l Ledger) erasures(ctx context.Context) ([]profilev1.Erasure, error) {
	var list []profilev1.Erasure
	page := &query.PageRequest{Limit: pageRows}
	for page != nil {
		r, err := l.Client.Profile.Erasures(ctx, &profilev1.QueryErasuresRequest{Pagination: page})
		if err != nil {
			return nil, fmt.Errorf("reading the erasures: %w", err)
		}
		list = append(list, r.Erasures...)
		page = next(r.Pagination)
	}
	return list, nil
}
