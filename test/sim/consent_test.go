package sim_test

import (
	"time"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/testkit"
	"github.com/xinlian/xinlian/internal/wire"
)

// secondRegulator gives the regulator another device, the second pair of eyes.
func (w *world) secondRegulator() wire.Signer {
	w.t.Helper()
	s := testkit.Passkey(w.t, "second regulator")
	w.Do(w.Regulator.Admin, &orgv1.MsgAddDevice{
		Device: address(w.Regulator.Admin), OrgId: w.Regulator.ID, Key: wire.DeviceKey(s), Role: orgv1.DeviceRole_DEVICE_ROLE_OFFICER,
	})
	w.Do(s, &orgv1.MsgActivateDevice{Device: address(s)})
	return s
}

// amend narrows a recent consent, or now and then would widen it.
func amend(w *world) deed {
	c := w.consented()
	r, ok := ask(w, profilev1.NewQueryClient(w.Conn()).Consent, &profilev1.QueryConsentRequest{ConsentId: c.id})
	if !ok {
		return deed{}
	}
	terms := r.Consent.Terms
	terms.Amends, terms.Nonce = c.id, hash(w, "nonce")[:16]
	if terms.FetchLimit > 1 {
		terms.FetchLimit--
	}
	if w.chance(10) {
		terms.FetchLimit += 5
	}
	return deed{c.firm.Owner, &profilev1.MsgAmendConsent{Device: c.firm.Device(), OrgId: c.firm.ID, Terms: terms}, func(o testkit.Outcome) {
		var made profilev1.MsgAmendConsentResponse
		o.Response(w.t, &made)
		w.consents = append(w.consents, consent{made.ConsentId, c.firm, c.grantee})
	}}
}

func openCase(w *world) deed {
	f := pick(w, w.firms)
	terms := w.Terms(f.Enterprise, w.Regulator, profilev1.Purpose_PURPOSE_SUPERVISION, time.Duration(20+w.rng.IntN(3000))*time.Second, w.name("nonce"))
	terms.Signer, terms.CaseNumber = profilev1.Signer_SIGNER_UNSPECIFIED, w.name("case")
	return deed{w.Regulator.Admin, &profilev1.MsgOpenCase{Device: address(w.Regulator.Admin), OrgId: w.Regulator.ID, Terms: terms}, func(o testkit.Outcome) {
		var made profilev1.MsgOpenCaseResponse
		o.Response(w.t, &made)
		w.cases = append(w.cases, made.ConsentId)
	}}
}

// confirmCase is by the second device, or now and then by the one that opened it.
func confirmCase(w *world) deed {
	by := w.supervisor
	if w.chance(10) {
		by = w.Regulator.Admin
	}
	return deed{by: by, msg: &profilev1.MsgConfirmCase{Device: address(by), OrgId: w.Regulator.ID, ConsentId: w.openedCase()}}
}

func closeCase(w *world) deed {
	return deed{by: w.supervisor, msg: &profilev1.MsgCloseCase{Device: address(w.supervisor), OrgId: w.Regulator.ID, ConsentId: w.openedCase()}}
}

func (w *world) openedCase() []byte {
	if len(w.cases) == 0 {
		return hash(w, "no case")
	}
	return recent(w, w.cases)
}

// erase is rare, and never of the firms that the other actions borrow for.
func erase(w *world) deed {
	if len(w.firms) == borrowers || w.chance(60) {
		return deed{}
	}
	f := pick(w, w.firms[borrowers:])
	return deed{f.Owner, &profilev1.MsgRequestErasure{Device: f.Device(), OrgId: f.ID}, func(testkit.Outcome) {
		w.erased = append(w.erased, f)
	}}
}

func recordErasure(w *world) deed {
	if len(w.erased) == 0 {
		return deed{}
	}
	by := w.Settlement.Service
	return deed{by: by, msg: &profilev1.MsgRecordErasure{
		Device: address(by), OrgId: w.Settlement.ID, EnterpriseId: recent(w, w.erased).ID, ReceiptHash: hash(w, "erased"),
	}}
}
