package loan

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"cosmossdk.io/collections"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/internal/artefact"
)

// DefaultGenesis is a chain on which nobody has lent.
func DefaultGenesis() *loanv1.GenesisState { return &loanv1.GenesisState{Params: DefaultParams()} }

// Validate checks a genesis state without a store: parameters, the order of the
// lists, that rows name rows that exist, hashes, and the invariants that need no
// other module.
func Validate(gs loanv1.GenesisState) error {
	if err := validateParams(gs.Params); err != nil {
		return err
	}
	if err := ascending(&gs); err != nil {
		return err
	}
	for _, t := range gs.Templates {
		if err := validateTemplate(t); err != nil {
			return err
		}
	}
	for _, d := range gs.Drafts {
		if err := validateDraft(d); err != nil {
			return err
		}
	}
	for _, p := range gs.Products {
		if err := validateProductTerms(p.Terms); err != nil {
			return ErrGenesis.Wrapf("product %d: %s", p.Id, err)
		}
	}
	s := snapshot{&gs}
	if err := s.references(); err != nil {
		return err
	}
	return s.check()
}

func validateTemplate(t loanv1.Template) error {
	contract, err := Compile(t.Terms)
	if err != nil {
		return ErrGenesis.Wrapf("template %X: %s", t.Hash, err)
	}
	if !slices.EqualFunc(contract.Encoded(), t.Compiled, bytes.Equal) {
		return ErrGenesis.Wrapf("template %X: compiled is not what its conditions compile to", t.Hash)
	}
	h, err := artefact.TemplateHash(t.Terms)
	if err != nil || !bytes.Equal(h[:], t.Hash) {
		return ErrGenesis.Wrapf("template %X is not the hash of its terms", t.Hash)
	}
	if t.Status <= loanv1.TemplateStatus_TEMPLATE_STATUS_UNSPECIFIED || t.Status > loanv1.TemplateStatus_TEMPLATE_STATUS_REVIEWED {
		return ErrGenesis.Wrapf("template %X: status %d", t.Hash, t.Status)
	}
	return nil
}

func validateDraft(d loanv1.TemplateDraft) error {
	if d.AuthorOrgId == 0 {
		return ErrGenesis.Wrapf("draft %q has no author", clip(d.Terms.Name))
	}
	if err := validateTerms(d.Terms); err != nil {
		return ErrGenesis.Wrapf("draft %q of organisation %d: %s", clip(d.Terms.Name), d.AuthorOrgId, err)
	}
	return nil
}

