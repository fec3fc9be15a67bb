package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/vault"
	"github.com/xinlian/xinlian/internal/canon"
)

const (
	replicaPath     = "/vault/replica"
	replicaBytesMax = 16 << 10
)

// first is the way from a second custodian here to a first custodian, in this
// process or at another gateway.
func (v *vaults) first(second *custody.Custodian) func(custodian uint64) (vault.First, error) {
	return func(custodian uint64) (vault.First, error) {
		if c := v.local[custodian]; c != nil {
			return func(ctx context.Context, req vault.ReplicaRequest) (io.ReadCloser, error) {
				signature, err := signReplica(second, req)
				if err != nil {
					return nil, err
				}
				r, w := io.Pipe()
				go func() { w.CloseWithError(c.Replicate(ctx, req, signature, w)) }()
				return r, nil
			}, nil
		}
		u := v.remote[custodian]
		if u == nil {
			return nil, fmt.Errorf("%w: organisation %d", ErrNoVault, custodian)
		}
		return func(ctx context.Context, req vault.ReplicaRequest) (io.ReadCloser, error) {
			signature, err := signReplica(second, req)
			if err != nil {
				return nil, err
			}
			return v.replica(ctx, u, req, signature)
		}, nil
	}
}

func signReplica(second *custody.Custodian, req vault.ReplicaRequest) ([]byte, error) {
	raw, err := req.Encoded()
	if err != nil {
		return nil, err
	}
	return second.SignReplica(raw)
}

func (v *vaults) replica(ctx context.Context, base *url.URL, req vault.ReplicaRequest, signature []byte) (io.ReadCloser, error) {
	raw, err := req.Encoded()
	if err != nil {
		return nil, err
	}
	body, err := canon.New("vault-replica").Bytes(raw).Bytes(signature).Encoded()
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base.JoinPath(replicaPath).String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("asking the first custodian: %w", err)
	}
	res, err := v.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("asking the first custodian: %w", err)
	}
	if res.StatusCode == http.StatusOK {
		return res.Body, nil
	}
	defer res.Body.Close()
	var p readProblem
	if err := json.NewDecoder(io.LimitReader(res.Body, problemMax)).Decode(&p); err != nil {
		return nil, fmt.Errorf("asking the first custodian: status %d", res.StatusCode)
	}
	if refusal := p.Outcome.Err(); refusal != nil {
		return nil, refusal
	}
	return nil, fmt.Errorf("asking the first custodian: status %d: %.200s", res.StatusCode, p.Title)
}

// replicaHandler answers second custodians elsewhere. Who may ask is decided by
// the vault; keys open with the second custodian's data key only.
func replicaHandler(local map[uint64]*custody.Custodian, log *slog.Logger) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		out := &begun{ResponseWriter: w}
		if err := answerReplica(r, out, local); err != nil {
			if !out.sent {
				refuseRead(w, err, log)
				return
			}
			log.Error("answering a second custodian", "err", err)
			panic(http.ErrAbortHandler) // the asker must not take the part for the whole
		}
	}
}

// begun knows whether anything was sent.
type begun struct {
	http.ResponseWriter

	sent bool
}

func (b *begun) Write(p []byte) (int, error) {
	b.sent = true
	return b.ResponseWriter.Write(p)
}

func answerReplica(r *http.Request, w *begun, local map[uint64]*custody.Custodian) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, replicaBytesMax))
	if err != nil {
		return fmt.Errorf("%w: %w", vault.ErrBadRequest, err)
	}
	c := canon.Open("vault-replica", body)
	raw, signature := c.Bytes(), c.Bytes()
	if err := c.Done(); err != nil {
		return fmt.Errorf("%w: %w", vault.ErrBadRequest, err)
	}
	req, err := vault.DecodeReplicaRequest(raw)
	if err != nil {
		return err
	}
	first := local[req.Custodian]
	if first == nil {
		return vault.ErrWrongVault
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Cache-Control", "no-store")
	return first.Replicate(r.Context(), *req, signature, w)
}
