package loan

import (
	"bytes"
	"testing"

	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/x/org"
)

func (w *world) application(id uint64) loanv1.Application {
	w.Helper()
	a, err := w.k.application(w.ctx, id)
	w.must(err)
	return a
}

func appealOf(id uint64) *loanv1.MsgAppeal {
	return &loanv1.MsgAppeal{Device: bakeryAdmin, OrgId: bakery, ApplicationId: id, NoteHash: hashOf(0x21)}
}

func ruling(device string, id uint64, amountFen int64) *loanv1.MsgDecideReferral {
	return &loanv1.MsgDecideReferral{
		Device: device, OrgId: bank, ApplicationId: id, Approve: amountFen > 0, AmountFen: amountFen, NoteHash: hashOf(7), BriefHash: hashOf(8),
	}
}

// declined is an application that the chain declined for its score.
func declined(w *world) (product, id uint64) {
	w.Helper()
	product = w.market(contractTerms())
	w.setScore(bakery, 499)
	id = done(w, w.msg.Apply, applyFor(product, 10_000_000)).ApplicationId
	return product, id
}

// What the chain declines, an enterprise appeals once and within its time, and an
// admin of the lender may set the failed condition aside: never the limit, and never
// without leaving on the row what was set aside and what was appealed.
func TestAppeal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	product, id := declined(w)
	for name, c := range map[string]struct {
		bend func(*loanv1.MsgAppeal)
		want error
	}{
		"no note":             {func(m *loanv1.MsgAppeal) { m.NoteHash = nil }, ErrInvalid},
		"no organisation":     {func(m *loanv1.MsgAppeal) { m.OrgId = 0 }, ErrInvalid},
		"a clerk":             {func(m *loanv1.MsgAppeal) { m.Device = bakeryClerk }, org.ErrDeviceRole},
		"another's decision":  {func(m *loanv1.MsgAppeal) { m.Device, m.OrgId = smithyAdmin, smithy }, ErrUnauthorised},
		"a lender":            {func(m *loanv1.MsgAppeal) { m.Device, m.OrgId = bankAdmin, bank }, org.ErrRole},
		"a foreign device":    {func(m *loanv1.MsgAppeal) { m.Device = smithyAdmin }, sdkerrors.ErrUnauthorized},
		"unknown application": {func(m *loanv1.MsgAppeal) { m.ApplicationId = 9 }, ErrNotFound},
		"unknown dispute":     {func(m *loanv1.MsgAppeal) { m.DisputeId = 9 }, errFake},
	} {
		m := appealOf(id)
		c.bend(m)
		refused(w, name, w.msg.Appeal, m, c.want)
	}
	refused(w, "deciding before the appeal", w.msg.DecideReferral, ruling(bankAdmin, id, 8_000_000), ErrState)
	res, events, err := deliver(w, w.msg.Appeal, appealOf(id))
	w.must(err)
	wantList(t, "events", events, []string{"xinlian.loan.v1.EventReview"})
	if want := w.now() + 7*daySeconds; res.DueAt != want {
		t.Errorf("due at %d, want %d", res.DueAt, want)
	}
	refused(w, "twice", w.msg.Appeal, appealOf(id), ErrAppeal)
	refused(w, "a new application meanwhile", w.msg.Apply, applyFor(product, 10_000_000), ErrOpen)
	if got := w.application(id); got.Decision.Outcome != loanv1.Outcome_OUTCOME_DECLINED {
		t.Errorf("an appeal changed the decision to %s", got.Decision.Outcome)
	}
	w.sound()

	refused(w, "an officer", w.msg.DecideReferral, ruling(bankOfficer, id, 8_000_000), org.ErrDeviceRole)
	refused(w, "over the limit", w.msg.DecideReferral, ruling(bankAdmin, id, 10_000_001), ErrLimit)
	w.grades[bakery] = attestationv1.Grade_GRADE_D
	refused(w, "on data of grade D", w.msg.DecideReferral, ruling(bankAdmin, id, 8_000_000), ErrLimit)
	w.grades[bakery] = attestationv1.Grade_GRADE_A
	w.index.live = false
	refused(w, "on a stale index", w.msg.DecideReferral, ruling(bankAdmin, id, 8_000_000), ErrState)
	w.index.live = true

	done(w, w.msg.DecideReferral, ruling(bankAdmin, id, 8_000_000))
	w.sound()
	a := w.application(id)
	var overruled []string
	for _, r := range a.Decision.Overruled {
		overruled = append(overruled, r.Code)
	}
	wantList(t, "overruled", overruled, []string{"score-min"})
	r := a.Reviews[0]
	if a.Decision.Outcome != loanv1.Outcome_OUTCOME_APPROVED || a.Referral == nil || a.Referral.Outcome != loanv1.Outcome_OUTCOME_DECLINED ||
		r.Appeal.Decision.Outcome != loanv1.Outcome_OUTCOME_DECLINED || !bytes.Equal(r.Appeal.NoteHash, hashOf(0x21)) || r.DecidedAt != w.now() {
		t.Errorf("application %+v", a)
	}
	refused(w, "an approval", w.msg.Appeal, appealOf(id), ErrAppeal)
	done(w, w.msg.Accept, w.acceptance(a.OfferId))
	w.sound()
}

