package loan

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	"github.com/xinlian/xinlian/internal/artefact"
)

// submitTemplate compiles a template, runs its own test cases and freezes it
// under its hash. Compiling and testing are paid for before they are done.
func (k *Keeper) submitTemplate(ctx context.Context, author uint64, terms loanv1.TemplateTerms) ([]byte, error) {
	if err := validateTerms(terms); err != nil {
		return nil, err
	}
	lists := [3]int{len(terms.Eligibility), len(terms.Referral), len(terms.Release)}
	gas := uint64(lists[0]+lists[1]+lists[2])*compileConditionGas + uint64(len(terms.Tests)*max(lists[0], lists[1], lists[2]))*evaluateConditionGas
	sdk.UnwrapSDKContext(ctx).GasMeter().ConsumeGas(gas, "loan template")
	contract, err := Compile(terms)
	if err != nil {
		return nil, err
	}
	if err := contract.Test(); err != nil {
		return nil, err
	}
	hash, err := artefact.TemplateHash(terms)
	if err != nil {
		return nil, ErrTemplate.Wrap(err.Error())
	}
	switch _, err := k.templates.Get(ctx, hash[:]); {
	case err == nil:
		return nil, ErrDuplicate.Wrapf("template %X", hash)
	case !errors.Is(err, collections.ErrNotFound):
		return nil, err
	}
	return hash[:], k.saveTemplate(ctx, loanv1.Template{
		Hash: hash[:], Terms: terms, Status: loanv1.TemplateStatus_TEMPLATE_STATUS_SUBMITTED, AuthorOrgId: author, SubmittedAt: unixNow(ctx),
	})
}

// activateTemplate lets a template be offered once its time lock is over and the
// auditors have approved its exact hash.
func (k *Keeper) activateTemplate(ctx context.Context, t loanv1.Template) error {
	if t.Status != loanv1.TemplateStatus_TEMPLATE_STATUS_SUBMITTED {
		return ErrState.Wrapf("template is %s", t.Status)
	}
	params, err := k.Params(ctx)
	if err != nil {
		return err
	}
	if ready, now := t.SubmittedAt+params.TemplateLockSeconds, unixNow(ctx); now < ready {
		return ErrTimeLock.Wrapf("until %d, now %d", ready, now)
	}
	approved, err := k.left.Safety.Approved(ctx, safetyv1.SubjectKind_SUBJECT_KIND_TEMPLATE, t.Hash)
	if err != nil {
		return err
	}
	if !approved {
		return ErrAudit.Wrapf("template %X", t.Hash)
	}
	t.Status = loanv1.TemplateStatus_TEMPLATE_STATUS_ACTIVE
	return k.saveTemplate(ctx, t)
}

// retireTemplate takes a template off the shelf. Products under it go on, and
// so do loans: a contract is good for its whole life.
func (k *Keeper) retireTemplate(ctx context.Context, t loanv1.Template) error {
	if t.Status == loanv1.TemplateStatus_TEMPLATE_STATUS_RETIRED {
		return ErrState.Wrapf("template is %s", t.Status)
	}
	t.Status = loanv1.TemplateStatus_TEMPLATE_STATUS_RETIRED
	return k.saveTemplate(ctx, t)
}

func (k *Keeper) template(ctx context.Context, hash []byte) (loanv1.Template, error) {
	t, err := k.templates.Get(ctx, hash)
	return t, missing(err, "template %X", hash)
}

// authored loads a template that the organisation submitted.
func (k *Keeper) authored(ctx context.Context, hash []byte, author uint64) (loanv1.Template, error) {
	t, err := k.template(ctx, hash)
	if err != nil {
		return t, err
	}
	if t.AuthorOrgId != author {
		return t, ErrUnauthorised.Wrapf("template is organisation %d's", t.AuthorOrgId)
	}
	return t, nil
}

// contract loads a template and compiles it, or finds it compiled.
func (k *Keeper) contract(ctx context.Context, hash []byte) (*Contract, error) {
	t, err := k.template(ctx, hash)
	if err != nil {
		return nil, err
	}
	return k.compiled.compile([hashBytes]byte(t.Hash), t.Terms)
}

func (k *Keeper) saveTemplate(ctx context.Context, t loanv1.Template) error {
	if err := k.templates.Set(ctx, t.Hash, t); err != nil {
		return err
	}
	return emit(ctx, &loanv1.EventTemplateChanged{TemplateHash: t.Hash, Status: t.Status})
}
