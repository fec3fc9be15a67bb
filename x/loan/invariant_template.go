package loan

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"cosmossdk.io/collections"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

// templateGate: what runs is what the conditions compile to, no template stands
// further than its steps were taken, no two of an author and name have one
// version, and products and loans are of templates that were once active.
func (s snapshot) templateGate() error {
	active := map[string]bool{}
	seen := map[version]bool{}
	for _, t := range s.Templates {
		contract, err := Compile(t.Terms)
		if err != nil || !slices.EqualFunc(contract.Encoded(), t.Compiled, bytes.Equal) {
			return ErrInvariant.Wrapf("template %X: compiled is not what its conditions compile to", t.Hash)
		}
		ok := false
		switch t.Status {
		case loanv1.TemplateStatus_TEMPLATE_STATUS_SUBMITTED:
			ok = t.ReviewedAt == 0 && t.ActivatedAt == 0
		case loanv1.TemplateStatus_TEMPLATE_STATUS_REVIEWED:
			ok = t.ReviewedAt >= t.SubmittedAt && t.ActivatedAt == 0
		case loanv1.TemplateStatus_TEMPLATE_STATUS_ACTIVE:
			ok = t.ReviewedAt >= t.SubmittedAt && t.ActivatedAt >= t.ReviewedAt
		case loanv1.TemplateStatus_TEMPLATE_STATUS_RETIRED: // from any state before
			ok = t.ActivatedAt == 0 || t.ReviewedAt >= t.SubmittedAt && t.ActivatedAt >= t.ReviewedAt
		}
		if !ok {
			return ErrInvariant.Wrapf("template %X is %s, submitted %d, reviewed %d, activated %d", t.Hash, t.Status, t.SubmittedAt, t.ReviewedAt, t.ActivatedAt)
		}
		active[string(t.Hash)] = t.ActivatedAt != 0
		key := version{draftName{t.AuthorOrgId, t.Terms.Name}, t.Terms.Version}
		if seen[key] {
			return ErrInvariant.Wrapf("template %X: version %d of %s twice", t.Hash, t.Terms.Version, t.Terms.Name)
		}
		seen[key] = true
	}
	for _, p := range s.Products {
		if !active[string(p.Terms.TemplateHash)] {
			return ErrInvariant.Wrapf("product %d is of a template that was never active", p.Id)
		}
	}
	for _, l := range s.Loans {
		if !active[string(l.TemplateHash)] {
			return ErrInvariant.Wrapf("loan %d is of a template that was never active", l.Id)
		}
	}
	return nil
}

// drafts: no author has more than DraftsMax.
func (s snapshot) drafts() error {
	count := map[uint64]int{}
	for _, d := range s.Drafts {
		if count[d.AuthorOrgId]++; count[d.AuthorOrgId] > DraftsMax {
			return ErrInvariant.Wrapf("organisation %d has more than %d drafts", d.AuthorOrgId, DraftsMax)
		}
	}
	return nil
}

// rateCut: what is taken off a loan's rate is the sum of the step-downs that it
// earned, which its template has.
func (s snapshot) rateCut() error {
	terms := map[string]loanv1.TemplateTerms{}
	for _, t := range s.Templates {
		terms[string(t.Hash)] = t.Terms
	}
	for _, l := range s.Loans {
		steps := terms[string(l.TemplateHash)].StepDowns
		if int(l.StepDownsEarned) > len(steps) {
			return ErrInvariant.Wrapf("loan %d earned %d of %d step-downs", l.Id, l.StepDownsEarned, len(steps))
		}
		var sum uint32
		for _, step := range steps[:l.StepDownsEarned] {
			sum += step.Bps
		}
		if sum != l.RateCutBps {
			return ErrInvariant.Wrapf("loan %d: %d basis points taken off, earned %d", l.Id, l.RateCutBps, sum)
		}
	}
	return nil
}

// checkVersions wants the index of versions to be what the templates say.
func (k *Keeper) checkVersions(ctx context.Context) error {
	names := 0
	err := k.versions.Walk(ctx, nil, func(draftKey, uint32) (bool, error) { names++; return false, nil })
	if err != nil {
		return broken("template-versions", err)
	}
	highest := map[draftName]uint32{}
	err = k.templates.Walk(ctx, nil, func(_ []byte, t loanv1.Template) (bool, error) {
		n := draftName{t.AuthorOrgId, t.Terms.Name}
		highest[n] = max(highest[n], t.Terms.Version)
		newest, err := k.versions.Get(ctx, collections.Join(n.author, n.name))
		if err != nil && !errors.Is(err, collections.ErrNotFound) {
			return true, err
		}
		if newest < t.Terms.Version {
			return true, ErrInvariant.Wrapf("version %d of %s, the index says %d", t.Terms.Version, n.name, newest)
		}
		return false, nil
	})
	if err == nil && names != len(highest) {
		err = ErrInvariant.Wrapf("%d names in the index, want %d", names, len(highest))
	}
	return broken("template-versions", err)
}

type draftName struct {
	author uint64
	name   string
}

type version struct {
	of     draftName
	number uint32
}
