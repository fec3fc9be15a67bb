package portal

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strconv"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/xinlian/xinlian/gateway/store"
	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// form reads the fields of a message. It remembers the first fault, and which
// fields were read: one that no message has is a fault too.
type form struct {
	ctx     context.Context
	p       *Portal
	session store.Session
	fields  map[string]string
	used    []string
	err     error
}

func (f *form) text(name string) string {
	f.used = append(f.used, name)
	return f.fields[name]
}

func (f *form) bad(name string) {
	if f.err == nil {
		f.err = refuse(http.StatusUnprocessableEntity, "error.field", name)
	}
}

// uint reads a decimal number in its one spelling; an empty one is 0.
func (f *form) uint(name string, bits int) uint64 {
	s := f.text(name)
	if s == "" {
		return 0
	}
	n, err := strconv.ParseUint(s, 10, bits)
	if err != nil || strconv.FormatUint(n, 10) != s {
		f.bad(name)
	}
	return n
}

func (f *form) id(name string) uint64 {
	n := f.uint(name, 64)
	if n == 0 {
		f.bad(name)
	}
	return n
}

func (f *form) fen(name string) int64 {
	n := f.uint(name, 63)
	return int64(n)
}

func (f *form) bool(name string) bool {
	switch f.text(name) {
	case "true":
		return true
	case "", "false":
		return false
	}
	f.bad(name)
	return false
}

// hash reads 32 bytes in lower-case hexadecimal; an empty one is none.
func (f *form) hash(name string) []byte {
	s := f.text(name)
	if s == "" {
		return nil
	}
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 32 || hex.EncodeToString(b) != s {
		f.bad(name)
	}
	return b
}

// device is always the session's: a server that chose another signer would be
// refused by the page and by the chain.
func (f *form) device() string { return f.session.Device }

func (f *form) org() uint64 {
	if named := f.uint("org_id", 64); named != 0 && named != f.session.OrgID {
		f.bad("org_id")
	}
	return f.session.OrgID
}

