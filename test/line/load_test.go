package line_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xinlian/xinlian/gateway/vault"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// revokedUnderLoad proves that a revocation refuses the first read after its block
// while every founder's device sends transactions as fast as they are included,
// and tells how long it took from the owner's sending to the first refusal.
func (w *world) revokedUnderLoad(t *testing.T) {
	id := w.grant(t, time.Hour)
	thin, bank := w.Firm("thin"), w.Founder("bank-b")
	stop, sent := w.load(t)
	defer stop()
	for before := sent.Load(); sent.Load() < before+20; {
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
		<-time.After(10 * time.Millisecond)
	}
	began, at := time.Now(), sent.Load()
	res, err := w.Client().Send(t.Context(), thin.Person, &profilev1.MsgRevokeConsent{Device: wire.Address(thin.Person), OrgId: thin.ID, ConsentId: id})
	if err != nil {
		t.Fatal(err)
	}
	included := time.Since(began)
	_, err = w.Desk("bank-b").Open(t.Context(), bank.Person, id)
	refused := time.Since(began)
	is(t, err, vault.ErrConsentRevoked)
	receipt, err := w.Vault().Log().Receipt(w.Vault().Log().Len())
	if err != nil || receipt.Height < uint64(res.Height) || receipt.Outcome != vault.OutcomeOf(vault.ErrConsentRevoked) {
		t.Fatalf("receipt at height %d with outcome %d, %v; revoked at %d", receipt.Height, receipt.Outcome, err, res.Height)
	}
	if late := receipt.Height - uint64(res.Height); late > 1 {
		t.Errorf("the first read was refused %d blocks after the revocation", late)
	}
	t.Logf("revoked in block %d after %d ms, refused in block %d after %d ms, %d other transactions meanwhile",
		res.Height, included.Milliseconds(), receipt.Height, refused.Milliseconds(), sent.Load()-at)
}

// load has every founder's machine send a transaction after the other. They name no
// consent there is, so that they fill blocks and change nothing.
func (w *world) load(t *testing.T) (stop func(), sent *atomic.Int64) {
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	sent = &atomic.Int64{}
	for _, name := range []string{"bank-a", "verifier-a", "verifier-b", "regulator", "auditor"} {
		o := w.Founder(name)
		running.Go(func() {
			for ctx.Err() == nil {
				_, _ = w.Client().Send(ctx, o.Person, &profilev1.MsgRevokeConsent{
					Device: wire.Address(o.Person), OrgId: o.ID, ConsentId: make([]byte, 32),
				}) // always refused: there is no such consent
				sent.Add(1)
			}
		})
	}
	return func() { cancel(); running.Wait() }, sent
}
