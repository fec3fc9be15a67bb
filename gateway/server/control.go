package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/tagging"
	"github.com/xinlian/xinlian/gateway/vault"
)

// controlFile is the socket in the folder of keys through which the operator's
// commands reach a gateway that runs. Who may write to it may read the keys.
const controlFile = "control.sock"

const controlBytesMax = 1 << 20

// ErrNotRunning says that no gateway listens on that folder's socket.
var ErrNotRunning = errors.New("server: no gateway runs on this home")

// Order is what an operator asks of the vaults.
type Order struct {
	Key        string `json:"key,omitempty"` // rotate: master, enterprise, seal or shares; empty: scrub
	Org        uint64 `json:"org,omitempty"` // custodian; 0: every hosted one
	Enterprise uint64 `json:"enterprise,omitempty"`
}

// Done is the answer to an order.
type Done struct {
	Rotated []string                      `json:"rotated,omitempty"`
	Reports map[uint64]*vault.ScrubReport `json:"reports,omitempty"` // by custodian
	Error   string                        `json:"error,omitempty"`
}

// control serves the socket until ctx ends. A gateway goes on without it.
func (s *Server) control(ctx context.Context) {
	path := filepath.Join(s.parts.Keys, controlFile)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.parts.Log.Warn("control socket", "err", err)
		return
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		s.parts.Log.Warn("control socket", "err", err)
		return
	}
	if err := os.Chmod(path, 0o600); err != nil {
		s.parts.Log.Warn("control socket", "err", errors.Join(err, l.Close()))
		return
	}
	h := &http.Server{ReadHeaderTimeout: readHeaderTimeout, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var o Order
		var done Done
		err := json.NewDecoder(io.LimitReader(r.Body, controlBytesMax)).Decode(&o)
		if err == nil {
			done, err = s.Obey(r.Context(), o)
		}
		if err != nil {
			done.Error = err.Error()
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(done) // the asker may have gone
	})}
	go func() {
		<-ctx.Done()
		_ = h.Close()
	}()
	if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		s.parts.Log.Warn("control socket", "err", err)
	}
}

// Obey carries out an order. Reads, sealing and grants go on meanwhile.
func (s *Server) Obey(ctx context.Context, o Order) (Done, error) {
	var done Done
	if o.Key == "seal" {
		if err := s.store.RotateSealingKey(ctx); err != nil {
			return done, err
		}
		done.Rotated = append(done.Rotated, "sealing key of the database")
		return done, nil
	}
	if o.Key == "shares" {
		name, err := RotateShares(s.parts.Keys)
		if err != nil {
			return done, err
		}
		done.Rotated = append(done.Rotated, name)
		return done, nil
	}
	found := false
	for _, h := range s.parts.Hosted {
		c := s.custodians[h.OrgID]
		if c == nil || o.Org != 0 && o.Org != h.OrgID {
			continue
		}
		found = true
		if o.Key == "" {
			r, err := c.Vault.Scrub(ctx, vault.ScrubOptions{Enterprise: o.Enterprise, Witness: custody.Witness{Client: s.client, OrgID: h.OrgID}})
			if err != nil {
				return done, fmt.Errorf("custodian %d: %w", h.OrgID, err)
			}
			if done.Reports == nil {
				done.Reports = map[uint64]*vault.ScrubReport{}
			}
			done.Reports[h.OrgID] = r
			continue
		}
		names, err := RotateRing(c.Vault.Keys(), o, nil)
		if err != nil {
			return done, fmt.Errorf("custodian %d: %w", h.OrgID, err)
		}
		for _, n := range names {
			done.Rotated = append(done.Rotated, fmt.Sprintf("custodian %d: %s", h.OrgID, n))
		}
	}
	if !found {
		return done, fmt.Errorf("no custodian %d is hosted here", o.Org)
	}
	return done, nil
}

// RotateShares rotates the key that seals the shares of the tags' key, and names it.
func RotateShares(keys string) (string, error) {
	n, err := tagging.RotateSeal(keys)
	return fmt.Sprintf("sealing key of shares (%d files sealed anew)", n), err
}

// RotateRing rotates keys of one vault and names them. With a guard the master
// key moves to it.
func RotateRing(k *vault.KeyRing, o Order, to vault.MasterGuard) ([]string, error) {
	switch o.Key {
	case "master":
		return []string{"master key"}, k.RotateMaster(to)
	case "enterprise":
		list := []uint64{o.Enterprise}
		if o.Enterprise == 0 {
			var err error
			if list, err = k.Enterprises(); err != nil {
				return nil, err
			}
		}
		var names []string
		for _, e := range list {
			if err := k.RotateEnterprise(e); err != nil {
				return names, err
			}
			names = append(names, fmt.Sprintf("key of enterprise %d", e))
		}
		return names, nil
	}
	return nil, fmt.Errorf("key %q: want master, enterprise, seal, shares or data", o.Key)
}

// Ask sends an order to the gateway that runs with this folder of keys;
// ErrNotRunning where none does.
func Ask(ctx context.Context, keys string, o Order) (Done, error) {
	path := filepath.Join(keys, controlFile)
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotRunning, err)
		}
		return c, nil
	}}}
	defer client.CloseIdleConnections()
	b, err := json.Marshal(o)
	if err != nil {
		return Done{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://gateway/", bytes.NewReader(b))
	if err != nil {
		return Done{}, err
	}
	res, err := client.Do(r)
	if err != nil {
		return Done{}, err
	}
	defer res.Body.Close()
	var done Done
	if err := json.NewDecoder(res.Body).Decode(&done); err != nil {
		return Done{}, fmt.Errorf("reading the gateway's answer: %w", err)
	}
	if done.Error != "" {
		return done, errors.New(done.Error)
	}
	return done, nil
}