// messages is the allow list: the kinds that a page may ask to have prepared.
var messages = map[string]func(*form) sdk.Msg{
	"/xinlian.org.v1.MsgActivateDevice": func(f *form) sdk.Msg { return &orgv1.MsgActivateDevice{Device: f.device()} },
	"/xinlian.org.v1.MsgSetDataKey":     setDataKey,
	"/xinlian.org.v1.MsgChooseCustodian": func(f *form) sdk.Msg {
		return &orgv1.MsgChooseCustodian{
			Device: f.device(), OrgId: f.org(), CustodianOrgId: f.id("custodian_org_id"),
			SecondCustodianOrgId: f.uint("second_custodian_org_id", 64),
		}
	},
	"/xinlian.profile.v1.MsgGrantConsent": func(f *form) sdk.Msg {
		return &profilev1.MsgGrantConsent{Device: f.device(), OrgId: f.org(), ConsentId: f.hash("consent_id")}
	},
	"/xinlian.profile.v1.MsgRefuseConsent": func(f *form) sdk.Msg {
		return &profilev1.MsgRefuseConsent{Device: f.device(), OrgId: f.org(), ConsentId: f.hash("consent_id")}
	},
	"/xinlian.profile.v1.MsgPauseConsent": func(f *form) sdk.Msg {
		return &profilev1.MsgPauseConsent{Device: f.device(), OrgId: f.org(), ConsentId: f.hash("consent_id")}
	},
	"/xinlian.profile.v1.MsgResumeConsent": func(f *form) sdk.Msg {
		return &profilev1.MsgResumeConsent{Device: f.device(), OrgId: f.org(), ConsentId: f.hash("consent_id")}
	},
	"/xinlian.profile.v1.MsgRevokeConsent": func(f *form) sdk.Msg {
		return &profilev1.MsgRevokeConsent{Device: f.device(), OrgId: f.org(), ConsentId: f.hash("consent_id")}
	},
	"/xinlian.profile.v1.MsgAmendConsent": amend,
	"/xinlian.profile.v1.MsgOpenCase":     openCase,
	"/xinlian.profile.v1.MsgConfirmCase": func(f *form) sdk.Msg {
		return &profilev1.MsgConfirmCase{Device: f.device(), OrgId: f.org(), ConsentId: f.hash("consent_id")}
	},
	"/xinlian.profile.v1.MsgCloseCase": func(f *form) sdk.Msg {
		return &profilev1.MsgCloseCase{Device: f.device(), OrgId: f.org(), ConsentId: f.hash("consent_id")}
	},
	"/xinlian.attestation.v1.MsgOpenDispute":    openDispute,
	"/xinlian.attestation.v1.MsgResolveDispute": resolveDispute,
	"/xinlian.profile.v1.MsgRequestErasure": func(f *form) sdk.Msg {
		return &profilev1.MsgRequestErasure{Device: f.device(), OrgId: f.org()}
	},
	"/xinlian.loan.v1.MsgApply":  apply,
	"/xinlian.loan.v1.MsgAccept": accept,
	"/xinlian.loan.v1.MsgRefuseOffer": func(f *form) sdk.Msg {
		return &loanv1.MsgRefuseOffer{Device: f.device(), OrgId: f.org(), OfferId: f.id("offer_id")}
	},
	"/xinlian.loan.v1.MsgRepay": func(f *form) sdk.Msg {
		return &loanv1.MsgRepay{Device: f.device(), OrgId: f.org(), LoanId: f.id("loan_id"), AmountFen: f.fen("amount_fen")}
	},
	"/xinlian.loan.v1.MsgDecideReferral": decideReferral,
	"/xinlian.loan.v1.MsgAppeal": func(f *form) sdk.Msg {
		return &loanv1.MsgAppeal{
			Device: f.device(), OrgId: f.org(), ApplicationId: f.id("application_id"), NoteHash: f.hash("note_hash"), DisputeId: f.uint("dispute_id", 64),
		}
	},
	"/xinlian.cash.v1.MsgTransfer": func(f *form) sdk.Msg {
		return &cashv1.MsgTransfer{
			Device: f.device(), OrgId: f.org(), ToOrgId: f.id("to_org_id"), AmountFen: f.fen("amount_fen"), MemoHash: f.hash("memo_hash"),
		}
	},
	"/xinlian.cash.v1.MsgRedeem": func(f *form) sdk.Msg {
		return &cashv1.MsgRedeem{
			Device: f.device(), OrgId: f.org(), IssuerOrgId: f.id("issuer_org_id"), AmountFen: f.fen("amount_fen"), AccountHash: f.hash("account_hash"),
		}
	},
}

// setDataKey takes the key from the organisation's desk here: nobody types one.
func setDataKey(f *form) sdk.Msg {
	m := &orgv1.MsgSetDataKey{Device: f.device(), OrgId: f.org()}
	if d := f.p.Desks[f.session.OrgID]; d != nil {
		m.PublicKey = d.DataKey.Current().Recipient().Public
	} else {
		f.bad("public_key")
	}
	return m
}

// apply fills in what the owner's file for that lender came to: the consent and
// the proven score.
func apply(f *form) sdk.Msg {
	m := &loanv1.MsgApply{
		Device: f.device(), OrgId: f.org(), ProductId: f.id("product_id"), AmountFen: f.fen("amount_fen"), Periods: uint32(f.uint("periods", 32)),
	}
	if f.err != nil {
		return m
	}
	r, err := f.p.Client.Loan.Product(f.ctx, &loanv1.QueryProductRequest{Id: m.ProductId})
	if err != nil {
		f.err = err
		return m
	}
	score, found, err := f.p.scoreFor(f.ctx, f.session.OrgID, r.Product.LenderOrgId)
	switch {
	case err != nil:
		f.err = err
	case !found:
		f.err = refuse(http.StatusConflict, "error.noscore")
	default:
		m.ConsentId, m.ScoreId = score.ConsentId, score.Id
	}
	return m
}

