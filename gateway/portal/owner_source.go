package portal

import (
	"context"
	"strings"

	"github.com/xinlian/xinlian/gateway/pull"
	"github.com/xinlian/xinlian/gateway/store"
)

// sourceView is an enterprise's scheduled sources, and how its records overlap.
type sourceView struct {
	List      []store.Source
	Twice     int // records that several sources gave
	Conflicts int // documents of which sources say different things
}

func (p *Portal) sources(ctx context.Context, st state) (v sourceView, err error) {
	if v.List, err = p.Store.SourcesOf(ctx, st.Org.Id); err != nil {
		return v, err
	}
	v.Twice, v.Conflicts, err = p.Store.Overlap(ctx, st.Org.CustodianOrgId, st.Org.Id)
	return v, err
}

func sourceTone(s store.Source) string {
	switch pull.Status(s.Status) {
	case pull.Delivered:
		return "good"
	case pull.Denied, pull.Timeout:
		return "bad"
	}
	return ""
}

func (g *Page) sourceStatus(s store.Source) string {
	return g.T("pullstatus." + strings.ToLower(s.Status))
}

func (g *Page) sourceTime(unix int64) string {
	if unix == 0 {
		return g.T("source.never")
	}
	return Moment(unix)
}

// sourceWaits tells whether the source has a next run.
func sourceWaits(s store.Source) bool { return pull.Status(s.Status) != pull.Denied }
