package custody

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/xinlian/xinlian/gateway/vault"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// LateAfterBlocks is how many blocks after its read a receipt may still be
// missing on chain before somebody is told. An anchor takes the next block, or
// the one after it when another transaction of the custodian is under way.
const LateAfterBlocks = 3

// Anchoring says how far the log of reads is on chain.
type Anchoring struct {
	Receipts   uint64 // in the vault
	Anchored   uint64 // of them on chain, as this custodian knows
	LateBlocks uint64 // since the oldest receipt that is not on chain; 0 when all are
}

// Late tells whether somebody must look: a receipt that stays off the chain
// could still be changed.
func (a Anchoring) Late() bool { return a.LateBlocks > LateAfterBlocks }

// Anchoring compares the vault's log with the newest block.
func (c *Custodian) Anchoring(ctx context.Context) (Anchoring, error) {
	log := c.Vault.Log()
	a := Anchoring{Receipts: log.Len(), Anchored: log.LastAnchored().To}
	if a.Receipts == a.Anchored {
		return a, nil
	}
	head, err := c.Client.Head(ctx)
	if err != nil {
		return a, err
	}
	oldest, err := log.Receipt(a.Anchored + 1)
	if err != nil {
		return a, err
	}
	// A read that was refused before the vault saw a block has no height.
	if oldest.Height > 0 && uint64(head.Height) > oldest.Height {
		a.LateBlocks = uint64(head.Height) - oldest.Height
	}
	return a, nil
}

// watchLog anchors receipts as they come until ctx ends, and says so once when
// they stay off the chain.
func (c *Custodian) watchLog(ctx context.Context) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	told := false
	for {
		if err := c.anchorLog(ctx); err != nil && ctx.Err() == nil {
			c.Log.Error("anchoring the log of reads", "gap", errors.Is(err, vault.ErrDamaged), "err", err)
		}
		a, err := c.Anchoring(ctx)
		if late := err == nil && a.Late(); late != told {
			if told = late; late {
				c.Log.Error("receipts of reads are late on chain", "receipts", a.Receipts, "anchored", a.Anchored, "late_blocks", a.LateBlocks)
			} else if err == nil {
				c.Log.Info("receipts of reads are on chain again", "receipts", a.Receipts)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-c.Vault.Log().Grown():
		case <-tick.C:
		}
	}
}

// anchorLog anchors the receipts of reads that are not on chain yet.
func (c *Custodian) anchorLog(ctx context.Context) error {
	c.anchoring.Lock()
	defer c.anchoring.Unlock()
	for {
		iv, ok, err := c.Vault.Log().Pending()
		if err != nil || !ok {
			return err
		}
		if iv, err = c.anchorInterval(ctx, iv); err != nil {
			return err
		}
		if err := c.Vault.Log().Anchored(iv); err != nil {
			return fmt.Errorf("marking the log as anchored: %w", err)
		}
	}
}

// anchorInterval sends one interval and returns what the chain then has. If a
// crash came between the chain's block and our mark, the chain has some of it
// already; receipts that were written since wait for the next interval.
func (c *Custodian) anchorInterval(ctx context.Context, iv vault.Interval) (vault.Interval, error) {
	head, err := c.Client.Profile.AccessLog(ctx, &profilev1.QueryAccessLogRequest{VaultOrgId: c.OrgID})
	switch {
	case status.Code(err) == codes.NotFound: // nothing was anchored yet
	case err != nil:
		return iv, fmt.Errorf("reading the anchored log of reads: %w", err)
	case head.Log.Sequence >= iv.From:
		if iv, err = c.Vault.Log().PendingTo(head.Log.Sequence); err != nil {
			return iv, err
		}
		if !bytes.Equal(head.Log.Head, iv.Head[:]) {
			return iv, fmt.Errorf("%w: the chain has another receipt %d", vault.ErrDamaged, iv.To)
		}
		return iv, nil
	}
	first, err := c.Vault.Log().Receipt(iv.From)
	if err != nil {
		return iv, err
	}
	_, err = c.Client.Send(ctx, c.Service, &profilev1.MsgAnchorAccessLog{
		Device: c.address(), OrgId: c.OrgID, From: iv.From, To: iv.To,
		PreviousHead: iv.Prev[:], Head: iv.Head[:], Refused: iv.Refused, FirstHeight: int64(first.Height),
	})
	if err != nil {
		return iv, fmt.Errorf("anchoring the log of reads: %w", err)
	}
	return iv, nil
}
