package testkit

import (
	"crypto/ecdh"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// Enterprise is a firm with its owner's passkey.
type Enterprise struct {
	ID    uint64
	Name  string
	Owner wire.Signer
}

// Device is the address of the owner's passkey.
func (e Enterprise) Device() string { return wire.Address(e.Owner) }

// Registration is the first verifier's statement about a firm of that name.
func (c *Chain) Registration(name string) *orgv1.MsgRegisterEnterprise {
	return &orgv1.MsgRegisterEnterprise{
		Device: wire.Address(c.VerifierA.Admin), OrgId: c.VerifierA.ID, IdentityTag: Digest("tag", name),
		StatementHash: Digest("statement a", name), OwnerKey: wire.DeviceKey(Passkey(c.tb, name)), AmountLimitFen: 100_000_000,
	}
}

// Confirmation is the second verifier's statement about it.
func (c *Chain) Confirmation(e Enterprise) *orgv1.MsgConfirmEnterprise {
	return &orgv1.MsgConfirmEnterprise{
		Device: wire.Address(c.VerifierB.Admin), OrgId: c.VerifierB.ID, EnterpriseId: e.ID,
		IdentityTag: Digest("tag", e.Name), StatementHash: Digest("statement b", e.Name),
	}
}

// Enterprise takes a firm onto the chain: two verifiers identify it, its owner's
// passkey activates itself and chooses the settlement bank as custodian.
func (c *Chain) Enterprise(name string) Enterprise {
	c.tb.Helper()
	var r orgv1.MsgRegisterEnterpriseResponse
	c.Do(c.VerifierA.Admin, c.Registration(name)).Response(c.tb, &r)
	e := Enterprise{ID: r.EnterpriseId, Name: name, Owner: Passkey(c.tb, name)}
	c.Do(c.VerifierB.Admin, c.Confirmation(e))
	c.Do(e.Owner, &orgv1.MsgActivateDevice{Device: e.Device()})
	c.Do(e.Owner, &orgv1.MsgChooseCustodian{Device: e.Device(), OrgId: e.ID, CustodianOrgId: c.Settlement.ID})
	return e
}

// DataKey is a deterministic HPKE public key of that name, an uncompressed point.
func (c *Chain) DataKey(name string) []byte {
	k, err := ecdh.P256().NewPrivateKey(Digest("data key", name))
	if err != nil {
		c.tb.Fatal(err)
	}
	return k.PublicKey().Bytes()
}