// Who declined a referral does not judge the appeal against it.
func TestAppealNeedsAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	product := w.market(contractTerms())
	w.setScore(bakery, 550)
	id := done(w, w.msg.Apply, applyFor(product, 10_000_000)).ApplicationId
	refused(w, "a person still decides", w.msg.Appeal, appealOf(id), ErrAppeal)
	done(w, w.msg.DecideReferral, ruling(bankAdmin, id, 0))
	done(w, w.msg.Appeal, appealOf(id))
	refused(w, "the same admin", w.msg.DecideReferral, ruling(bankAdmin, id, 8_000_000), ErrUnauthorised)
	second := device(bank, 4)
	w.devices[second] = orgv1.Device{
		Address: second, OrgId: bank, Role: orgv1.DeviceRole_DEVICE_ROLE_ADMIN, Status: orgv1.DeviceStatus_DEVICE_STATUS_ACTIVE, AmountLimitFen: PoolFenMax,
	}
	done(w, w.msg.DecideReferral, ruling(second, id, 8_000_000))
	w.sound()
	a := w.application(id)
	if a.Referral.Outcome != loanv1.Outcome_OUTCOME_REFERRED || a.Reviews[1].Appeal.Decision.Officer != bankAdmin || len(a.Decision.Overruled) != 0 {
		t.Errorf("application %+v", a)
	}
}

// A referral that nobody decides in time is marked overdue and nothing else: it can
// still be decided, appealed, or overtaken by a newer application.
func TestOverdueReview(t *testing.T) {
	t.Parallel()
	start := func() (w *world, product, id uint64) {
		w = newWorld(t)
		product = w.market(contractTerms())
		w.setScore(bakery, 550)
		id = done(w, w.msg.Apply, applyFor(product, 10_000_000)).ApplicationId
		due := w.application(id).Reviews[0].DueAt
		w.advance(due - 1)
		if w.application(id).Reviews[0].Overdue {
			t.Error("overdue a second early")
		}
		refused(w, "a second application in time", w.msg.Apply, applyFor(product, 10_000_000), ErrOpen)
		w.advance(due)
		if a := w.application(id); !a.Reviews[0].Overdue || a.Decision.Outcome != loanv1.Outcome_OUTCOME_REFERRED {
			t.Errorf("at its end the application is %+v", a)
		}
		wantList(t, "events", eventTypes(w.ctx), []string{"xinlian.loan.v1.EventReview"})
		w.sound()
		return w, product, id
	}
	w, _, id := start()
	done(w, w.msg.DecideReferral, ruling(bankOfficer, id, 8_000_000))
	w.sound()

	w, _, id = start()
	done(w, w.msg.Appeal, appealOf(id))
	refused(w, "an officer on appeal", w.msg.DecideReferral, ruling(bankOfficer, id, 8_000_000), org.ErrDeviceRole)
	done(w, w.msg.DecideReferral, ruling(bankAdmin, id, 0))
	refused(w, "a second appeal", w.msg.Appeal, appealOf(id), ErrAppeal)
	w.sound()

	w, product, id := start()
	done(w, w.msg.Apply, applyFor(product, 9_000_000))
	if !w.application(id).Overtaken {
		t.Error("the overdue application was not overtaken")
	}
	refused(w, "deciding the old one", w.msg.DecideReferral, ruling(bankAdmin, id, 0), ErrState)
	refused(w, "appealing the old one", w.msg.Appeal, appealOf(id), ErrAppeal)
	w.sound()
}

