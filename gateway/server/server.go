package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/xinlian/xinlian/gateway/bank"
	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/desk"
	"github.com/xinlian/xinlian/gateway/evidence"
	"github.com/xinlian/xinlian/gateway/line"
	"github.com/xinlian/xinlian/gateway/pledging"
	"github.com/xinlian/xinlian/gateway/portal"
	"github.com/xinlian/xinlian/gateway/pull"
	"github.com/xinlian/xinlian/gateway/registry"
	"github.com/xinlian/xinlian/gateway/scoring"
	"github.com/xinlian/xinlian/gateway/store"
	"github.com/xinlian/xinlian/gateway/tagging"
	"github.com/xinlian/xinlian/gateway/vault"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// Times of the HTTP server. An upload over a slow phone line takes a while.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 3 * time.Minute
	writeTimeout      = 5 * time.Minute
	idleTimeout       = 2 * time.Minute
	stopTimeout       = 20 * time.Second
	sweepEvery        = 10 * time.Minute
)

// Hosted is an organisation that this gateway serves.
type Hosted struct {
	OrgID   uint64
	Service wire.ReadSigner     // an active service device of it
	DataKey vault.DataKeySource // nil: it reads nothing
	// Officer is a person's software passkey, with which visitors may act, and
	// with which a verifier identifies firms. Nil outside a demonstration.
	Officer wire.ReadSigner
}

// Parts is what a server is made of. Client and Prover stay the caller's to close.
type Parts struct {
	Client *chain.Client
	Prover scoring.Prover
	Hosted []Hosted
	Vaults map[uint64]string // custodian elsewhere → address of its gateway
	Data   string            // folder of the database and the vaults
	Keys   string            // folder of master keys and the sealing key
	// Members are gateways elsewhere of members that hold shares of the tags' key or
	// state receivables.
	Members        map[uint64]string
	Master         vault.MasterGuard                                           // of the vaults' master keys; nil: a file
	Blobs          func(ctx context.Context, org uint64) (*vault.Blobs, error) // nil: a folder in each vault
	AmountLimitFen int64
	Parsers        connector.Set // of documents that owners bring; nil: format.All
	Listen         string
	Origin         string
	Sources        string         // folder of the definitions of scheduled sources; empty: none
	Allow          pull.AllowList // where they may call
	Bank           *Bank          // the settlement bank whose books are carried; nil: none
	Log            *slog.Logger
}

// Server is a gateway.
type Server struct {
	parts      Parts
	client     *chain.Client
	owned      bool // client and prover are ours to close
	store      *store.Store
	custodians map[uint64]*custody.Custodian
	desks      map[uint64]*desk.Desk
	line       *line.Line
	registrar  *registry.Registrar
	scorer     *scoring.Scorer
	monitor    *custody.Monitor // nil where no custodian and no regulator is hosted
	taggers    map[uint64]*tagging.Client
	services   map[uint64]*tagging.Service
	offices    map[uint64]*pledging.Office
	inbox      *pledging.Inbox
	portal     *portal.Portal
	bank       *bank.Adapter // nil where none is carried

	mu        sync.Mutex
	listening net.Listener
}

// New opens what the parts name. Roles of hosted organisations are those that
// the chain gives them: a custodian gets a vault, an attestor and a lender a desk.
func New(ctx context.Context, p Parts) (*Server, error) {
	s := &Server{parts: p, client: p.Client, custodians: map[uint64]*custody.Custodian{}, desks: map[uint64]*desk.Desk{}}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) open(ctx context.Context) error {
	for _, dir := range []string{s.parts.Data, s.parts.Keys} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("making a folder: %w", err)
		}
	}
	var err error
	if s.store, err = store.Open(ctx, filepath.Join(s.parts.Data, "gateway.db"), filepath.Join(s.parts.Keys, "seal.key")); err != nil {
		return err
	}
	roles := map[uint64][]orgv1.Role{}
	for _, h := range s.parts.Hosted {
		r, err := s.client.Org.Organisation(ctx, &orgv1.QueryOrganisationRequest{Id: h.OrgID})
		if err != nil {
			return fmt.Errorf("reading hosted organisation %d: %w", h.OrgID, err)
		}
		roles[h.OrgID] = r.Organisation.Roles
		if slices.Contains(r.Organisation.Roles, orgv1.Role_ROLE_CUSTODIAN) {
			if err := s.openCustodian(ctx, h); err != nil {
				return err
			}
		}
	}
	return s.wire(ctx, roles)
}

