package vault

import (
	"bytes"
	"crypto/ed25519"
	"testing"

	"github.com/xinlian/xinlian/internal/record"
)

// owner adds an admin device of the enterprise.
func (w *world) owner() (ReadRequest, ed25519.PrivateKey) {
	w.t.Helper()
	pub, private, err := ed25519.GenerateKey(nil)
	must(w.t, err)
	w.chain.devices["xin1owner"] = Device{Address: "xin1owner", Org: testEnterprise, Active: true, Admin: true, KeyType: KeyEd25519, Public: pub}
	r := w.request(ID{})
	r.Purpose, r.Device, r.Selector = PurposeExport, "xin1owner", Every(202603)
	return r, private
}

func signedBy(t *testing.T, key ed25519.PrivateKey, r ReadRequest) []byte {
	t.Helper()
	b, err := r.Encoded()
	must(t, err)
	return ed25519.Sign(key, b)
}

// An owner gets every anchored record of hers in plain, over segments and
// batches, and nobody else's; the read is in the log under her own name.
func TestExport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.seal(bank(202503, SegmentRecords+3)...)
	w.seal(bank(201004, 1)...) // older than a selector reaches
	w.seal(bank(202504, 2)...)
	_, err := w.vault.Seal(t.Context(), Batch{Enterprise: testEnterprise, Schema: record.BankTransaction, Records: List(bank(202505, 1))})
	must(t, err) // never anchored
	other, err := w.vault.Seal(t.Context(), Batch{Enterprise: 99, Schema: record.BankTransaction, Records: List(bank(202503, 1))})
	must(t, err)
	w.chain.anchor(other)
	_, err = w.vault.StoreDocument(t.Context(), testDocument(Months{202501, 202501}), bytes.NewReader([]byte("x")))
	must(t, err)

	req, key := w.owner()
	e, err := w.vault.Export(t.Context(), req, signedBy(t, key, req))
	must(t, err)
	var got []*Opened
	for _, b := range e.Batches {
		must(t, e.Records(t.Context(), b, func(o *Opened) error {
			got = append(got, o)
			return nil
		}))
	}
	if len(got) != SegmentRecords+5 || e.Receipt.Records != uint64(len(got)) || len(e.Documents) != 1 {
		t.Errorf("%d records, receipt %+v, %d documents", len(got), e.Receipt, len(e.Documents))
	}
	if err := e.Records(t.Context(), other, func(*Opened) error { return nil }); err == nil {
		t.Error("another enterprise's batch opens")
	}
	r, err := w.vault.Log().Receipt(w.vault.Log().Len())
	must(t, err)
	if r.Enterprise != testEnterprise || r.Org != testEnterprise || r.Purpose != PurposeExport || r.Outcome != OutcomeAllowed || !r.Verified {
		t.Errorf("receipt %+v", r)
	}
	if list := w.vault.Log().Concerning(testEnterprise); len(list) != 1 {
		t.Errorf("concerning the owner: %v", list)
	}

	_, err = w.vault.Export(t.Context(), req, signedBy(t, key, req))
	wantErr(t, err, ErrNonceUsed, "the same request again")
	_, err = w.vault.Erase(t.Context(), testEnterprise)
	must(t, err)
	wantErr(t, e.Records(t.Context(), e.Batches[0], func(*Opened) error { return nil }), ErrErased, "after the erasure")
}

// Each request that is not an owner's for her own records is refused by name and
// leaves a receipt.
func TestExportRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.seal(bank(202503, 2)...)
	consent := w.consent(nil)
	for name, c := range map[string]struct {
		bend func(r *ReadRequest, d *Device)
		want error
	}{
		"under a consent": {func(r *ReadRequest, _ *Device) { r.Consent = consent }, ErrBadRequest},
		"to store":        {func(r *ReadRequest, _ *Device) { r.Use = UseStore }, ErrBadRequest},
		"other purpose":   {func(r *ReadRequest, _ *Device) { r.Purpose = testPurpose }, ErrPurpose},
		"other vault":     {func(r *ReadRequest, _ *Device) { r.Custodian++ }, ErrWrongVault},
		"no admin":        {func(_ *ReadRequest, d *Device) { d.Admin = false }, ErrGrantee},
		"frozen device":   {func(_ *ReadRequest, d *Device) { d.Active = false }, ErrDevice},
	} {
		req, key := w.owner()
		d := w.chain.devices["xin1owner"]
		c.bend(&req, &d)
		w.chain.devices["xin1owner"] = d
		before := w.vault.Log().Len()
		_, err := w.vault.Export(t.Context(), req, signedBy(t, key, req))
		wantErr(t, err, c.want, "%s", name)
		r, err := w.vault.Log().Receipt(before + 1)
		must(t, err)
		if r.Outcome != OutcomeOf(c.want) || r.Records != 0 {
			t.Errorf("%s: receipt %+v", name, r)
		}
	}
	req, _ := w.owner()
	_, err := w.vault.Export(t.Context(), req, w.sign(req))
	wantErr(t, err, ErrSignature, "the lender's signature")
	// A lender's request without a consent is no export and no read.
	req, key := w.owner()
	_, err = w.vault.Read(t.Context(), req, signedBy(t, key, req))
	wantErr(t, err, ErrConsentUnknown, "as a read")
}
