package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/gateway/vault"
	"github.com/xinlian/xinlian/internal/canon"
)

// TestReplicaRoute proves that a second custodian elsewhere gets the first one's
// own refusals over the network and the whole of an answer or an error, and that
// garbage is refused before any vault sees it.
func TestReplicaRoute(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	h := vaultHandler(nil, log)
	req := vault.ReplicaRequest{ChainID: "c", Custodian: 5, Second: 6, Enterprise: 7, Device: "xin1"}
	raw, err := req.Encoded()
	if err != nil {
		t.Fatal(err)
	}
	signed, err := canon.New("vault-replica").Bytes(raw).Bytes([]byte("signature")).Encoded()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		body string
		want error
	}{
		"nothing":                   {"", vault.ErrBadRequest},
		"garbage":                   {"xxxx", vault.ErrBadRequest},
		"too much":                  {strings.Repeat("x", replicaBytesMax+1), vault.ErrBadRequest},
		"of another kind":           {strings.Replace(string(signed), "vault-replica", "vault-reading", 1), vault.ErrBadRequest},
		"a custodian elsewhere":     {string(signed), vault.ErrWrongVault},
		"bytes after the signature": {string(signed) + "x", vault.ErrBadRequest},
	} {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, replicaPath, strings.NewReader(c.body)))
		var p readProblem
		if err := json.NewDecoder(rec.Body).Decode(&p); err != nil || !errors.Is(p.Outcome.Err(), c.want) || rec.Code != http.StatusForbidden {
			t.Errorf("%s: status %d, %+v, %v", name, rec.Code, p, err)
		}
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, replicaPath, nil))
	if rec.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: status %d", rec.Code)
	}

	far := httptest.NewServer(h)
	defer far.Close()
	v, err := newVaults(nil, map[uint64]string{5: far.URL})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.replica(context.Background(), v.remote[5], req, []byte("signature")); !errors.Is(err, vault.ErrWrongVault) {
		t.Errorf("over the network: %v", err)
	}
	// An answer that breaks off after its first bytes must not pass for a whole one.
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, 64<<10))
		panic(http.ErrAbortHandler)
	}))
	defer broken.Close()
	if v, err = newVaults(nil, map[uint64]string{5: broken.URL}); err != nil {
		t.Fatal(err)
	}
	body, err := v.replica(context.Background(), v.remote[5], req, []byte("signature"))
	if err == nil {
		_, err = io.Copy(io.Discard, body)
		_ = body.Close()
	}
	if err == nil {
		t.Error("an answer that was broken off is taken for whole")
	}
}
