package portal

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/xinlian/xinlian/gateway/line"
	"github.com/xinlian/xinlian/gateway/store"
	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/artefact"
)

// kindBasis is what the gateway keeps of the legal basis of a case: its text,
// under the hash that the chain has.
const kindBasis = "basis"

// caseReads is how many reads a case allows in all.
const caseReads = 100

// purposeText is the text behind a hash: a published purpose, or the legal basis
// of a case that was opened here. What has no text cannot be shown, nor signed.
func (p *Portal) purposeText(ctx context.Context, hash []byte) (string, error) {
	if t, ok := line.PurposeText(hash); ok {
		return t, nil
	}
	var text string
	err := p.Store.Load(ctx, kindBasis, hex.EncodeToString(hash), &text)
	if errors.Is(err, store.ErrNotFound) {
		err = refuse(http.StatusUnprocessableEntity, "error.purpose")
	}
	return text, err
}

// list reads values with commas between them; an empty text is none.
func (f *form) list(name string) []string {
	s := f.text(name)
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

func (f *form) categories(name string) (out []profilev1.Category) {
	for _, one := range f.list(name) {
		n, err := strconv.ParseUint(one, 10, 8)
		if err != nil {
			f.bad(name)
		}
		out = append(out, profilev1.Category(n))
	}
	return out
}

// providers reads sources as ORGANISATION:NAME.
func (f *form) providers(name string) (out []profilev1.Provider) {
	for _, one := range f.list(name) {
		org, source, ok := strings.Cut(one, ":")
		id, err := strconv.ParseUint(org, 10, 64)
		if !ok || err != nil {
			f.bad(name)
		}
		out = append(out, profilev1.Provider{OrgId: id, Source: source})
	}
	return out
}

func (f *form) nonce() []byte {
	b := make([]byte, artefact.NonceBytes)
	_, _ = rand.Read(b) // crypto/rand never fails
	return b
}

// amend takes the terms of the consent that the form names, under a new nonce,
// with what the form narrows. What is left out stays.
func amend(f *form) sdk.Msg {
	m := &profilev1.MsgAmendConsent{Device: f.device(), OrgId: f.org()}
	amends := f.hash("terms.amends")
	if f.err != nil {
		return m
	}
	r, err := f.p.Client.Profile.Consent(f.ctx, &profilev1.QueryConsentRequest{ConsentId: amends})
	if err != nil {
		f.err = err
		return m
	}
	m.Terms = r.Consent.Terms
	m.Terms.Amends, m.Terms.Nonce = amends, f.nonce()
	for name, field := range map[string]*uint32{
		"terms.month_from": &m.Terms.MonthFrom, "terms.month_to": &m.Terms.MonthTo,
		"terms.fetch_limit": &m.Terms.FetchLimit, "terms.retention_days": &m.Terms.RetentionDays,
	} {
		if f.text(name) != "" {
			*field = uint32(f.uint(name, 32))
		}
	}
	for name, field := range map[string]*int64{
		"terms.expires_at": &m.Terms.ExpiresAt, "terms.amount_fen_min": &m.Terms.AmountFenMin,
	} {
		if f.text(name) != "" {
			*field = f.fen(name)
		}
	}
	if f.text("terms.mode") != "" {
		if m.Terms.Mode = profilev1.Mode(f.uint("terms.mode", 8)); m.Terms.Mode != profilev1.Mode_MODE_STORE {
			m.Terms.RetentionDays = 0 // nothing is kept
		}
	}
	if list := f.categories("terms.categories"); len(list) > 0 {
		m.Terms.Categories = list
	}
	if list := f.providers("terms.providers"); len(list) > 0 {
		m.Terms.Providers = list
	}
	if list := f.list("terms.schemas"); len(list) > 0 {
		m.Terms.Schemas = list
	}
	return m
}

// openCase makes the terms of a regulator's case. Its legal basis was entered
// before: the form has the hash of its text.
func openCase(f *form) sdk.Msg {
	m := &profilev1.MsgOpenCase{Device: f.device(), OrgId: f.org(), Terms: profilev1.ConsentTerms{
		EnterpriseId: f.id("terms.enterprise_id"), CaseNumber: f.text("terms.case_number"), Categories: f.categories("terms.categories"),
		MonthFrom: uint32(f.uint("terms.month_from", 32)), MonthTo: uint32(f.uint("terms.month_to", 32)),
		ExpiresAt: f.fen("terms.expires_at"), PurposeTextHash: f.hash("terms.purpose_text_hash"),
		Purpose: profilev1.Purpose_PURPOSE_SUPERVISION, Mode: profilev1.Mode_MODE_VIEW,
		FetchType: profilev1.FetchType_FETCH_TYPE_ONETIME, FetchUnit: profilev1.FetchUnit_FETCH_UNIT_ONCE, FetchLimit: caseReads,
		Nonce: f.nonce(),
	}}
	m.Terms.GranteeOrgId = m.OrgId
	head, err := f.p.Client.Head(f.ctx)
	if err != nil && f.err == nil {
		f.err = err
	}
	m.Terms.StartsAt = head.Time.Unix()
	return m
}

// openDispute is an owner's word that a batch or an attestation is wrong.
func openDispute(f *form) sdk.Msg {
	m := &attestationv1.MsgOpenDispute{
		Device: f.device(), OrgId: f.org(), BatchId: f.hash("batch_id"), AttestationId: f.uint("attestation_id", 64), ReasonHash: f.hash("reason_hash"),
	}
	m.EnterpriseId = m.OrgId
	if (len(m.BatchId) == 0) == (m.AttestationId == 0) {
		f.bad("batch_id")
	}
	return m
}

// resolveDispute is the word of who decides.
func resolveDispute(f *form) sdk.Msg {
	return &attestationv1.MsgResolveDispute{
		Device: f.device(), OrgId: f.org(), DisputeId: f.id("dispute_id"), Upheld: f.bool("upheld"), ResolutionHash: f.hash("resolution_hash"),
	}
}

// consentTexts are the texts of consents' purposes, by consent; one without a text
// is left out.
func (p *Portal) consentTexts(ctx context.Context, list []profilev1.Consent) (map[string]string, error) {
	out := map[string]string{}
	for _, c := range list {
		t, err := p.purposeText(ctx, c.Terms.PurposeTextHash)
		var missing problem
		if errors.As(err, &missing) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out[string(c.Id)] = t
	}
	return out, nil
}

// narrower lists what an owner may choose when she narrows a consent.
type narrower struct {
	Providers []profilev1.Provider // the enterprise's own streams that the consent covers
	Schemas   []string
	Months    []uint32
}

// choices are what the enterprise's batches offer within a consent's terms.
func choices(t profilev1.ConsentTerms, batches []profilev1.Batch) (n narrower) {
	for _, b := range batches {
		s := b.Anchor
		p := profilev1.Provider{OrgId: s.SourceOrgId, Source: s.Source}
		if strings.Contains(s.Source, ",") || !slices.Contains(t.Categories, b.Category) || !admits(t, p, s.SchemaId) {
			continue
		}
		if !slices.Contains(n.Providers, p) {
			n.Providers = append(n.Providers, p)
		}
		if !slices.Contains(n.Schemas, s.SchemaId) {
			n.Schemas = append(n.Schemas, s.SchemaId)
		}
	}
	slices.SortFunc(n.Providers, func(a, b profilev1.Provider) int {
		return cmp.Or(cmp.Compare(a.OrgId, b.OrgId), cmp.Compare(a.Source, b.Source))
	})
	slices.Sort(n.Schemas)
	for m := t.MonthFrom; m <= t.MonthTo && len(n.Months) < 120; m++ {
		if m%100 == 13 {
			m += 88 // January of the next year
		}
		n.Months = append(n.Months, m)
	}
	return n
}

func admits(t profilev1.ConsentTerms, p profilev1.Provider, schema string) bool {
	if len(t.Schemas) > 0 && !slices.Contains(t.Schemas, schema) {
		return false
	}
	return len(t.Providers) == 0 || slices.ContainsFunc(t.Providers, func(k profilev1.Provider) bool {
		return k.OrgId == p.OrgId && (k.Source == "" || k.Source == p.Source)
	})
}

// providerValue writes a provider for a form.
func providerValue(p profilev1.Provider) string { return num(p.OrgId) + ":" + p.Source }
