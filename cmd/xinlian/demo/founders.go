package demo

import (
	"fmt"
	"time"

	cmttypes "github.com/cometbft/cometbft/types"

	"github.com/xinlian/xinlian/app"
	"github.com/xinlian/xinlian/app/node"
	"github.com/xinlian/xinlian/gateway/tagging"
	"github.com/xinlian/xinlian/gateway/vault"
	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/zk"
)

// chainID is the demonstration's chain.
const chainID = "xinlian-demo-1"

// Names of the founders in files and in this package.
const (
	bankA      = "bank-a"
	bankB      = "bank-b"
	verifierA  = "verifier-a"
	verifierB  = "verifier-b"
	settlement = "settlement"
	regulator  = "regulator"
	auditor    = "auditor"
)

// founder is a founding organisation with everything it holds.
type founder struct {
	name    string
	title   string // public, invented
	kind    orgv1.OrgKind
	roles   []orgv1.Role
	id      uint64
	admin   wire.SoftDevice
	service *wire.ServiceKey
	data    *vault.DataKey
}

// founders lists them in the order of their ids.
func founders(k keys) ([]*founder, error) {
	all := []*founder{
		{name: bankA, title: "港湾银行 Harbour Bank", kind: orgv1.OrgKind_ORG_KIND_BANK, roles: []orgv1.Role{orgv1.Role_ROLE_LENDER, orgv1.Role_ROLE_INDEX_PUBLISHER}},
		{name: bankB, title: "青禾银行 Greenfield Bank", kind: orgv1.OrgKind_ORG_KIND_BANK, roles: []orgv1.Role{orgv1.Role_ROLE_LENDER, orgv1.Role_ROLE_INDEX_PUBLISHER}},
		{name: verifierA, title: "明鉴核验 Clearview Verifiers", kind: orgv1.OrgKind_ORG_KIND_VERIFIER, roles: []orgv1.Role{orgv1.Role_ROLE_ATTESTOR, orgv1.Role_ROLE_KYB}},
		{name: verifierB, title: "同信核验 Concord Verifiers", kind: orgv1.OrgKind_ORG_KIND_VERIFIER, roles: []orgv1.Role{orgv1.Role_ROLE_ATTESTOR, orgv1.Role_ROLE_KYB}},
		{name: settlement, title: "通达清算行 Throughway Settlement", kind: orgv1.OrgKind_ORG_KIND_SETTLEMENT, roles: []orgv1.Role{orgv1.Role_ROLE_CUSTODIAN, orgv1.Role_ROLE_ISSUER, orgv1.Role_ROLE_INDEX_PUBLISHER}},
		{name: regulator, title: "监管局 Supervisory Office", kind: orgv1.OrgKind_ORG_KIND_REGULATOR, roles: []orgv1.Role{orgv1.Role_ROLE_REGULATOR}},
		{name: auditor, title: "衡信审计 Balance Audit", kind: orgv1.OrgKind_ORG_KIND_AUDITOR, roles: []orgv1.Role{orgv1.Role_ROLE_AUDITOR}},
	}
	var err error
	for i, f := range all {
		f.id = uint64(i + 1)
		if f.admin, err = k.person(f.name); err != nil {
			return nil, err
		}
		if f.service, err = k.service(f.name); err != nil {
			return nil, err
		}
		if f.data, err = k.data(f.name); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// found makes the genesis: seven organisations, one validator, the pinned
// schemas, the development SRS, which a production genesis refuses, and the key
// of tags, whose ceremony this process plays for all members.
func found(all []*founder, origin string, period time.Duration, home, shares string) (*cmttypes.GenesisDoc, error) {
	public, err := node.Prepare(home)
	if err != nil {
		return nil, err
	}
	g := app.NewGenesis(chainID, councilv1.NetworkKind_NETWORK_KIND_DEMO, time.Now().UTC())
	g.Org.Params.PasskeyEnabled = true
	g.Org.Params.Origins, g.Org.Params.RpIds = []string{origin}, []string{rpID}
	g.Org.Params.RecoveryDelaySeconds = 60
	g.Safety.Params.AuditsMin = 1
	g.Score.SrsKey = zk.UnsafeDevelopmentSRS().Key().Encode()
	g.Score.SrsKind = scorev1.SrsKind_SRS_KIND_DEVELOPMENT_UNSAFE
	g.Loan.Params.CompressedPeriodSeconds = int64(period / time.Second)
	g.Loan.Params.TemplateLockSeconds = 0
	g.Loan.Params.RetrySeconds = 1
	g.VotingPeriod = 2 * time.Minute
	for _, f := range all {
		spec := app.Founder{
			Name: f.title, Kind: f.kind, Roles: f.roles, DataKey: f.data.Recipient().Public,
			Devices: []app.FounderDevice{
				{Key: wire.DeviceKey(f.admin), Role: orgv1.DeviceRole_DEVICE_ROLE_ADMIN, AmountLimitFen: app.NoLimit},
				{Key: wire.DeviceKey(f.service), Role: orgv1.DeviceRole_DEVICE_ROLE_SERVICE},
			},
		}
		if f.name == bankA {
			spec.ConsensusKey, spec.Power, spec.NodeIDs = public.Consensus, 10, []string{public.NodeID}
		}
		id, err := g.Found(spec)
		if err != nil {
			return nil, err
		}
		if id != f.id {
			return nil, fmt.Errorf("founder %s got id %d, want %d", f.name, id, f.id)
		}
	}
	var members []uint64
	for _, f := range all {
		members = append(members, f.id)
	}
	key, err := tagging.Found(chainID, members, shares)
	if err != nil {
		return nil, err
	}
	g.Pledge.Keys = []pledgev1.Key{key}
	c, err := wire.NewCodec()
	if err != nil {
		return nil, err
	}
	return g.Doc(c)
}
