package portal

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed static
var static embed.FS

// asset is a file that pages load, compressed once at the start.
type asset struct {
	kind string
	etag string
	body []byte
	gzip []byte
}

// staticFiles serves the embedded files. A browser keeps them and asks whether
// they are still the same, which costs no transfer: a new release shows at once.
func staticFiles() http.Handler {
	assets := loadAssets()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := assets[strings.TrimPrefix(r.URL.Path, "/static/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", a.etag)
		h.Set("Vary", "Accept-Encoding")
		if r.Header.Get("If-None-Match") == a.etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Type", a.kind)
		send(w, r, http.StatusOK, a.body, a.gzip)
	})
}

func loadAssets() map[string]asset {
	list, err := static.ReadDir("static")
	if err != nil {
		panic("portal: static files: " + err.Error())
	}
	assets := map[string]asset{}
	for _, e := range list {
		body, err := static.ReadFile("static/" + e.Name())
		if err != nil {
			panic("portal: static files: " + err.Error())
		}
		sum := sha256.Sum256(body)
		assets[e.Name()] = asset{
			kind: mime.TypeByExtension(path.Ext(e.Name())), etag: `"` + hex.EncodeToString(sum[:16]) + `"`, body: body, gzip: compressed(body),
		}
	}
	return assets
}

// compressMin is the size below which compression saves no packet.
const compressMin = 1400

func compressed(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		panic("portal: compressing: " + err.Error()) // a bytes.Buffer does not fail
	}
	if err := z.Close(); err != nil {
		panic("portal: compressing: " + err.Error())
	}
	return out.Bytes()
}

// send writes a body, compressed where the browser takes that.
func send(w http.ResponseWriter, r *http.Request, status int, body, zipped []byte) {
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") && len(body) >= compressMin {
		w.Header().Set("Content-Encoding", "gzip")
		body = zipped
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the visitor may have gone
}
