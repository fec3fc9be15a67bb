package desk

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/xinlian/xinlian/gateway/store"
	"github.com/xinlian/xinlian/gateway/vault"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/artefact"
	"github.com/xinlian/xinlian/internal/wire"
)

// Keeper keeps values sealed: the gateway's database.
type Keeper interface {
	Save(ctx context.Context, kind, id string, value any) error
	Load(ctx context.Context, kind, id string, into any) error
	Remove(ctx context.Context, kind, id string) error
}

// What a desk keeps, by consent.
const (
	// KindCopy is what was read under a consent that allows copies.
	KindCopy = "copy"
	// KindDeletion is the statement of the copies' deletion, which the chain has the
	// hash of.
	KindDeletion = "deletion"
)

// deleteEvery is how often a desk looks for consents that have ended.
const deleteEvery = time.Second

// copies is the content of KindCopy.
type copies struct{ Records [][]byte }

// keep stores what a read to store gave, in place of an earlier read's.
func (d *Desk) keep(ctx context.Context, consent vault.ID, opened []*vault.Opened) error {
	var c copies
	for _, o := range opened {
		c.Records = append(c.Records, o.Canonical)
	}
	if err := d.Keeper.Save(ctx, KindCopy, consent.String(), c); err != nil {
		return fmt.Errorf("keeping copies: %w", err)
	}
	return nil
}

// RunDeletions deletes copies as soon as their consent has ended, until ctx ends.
// The retention of a consent is the most that is allowed; this desk does not use it.
func (d *Desk) RunDeletions(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(deleteEvery)
	defer tick.Stop()
	for {
		if err := d.Delete(ctx); err != nil && ctx.Err() == nil {
			log.Error("deleting copies", "org", d.OrgID, "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Delete destroys the copies of every consent for which the chain waits for this
// organisation's deletion receipt, and posts the receipts. It may be repeated: a
// statement is stored before it is posted and never made anew.
func (d *Desk) Delete(ctx context.Context) error {
	page := &query.PageRequest{Limit: 200}
	var all error
	for {
		r, err := d.Client.Profile.DeletionReceipts(ctx, &profilev1.QueryDeletionReceiptsRequest{OrgId: d.OrgID, Pagination: page})
		if err != nil {
			return errors.Join(all, fmt.Errorf("reading the deletions that are due: %w", err))
		}
		for _, due := range r.Receipts {
			if due.PostedAt == 0 {
				all = errors.Join(all, d.deleteOne(ctx, due.ConsentId))
			}
		}
		if r.Pagination == nil || len(r.Pagination.NextKey) == 0 {
			return all
		}
		page = &query.PageRequest{Key: r.Pagination.NextKey, Limit: 200}
	}
}

func (d *Desk) deleteOne(ctx context.Context, consent []byte) error {
	s, err := d.deletion(ctx, consent)
	if err != nil {
		return err
	}
	if err := d.Keeper.Remove(ctx, KindCopy, hex.EncodeToString(consent)); err != nil {
		return fmt.Errorf("deleting copies: %w", err)
	}
	if d.Forget != nil {
		d.Forget(consent)
	}
	hash, err := artefact.DeletionHash(d.Client.ChainID(), s)
	if err != nil {
		return err
	}
	_, err = d.Client.Send(ctx, d.Service, &profilev1.MsgPostDeletionReceipt{
		Device: wire.Address(d.Service), OrgId: d.OrgID, ConsentId: consent, ReceiptHash: hash,
	})
	if err != nil {
		return fmt.Errorf("posting the deletion receipt of consent %x: %w", consent, err)
	}
	return nil
}

// deletion is the stored statement for a consent, or a new one that counts what
// is about to be destroyed.
func (d *Desk) deletion(ctx context.Context, consent []byte) (profilev1.DeletionStatement, error) {
	id := hex.EncodeToString(consent)
	var s profilev1.DeletionStatement
	err := d.Keeper.Load(ctx, KindDeletion, id, &s)
	if err == nil || !errors.Is(err, store.ErrNotFound) {
		return s, err
	}
	var c copies
	method := profilev1.DeletionMethod_DELETION_METHOD_OVERWRITE
	if err := d.Keeper.Load(ctx, KindCopy, id, &c); errors.Is(err, store.ErrNotFound) {
		method = profilev1.DeletionMethod_DELETION_METHOD_NEVER_KEPT
	} else if err != nil {
		return s, fmt.Errorf("counting copies: %w", err)
	}
	s = profilev1.DeletionStatement{
		ConsentId: consent, OrgId: d.OrgID, Device: wire.Address(d.Service), Method: method,
		Records: uint64(len(c.Records)), DeletedAt: time.Now().Unix(),
	}
	return s, d.Keeper.Save(ctx, KindDeletion, id, s)
}
