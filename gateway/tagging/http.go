package tagging

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/oprf"
)

// Path is where a gateway answers evaluations.
const Path = "/tag/evaluate"

const (
	requestBytesMax = 16 << 10
	answerBytesMax  = 16 << 10
	askTimeout      = 10 * time.Second
)

// statuses are the answers to refusals.
var statuses = []struct {
	err    error
	status int
}{
	{ErrRequest, http.StatusBadRequest},
	{ErrMember, http.StatusMisdirectedRequest},
	{ErrNoShare, http.StatusNotFound},
	{ErrExpired, http.StatusForbidden},
	{ErrDevice, http.StatusForbidden},
	{ErrReplayed, http.StatusConflict},
	{ErrConsent, http.StatusForbidden},
	{ErrRole, http.StatusForbidden},
	{ErrQuota, http.StatusTooManyRequests},
	{ErrStale, http.StatusServiceUnavailable},
}

// Handler answers evaluations by organisations elsewhere for the members hosted
// here. Who may ask is decided on the request's own signature.
func Handler(services map[uint64]*Service, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+Path, func(w http.ResponseWriter, r *http.Request) {
		p, err := evaluate(w, r, services)
		if err != nil {
			refuse(w, err, log)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(p.Encoded())
	})
	return mux
}

func evaluate(w http.ResponseWriter, r *http.Request, services map[uint64]*Service) (oprf.Partial, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, requestBytesMax))
	if err != nil {
		return oprf.Partial{}, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	c := canon.Open("tag-ask", body)
	raw, signature := c.Bytes(), c.Bytes()
	if err := c.Done(); err != nil {
		return oprf.Partial{}, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	req, err := DecodeRequest(raw)
	if err != nil {
		return oprf.Partial{}, err
	}
	s := services[req.Member]
	if s == nil {
		return oprf.Partial{}, ErrMember
	}
	return s.Evaluate(r.Context(), raw, signature)
}

// refuse tells the kind of a refusal and no more; other failures are logged here.
func refuse(w http.ResponseWriter, err error, log *slog.Logger) {
	for _, s := range statuses {
		if errors.Is(err, s.err) {
			http.Error(w, s.err.Error(), s.status)
			return
		}
	}
	log.Error("evaluating", "err", err)
	http.Error(w, "tagging: the member cannot answer now", http.StatusInternalServerError)
}

// Network is the members' services: those of this process, and those of other
// gateways by their addresses.
type Network struct {
	local  map[uint64]*Service
	remote map[uint64]*url.URL
	client *http.Client
}

// NewNetwork finds members in this process and elsewhere.
func NewNetwork(local map[uint64]*Service, remote map[uint64]string) (*Network, error) {
	n := &Network{local: local, remote: map[uint64]*url.URL{}, client: &http.Client{
		Timeout: askTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("a member's service does not redirect")
		},
	}}
	for id, text := range remote {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return nil, fmt.Errorf("configuration: members: %q is no address of a gateway, want https://host", text)
		}
		n.remote[id] = u
	}
	return n, nil
}

// Ask sends a request to a member.
func (n *Network) Ask(ctx context.Context, member uint64, raw, signature []byte) (oprf.Partial, error) {
	if s := n.local[member]; s != nil {
		return s.Evaluate(ctx, raw, signature)
	}
	base := n.remote[member]
	if base == nil {
		return oprf.Partial{}, errors.New("no address of its gateway is configured")
	}
	body, err := canon.New("tag-ask").Bytes(raw).Bytes(signature).Encoded()
	if err != nil {
		return oprf.Partial{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base.JoinPath(Path).String(), bytes.NewReader(body))
	if err != nil {
		return oprf.Partial{}, err
	}
	r.Header.Set("Content-Type", "application/octet-stream")
	res, err := n.client.Do(r)
	if err != nil {
		return oprf.Partial{}, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, answerBytesMax))
	if err != nil {
		return oprf.Partial{}, err
	}
	if res.StatusCode != http.StatusOK {
		for _, s := range statuses {
			if s.status == res.StatusCode && string(bytes.TrimSpace(answer)) == s.err.Error() {
				return oprf.Partial{}, s.err
			}
		}
		return oprf.Partial{}, fmt.Errorf("status %d", res.StatusCode)
	}
	return oprf.DecodePartial(answer)
}
