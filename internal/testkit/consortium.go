package testkit

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	cmted25519 "github.com/cometbft/cometbft/crypto/ed25519"

	"github.com/xinlian/xinlian/app"
	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/passkey"
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
	return device{wire.SoftDevice{Key: k, Origin: Origin, RPID: RPID}}
}

// device is a software passkey whose salts follow from what it signs: the hash of
// a transaction is in the state, so that random salts would make every run of a
// test end in another app hash.
type device struct{ wire.SoftDevice }

// Soft is the software passkey inside a signer that Passkey made, for tests that
// bend what it signs.
func Soft(s wire.Signer) wire.SoftDevice { return s.(device).SoftDevice }

// Sign makes the assertion over a transaction.
func (d device) Sign(b []byte) ([]byte, error) {
	at := d.Key.At(d.Origin, d.RPID)
	at.Salt = bytes.NewReader(Digest("salt", string(b)))
	return at.Sign(passkey.DomainSign, b)
}

// ServiceKey is a deterministic service key of that name: chains with the same
// history have the same app hash.
func ServiceKey(tb testing.TB, name string) wire.Signer {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "service.key")
	if err := os.WriteFile(path, Digest("service", name), 0o600); err != nil {
		tb.Fatal(err)
	}
	k, err := wire.LoadOrNewServiceKey(path)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

// Digest is a hash of parts, for the many fields that are a hash of something
// that the chain never sees.
func Digest(parts ...any) []byte {
	h := sha256.Sum256([]byte(fmt.Sprintln(parts...)))
	return h[:]
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
		{&c.BankB, "bank-b", orgv1.OrgKind_ORG_KIND_BANK, []orgv1.Role{orgv1.Role_ROLE_LENDER, orgv1.Role_ROLE_INDEX_PUBLISHER, orgv1.Role_ROLE_INVESTOR}},
		{&c.VerifierA, "verifier-a", orgv1.OrgKind_ORG_KIND_VERIFIER, []orgv1.Role{orgv1.Role_ROLE_ATTESTOR, orgv1.Role_ROLE_KYB}},
		{&c.VerifierB, "verifier-b", orgv1.OrgKind_ORG_KIND_VERIFIER, []orgv1.Role{orgv1.Role_ROLE_ATTESTOR, orgv1.Role_ROLE_KYB}},
		{&c.Settlement, "settlement", orgv1.OrgKind_ORG_KIND_SETTLEMENT, []orgv1.Role{orgv1.Role_ROLE_CUSTODIAN, orgv1.Role_ROLE_ISSUER, orgv1.Role_ROLE_INDEX_PUBLISHER, orgv1.Role_ROLE_INVESTOR}},
		{&c.Regulator, "regulator", orgv1.OrgKind_ORG_KIND_REGULATOR, []orgv1.Role{orgv1.Role_ROLE_REGULATOR}},
		{&c.Auditor, "auditor", orgv1.OrgKind_ORG_KIND_AUDITOR, []orgv1.Role{orgv1.Role_ROLE_AUDITOR}},
	} {
		*f.into = newFounder(tb, g, f.name, f.kind, f.roles)
	}
	return g, c
}

func newFounder(tb testing.TB, g *app.Genesis, name string, kind orgv1.OrgKind, roles []orgv1.Role) Founder {
	tb.Helper()
	f := Founder{Admin: Passkey(tb, name), Service: ServiceKey(tb, name)}
	spec := app.Founder{Name: name, Kind: kind, Roles: roles, Devices: []app.FounderDevice{
		{Key: wire.DeviceKey(f.Admin), Role: orgv1.DeviceRole_DEVICE_ROLE_ADMIN, AmountLimitFen: app.NoLimit},
		{Key: wire.DeviceKey(f.Service), Role: orgv1.DeviceRole_DEVICE_ROLE_SERVICE},
	}}
	if len(g.Org.Organisations) == 0 {
		spec.ConsensusKey, spec.Power = ConsensusKey(name), 10
	}
	id, err := g.Found(spec)
	if err != nil {
		tb.Fatal(err)
	}
	f.ID = id
	return f
}
