// Package custodytest is for tests of what takes documents in: a chain in memory
// that keeps the rules of anchoring, a custodian's intake on real files that can
// be closed and opened again, and a fuse that kills it at a chosen step.
package custodytest

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/store"
	"github.com/xinlian/xinlian/gateway/vault"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/passkey"
)

// Custodian is the organisation of the intake.
const Custodian = 3

// ErrKilled is what every call returns once the fuse has blown.
var ErrKilled = errors.New("custodytest: killed")

// Chain anchors in memory by the rules of x/profile that an intake can break.
type Chain struct {
	mu      sync.Mutex
	streams map[string]profilev1.Stream
	anchors map[vault.ID]profilev1.BatchAnchor
	order   []vault.ID
	height  int64
	// Refuse, where set, is asked before a transaction is carried out.
	Refuse func() error
}

// NewChain is an empty chain.
func NewChain() *Chain {
	return &Chain{streams: map[string]profilev1.Stream{}, anchors: map[vault.ID]profilev1.BatchAnchor{}, height: 1}
}

// Streams lists the streams of an enterprise.
func (c *Chain) Streams(_ context.Context, enterprise uint64) ([]profilev1.Stream, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []profilev1.Stream
	for _, key := range slices.Sorted(maps.Keys(c.streams)) {
		if s := c.streams[key]; s.EnterpriseId == enterprise {
			list = append(list, s)
		}
	}
	return list, nil
}

// Anchor anchors all or none.
func (c *Chain) Anchor(_ context.Context, enterprise uint64, anchors []profilev1.BatchAnchor) (chain.Result, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Refuse != nil {
		if err := c.Refuse(); err != nil {
			return chain.Result{}, err
		}
	}
	streams := maps.Clone(c.streams)
	for _, a := range anchors {
		key := a.Source + "/" + a.SchemaId
		s := streams[key]
		refuse := func(code uint32) (chain.Result, error) {
			return chain.Result{}, &chain.Refused{Space: "profile", Code: code, Hash: []byte{1}}
		}
		if _, ok := c.anchors[vault.ID(a.BatchId)]; ok {
			return refuse(8)
		}
		if a.Sequence != s.Sequence+1 {
			return refuse(9)
		}
		if s.Sequence > 0 && a.PeriodFrom <= s.PeriodTo || a.PeriodFrom > a.PeriodTo {
			return refuse(10)
		}
		if s.Sequence == 0 {
			s.FirstPeriodFrom = a.PeriodFrom
		}
		s.EnterpriseId, s.Source, s.SchemaId, s.Sequence, s.PeriodTo = enterprise, a.Source, a.SchemaId, a.Sequence, a.PeriodTo
		streams[key] = s
	}
	c.height++
	c.streams = streams
	for _, a := range anchors {
		a.BatchId, a.Root = bytes.Clone(a.BatchId), bytes.Clone(a.Root)
		c.anchors[vault.ID(a.BatchId)] = a
		c.order = append(c.order, vault.ID(a.BatchId))
	}
	return chain.Result{Height: c.height, Hash: []byte{1}}, nil
}

// Batches lists the anchored batches in the order of anchoring.
func (c *Chain) Batches() []profilev1.BatchAnchor {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []profilev1.BatchAnchor
	for _, id := range c.order {
		list = append(list, c.anchors[id])
	}
	return list
}

// Head is always fresh.
func (c *Chain) Head(context.Context) (vault.Head, error) {
	return vault.Head{Height: uint64(c.height), Time: time.Now()}, nil
}

// Anchored is the anchor of a batch.
func (c *Chain) Anchored(_ context.Context, id vault.ID) (vault.Anchor, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, ok := c.anchors[id]
	if !ok {
		return vault.Anchor{}, vault.ErrNotAnchored
	}
	schema, _ := record.Find(a.SchemaId, uint16(a.SchemaVersion))
	out := vault.Anchor{
		Enterprise: c.streams[a.Source+"/"+a.SchemaId].EnterpriseId, Category: schema.Category, Epoch: a.Epoch, Count: uint64(a.RecordCount),
		PeriodFrom: int64(a.PeriodFrom), PeriodTo: int64(a.PeriodTo), Status: vault.AnchorLive,
	}
	copy(out.Root[:], a.Root)
	return out, nil
}

// Consent knows none.
func (c *Chain) Consent(context.Context, vault.ID) (vault.Consent, error) {
	return vault.Consent{}, vault.ErrConsentUnknown
}

// Device knows none.
func (c *Chain) Device(context.Context, string) (vault.Device, error) {
	return vault.Device{}, vault.ErrDevice
}

// DataKey knows none.
func (c *Chain) DataKey(context.Context, uint64) (vault.Recipient, error) {
	return vault.Recipient{}, vault.ErrKey
}

// Custodians knows none.
func (c *Chain) Custodians(context.Context, uint64) (first, second uint64, err error) {
	return 0, 0, nil
}

// Erasures lists none.
func (c *Chain) Erasures(context.Context) ([]uint64, error) { return nil, nil }

// Fuse kills at one step: the step is not done, or done without an answer, and
// every step after it fails. A nil fuse never blows.
type Fuse struct {
	mu    sync.Mutex
	left  int
	after bool
	blown bool
}

// NewFuse blows at step number n, from 0; after: once that step is done.
func NewFuse(n int, after bool) *Fuse { return &Fuse{left: n, after: after} }

