package world

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cosmossdk.io/log/v2"

	"github.com/xinlian/xinlian/app"
	"github.com/xinlian/xinlian/app/node"
	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/pull"
	"github.com/xinlian/xinlian/gateway/server"
	"github.com/xinlian/xinlian/gateway/tagging"
	"github.com/xinlian/xinlian/gateway/vault"
	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/passkey/softkey"
	"github.com/xinlian/xinlian/zk"
)

// ChainID is the network's.
const ChainID = "xinlian-world-1"

// RPID is where passkeys belong.
const RPID = "localhost"

// Org is an organisation with its keys.
type Org struct {
	ID      uint64
	Name    string
	Admin   wire.SoftDevice
	Service *wire.ServiceKey
	Data    *vault.DataKey       // the one that genesis has
	Keys    *vault.DataKeyFolder // all that a rotation makes
	Folder  string               // of Keys
}

// World is a running network with its gateway.
type World struct {
	Origin string
	// Sources is the folder of scheduled sources, and Allow where they may call
	// from the next Restart on.
	Sources string
	Allow   pull.AllowList
	Client  *chain.Client
	Server  *server.Server // nil where the gateway is a process of its own

	BankA, BankB, VerifierA, VerifierB, Settlement, Regulator, Auditor *Org

	tb     testing.TB
	prover *zk.Prover
	home   string
	stop   func() error // ends the gateway

	suite        vault.Suite
	rewrapBlocks int64 // 0: the chain's default
	second       bool  // BankB is a custodian, with a gateway of its own
}

// Option changes what a network is founded with.
type Option func(*World)

// WithSuite chooses the ciphers of the chain; nist is the default.
func WithSuite(s vault.Suite) Option { return func(w *World) { w.suite = s } }

// WithRewrapBlocks sets how many blocks a custodian has to re-wrap.
func WithRewrapBlocks(n int64) Option { return func(w *World) { w.rewrapBlocks = n } }

// WithSecondCustodian makes BankB a custodian too. The first gateway does not host
// it: Beside does.
func WithSecondCustodian() Option { return func(w *World) { w.second = true } }

// Start founds the network, adopts what a loan needs, and serves the portal at
// Origin until the test ends.
func Start(tb testing.TB, options ...Option) *World {
	tb.Helper()
	home := tb.TempDir()
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		tb.Fatal(err)
	}
	w := &World{
		tb: tb, home: home, suite: vault.SuiteNIST, Sources: filepath.Join(home, "sources"),
		Origin: fmt.Sprintf("http://localhost:%d", listener.Addr().(*net.TCPAddr).Port),
	}
	for _, o := range options {
		o(w)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	w.found(filepath.Join(home, "node"))
	w.start(ctx, filepath.Join(home, "node"))
	w.adopt(ctx)
	w.open(ctx, listener)
	tb.Cleanup(func() { warn(tb, w.stop()) })
	return w
}

// Stop ends the gateway. Restart starts it again.
func (w *World) Stop() {
	w.tb.Helper()
	must(w.tb, w.stop())
	w.stop = func() error { return nil }
}

// Home is the folder of all files: node, gateway/data, gateway/keys.
func (w *World) Home() string { return w.home }

func (w *World) orgs() []*Org {
	return []*Org{w.BankA, w.BankB, w.VerifierA, w.VerifierB, w.Settlement, w.Regulator, w.Auditor}
}

