package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
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
	for _, t := range sealedTables {
		for last := []any(nil); ; {
			n, next, err := s.resealAfter(ctx, t, last)
			if err != nil {
				return fmt.Errorf("sealing %s anew: %w", t.name, err)
			}
			if n < rotateRows {
				break
			}
			last = next
		}
	}
	return s.seal.end()
}

// sealedTable is a table whose rows have a sealed column box.
type sealedTable struct {
	name  string
	keys  []string // columns that tell the rows apart
	label func(key []any) string
}

// sealedTables are all of them: the rows of one that is left out are lost with the
// former key.
var sealedTables = []sealedTable{
	{"private", []string{"kind", "id"}, func(key []any) string { return label(key[0].(string), key[1].(string)) }},
	{"delivery", []string{"custodian_org_id", "enterprise_id", "key"}, func(key []any) string {
		k := DeliveryKey{Custodian: uint64(key[0].(int64)), Enterprise: uint64(key[1].(int64)), Key: key[2].(string)}
		return label("delivery", k.label())
	}},
	{"sighting", []string{"custodian_org_id", "enterprise_id", "tag", "content", "source"}, func(key []any) string {
		var c Claim
		for i, into := range []*Hash{&c.Tag, &c.Content, &c.Source} {
			copy(into[:], key[2+i].([]byte))
		}
		return label("sighting", sightingLabel(DeliveryKey{Custodian: uint64(key[0].(int64)), Enterprise: uint64(key[1].(int64))}, c))
	}},
	{"inbox", []string{"number", "source"}, func(key []any) string { return label("inbox", inboxLabel(key[1].(string), uint64(key[0].(int64)))) }},
}

type sealedRow struct {
	key []any
	box []byte
}

// next reads the rows after a key, from the first where there is none.
func (t sealedTable) next(ctx context.Context, db *sql.DB, last []any) ([]sealedRow, error) {
	columns, after := strings.Join(t.keys, ", "), ""
	if last != nil {
		after = fmt.Sprintf("WHERE (%s) > (%s)", columns, strings.TrimPrefix(strings.Repeat(", ?", len(t.keys)), ", "))
	}
	rows, err := db.QueryContext(ctx, fmt.Sprintf("SELECT %s, box FROM %s %s ORDER BY %s LIMIT %d", columns, t.name, after, columns, rotateRows), last...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []sealedRow
	for rows.Next() {
		r := sealedRow{key: make([]any, len(t.keys))}
		into := make([]any, 0, len(t.keys)+1)
		for i := range r.key {
			into = append(into, &r.key[i])
		}
		if err := rows.Scan(append(into, &r.box)...); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// resealAfter seals the next rows of a table anew and says how many there were and
// which was the last. A row that is saved meanwhile is under the new key already
// and is left alone.
func (s *Store) resealAfter(ctx context.Context, t sealedTable, last []any) (int, []any, error) {
	list, err := t.next(ctx, s.db, last)
	if err != nil {
		return 0, nil, err
	}
	update := fmt.Sprintf("UPDATE %s SET box = ? WHERE %s = ? AND box = ?", t.name, strings.Join(t.keys, " = ? AND "))
	for _, r := range list {
		last = r.key
		plain, current, err := s.seal.open(t.label(r.key), r.box)
		if err != nil {
			return 0, nil, err
		}
		if current {
			continue
		}
		args := append([]any{s.seal.Seal(t.label(r.key), plain)}, r.key...)
		if _, err := s.db.ExecContext(ctx, update, append(args, r.box)...); err != nil {
			return 0, nil, err
		}
	}
	return len(list), last, nil
}
