package custody

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/identity"
	"github.com/xinlian/xinlian/gateway/store"
	"github.com/xinlian/xinlian/gateway/vault"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/record"
)

// Book is the durable memory of an intake: what is planned, what is done, and
// the index of records. *store.Store is one.
type Book interface {
	Delivery(ctx context.Context, k store.DeliveryKey, into any) (done bool, err error)
	PlanDelivery(ctx context.Context, k store.DeliveryKey, plan any, batches []store.Hash, claims []store.Claim) error
	FinishDelivery(ctx context.Context, k store.DeliveryKey, result any) error
	DropDelivery(ctx context.Context, k store.DeliveryKey) error
	Planned(ctx context.Context, custodian uint64) ([]store.DeliveryKey, error)
	Delivered(ctx context.Context, custodian uint64, batch store.Hash) (bool, error)
	IndexBatch(ctx context.Context, k store.DeliveryKey, batch store.Hash, claims []store.Claim) error
	Known(ctx context.Context, custodian, enterprise uint64, tag store.Hash) ([]store.Known, error)
}

// Intake takes documents into profiles, each record once. The steps of a
// delivery are: seal its batches in the vault, write down in one step what will
// be anchored and which records it brings, anchor, write down the result. A
// crash after any of them is mended by Recover.
type Intake struct {
	Vault  *vault.Vault
	Ledger vault.Anchors // the chain's word on a batch
	Chain  Anchorage
	Book   Book
	OrgID  uint64 // of the custodian
	TagKey []byte // 32 secret bytes that key the names of streams and the index of records
	Log    *slog.Logger

	mu        sync.Mutex // one delivery at a time: the chain numbers batches in a row
	recovered bool
}

// plan is what a delivery will anchor, and its result but for the block.
type plan struct {
	Anchors []profilev1.BatchAnchor
	Result  Collected
}

// errReseal says that the chain refused a plan for good and that the records,
// sealed again, may pass: the key's epoch or a stream moved on meanwhile.
var errReseal = errors.New("custody: the plan is out of date")

// Deliver takes documents in: it keeps the originals, seals the records that the
// profile does not have yet, by stream, and anchors the batches in one
// transaction. A bad row is among the problems and costs nothing else; documents
// without a readable record are ErrNothing. After any other error the delivery
// may be handed in again under its key: what came on chain is never anchored twice.
func (n *Intake) Deliver(ctx context.Context, d Delivery) (Collected, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.recover(ctx); err != nil {
		return Collected{}, err
	}
	k := store.DeliveryKey{Custodian: n.OrgID, Enterprise: d.Enterprise, Key: d.Key}
	if d.Key == "" {
		var err error
		if k.Key, err = freshKey(); err != nil {
			return Collected{}, err
		}
	}
	done, result, err := n.resume(ctx, k)
	if done || err != nil && !errors.Is(err, errReseal) {
		return result, err
	}
	out, err := n.deliver(ctx, k, d)
	if errors.Is(err, errReseal) {
		out, err = n.deliver(ctx, k, d)
	}
	return out, err
}

// resume finishes a delivery that was begun before.
func (n *Intake) resume(ctx context.Context, k store.DeliveryKey) (done bool, result Collected, err error) {
	var p plan
	finished, err := n.Book.Delivery(ctx, k, &p)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return false, Collected{}, nil
	case err != nil:
		return false, Collected{}, err
	case finished:
		return true, p.Result, nil
	}
	result, err = n.anchor(ctx, k, p)
	return err == nil, result, err
}

func (n *Intake) deliver(ctx context.Context, k store.DeliveryKey, d Delivery) (Collected, error) {
	read, err := n.parse(ctx, d)
	if err != nil {
		return Collected{}, err
	}
	if len(read.records) == 0 {
		return read.Collected, ErrNothing
	}
	p := plan{Result: read.Collected}
	fresh, claims, err := n.sift(ctx, d, read.records, &p.Result)
	if err != nil {
		return p.Result, err
	}
	if err := n.keepOriginals(ctx, d, read.records, fresh); err != nil {
		return p.Result, err
	}
	if err := n.seal(ctx, d, fresh, claims, &p); err != nil {
		return p.Result, errors.Join(err, n.discard(ctx, p.Result.Batches))
	}
	ids := make([]store.Hash, len(p.Result.Batches))
	for i, b := range p.Result.Batches {
		ids[i] = store.Hash(b.ID)
	}
	if err := n.Book.PlanDelivery(ctx, k, p, ids, claims.all()); err != nil {
		return p.Result, err // whether it was written is for Recover to see
	}
	return n.anchor(ctx, k, p)
}

// anchor brings a planned delivery on chain, once: a batch that is there already
// was anchored before a crash, and with it all of the plan.
func (n *Intake) anchor(ctx context.Context, k store.DeliveryKey, p plan) (Collected, error) {
	there, err := n.anchored(ctx, p.Anchors)
	if err != nil {
		return p.Result, err
	}
	if !there {
		p.Result.Anchored, err = n.Chain.Anchor(ctx, k.Enterprise, p.Anchors)
		var refused *chain.Refused
		if errors.As(err, &refused) {
			return p.Result, n.refused(ctx, k, p, refused)
		}
		if err != nil {
			return p.Result, fmt.Errorf("anchoring: %w", err)
		}
	}
	if err := n.Book.FinishDelivery(ctx, k, plan{Result: p.Result}); err != nil {
		return p.Result, err
	}
	return p.Result, nil
}

