package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/record"
)

// Erasure states that a custodian destroyed an enterprise's key and data. Its
// hash is what the chain keeps; what the chain already has stays.
type Erasure struct {
	ChainID    string
	Custodian  uint64
	Enterprise uint64
	TimeUnix   int64 // by the vault's clock
	Batches    uint64
	Documents  uint64
	Root       [record.HashBytes]byte // over the ids of the batches, in order of Batches
}

// Encoded is the statement's canonical bytes.
func (e *Erasure) Encoded() ([]byte, error) {
	return canon.New("erasure").String(e.ChainID).Uint64(e.Custodian).Uint64(e.Enterprise).Int64(e.TimeUnix).
		Uint64(e.Batches).Uint64(e.Documents).Fixed(e.Root[:]).Encoded()
}

// DecodeErasure reads canonical bytes back.
func DecodeErasure(b []byte) (*Erasure, error) {
	r := canon.Open("erasure", b)
	e := &Erasure{ChainID: r.String(), Custodian: r.Uint64(), Enterprise: r.Uint64(), TimeUnix: r.Int64(), Batches: r.Uint64(), Documents: r.Uint64()}
	copy(e.Root[:], r.Fixed(len(e.Root)))
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("%w: erasure: %w", ErrDamaged, err)
	}
	return e, nil
}

// Erased is the statement of an erasure that was made here; ErrNotFound.
func (v *Vault) Erased(enterprise uint64) (*Erasure, error) {
	b, err := readFile(v.erasureFile(enterprise))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: no erasure of enterprise %d", ErrNotFound, enterprise)
	}
	if err != nil {
		return nil, err
	}
	return DecodeErasure(b)
}

// Erase destroys an enterprise's key, its wraps and its data here, waiting for
// reads under way. It is finished by the next Open if it is interrupted, and
// repeating it returns the first statement. From the moment the key is gone every
// copy of the ciphertexts, salts included, is unreadable.
func (v *Vault) Erase(ctx context.Context, enterprise uint64) (*Erasure, error) {
	v.life.Lock()
	defer v.life.Unlock()
	if v.closed {
		return nil, ErrClosed
	}
	return v.erase(ctx, enterprise)
}

// ReplayErasures applies every erasure that the chain has and finishes those
// begun here. The first use of an opened vault does it too. It waits for reads
// under way only if there is something to erase.
func (v *Vault) ReplayErasures(ctx context.Context) error {
	erased, err := v.cfg.Chain.Erasures(ctx)
	if err != nil {
		return fmt.Errorf("reading the chain's erasures: %w", err)
	}
	begun, err := v.begunErasures()
	if err != nil {
		return err
	}
	var open []uint64
	for _, enterprise := range append(erased, begun...) {
		done, err := v.erasureDone(enterprise)
		if err != nil {
			return err
		}
		if !done {
			open = append(open, enterprise)
		}
	}
	v.life.RLock()
	idle := v.replayed && !v.closed && len(open) == 0
	v.life.RUnlock()
	if idle {
		return nil
	}
	v.life.Lock()
	defer v.life.Unlock()
	if v.closed {
		return ErrClosed
	}
	for _, enterprise := range open {
		if _, err := v.erase(ctx, enterprise); err != nil {
			return fmt.Errorf("replaying the erasure of enterprise %d: %w", enterprise, err)
		}
	}
	v.replayed = true
	return nil
}

// erase is Erase under life.
func (v *Vault) erase(ctx context.Context, enterprise uint64) (*Erasure, error) {
	e, err := v.statement(enterprise)
	if err != nil {
		return nil, err
	}
	if done, err := v.erasureDone(enterprise); err != nil || done {
		return e, err
	}
	if err := v.keys.Destroy(enterprise); err != nil {
		return nil, err
	}
	if err := v.dropEnterpriseWraps(enterprise); err != nil {
		return nil, fmt.Errorf("destroying wraps: %w", err)
	}
	for _, b := range v.Batches(enterprise) {
		if err := v.blobs.clear(ctx, batchPrefix(b.ID)); err != nil {
			return nil, err
		}
		if err := v.files.remove(v.manifestFile(enterprise, b.ID)); err != nil {
			return nil, err
		}
		v.mu.Lock()
		delete(v.batches, b.ID)
		v.mu.Unlock()
	}
	for _, d := range v.Documents(enterprise) {
		if err := v.blobs.clear(ctx, documentKey(d.ID)); err != nil {
			return nil, err
		}
		if err := v.files.remove(v.documentFile(enterprise, d.ID)); err != nil {
			return nil, err
		}
		v.mu.Lock()
		delete(v.documents, d.ID)
		v.mu.Unlock()
	}
	return e, v.files.write(v.erasureFile(enterprise)+doneSuffix, nil)
}

// erasureDone says whether nothing of the enterprise is left: a restored backup
// may bring back any part of it.
func (v *Vault) erasureDone(enterprise uint64) (bool, error) {
	done, err := exists(v.erasureFile(enterprise) + doneSuffix)
	if err != nil || !done {
		return false, err
	}
	gone, err := v.keys.destroyed(enterprise)
	return gone && len(v.Batches(enterprise)) == 0 && len(v.Documents(enterprise)) == 0, err
}

// statement is the enterprise's erasure, made and stored before anything is
// destroyed.
func (v *Vault) statement(enterprise uint64) (*Erasure, error) {
	path := v.erasureFile(enterprise)
	b, err := readFile(path)
	if err == nil {
		return DecodeErasure(b)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	batches := v.Batches(enterprise)
	e := &Erasure{
		ChainID: v.cfg.ChainID, Custodian: v.cfg.Custodian, Enterprise: enterprise, TimeUnix: v.cfg.Now().Unix(),
		Batches: uint64(len(batches)), Documents: uint64(len(v.Documents(enterprise))), Root: hash(rfc6962.DefaultHasher.EmptyRoot()),
	}
	if len(batches) > 0 {
		leaves := make([]hash, len(batches))
		for i, k := range batches {
			leaves[i] = hash(rfc6962.DefaultHasher.HashLeaf(k.ID[:]))
		}
		e.Root = record.NewTree(leaves).Root()
	}
	if b, err = e.Encoded(); err != nil {
		return nil, err
	}
	return e, v.files.write(path, b)
}

func (v *Vault) dropEnterpriseWraps(enterprise uint64) error {
	v.wrapMu.Lock()
	defer v.wrapMu.Unlock()
	ids, err := v.wraps.consents()
	if err != nil {
		return err
	}
	for _, id := range ids {
		wraps, err := v.wraps.load(id)
		// Damaged wraps are of nobody's use: destroyed rather than left behind.
		if errors.Is(err, ErrDamaged) || err == nil && wraps[0].Enterprise == enterprise {
			err = v.wraps.drop(id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (v *Vault) begunErasures() ([]uint64, error) {
	names, err := list(v.erasureDir())
	if err != nil {
		return nil, err
	}
	var out []uint64
	for _, n := range names {
		if strings.HasSuffix(n, doneSuffix) {
			continue
		}
		enterprise, err := strconv.ParseUint(n, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%w: erasure %q", ErrDamaged, n)
		}
		out = append(out, enterprise)
	}
	return out, nil
}

const doneSuffix = ".done"

func (v *Vault) erasureFile(enterprise uint64) string {
	return filepath.Join(v.erasureDir(), strconv.FormatUint(enterprise, 10))
}

func (v *Vault) erasureDir() string { return filepath.Join(v.dir, "erasures") }