// found makes the keys and the genesis.
func (w *World) found(nodeHome string) {
	w.tb.Helper()
	public, err := node.Prepare(nodeHome)
	must(w.tb, err)
	g := app.NewGenesis(ChainID, councilv1.NetworkKind_NETWORK_KIND_DEMO, time.Now().UTC())
	g.Org.Params.PasskeyEnabled = true
	g.Org.Params.Origins, g.Org.Params.RpIds = []string{w.Origin}, []string{RPID}
	g.Safety.Params.AuditsMin = 1
	g.Score.SrsKey, g.Score.SrsKind = zk.UnsafeDevelopmentSRS().Key().Encode(), scorev1.SrsKind_SRS_KIND_DEVELOPMENT_UNSAFE
	if w.suite == vault.SuiteSM {
		g.Org.Params.Suite = orgv1.Suite_SUITE_SM
	}
	if w.rewrapBlocks > 0 {
		g.Profile.Params.RewrapBlocks = w.rewrapBlocks
	}
	g.Loan.Params.CompressedPeriodSeconds = 60
	g.Loan.Params.TemplateLockSeconds = 0
	lender := []orgv1.Role{orgv1.Role_ROLE_LENDER, orgv1.Role_ROLE_INDEX_PUBLISHER}
	bankB := lender
	if w.second {
		bankB = append(slices.Clone(lender), orgv1.Role_ROLE_CUSTODIAN)
	}
	verifier := []orgv1.Role{orgv1.Role_ROLE_ATTESTOR, orgv1.Role_ROLE_KYB}
	for _, f := range []struct {
		into  **Org
		name  string
		kind  orgv1.OrgKind
		roles []orgv1.Role
	}{
		{&w.BankA, "港湾银行 Harbour Bank", orgv1.OrgKind_ORG_KIND_BANK, lender},
		{&w.BankB, "青禾银行 Greenfield Bank", orgv1.OrgKind_ORG_KIND_BANK, bankB},
		{&w.VerifierA, "明鉴核验 Clearview", orgv1.OrgKind_ORG_KIND_VERIFIER, verifier},
		{&w.VerifierB, "同信核验 Concord", orgv1.OrgKind_ORG_KIND_VERIFIER, verifier},
		{&w.Settlement, "通达清算行 Throughway", orgv1.OrgKind_ORG_KIND_SETTLEMENT, []orgv1.Role{orgv1.Role_ROLE_CUSTODIAN, orgv1.Role_ROLE_ISSUER, orgv1.Role_ROLE_INDEX_PUBLISHER}},
		{&w.Regulator, "监管局 Supervisory Office", orgv1.OrgKind_ORG_KIND_REGULATOR, []orgv1.Role{orgv1.Role_ROLE_REGULATOR}},
		{&w.Auditor, "衡信审计 Balance Audit", orgv1.OrgKind_ORG_KIND_AUDITOR, []orgv1.Role{orgv1.Role_ROLE_AUDITOR}},
	} {
		o := w.newOrg(f.name)
		spec := app.Founder{
			Name: f.name, Kind: f.kind, Roles: f.roles, DataKey: o.Data.Recipient().Public,
			Devices: []app.FounderDevice{
				{Key: wire.DeviceKey(o.Admin), Role: orgv1.DeviceRole_DEVICE_ROLE_ADMIN, AmountLimitFen: app.NoLimit},
				{Key: wire.DeviceKey(o.Service), Role: orgv1.DeviceRole_DEVICE_ROLE_SERVICE},
			},
		}
		if f.into == &w.BankA {
			spec.ConsensusKey, spec.Power, spec.NodeIDs = public.Consensus, 10, []string{public.NodeID}
		}
		o.ID, err = g.Found(spec)
		must(w.tb, err)
		*f.into = o
	}
	var members []uint64
	for _, o := range w.orgs() {
		members = append(members, o.ID)
	}
	key, err := tagging.Found(ChainID, members, filepath.Join(w.home, "gateway", "keys"))
	must(w.tb, err)
	g.Pledge.Keys = []pledgev1.Key{key}
	codec, err := wire.NewCodec()
	must(w.tb, err)
	doc, err := g.Doc(codec)
	must(w.tb, err)
	must(w.tb, node.WriteGenesis(nodeHome, doc))
}

// start runs the node in this process.
func (w *World) start(ctx context.Context, nodeHome string) {
	w.tb.Helper()
	n, err := node.Start(ctx, nodeHome, node.DemoConfig(), log.NewNopLogger())
	must(w.tb, err)
	w.tb.Cleanup(func() { warn(w.tb, n.Stop()) })
	w.dial(ctx, n.Address())
}

func (w *World) dial(ctx context.Context, address string) {
	w.tb.Helper()
	var err error
	w.Client, err = chain.Dial(ctx, address)
	must(w.tb, err)
	w.tb.Cleanup(func() { warn(w.tb, w.Client.Close()) })
}

func (w *World) newOrg(name string) *Org {
	w.tb.Helper()
	o := &Org{Name: name}
	key, err := softkey.New()
	must(w.tb, err)
	o.Admin = wire.SoftDevice{Key: key, Origin: w.Origin, RPID: RPID}
	o.Service, err = wire.NewServiceKey()
	must(w.tb, err)
	o.Data, err = vault.GenerateDataKey(w.suite)
	must(w.tb, err)
	o.Folder = w.tb.TempDir()
	must(w.tb, o.Data.Save(filepath.Join(o.Folder, "data.key")))
	o.Keys, err = vault.OpenDataKeyFolder(o.Folder)
	must(w.tb, err)
	return o
}