// The chain's refusals of a plan that was right when it was made.
const (
	codespace    = "profile"
	codeExists   = 8
	codeSequence = 9
	codeOverlap  = 10
	codeEpoch    = 12
)

// refused settles a plan that the chain refused. At admission nothing is decided:
// an earlier transaction with the same batches may still come into a block, and
// the plan stays. In a block the word is final.
func (n *Intake) refused(ctx context.Context, k store.DeliveryKey, p plan, why *chain.Refused) error {
	err := fmt.Errorf("anchoring: %w", why)
	if len(why.Hash) == 0 {
		return err
	}
	there, lookup := n.anchored(ctx, p.Anchors)
	if lookup != nil {
		return errors.Join(err, lookup)
	}
	if there { // another transaction brought it
		return n.Book.FinishDelivery(ctx, k, plan{Result: p.Result})
	}
	if drop := errors.Join(n.Book.DropDelivery(ctx, k), n.discard(ctx, p.Result.Batches)); drop != nil {
		return errors.Join(err, drop)
	}
	if why.Space == codespace {
		switch why.Code {
		case codeExists, codeSequence, codeOverlap, codeEpoch:
			return errors.Join(errReseal, err)
		}
	}
	return err
}

// anchored tells whether the chain has a plan's batches. They were anchored
// together, so that the first speaks for all.
func (n *Intake) anchored(ctx context.Context, anchors []profilev1.BatchAnchor) (bool, error) {
	if len(anchors) == 0 {
		return true, nil
	}
	_, err := n.Ledger.Anchored(ctx, vault.ID(anchors[0].BatchId))
	if errors.Is(err, vault.ErrNotAnchored) {
		return false, nil
	}
	return err == nil, err
}

func (n *Intake) discard(ctx context.Context, batches []vault.BatchInfo) error {
	var all error
	for _, b := range batches {
		all = errors.Join(all, n.Vault.Discard(context.WithoutCancel(ctx), b.ID))
	}
	return all
}

// Recover settles, once after the start, what a crash left behind: planned
// deliveries are anchored if the chain does not have them yet, sealed batches
// that no plan names are discarded, and batches that were anchored before there
// was an index are read into it.
func (n *Intake) Recover(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.recover(ctx)
}

func (n *Intake) recover(ctx context.Context) error {
	if n.recovered {
		return nil
	}
	planned, err := n.Book.Planned(ctx, n.OrgID)
	if err != nil {
		return err
	}
	for _, k := range planned {
		var refused *chain.Refused
		_, _, err := n.resume(ctx, k)
		switch {
		case errors.As(err, &refused):
			n.Log.Warn("a delivery begun before the last stop was refused by the chain", "enterprise", k.Enterprise, "err", refused)
		case err != nil:
			return fmt.Errorf("finishing a delivery of enterprise %d: %w", k.Enterprise, err)
		}
	}
	for _, enterprise := range n.Vault.Enterprises() {
		for _, b := range n.Vault.Batches(enterprise) {
			if err := n.settle(ctx, b); err != nil {
				return fmt.Errorf("settling batch %s: %w", b.ID, err)
			}
		}
	}
	n.recovered = true
	return nil
}

// settle discards a batch that nothing accounts for, or reads it into the index.
func (n *Intake) settle(ctx context.Context, b vault.BatchInfo) error {
	if known, err := n.Book.Delivered(ctx, n.OrgID, store.Hash(b.ID)); err != nil || known {
		return err
	}
	opened, err := n.Vault.OpenBatch(ctx, b.ID)
	if errors.Is(err, vault.ErrNotAnchored) {
		n.Log.Info("discarding a batch that a stop left without an anchor", "enterprise", b.Enterprise, "records", b.Count)
		return n.Vault.Discard(ctx, b.ID)
	}
	if err != nil {
		return err
	}
	claims := make([]store.Claim, len(opened))
	for i, o := range opened {
		claims[i] = n.claim(b.Enterprise, o.Record, "")
		claims[i].Batch, claims[i].Position = store.Hash(b.ID), o.Proof.Index
	}
	k := store.DeliveryKey{Custodian: n.OrgID, Enterprise: b.Enterprise, Key: "batch/" + b.ID.String()}
	return n.Book.IndexBatch(ctx, k, store.Hash(b.ID), claims)
}

// Tag is a record's place in the index.
func (n *Intake) Tag(enterprise uint64, r *record.Record) store.Hash {
	return n.keyed("identity", enterprise, identity.Of(r))
}

// claim is a record's row in the index: keyed, because an invoice's number has
// too few digits for a plain hash.
func (n *Intake) claim(enterprise uint64, r *record.Record, source string) store.Claim {
	return store.Claim{
		Tag:     n.Tag(enterprise, r),
		Content: n.keyed("content", enterprise, identity.Content(r)),
		Source:  n.keyed("source", enterprise, sha256.Sum256([]byte(source))),
		Seen:    store.Seen{Source: source},
	}
}

func (n *Intake) keyed(what string, enterprise uint64, h [32]byte) (out store.Hash) {
	m := hmac.New(sha256.New, n.TagKey)
	m.Write([]byte("xinlian/index/v1/" + what + "/"))
	m.Write(binary.BigEndian.AppendUint64(nil, enterprise))
	m.Write(h[:])
	copy(out[:], m.Sum(nil))
	return out
}
