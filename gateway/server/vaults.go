package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/vault"
	"github.com/xinlian/xinlian/internal/canon"
)

// Limits of reads over the network.
const (
	readPath      = "/vault/read"
	readBytesMax  = 512 << 10 // a request may name thousands of records
	problemMax    = 4 << 10
	headerTimeout = 30 * time.Second
)

// ErrNoVault says that no vault of that custodian is known here.
var ErrNoVault = errors.New("server: no vault of that custodian is known here")

// vaults finds the vault of a custodian: in this process, or at another gateway.
type vaults struct {
	local  map[uint64]*custody.Custodian
	remote map[uint64]*url.URL
	client *http.Client
}

func newVaults(local map[uint64]*custody.Custodian, remote map[uint64]string) (*vaults, error) {
	v := &vaults{local: local, remote: map[uint64]*url.URL{}, client: &http.Client{
		Transport: &http.Transport{ResponseHeaderTimeout: headerTimeout, MaxIdleConnsPerHost: 4},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("a vault does not redirect")
		},
	}}
	for id, text := range remote {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return nil, fmt.Errorf("configuration: vaults: %q is no address of a gateway", text)
		}
		v.remote[id] = u
	}
	return v, nil
}

// Read sends a signed request and returns the delivery, still sealed: only the
// reader's data key opens it, so that the way does not matter.
func (v *vaults) Read(ctx context.Context, custodian uint64, req vault.ReadRequest, signature []byte) (io.ReadCloser, error) {
	if c := v.local[custodian]; c != nil {
		d, err := c.Vault.Read(ctx, req, signature)
		if err != nil {
			return nil, err
		}
		r, w := io.Pipe()
		go func() { w.CloseWithError(d.Send(ctx, w)) }()
		return r, nil
	}
	if u := v.remote[custodian]; u != nil {
		return v.ask(ctx, u, req, signature)
	}
	return nil, fmt.Errorf("%w: organisation %d", ErrNoVault, custodian)
}

func (v *vaults) ask(ctx context.Context, base *url.URL, req vault.ReadRequest, signature []byte) (io.ReadCloser, error) {
	raw, err := req.Encoded()
	if err != nil {
		return nil, err
	}
	body, err := canon.New("vault-read").Bytes(raw).Bytes(signature).Encoded()
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base.JoinPath(readPath).String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("asking the vault: %w", err)
	}
	r.Header.Set("Content-Type", "application/octet-stream")
	res, err := v.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("asking the vault: %w", err)
	}
	if res.StatusCode == http.StatusOK {
		return res.Body, nil
	}
	defer res.Body.Close()
	var p readProblem
	if err := json.NewDecoder(io.LimitReader(res.Body, problemMax)).Decode(&p); err != nil {
		return nil, fmt.Errorf("asking the vault: status %d", res.StatusCode)
	}
	if refusal := p.Outcome.Err(); refusal != nil {
		return nil, refusal
	}
	return nil, fmt.Errorf("asking the vault: status %d: %.200s", res.StatusCode, p.Title)
}

// readProblem is the refusal of a read: the outcome that its receipt states.
type readProblem struct {
	Type    string        `json:"type"`
	Title   string        `json:"title"`
	Status  int           `json:"status"`
	Outcome vault.Outcome `json:"outcome"`
}

// vaultHandler answers reads by organisations elsewhere. What it sends opens with
// the grantee's data key only; who may ask is decided by the vault, on the
// request's own signature.
func vaultHandler(local map[uint64]*custody.Custodian, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	pace := newPace()
	mux.HandleFunc("POST "+readPath, func(w http.ResponseWriter, r *http.Request) {
		d, err := openRead(r, w, local, pace)
		if errors.Is(err, errPace) {
			w.Header().Set("Retry-After", "1")
			writeProblem(w, readProblem{Type: "about:blank", Title: "too many reads of this device; try again in a second", Status: http.StatusTooManyRequests, Outcome: vault.OutcomeFailed})
			return
		}
		if err != nil {
			refuseRead(w, err, log)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Cache-Control", "no-store")
		if err := d.Send(r.Context(), w); err != nil && r.Context().Err() == nil {
			log.Error("sending a delivery", "receipt", d.Receipt().Sequence, "err", err)
			panic(http.ErrAbortHandler) // the reader must not take the part for the whole
		}
	})
	mux.HandleFunc("POST "+replicaPath, replicaHandler(local, log))
	return mux
}

func openRead(r *http.Request, w http.ResponseWriter, local map[uint64]*custody.Custodian, pace *pace) (*vault.Delivery, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, readBytesMax))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", vault.ErrBadRequest, err)
	}
	c := canon.Open("vault-read", body)
	raw, signature := c.Bytes(), c.Bytes()
	if err := c.Done(); err != nil {
		return nil, fmt.Errorf("%w: %w", vault.ErrBadRequest, err)
	}
	req, err := vault.DecodeReadRequest(raw)
	if err != nil {
		return nil, err
	}
	custodian := local[req.Custodian]
	if custodian == nil {
		return nil, vault.ErrWrongVault
	}
	if !pace.allow(r, req.Device) {
		return nil, errPace
	}
	return custodian.Vault.Read(r.Context(), *req, signature)
}

func refuseRead(w http.ResponseWriter, err error, log *slog.Logger) {
	p := readProblem{Type: "about:blank", Title: "refused", Status: http.StatusForbidden, Outcome: vault.OutcomeOf(err)}
	if refusal := p.Outcome.Err(); refusal != nil {
		p.Title = strings.TrimPrefix(refusal.Error(), "vault: ")
	} else {
		p.Status, p.Title = http.StatusInternalServerError, "the vault failed"
		log.Error("a read failed", "err", err)
	}
	writeProblem(w, p)
}

func writeProblem(w http.ResponseWriter, p readProblem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the reader may have gone
}
