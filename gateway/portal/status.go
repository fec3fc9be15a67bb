package portal

import (
	"maps"
	"net/http"
	"slices"

	"github.com/a-h/templ"

	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/store"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// operation is how a gateway does, for whoever runs it.
type operation struct {
	oversight

	Logs    []anchoring
	Sources []store.Source // of the firms that the session's organisation keeps
}

// anchoring is how far a custodian's log of reads is on chain.
type anchoring struct {
	custody.Anchoring

	Custodian uint64
}

// operatorStatus is for custodians that are hosted here and for regulators.
func (p *Portal) operatorStatus(_ http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	ctx := r.Context()
	keeps := p.Custodians[g.Session.OrgID] != nil
	if !keeps && g.Kind != orgv1.OrgKind_ORG_KIND_REGULATOR {
		return nil, refuse(http.StatusForbidden, "error.operator")
	}
	var v operation
	var err error
	if v.oversight, err = p.oversee(ctx); err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(p.Custodians)) {
		if keeps && id != g.Session.OrgID {
			continue
		}
		a, err := p.Custodians[id].Anchoring(ctx)
		if err != nil {
			return nil, err
		}
		v.Logs = append(v.Logs, anchoring{a, id})
	}
	if keeps {
		if v.Sources, err = p.Store.Sources(ctx); err != nil {
			return nil, err
		}
	}
	return statusPage(g, v), nil
}

func lateTone(a anchoring) string {
	if a.Late() {
		return "bad"
	}
	return "good"
}
