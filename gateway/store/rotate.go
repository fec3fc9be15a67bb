package store

import (
	"context"
	"fmt"
)

// rotateRows is how many boxes a rotation reads at a time.
const rotateRows = 200

// RotateSealingKey makes a new sealing key, seals every box anew and destroys the
// former key. Loads and saves go on meanwhile. One that was interrupted is
// finished by the next call, and by Open.
func (s *Store) RotateSealingKey(ctx context.Context) error {
	s.rotating.Lock()
	defer s.rotating.Unlock()
	s.saving.Lock()
	err := s.seal.begin()
	s.saving.Unlock()
	if err != nil {
		return fmt.Errorf("rotating the sealing key: %w", err)
	}
	return s.finishRotation(ctx)
}

func (s *Store) finishRotation(ctx context.Context) error {
	var kind, id string // of the last row seen
	for {
		n, err := s.resealAfter(ctx, &kind, &id)
		if err != nil {
			return fmt.Errorf("sealing anew after %s: %w", kind, err)
		}
		if n < rotateRows {
			break
		}
	}
	return s.seal.end()
}

type privateRow struct {
	kind, id string
	box      []byte
}

// resealAfter seals the next rows anew and says how many there were. A row that
// is saved meanwhile is under the new key already and is left alone.
func (s *Store) resealAfter(ctx context.Context, kind, id *string) (int, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT kind, id, box FROM private WHERE (kind, id) > (?, ?) ORDER BY kind, id LIMIT ?", *kind, *id, rotateRows)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var list []privateRow
	for rows.Next() {
		var r privateRow
		if err := rows.Scan(&r.kind, &r.id, &r.box); err != nil {
			return 0, err
		}
		list = append(list, r)
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	for _, r := range list {
		plain, current, err := s.seal.open(label(r.kind, r.id), r.box)
		if err != nil {
			return 0, fmt.Errorf("row of kind %s: %w", r.kind, err)
		}
		if current {
			continue
		}
		_, err = s.db.ExecContext(ctx, "UPDATE private SET box = ? WHERE kind = ? AND id = ? AND box = ?",
			s.seal.Seal(label(r.kind, r.id), plain), r.kind, r.id, r.box)
		if err != nil {
			return 0, err
		}
	}
	if len(list) > 0 {
		*kind, *id = list[len(list)-1].kind, list[len(list)-1].id
	}
	return len(list), nil
}