func (s *Server) openCustodian(ctx context.Context, h Hosted) error {
	number := strconv.FormatUint(h.OrgID, 10)
	tag, err := store.LoadOrNewKey(filepath.Join(s.parts.Keys, "streams-"+number+".key"))
	if err != nil {
		return err
	}
	ledger := custody.Ledger{Client: s.client}
	suite, err := custody.Suite(ctx, s.client)
	if err != nil {
		return err
	}
	dir, kms := VaultFolders(s.parts.Data, s.parts.Keys, h.OrgID)
	var blobs *vault.Blobs
	if s.parts.Blobs != nil {
		if blobs, err = s.parts.Blobs(ctx, h.OrgID); err != nil {
			return err
		}
	}
	v, err := vault.Open(ctx, vault.Config{
		Dir: dir, KMSDir: kms, Suite: suite, Master: s.parts.Master, Blobs: blobs,
		ChainID: s.client.ChainID(), Custodian: h.OrgID, Chain: ledger,
		Signers: vault.NewSigners(custody.Policy(s.client)),
	})
	if err != nil {
		return fmt.Errorf("opening the vault of organisation %d: %w", h.OrgID, err)
	}
	log := s.parts.Log.With("custodian", h.OrgID)
	s.custodians[h.OrgID] = &custody.Custodian{
		Client: s.client, Vault: v, Service: h.Service, OrgID: h.OrgID, Log: log,
		Intake: &custody.Intake{
			Vault: v, Ledger: ledger, Chain: custody.Anchors{Client: s.client, Service: h.Service, OrgID: h.OrgID},
			Book: s.store, OrgID: h.OrgID, ChainID: s.client.ChainID(), TagKey: tag, Log: log, Parsers: s.parts.Parsers,
		},
	}
	return nil
}

// wire makes desks, background work and portal.
func (s *Server) wire(ctx context.Context, roles map[uint64][]orgv1.Role) error {
	read, err := newVaults(s.custodians, s.parts.Vaults)
	if err != nil {
		return err
	}
	for _, h := range s.parts.Hosted {
		if c := s.custodians[h.OrgID]; c != nil {
			c.DataKey, c.First = h.DataKey, read.first(c)
		}
	}
	s.line = &line.Line{Client: s.client, Store: s.store, Lenders: map[uint64]*desk.Desk{}, Prover: s.parts.Prover, Log: s.parts.Log}
	var verifiers []registry.Verifier
	if err := s.openTagging(); err != nil {
		return err
	}
	for _, h := range s.parts.Hosted {
		has := func(r orgv1.Role) bool { return slices.Contains(roles[h.OrgID], r) }
		if h.DataKey != nil {
			d := &desk.Desk{Client: s.client, OrgID: h.OrgID, Service: h.Service, DataKey: h.DataKey, Vaults: read, Keeper: s.store}
			s.desks[h.OrgID] = d
			if has(orgv1.Role_ROLE_LENDER) {
				s.line.Lenders[h.OrgID] = d
			}
			if has(orgv1.Role_ROLE_ATTESTOR) {
				s.line.Verifiers = append(s.line.Verifiers, d)
			}
		}
		if h.Officer != nil {
			if has(orgv1.Role_ROLE_KYB) {
				verifiers = append(verifiers, registry.Verifier{OrgID: h.OrgID, Device: h.Officer, Tags: s.taggers[h.OrgID]})
			}
		}
		if (has(orgv1.Role_ROLE_REGULATOR) || has(orgv1.Role_ROLE_CUSTODIAN)) && s.monitor == nil {
			s.monitor = &custody.Monitor{Client: s.client, Service: h.Service, OrgID: h.OrgID, Log: s.parts.Log.With("monitor", h.OrgID)}
		}
		if has(orgv1.Role_ROLE_CUSTODIAN) && s.scorer == nil {
			s.scorer = &scoring.Scorer{Client: s.client, Prover: s.parts.Prover, Service: h.Service, OrgID: h.OrgID}
		}
	}
	if len(verifiers) >= 2 {
		s.registrar = &registry.Registrar{
			Client: s.client, First: verifiers[0], Second: verifiers[1],
			AmountLimitFen: s.parts.AmountLimitFen, Keeper: s.store,
		}
	}
	if err := s.openOffices(); err != nil {
		return err
	}
	if err := s.openBank(roles); err != nil {
		return err
	}
	s.portal, err = portal.New(ctx, portal.Config{
		Client: s.client, Store: s.store, Line: s.line, Registrar: s.registrar, Custodians: s.custodians, Desks: s.desks,
		Offices: s.offices, Orders: s.inbox.Book, Origin: s.parts.Origin, Log: s.parts.Log,
	})
	if err != nil {
		return err
	}
	for _, d := range s.desks {
		d.Forget = func(consent []byte) {
			s.portal.Forget(consent)
			s.line.Forget(consent)
		}
	}
	for _, h := range s.parts.Hosted {
		if h.Officer != nil {
			s.portal.Host(h.OrgID, h.Officer)
		}
	}
	return nil
}

