package portal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"github.com/xinlian/xinlian/gateway/store"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// Bounds of requests.
const (
	jsonBytesMax   = 128 << 10
	formBytesMax   = 64 << 10
	uploadBytesMax = 64 << 20
)

// uploadPath is where documents are handed in.
const uploadPath = "/owner/data"

const sessionCookie = "xinlian_session"

// csp allows nothing but what this server sends: no inline script or style, no
// other host, no frame.
const csp = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"

// headers sets what every answer carries.
func headers(origin string, next http.Handler) http.Handler {
	secure := strings.HasPrefix(origin, "https:")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", csp)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
		h.Set("Cache-Control", "no-store")
		if secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// home sends 127.0.0.1 to localhost, because an IP address cannot own a passkey,
// and refuses any other host: nothing could be signed there, and a foreign name
// that points here is somebody's trick.
func (p *Portal) home(next http.Handler) http.Handler {
	want, err := url.Parse(p.Origin)
	if err != nil {
		panic("portal: origin " + p.Origin) // New has checked it
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		name := host
		if h, _, err := net.SplitHostPort(host); err == nil {
			name = h
		}
		ip := net.ParseIP(strings.Trim(name, "[]"))
		switch {
		case strings.EqualFold(host, want.Host) || r.URL.Path == "/healthz":
			next.ServeHTTP(w, r)
		case ip != nil && ip.IsLoopback() && want.Hostname() == "localhost":
			http.Redirect(w, r, p.Origin+r.URL.RequestURI(), http.StatusTemporaryRedirect)
		default:
			http.Error(w, text(langOf(r), "error.host", p.Origin), http.StatusMisdirectedRequest)
		}
	})
}

// bounded caps every body; uploads have a cap of their own. No other form is large
// enough to be put into temporary files while it is read.
func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit := int64(formBytesMax)
		switch {
		case r.URL.Path == uploadPath && strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data"):
			limit = uploadBytesMax
		case strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
			limit = jsonBytesMax
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		next.ServeHTTP(w, r)
	})
}

// view makes a page. A nil component means that the handler has answered.
type view func(w http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error)

// page serves a view: it knows the visitor and the language, and turns errors
// into pages.
func (p *Portal) page(v view) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		g, err := p.newPage(w, r)
		if err != nil {
			p.fail(w, r, err)
			return
		}
		c, err := v(w, r, g)
		if err != nil {
			p.fail(w, r, err)
			return
		}
		if c != nil {
			p.render(w, r, http.StatusOK, c)
		}
	}
}

func (p *Portal) newPage(w http.ResponseWriter, r *http.Request) (*Page, error) {
	g := &Page{Lang: langOf(r), Path: r.URL.Path, ChainID: p.Client.ChainID(), RPID: p.rpID, p: p}
	q := r.URL.Query()
	if q.Has("lang") {
		http.SetCookie(w, p.cookie(langCookie, string(g.Lang), 365*24*60*60))
		q.Del("lang")
	}
	g.Query = q.Encode()
	names, err := p.orgNames(r.Context())
	if err != nil {
		return nil, err
	}
	g.names = names
	s, err := p.session(r)
	if errors.Is(err, store.ErrNotFound) {
		return g, nil
	}
	if err != nil {
		return nil, err
	}
	g.Session = &s
	o, err := p.org(r.Context(), s.OrgID)
	if err != nil {
		return nil, err
	}
	g.Kind = o.Kind
	return g, nil
}

func (p *Portal) org(ctx context.Context, id uint64) (orgv1.Organisation, error) {
	r, err := p.Client.Org.Organisation(ctx, &orgv1.QueryOrganisationRequest{Id: id})
	if err != nil {
		return orgv1.Organisation{}, err
	}
	return r.Organisation, nil
}

// render writes a page whole or not at all.
func (p *Portal) render(w http.ResponseWriter, r *http.Request, status int, c templ.Component) {
	var b bytes.Buffer
	if err := c.Render(r.Context(), &b); err != nil {
		p.Log.Error("rendering a page", "path", r.URL.Path, "err", err)
		http.Error(w, text(langOf(r), "error.internal"), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Vary", "Accept-Encoding, Accept-Language, Cookie")
	var zipped []byte
	if b.Len() >= compressMin {
		zipped = compressed(b.Bytes())
	}
	send(w, r, status, b.Bytes(), zipped)
}

// session is the visitor's, or store.ErrNotFound. It ends with its device: one
// that was frozen, revoked or moved shows nothing from the next request on.
func (p *Portal) session(r *http.Request) (store.Session, error) {
	t := token(r)
	if t == "" {
		return store.Session{}, store.ErrNotFound
	}
	s, err := p.Store.Session(r.Context(), t)
	if err != nil {
		return s, err
	}
	d, err := p.Client.Org.Device(r.Context(), &orgv1.QueryDeviceRequest{Address: s.Device})
	if err != nil {
		return s, fmt.Errorf("reading the session's device: %w", err)
	}
	if d.Device.OrgId != s.OrgID || stopped(d.Device.Status) {
		p.readings.drop(t)
		return store.Session{}, errors.Join(store.ErrNotFound, p.Store.EndSession(r.Context(), t))
	}
	return s, nil
}

func stopped(s orgv1.DeviceStatus) bool {
	return s == orgv1.DeviceStatus_DEVICE_STATUS_FROZEN || s == orgv1.DeviceStatus_DEVICE_STATUS_REVOKED
}

// token is the visitor's token; it is only asked for where there is a session.
func token(r *http.Request) string {
	if c, err := r.Cookie(sessionCookie); err == nil {
		return c.Value
	}
	return ""
}

func (p *Portal) cookie(name, value string, seconds int) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: seconds, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: strings.HasPrefix(p.Origin, "https:"),
	}
}

// call answers a script with a value that becomes JSON.
type call func(w http.ResponseWriter, r *http.Request) (any, error)

func (p *Portal) api(c call) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
			// A form without its script: the page was slow, or scripts are off.
			p.fail(w, r, refuse(http.StatusUnsupportedMediaType, "error.script"))
			return
		}
		v, err := c(w, r)
		if err != nil {
			p.failAPI(w, r, err)
			return
		}
		writeJSON(w, http.StatusOK, v)
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) { writeAs(w, "application/json", status, v) }

func writeAs(w http.ResponseWriter, kind string, status int, v any) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the visitor may have gone
}

// readJSON reads one JSON value and nothing after it.
func readJSON(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	if err := d.Decode(into); err != nil {
		return problem{status: http.StatusBadRequest, key: "error.request", cause: err}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return problem{status: http.StatusBadRequest, key: "error.request"}
	}
	return nil
}
