package loan

import (
	"context"
	"errors"
	"testing"

	"pgregory.net/rapid"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/x/cash"
)

// After any sequence of messages, payments, frozen accounts, broken accounts and
// stops, every invariant holds, no fen appears or disappears, and the state
// survives export and import. Everything is drawn from the seed that rapid prints.
func TestRandomLife(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(r)
		s := simulation{w: w, r: r}
		tpl := contractTerms()
		tpl.Method = loanv1.Method(rapid.Int32Range(1, 4).Draw(r, "method"))
		s.product = w.market(tpl)
		w.must(w.k.params.Set(w.ctx, s.params()))
		s.money = w.total()
		steps := rapid.IntRange(5, 40).Draw(r, "steps")
		for range steps {
			s.step()
			if got := w.total(); got != s.money {
				r.Fatalf("%d fen of money, want %d", got, s.money)
			}
			s.check()
		}
		s.moveHouse()
	})
}

type simulation struct {
	w       *world
	r       *rapid.T
	product uint64
	money   int64
}

func (s *simulation) params() loanv1.Params {
	p := testParams()
	p.ItemsPerBlockMax = rapid.SampledFrom([]uint32{1, 2, 100}).Draw(s.r, "items")
	if rapid.Bool().Draw(s.r, "compressed") {
		p.CompressedPeriodSeconds = rapid.SampledFrom([]int64{10, 60, daySeconds}).Draw(s.r, "period")
		p.RetrySeconds = max(p.CompressedPeriodSeconds/60, 1)
	}
	return p
}

func (s *simulation) step() {
	org := rapid.SampledFrom([]uint64{bakery, smithy}).Draw(s.r, "org")
	switch action := rapid.IntRange(0, 19).Draw(s.r, "action"); action {
	case 0, 1:
		m := applyFor(s.product, s.amount())
		m.Device, m.OrgId, m.ConsentId, m.ScoreId = device(org, 1), org, hashOf(byte(org)), hashOf(byte(org))
		m.Periods = rapid.Uint32Range(3, 24).Draw(s.r, "periods")
		try(s, s.w.msg.Apply, m)
	case 2, 3:
		s.offers(func(o loanv1.Offer) { try(s, s.w.msg.Accept, s.w.acceptance(o.Id)) })
	case 4:
		s.offers(func(o loanv1.Offer) {
			try(s, s.w.msg.RefuseOffer, &loanv1.MsgRefuseOffer{Device: device(o.EnterpriseId, 1), OrgId: o.EnterpriseId, OfferId: o.Id})
		})
	case 5:
		s.referral()
	case 6, 7, 8:
		s.loans(func(l loanv1.Loan) {
			try(s, s.w.msg.Repay, &loanv1.MsgRepay{Device: device(l.EnterpriseId, 1), OrgId: l.EnterpriseId, LoanId: l.Id, AmountFen: s.amount()})
		})
	case 9:
		s.loans(func(l loanv1.Loan) {
			try(s, s.w.msg.WriteOff, &loanv1.MsgWriteOff{Device: bankAdmin, OrgId: bank, LoanId: l.Id})
		})
	case 10:
		fund := &loanv1.MsgFundPool{Device: bankAdmin, OrgId: bank, PoolId: 1, AmountFen: s.amount()}
		try(s, s.w.msg.FundPool, fund)
	case 11:
		try(s, s.w.msg.WithdrawPool, &loanv1.MsgWithdrawPool{Device: bankAdmin, OrgId: bank, PoolId: 1, AmountFen: s.amount()})
	case 12: // the enterprise earns or spends
		s.transfer(otherBank, org)
	case 13:
		s.transfer(org, otherBank)
	case 14:
		s.trouble(org)
	case 15:
		s.appeal()
	default:
		s.time()
	}
}

// transfer moves money outside the module, as far as there is any.
func (s *simulation) transfer(from, to uint64) {
	amountFen := min(s.amount(), s.w.balance(cashAccount(from)))
	if amountFen > 0 && !s.w.cash.poison[string(cashAccount(from))] {
		s.w.must(s.w.cash.Move(s.w.ctx, cashAccount(from), cashAccount(to), amountFen))
	}
}

// try delivers a message that may be refused, but never with an internal error.
func try[Req, Res any](s *simulation, handler func(context.Context, Req) (Res, error), req Req) {
	if _, _, err := deliver(s.w, handler, req); errors.Is(err, ErrInvariant) {
		s.r.Fatal(err)
	}
}

func (s *simulation) amount() int64 {
	edge := rapid.SampledFrom([]int64{1, 519_714, 1_000_000, 10_000_000, 30_000_000}).Draw(s.r, "around")
	return max(edge+rapid.Int64Range(-3, 100_000).Draw(s.r, "more"), 1)
}

func (s *simulation) offers(do func(loanv1.Offer)) {
	gs, err := s.w.k.ExportGenesis(s.w.ctx)
	s.w.must(err)
	if len(gs.Offers) > 0 {
		do(rapid.SampledFrom(gs.Offers).Draw(s.r, "offer"))
	}
}

