package vault

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/record"
)

// First is a first custodian's vault, as its second custodian reaches it: the
// answer to a signed request, which the caller closes.
type First func(ctx context.Context, req ReplicaRequest) (io.ReadCloser, error)

// Adopted counts what one round of a replica brought.
type Adopted struct{ Keys, Batches, Documents, Wraps, Dropped int }

// Adopt brings this vault's replica of an enterprise up to date with its first
// custodian: keys, anchored batches, documents and wraps that it lacks, and the
// end of wraps that the first has no longer. keys opens what is wrapped to this
// custodian. Each object is checked against the chain and its own hashes before
// it counts; an interrupted round is taken up by the next.
func (v *Vault) Adopt(ctx context.Context, first uint64, enterprise uint64, device string, keys DataKeySource, ask First) (Adopted, error) {
	var done Adopted
	leave, err := v.enter(ctx)
	if err != nil {
		return done, err
	}
	leave()
	a := &adoption{vault: v, ask: ask, keys: keys, req: ReplicaRequest{
		ChainID: v.cfg.ChainID, Custodian: first, Second: v.cfg.Custodian, Enterprise: enterprise, Device: device,
	}}
	index, err := a.index(ctx)
	if err != nil {
		return done, fmt.Errorf("asking custodian %d what there is: %w", first, err)
	}
	held, err := v.keys.held(enterprise)
	if err != nil {
		return done, err
	}
	for _, k := range index.Keys {
		if slices.Contains(held, k) {
			continue
		}
		if err := a.key(ctx, k); err != nil {
			return done, fmt.Errorf("adopting the %s key of epoch %d: %w", k.Category, k.Epoch, err)
		}
		done.Keys++
	}
	for _, id := range index.Batches {
		if _, err := v.Batch(id); err == nil {
			continue
		}
		anchor, err := v.cfg.Chain.Anchored(ctx, id)
		if errors.Is(err, ErrNotAnchored) {
			continue // it does not count yet
		}
		if err == nil {
			err = a.batch(ctx, id, anchor)
		}
		if err != nil {
			return done, fmt.Errorf("adopting batch %s: %w", id, err)
		}
		done.Batches++
	}
	for _, id := range index.Documents {
		if _, err := v.Document(id); err == nil {
			continue
		}
		if err := a.document(ctx, id); err != nil {
			return done, fmt.Errorf("adopting document %s: %w", id, err)
		}
		done.Documents++
	}
	return done, a.wraps(ctx, index.Wraps, &done)
}

type adoption struct {
	vault *Vault
	ask   First
	keys  DataKeySource
	req   ReplicaRequest
}

// taken is what was read of an answer. finish commits it once the answer has
// proven whole and the first custodian's, or with an error undoes it.
type taken func(fault error) error

func nothing(fault error) error { return fault }

// fetch asks for one part, reads its answer to the end and proves it.
func (a *adoption) fetch(ctx context.Context, change func(*ReplicaRequest), take func(req *ReplicaRequest, src io.Reader) (taken, error)) error {
	head, err := a.vault.cfg.Chain.Head(ctx)
	if err != nil {
		return fmt.Errorf("reading the chain's head: %w", err)
	}
	req := a.req
	rand.Read(req.Nonce[:])
	req.Expires = head.Time.Add(RequestLifeMax / 2).Truncate(time.Second)
	change(&req)
	src, err := a.ask(ctx, req)
	if err != nil {
		return err
	}
	sum := sha256.New()
	finish, err := take(&req, io.TeeReader(src, sum))
	if err != nil {
		return errors.Join(err, src.Close())
	}
	err = a.proveAnswer(ctx, &req, hash(sum.Sum(nil)), src)
	return finish(errors.Join(err, src.Close()))
}

// proveAnswer checks that a device of the first custodian signed what came.
func (a *adoption) proveAnswer(ctx context.Context, req *ReplicaRequest, sent hash, src io.Reader) error {
	kind, b, err := receiveFrame(src)
	if err != nil {
		return err
	}
	r := canon.Open("replica-end", b)
	device, signature := r.String(), r.Bytes()
	if err := r.Done(); err != nil || kind != frameReplicaDone {
		return fmt.Errorf("%w: end of an answer", ErrDamaged)
	}
	d, err := a.vault.cfg.Chain.Device(ctx, device)
	if err != nil {
		return fmt.Errorf("looking up the device that answered: %w", err)
	}
	if d.Address != device || !d.Active || d.Org != req.Custodian {
		return fmt.Errorf("%w: who answered is not custodian %d", ErrDevice, req.Custodian)
	}
	message, err := replicaAnswer(req, sent)
	if err != nil {
		return err
	}
	return a.vault.cfg.Signers.Check(d, message, signature)
}

