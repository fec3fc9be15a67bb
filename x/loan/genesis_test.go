package loan

import (
	"bytes"
	"testing"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

// lived is a world with a row of every kind: a delinquent loan, a referral, an
// open offer, a closed and a written-off loan.
func lived(t reporter) *world {
	w := newWorld(t)
	product := w.market(contractTerms())
	first := w.borrow(product, 10_000_000)
	w.must(w.cash.issue(w.ctx, cashAccount(bakery), 10_000_000))
	done(w, w.msg.Repay, w.repayment(first, 50_000_000))
	second := w.borrow(product, 8_000_000)
	w.drain(bakery)
	w.pass(w.row(second, 1, 1).DueAt + 3*daySeconds)
	done(w, w.msg.WriteOff, &loanv1.MsgWriteOff{Device: bankAdmin, OrgId: bank, LoanId: second})
	m := applyFor(product, 9_000_000)
	m.Device, m.OrgId, m.ConsentId, m.ScoreId = smithyAdmin, smithy, hashOf(byte(smithy)), hashOf(byte(smithy))
	third := done(w, w.msg.Accept, w.acceptance(done(w, w.msg.Apply, m).OfferId)).LoanId
	w.drain(smithy)
	w.pass(w.row(third, 1, 1).DueAt + 3*daySeconds)
	done(w, w.msg.Apply, m)
	other := w.pool(1)
	p, err := w.k.product(w.ctx, product)
	w.must(err)
	done(w, w.msg.OfferProduct, &loanv1.MsgOfferProduct{Device: bankAdmin, OrgId: bank, Terms: productTerms(p.Terms.TemplateHash, other.Id)})
	w.setScore(smithy, 550)
	m.ProductId = 2
	done(w, w.msg.Apply, m)
	w.sound()
	return w
}

// Export, import and export again are equal byte by byte.
func TestGenesisRoundTrip(t *testing.T) {
	t.Parallel()
	w := lived(t)
	module, cdc := NewAppModule(w.k), codec.NewProtoCodec(codectypes.NewInterfaceRegistry())
	first := module.ExportGenesis(w.ctx, cdc)
	if err := module.ValidateGenesis(cdc, nil, first); err != nil {
		t.Fatal(err)
	}
	other := newWorld(t)
	NewAppModule(other.k).InitGenesis(other.ctx, cdc, first)
	if second := NewAppModule(other.k).ExportGenesis(other.ctx, cdc); !bytes.Equal(first, second) {
		t.Errorf("exports differ:\n%s\n%s", first, second)
	}
	if err := module.ValidateGenesis(cdc, nil, module.DefaultGenesis(cdc)); err != nil {
		t.Error(err)
	}
}

// A genesis with any row bent is refused.
func TestGenesisRefusals(t *testing.T) {
	t.Parallel()
	w := lived(t)
	for name, bend := range map[string]func(*loanv1.GenesisState){
		"parameters":              func(g *loanv1.GenesisState) { g.Params.RetrySeconds = 0 },
		"a template's terms":      func(g *loanv1.GenesisState) { g.Templates[0].Terms.GraceDays++ },
		"a template's bounds":     func(g *loanv1.GenesisState) { g.Templates[0].Terms.GraceDays = 99 },
		"a template's status":     func(g *loanv1.GenesisState) { g.Templates[0].Status = 9 },
		"a template's encodings":  func(g *loanv1.GenesisState) { g.Templates[0].Compiled = g.Templates[0].Compiled[1:] },
		"a template's review":     func(g *loanv1.GenesisState) { g.Templates[0].ReviewedAt = 0 },
		"a template never active": func(g *loanv1.GenesisState) { g.Templates[0].Status, g.Templates[0].ActivatedAt = 4, 0 },
		"a draft without author":  func(g *loanv1.GenesisState) { g.Drafts = []loanv1.TemplateDraft{{Terms: contractTerms()}} },
		"a draft's bounds":        func(g *loanv1.GenesisState) { g.Drafts = []loanv1.TemplateDraft{{AuthorOrgId: bank}} },
		"a draft twice": func(g *loanv1.GenesisState) {
			g.Drafts = []loanv1.TemplateDraft{{AuthorOrgId: bank, Terms: contractTerms()}, {AuthorOrgId: bank, Terms: contractTerms()}}
		},
		"a rate cut":               func(g *loanv1.GenesisState) { g.Loans[0].RateCutBps = 1 },
		"a step-down":              func(g *loanv1.GenesisState) { g.Loans[0].StepDownsEarned = 1 },
		"a template twice":         func(g *loanv1.GenesisState) { g.Templates = append(g.Templates, g.Templates[0]) },
		"a template lost":          func(g *loanv1.GenesisState) { g.Templates = nil },
		"a pool's id":              func(g *loanv1.GenesisState) { g.Pools[0].Id = 2 },
		"a pool lost":              func(g *loanv1.GenesisState) { g.Pools = nil },
		"lent money":               func(g *loanv1.GenesisState) { g.Pools[0].LentFen++ },
		"reserved money":           func(g *loanv1.GenesisState) { g.Pools[0].ReservedFen-- },
		"lost money":               func(g *loanv1.GenesisState) { g.Pools[0].LostFen++ },
		"earned money":             func(g *loanv1.GenesisState) { g.Pools[0].EarnedFen++ },
		"a product's terms":        func(g *loanv1.GenesisState) { g.Products[0].Terms.PeriodsMax = 99 },
		"a product's pool":         func(g *loanv1.GenesisState) { g.Products[0].Terms.PoolId = 9 },
		"an application's product": func(g *loanv1.GenesisState) { g.Applications[0].ProductId = 9 },
		"an application's offer":   func(g *loanv1.GenesisState) { g.Applications[0].OfferId = 99 },
		"an application lost":      func(g *loanv1.GenesisState) { g.Applications = g.Applications[1:] },
		"an offer's application":   func(g *loanv1.GenesisState) { g.Offers[0].ApplicationId = 99 },
		"an offer's state":         func(g *loanv1.GenesisState) { g.Offers[0].Status = loanv1.OfferStatus_OFFER_STATUS_OPEN },
		"a loan's pool":            func(g *loanv1.GenesisState) { g.Loans[0].PoolId = 9 },
		"a loan's state":           func(g *loanv1.GenesisState) { g.Loans[0].Status = loanv1.LoanStatus_LOAN_STATUS_CURRENT },
		"a loan without state":     func(g *loanv1.GenesisState) { g.Loans[0].Status = 0 },
		"a loan's head":            func(g *loanv1.GenesisState) { g.Loans[0].JournalHead = hashOf(1) },
		"a loan's principal":       func(g *loanv1.GenesisState) { g.Loans[0].PrincipalFen++ },
		"a tranche's outstanding":  func(g *loanv1.GenesisState) { g.Loans[2].Tranches[0].OutstandingFen-- },
		"a tranche's count":        func(g *loanv1.GenesisState) { g.Loans[2].Tranches[0].InstalmentsPaid++ },
		"a tranche's number":       func(g *loanv1.GenesisState) { g.Loans[2].Tranches[0].Number = 3 },
		"a prepayment":             func(g *loanv1.GenesisState) { g.Loans[0].Tranches[0].PrepaidFen-- },
		"an instalment's loan":     func(g *loanv1.GenesisState) { g.Instalments[len(g.Instalments)-1].LoanId = 99 },
		"an instalment's payment":  func(g *loanv1.GenesisState) { g.Instalments[len(g.Instalments)-1].PaidPrincipalFen = 1 },
		"an instalment's state":    func(g *loanv1.GenesisState) { g.Instalments[len(g.Instalments)-1].Status = paid },
		"an instalment lost":       func(g *loanv1.GenesisState) { g.Instalments = g.Instalments[1:] },
		"instalments out of order": func(g *loanv1.GenesisState) {
			g.Instalments[0], g.Instalments[1] = g.Instalments[1], g.Instalments[0]
		},
		"a review lost":        func(g *loanv1.GenesisState) { g.Applications[4].Reviews = nil },
		"a review backwards":   func(g *loanv1.GenesisState) { g.Applications[4].Reviews[0].DueAt = 1 },
		"a review of an offer": func(g *loanv1.GenesisState) { g.Applications[4].OfferId = 1 },
		"a third review": func(g *loanv1.GenesisState) {
			r := g.Applications[4].Reviews[0]
			g.Applications[4].Reviews = append(g.Applications[4].Reviews, r, r)
		},
		"an appeal against nothing": func(g *loanv1.GenesisState) { g.Applications[4].Reviews[0].Appeal = &loanv1.Appeal{} },
		"two open applications": func(g *loanv1.GenesisState) {
			a := g.Applications[4]
			a.Id = 6
			g.Applications = append(g.Applications, a)
		},
		"an entry's amount":   func(g *loanv1.GenesisState) { g.Entries[1].PrincipalFen++ },
		"an entry's hash":     func(g *loanv1.GenesisState) { g.Entries[1].Hash = hashOf(1) },
		"an entry lost":       func(g *loanv1.GenesisState) { g.Entries = g.Entries[:len(g.Entries)-1] },
		"an entry twice":      func(g *loanv1.GenesisState) { g.Entries = append(g.Entries, g.Entries[len(g.Entries)-1]) },
		"an exposure":         func(g *loanv1.GenesisState) { g.Exposures[0].WrittenOffFen++ },
		"an exposure lost":    func(g *loanv1.GenesisState) { g.Exposures = g.Exposures[1:] },
		"exposures reordered": func(g *loanv1.GenesisState) { g.Exposures[0], g.Exposures[1] = g.Exposures[1], g.Exposures[0] },
	} {
		gs, err := w.k.ExportGenesis(w.ctx)
		w.must(err)
		bend(gs)
		if err := Validate(*gs); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Each invariant of the live store notices what it is there for.
func TestInvariantsNotice(t *testing.T) {
	t.Parallel()
	for name, bend := range map[string]func(*world) error{
		"pool-money":   func(w *world) error { return w.cash.accounts.Set(w.ctx, PoolAccount(1), 0) },
		"due-queue":    func(w *world) error { return w.k.due.Clear(w.ctx, nil) },
		"review-queue": func(w *world) error { return w.k.reviewEnds.Clear(w.ctx, nil) },
		"review-rows": func(w *world) error {
			a := w.application(5)
			a.Reviews = nil
			return w.k.applications.Set(w.ctx, 5, a)
		},
		"template-versions": func(w *world) error { return w.k.versions.Clear(w.ctx, nil) },
		"template-gate": func(w *world) error {
			t, err := w.k.template(w.ctx, w.loan(1).TemplateHash)
			w.must(err)
			t.ActivatedAt = t.ReviewedAt - 1
			return w.k.templates.Set(w.ctx, t.Hash, t)
		},
		"drafts": func(w *world) error {
			for n := range DraftsMax + 1 {
				d := loanv1.TemplateDraft{AuthorOrgId: bank, Terms: contractTerms()}
				d.Terms.Name = "draft-" + string(rune('a'+n))
				w.must(w.k.drafts.Set(w.ctx, collections.Join(bank, d.Terms.Name), d))
			}
			return nil
		},
		"rate-cut": func(w *world) error {
			l := w.loan(3)
			l.RateCutBps = 1
			return w.k.loans.Set(w.ctx, 3, l)
		},
		"offer-queue":       func(w *world) error { return w.k.offerEnds.Clear(w.ctx, nil) },
		"open-applications": func(w *world) error { return w.k.open.Clear(w.ctx, nil) },
		"exposure-totals":   func(w *world) error { return w.k.exposures.Clear(w.ctx, nil) },
		"pool-commitments":  func(w *world) error { return w.k.committed.Clear(w.ctx, nil) },
		"pool-buckets": func(w *world) error {
			p := w.pool(1)
			p.LateFen = []int64{1, 0, 0}
			return w.k.pools.Set(w.ctx, 1, p)
		},
		"journal-chain":    func(w *world) error { return w.k.entries.Clear(w.ctx, nil) },
		"tranche-schedule": func(w *world) error { return w.k.instalments.Clear(w.ctx, nil) },
		"pool-totals": func(w *world) error {
			p := w.pool(1)
			p.LentFen++
			return w.k.pools.Set(w.ctx, 1, p)
		},
		"journal-sums": func(w *world) error {
			p := w.pool(1)
			p.EarnedFen--
			return w.k.pools.Set(w.ctx, 1, p)
		},
		"loan-status": func(w *world) error {
			l := w.loan(3)
			l.Status = loanv1.LoanStatus_LOAN_STATUS_CURRENT
			return w.k.loans.Set(w.ctx, 3, l)
		},
	} {
		w := lived(t)
		w.must(bend(w))
		noticed := false
		for _, i := range w.k.Invariants() {
			if i.Name == name {
				noticed = i.Check(w.ctx) != nil
			}
		}
		if !noticed {
			t.Errorf("%s did not notice", name)
		}
	}
}
