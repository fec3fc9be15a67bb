package custody_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/vault"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/test/world"
)

// TestSM proves that a chain whose genesis chose the SM suite carries a profile
// from the first document to the last read: SM2 data keys, batches anchored as SM,
// wraps, reads; that a revocation refuses the next read, ends the epoch for
// anchors and is re-wrapped in time; and that a grantee's new data key is wrapped
// to while its reads go on.
func TestSM(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a node")
	}
	t.Parallel()
	w := world.Start(t, world.WithSuite(vault.SuiteSM))
	f := newFirm(t, w, 0)
	checkSuite(t, f)
	first, other := f.grant(w.BankA), f.grant(w.BankB)
	f.wrapped(first, 1, w.BankA.Data.ID())
	f.wrapped(other, 1, w.BankB.Data.ID())
	want := f.records()
	r, err := w.Server.Desk(w.BankA.ID).Open(t.Context(), w.BankA.Admin, first)
	if err != nil || want == 0 || len(r.Opened) != want {
		t.Fatalf("read %d records of %d, %v", len(r.Opened), want, err)
	}
	checkRevocation(t, f, first, other)
	checkRotation(t, f, other)
}

// checkSuite: the chain has anchors of its own suite and takes none of another,
// nor data keys of the other curve.
func checkSuite(t *testing.T, f *firm) {
	t.Helper()
	for _, b := range f.got.Batches {
		r, err := f.Client.Profile.Batch(t.Context(), &profilev1.QueryBatchRequest{BatchId: b.ID[:]})
		if err != nil || r.Batch.Anchor.Suite != orgv1.Suite_SUITE_SM {
			t.Fatalf("batch %s: %v, %v", b.ID, r, err)
		}
	}
	nist, err := vault.GenerateDataKey(vault.SuiteNIST)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Client.Send(t.Context(), f.BankA.Admin, &orgv1.MsgSetDataKey{
		Device: wire.Address(f.BankA.Admin), OrgId: f.BankA.ID, PublicKey: nist.Recipient().Public,
	})
	var refused *chain.Refused
	if !errors.As(err, &refused) {
		t.Errorf("a P-256 data key on an sm chain: %v", err)
	}
	if err := f.anchor(1, orgv1.Suite_SUITE_NIST); !chain.IsRefused(err, "profile", codeField) {
		t.Errorf("a nist anchor on an sm chain: %v", err)
	}
}

// The codes of x/profile's refusals that are met here.
const (
	codeField = 3
	codeEpoch = 12
)

// anchor sends an anchor of another stream, as the custodian would.
func (f *firm) anchor(epoch uint32, suite orgv1.Suite) error {
	b := f.got.Batches[0]
	r, err := f.Client.Profile.Batch(f.t.Context(), &profilev1.QueryBatchRequest{BatchId: b.ID[:]})
	if err != nil {
		f.t.Fatal(err)
	}
	a := r.Batch.Anchor
	a.BatchId, a.SchemaId, a.SchemaVersion, a.Source, a.Sequence, a.Epoch, a.Suite = make([]byte, 32), "bank-transaction", 1, "test", 1, epoch, suite
	a.BatchId[0] = 1
	_, err = f.Client.Send(f.t.Context(), f.Settlement.Service, &profilev1.MsgAnchorBatches{
		Device: wire.Address(f.Settlement.Service), OrgId: f.Settlement.ID, EnterpriseId: f.id, Anchors: []profilev1.BatchAnchor{a},
	})
	return err
}