func (a *adoption) index(ctx context.Context) (Replicable, error) {
	var x Replicable
	err := a.fetch(ctx, func(r *ReplicaRequest) { r.What = ReplicaIndex }, func(_ *ReplicaRequest, src io.Reader) (taken, error) {
		raw, err := receiveChunks(src)
		if err != nil {
			return nil, err
		}
		r := canon.Open("replica-index", raw)
		for range r.Uint32() {
			if r.Err() != nil {
				break
			}
			x.Keys = append(x.Keys, ReplicaKeyRef{record.Category(r.Uint8()), r.Uint32()})
		}
		for _, ids := range []*[]ID{&x.Batches, &x.Documents} {
			for range r.Uint32() {
				id := r.Fixed(IDBytes)
				if id == nil {
					break
				}
				*ids = append(*ids, ID(id))
			}
		}
		for range r.Uint32() {
			id, sum := r.Fixed(IDBytes), r.Fixed(sha256.Size)
			if id == nil || sum == nil {
				break
			}
			x.Wraps = append(x.Wraps, ReplicaWrapsRef{ID(id), hash(sum)})
		}
		if err := r.Done(); err != nil {
			return nil, fmt.Errorf("%w: index: %w", ErrDamaged, err)
		}
		return nothing, nil
	})
	return x, err
}

func (a *adoption) key(ctx context.Context, ref ReplicaKeyRef) error {
	return a.fetch(ctx, func(r *ReplicaRequest) { r.What, r.Category, r.Epoch = ReplicaKey, ref.Category, ref.Epoch }, func(req *ReplicaRequest, src io.Reader) (taken, error) {
		raw, err := receiveChunks(src)
		if err != nil {
			return nil, err
		}
		r := canon.Open("replica-sealed-key", raw)
		suite, to, sealed := Suite(r.String()), r.Fixed(IDBytes), r.Bytes()
		if err := r.Done(); err != nil {
			return nil, fmt.Errorf("%w: key: %w", ErrDamaged, err)
		}
		if suite != a.vault.cfg.Suite {
			return nil, fmt.Errorf("%w %q", ErrSuite, suite)
		}
		mine, err := a.keys.DataKey(ID(to))
		if err != nil {
			return nil, err
		}
		info, err := req.keyInfo(suite, ID(to))
		if err != nil {
			return nil, err
		}
		b, err := mine.private.open(info, sealed)
		if err != nil || len(b) != KeyBytes {
			return nil, fmt.Errorf("%w: a category key does not open", ErrKey)
		}
		return func(fault error) error {
			if fault != nil {
				return fault
			}
			return a.vault.keys.adopt(req.Enterprise, ref, Key(b))
		}, nil
	})
}

func (a *adoption) batch(ctx context.Context, id ID, anchor Anchor) error {
	return a.fetch(ctx, func(r *ReplicaRequest) { r.What, r.Object = ReplicaBatch, id }, func(req *ReplicaRequest, src io.Reader) (taken, error) {
		raw, err := receiveChunks(src)
		if err != nil {
			return nil, err
		}
		m, err := decodeManifest(raw)
		if err != nil {
			return nil, err
		}
		if m.ID != id || m.Enterprise != req.Enterprise || m.Suite != a.vault.cfg.Suite {
			return nil, fmt.Errorf("%w: another batch's manifest", ErrDamaged)
		}
		if err := anchor.check(&m.BatchInfo); err != nil {
			return nil, err
		}
		return a.vault.adoptObject(ctx, id, m.Enterprise, func() error {
			for i := range m.segments {
				if err := a.segment(ctx, m, i, src); err != nil {
					return err
				}
			}
			return nil
		}, func() error {
			if err := a.vault.saveManifest(m); err != nil {
				return err
			}
			a.vault.mu.Lock()
			defer a.vault.mu.Unlock()
			a.vault.batches[id] = m.BatchInfo
			return nil
		})
	})
}

// segment takes one segment and proves that it is the manifest's.
func (a *adoption) segment(ctx context.Context, m *manifest, i int, src io.Reader) error {
	info := m.segments[i]
	size := int64(info.indexBytes) + int64(info.bodyBytes)
	b, err := io.ReadAll(&blobReader{src: src, left: size})
	if err != nil {
		return err
	}
	if int64(len(b)) != size || sha256.Sum256(b[:info.indexBytes]) != info.indexHash {
		return fmt.Errorf("%w: segment %d is not the manifest's", ErrDamaged, i)
	}
	s, err := decodeSegmentIndex(b[:info.indexBytes])
	if err != nil {
		return err
	}
	if s.batch != m.ID || int(s.number) != i || s.tree().Root() != info.root {
		return fmt.Errorf("%w: segment %d is another segment", ErrDamaged, i)
	}
	if _, err := s.split(b[info.indexBytes:]); err != nil {
		return err
	}
	return a.vault.blobs.put(ctx, segmentKey(m.ID, i), b)
}

