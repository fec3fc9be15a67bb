package profile

import (
	"bytes"
	"context"

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
	if m.From != l.Sequence+1 {
		return l, ErrLogGap.Wrapf("from: got %d, want %d", m.From, l.Sequence+1)
	}
	if !bytes.Equal(m.PreviousHead, l.Head) {
		return l, ErrLogGap.Wrap("previous_head is not the anchored head")
	}
	l.Sequence, l.Head, l.Refused = m.To, m.Head, l.Refused+m.Refused
	return l, nil
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
