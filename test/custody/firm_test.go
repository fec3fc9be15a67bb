package custody_test

import (
	"testing"
	"time"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/registry"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/sample"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/passkey/softkey"
	"github.com/xinlian/xinlian/test/world"
)

// soon is how long anything may take that a custodian does by itself.
const soon = time.Minute

const bank = profilev1.Category_CATEGORY_BANK

// firm is an enterprise of the network with its records in the first custodian's
// vault.
type firm struct {
	*world.World

	t     *testing.T
	id    uint64
	owner wire.SoftDevice
	book  *sample.Book
	got   custody.Collected
}

func newFirm(t *testing.T, w *world.World, second uint64) *firm {
	t.Helper()
	key, err := softkey.New()
	if err != nil {
		t.Fatal(err)
	}
	f := &firm{
		World: w, t: t, owner: wire.SoftDevice{Key: key, Origin: w.Origin, RPID: world.RPID},
		book: sample.Make(sample.Options{Seed: 31, Profile: sample.Thin}),
	}
	o := f.book.Owner
	if f.id, err = w.Server.Registrar().Register(t.Context(), registry.Firm{Name: o.Name, TaxNumber: o.TaxNumber, Account: o.Account}, wire.DeviceKey(f.owner)); err != nil {
		t.Fatal(err)
	}
	w.Send(t.Context(), f.owner, &orgv1.MsgActivateDevice{Device: wire.Address(f.owner)})
	w.Send(t.Context(), f.owner, &orgv1.MsgChooseCustodian{
		Device: wire.Address(f.owner), OrgId: f.id, CustodianOrgId: w.Settlement.ID, SecondCustodianOrgId: second,
	})
	var uploads []custody.Upload
	for _, file := range f.book.Files() {
		uploads = append(uploads, custody.Upload{Name: file.Name, Data: file.Data})
	}
	f.got, err = w.Server.Custodian().Collect(t.Context(), f.id, connector.Owner{TaxNumber: o.TaxNumber, Name: o.Name, Accounts: []string{o.Account}}, uploads)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// grant has an organisation ask for the last month of the accounts, and the owner
// grant it.
func (f *firm) grant(to *world.Org) []byte {
	f.t.Helper()
	ctx := f.t.Context()
	id := f.Ask(ctx, to, f.id)
	f.Send(ctx, f.owner, &profilev1.MsgGrantConsent{Device: wire.Address(f.owner), OrgId: f.id, ConsentId: id})
	return id
}

func (f *firm) revoke(consent []byte) int64 {
	f.t.Helper()
	return f.Send(f.t.Context(), f.owner, &profilev1.MsgRevokeConsent{Device: wire.Address(f.owner), OrgId: f.id, ConsentId: consent}).Height
}

func (f *firm) consent(id []byte) profilev1.Consent {
	f.t.Helper()
	r, err := f.Client.Profile.Consent(f.t.Context(), &profilev1.QueryConsentRequest{ConsentId: id})
	if err != nil {
		f.t.Fatal(err)
	}
	return r.Consent
}

// epoch is the key epoch of the accounts.
func (f *firm) epoch() profilev1.Epoch {
	f.t.Helper()
	r, err := f.Client.Profile.Epochs(f.t.Context(), &profilev1.QueryEpochsRequest{EnterpriseId: f.id})
	if err != nil {
		f.t.Fatal(err)
	}
	for _, e := range r.Epochs {
		if e.Category == bank {
			return e
		}
	}
	return profilev1.Epoch{EnterpriseId: f.id, Category: bank, Number: 1}
}

// wrapped waits until the chain has a consent's wrap of an epoch, to a data key.
func (f *firm) wrapped(consent []byte, epoch uint32, to [32]byte) {
	f.t.Helper()
	f.until("a wrap of that epoch to that data key", func() bool {
		for _, w := range f.consent(consent).Wraps {
			if w.Epoch == epoch && [32]byte(w.DataKeyId) == to {
				return true
			}
		}
		return false
	})
}

func (f *firm) until(what string, holds func() bool) {
	f.t.Helper()
	world.Until(f.t, what, soon, holds)
}

// records is how many of the book's records the consent covers.
func (f *firm) records() int {
	n := 0
	for _, b := range f.got.Batches {
		if profilev1.Category(b.Category) != bank {
			continue
		}
		opened, err := f.Server.Custodian().Vault.OpenBatch(f.t.Context(), b.ID)
		if err != nil {
			f.t.Fatal(err)
		}
		for _, o := range opened {
			if o.Month == sample.DefaultEndMonth {
				n++
			}
		}
	}
	return n
}

// anchored waits until every receipt of a custodian's log is on chain.
func (f *firm) anchored(c *custody.Custodian) {
	f.t.Helper()
	f.until("anchor of all receipts", func() bool {
		a, err := c.Anchoring(f.t.Context())
		if err != nil {
			f.t.Fatal(err)
		}
		r, err := f.Client.Profile.AccessLog(f.t.Context(), &profilev1.QueryAccessLogRequest{VaultOrgId: c.OrgID})
		return a.Receipts > 0 && a.Anchored == a.Receipts && err == nil && r.Log.Sequence == a.Receipts
	})
}
