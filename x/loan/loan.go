package loan

import (
	"context"
	"slices"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

// book is one loan with all the rows that a payment or a tranche changes beside
// its instalments. It is loaded once, changed in memory and saved once.
type book struct {
	loan     loanv1.Loan
	pool     loanv1.Pool
	exposure loanv1.Exposure
	contract *Contract
	params   loanv1.Params
	now      int64

	// What the pool's buckets and its sum for the enterprise hold of this loan, as loaded.
	bucket                      int
	outstandingFen, exposureFen int64
}

func (b *book) calendar() Calendar {
	return Calendar{CompressedSeconds: b.params.CompressedPeriodSeconds}
}

// running tells whether the loan still has a life of its own.
func running(s loanv1.LoanStatus) bool {
	return s == loanv1.LoanStatus_LOAN_STATUS_CURRENT || s == loanv1.LoanStatus_LOAN_STATUS_DELINQUENT
}

// clone copies what changes, for an attempt that may fail.
func (b *book) clone() *book {
	c := *b
	c.loan.Tranches = slices.Clone(b.loan.Tranches)
	return &c
}

// receive books a payment on tranche t.
func (b *book) receive(t *loanv1.Tranche, p Portion) error {
	for _, change := range []struct {
		total *int64
		delta int64
	}{
		{&t.OutstandingFen, -p.PrincipalFen},
		{&b.pool.LentFen, -p.PrincipalFen},
		{&b.exposure.OutstandingFen, -p.PrincipalFen},
		{&b.pool.EarnedFen, p.InterestFen + p.FeeFen},
	} {
		if err := shift(change.total, change.delta); err != nil {
			return err
		}
	}
	return nil
}

// unreserve takes a promised amount back from pool and exposure.
func (b *book) unreserve(amountFen int64) error {
	if err := shift(&b.pool.ReservedFen, -amountFen); err != nil {
		return err
	}
	return shift(&b.exposure.ReservedFen, -amountFen)
}

// lend turns a promised amount into principal outstanding.
func (b *book) lend(amountFen int64) error {
	if err := b.unreserve(amountFen); err != nil {
		return err
	}
	if err := shift(&b.pool.LentFen, amountFen); err != nil {
		return err
	}
	return shift(&b.exposure.OutstandingFen, amountFen)
}

// outstanding is the principal of the loan that is paid out and not repaid.
func outstanding(l loanv1.Loan) int64 {
	var sum int64
	for _, t := range l.Tranches {
		sum += t.OutstandingFen
	}
	return sum
}

func (k *Keeper) loan(ctx context.Context, id uint64) (loanv1.Loan, error) {
	l, err := k.loans.Get(ctx, id)
	return l, missing(err, "loan %d", id)
}

// load opens the book of a loan.
func (k *Keeper) load(ctx context.Context, l loanv1.Loan) (*book, error) {
	b := &book{loan: l, now: unixNow(ctx), bucket: lateBucket(l), outstandingFen: outstanding(l)}
	var err error
	if b.pool, err = k.pool(ctx, l.PoolId); err != nil {
		return nil, err
	}
	if b.exposure, err = k.Exposure(ctx, l.EnterpriseId); err != nil {
		return nil, err
	}
	b.exposureFen = b.exposure.OutstandingFen + b.exposure.ReservedFen
	if b.params, err = k.Params(ctx); err != nil {
		return nil, err
	}
	b.contract, err = k.contract(ctx, l.TemplateHash)
	return b, err
}

// save writes the book back.
func (k *Keeper) save(ctx context.Context, b *book) error {
	if err := k.loans.Set(ctx, b.loan.Id, b.loan); err != nil {
		return err
	}
	if err := moveBucket(&b.pool, b.bucket, b.outstandingFen, lateBucket(b.loan), outstanding(b.loan)); err != nil {
		return err
	}
	if err := k.commit(ctx, b.pool.Id, b.loan.EnterpriseId, b.exposure.OutstandingFen+b.exposure.ReservedFen-b.exposureFen); err != nil {
		return err
	}
	if err := k.pools.Set(ctx, b.pool.Id, b.pool); err != nil {
		return err
	}
	return k.exposures.Set(ctx, b.exposure.EnterpriseId, b.exposure)
}

// sign turns an offer into a loan and pays the first tranche out.
func (k *Keeper) sign(ctx context.Context, o loanv1.Offer, app loanv1.Application, product loanv1.Product, device string) (uint64, error) {
	if err := k.endOffer(ctx, o, loanv1.OfferStatus_OFFER_STATUS_ACCEPTED); err != nil {
		return 0, err
	}
	id, err := next(ctx, k.loanID)
	if err != nil {
		return 0, err
	}
	b, err := k.load(ctx, loanv1.Loan{
		Id: id, OfferId: o.Id, ApplicationId: o.ApplicationId, EnterpriseId: o.EnterpriseId, LenderOrgId: o.LenderOrgId,
		ProductId: o.ProductId, PoolId: product.Terms.PoolId, TemplateHash: o.TemplateHash, ContractHash: o.ContractHash,
		ConsentId: app.ConsentId, PrincipalFen: o.PrincipalFen, RateBps: o.RateBps, Periods: o.Periods,
		Status: loanv1.LoanStatus_LOAN_STATUS_CURRENT, SignedAt: unixNow(ctx), Device: device,
	})
	if err != nil {
		return 0, err
	}
	parts, err := splitPrincipal(o.PrincipalFen, b.contract.Terms.TrancheBps)
	if err != nil {
		return 0, err
	}
	for i, part := range parts {
		b.loan.Tranches = append(b.loan.Tranches, loanv1.Tranche{
			Number: uint32(i + 1), PrincipalFen: part, Status: loanv1.TrancheStatus_TRANCHE_STATUS_PLANNED,
		})
	}
	if err := k.append(ctx, &b.loan, loanv1.EntryKind_ENTRY_KIND_SIGNED, 0, 0, Portion{PrincipalFen: o.PrincipalFen}); err != nil {
		return 0, err
	}
	if err := k.disburse(ctx, b, &b.loan.Tranches[0]); err != nil {
		return 0, err
	}
	if err := k.left.Score.LoanOpened(ctx, app.ScoreId); err != nil {
		return 0, err
	}
	return id, k.save(ctx, b)
}

// writeOff gives a delinquent loan up: its principal becomes the pool's loss,
// its planned tranches are cancelled and nothing is collected any more. Rows of
// tranches and instalments keep what was left unpaid.
func (k *Keeper) writeOff(ctx context.Context, l loanv1.Loan) error {
	b, err := k.load(ctx, l)
	if err != nil {
		return err
	}
	if err := k.cancelPlanned(ctx, b); err != nil {
		return err
	}
	for i := range b.loan.Tranches {
		t := &b.loan.Tranches[i]
		for n := t.InstalmentsPaid + 1; n <= t.InstalmentsLive; n++ {
			row, err := k.instalment(ctx, l.Id, t.Number, n)
			if err != nil {
				return err
			}
			if err := k.requeue(ctx, row, 0); err != nil {
				return err
			}
		}
	}
	lost := outstanding(b.loan)
	for _, change := range []struct {
		total *int64
		delta int64
	}{
		{&b.pool.LentFen, -lost},
		{&b.pool.LostFen, lost},
		{&b.exposure.OutstandingFen, -lost},
		{&b.exposure.WrittenOffFen, lost},
	} {
		if err := shift(change.total, change.delta); err != nil {
			return err
		}
	}
	b.loan.Status = loanv1.LoanStatus_LOAN_STATUS_WRITTEN_OFF
	if err := k.append(ctx, &b.loan, loanv1.EntryKind_ENTRY_KIND_WRITTEN_OFF, 0, 0, Portion{PrincipalFen: lost}); err != nil {
		return err
	}
	app, err := k.application(ctx, b.loan.ApplicationId)
	if err != nil {
		return err
	}
	if err := k.left.Score.LoanDefaulted(ctx, app.ScoreId, b.loan.SignedAt); err != nil {
		return err
	}
	return k.save(ctx, b)
}