// ascending demands strictly ascending keys in every list; ids are counted
// without gaps, so the sequences follow from the lists.
func ascending(gs *loanv1.GenesisState) error {
	for i := 1; i < len(gs.Templates); i++ {
		if bytes.Compare(gs.Templates[i-1].Hash, gs.Templates[i].Hash) >= 0 {
			return ErrGenesis.Wrap("templates are not in ascending order")
		}
	}
	for i := 1; i < len(gs.Drafts); i++ {
		a, b := gs.Drafts[i-1], gs.Drafts[i]
		if a.AuthorOrgId > b.AuthorOrgId || (a.AuthorOrgId == b.AuthorOrgId && a.Terms.Name >= b.Terms.Name) {
			return ErrGenesis.Wrap("drafts are not in ascending order")
		}
	}
	for i := 1; i < len(gs.Exposures); i++ {
		if gs.Exposures[i-1].EnterpriseId >= gs.Exposures[i].EnterpriseId {
			return ErrGenesis.Wrap("exposures are not in ascending order")
		}
	}
	for i := 1; i < len(gs.Instalments); i++ {
		if compareInstalments(gs.Instalments[i-1], gs.Instalments[i]) >= 0 {
			return ErrGenesis.Wrap("instalments are not in ascending order")
		}
	}
	for i := 1; i < len(gs.Entries); i++ {
		a, b := gs.Entries[i-1], gs.Entries[i]
		if a.LoanId > b.LoanId || (a.LoanId == b.LoanId && a.Number >= b.Number) {
			return ErrGenesis.Wrap("entries are not in ascending order")
		}
	}
	for _, err := range []error{
		counted("pools", gs.Pools, func(r loanv1.Pool) uint64 { return r.Id }),
		counted("products", gs.Products, func(r loanv1.Product) uint64 { return r.Id }),
		counted("applications", gs.Applications, func(r loanv1.Application) uint64 { return r.Id }),
		counted("offers", gs.Offers, func(r loanv1.Offer) uint64 { return r.Id }),
		counted("loans", gs.Loans, func(r loanv1.Loan) uint64 { return r.Id }),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

func counted[R any](name string, rows []R, id func(R) uint64) error {
	for i, r := range rows {
		if id(r) != uint64(i+1) {
			return ErrGenesis.Wrapf("%s: row %d has id %d, want ids from 1 without gaps", name, i+1, id(r))
		}
	}
	return nil
}

// InitGenesis writes a genesis state into an empty store. Queues, indexes and
// sequences are made from the rows.
func (k *Keeper) InitGenesis(ctx context.Context, gs *loanv1.GenesisState) error {
	if err := Validate(*gs); err != nil {
		return err
	}
	if err := k.admitParams(ctx, gs.Params); err != nil {
		return err
	}
	if err := k.params.Set(ctx, gs.Params); err != nil {
		return err
	}
	if err := k.initTemplates(ctx, gs); err != nil {
		return err
	}
	for _, p := range gs.Pools {
		if err := k.pools.Set(ctx, p.Id, p); err != nil {
			return err
		}
	}
	for _, p := range gs.Products {
		if err := k.products.Set(ctx, p.Id, p); err != nil {
			return err
		}
	}
	if err := k.initLoans(ctx, gs); err != nil {
		return err
	}
	for _, s := range []struct {
		sequence collections.Sequence
		rows     int
	}{
		{k.poolID, len(gs.Pools)},
		{k.productID, len(gs.Products)},
		{k.applicationID, len(gs.Applications)},
		{k.offerID, len(gs.Offers)},
		{k.loanID, len(gs.Loans)},
	} {
		if err := s.sequence.Set(ctx, uint64(s.rows)); err != nil {
			return err
		}
	}
	return nil
}

// initTemplates writes templates and drafts; the highest version of each name
// follows from the templates.
func (k *Keeper) initTemplates(ctx context.Context, gs *loanv1.GenesisState) error {
	for _, t := range gs.Templates {
		if err := k.templates.Set(ctx, t.Hash, t); err != nil {
			return err
		}
		key := collections.Join(t.AuthorOrgId, t.Terms.Name)
		newest, err := k.versions.Get(ctx, key)
		if err != nil && !errors.Is(err, collections.ErrNotFound) {
			return err
		}
		if err := k.versions.Set(ctx, key, max(newest, t.Terms.Version)); err != nil {
			return err
		}
	}
	for _, d := range gs.Drafts {
		if err := k.drafts.Set(ctx, collections.Join(d.AuthorOrgId, d.Terms.Name), d); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keeper) initLoans(ctx context.Context, gs *loanv1.GenesisState) error {
	for _, a := range gs.Applications {
		if err := k.applications.Set(ctx, a.Id, a); err != nil {
			return err
		}
		if r := openReview(&a); r != nil && !r.Overdue {
			if err := k.reviewEnds.Set(ctx, collections.Join(r.DueAt, a.Id)); err != nil {
				return err
			}
		}
	}
	for _, o := range openApplications(gs) {
		if err := k.open.Set(ctx, collections.Join(o.EnterpriseId, o.ProductId), o.Id); err != nil {
			return err
		}
	}
	for _, o := range gs.Offers {
		if err := k.offers.Set(ctx, o.Id, o); err != nil {
			return err
		}
		if o.Status == loanv1.OfferStatus_OFFER_STATUS_OPEN {
			if err := k.offerEnds.Set(ctx, collections.Join(o.ExpiresAt, o.Id)); err != nil {
				return err
			}
		}
	}
	for _, l := range gs.Loans {
		if err := k.loans.Set(ctx, l.Id, l); err != nil {
			return err
		}
	}
	for _, i := range gs.Instalments {
		at := i.NextAt
		i.NextAt = 0
		if err := k.requeue(ctx, i, at); err != nil {
			return err
		}
	}
	for _, e := range gs.Entries {
		if err := k.entries.Set(ctx, collections.Join(e.LoanId, e.Number), e); err != nil {
			return err
		}
	}
	for _, e := range gs.Exposures {
		if err := k.exposures.Set(ctx, e.EnterpriseId, e); err != nil {
			return err
		}
	}
	return k.initCommitted(ctx, gs)
}

// initCommitted sums what pools have lent and promised to each enterprise.
func (k *Keeper) initCommitted(ctx context.Context, gs *loanv1.GenesisState) error {
	for _, o := range gs.Offers {
		if o.Status == loanv1.OfferStatus_OFFER_STATUS_OPEN {
			if err := k.commit(ctx, gs.Products[o.ProductId-1].Terms.PoolId, o.EnterpriseId, o.PrincipalFen); err != nil {
				return err
			}
		}
	}
	for _, l := range gs.Loans {
		if err := k.commit(ctx, l.PoolId, l.EnterpriseId, committedBy(l)); err != nil {
			return err
		}
	}
	return nil
}

// openApplications lists, in order of id, the applications that may still become a
// loan: those that wait for a person and those with an open offer.
func openApplications(gs *loanv1.GenesisState) []loanv1.Application {
	var list []loanv1.Application
	for _, a := range gs.Applications {
		open := openReview(&a) != nil
		if a.OfferId != 0 {
			open = gs.Offers[a.OfferId-1].Status == loanv1.OfferStatus_OFFER_STATUS_OPEN
		}
		if open {
			list = append(list, a)
		}
	}
	return list
}

// ExportGenesis reads the whole state, lists in ascending key order.
func (k *Keeper) ExportGenesis(ctx context.Context) (*loanv1.GenesisState, error) {
	gs := &loanv1.GenesisState{}
	var err error
	if gs.Params, err = k.Params(ctx); err != nil {
		return nil, err
	}
	if gs.Templates, err = rows(ctx, k.templates); err != nil {
		return nil, err
	}
	if gs.Drafts, err = rows(ctx, k.drafts); err != nil {
		return nil, err
	}
	if gs.Pools, err = rows(ctx, k.pools); err != nil {
		return nil, err
	}
	if gs.Products, err = rows(ctx, k.products); err != nil {
		return nil, err
	}
	if gs.Applications, err = rows(ctx, k.applications); err != nil {
		return nil, err
	}
	if gs.Offers, err = rows(ctx, k.offers); err != nil {
		return nil, err
	}
	if gs.Loans, err = rows(ctx, k.loans); err != nil {
		return nil, err
	}
	if gs.Instalments, err = rows(ctx, k.instalments); err != nil {
		return nil, err
	}
	if gs.Entries, err = rows(ctx, k.entries); err != nil {
		return nil, err
	}
	gs.Exposures, err = rows(ctx, k.exposures)
	return gs, err
}

// collection is what a map and an indexed map have in common.
type collection[K, V any] interface {
	Walk(ctx context.Context, ranger collections.Ranger[K], walk func(K, V) (stop bool, err error)) error
}

// rows lists a collection in key order.
func rows[K, V any](ctx context.Context, c collection[K, V]) ([]V, error) {
	var list []V
	err := c.Walk(ctx, nil, func(_ K, v V) (bool, error) {
		list = append(list, v)
		return false, nil
	})
	return list, err
}
