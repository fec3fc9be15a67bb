package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// Hash is a SHA-256, a keyed one, or the id of a batch.
type Hash = [32]byte

// DeliveryKey names a delivery: one set of documents that a custodian takes
// into an enterprise's profile once, however often it is handed in.
type DeliveryKey struct {
	Custodian, Enterprise uint64
	Key                   string
}

func (k DeliveryKey) label() string {
	return fmt.Sprintf("%d/%d/%s", k.Custodian, k.Enterprise, k.Key)
}

// Claim is a record that a delivery brings: what it is, what it says, and where
// it was seen. Batch is zero for a record that the profile has already.
type Claim struct {
	Tag, Content Hash
	Batch        Hash
	Position     uint64 // in its batch
	Source       Hash   // keyed hash of the source's name
	Seen         Seen
}

// Seen is where a record was read.
type Seen struct {
	Source string
	File   string
	Row    int
}

// Known is a record of the index.
type Known struct {
	Tag, Content Hash
	Batch        Hash
	Position     uint64
	At           int64
}

// PlanDelivery writes in one step what a delivery will anchor and which records
// it brings. It comes before the chain hears of them.
func (s *Store) PlanDelivery(ctx context.Context, k DeliveryKey, plan any, batches []Hash, claims []Claim) error {
	err := s.sealing(ctx, func(tx *sql.Tx) error {
		if err := s.putDelivery(ctx, tx, k, "planned", plan); err != nil {
			return err
		}
		return s.index(ctx, tx, k, batches, claims)
	})
	if err != nil {
		return fmt.Errorf("planning a delivery: %w", err)
	}
	return nil
}

// FinishDelivery writes what became of a planned delivery.
func (s *Store) FinishDelivery(ctx context.Context, k DeliveryKey, result any) error {
	err := s.sealing(ctx, func(tx *sql.Tx) error { return s.putDelivery(ctx, tx, k, "done", result) })
	if err != nil {
		return fmt.Errorf("finishing a delivery: %w", err)
	}
	return nil
}

// IndexBatch adds a batch that was anchored without a delivery.
func (s *Store) IndexBatch(ctx context.Context, k DeliveryKey, batch Hash, claims []Claim) error {
	err := s.sealing(ctx, func(tx *sql.Tx) error { return s.index(ctx, tx, k, []Hash{batch}, claims) })
	if err != nil {
		return fmt.Errorf("indexing a batch: %w", err)
	}
	return nil
}

