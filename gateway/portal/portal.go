package portal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/desk"
	"github.com/xinlian/xinlian/gateway/evidence"
	"github.com/xinlian/xinlian/gateway/line"
	"github.com/xinlian/xinlian/gateway/pledging"
	"github.com/xinlian/xinlian/gateway/registry"
	"github.com/xinlian/xinlian/gateway/store"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// pageLimit is how many rows one query returns.
const pageLimit = 200

// Config is what the portal needs. All fields must be set; maps may be empty.
type Config struct {
	Client     *chain.Client
	Store      *store.Store
	Line       *line.Line
	Registrar  *registry.Registrar // nil: no firm can register here
	Custodians map[uint64]*custody.Custodian
	Desks      map[uint64]*desk.Desk
	Offices    map[uint64]*pledging.Office // for receivables
	Orders     *pledging.Book              // of receivables to pledge
	Origin     string                      // scheme://host[:port] where people open the portal
	Log        *slog.Logger
}

// Portal serves the pages.
type Portal struct {
	Config
	rpID     string
	exporter evidence.Exporter
	policy   policy
	readings *shelf
	briefs   *briefs
	exported exports
	checks   *answers // what officers were told about receivables

	mu      sync.Mutex
	names   map[uint64]string // public names of organisations
	namesAt time.Time
	devices map[uint64]wire.ReadSigner // software passkeys that visitors may act with
}

// ErrOrigin says that the chain does not allow passkeys made at the portal's
// origin, so that nothing could be signed.
var ErrOrigin = errors.New("portal: the chain does not allow passkeys of this origin")

// New makes a portal. It refuses an origin that the chain does not allow, and
// says which ones it does.
func New(ctx context.Context, c Config) (*Portal, error) {
	p := &Portal{Config: c, exporter: evidence.Exporter{Client: c.Client}, readings: newShelf(), briefs: newBriefs(), checks: newAnswers(), names: map[uint64]string{}, devices: map[uint64]wire.ReadSigner{}}
	r, err := c.Client.Org.Params(ctx, &orgv1.QueryParamsRequest{})
	if err != nil {
		return nil, fmt.Errorf("reading the allowed origins: %w", err)
	}
	if err := checkOrigin(c.Origin, r.Params); err != nil {
		return nil, err
	}
	p.rpID = rpIDOf(c.Origin, r.Params.RpIds)
	p.policy = custody.Policy(c.Client)
	return p, nil
}

// checkOrigin compares the portal's origin with the chain's parameter.
func checkOrigin(origin string, params orgv1.Params) error {
	switch {
	case !slices.Contains(params.Origins, origin):
		return fmt.Errorf("%w: it is %s, allowed are %s; start the portal at one of these, or have the council add yours",
			ErrOrigin, origin, strings.Join(params.Origins, ", "))
	case rpIDOf(origin, params.RpIds) == "":
		return fmt.Errorf("%w: no relying party id of %s fits %s", ErrOrigin, strings.Join(params.RpIds, ", "), origin)
	}
	return nil
}

// rpIDOf is the longest allowed relying party id that is the origin's host or a
// domain above it.
func rpIDOf(origin string, ids []string) string {
	u, err := url.Parse(origin)
	if err != nil {
		return ""
	}
	best := ""
	for _, id := range ids {
		if (u.Hostname() == id || strings.HasSuffix(u.Hostname(), "."+id)) && len(id) > len(best) {
			best = id
		}
	}
	return best
}

// Handler is the whole site.
func (p *Portal) Handler() http.Handler {
	mux := http.NewServeMux()
	p.public(mux)
	p.ownerRoutes(mux)
	p.officerRoutes(mux)
	p.pledgeRoutes(mux)
	p.explorerRoutes(mux)
	guarded := http.NewCrossOriginProtection().Handler(mux)
	return p.home(headers(p.Origin, bounded(guarded)))
}

func (p *Portal) public(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", p.page(p.start))
	mux.Handle("GET /static/", staticFiles())
	mux.HandleFunc("GET /healthz", p.health)
	mux.HandleFunc("GET /nonce", p.nonce)
	mux.HandleFunc("POST /enrol", p.api(p.enrol))
	mux.HandleFunc("POST /login", p.api(p.login))
	mux.HandleFunc("POST /logout", p.logout)
	mux.HandleFunc("POST /tx/prepare", p.api(p.prepare))
	mux.HandleFunc("POST /tx/submit", p.api(p.submit))
	mux.HandleFunc("POST /tx/hosted", p.hostedSign)
	mux.HandleFunc("POST /hosted", p.hostedLogin)
	mux.HandleFunc("POST /read/prepare", p.api(p.prepareRead))
	mux.HandleFunc("POST /read", p.api(p.read))
}

// health answers when node and database do.
func (p *Portal) health(w http.ResponseWriter, r *http.Request) {
	head, err := p.Client.Head(r.Context())
	if err != nil {
		p.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"chain_id": head.ChainID, "height": head.Height})
}

// namesLife is how long the members' names are remembered: one may have joined.
const namesLife = time.Minute

// orgNames are the public names of the members; enterprises have none. Callers
// must not change the map.
func (p *Portal) orgNames(ctx context.Context) (map[uint64]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.names) > 0 && time.Since(p.namesAt) < namesLife {
		return p.names, nil
	}
	names := map[uint64]string{}
	for kind := orgv1.OrgKind_ORG_KIND_BANK; kind < orgv1.OrgKind_ORG_KIND_ENTERPRISE; kind++ {
		r, err := p.Client.Org.Organisations(ctx, &orgv1.QueryOrganisationsRequest{Kind: kind, Pagination: &query.PageRequest{Limit: pageLimit}})
		if err != nil {
			return nil, fmt.Errorf("reading the members: %w", err)
		}
		for _, o := range r.Organisations {
			names[o.Id] = o.Name
		}
	}
	p.names, p.namesAt = names, time.Now()
	return names, nil
}

// Host lets visitors act with an organisation's software passkey. It is for a
// demonstration: whoever opens the portal signs for that organisation.
func (p *Portal) Host(org uint64, device wire.ReadSigner) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.devices[org] = device
}

// Forget drops records that officers have opened under a consent that has ended.
func (p *Portal) Forget(consent []byte) { p.readings.forget(consent) }

// hosted is the software passkey of an organisation, nil where there is none.
func (p *Portal) hosted(org uint64) wire.ReadSigner {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.devices[org]
}

// hostedOrgs lists the organisations that visitors may act for.
func (p *Portal) hostedOrgs() []uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Keys(p.devices))
}
