package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
)

// Source is what the database knows of a source that is read on a schedule. The
// words of Status and Reason belong to the package that does the work.
type Source struct {
	ID         string
	Enterprise uint64
	Kind       string
	Status     string
	Reason     string // stable code
	Detail     string // in English, for an operator
	Attempt    int    // failures since the last success
	Cursor     string // where the next page begins, in the source's own words
	Definition Hash   // of the definition and the marks of its credentials
	NextAt     int64  // Unix seconds
	Delivered  int64  // Unix seconds of the last complete run, 0 for none
	Records    int64  // delivered in all
	Refused    int64  // rows refused in the last run that had any
}

const sourceColumns = "id, enterprise_id, kind, status, reason, detail, attempt, cursor, definition, next_at, delivered_at, records, refused"

// SaveSource writes a source.
func (s *Store) SaveSource(ctx context.Context, r Source) error {
	return s.saveSource(ctx, s.db, r)
}

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func (s *Store) saveSource(ctx context.Context, db execer, r Source) error {
	_, err := db.ExecContext(ctx, "INSERT INTO source ("+sourceColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET enterprise_id = excluded.enterprise_id, kind = excluded.kind, status = excluded.status,
		reason = excluded.reason, detail = excluded.detail, attempt = excluded.attempt, cursor = excluded.cursor,
		definition = excluded.definition, next_at = excluded.next_at, delivered_at = excluded.delivered_at,
		records = excluded.records, refused = excluded.refused`,
		r.ID, int64(r.Enterprise), r.Kind, r.Status, r.Reason, r.Detail, r.Attempt, r.Cursor, r.Definition[:], r.NextAt, r.Delivered, r.Records, r.Refused)
	if err != nil {
		return fmt.Errorf("writing source %s: %w", r.ID, err)
	}
	return nil
}

// LoadSource reads a source, or returns ErrNotFound.
func (s *Store) LoadSource(ctx context.Context, id string) (Source, error) {
	list, err := s.sources(ctx, "id = ?", id)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Source{}, err
	}
	return list[0], nil
}

// SourcesOf lists an enterprise's sources by id.
func (s *Store) SourcesOf(ctx context.Context, enterprise uint64) ([]Source, error) {
	return s.sources(ctx, "enterprise_id = ? ORDER BY id", int64(enterprise))
}

// Sources lists every source by its id.
func (s *Store) Sources(ctx context.Context) ([]Source, error) {
	return s.sources(ctx, "true ORDER BY id")
}

func (s *Store) sources(ctx context.Context, where string, args ...any) ([]Source, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT "+sourceColumns+" FROM source WHERE "+where, args...)
	if err != nil {
		return nil, fmt.Errorf("reading sources: %w", err)
	}
	defer rows.Close()
	var all []Source
	for rows.Next() {
		var r Source
		var enterprise int64
		var definition []byte
		if err := rows.Scan(&r.ID, &enterprise, &r.Kind, &r.Status, &r.Reason, &r.Detail, &r.Attempt, &r.Cursor, &definition,
			&r.NextAt, &r.Delivered, &r.Records, &r.Refused); err != nil {
			return nil, fmt.Errorf("reading sources: %w", err)
		}
		r.Enterprise = uint64(enterprise)
		copy(r.Definition[:], definition)
		all = append(all, r)
	}
	return all, rows.Err()
}

// Item is a page or file that was fetched.
type Item struct {
	Number uint64 // given by Receive, never used twice
	Name   string
	Body   []byte
	Digest Hash // of Body
}

// Taken is a file of a folder as it was when it was fetched.
type Taken struct {
	Name     string
	Size     int64
	Modified int64 // Unix nanoseconds
	Digest   Hash
}

// Receive keeps a fetched item until it is delivered, moves the source's cursor
// behind it and remembers the file it was, in one step. A file whose content
// was fetched before is remembered and not kept again: the number is then 0.
func (s *Store) Receive(ctx context.Context, source string, item Item, cursor string, file *Taken) (number uint64, err error) {
	err = s.sealing(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE source SET cursor = ? WHERE id = ?", cursor, source); err != nil {
			return err
		}
		if file != nil {
			var same int
			if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM taken WHERE source = ? AND digest = ?", source, file.Digest[:]).Scan(&same); err != nil {
				return err
			}
			if err := putTaken(ctx, tx, source, *file); err != nil || same > 0 {
				return err
			}
		}
		r, err := tx.ExecContext(ctx, "INSERT INTO inbox (source, box) VALUES (?, ?)", source, []byte{})
		if err != nil {
			return err
		}
		n, err := r.LastInsertId()
		if err != nil {
			return err
		}
		number = uint64(n)
		item.Number = number
		box, err := s.box("inbox", inboxLabel(source, number), item)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE inbox SET box = ? WHERE number = ?", box, n)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("keeping an item of source %s: %w", source, err)
	}
	return number, nil
}

func inboxLabel(source string, number uint64) string {
	return source + "/" + strconv.FormatUint(number, 10)
}

func putTaken(ctx context.Context, tx *sql.Tx, source string, f Taken) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO taken (source, name, size, modified, digest) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET size = excluded.size, modified = excluded.modified, digest = excluded.digest`,
		source, f.Name, f.Size, f.Modified, f.Digest[:])
	return err
}

// Inbox lists the oldest items of a source that are not delivered, in the order
// in which they came: at most items of them, and none after bytes of content.
func (s *Store) Inbox(ctx context.Context, source string, items, bytes int) ([]Item, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT number, box FROM inbox WHERE source = ? ORDER BY number LIMIT ?", source, items)
	if err != nil {
		return nil, fmt.Errorf("reading the inbox of source %s: %w", source, err)
	}
	defer rows.Close()
	var all []Item
	for size := 0; size < bytes && rows.Next(); {
		var number int64
		var box []byte
		if err := rows.Scan(&number, &box); err != nil {
			return nil, fmt.Errorf("reading the inbox of source %s: %w", source, err)
		}
		var item Item
		if err := s.unbox("inbox", inboxLabel(source, uint64(number)), box, &item); err != nil {
			return nil, err
		}
		size += len(item.Body)
		all = append(all, item)
	}
	return all, rows.Err()
}

// Clear removes the delivered items of a source up to a number, and writes how
// much it has delivered.
func (s *Store) Clear(ctx context.Context, r Source, through uint64) error {
	err := s.transact(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM inbox WHERE source = ? AND number <= ?", r.ID, int64(through)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE source SET records = ?, refused = ? WHERE id = ?", r.Records, r.Refused, r.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("clearing items of source %s: %w", r.ID, err)
	}
	return nil
}

// TakenFiles lists the files that were taken from a source, by name.
func (s *Store) TakenFiles(ctx context.Context, source string) (map[string]Taken, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT name, size, modified, digest FROM taken WHERE source = ?", source)
	if err != nil {
		return nil, fmt.Errorf("reading the files of source %s: %w", source, err)
	}
	defer rows.Close()
	all := map[string]Taken{}
	for rows.Next() {
		var f Taken
		var digest []byte
		if err := rows.Scan(&f.Name, &f.Size, &f.Modified, &digest); err != nil {
			return nil, fmt.Errorf("reading the files of source %s: %w", source, err)
		}
		copy(f.Digest[:], digest)
		all[f.Name] = f
	}
	return all, rows.Err()
}
