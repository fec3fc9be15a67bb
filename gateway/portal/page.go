package portal

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"

	"github.com/xinlian/xinlian/gateway/store"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// Lang is a language of the pages.
type Lang string

// The languages. Chinese is the source.
const (
	ZH Lang = "zh"
	EN Lang = "en"
)

const langCookie = "xinlian_lang"

// langOf chooses the reader's language: the query, the cookie, the browser's
// wish, Chinese.
func langOf(r *http.Request) Lang {
	if l, ok := parseLang(r.URL.Query().Get("lang")); ok {
		return l
	}
	if c, err := r.Cookie(langCookie); err == nil {
		if l, ok := parseLang(c.Value); ok {
			return l
		}
	}
	for _, part := range strings.Split(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		primary, _, _ := strings.Cut(tag, "-")
		if l, ok := parseLang(strings.ToLower(primary)); ok {
			return l
		}
	}
	return ZH
}

func parseLang(s string) (Lang, bool) {
	switch Lang(s) {
	case ZH, EN:
		return Lang(s), true
	}
	return ZH, false
}

// Page is what every page knows.
type Page struct {
	Lang    Lang
	Path    string
	Query   string // without lang
	ChainID string
	RPID    string
	Session *store.Session // nil for a visitor
	Kind    orgv1.OrgKind  // of the session's organisation
	names   map[uint64]string
	p       *Portal
}

// T is a text of the catalogue in the reader's language.
func (g *Page) T(key string, args ...any) string { return text(g.Lang, key, args...) }

// HTMLLang is the lang attribute.
func (g *Page) HTMLLang() string {
	if g.Lang == EN {
		return "en"
	}
	return "zh-CN"
}

// OtherLang is the address of this page in the other language.
func (g *Page) OtherLang() string {
	other := EN
	if g.Lang == EN {
		other = ZH
	}
	q := g.Query
	if q != "" {
		q += "&"
	}
	return g.Path + "?" + q + "lang=" + string(other)
}

// Pick is the one of two texts in the reader's language.
func (g *Page) Pick(zh, en string) string {
	if g.Lang == EN {
		return en
	}
	return zh
}

// Org is an organisation as people call it: its public name, or its number.
func (g *Page) Org(id uint64) string {
	if name := g.names[id]; name != "" {
		return name
	}
	if id == 0 {
		return "—"
	}
	return g.T("org.number", id)
}

// Hosted tells whether this session signs with a software key of the
// demonstration, so that its forms do not ask a passkey.
func (g *Page) Hosted() bool { return g.Session != nil && g.Session.Hosted }

// Here marks the current entry of the navigation.
func (g *Page) Here(prefix string) bool {
	return g.Path == prefix || strings.HasPrefix(g.Path, prefix+"/")
}

// Hex writes bytes for people to compare.
func Hex(b []byte) string {
	s := hex.EncodeToString(b)
	if len(s) <= 20 {
		return s
	}
	return s[:10] + "…" + s[len(s)-6:]
}

// FullHex writes bytes for forms and addresses.
func FullHex(b []byte) string { return hex.EncodeToString(b) }

// num writes a number for addresses and attributes.
func num[N ~int | ~int32 | ~int64 | ~uint32 | ~uint64](n N) string { return fmt.Sprint(n) }
