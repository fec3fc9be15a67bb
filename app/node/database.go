package node

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"syscall"

	cmtdb "github.com/cometbft/cometbft-db"
	"github.com/cometbft/cometbft/config"
	dbm "github.com/cosmos/cosmos-db"
)

// databases opens pebble for CometBFT and for the application, and remembers
// what it opened: CometBFT never closes its transaction index, and pebble keeps
// a lock until it is closed.
type databases struct {
	mu     sync.Mutex
	opened map[string]*database
}

func newDatabases() *databases { return &databases{opened: map[string]*database{}} }

// open opens a database below dir, once.
func (d *databases) open(dir, name string) (*database, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	path := filepath.Join(dir, name)
	if db, ok := d.opened[path]; ok {
		return db, nil
	}
	db, err := dbm.NewDB(name, dbm.PebbleDBBackend, dir)
	if errors.Is(err, syscall.EAGAIN) {
		return nil, fmt.Errorf("opening database %s: another process has %s open: stop it first", name, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("opening database %s: %w", name, err)
	}
	d.opened[path] = &database{DB: db}
	return d.opened[path], nil
}

// errClosed is what a closed database answers CometBFT.
var errClosed = errors.New("database is closed")

// database may be closed by several owners: pebble panics on a second close, and
// the application closes its own.
type database struct {
	dbm.DB
	mu     sync.RWMutex // held for reading while CometBFT uses it, for writing while it closes
	closed bool
	err    error // of the close
}

// Close closes the database the first time, after what CometBFT does with it now.
func (d *database) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		d.closed, d.err = true, d.DB.Close()
	}
	return d.err
}

// during does something with the database while it is open.
func (d *database) during(f func() error) error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.closed {
		return errClosed
	}
	return f()
}

// provide is CometBFT's way of asking for a database.
func (d *databases) provide(ctx *config.DBContext) (cmtdb.DB, error) {
	db, err := d.open(ctx.Config.DBDir(), ctx.ID)
	if err != nil {
		return nil, err
	}
	return cometDB{db}, nil
}

// close closes everything once, whoever else may have.
func (d *databases) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all error
	for path, db := range d.opened {
		all = errors.Join(all, db.Close())
		delete(d.opened, path)
	}
	return all
}

// cometDB presents a cosmos-db database as a CometBFT one. Close does nothing:
// databases closes. CometBFT waits for none of its goroutines when it stops, and
// the one of the transaction index may still write: it gets an error, where pebble
// would panic.
type cometDB struct{ *database }

func (c cometDB) Close() error { return nil }

func (c cometDB) Get(key []byte) (value []byte, err error) {
	err = c.during(func() (err error) { value, err = c.DB.Get(key); return err })
	return value, err
}

func (c cometDB) Has(key []byte) (has bool, err error) {
	err = c.during(func() (err error) { has, err = c.DB.Has(key); return err })
	return has, err
}

func (c cometDB) Set(key, value []byte) error {
	return c.during(func() error { return c.DB.Set(key, value) })
}

func (c cometDB) SetSync(key, value []byte) error {
	return c.during(func() error { return c.DB.SetSync(key, value) })
}

func (c cometDB) Delete(key []byte) error {
	return c.during(func() error { return c.DB.Delete(key) })
}

func (c cometDB) DeleteSync(key []byte) error {
	return c.during(func() error { return c.DB.DeleteSync(key) })
}

func (c cometDB) NewBatch() cmtdb.Batch { return cometBatch{c.DB.NewBatch(), c.database} }

func (c cometDB) Iterator(start, end []byte) (it cmtdb.Iterator, err error) {
	err = c.during(func() (err error) { it, err = c.DB.Iterator(start, end); return err })
	return it, err
}

func (c cometDB) ReverseIterator(start, end []byte) (it cmtdb.Iterator, err error) {
	err = c.during(func() (err error) { it, err = c.DB.ReverseIterator(start, end); return err })
	return it, err
}

// Compact leaves compaction to pebble itself.
func (c cometDB) Compact(_, _ []byte) error { return nil }

// cometBatch is written while its database is open, or not at all.
type cometBatch struct {
	cmtdb.Batch
	db *database
}

func (b cometBatch) Write() error { return b.db.during(b.Batch.Write) }

func (b cometBatch) WriteSync() error { return b.db.during(b.Batch.WriteSync) }
