package loan

import (
	"context"
	"crypto/sha256"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/internal/artefact"
)

// Portion is an amount by what it pays.
type Portion struct{ PrincipalFen, InterestFen, FeeFen int64 }

// Total is the sum; a portion is always part of amounts that were bounded together.
func (p Portion) Total() int64 { return p.PrincipalFen + p.InterestFen + p.FeeFen }

// append writes the next entry of the loan's journal and its hash into the
// loan's row. Entries that a transaction caused name it; the chain's own work
// has no transaction.
func (k *Keeper) append(ctx context.Context, l *loanv1.Loan, kind loanv1.EntryKind, tranche, instalment uint32, p Portion) error {
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	previous := l.JournalHead
	if l.JournalEntries == 0 {
		previous = make([]byte, hashBytes)
	}
	e := loanv1.JournalEntry{
		LoanId: l.Id, Number: l.JournalEntries + 1, Height: sdkCtx.BlockHeight(), At: sdkCtx.BlockTime().Unix(),
		Kind: kind, Tranche: tranche, Instalment: instalment,
		PrincipalFen: p.PrincipalFen, InterestFen: p.InterestFen, FeeFen: p.FeeFen, Previous: previous,
	}
	if tx := sdkCtx.TxBytes(); len(tx) > 0 {
		h := sha256.Sum256(tx)
		e.TxHash = h[:]
	}
	h, err := artefact.JournalEntryHash(e)
	if err != nil {
		return err
	}
	e.Hash = h[:]
	l.JournalEntries, l.JournalHead = e.Number, e.Hash
	if err := k.entries.Set(ctx, collections.Join(l.Id, e.Number), e); err != nil {
		return err
	}
	return emit(ctx, &loanv1.EventJournal{Entry: e})
}