// Blown tells whether it has.
func (f *Fuse) Blown() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.blown
}

func (f *Fuse) step(do func() error) error {
	if f == nil {
		return do()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.blown {
		return ErrKilled
	}
	f.left--
	if f.left >= 0 {
		return do()
	}
	f.blown = true
	if f.after {
		if err := do(); err != nil {
			return err
		}
	}
	return ErrKilled
}

// Book is a store whose writes burn a fuse.
type Book struct {
	*store.Store

	Fuse *Fuse
}

// PlanDelivery burns.
func (b Book) PlanDelivery(ctx context.Context, k store.DeliveryKey, plan any, batches []store.Hash, claims []store.Claim) error {
	return b.Fuse.step(func() error { return b.Store.PlanDelivery(ctx, k, plan, batches, claims) })
}

// FinishDelivery burns.
func (b Book) FinishDelivery(ctx context.Context, k store.DeliveryKey, result any) error {
	return b.Fuse.step(func() error { return b.Store.FinishDelivery(ctx, k, result) })
}

// DropDelivery burns.
func (b Book) DropDelivery(ctx context.Context, k store.DeliveryKey) error {
	return b.Fuse.step(func() error { return b.Store.DropDelivery(ctx, k) })
}

// SaveSource burns.
func (b Book) SaveSource(ctx context.Context, r store.Source) error {
	return b.Fuse.step(func() error { return b.Store.SaveSource(ctx, r) })
}

// Receive burns.
func (b Book) Receive(ctx context.Context, source string, item store.Item, cursor string, file *store.Taken) (n uint64, err error) {
	err = b.Fuse.step(func() (err error) {
		n, err = b.Store.Receive(ctx, source, item, cursor, file)
		return err
	})
	return n, err
}

// Clear burns.
func (b Book) Clear(ctx context.Context, r store.Source, through uint64) error {
	return b.Fuse.step(func() error { return b.Store.Clear(ctx, r, through) })
}

// anchorage is a chain whose transactions burn a fuse.
type anchorage struct {
	*Chain

	fuse *Fuse
}

func (a anchorage) Anchor(ctx context.Context, enterprise uint64, anchors []profilev1.BatchAnchor) (r chain.Result, err error) {
	err = a.fuse.step(func() (err error) {
		r, err = a.Chain.Anchor(ctx, enterprise, anchors)
		return err
	})
	return r, err
}

// World is an intake on files in Dir.
type World struct {
	Dir    string
	Chain  *Chain
	Book   Book
	Vault  *vault.Vault
	Intake *custody.Intake

	tb testing.TB
}

// New is an empty world.
func New(tb testing.TB) *World {
	tb.Helper()
	w := &World{Dir: tb.TempDir(), Chain: NewChain(), tb: tb}
	w.Open(nil)
	tb.Cleanup(w.Close)
	return w
}

// Open opens the files, with a fuse or nil.
func (w *World) Open(fuse *Fuse) {
	w.tb.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, filepath.Join(w.Dir, "gateway.db"), filepath.Join(w.Dir, "seal.key"))
	if err != nil {
		w.tb.Fatal(err)
	}
	w.Vault, err = vault.Open(ctx, vault.Config{
		Dir: filepath.Join(w.Dir, "vault"), KMSDir: filepath.Join(w.Dir, "kms"), Suite: vault.SuiteNIST, ChainID: "xinlian-test-1",
		Custodian: Custodian, Chain: w.Chain, Signers: vault.NewSigners(func() passkey.Policy { return passkey.Policy{} }),
	})
	if err != nil {
		w.tb.Fatal(err)
	}
	w.Book = Book{s, fuse}
	w.Intake = &custody.Intake{
		Vault: w.Vault, Ledger: w.Chain, Chain: anchorage{w.Chain, fuse}, Book: w.Book, OrgID: Custodian,
		TagKey: bytes.Repeat([]byte{7}, 32), Log: slog.New(slog.DiscardHandler),
	}
}

// Close closes the files.
func (w *World) Close() {
	if w.Vault == nil {
		return
	}
	if err := errors.Join(w.Vault.Close(), w.Book.Store.Close()); err != nil {
		w.tb.Error(err)
	}
	w.Vault = nil
}

// Records lists the anchored records of an enterprise by source id, those that
// a batch repeats too.
func (w *World) Records(enterprise uint64) []*record.Record {
	w.tb.Helper()
	var list []*record.Record
	for _, b := range w.Vault.Batches(enterprise) {
		if _, err := w.Chain.Anchored(context.Background(), b.ID); errors.Is(err, vault.ErrNotAnchored) {
			continue
		}
		opened, err := w.Vault.OpenBatch(context.Background(), b.ID)
		if err != nil {
			w.tb.Fatal(err)
		}
		for _, o := range opened {
			list = append(list, o.Record)
		}
	}
	slices.SortFunc(list, func(a, b *record.Record) int { return bytes.Compare([]byte(a.SourceID()), []byte(b.SourceID())) })
	return list
}

// Index lists what the index has of the anchored records of an enterprise.
func (w *World) Index(enterprise uint64) []store.Known {
	w.tb.Helper()
	var all []store.Known
	for _, r := range w.Records(enterprise) {
		known, err := w.Book.Known(context.Background(), Custodian, enterprise, w.Intake.Tag(enterprise, r))
		if err != nil {
			w.tb.Fatal(err)
		}
		all = append(all, known...)
	}
	return all
}
