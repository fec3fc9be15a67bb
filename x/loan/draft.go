package loan

import (
	"context"

	"cosmossdk.io/collections"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

// DraftsMax bounds the drafts of one author.
const DraftsMax = 16

// saveDraft keeps a draft in place of the author's earlier one of that name. Its
// form is checked and nothing more: a draft may be wrong, that is what it is for.
func (k *Keeper) saveDraft(ctx context.Context, author uint64, terms loanv1.TemplateTerms) error {
	if err := validateTerms(terms); err != nil {
		return err
	}
	key := collections.Join(author, terms.Name)
	again, err := k.drafts.Has(ctx, key)
	if err != nil {
		return err
	}
	if !again {
		list, err := k.draftsOf(ctx, author)
		if err != nil {
			return err
		}
		if len(list) >= DraftsMax {
			return ErrDrafts.Wrapf("%d drafts, want at most %d: submit or discard one", len(list), DraftsMax)
		}
	}
	if err := k.drafts.Set(ctx, key, loanv1.TemplateDraft{AuthorOrgId: author, Terms: terms, SavedAt: unixNow(ctx)}); err != nil {
		return err
	}
	return emit(ctx, &loanv1.EventDraftChanged{AuthorOrgId: author, Name: terms.Name})
}

func (k *Keeper) discardDraft(ctx context.Context, author uint64, name string) error {
	key := collections.Join(author, name)
	if _, err := k.drafts.Get(ctx, key); err != nil {
		return missing(err, "draft %q", clip(name))
	}
	if err := k.drafts.Remove(ctx, key); err != nil {
		return err
	}
	return emit(ctx, &loanv1.EventDraftChanged{AuthorOrgId: author, Name: name, Discarded: true})
}

// draftsOf lists an author's drafts by name.
func (k *Keeper) draftsOf(ctx context.Context, author uint64) ([]loanv1.TemplateDraft, error) {
	var list []loanv1.TemplateDraft
	err := k.drafts.Walk(ctx, collections.NewPrefixedPairRange[uint64, string](author),
		func(_ draftKey, d loanv1.TemplateDraft) (bool, error) {
			list = append(list, d)
			return false, nil
		})
	return list, err
}
