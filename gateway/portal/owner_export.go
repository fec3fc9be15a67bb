package portal

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/a-h/templ"

	"github.com/xinlian/xinlian/gateway/dossier"
	"github.com/xinlian/xinlian/gateway/store"
	"github.com/xinlian/xinlian/gateway/vault"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/wire"
)

const (
	exportPath = "/owner/export"
	// exportLife is how long an export that its owner has signed for may be fetched.
	exportLife = 15 * time.Minute
	// exportLive is the life of the request that she signs.
	exportLive = 2 * time.Minute
	// writeEvery is how long a slow line may take for one write of an archive.
	writeEvery = time.Minute
)

// export is what an owner has signed for and may fetch once.
type export struct {
	what  *vault.Export
	until time.Time
	begun atomic.Bool
	done  atomic.Uint64 // records written
	ended atomic.Bool   // the archive is complete
}

// exports are those that wait or run, by session.
type exports struct {
	mu   sync.Mutex
	list map[string]*export
}

func (x *exports) put(token string, e *vault.Export) {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := time.Now()
	if x.list == nil {
		x.list = map[string]*export{}
	}
	for k, v := range x.list {
		if v.until.Before(now) {
			delete(x.list, k)
		}
	}
	x.list[string(store.TokenHash(token))] = &export{what: e, until: now.Add(exportLife)}
}

// find is the session's export, nil where there is none.
func (x *exports) find(token string) *export {
	x.mu.Lock()
	defer x.mu.Unlock()
	e := x.list[string(store.TokenHash(token))]
	if e == nil || e.until.Before(time.Now()) {
		return nil
	}
	return e
}

func (x *exports) drop(token string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.list, string(store.TokenHash(token)))
}

// exportRequest is the request that an owner signs to have her own records.
func (p *Portal) exportRequest(ctx context.Context, s store.Session) (req vault.ReadRequest, err error) {
	o, err := p.org(ctx, s.OrgID)
	if err != nil {
		return req, err
	}
	if o.Kind != orgv1.OrgKind_ORG_KIND_ENTERPRISE || p.Custodians[o.CustodianOrgId] == nil {
		return req, refuse(http.StatusConflict, "error.custodian")
	}
	head, err := p.Client.Head(ctx)
	if err != nil {
		return req, err
	}
	req = vault.ReadRequest{
		ChainID: p.Client.ChainID(), Custodian: o.CustodianOrgId, Purpose: vault.PurposeExport, Use: vault.UseView, Device: s.Device,
		Selector: vault.Every(record.Month(record.Day(head.Time.In(shanghai)))), Expires: head.Time.Add(exportLive).Truncate(time.Second),
	}
	_, err = rand.Read(req.Nonce[:])
	return req, err
}

// takeOut has the vault decide on a signed request of the session's owner.
func (p *Portal) takeOut(r *http.Request, s store.Session, req vault.ReadRequest, signature []byte) error {
	o, err := p.org(r.Context(), s.OrgID)
	if err != nil {
		return err
	}
	c := p.Custodians[o.CustodianOrgId]
	if c == nil || req.Device != s.Device {
		return refuse(http.StatusConflict, "error.custodian")
	}
	e, err := c.Vault.Export(r.Context(), req, signature)
	if err != nil {
		return err
	}
	p.exported.put(token(r), e)
	return nil
}

// hostedExport signs with the software key of a hosted firm.
func (p *Portal) hostedExport(w http.ResponseWriter, r *http.Request, g *Page, _ state) (templ.Component, error) {
	device := p.hosted(g.Session.OrgID)
	if !g.Session.Hosted || device == nil || wire.Address(device) != g.Session.Device {
		return nil, refuse(http.StatusForbidden, "error.hosted")
	}
	req, err := p.exportRequest(r.Context(), *g.Session)
	if err != nil {
		return nil, err
	}
	raw, err := req.Encoded()
	if err != nil {
		return nil, err
	}
	signature, err := device.SignRead(raw)
	if err != nil {
		return nil, fmt.Errorf("signing the request: %w", err)
	}
	if err := p.takeOut(r, *g.Session, req, signature); err != nil {
		return nil, err
	}
	http.Redirect(w, r, exportPath, http.StatusSeeOther)
	return nil, nil
}

func (p *Portal) ownerExport(_ http.ResponseWriter, r *http.Request, g *Page, st state) (templ.Component, error) {
	return exportPage(g, st, p.exported.find(token(r)), p.Custodians[st.Org.CustodianOrgId] != nil), nil
}

// exportPart is how far the archive has come; the page asks for it again.
func (p *Portal) exportPart(_ http.ResponseWriter, r *http.Request, g *Page, _ state) (templ.Component, error) {
	return exportProgress(g, p.exported.find(token(r))), nil
}

// exportArchive streams the archive, once. What fails after its first byte is cut
// off, so that nobody takes a part for the whole.
func (p *Portal) exportArchive(w http.ResponseWriter, r *http.Request, _ *Page, st state) (templ.Component, error) {
	e := p.exported.find(token(r))
	c := p.Custodians[st.Org.CustodianOrgId]
	if e == nil || c == nil || e.what.Receipt.Enterprise != st.Org.Id {
		return nil, refuse(http.StatusNotFound, "error.export.none")
	}
	if !e.begun.CompareAndSwap(false, true) {
		return nil, refuse(http.StatusConflict, "error.export.once")
	}
	names, err := p.orgNames(r.Context())
	if err != nil {
		return nil, err
	}
	d := dossier.Writer{Client: p.Client, Store: p.Store, Vault: c.Vault, Names: names, Progress: e.done.Store}
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", `attachment; filename="xinlian-`+num(st.Org.Id)+`.zip"`)
	if err := d.Write(r.Context(), patient{w, http.NewResponseController(w)}, e.what); err != nil {
		p.Log.Error("writing an export", "enterprise", st.Org.Id, "err", err)
		panic(http.ErrAbortHandler)
	}
	e.ended.Store(true)
	return nil, nil
}

// patient gives each write its own time: a large archive over a slow line takes
// longer than any page.
type patient struct {
	w http.ResponseWriter
	c *http.ResponseController
}

func (s patient) Write(b []byte) (int, error) {
	if err := s.c.SetWriteDeadline(time.Now().Add(writeEvery)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return s.w.Write(b)
}

// encodedRequest is a request with what its page needs to show it.
func (p *Portal) encodedRequest(ctx context.Context, req vault.ReadRequest) (any, error) {
	raw, err := req.Encoded()
	if err != nil {
		return nil, err
	}
	names, err := p.orgNames(ctx)
	if err != nil {
		return nil, err
	}
	orgs := map[string]string{}
	for id, name := range names {
		orgs[num(id)] = name
	}
	return map[string]any{"request": base64.StdEncoding.EncodeToString(raw), "support": map[string]any{"orgs": orgs}}, nil
}
