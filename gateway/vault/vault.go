package vault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/durable"
)

// ChainIDBytesMax bounds a chain id.
const ChainIDBytesMax = 64

// Config is what a vault needs. All fields but Master, Blobs and Now must be set.
type Config struct {
	Dir       string // manifests, sealed category keys, wraps, receipts
	KMSDir    string // master and enterprise keys; never in the backups of Dir
	Suite     Suite
	Master    MasterGuard // of the master keys in KMSDir; nil: FileGuard
	ChainID   string
	Custodian uint64 // the organisation that runs this vault
	Chain     Chain
	Signers   Signer
	Blobs     *Blobs           // nil: a folder in Dir
	Now       func() time.Time // nil: the system's clock
}

// Vault is the custodian's store and key service of one gateway. It is safe for
// concurrent use; one process at a time may have it open.
type Vault struct {
	cfg   Config
	dir   string
	lock  *durable.Lock
	blobs *Blobs
	keys  *KeyRing
	files *catalogue
	wraps wrapStore
	log   *Log
	gate  *gate

	wrapMu sync.Mutex // one writer of wraps at a time

	// life is held for reading by everything that uses an enterprise's data, and
	// for writing by what ends it: erasure and closing.
	life     sync.RWMutex
	closed   bool
	replayed bool // the chain's erasures were applied since opening

	proven *lru.Cache[segmentRef, *provenSegment] // trees for the proofs that follow

	mu        sync.RWMutex // guards the two below
	batches   map[ID]BatchInfo
	documents map[ID]DocumentInfo
}

