package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver
)

// ErrNotFound says that there is no such row, or that its time is over.
var ErrNotFound = errors.New("store: not found")

//go:embed migrations/*.sql
var migrations embed.FS

// Store is an open database, safe for concurrent use.
type Store struct {
	db   *sql.DB
	seal *Sealer
	now  func() time.Time

	rotating sync.Mutex // one rotation of the sealing key at a time
	// saving is held by a save from sealing to writing, so that no box of the former
	// key is written after a rotation has passed its row.
	saving sync.RWMutex
}

// Open opens the database at path, makes it if it is not there, and brings it to
// the newest schema. keyPath is the file of the sealing key; it must be kept
// apart from backups of the database.
func Open(ctx context.Context, path, keyPath string) (*Store, error) {
	seal, err := OpenSealer(keyPath)
	if err != nil {
		return nil, err
	}
	q := url.Values{"_pragma": {"journal_mode(wal)", "foreign_keys(on)", "busy_timeout(5000)", "synchronous(full)", "secure_delete(on)"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	db.SetMaxOpenConns(4)
	s := &Store{db: db, seal: seal, now: time.Now}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if seal.Rotating() {
		if err := s.finishRotation(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("finishing a rotation of the sealing key: %w", err), db.Close())
		}
	}
	return s, nil
}

// Close ends the use of the database.
func (s *Store) Close() error { return s.db.Close() }

// migrate applies the numbered files above the database's version, each in a
// transaction of its own. It refuses a database of a newer program.
func (s *Store) migrate(ctx context.Context) error {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	slices.Sort(names)
	var version int
	if err := s.db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return fmt.Errorf("reading the schema's version: %w", err)
	}
	if version > len(names) {
		return fmt.Errorf("the database has schema %d, this program knows %d: use the newer program", version, len(names))
	}
	for i, name := range names {
		number := i + 1
		if !strings.HasPrefix(name, fmt.Sprintf("migrations/%04d_", number)) {
			return fmt.Errorf("migration %s is not number %d", name, number)
		}
		if number <= version {
			continue
		}
		text, err := migrations.ReadFile(name)
		if err != nil {
			return err
		}
		err = s.transact(ctx, func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, string(text)); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, "PRAGMA user_version = "+strconv.Itoa(number))
			return err
		})
		if err != nil {
			return fmt.Errorf("migrating to %s: %w", name, err)
		}
	}
	return nil
}

func (s *Store) transact(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// deliveryKept is how long the result of a delivery is kept for its repetition.
const deliveryKept = 30 * 24 * time.Hour

// Sweep removes what has expired.
func (s *Store) Sweep(ctx context.Context) error {
	for _, table := range []string{"nonce", "prepared", "reply", "session"} {
		if _, err := s.db.ExecContext(ctx, "DELETE FROM "+table+" WHERE expires_at <= ?", s.now().Unix()); err != nil {
			return fmt.Errorf("sweeping %s: %w", table, err)
		}
	}
	if _, err := s.db.ExecContext(ctx, "DELETE FROM delivery WHERE stage = 'done' AND at <= ?", s.now().Add(-deliveryKept).Unix()); err != nil {
		return fmt.Errorf("sweeping delivery: %w", err)
	}
	return nil
}
