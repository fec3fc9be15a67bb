package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
)

// Save seals a value under a kind and an id and keeps it, replacing an earlier
// one. The value is stored as JSON inside the box.
func (s *Store) Save(ctx context.Context, kind, id string, value any) error {
	plain, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encoding a %s: %w", kind, err)
	}
	s.saving.RLock()
	defer s.saving.RUnlock()
	_, err = s.db.ExecContext(ctx, `INSERT INTO private (kind, id, box, at) VALUES (?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET box = excluded.box, at = excluded.at`, kind, id, s.seal.Seal(label(kind, id), plain), s.now().Unix())
	if err != nil {
		return fmt.Errorf("keeping a %s: %w", kind, err)
	}
	return nil
}

// Load opens the value of a kind and an id into into, or returns ErrNotFound.
func (s *Store) Load(ctx context.Context, kind, id string, into any) error {
	var box []byte
	err := s.db.QueryRowContext(ctx, "SELECT box FROM private WHERE kind = ? AND id = ?", kind, id).Scan(&box)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("reading a %s: %w", kind, err)
	}
	return s.unboxPrivate(kind, id, box, into)
}

// Each visits the values of a kind whose ids begin with prefix, in order of their
// ids; open decodes the value. The visitor must not change values of the kind.
func (s *Store) Each(ctx context.Context, kind, prefix string, visit func(id string, open func(into any) error) error) error {
	rows, err := s.db.QueryContext(ctx, "SELECT id, box FROM private WHERE kind = ? AND substr(id, 1, length(?)) = ? ORDER BY id", kind, prefix, prefix)
	if err != nil {
		return fmt.Errorf("reading values of kind %s: %w", kind, err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var box []byte
		if err := rows.Scan(&id, &box); err != nil {
			return fmt.Errorf("reading values of kind %s: %w", kind, err)
		}
		if err := visit(id, func(into any) error { return s.unboxPrivate(kind, id, box, into) }); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s *Store) unboxPrivate(kind, id string, box []byte, into any) error {
	plain, err := s.seal.Open(label(kind, id), box)
	if err != nil {
		return fmt.Errorf("reading a %s: %w", kind, err)
	}
	if err := json.Unmarshal(plain, into); err != nil {
		return fmt.Errorf("decoding a %s: %w", kind, err)
	}
	return nil
}

// Remove deletes a value; one that is not there is no error.
func (s *Store) Remove(ctx context.Context, kind, id string) error {
	if _, err := s.db.ExecContext(ctx, "DELETE FROM private WHERE kind = ? AND id = ?", kind, id); err != nil {
		return fmt.Errorf("removing a %s: %w", kind, err)
	}
	return nil
}

// label cannot be read in two ways: a kind has no slash.
func label(kind, id string) string { return "xinlian/private/v1/" + kind + "/" + id }
