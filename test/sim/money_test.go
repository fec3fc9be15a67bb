package sim_test

import (
	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	"github.com/xinlian/xinlian/internal/testkit"
	"github.com/xinlian/xinlian/internal/wire"
)

// deviceOf is the signer of an organisation that holds money.
func (w *world) deviceOf(org uint64) (wire.Signer, bool) {
	for _, f := range w.firms {
		if f.ID == org {
			return f.Owner, true
		}
	}
	for _, f := range w.Founders() {
		if f.ID == org {
			return f.Admin, true
		}
	}
	return nil, false
}

func rejectRedemption(w *world) deed {
	by := w.Settlement
	return deed{by: by.Admin, msg: &cashv1.MsgRejectRedemption{
		Device: address(by.Admin), OrgId: by.ID, RedemptionId: recent(w, w.redemptions), RejectCode: "AC04",
	}}
}

// grantMandate lets bank B debit a holder.
func grantMandate(w *world) deed {
	from, by := w.holder()
	return deed{by, &cashv1.MsgGrantMandate{
		Device: address(by), OrgId: from, PayeeOrgId: w.BankB.ID, DebitFenMax: 50_000, PeriodSeconds: 3600, PeriodFenMax: 90_000,
		PeriodCountMax: 4, ExpiresAt: w.Now().Unix() + 86400, ReferenceHash: hash(w, "agreement"),
	}, func(o testkit.Outcome) {
		var r cashv1.MsgGrantMandateResponse
		o.Response(w.t, &r)
		w.mandates = append(w.mandates, r.MandateId)
	}}
}

func (w *world) mandate() (cashv1.Mandate, bool) {
	r, ok := ask(w, cashv1.NewQueryClient(w.Conn()).Mandate, &cashv1.QueryMandateRequest{Id: recent(w, w.mandates)})
	if !ok {
		return cashv1.Mandate{}, false
	}
	return r.Mandate, true
}

func debit(w *world) deed {
	m, ok := w.mandate()
	if !ok {
		return deed{}
	}
	by := w.BankB
	return deed{by.Admin, &cashv1.MsgDebit{
		Device: address(by.Admin), OrgId: by.ID, MandateId: m.Id, Number: m.UsedCount + 1, AmountFen: w.amount(60_000),
	}, func(o testkit.Outcome) {
		var r cashv1.MsgDebitResponse
		o.Response(w.t, &r)
		w.debits = append(w.debits, r.PaymentId)
	}}
}

func revokeMandate(w *world) deed {
	m, ok := w.mandate()
	if !ok || w.chance(50) {
		return deed{}
	}
	by := w.BankB
	return deed{by: by.Admin, msg: &cashv1.MsgRevokeMandate{Device: address(by.Admin), OrgId: by.ID, MandateId: m.Id}}
}

func (w *world) debited() (cashv1.Payment, bool) {
	r, ok := ask(w, cashv1.NewQueryClient(w.Conn()).Payment, &cashv1.QueryPaymentRequest{Id: recent(w, w.debits)})
	if !ok {
		return cashv1.Payment{}, false
	}
	return r.Payment, true
}

func refund(w *world) deed {
	p, ok := w.debited()
	if !ok {
		return deed{}
	}
	by := w.BankB
	return deed{by: by.Admin, msg: &cashv1.MsgRefund{
		Device: address(by.Admin), OrgId: by.ID, PaymentId: p.Id, AmountFen: w.amount(40_000), ReturnedFen: p.ReturnedFen,
	}}
}

func disputeDebit(w *world) deed {
	p, ok := w.debited()
	if !ok {
		return deed{}
	}
	by, ok := w.deviceOf(p.PayerOrgId)
	if !ok {
		return deed{}
	}
	return deed{by: by, msg: &cashv1.MsgOpenChargeback{Device: address(by), OrgId: p.PayerOrgId, PaymentId: p.Id, ReasonHash: hash(w, "objection")}}
}

func decideDebit(w *world) deed {
	by := w.Regulator
	return deed{by: by.Admin, msg: &cashv1.MsgResolveChargeback{
		Device: address(by.Admin), OrgId: by.ID, PaymentId: recent(w, w.debits), Upheld: w.chance(50),
	}}
}

func collectDebit(w *world) deed {
	p, ok := w.debited()
	if !ok {
		return deed{}
	}
	by, ok := w.deviceOf(p.PayerOrgId)
	if !ok {
		return deed{}
	}
	return deed{by: by, msg: &cashv1.MsgCollectChargeback{Device: address(by), OrgId: p.PayerOrgId, PaymentId: p.Id}}
}

// reportBalance reports what the chain expects, or a little less.
func reportBalance(w *world) deed {
	by := w.Settlement
	totals, ok := ask(w, cashv1.NewQueryClient(w.Conn()).Totals, &cashv1.QueryTotalsRequest{})
	if !ok || len(totals.Totals) == 0 {
		return deed{}
	}
	t := totals.Totals[0]
	return deed{by: by.Admin, msg: &cashv1.MsgReportBalance{
		Device: address(by.Admin), OrgId: by.ID, Day: (w.Now().Unix()+8*3600)/86400 - 1,
		BalanceFen: t.IssuedFen - t.RedeemedFen + t.PendingFen, StatementHash: hash(w, "statement"),
	}}
}
