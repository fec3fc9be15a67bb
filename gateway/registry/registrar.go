package registry

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/xinlian/xinlian/gateway/chain"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

const saltBytes = 32

// ErrKnown says that the firm is on chain already, under another device: its
// owner logs in with that one, or a verifier re-binds it.
var ErrKnown = errors.New("registry: the firm is registered already")

// Verifier is a desk with role KYB. What binds an organisation is said by a
// person, so the device is an officer's or an admin's.
type Verifier struct {
	OrgID  uint64
	Device wire.Signer
	Tags   Tagger
}

// Tagger makes identity tags with the members' help: one for every key that is
// checked, the newest last. Each verifier asks for itself.
type Tagger interface {
	Identity(ctx context.Context, input []byte) ([]pledgev1.Tag, error)
}

// Statement is what a verifier keeps of its word: the salt that opens the hash
// on chain.
type Statement struct {
	VerifierOrgID uint64
	Enterprise    uint64
	Salt          []byte
	Hash          []byte
	Firm          Firm
}

// Keeper keeps personal fields sealed.
type Keeper interface {
	Save(ctx context.Context, kind, id string, value any) error
}

// Registrar asks two verifiers to identify a firm.
type Registrar struct {
	Client *chain.Client
	First  Verifier
	Second Verifier
	// AmountLimitFen bounds each money message of a new owner's device.
	AmountLimitFen int64
	Keeper         Keeper
}

// Kinds of what the registrar keeps; a firm is under its enterprise's number.
const (
	KindFirm      = "firm"
	KindStatement = "statement"
)

// Register has both verifiers state the firm's identity and binds the owner's
// device, which is pending until it signs. It may be called again after a crash
// or a failure: what is on chain already is not sent twice. A firm that another
// device holds is ErrKnown; a bad field is one of ErrName, ErrTaxNumber and
// ErrAccount.
func (r *Registrar) Register(ctx context.Context, firm Firm, ownerKey orgv1.DeviceKey) (uint64, error) {
	firm, err := firm.Normalised()
	if err != nil {
		return 0, err
	}
	tags, err := r.First.tags(ctx, firm)
	if err != nil {
		return 0, err
	}
	id := uint64(0)
	for _, t := range tags { // a firm may be there under an earlier key's tag
		if id, err = r.find(ctx, t, ownerKey); err != nil || id != 0 {
			break
		}
	}
	if err != nil {
		return 0, err
	}
	if id == 0 {
		if id, err = r.first(ctx, firm, tags[len(tags)-1], ownerKey); err != nil {
			return 0, err
		}
	}
	if err := r.Keeper.Save(ctx, KindFirm, fmt.Sprint(id), firm); err != nil {
		return 0, err
	}
	return id, r.second(ctx, firm, id)
}

// tags are the firm's identity tags as this verifier has the members make them,
// the newest last.
func (v Verifier) tags(ctx context.Context, firm Firm) ([][]byte, error) {
	input, err := firm.TagInput()
	if err != nil {
		return nil, err
	}
	made, err := v.Tags.Identity(ctx, input)
	if err != nil {
		return nil, fmt.Errorf("asking the members for the identity tag: %w", err)
	}
	tags := make([][]byte, len(made))
	for i, t := range made {
		tags[i] = t.Tag
	}
	return tags, nil
}

// find looks for an enterprise of that tag; one of the same device is taken up.
func (r *Registrar) find(ctx context.Context, tag []byte, key orgv1.DeviceKey) (uint64, error) {
	q, err := r.Client.Org.OrganisationByTag(ctx, &orgv1.QueryOrganisationByTagRequest{IdentityTag: tag})
	if status.Code(err) == codes.NotFound {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("looking the firm up: %w", err)
	}
	if q.Id == 0 {
		return 0, nil
	}
	d, err := r.Client.Org.Devices(ctx, &orgv1.QueryDevicesRequest{OrgId: q.Id})
	if err != nil {
		return 0, fmt.Errorf("reading the firm's devices: %w", err)
	}
	for _, dev := range d.Devices {
		if dev.Key.Type == key.Type && bytes.Equal(dev.Key.Key, key.Key) {
			return q.Id, nil
		}
	}
	return 0, ErrKnown
}

func (r *Registrar) first(ctx context.Context, firm Firm, tag []byte, key orgv1.DeviceKey) (uint64, error) {
	s, err := r.statement(firm, r.First)
	if err != nil {
		return 0, err
	}
	if err := r.keep(ctx, s); err != nil {
		return 0, err
	}
	res, err := r.Client.Send(ctx, r.First.Device, &orgv1.MsgRegisterEnterprise{
		Device: wire.Address(r.First.Device), OrgId: r.First.OrgID, IdentityTag: tag, StatementHash: s.Hash,
		OwnerKey: key, AmountLimitFen: r.AmountLimitFen,
	})
	if err != nil {
		return 0, fmt.Errorf("registering the firm: %w", err)
	}
	var answer orgv1.MsgRegisterEnterpriseResponse
	if err := r.Client.Response(res, 0, &answer); err != nil {
		return 0, err
	}
	return answer.EnterpriseId, nil
}

// second adds the second verifier's word, unless the row has it.
// It has the tag made for itself: the chain holds it against the first one's.
func (r *Registrar) second(ctx context.Context, firm Firm, id uint64) error {
	q, err := r.Client.Org.Organisation(ctx, &orgv1.QueryOrganisationRequest{Id: id})
	if err != nil {
		return fmt.Errorf("reading enterprise %d: %w", id, err)
	}
	for _, k := range q.Organisation.Kyb {
		if k.VerifierOrgId == r.Second.OrgID {
			return nil
		}
	}
	tags, err := r.Second.tags(ctx, firm)
	if err != nil {
		return err
	}
	tag := tags[len(tags)-1]
	for _, t := range tags { // a row from before a rotation has the earlier one
		if bytes.Equal(t, q.Organisation.IdentityTag) {
			tag = t
		}
	}
	s, err := r.statement(firm, r.Second)
	if err != nil {
		return err
	}
	s.Enterprise = id
	if err := r.keep(ctx, s); err != nil {
		return err
	}
	_, err = r.Client.Send(ctx, r.Second.Device, &orgv1.MsgConfirmEnterprise{
		Device: wire.Address(r.Second.Device), OrgId: r.Second.OrgID, EnterpriseId: id, IdentityTag: tag, StatementHash: s.Hash,
	})
	if err != nil {
		return fmt.Errorf("confirming enterprise %d: %w", id, err)
	}
	return nil
}

func (r *Registrar) statement(firm Firm, v Verifier) (Statement, error) {
	s := Statement{VerifierOrgID: v.OrgID, Firm: firm, Salt: make([]byte, saltBytes)}
	if _, err := rand.Read(s.Salt); err != nil {
		return s, fmt.Errorf("drawing a salt: %w", err)
	}
	var err error
	s.Hash, err = firm.statementHash(v.OrgID, s.Salt)
	return s, err
}

// keep saves the salt before the hash goes on chain: afterwards nobody could open it.
func (r *Registrar) keep(ctx context.Context, s Statement) error {
	return r.Keeper.Save(ctx, KindStatement, hex.EncodeToString(s.Hash), s)
}
