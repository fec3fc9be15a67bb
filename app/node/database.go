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
	opened map[string]dbm.DB
}

func newDatabases() *databases { return &databases{opened: map[string]dbm.DB{}} }

// open opens a database below dir, once.
func (d *databases) open(dir, name string) (dbm.DB, error) {
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
	d.opened[path] = &onceDB{DB: db}
	return d.opened[path], nil
}

// onceDB is a database that may be closed by several owners: pebble panics on a
// second close, and the application closes its own.
type onceDB struct {
	dbm.DB
	once sync.Once
	err  error
}

// Close closes the database the first time.
func (o *onceDB) Close() error {
	o.once.Do(func() { o.err = o.DB.Close() })
	return o.err
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
// databases closes.
type cometDB struct{ dbm.DB }

func (c cometDB) Close() error { return nil }

func (c cometDB) NewBatch() cmtdb.Batch { return c.DB.NewBatch() }

func (c cometDB) Iterator(start, end []byte) (cmtdb.Iterator, error) {
	return c.DB.Iterator(start, end)
}

func (c cometDB) ReverseIterator(start, end []byte) (cmtdb.Iterator, error) {
	return c.DB.ReverseIterator(start, end)
}

// Compact leaves compaction to pebble itself.
func (c cometDB) Compact(_, _ []byte) error { return nil }
