package app_test

import (
	"bytes"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"cosmossdk.io/log/v2"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/cosmos-sdk/baseapp"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"

	"github.com/xinlian/xinlian/app"
	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/testkit"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/zk"
)

// foreignKey is the key of a reference string that is not the development one.
// Its secret is known too, but no program can tell.
func foreignKey(t *testing.T) []byte {
	t.Helper()
	_, _, g1, g2 := bls.Generators()
	var tau bls.G2Affine
	tau.ScalarMultiplication(&g2, big.NewInt(123_456_789))
	a, b, c := g1.Bytes(), g2.Bytes(), tau.Bytes()
	key, err := canon.New("srs-key").Fixed(a[:]).Fixed(b[:]).Fixed(c[:]).Encoded()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// production is the genesis of the consortium, fit for a production network.
func production(t *testing.T) *app.Genesis {
	t.Helper()
	g, c := testkit.Found(t)
	g.Council.Params.Network = councilv1.NetworkKind_NETWORK_KIND_PRODUCTION
	g.Org.Params.Origins, g.Org.Params.RpIds = []string{"https://xinlian.example"}, []string{"xinlian.example"}
	g.Loan.Params.CompressedPeriodSeconds = 0
	g.Loan.Params.TemplateLockSeconds = 24 * 3600
	g.Score.SrsKey, g.Score.SrsKind = foreignKey(t), scorev1.SrsKind_SRS_KIND_CEREMONY
	g.Score.SrsSeal = sealed(t, g.Score.SrsKey, nil, c.BankA.Service, c.BankB.Service, c.Auditor.Service)
	return g
}

// sharedKey is a key of the first n founders, confirmed by all.
func sharedKey(g *app.Genesis, n, threshold int) pledgev1.Key {
	k := pledgev1.Key{
		Epoch: 1, Sharing: 1, Threshold: uint32(threshold), Point: testkit.Digest("point"), TranscriptHash: testkit.Digest("transcript"),
		Status: pledgev1.KeyStatus_KEY_STATUS_ACTIVE,
	}
	for i := range n {
		id := g.Org.Organisations[i].Id
		k.Shares = append(k.Shares, pledgev1.KeyShare{Index: uint32(i + 1), OrgId: id, Point: testkit.Digest("share", i)})
		k.ConfirmedBy = append(k.ConfirmedBy, id)
	}
	return k
}

// Test that a production network takes a key of tags that three members share.
func TestProductionKey(t *testing.T) {
	t.Parallel()
	codec, err := wire.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	g := production(t)
	g.Pledge.Keys = []pledgev1.Key{sharedKey(g, 3, 3)}
	if _, err := g.Doc(codec); err != nil {
		t.Error(err)
	}
}

// Test that a production network refuses, each alone, what only a demonstration
// may have.
func TestProductionRefusals(t *testing.T) {
	t.Parallel()
	codec, err := wire.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := production(t).Doc(codec); err != nil {
		t.Fatalf("a genesis fit for production: %v", err)
	}
	for _, r := range []struct {
		field string
		bend  func(*app.Genesis)
	}{
		{"srs", func(g *app.Genesis) { g.Score.SrsKey = zk.UnsafeDevelopmentSRS().Key().Encode() }},
		{"srs", func(g *app.Genesis) { g.Score.SrsKind = scorev1.SrsKind_SRS_KIND_DEVELOPMENT_UNSAFE }},
		{"score.srs_key", func(g *app.Genesis) {
			g.Score.SrsSeal = nil
			g.Score.SrsKey, g.Score.SrsKind = zk.UnsafeDevelopmentSRS().Key().Encode(), scorev1.SrsKind_SRS_KIND_DEVELOPMENT_UNSAFE
		}},
		{"compressed_period_seconds", func(g *app.Genesis) { g.Loan.Params.CompressedPeriodSeconds = 30 }},
		{"template_lock_seconds", func(g *app.Genesis) { g.Loan.Params.TemplateLockSeconds = 24*3600 - 1 }},
		{"recovery_delay_seconds", func(g *app.Genesis) { g.Org.Params.RecoveryDelaySeconds = 24*3600 - 1 }},
		{"origins", func(g *app.Genesis) {
			g.Org.Params.Origins = append(g.Org.Params.Origins, "http://localhost:8080")
		}},
		{"origins", func(g *app.Genesis) {
			g.Org.Params.Origins = append(g.Org.Params.Origins, "https://localhost:8443")
		}},
		{"pledge.keys", func(g *app.Genesis) { g.Pledge.Keys = []pledgev1.Key{sharedKey(g, 1, 1)} }},
		{"pledge.keys", func(g *app.Genesis) { g.Pledge.Keys = []pledgev1.Key{sharedKey(g, 2, 2)} }},
	} {
		g := production(t)
		r.bend(g)
		if _, err := g.Doc(codec); err == nil {
			t.Errorf("%s: accepted", r.field)
		} else if !strings.Contains(err.Error(), r.field) {
			t.Errorf("%s: refused with %v", r.field, err)
		}
		if strings.Contains(r.field, "srs") {
			continue
		}
		g.Council.Params.Network = councilv1.NetworkKind_NETWORK_KIND_DEMO
		if _, err := g.Doc(codec); err != nil {
			t.Errorf("%s: refused in a demonstration: %v", r.field, err)
		}
	}
}

// Test that the consensus parameters must bound the block and name no authority.
func TestGenesisConsensusParams(t *testing.T) {
	t.Parallel()
	codec, err := wire.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	g, _ := testkit.Found(t)
	state, err := g.State(codec)
	if err != nil {
		t.Fatal(err)
	}
	for name, bend := range map[string]func(*cmtproto.ConsensusParams){
		"no block":       func(p *cmtproto.ConsensusParams) { p.Block = nil },
		"unlimited gas":  func(p *cmtproto.ConsensusParams) { p.Block.MaxGas = -1 },
		"no gas":         func(p *cmtproto.ConsensusParams) { p.Block.MaxGas = 0 },
		"unlimited size": func(p *cmtproto.ConsensusParams) { p.Block.MaxBytes = -1 },
		"an authority": func(p *cmtproto.ConsensusParams) {
			p.Authority = &cmtproto.AuthorityParams{Authority: wire.Authority()}
		},
	} {
		params := app.ConsensusParams()
		wired := params.ToProto()
		bend(&wired)
		if err := app.ValidateGenesis(codec, state, &wired); !app.ErrGenesis.Is(err) {
			t.Errorf("%s: got %v, want ErrGenesis", name, err)
		}
	}
	if err := app.ValidateGenesis(codec, state, nil); !app.ErrGenesis.Is(err) {
		t.Errorf("no parameters: got %v, want ErrGenesis", err)
	}
}

// live makes a history in which every kind of row that needs no proof appears,
// some of it unfinished.
func live(t *testing.T, c *testkit.Chain) {
	t.Helper()
	joins := newOrganisation(t, c, "bank-c")
	c.Pass(&councilv1.MsgAdmitMember{Authority: wire.Authority(), OrgId: joins.ID, ConsensusKey: testkit.ConsensusKey("bank-c"), Power: 7})
	c.Do(joins.Admin, &councilv1.MsgRotateConsensusKey{
		Device: wire.Address(joins.Admin), OrgId: joins.ID, ConsensusKey: testkit.ConsensusKey("bank-c-2"),
	})
	added(t, c, c.BankA, testkit.Passkey(t, "phone"), orgv1.DeviceRole_DEVICE_ROLE_OFFICER, 0, true)
	added(t, c, c.BankB, testkit.Passkey(t, "pending"), orgv1.DeviceRole_DEVICE_ROLE_OFFICER, 0, false)
	frozen := testkit.Passkey(t, "frozen")
	added(t, c, c.BankA, frozen, orgv1.DeviceRole_DEVICE_ROLE_OFFICER, 0, true)
	c.Do(frozen, &orgv1.MsgFreezeDevice{Device: wire.Address(frozen), OrgId: c.BankA.ID, Target: wire.Address(frozen)})

	owner, tag, statement := testkit.Passkey(t, "owner"), bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	var res orgv1.MsgRegisterEnterpriseResponse
	c.Do(c.VerifierA.Admin, &orgv1.MsgRegisterEnterprise{
		Device: wire.Address(c.VerifierA.Admin), OrgId: c.VerifierA.ID, IdentityTag: tag, StatementHash: statement,
		OwnerKey: wire.DeviceKey(owner), AmountLimitFen: 1_000_000_00,
	}).Response(t, &res)
	c.Do(c.VerifierB.Admin, &orgv1.MsgConfirmEnterprise{
		Device: wire.Address(c.VerifierB.Admin), OrgId: c.VerifierB.ID, EnterpriseId: res.EnterpriseId, IdentityTag: tag, StatementHash: statement,
	})
	c.Do(owner, &orgv1.MsgActivateDevice{Device: wire.Address(owner)})
	c.Do(c.VerifierA.Admin, &orgv1.MsgRequestRecovery{
		Device: wire.Address(c.VerifierA.Admin), OrgId: c.VerifierA.ID, EnterpriseId: res.EnterpriseId, NewKey: wire.DeviceKey(testkit.Passkey(t, "new-phone")),
	})

	c.Do(c.Settlement.Admin, &cashv1.MsgIssue{
		Device: wire.Address(c.Settlement.Admin), OrgId: c.Settlement.ID, ToOrgId: c.BankA.ID, AmountFen: 9_000_00, BankReference: "capital-1",
	})
	c.Do(c.BankA.Admin, &cashv1.MsgTransfer{Device: wire.Address(c.BankA.Admin), OrgId: c.BankA.ID, ToOrgId: res.EnterpriseId, AmountFen: 4_000_00, MemoHash: bytes.Repeat([]byte{3}, 32)})
	c.Do(owner, &cashv1.MsgRedeem{Device: wire.Address(owner), OrgId: res.EnterpriseId, IssuerOrgId: c.Settlement.ID, AmountFen: 1_000_00, AccountHash: bytes.Repeat([]byte{4}, 32)})

	c.Do(c.Regulator.Admin, stop(c, c.Regulator, "/xinlian.loan.v1.MsgAccept"))
	c.Do(c.BankB.Service, incident(c.BankB.Service, c.BankB.ID))
	c.Do(c.Auditor.Admin, &safetyv1.MsgSignAudit{
		Device: wire.Address(c.Auditor.Admin), OrgId: c.Auditor.ID, SubjectKind: safetyv1.SubjectKind_SUBJECT_KIND_MODEL,
		SubjectHash: bytes.Repeat([]byte{5}, 32), ReportHash: bytes.Repeat([]byte{6}, 32), Passed: true,
	})
	open := c.Propose(c.BankB.Admin, &councilv1.MsgRemoveMember{Authority: wire.Authority(), OrgId: joins.ID})
	c.Do(c.BankA.Admin, testkit.Vote(c.BankA.Admin, open, govv1.OptionYes))
}

// Test that the exported state of a lively chain starts a new chain that exports
// the same bytes, keeps every invariant, and goes on where the old one stopped.
func TestExportImport(t *testing.T) {
	t.Parallel()
	c := testkit.Start(t)
	live(t, c)
	c.CheckInvariants()
	first := c.Export()
	again := c.Import(first)
	again.CheckInvariants()
	second := again.Export()
	if len(first) != len(second) {
		t.Errorf("modules: %d and %d", len(first), len(second))
	}
	for name, state := range first {
		if !bytes.Equal(state, second[name]) {
			t.Errorf("%s exports\n%s\nafter\n%s", name, second[name], state)
		}
	}
	if len(again.Validators) != 2 {
		t.Errorf("the new chain starts with %d validators, want 2", len(again.Validators))
	}
	again.Do(c.BankB.Admin, testkit.Vote(c.BankB.Admin, 3, govv1.OptionYes))
	again.CheckInvariants()
}

// Test that a network without a validator does not start.
func TestGenesisWithoutValidator(t *testing.T) {
	t.Parallel()
	g, _ := testkit.Found(t)
	for i := range g.Council.Members {
		g.Council.Members[i].ConsensusKey, g.Council.Members[i].Power = nil, 0
	}
	a, err := app.New(log.NewNopLogger(), dbm.NewMemDB(), t.TempDir(), baseapp.SetChainID(testkit.ChainID))
	if err != nil {
		t.Fatal(err)
	}
	state, err := g.State(a.Codec())
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	params := app.ConsensusParams()
	wired := params.ToProto()
	if _, err := a.InitChain(&abci.RequestInitChain{
		Time: g.Time, ChainId: testkit.ChainID, ConsensusParams: &wired, AppStateBytes: b, InitialHeight: 1,
	}); err == nil {
		t.Error("a chain without a validator starts")
	}
}

// Test that the same blocks give the same application hash on two nodes, one of
// which was restarted half way.
func TestSameBlocksSameHash(t *testing.T) {
	t.Parallel()
	g, consortium := testkit.Found(t) // service keys are drawn anew each time
	same := func(own *app.Genesis) { *own = *g }
	a, b := testkit.Start(t, same), testkit.Start(t, same)
	a.Consortium = consortium
	if !bytes.Equal(a.AppHash, b.AppHash) {
		t.Fatalf("after the genesis: %x and %x", a.AppHash, b.AppHash)
	}
	blocks := [][][]byte{
		{a.Sign(a.BankA.Admin, nodes(a.BankA)), a.Sign(a.BankB.Service, incident(a.BankB.Service, a.BankB.ID))},
		nil,
		{a.Sign(a.Regulator.Admin, stop(a, a.Regulator, "/xinlian.cash.v1.MsgTransfer")), []byte("no transaction")},
		{a.Sign(a.Auditor.Admin, a.Proposal(a.Auditor.Admin, &councilv1.MsgRemoveMember{Authority: wire.Authority(), OrgId: a.BankB.ID}))},
	}
	var hashes [][]byte
	for i, txs := range blocks {
		if i == len(blocks)/2 {
			b = b.Restart()
		}
		a.Block(time.Second, txs...)
		b.Block(time.Second, txs...)
		if !bytes.Equal(a.AppHash, b.AppHash) {
			t.Errorf("block %d: %x and %x", a.Height(), a.AppHash, b.AppHash)
		}
		if len(txs) != 0 && slices.ContainsFunc(hashes, func(h []byte) bool { return bytes.Equal(h, a.AppHash) }) {
			t.Errorf("block %d changed nothing", a.Height())
		}
		hashes = append(hashes, a.AppHash)
	}
}