// open starts the gateway on the listener whose port is in the origin.
func (w *World) open(ctx context.Context, l net.Listener) {
	w.tb.Helper()
	hosted := w.orgs()
	if w.second {
		hosted = slices.DeleteFunc(hosted, func(o *Org) bool { return o == w.BankB })
	}
	p := w.parts(filepath.Join(w.home, "gateway"), hosted...)
	p.AmountLimitFen = 1_000_000_00
	p.Sources, p.Allow = w.Sources, w.Allow
	var err error
	w.Server, err = server.New(ctx, p)
	must(w.tb, err)
	run, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Server.Serve(run, l) }()
	w.stop = func() error {
		cancel()
		return errors.Join(<-done, w.Server.Close())
	}
}

func (w *World) parts(home string, hosted ...*Org) server.Parts {
	p := server.Parts{
		Client: w.Client, Prover: w.prover, Data: filepath.Join(home, "data"), Keys: filepath.Join(home, "keys"),
		Origin: w.Origin, Log: slog.New(slog.NewTextHandler(w.tb.Output(), nil)),
	}
	for _, o := range hosted {
		p.Hosted = append(p.Hosted, server.Hosted{OrgID: o.ID, Service: o.Service, DataKey: o.Keys, Officer: o.Admin})
	}
	return p
}

// Restart stops the gateway, wherever its work stands, and starts it again over
// the same folders.
func (w *World) Restart() {
	w.tb.Helper()
	w.between(func() {})
}

// between stops the gateway, does something, and starts it again.
func (w *World) between(do func()) {
	w.tb.Helper()
	must(w.tb, w.stop())
	do()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	l, err := net.Listen("tcp", strings.TrimPrefix(w.Origin, "http://"))
	must(w.tb, err)
	w.open(ctx, l)
}

// Backup copies the gateway's folders of data and keys, as they are between two
// runs of it, and returns what puts the copies back.
func (w *World) Backup() (restore func()) {
	w.tb.Helper()
	live, kept := filepath.Join(w.home, "gateway"), filepath.Join(w.tb.TempDir(), "gateway")
	w.between(func() { must(w.tb, os.CopyFS(kept, os.DirFS(live))) })
	return func() {
		w.tb.Helper()
		w.between(func() {
			must(w.tb, os.RemoveAll(live))
			must(w.tb, os.CopyFS(live, os.DirFS(kept)))
			must(w.tb, filepath.WalkDir(live, func(path string, e fs.DirEntry, err error) error {
				if err != nil || e.IsDir() {
					return err
				}
				return os.Chmod(path, 0o600)
			}))
		})
	}
}

// Elsewhere is a second gateway that hosts one organisation and reads the first
// one's vaults over the network.
func (w *World) Elsewhere(o *Org) *server.Server {
	w.tb.Helper()
	p := w.others(o)
	s, err := server.New(context.Background(), p)
	must(w.tb, err)
	w.tb.Cleanup(func() { warn(w.tb, s.Close()) })
	return s
}

// Beside is Elsewhere for several organisations, and does their background work
// until the test ends.
func (w *World) Beside(hosted ...*Org) *server.Server {
	w.tb.Helper()
	p := w.others(hosted...)
	s, err := server.New(context.Background(), p)
	must(w.tb, err)
	l, err := net.Listen("tcp", "localhost:0")
	must(w.tb, err)
	run, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(run, l) }()
	w.tb.Cleanup(func() {
		cancel()
		warn(w.tb, errors.Join(<-done, s.Close()))
	})
	return s
}

// others are the parts of a gateway that hosts some organisations and finds all
// others at the first one.
func (w *World) others(hosted ...*Org) server.Parts {
	w.tb.Helper()
	p := w.parts(w.tb.TempDir(), hosted...)
	p.Vaults, p.Members = map[uint64]string{w.Settlement.ID: w.Origin}, map[uint64]string{}
	for _, o := range w.orgs() {
		if !slices.Contains(hosted, o) {
			p.Members[o.ID] = w.Origin
		}
	}
	return p
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func warn(tb testing.TB, err error) {
	if err != nil {
		tb.Errorf("closing: %v", err)
	}
}