func (s *simulation) loans(do func(loanv1.Loan)) {
	gs, err := s.w.k.ExportGenesis(s.w.ctx)
	s.w.must(err)
	if len(gs.Loans) > 0 {
		do(rapid.SampledFrom(gs.Loans).Draw(s.r, "loan"))
	}
}

func (s *simulation) referral() {
	gs, err := s.w.k.ExportGenesis(s.w.ctx)
	s.w.must(err)
	if len(gs.Applications) == 0 {
		return
	}
	a := rapid.SampledFrom(gs.Applications).Draw(s.r, "application")
	by := rapid.SampledFrom([]string{bankAdmin, bankOfficer}).Draw(s.r, "by")
	m := &loanv1.MsgDecideReferral{Device: by, OrgId: bank, ApplicationId: a.Id, NoteHash: hashOf(9), BriefHash: hashOf(3), Approve: rapid.Bool().Draw(s.r, "approve")}
	if m.Approve {
		m.AmountFen = s.amount()
	}
	try(s, s.w.msg.DecideReferral, m)
}

// appeal lets an enterprise demand a person for any of its applications.
func (s *simulation) appeal() {
	gs, err := s.w.k.ExportGenesis(s.w.ctx)
	s.w.must(err)
	if len(gs.Applications) == 0 {
		return
	}
	a := rapid.SampledFrom(gs.Applications).Draw(s.r, "appealed")
	try(s, s.w.msg.Appeal, &loanv1.MsgAppeal{Device: device(a.EnterpriseId, 1), OrgId: a.EnterpriseId, ApplicationId: a.Id, NoteHash: hashOf(4)})
}

// trouble changes the world around the module.
func (s *simulation) trouble(org uint64) {
	flip := rapid.Bool().Draw(s.r, "flip")
	switch rapid.IntRange(0, 7).Draw(s.r, "trouble") {
	case 0:
		s.w.cash.frozen[org] = flip
	case 1:
		s.w.cash.frozen[bank] = flip
	case 2:
		s.w.cash.poison[string(cashAccount(org))] = flip
	case 3:
		*s.w.stopped = flip
	case 4:
		s.w.setScore(org, rapid.SampledFrom([]int64{400, 550, 650}).Draw(s.r, "points"))
	case 5:
		s.w.grades[org] = attestationv1.Grade(rapid.Int32Range(1, 4).Draw(s.r, "grade"))
	case 6:
		s.w.index.live = flip
	case 7:
		s.w.cash.poison[string(PoolAccount(1))] = flip
	}
}

// time goes to just around the next thing that is due, or far beyond it.
func (s *simulation) time() {
	keys, err := firstKeys(s.w.ctx, s.w.k.due, 1, func(dueKey) bool { return true })
	s.w.must(err)
	next := s.w.now()
	if len(keys) > 0 {
		next = max(next, keys[0].K1())
	}
	next += rapid.SampledFrom([]int64{0, 0, 0, 1, 3600, daySeconds, 40 * daySeconds}).Draw(s.r, "later")
	s.w.advance(next)
}

// moveHouse exports the state into a new chain and compares what both export,
// and what both do with the same next month.
func (s *simulation) moveHouse() {
	gs, err := s.w.k.ExportGenesis(s.w.ctx)
	s.w.must(err)
	other := newWorld(s.r)
	fakes, money := s.w.fakes, other.cash
	fakes.cash = money
	money.frozen, money.poison = s.w.cash.frozen, s.w.cash.poison
	other.k.left = Neighbours{Orgs: fakes, Council: fakes, Safety: fakes, Cash: money, CashAccount: cash.Account, Profile: fakes, Attestation: fakes, Score: fakes}
	other.ctx = s.w.ctx.WithMultiStore(other.ctx.MultiStore())
	s.w.must(s.w.cash.accounts.Walk(s.w.ctx, nil, func(account []byte, v int64) (bool, error) {
		return false, money.accounts.Set(other.ctx, account, v)
	}))
	s.w.must(other.k.InitGenesis(other.ctx, gs))
	for _, later := range []int64{0, 40 * daySeconds} {
		at := s.w.now() + later
		s.w.advance(at)
		other.advance(at)
		a, err := s.w.k.ExportGenesis(s.w.ctx)
		s.w.must(err)
		b, err := other.k.ExportGenesis(other.ctx)
		s.w.must(err)
		wantRow(s.r, "the state of the new chain", b, a)
		other.sound()
	}
}

// check is Invariants with one reading of the state.
func (s *simulation) check() {
	gs, err := s.w.k.ExportGenesis(s.w.ctx)
	s.w.must(err)
	s.w.must(snapshot{gs}.check())
	for _, i := range s.w.k.Invariants()[:6] {
		if err := i.Check(s.w.ctx); err != nil {
			s.r.Fatalf("invariant %s: %v", i.Name, err)
		}
	}
}