// DropDelivery forgets a planned delivery and all that it brought.
func (s *Store) DropDelivery(ctx context.Context, k DeliveryKey) error {
	err := s.transact(ctx, func(tx *sql.Tx) error {
		for _, q := range []string{
			"DELETE FROM sighting WHERE custodian_org_id = ? AND enterprise_id = ? AND delivery = ?",
			"DELETE FROM identity WHERE custodian_org_id = ? AND enterprise_id = ? AND delivery = ?",
			"DELETE FROM delivered_batch WHERE custodian_org_id = ? AND enterprise_id = ? AND delivery = ?",
			"DELETE FROM delivery WHERE custodian_org_id = ? AND enterprise_id = ? AND key = ? AND stage = 'planned'",
		} {
			if _, err := tx.ExecContext(ctx, q, int64(k.Custodian), int64(k.Enterprise), k.Key); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("dropping a delivery: %w", err)
	}
	return nil
}

func (s *Store) putDelivery(ctx context.Context, tx *sql.Tx, k DeliveryKey, stage string, value any) error {
	box, err := s.box("delivery", k.label(), value)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO delivery (custodian_org_id, enterprise_id, key, stage, box, at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET stage = excluded.stage, box = excluded.box, at = excluded.at`,
		int64(k.Custodian), int64(k.Enterprise), k.Key, stage, box, s.now().Unix())
	return err
}

func (s *Store) index(ctx context.Context, tx *sql.Tx, k DeliveryKey, batches []Hash, claims []Claim) error {
	for _, b := range batches {
		if _, err := tx.ExecContext(ctx, "INSERT INTO delivered_batch (custodian_org_id, batch_id, enterprise_id, delivery) VALUES (?, ?, ?, ?)",
			int64(k.Custodian), b[:], int64(k.Enterprise), k.Key); err != nil {
			return err
		}
	}
	identity, err := tx.PrepareContext(ctx, `INSERT INTO identity (custodian_org_id, enterprise_id, tag, content, batch_id, position, delivery, at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
	if err != nil {
		return err
	}
	defer identity.Close()
	sighting, err := tx.PrepareContext(ctx, `INSERT INTO sighting (custodian_org_id, enterprise_id, tag, content, source, delivery, box)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
	if err != nil {
		return err
	}
	defer sighting.Close()
	for _, c := range claims {
		if c.Batch != (Hash{}) {
			if _, err := identity.ExecContext(ctx, int64(k.Custodian), int64(k.Enterprise), c.Tag[:], c.Content[:], c.Batch[:], int64(c.Position), k.Key, s.now().Unix()); err != nil {
				return err
			}
		}
		box, err := s.box("sighting", sightingLabel(k, c), c.Seen)
		if err != nil {
			return err
		}
		if _, err := sighting.ExecContext(ctx, int64(k.Custodian), int64(k.Enterprise), c.Tag[:], c.Content[:], c.Source[:], k.Key, box); err != nil {
			return err
		}
	}
	return nil
}

func sightingLabel(k DeliveryKey, c Claim) string {
	return fmt.Sprintf("%d/%d/%s", k.Custodian, k.Enterprise, hex.EncodeToString(append(append(c.Tag[:], c.Content[:]...), c.Source[:]...)))
}

// sealing is a transaction that seals what it writes.
func (s *Store) sealing(ctx context.Context, do func(*sql.Tx) error) error {
	s.saving.RLock()
	defer s.saving.RUnlock()
	return s.transact(ctx, do)
}

// box seals a value for its place.
func (s *Store) box(kind, id string, value any) ([]byte, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encoding a %s: %w", kind, err)
	}
	return s.seal.Seal(label(kind, id), plain), nil
}

func (s *Store) unbox(kind, id string, box []byte, into any) error {
	plain, err := s.seal.Open(label(kind, id), box)
	if err != nil {
		return fmt.Errorf("reading a %s: %w", kind, err)
	}
	if err := json.Unmarshal(plain, into); err != nil {
		return fmt.Errorf("decoding a %s: %w", kind, err)
	}
	return nil
}

// Delivery opens a delivery into into and tells whether it is done; a planned
// one holds its plan, a finished one its result. ErrNotFound if there is none.
func (s *Store) Delivery(ctx context.Context, k DeliveryKey, into any) (done bool, err error) {
	var stage string
	var box []byte
	err = s.db.QueryRowContext(ctx, "SELECT stage, box FROM delivery WHERE custodian_org_id = ? AND enterprise_id = ? AND key = ?",
		int64(k.Custodian), int64(k.Enterprise), k.Key).Scan(&stage, &box)
	if errors.Is(err, sql.ErrNoRows) {
		return false, ErrNotFound
	}
	if err != nil {
		return false, fmt.Errorf("reading a delivery: %w", err)
	}
	return stage == "done", s.unbox("delivery", k.label(), box, into)
}

// Planned lists a custodian's deliveries that are not done.
func (s *Store) Planned(ctx context.Context, custodian uint64) ([]DeliveryKey, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT enterprise_id, key FROM delivery WHERE custodian_org_id = ? AND stage = 'planned' ORDER BY at, key", int64(custodian))
	if err != nil {
		return nil, fmt.Errorf("reading planned deliveries: %w", err)
	}
	defer rows.Close()
	var all []DeliveryKey
	for rows.Next() {
		k := DeliveryKey{Custodian: custodian}
		var enterprise int64
		if err := rows.Scan(&enterprise, &k.Key); err != nil {
			return nil, fmt.Errorf("reading planned deliveries: %w", err)
		}
		k.Enterprise = uint64(enterprise)
		all = append(all, k)
	}
	return all, rows.Err()
}

// Delivered tells whether a delivery accounts for a batch.
func (s *Store) Delivered(ctx context.Context, custodian uint64, batch Hash) (bool, error) {
	var n int
	err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM delivered_batch WHERE custodian_org_id = ? AND batch_id = ?", int64(custodian), batch[:]).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("looking up a batch: %w", err)
	}
	return n > 0, nil
}

// Known lists what the index has of a tag, in the order of writing.
func (s *Store) Known(ctx context.Context, custodian, enterprise uint64, tag Hash) ([]Known, error) {
	return s.known(ctx, "tag = ?3", int64(custodian), int64(enterprise), tag[:])
}

// Conflicts lists the records of an enterprise that say different things of one
// document, the earliest of each first, at most limit.
func (s *Store) Conflicts(ctx context.Context, custodian, enterprise uint64, limit int) ([]Known, error) {
	return s.known(ctx, `tag IN (SELECT tag FROM identity WHERE custodian_org_id = ?1 AND enterprise_id = ?2
		GROUP BY tag HAVING count(*) > 1 LIMIT ?3)`, int64(custodian), int64(enterprise), limit)
}

func (s *Store) known(ctx context.Context, where string, args ...any) ([]Known, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT tag, content, batch_id, position, at FROM identity WHERE custodian_org_id = ?1 AND enterprise_id = ?2 AND "+
		where+" ORDER BY tag, rowid", args...)
	if err != nil {
		return nil, fmt.Errorf("reading the index of records: %w", err)
	}
	defer rows.Close()
	var all []Known
	for rows.Next() {
		var k Known
		var tag, content, batch []byte
		var position int64
		if err := rows.Scan(&tag, &content, &batch, &position, &k.At); err != nil {
			return nil, fmt.Errorf("reading the index of records: %w", err)
		}
		copy(k.Tag[:], tag)
		copy(k.Content[:], content)
		copy(k.Batch[:], batch)
		k.Position = uint64(position)
		all = append(all, k)
	}
	return all, rows.Err()
}

// Sightings lists where a record was seen, one for each source.
func (s *Store) Sightings(ctx context.Context, custodian, enterprise uint64, tag, content Hash) ([]Seen, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT source, box FROM sighting WHERE custodian_org_id = ? AND enterprise_id = ? AND tag = ? AND content = ? ORDER BY rowid",
		int64(custodian), int64(enterprise), tag[:], content[:])
	if err != nil {
		return nil, fmt.Errorf("reading sightings: %w", err)
	}
	defer rows.Close()
	var all []Seen
	for rows.Next() {
		var source, box []byte
		if err := rows.Scan(&source, &box); err != nil {
			return nil, fmt.Errorf("reading sightings: %w", err)
		}
		c := Claim{Tag: tag, Content: content, Source: Hash(source)}
		var seen Seen
		if err := s.unbox("sighting", sightingLabel(DeliveryKey{Custodian: custodian, Enterprise: enterprise}, c), box, &seen); err != nil {
			return nil, err
		}
		all = append(all, seen)
	}
	return all, rows.Err()
}

// Overlap counts an enterprise's records that more than one source gave, and
// the documents of which sources say different things.
func (s *Store) Overlap(ctx context.Context, custodian, enterprise uint64) (twice, conflicts int, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT
		(SELECT count(*) FROM (SELECT 1 FROM sighting WHERE custodian_org_id = ?1 AND enterprise_id = ?2 GROUP BY tag, content HAVING count(*) > 1)),
		(SELECT count(*) FROM (SELECT 1 FROM identity WHERE custodian_org_id = ?1 AND enterprise_id = ?2 GROUP BY tag HAVING count(*) > 1))`,
		int64(custodian), int64(enterprise)).Scan(&twice, &conflicts)
	if err != nil {
		return 0, 0, fmt.Errorf("counting records of several sources: %w", err)
	}
	return twice, conflicts, nil
}
