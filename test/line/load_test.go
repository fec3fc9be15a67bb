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

// revokedUnderLoad proves that a revocation ends reading with its own block while
// every founder's device sends transactions as fast as they are included and the
// grantee goes on reading: no read is allowed at or after that block, and the first
// one sent after it is refused. It tells how long that took.
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
	var reading sync.WaitGroup
	reading.Go(func() { // fewer than the consent allows in a day, so that only the revocation refuses
		for range readsInFlight {
			if _, err := w.Desk("bank-b").Open(t.Context(), bank.Person, id); err != nil {
				is(t, err, vault.ErrConsentRevoked)
				return
			}
		}
	})
	began, at := time.Now(), sent.Load()
	res, err := w.Client().Send(t.Context(), thin.Person, &profilev1.MsgRevokeConsent{Device: wire.Address(thin.Person), OrgId: thin.ID, ConsentId: id})
	if err != nil {
		t.Fatal(err)
	}
	included := time.Since(began)
	_, err = w.Desk("bank-b").Open(t.Context(), bank.Person, id)
	refused := time.Since(began)
	is(t, err, vault.ErrConsentRevoked)
	reading.Wait()
	first := w.heightsOf(t, vault.ID(id), uint64(res.Height))
	t.Logf("revoked in block %d after %d ms, refused in block %d after %d ms, %d other transactions meanwhile",
		res.Height, included.Milliseconds(), first, refused.Milliseconds(), sent.Load()-at)
}

// readsInFlight is less than what grant allows in a day.
const readsInFlight = 4

// heightsOf checks that no read of a consent was allowed at a height or later, and
// is the height of the first refusal. A refusal may name the block before: the
// vault looks at the head first and at the consent, which may be newer, then.
func (w *world) heightsOf(t *testing.T, consent vault.ID, revoked uint64) (first uint64) {
	t.Helper()
	err := w.Vault().Log().Visit(1, func(r *vault.Receipt) bool {
		if r.Consent != consent {
			return true
		}
		if r.Outcome == vault.OutcomeAllowed && r.Height >= revoked {
			t.Errorf("receipt %d at height %d has outcome %d; revoked at %d", r.Sequence, r.Height, r.Outcome, revoked)
		}
		if r.Outcome == vault.OutcomeOf(vault.ErrConsentRevoked) && first == 0 {
			first = r.Height
		}
		return true
	})
	if err != nil || first == 0 {
		t.Fatalf("no refusal in the log: %v", err)
	}
	return first
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