// Open opens the vault in cfg.Dir: it locks the folder, removes what a crash
// left unfinished, verifies the receipt log and loads the manifests. Erasures on
// chain are applied before the first use, so that a restored backup never serves
// what was erased.
func Open(ctx context.Context, cfg Config) (*Vault, error) {
	if cfg.Chain == nil || cfg.Signers == nil || cfg.Dir == "" || cfg.KMSDir == "" {
		panic("vault: incomplete configuration")
	}
	if len(cfg.ChainID) == 0 || len(cfg.ChainID) > ChainIDBytesMax {
		return nil, fmt.Errorf("%w: chain id %.80q", ErrBadRequest, cfg.ChainID)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	proven, err := lru.New[segmentRef, *provenSegment](provenSegmentsMax)
	if err != nil {
		return nil, fmt.Errorf("making the cache of trees: %w", err)
	}
	v := &Vault{
		cfg: cfg, dir: filepath.Clean(cfg.Dir), gate: newGate(), proven: proven, batches: map[ID]BatchInfo{}, documents: map[ID]DocumentInfo{},
	}
	if err := v.open(ctx); err != nil {
		return nil, errors.Join(err, v.release())
	}
	return v, nil
}

func (v *Vault) open(ctx context.Context) error {
	if err := makeDir(v.dir); err != nil {
		return fmt.Errorf("making the vault's folder: %w", err)
	}
	var err error
	if v.lock, err = lockDir(v.dir); err != nil {
		return err
	}
	for _, sub := range []string{"attempts", "manifests", "documents", "wraps", "erasures"} {
		if err := makeDir(filepath.Join(v.dir, sub)); err != nil {
			return err
		}
		if err := sweepTemp(filepath.Join(v.dir, sub)); err != nil {
			return fmt.Errorf("sweeping the vault's folders: %w", err)
		}
	}
	if v.blobs = v.cfg.Blobs; v.blobs == nil {
		if v.blobs, err = FileBlobs(filepath.Join(v.dir, "blobs")); err != nil {
			return err
		}
	}
	if v.files, err = openCatalogue(v.dir, filepath.Clean(v.cfg.KMSDir)); err != nil {
		return fmt.Errorf("opening the catalogue: %w", err)
	}
	v.wraps = wrapStore{filepath.Join(v.dir, "wraps"), v.files}
	if v.keys, err = openKeyRing(v.cfg.Suite, v.cfg.Master, filepath.Clean(v.cfg.KMSDir), filepath.Join(v.dir, "keys"), v.files); err != nil {
		return err
	}
	if err := v.loadInfos(); err != nil {
		return err
	}
	if err := v.recoverAttempts(ctx); err != nil {
		return fmt.Errorf("removing unfinished batches: %w", err)
	}
	v.log, err = openLog(filepath.Join(v.dir, "log"), v.files, v.gate.replay)
	return err
}

// Close ends the vault; what is under way is finished first.
func (v *Vault) Close() error {
	v.life.Lock()
	defer v.life.Unlock()
	if v.closed {
		return nil
	}
	v.closed = true
	return v.release()
}

func (v *Vault) release() error {
	var errs []error
	if v.log != nil {
		errs = append(errs, v.files.written(v.log.Len(), v.log.last), v.log.close())
	}
	errs = append(errs, v.files.close())
	if v.blobs != nil {
		errs = append(errs, v.blobs.Close())
	}
	if v.lock != nil {
		errs = append(errs, v.lock.Release())
	}
	return errors.Join(errs...)
}

// Log is the vault's log of receipts.
func (v *Vault) Log() *Log { return v.log }

// Keys is the vault's key ring, for rotation of the master key.
func (v *Vault) Keys() *KeyRing { return v.keys }

// Batch describes a sealed batch; ErrNotFound.
func (v *Vault) Batch(id ID) (BatchInfo, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	b, ok := v.batches[id]
	if !ok {
		return BatchInfo{}, fmt.Errorf("%w: batch %s", ErrNotFound, id)
	}
	return b, nil
}

// Batches lists an enterprise's batches by category, day and id.
func (v *Vault) Batches(enterprise uint64) []BatchInfo {
	v.mu.RLock()
	defer v.mu.RUnlock()
	var out []BatchInfo
	for _, b := range v.batches {
		if b.Enterprise == enterprise {
			out = append(out, b)
		}
	}
	slices.SortFunc(out, func(a, b BatchInfo) int {
		return cmp.Or(cmp.Compare(a.Category, b.Category), cmp.Compare(a.FromDay, b.FromDay), slices.Compare(a.ID[:], b.ID[:]))
	})
	return out
}

// enter begins a use of the vault; the caller calls leave when it is over.
func (v *Vault) enter(ctx context.Context) (leave func(), err error) {
	for {
		v.life.RLock()
		if v.closed {
			v.life.RUnlock()
			return nil, ErrClosed
		}
		if v.replayed {
			return v.life.RUnlock, nil
		}
		v.life.RUnlock()
		if err := v.ReplayErasures(ctx); err != nil {
			return nil, err
		}
	}
}

func (v *Vault) attemptDir() string          { return filepath.Join(v.dir, "attempts") }
func (v *Vault) attemptFile(id ID) string    { return filepath.Join(v.attemptDir(), id.String()) }
func (v *Vault) finishAttempt(id ID) error   { return removeFile(v.attemptFile(id)) }
func (v *Vault) infoRoot(kind string) string { return filepath.Join(v.dir, kind) }

// beginAttempt makes the id of an encryption attempt and syncs it to disk. No id
// is ever used twice: a retry after a crash encrypts under new keys.
func (v *Vault) beginAttempt() (ID, error) {
	id := randomID()
	b, err := canon.New("attempt").Fixed(id[:]).Encoded()
	if err != nil {
		return ID{}, err
	}
	if err := writeFile(v.attemptFile(id), b); err != nil {
		return ID{}, fmt.Errorf("recording a new batch id: %w", err)
	}
	return id, nil
}

// abandon removes what an attempt wrote. It may run again after a crash.
func (v *Vault) abandon(ctx context.Context, id ID) error {
	ctx = context.WithoutCancel(ctx)
	if err := errors.Join(v.blobs.clear(ctx, batchPrefix(id)), v.blobs.clear(ctx, documentKey(id))); err != nil {
		return err
	}
	return v.finishAttempt(id)
}

func (v *Vault) recoverAttempts(ctx context.Context) error {
	names, err := list(v.attemptDir())
	if err != nil {
		return err
	}
	for _, n := range names {
		id, err := ParseID(n)
		if err != nil {
			return fmt.Errorf("%w: attempt %q", ErrDamaged, n)
		}
		_, batch := v.batches[id]
		_, document := v.documents[id]
		if batch || document { // the crash came after the commit
			err = v.finishAttempt(id)
		} else {
			err = v.abandon(ctx, id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// loadInfos reads every manifest. Damage to one is found here, by its checksum.
func (v *Vault) loadInfos() error {
	err := v.eachInfo("manifests", func(enterprise uint64, id ID) error {
		m, err := v.loadManifest(enterprise, id)
		if err == nil {
			v.batches[id] = m.BatchInfo
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("loading manifests: %w", err)
	}
	err = v.eachInfo("documents", func(enterprise uint64, id ID) error {
		d, err := v.loadDocumentInfo(enterprise, id)
		if err == nil {
			v.documents[id] = d
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("loading document manifests: %w", err)
	}
	return nil
}

func (v *Vault) eachInfo(kind string, visit func(enterprise uint64, id ID) error) error {
	dirs, err := list(v.infoRoot(kind))
	if err != nil {
		return err
	}
	for _, d := range dirs {
		enterprise, err := strconv.ParseUint(d, 10, 64)
		if err != nil {
			return fmt.Errorf("%w: folder %q", ErrDamaged, d)
		}
		names, err := list(filepath.Join(v.infoRoot(kind), d))
		if err != nil {
			return err
		}
		for _, n := range names {
			id, err := ParseID(n)
			if err != nil {
				return fmt.Errorf("%w: file %q", ErrDamaged, n)
			}
			if err := visit(enterprise, id); err != nil {
				return err
			}
		}
	}
	return nil
}