// accept takes the contract's hash from the offer; the page computes it again
// from the terms that it shows.
func accept(f *form) sdk.Msg {
	m := &loanv1.MsgAccept{
		Device: f.device(), OrgId: f.org(), OfferId: f.id("offer_id"), PrincipalFen: f.fen("principal_fen"),
		RateBps: uint32(f.uint("rate_bps", 32)), Periods: uint32(f.uint("periods", 32)), AutoDebit: f.bool("auto_debit"),
	}
	if f.err != nil {
		return m
	}
	r, err := f.p.Client.Loan.Offer(f.ctx, &loanv1.QueryOfferRequest{Id: m.OfferId})
	if err != nil {
		f.err = err
		return m
	}
	m.ContractHash = bytes.Clone(r.Offer.ContractHash)
	return m
}

// build makes the message of a kind from fields, or says which field is wrong.
func (p *Portal) build(ctx context.Context, s store.Session, kind string, fields map[string]string) (sdk.Msg, error) {
	compose, ok := messages[kind]
	if !ok {
		return nil, refuse(http.StatusUnprocessableEntity, "error.kind", kind)
	}
	f := &form{ctx: ctx, p: p, session: s, fields: fields}
	m := compose(f)
	if f.err != nil {
		return nil, f.err
	}
	for name, value := range fields {
		if value != "" && !slices.Contains(f.used, name) {
			return nil, refuse(http.StatusUnprocessableEntity, "error.field", name)
		}
	}
	return m, nil
}

// support is what a page needs to explain a message. The page believes none of
// it but names: it hashes the terms again.
func (p *Portal) support(ctx context.Context, m sdk.Msg) (map[string]any, error) {
	names, err := p.orgNames(ctx)
	if err != nil {
		return nil, err
	}
	orgs := map[string]string{}
	for id, name := range names {
		orgs[num(id)] = name
	}
	s := map[string]any{"orgs": orgs}
	switch m := m.(type) {
	case *attestationv1.MsgOpenDispute: // names no consent here
	case *profilev1.MsgRefuseConsent, *profilev1.MsgPauseConsent, *profilev1.MsgRevokeConsent:
		// These only take away: they need no text, which may never have been published.
		err := p.supportConsent(ctx, s, m.(interface{ GetConsentId() []byte }).GetConsentId())
		if errors.As(err, new(problem)) {
			err = nil
		}
		return s, err
	case interface{ GetConsentId() []byte }:
		return s, p.supportConsent(ctx, s, m.GetConsentId())
	case interface{ GetTerms() profilev1.ConsentTerms }:
		s["purpose_text"], err = p.purposeText(ctx, m.GetTerms().PurposeTextHash)
		return s, err
	case *loanv1.MsgAccept:
		return s, p.supportOffer(ctx, s, m.OfferId)
	case *loanv1.MsgRefuseOffer:
		return s, p.supportOffer(ctx, s, m.OfferId)
	}
	return s, nil
}

func (p *Portal) supportConsent(ctx context.Context, s map[string]any, id []byte) error {
	r, err := p.Client.Profile.Consent(ctx, &profilev1.QueryConsentRequest{ConsentId: id})
	if err != nil {
		return err
	}
	if s["consent"], err = p.protoJSON(&r.Consent.Terms); err != nil {
		return err
	}
	text, err := p.purposeText(ctx, r.Consent.Terms.PurposeTextHash)
	if err == nil {
		s["purpose_text"] = text
	}
	return err
}

func (p *Portal) supportOffer(ctx context.Context, s map[string]any, id uint64) error {
	r, err := p.Client.Loan.Offer(ctx, &loanv1.QueryOfferRequest{Id: id})
	if err != nil {
		return err
	}
	t, err := p.Client.Loan.Template(ctx, &loanv1.QueryTemplateRequest{TemplateHash: r.Offer.TemplateHash})
	if err != nil {
		return err
	}
	if s["offer"], err = p.protoJSON(&r.Offer); err != nil {
		return err
	}
	s["template"], err = p.protoJSON(&t.Template.Terms)
	return err
}
