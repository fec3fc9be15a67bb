package profile

import (
	"bytes"
	"context"

	"cosmossdk.io/collections"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// LogReceiptsMax bounds the receipts that one anchor of an access log covers.
const LogReceiptsMax = 1 << 20

// advanceLog is the anchored log after a further run of receipts. It must begin
// right after the anchored one and over the same head (ErrLogGap): a vault cannot
// leave out a read.
func advanceLog(l profilev1.AccessLog, m *profilev1.MsgAnchorAccessLog) (profilev1.AccessLog, error) {
	if m.To < m.From || m.To-m.From >= LogReceiptsMax {
		return l, ErrField.Wrapf("from, to: got %d to %d, want 1 to %d receipts", m.From, m.To, LogReceiptsMax)
	}
	if m.Refused > m.To-m.From+1 {
		return l, ErrField.Wrapf("refused: got %d of %d receipts", m.Refused, m.To-m.From+1)
	}
	if m.FirstHeight < 0 {
		return l, ErrField.Wrapf("first_height: got %d, want 0 for none, or a block", m.FirstHeight)
	}
	if m.From != l.Sequence+1 {
		return l, ErrLogGap.Wrapf("from: got %d, want %d", m.From, l.Sequence+1)
	}
	if !bytes.Equal(m.PreviousHead, l.Head) {
		return l, ErrLogGap.Wrap("previous_head is not the anchored head")
	}
	l.Sequence, l.Head, l.Refused = m.To, m.Head, l.Refused+m.Refused
	return l, nil
}

// lateBlocks is how many blocks an anchor came after its first read, where that is
// more than the parameter allows; else 0. A run whose first receipt names no block
// is a refusal before the vault had one, and never late.
func lateBlocks(first, height int64, p profilev1.Params) int64 {
	if first == 0 || height-first <= p.LogLateBlocks {
		return 0
	}
	return height - first
}

// keepAnchor writes the anchor that made l, so that a receipt is proven against
// the head that covered it however far the log has run on, and removes the oldest
// row where there are more than the parameter keeps. It returns the log's row.
func (k *Keeper) keepAnchor(ctx context.Context, l profilev1.AccessLog, firstHeight int64, p profilev1.Params) (profilev1.AccessLog, error) {
	row := profilev1.LogAnchor{
		VaultOrgId: l.VaultOrgId, Sequence: l.Sequence, Head: l.Head, Height: l.Height, FirstHeight: firstHeight,
	}
	if err := k.logAnchors.Set(ctx, collections.Join(l.VaultOrgId, l.Sequence), row); err != nil {
		return l, err
	}
	l.KeptAnchors++
	// Two at most, so that a lowered parameter is reached step by step.
	for range 2 {
		if l.KeptAnchors <= p.LogAnchorsMax {
			break
		}
		oldest, err := k.anchorFrom(ctx, l.VaultOrgId, 0)
		if err != nil {
			return l, err
		}
		if err := k.logAnchors.Remove(ctx, collections.Join(l.VaultOrgId, oldest.Sequence)); err != nil {
			return l, err
		}
		l.KeptAnchors--
	}
	return l, nil
}

// anchorFrom is the first kept anchor of a vault's log that covers a receipt, or
// ErrNotFound.
func (k *Keeper) anchorFrom(ctx context.Context, vault, sequence uint64) (row profilev1.LogAnchor, err error) {
	found := false
	err = k.logAnchors.Walk(ctx, collections.NewPrefixedPairRange[uint64, uint64](vault).StartInclusive(sequence),
		func(_ collections.Pair[uint64, uint64], a profilev1.LogAnchor) (bool, error) {
			row, found = a, true
			return true, nil
		})
	if err == nil && !found {
		err = ErrNotFound.Wrapf("vault %d: receipt %d is not anchored", vault, sequence)
	}
	return row, err
}

// log is the anchored log of a vault; before the first anchor it is empty, with a
// head of zeros.
func (k *Keeper) log(ctx context.Context, vault uint64) (profilev1.AccessLog, error) {
	l, found, err := lookup(k.logs.Get(ctx, vault))
	if err == nil && !found {
		l = profilev1.AccessLog{VaultOrgId: vault, Head: make([]byte, HashBytes)}
	}
	return l, err
}