func (a *adoption) document(ctx context.Context, id ID) error {
	return a.fetch(ctx, func(r *ReplicaRequest) { r.What, r.Object = ReplicaDocument, id }, func(req *ReplicaRequest, src io.Reader) (taken, error) {
		raw, err := receiveChunks(src)
		if err != nil {
			return nil, err
		}
		d, err := decodeDocumentInfo(raw)
		if err != nil {
			return nil, err
		}
		if d.ID != id || d.Enterprise != req.Enterprise || d.Suite != a.vault.cfg.Suite {
			return nil, fmt.Errorf("%w: another document's manifest", ErrDamaged)
		}
		return a.vault.adoptObject(ctx, id, d.Enterprise, func() error {
			w, err := a.vault.blobs.create(ctx, documentKey(id))
			if err != nil {
				return err
			}
			sum := sha256.New()
			n, err := io.Copy(io.MultiWriter(w, sum), &blobReader{src: src, left: int64(d.Bytes)})
			if err == nil && (uint64(n) != d.Bytes || hash(sum.Sum(nil)) != d.Hash) {
				err = fmt.Errorf("%w: document is not the manifest's", ErrDamaged)
			}
			if err != nil {
				w.abort()
				return err
			}
			return w.Close()
		}, func() error { return a.vault.saveDocumentInfo(d) })
	})
}

// adoptObject writes an object under its own id as an attempt, so that a crash
// leaves nothing of it. It counts when what it returns has committed it.
func (v *Vault) adoptObject(ctx context.Context, id ID, enterprise uint64, write, save func() error) (taken, error) {
	b, err := canon.New("attempt").Fixed(id[:]).Encoded()
	if err != nil {
		return nil, err
	}
	if err := writeFile(v.attemptFile(id), b); err != nil {
		return nil, err
	}
	if err := write(); err != nil {
		return nil, errors.Join(err, v.abandon(ctx, id))
	}
	return func(fault error) error {
		if fault != nil {
			return errors.Join(fault, v.abandon(ctx, id))
		}
		return v.commit(ctx, id, enterprise, save)
	}, nil
}

// wraps takes the wraps that differ and drops those that the first has no longer.
func (a *adoption) wraps(ctx context.Context, refs []ReplicaWrapsRef, done *Adopted) error {
	have, err := a.vault.wrapsOf(a.req.Enterprise)
	if err != nil {
		return err
	}
	for _, ref := range refs {
		if slices.Contains(have, ref) {
			continue
		}
		err := a.fetch(ctx, func(r *ReplicaRequest) { r.What, r.Object = ReplicaWraps, ref.Consent }, func(req *ReplicaRequest, src io.Reader) (taken, error) {
			return a.takeWraps(req, src)
		})
		if errors.Is(err, ErrNoWraps) {
			continue // dropped meanwhile
		}
		if err != nil {
			return fmt.Errorf("adopting the wraps of consent %s: %w", ref.Consent, err)
		}
		done.Wraps++
	}
	for _, k := range have {
		if slices.ContainsFunc(refs, func(r ReplicaWrapsRef) bool { return r.Consent == k.Consent }) {
			continue
		}
		if err := a.vault.DropWraps(k.Consent); err != nil {
			return err
		}
		done.Dropped++
	}
	return nil
}

func (a *adoption) takeWraps(req *ReplicaRequest, src io.Reader) (taken, error) {
	raw, err := receiveChunks(src)
	if err != nil {
		return nil, err
	}
	wraps, err := decodeWraps(raw)
	if err != nil {
		return nil, err
	}
	for _, w := range wraps {
		if w.Consent != req.Object || w.Enterprise != req.Enterprise || w.ChainID != req.ChainID || w.Suite != a.vault.cfg.Suite {
			return nil, fmt.Errorf("%w: wraps of another consent", ErrDamaged)
		}
	}
	return func(fault error) error {
		if fault != nil {
			return fault
		}
		a.vault.wrapMu.Lock()
		defer a.vault.wrapMu.Unlock()
		return a.vault.wraps.save(req.Object, wraps)
	}, nil
}
