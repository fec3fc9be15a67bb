package loan

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	"github.com/xinlian/xinlian/internal/artefact"
	"github.com/xinlian/xinlian/lending/template"
	"github.com/xinlian/xinlian/x/org"
)

// submitTemplate compiles a template, runs its own test cases and freezes it
// under its hash. Compiling and testing are paid for before they are done. The
// version must be above that of every template of the same author and name, so
// that a change is always a new template that starts at the beginning.
func (k *Keeper) submitTemplate(ctx context.Context, author uint64, terms loanv1.TemplateTerms) ([]byte, error) {
	if err := validateTerms(terms); err != nil {
		return nil, err
	}
	sdk.UnwrapSDKContext(ctx).GasMeter().ConsumeGas(submissionGas(terms), "loan template")
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
	name := collections.Join(author, terms.Name)
	switch newest, err := k.versions.Get(ctx, name); {
	case err == nil && terms.Version <= newest:
		return nil, ErrTemplate.Wrapf("version %d of %s, want above %d", terms.Version, terms.Name, newest)
	case err != nil && !errors.Is(err, collections.ErrNotFound):
		return nil, err
	}
	if err := k.versions.Set(ctx, name, terms.Version); err != nil {
		return nil, err
	}
	if err := k.drafts.Remove(ctx, name); err != nil {
		return nil, err
	}
	return hash[:], k.saveTemplate(ctx, loanv1.Template{
		Hash: hash[:], Terms: terms, Status: loanv1.TemplateStatus_TEMPLATE_STATUS_SUBMITTED, AuthorOrgId: author,
		SubmittedAt: unixNow(ctx), Compiled: contract.Encoded(),
	})
}

// submissionGas pays for compiling each condition and for running each case on
// the longest list.
func submissionGas(t loanv1.TemplateTerms) uint64 {
	conditions, longest := 0, 0
	for _, l := range template.Lists(t) {
		conditions += len(l.Conditions)
		longest = max(longest, len(l.Conditions))
	}
	return uint64(conditions)*compileConditionGas + uint64(len(t.Tests)*longest)*evaluateConditionGas
}

// reviewTemplate records that enough auditors have signed the exact hash, and so
// starts the time lock: nobody can know before what will be offered.
func (k *Keeper) reviewTemplate(ctx context.Context, t loanv1.Template) error {
	if t.Status != loanv1.TemplateStatus_TEMPLATE_STATUS_SUBMITTED {
		return ErrState.Wrapf("template is %s", t.Status)
	}
	if err := k.audited(ctx, t); err != nil {
		return err
	}
	t.Status, t.ReviewedAt = loanv1.TemplateStatus_TEMPLATE_STATUS_REVIEWED, unixNow(ctx)
	return k.saveTemplate(ctx, t)
}

// audited asks for enough auditors that are independent of the author.
func (k *Keeper) audited(ctx context.Context, t loanv1.Template) error {
	approved, err := k.left.Safety.ApprovedApart(ctx, safetyv1.SubjectKind_SUBJECT_KIND_TEMPLATE, t.Hash, t.AuthorOrgId)
	if err == nil && !approved {
		err = ErrAudit.Wrapf("template %X", t.Hash)
	}
	return err
}

// activateTemplate lets a template be offered once its time lock is over, if the
// auditors still approve: one that took its word back stops it here.
func (k *Keeper) activateTemplate(ctx context.Context, t loanv1.Template) error {
	if t.Status != loanv1.TemplateStatus_TEMPLATE_STATUS_REVIEWED {
		return ErrState.Wrapf("template is %s", t.Status)
	}
	params, err := k.Params(ctx)
	if err != nil {
		return err
	}
	if ready, now := t.ReviewedAt+params.TemplateLockSeconds, unixNow(ctx); now < ready {
		return ErrTimeLock.Wrapf("until %d, now %d", ready, now)
	}
	if err := k.audited(ctx, t); err != nil {
		return err
	}
	t.Status, t.ActivatedAt = loanv1.TemplateStatus_TEMPLATE_STATUS_ACTIVE, unixNow(ctx)
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

// reviewable loads a template for its author or for an auditor.
func (k *Keeper) reviewable(ctx context.Context, hash []byte, orgID uint64) (loanv1.Template, error) {
	t, err := k.template(ctx, hash)
	if err != nil || t.AuthorOrgId == orgID {
		return t, err
	}
	o, err := k.left.Orgs.Organisation(ctx, orgID)
	if err == nil && !org.HasRole(o, orgv1.Role_ROLE_AUDITOR) {
		err = ErrUnauthorised.Wrapf("template is organisation %d's", t.AuthorOrgId)
	}
	return t, err
}

// contract loads a template with its conditions, or finds it loaded.
func (k *Keeper) contract(ctx context.Context, hash []byte) (*Contract, error) {
	t, err := k.template(ctx, hash)
	if err != nil {
		return nil, err
	}
	return k.compiled.load(t)
}

func (k *Keeper) saveTemplate(ctx context.Context, t loanv1.Template) error {
	if err := k.templates.Set(ctx, t.Hash, t); err != nil {
		return err
	}
	return emit(ctx, &loanv1.EventTemplateChanged{TemplateHash: t.Hash, Status: t.Status})
}