// Host lets visitors act with the software passkey of an organisation, such as
// a firm of the demonstration that was registered after the start.
func (s *Server) Host(org uint64, device wire.ReadSigner) { s.portal.Host(org, device) }

// Client is the connection to the node.
func (s *Server) Client() *chain.Client { return s.client }

// Store is the gateway's database.
func (s *Server) Store() *store.Store { return s.store }

// Line is the background work.
func (s *Server) Line() *line.Line { return s.line }

// Custodian is the first hosted custodian, nil where there is none.
func (s *Server) Custodian() *custody.Custodian {
	for _, h := range s.parts.Hosted {
		if c := s.custodians[h.OrgID]; c != nil {
			return c
		}
	}
	return nil
}

// Desk is the desk of a hosted organisation, nil where there is none.
func (s *Server) Desk(org uint64) *desk.Desk { return s.desks[org] }

// Scorer proves and submits scores for the first hosted custodian, nil where
// there is none.
func (s *Server) Scorer() *scoring.Scorer { return s.scorer }

// Registrar registers firms through the two hosted verifiers, nil where there
// are not two.
func (s *Server) Registrar() *registry.Registrar { return s.registrar }

// Tags makes tags for a hosted organisation, nil where it is not hosted.
func (s *Server) Tags(org uint64) *tagging.Client { return s.taggers[org] }

// Exporter makes proof bundles.
func (s *Server) Exporter() evidence.Exporter { return evidence.Exporter{Client: s.client} }

// Handler is everything that the gateway serves.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", s.portal.Handler())
	mux.Handle("/vault/", vaultHandler(s.custodians, s.parts.Log))
	mux.Handle(tagging.Path, tagging.Handler(s.services, s.parts.Log))
	mux.Handle(pledging.Path, pledging.Handler(s.inbox, s.parts.Log))
	return mux
}

// Address is where the portal listens, empty before Run.
func (s *Server) Address() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listening == nil {
		return ""
	}
	return s.listening.Addr().String()
}

// Run serves until ctx ends. It stops in order: first no new visitor, then the
// background work, which finishes what it has begun; Close comes after.
func (s *Server) Run(ctx context.Context) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.parts.Listen)
	if err != nil {
		return fmt.Errorf("listening at %s: %w: another gateway may be running there", s.parts.Listen, err)
	}
	s.mu.Lock()
	s.listening = l
	s.mu.Unlock()
	return s.Serve(ctx, l)
}

// Serve is Run on a listener that is open already.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	work, stop := context.WithCancel(ctx)
	defer stop()
	var all sync.WaitGroup
	for _, c := range s.custodians {
		all.Go(func() { _ = c.Run(work) }) // it logs its own faults
	}
	for _, d := range s.desks {
		all.Go(func() { d.RunDeletions(work, s.parts.Log) })
	}
	for _, f := range s.offices {
		all.Go(func() { f.Run(work, s.parts.Log.With("pledges", f.OrgID)) })
	}
	all.Go(func() { _ = s.line.Run(work) })
	if s.registrar != nil {
		all.Go(func() { s.registrar.RunRotations(work, s.parts.Log) })
	}
	all.Go(func() { s.sweep(work) })
	all.Go(func() { s.control(work) })
	if s.parts.Sources != "" {
		all.Go(func() { _ = s.scheduler().Run(work) })
	}
	if s.bank != nil {
		all.Go(func() { _ = s.bank.Run(work, s.parts.Bank.Every) })
	}
	if s.monitor != nil {
		all.Go(func() { _ = s.monitor.Run(work) })
	}
	site := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, ErrorLog: slog.NewLogLogger(s.parts.Log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- site.Serve(l) }()
	s.parts.Log.Info("gateway serves", "origin", s.parts.Origin, "listen", l.Addr().String(), "chain", s.client.ChainID())
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if err = site.Shutdown(patience); err != nil {
			err = errors.Join(fmt.Errorf("stopping the portal: %w", err), site.Close())
		}
	}
	stop()
	all.Wait()
	return err
}

func (s *Server) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := s.store.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.parts.Log.Error("sweeping the database", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Close ends the use of vaults and database. Run must have returned.
func (s *Server) Close() error {
	var errs []error
	for _, c := range s.custodians {
		errs = append(errs, c.Vault.Close())
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	if s.owned {
		if c, ok := s.parts.Prover.(io.Closer); ok {
			errs = append(errs, c.Close())
		}
		errs = append(errs, s.client.Close())
	}
	return errors.Join(errs...)
}