// The end of an appeal's clock follows the dispute that it names, and appeals end.
func TestAppealClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, id := declined(w)
	w.disputes[1] = attestationv1.Dispute{Id: 1, EnterpriseId: smithy, Status: attestationv1.DisputeStatus_DISPUTE_STATUS_OPEN}
	w.disputes[2] = attestationv1.Dispute{Id: 2, EnterpriseId: bakery, Status: attestationv1.DisputeStatus_DISPUTE_STATUS_OPEN, Deadline: w.now() + 20*daySeconds}
	w.disputes[3] = attestationv1.Dispute{Id: 3, EnterpriseId: bakery, Status: attestationv1.DisputeStatus_DISPUTE_STATUS_REJECTED, Deadline: w.now() + 20*daySeconds}
	m := appealOf(id)
	m.DisputeId = 1
	refused(w, "another's dispute", w.msg.Appeal, m, ErrInvalid)
	for dispute, days := range map[uint64]int64{2: 27, 3: 7, 0: 7} {
		m.DisputeId = dispute
		cache, _ := w.ctx.CacheContext()
		res, err := w.msg.Appeal(cache, m)
		w.must(err)
		if want := w.now() + days*daySeconds; res.DueAt != want {
			t.Errorf("beside dispute %d due at %d, want %d", dispute, res.DueAt, want)
		}
	}
	at := w.application(id).Decision.DecidedAt
	w.advance(at + 30*daySeconds)
	cache, _ := w.ctx.CacheContext()
	if _, err := w.msg.Appeal(cache, appealOf(id)); err != nil {
		t.Errorf("on its last second: %v", err)
	}
	w.advance(at + 30*daySeconds + 1)
	refused(w, "a second late", w.msg.Appeal, appealOf(id), ErrExpired)
}

// A decision names its model, its band and every factor of its limit, and a product
// lends less in a worse band.
func TestDecisionNamesItsModel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	product := w.market(contractTerms())
	p, err := w.k.product(w.ctx, product)
	w.must(err)
	p.Terms.BandFactorBps = []uint32{10_000, 6_000}
	offer := &loanv1.MsgOfferProduct{Device: bankAdmin, OrgId: bank, Terms: p.Terms}
	refused(w, "a factor too few", w.msg.OfferProduct, offer, ErrInvalid)
	offer.Terms.BandFactorBps = []uint32{6_000, 10_000, 0}
	refused(w, "a factor that rises", w.msg.OfferProduct, offer, ErrInvalid)
	offer.Terms.BandFactorBps = []uint32{10_000, 6_000, 0}
	product = done(w, w.msg.OfferProduct, offer).ProductId
	id := done(w, w.msg.Apply, applyFor(product, 30_000_000)).ApplicationId
	delete(w.models, string(hashOf(0xaa))) // the row may go, the decision keeps its name
	d := w.application(id).Decision
	in := d.Inputs
	if !bytes.Equal(in.ModelHash, hashOf(0xaa)) || in.ModelId != "sme-v7" || in.FeatureSetVersion != 2 || in.Points != 650 || in.Band != "B" ||
		in.BandFactorBps != 6_000 || in.GradeFactorBps != 10_000 || in.LgdBps != 4_500 || in.CapacityFen != 2_000_000 || in.PdPpm != 20_000 {
		t.Errorf("inputs %+v", in)
	}
	if d.LimitFen != 12_000_000 || d.Bounds[0].Code != "limit-capacity" || d.Bounds[0].Rounding != loanv1.Rounding_ROUNDING_EXACT {
		t.Errorf("limit %d by %+v", d.LimitFen, d.Bounds)
	}
}

func eventTypes(ctx sdk.Context) []string {
	var names []string
	for _, e := range ctx.EventManager().Events() {
		names = append(names, e.Type)
	}
	return names
}
