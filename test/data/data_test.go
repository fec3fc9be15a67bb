package data_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/registry"
	"github.com/xinlian/xinlian/gateway/vault"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/sample"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/passkey/softkey"
	"github.com/xinlian/xinlian/test/world"
)

// BenchmarkData measures, on one chain, what a gateway does with a healthy firm's
// book of two years: collect is from documents to anchored batches, committed
// transaction included; proofs is opening and proving each record against the
// anchored roots; read is a signed read under a consent, delivery opened; revoke
// is from the owner's signature until the next read is refused, while others read.
func BenchmarkData(b *testing.B) {
	w := world.Start(b)
	f := join(b, w, 21)
	b.Run("collect", f.collect)
	b.Run("proofs", f.proofs)
	b.Run("read", f.read)
	b.Run("revoke", f.revoke)
}

type firm struct {
	*world.World
	id      uint64
	owner   wire.SoftDevice
	book    *sample.Book
	batches []vault.BatchInfo
}

func join(b *testing.B, w *world.World, seed uint64) *firm {
	b.Helper()
	key, err := softkey.New()
	if err != nil {
		b.Fatal(err)
	}
	f := &firm{World: w, owner: wire.SoftDevice{Key: key, Origin: w.Origin, RPID: world.RPID}, book: sample.Make(sample.Options{Seed: seed, Profile: sample.Healthy})}
	o := f.book.Owner
	if f.id, err = w.Server.Registrar().Register(b.Context(), registry.Firm{Name: o.Name, TaxNumber: o.TaxNumber, Account: o.Account}, wire.DeviceKey(f.owner)); err != nil {
		b.Fatal(err)
	}
	w.Send(b.Context(), f.owner, &orgv1.MsgActivateDevice{Device: wire.Address(f.owner)})
	w.Send(b.Context(), f.owner, &orgv1.MsgChooseCustodian{Device: wire.Address(f.owner), OrgId: f.id, CustodianOrgId: w.Settlement.ID})
	return f
}

func (f *firm) collect(b *testing.B) {
	records := uint64(0)
	for b.Loop() {
		b.StopTimer() // a period is anchored once, so each time it is another firm's
		*f = *join(b, f.World, f.book.Seed+1)
		var uploads []custody.Upload
		for _, file := range f.book.Files() {
			uploads = append(uploads, custody.Upload{Name: file.Name, Data: file.Data})
		}
		o := f.book.Owner
		b.StartTimer()
		got, err := f.Server.Custodian().Collect(b.Context(), f.id, connector.Owner{TaxNumber: o.TaxNumber, Name: o.Name, Accounts: []string{o.Account}}, uploads)
		if err != nil {
			b.Fatal(err)
		}
		records += got.Records()
		f.batches = got.Batches
	}
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
}

func (f *firm) proofs(b *testing.B) {
	n := 0
	for b.Loop() {
		for _, batch := range f.batches {
			opened, err := f.Server.Custodian().Vault.OpenBatch(b.Context(), batch.ID)
			if err != nil {
				b.Fatal(err)
			}
			n += len(opened)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "proofs/s")
}

// consent has the bank ask for a month of the accounts, and the owner grant it.
func (f *firm) consent(b *testing.B) []byte {
	b.Helper()
	ctx := b.Context()
	id := f.Ask(ctx, f.BankA, f.id)
	f.Send(ctx, f.owner, &profilev1.MsgGrantConsent{Device: wire.Address(f.owner), OrgId: f.id, ConsentId: id})
	world.Until(b, "wraps", 30*time.Second, func() bool {
		c, err := f.Client.Profile.Consent(ctx, &profilev1.QueryConsentRequest{ConsentId: id})
		if err != nil {
			b.Fatal(err)
		}
		return len(c.Consent.Wraps) > 0
	})
	return id
}

func (f *firm) read(b *testing.B) {
	id := f.consent(b)
	n := 0
	for b.Loop() {
		r, err := f.Server.Desk(f.BankA.ID).Open(b.Context(), f.BankA.Admin, id)
		if err != nil {
			b.Fatal(err)
		}
		n += len(r.Opened)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reads/s")
}

func (f *firm) revoke(b *testing.B) {
	load, stop := context.WithCancel(b.Context())
	defer stop()
	other, done := f.consent(b), make(chan struct{})
	// Reads under another consent without a pause, whose receipts are anchored all the
	// while: those beyond its fetch limit are refused, and have receipts too.
	go func() {
		defer close(done)
		for load.Err() == nil {
			_, _ = f.Server.Desk(f.BankA.ID).Open(load, f.BankA.Admin, other)
		}
	}()
	var took, blocks []int64
	for b.Loop() {
		b.StopTimer()
		id := f.consent(b)
		head, err := f.Client.Head(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		began := time.Now()
		res := f.Send(b.Context(), f.owner, &profilev1.MsgRevokeConsent{Device: wire.Address(f.owner), OrgId: f.id, ConsentId: id})
		if _, err := f.Server.Desk(f.BankA.ID).Open(b.Context(), f.BankA.Admin, id); !errors.Is(err, vault.ErrConsentRevoked) {
			b.Fatalf("the first read after the revocation: %v", err)
		}
		took, blocks = append(took, time.Since(began).Milliseconds()), append(blocks, res.Height-head.Height)
	}
	stop()
	<-done
	slices.Sort(took)
	slices.Sort(blocks)
	b.ReportMetric(float64(took[len(took)/2]), "ms/median")
	b.ReportMetric(float64(took[len(took)-1]), "ms/max")
	b.ReportMetric(float64(blocks[len(blocks)/2]), "blocks/median")
}
