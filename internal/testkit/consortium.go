package testkit

import (
	"testing"
	"time"

	cmted25519 "github.com/cometbft/cometbft/crypto/ed25519"

	"github.com/xinlian/xinlian/app"
	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/passkey/softkey"
	"github.com/xinlian/xinlian/zk"
)

// Origin and RPID are where the passkeys of a test belong.
const (
	Origin = "http://localhost:8080"
	RPID   = "localhost"
)

// Founder is a founding organisation with its keys.
type Founder struct {
	ID      uint64
	Admin   wire.Signer // a passkey, unlimited
	Service wire.Signer // ed25519
}

// Consortium is who is there from the first block.
type Consortium struct {
	BankA, BankB         Founder // lenders; A runs the validator and is a custodian
	VerifierA, VerifierB Founder // attest and identify
	Settlement           Founder // issues deposits
	Regulator, Auditor   Founder
}

// Founders lists the founding organisations, all of them members, in the order of
// their ids.
func (c Consortium) Founders() []Founder {
	return []Founder{c.BankA, c.BankB, c.VerifierA, c.VerifierB, c.Settlement, c.Regulator, c.Auditor}
}

// ConsensusKey is the ed25519 public key of a validator of that name. Nothing
// signs with it here: no consensus runs in a test.
func ConsensusKey(name string) []byte {
	return cmted25519.GenPrivKeyFromSecret([]byte(name)).PubKey().Bytes()
}

// Passkey is a deterministic software passkey of that name.
func Passkey(tb testing.TB, name string) wire.Signer {
	tb.Helper()
	seed := make([]byte, 32)
	copy(seed, name)
	k, err := softkey.FromSeed(seed)
	if err != nil {
		tb.Fatal(err)
	}
	return wire.SoftDevice{Key: k, Origin: Origin, RPID: RPID}
}

// began is the time of every genesis here.
var began = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)

// Found is the genesis of a demonstration network with the founding consortium.
func Found(tb testing.TB) (*app.Genesis, Consortium) {
	tb.Helper()
	g := app.NewGenesis(ChainID, councilv1.NetworkKind_NETWORK_KIND_DEMO, began)
	g.Org.Params.PasskeyEnabled = true
	g.Org.Params.Origins, g.Org.Params.RpIds = []string{Origin}, []string{RPID}
	g.Loan.Params.CompressedPeriodSeconds = 30
	g.Loan.Params.TemplateLockSeconds = 0
	g.Score.SrsKey, g.Score.SrsKind = zk.UnsafeDevelopmentSRS().Key().Encode(), scorev1.SrsKind_SRS_KIND_DEVELOPMENT_UNSAFE
	g.VotingPeriod = time.Minute

	var c Consortium
	for _, f := range []struct {
		into  *Founder
		name  string
		kind  orgv1.OrgKind
		roles []orgv1.Role
	}{
		{&c.BankA, "bank-a", orgv1.OrgKind_ORG_KIND_BANK, []orgv1.Role{orgv1.Role_ROLE_LENDER, orgv1.Role_ROLE_INDEX_PUBLISHER}},
		{&c.BankB, "bank-b", orgv1.OrgKind_ORG_KIND_BANK, []orgv1.Role{orgv1.Role_ROLE_LENDER, orgv1.Role_ROLE_INDEX_PUBLISHER}},
		{&c.VerifierA, "verifier-a", orgv1.OrgKind_ORG_KIND_VERIFIER, []orgv1.Role{orgv1.Role_ROLE_ATTESTOR, orgv1.Role_ROLE_KYB}},
		{&c.VerifierB, "verifier-b", orgv1.OrgKind_ORG_KIND_VERIFIER, []orgv1.Role{orgv1.Role_ROLE_ATTESTOR, orgv1.Role_ROLE_KYB}},
		{&c.Settlement, "settlement", orgv1.OrgKind_ORG_KIND_SETTLEMENT, []orgv1.Role{orgv1.Role_ROLE_CUSTODIAN, orgv1.Role_ROLE_ISSUER, orgv1.Role_ROLE_INDEX_PUBLISHER}},
		{&c.Regulator, "regulator", orgv1.OrgKind_ORG_KIND_REGULATOR, []orgv1.Role{orgv1.Role_ROLE_REGULATOR}},
		{&c.Auditor, "auditor", orgv1.OrgKind_ORG_KIND_AUDITOR, []orgv1.Role{orgv1.Role_ROLE_AUDITOR}},
	} {
		*f.into = newFounder(tb, g, f.name, f.kind, f.roles)
	}
	return g, c
}

func newFounder(tb testing.TB, g *app.Genesis, name string, kind orgv1.OrgKind, roles []orgv1.Role) Founder {
	tb.Helper()
	service, err := wire.NewServiceKey()
	if err != nil {
		tb.Fatal(err)
	}
	f := Founder{Admin: Passkey(tb, name), Service: service}
	spec := app.Founder{Name: name, Kind: kind, Roles: roles, Devices: []app.FounderDevice{
		{Key: wire.DeviceKey(f.Admin), Role: orgv1.DeviceRole_DEVICE_ROLE_ADMIN, AmountLimitFen: app.NoLimit},
		{Key: wire.DeviceKey(f.Service), Role: orgv1.DeviceRole_DEVICE_ROLE_SERVICE},
	}}
	if len(g.Org.Organisations) == 0 {
		spec.ConsensusKey, spec.Power = ConsensusKey(name), 10
	}
	if f.ID, err = g.Found(spec); err != nil {
		tb.Fatal(err)
	}
	return f
}