// checkRevocation: the first read after the block is refused, the old epoch takes
// no anchor, and who still reads has wraps of the new epoch before it is due.
func checkRevocation(t *testing.T, f *firm, revoked, kept []byte) {
	t.Helper()
	params, err := f.Client.Profile.Params(t.Context(), &profilev1.QueryParamsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	height := f.revoke(revoked)
	if _, err := f.Server.Desk(f.BankA.ID).Open(t.Context(), f.BankA.Admin, revoked); !errors.Is(err, vault.ErrConsentRevoked) {
		t.Errorf("the first read after the revocation: %v", err)
	}
	if err := f.anchor(1, f.suite()); !chain.IsRefused(err, "profile", codeEpoch) {
		t.Errorf("an anchor under the old epoch: %v", err)
	}
	f.wrapped(kept, 2, f.BankB.Data.ID())
	f.until("end of the due height", func() bool { return f.epoch().RewrapDueHeight == 0 })
	c := f.consent(kept)
	head, err := f.Client.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if took := head.Height - height; took > params.Params.RewrapBlocks {
		t.Errorf("the re-wrap took %d blocks of %d", took, params.Params.RewrapBlocks)
	} else {
		t.Logf("re-wrapped within %d blocks of the revocation, %d are allowed", took, params.Params.RewrapBlocks)
	}
	if e := f.epoch(); e.Number != 2 || len(c.Wraps) < 2 {
		t.Errorf("epoch %+v, %d wraps", e, len(c.Wraps))
	}
	if r, err := f.Server.Desk(f.BankB.ID).Open(t.Context(), f.BankB.Admin, kept); err != nil || len(r.Opened) != f.records() {
		t.Errorf("the other grantee reads %d records, %v", len(r.Opened), err)
	}
}

func (f *firm) suite() orgv1.Suite {
	r, err := f.Client.Org.Params(f.t.Context(), &orgv1.QueryParamsRequest{})
	if err != nil {
		f.t.Fatal(err)
	}
	return r.Params.Suite
}

// checkRotation: an organisation takes a new data key while it reads again
// and again; no read fails, and afterwards wraps go to the new key alone.
func checkRotation(t *testing.T, f *firm, consent []byte) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var reading sync.WaitGroup
	var reads atomic.Int64
	failed := make(chan error, 1)
	reading.Go(func() {
		for ctx.Err() == nil {
			if _, err := f.Server.Desk(f.BankB.ID).Open(ctx, f.BankB.Admin, consent); err != nil && ctx.Err() == nil {
				failed <- err
				return
			}
			reads.Add(1)
			<-time.After(20 * time.Millisecond) // the consent allows 500 reads
		}
	})
	next, err := vault.RotateDataKey(f.BankB.Folder)
	if err != nil {
		t.Fatal(err)
	}
	f.Send(t.Context(), f.BankB.Admin, &orgv1.MsgSetDataKey{
		Device: wire.Address(f.BankB.Admin), OrgId: f.BankB.ID, PublicKey: next.Recipient().Public,
	})
	began := time.Now()
	f.wrapped(consent, 2, next.ID())
	took := time.Since(began)
	after := reads.Load()
	f.until("read after the new wraps", func() bool { return reads.Load() > after+1 || len(failed) > 0 })
	stop()
	reading.Wait()
	select {
	case err := <-failed:
		t.Errorf("a read during the rotation: %v", err)
	default:
		t.Logf("wrapped to the new data key after %d ms, %d reads meanwhile and after", took.Milliseconds(), reads.Load())
	}
	if err := vault.RetireDataKeys(f.BankB.Folder); err != nil {
		t.Fatal(err)
	}
	for _, w := range f.consent(consent).Wraps {
		if [32]byte(w.DataKeyId) != next.ID() {
			t.Errorf("a wrap to data key %x is left", w.DataKeyId)
		}
	}
	if r, err := f.Server.Desk(f.BankB.ID).Open(t.Context(), f.BankB.Admin, consent); err != nil || len(r.Opened) != f.records() {
		t.Errorf("after the rotation: %d records, %v", len(r.Opened), err)
	}
}

// TestSecondCustodian proves that a second custodian that the owner chose catches
// up over the network and serves the same records when the first is down, that the
// receipts of both are anchored, and that a re-wrap that comes late because the
// first is down is one incident, however long it stays away and however many look.
func TestSecondCustodian(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a node")
	}
	t.Parallel()
	const rewrapBlocks = 40
	w := world.Start(t, world.WithSecondCustodian(), world.WithRewrapBlocks(rewrapBlocks))
	second := w.Beside(w.BankB, w.BankA)
	f := newFirm(t, w, w.BankB.ID)
	kept, revoked := f.grant(w.BankA), f.grant(w.BankA)
	f.wrapped(kept, 1, w.BankA.Data.ID())
	f.wrapped(revoked, 1, w.BankA.Data.ID())
	desk, want := second.Desk(w.BankA.ID), f.records()
	if r, err := desk.Open(t.Context(), w.BankA.Admin, kept); err != nil || want == 0 || len(r.Opened) != want || r.Receipt.Custodian != w.Settlement.ID {
		t.Fatalf("from the first: %d records of %d, %v", len(r.Opened), want, err)
	}
	f.anchored(w.Server.Custodian())
	f.until("replica with wraps", func() bool {
		if len(second.Custodian().Vault.Batches(f.id)) != len(f.got.Batches) {
			return false
		}
		wraps, err := second.Custodian().Vault.Wraps(vault.ID(kept))
		return err == nil && len(wraps) > 0
	})

	w.Stop()
	r, err := desk.Open(t.Context(), w.BankA.Admin, kept)
	if err != nil || len(r.Opened) != want || r.Receipt.Custodian != w.BankB.ID {
		t.Fatalf("from the second: %d records of %d, %v", len(r.Opened), want, err)
	}
	f.anchored(second.Custodian())

	if n := len(f.overdue()); n != 0 {
		t.Fatalf("%d incidents before anything was late", n)
	}
	due := f.revoke(revoked) + rewrapBlocks
	if _, err := desk.Open(t.Context(), w.BankA.Admin, revoked); !errors.Is(err, vault.ErrConsentRevoked) {
		t.Errorf("the second, after a revocation: %v", err)
	}
	f.until("incident of a re-wrap that is overdue", func() bool { return len(f.overdue()) > 0 })
	if e := f.epoch(); e.Number != 2 || e.RewrapDueHeight != due {
		t.Errorf("epoch %+v, want number 2 due at %d", e, due)
	}
	// The monitors of both gateways look several times more before and after the
	// first custodian is back.
	w.Restart()
	f.wrapped(kept, 2, w.BankA.Data.ID())
	f.until("end of the due height", func() bool { return f.epoch().RewrapDueHeight == 0 })
	<-time.After(6 * time.Second) // a round of each monitor
	if list := f.overdue(); len(list) != 1 {
		t.Errorf("%d incidents of one re-wrap: %v", len(list), list)
	}
	f.anchored(w.Server.Custodian())
}

func (f *firm) overdue() []safetyv1.Incident {
	f.t.Helper()
	r, err := f.Client.Safety.Incidents(f.t.Context(), &safetyv1.QueryIncidentsRequest{})
	if err != nil {
		f.t.Fatal(err)
	}
	var out []safetyv1.Incident
	for _, i := range r.Incidents {
		if i.Kind == custody.KindRewrapOverdue {
			out = append(out, i)
		}
	}
	return out
}
