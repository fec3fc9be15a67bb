package demo

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/registry"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/sample"
	"github.com/xinlian/xinlian/internal/wire"
)

// firm is one of the three invented enterprises.
type firm struct {
	name    string
	profile sample.Profile
	seed    uint64
	owner   wire.SoftDevice
	book    *sample.Book
}

// endMonth is the last month of the books, as YYYYMM: the one before the
// demonstration was first started on this home.
func (w *world) endMonth(now time.Time) uint32 {
	if w.id("end-month") == 0 {
		last := now.AddDate(0, 0, -now.Day())
		w.keepID("end-month", uint64(last.Year()*100+int(last.Month())))
	}
	return uint32(w.id("end-month"))
}

// firms makes the three with books that end in a month.
func firms(k keys, end uint32) ([]*firm, error) {
	all := []*firm{
		{name: "healthy", profile: sample.Healthy, seed: 1},
		{name: "thin", profile: sample.Thin, seed: 2},
		{name: "fraud", profile: sample.Fraud, seed: 2},
	}
	var err error
	for _, f := range all {
		if f.owner, err = k.person("owner-" + f.name); err != nil {
			return nil, err
		}
		f.book = sample.Make(sample.Options{Seed: f.seed, Profile: f.profile, EndMonth: end, BrokenRow: f.name == "healthy"})
	}
	return all, nil
}

func (w *world) firm(name string) *firm {
	for _, f := range w.firms {
		if f.name == name {
			return f
		}
	}
	panic("demo: no firm " + name)
}

// identityTag is the tag of a legal identity, as a verifier has the members make
// it: the chain can tell that a firm comes back, and nothing else.
func (w *world) identityTag(ctx context.Context, f *firm, verifier string) ([]byte, error) {
	input, err := registry.Firm{TaxNumber: f.book.Owner.TaxNumber}.TagInput()
	if err != nil {
		return nil, err
	}
	tags, err := w.server.Tags(w.founder(verifier).id).Identity(ctx, input)
	if err != nil {
		return nil, err
	}
	return tags[len(tags)-1].Tag, nil
}

// statementHash stands for a verifier's KYB file: salted, so that nobody can
// guess what is in it.
func statementHash(verifier string, tag []byte) ([]byte, error) {
	var salt [32]byte
	if _, err := rand.Read(salt[:]); err != nil {
		return nil, err
	}
	h := sha256.New()
	h.Write(salt[:])
	h.Write([]byte(verifier))
	h.Write(tag)
	return h.Sum(nil), nil
}

// register takes a firm onto the chain: two verifiers identify it, its owner's
// passkey activates itself and chooses a custodian.
func (w *world) register(f *firm) action {
	return func(ctx context.Context) (chain.Result, error) {
		tag, err := w.identityTag(ctx, f, verifierA)
		if err != nil {
			return chain.Result{}, err
		}
		known, err := w.client.Org.OrganisationByTag(ctx, &orgv1.QueryOrganisationByTagRequest{IdentityTag: tag})
		if err != nil {
			return chain.Result{}, err
		}
		id := known.Id
		if id == 0 {
			if id, err = w.firstStatement(ctx, f, tag); err != nil {
				return chain.Result{}, err
			}
		}
		w.keepID(f.name, id)
		o, err := w.client.Org.Organisation(ctx, &orgv1.QueryOrganisationRequest{Id: id})
		if err != nil {
			return chain.Result{}, err
		}
		if o.Organisation.Status == orgv1.OrgStatus_ORG_STATUS_PENDING {
			if err := w.secondStatement(ctx, id, f); err != nil {
				return chain.Result{}, err
			}
		}
		return w.settleIn(ctx, f, o.Organisation)
	}
}

func (w *world) firstStatement(ctx context.Context, f *firm, tag []byte) (uint64, error) {
	v := w.founder(verifierA)
	hash, err := statementHash(v.name, tag)
	if err != nil {
		return 0, err
	}
	res, err := w.client.Send(ctx, v.admin, &orgv1.MsgRegisterEnterprise{
		Device: wire.Address(v.admin), OrgId: v.id, IdentityTag: tag, StatementHash: hash,
		OwnerKey: wire.DeviceKey(f.owner), AmountLimitFen: 1_000_000_00,
	})
	if err != nil {
		return 0, err
	}
	var r orgv1.MsgRegisterEnterpriseResponse
	err = w.client.Response(res, 0, &r)
	return r.EnterpriseId, err
}

func (w *world) secondStatement(ctx context.Context, id uint64, f *firm) error {
	v := w.founder(verifierB)
	tag, err := w.identityTag(ctx, f, v.name)
	if err != nil {
		return err
	}
	hash, err := statementHash(v.name, tag)
	if err != nil {
		return err
	}
	_, err = w.client.Send(ctx, v.admin, &orgv1.MsgConfirmEnterprise{
		Device: wire.Address(v.admin), OrgId: v.id, EnterpriseId: id, IdentityTag: tag, StatementHash: hash,
	})
	return err
}

func (w *world) settleIn(ctx context.Context, f *firm, o orgv1.Organisation) (chain.Result, error) {
	address := wire.Address(f.owner)
	d, err := w.client.Org.Device(ctx, &orgv1.QueryDeviceRequest{Address: address})
	if err != nil {
		return chain.Result{}, err
	}
	if d.Device.Status == orgv1.DeviceStatus_DEVICE_STATUS_PENDING {
		if _, err := w.client.Send(ctx, f.owner, &orgv1.MsgActivateDevice{Device: address}); err != nil {
			return chain.Result{}, err
		}
	}
	w.say("enterprise %d: an identity tag made by the members together, two KYB statements, one passkey", o.Id)
	if o.CustodianOrgId != 0 {
		return chain.Result{}, nil
	}
	return w.client.Send(ctx, f.owner, &orgv1.MsgChooseCustodian{
		Device: address, OrgId: o.Id, CustodianOrgId: w.founder(settlement).id,
	})
}

// collect takes a firm's files through the connectors into sealed, anchored batches.
func (w *world) collect(f *firm) action {
	return func(ctx context.Context) (chain.Result, error) {
		id := w.id(f.name)
		if s, err := w.client.Profile.Streams(ctx, &profilev1.QueryStreamsRequest{EnterpriseId: id}); err == nil && len(s.Streams) > 0 {
			w.say("%d streams are anchored already", len(s.Streams))
			return chain.Result{}, nil
		}
		var uploads []custody.Upload
		for _, file := range f.book.Files() {
			uploads = append(uploads, custody.Upload{Name: file.Name, Data: file.Data})
		}
		owner := connector.Owner{TaxNumber: f.book.Owner.TaxNumber, Name: f.book.Owner.Name, Accounts: []string{f.book.Owner.Account}}
		c, err := w.custodian.Collect(ctx, id, owner, uploads)
		w.tellCollected(c, len(uploads))
		return c.Anchored, err
	}
}

func (w *world) tellCollected(c custody.Collected, files int) {
	byFormat := map[string]int{}
	for _, s := range c.Files {
		byFormat[s.Format]++
	}
	var formats []string
	for name, n := range byFormat {
		formats = append(formats, fmt.Sprintf("%d %s", n, name))
	}
	slices.Sort(formats)
	w.say("%d files (%v) → %d records in %d batches, encrypted and anchored", files, formats, c.Records(), len(c.Batches))
	for _, p := range c.Problems {
		if !p.Note {
			text, _ := p.Rule.Text()
			w.say("✘ %s, row %d, column %s, rule %s: %s. %s", filepath.Base(p.File), p.Row, p.Column, p.Rule, p.Detail, text.RemedyEN)
		}
	}
}
