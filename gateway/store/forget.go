package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Forget destroys what the intake of a custodian remembers of an enterprise: the
// index of its records, where each was seen, deliveries, its scheduled sources with
// what they fetched, and what the pages keep under the enterprise's number. The
// chain's ids of batches stay with the chain. Freed pages are overwritten. It may
// be repeated.
func (s *Store) Forget(ctx context.Context, custodian, enterprise uint64) error {
	err := s.transact(ctx, func(tx *sql.Tx) error {
		for _, table := range []string{"sighting", "identity", "delivered_batch", "delivery"} {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE custodian_org_id = ? AND enterprise_id = ?", int64(custodian), int64(enterprise)); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM source WHERE enterprise_id = ?", int64(enterprise)); err != nil {
			return err
		}
		// Uploads are kept under NUMBER/KEY: what a page says of one may quote a cell.
		_, err := tx.ExecContext(ctx, "DELETE FROM private WHERE kind = 'upload' AND id GLOB ?", fmt.Sprintf("%d/*", enterprise))
		return err
	})
	if err != nil {
		return fmt.Errorf("forgetting enterprise %d: %w", enterprise, err)
	}
	// The write-ahead log still has the former pages until it is started anew.
	if _, err := s.db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		return fmt.Errorf("clearing the database's log: %w", err)
	}
	return nil
}

// Held counts the rows of an enterprise in the intake's tables, by table.
func (s *Store) Held(ctx context.Context, enterprise uint64) (map[string]int, error) {
	held := map[string]int{}
	for _, table := range []string{"sighting", "identity", "delivered_batch", "delivery", "source"} {
		var n int
		if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM "+table+" WHERE enterprise_id = ?", int64(enterprise)).Scan(&n); err != nil {
			return nil, fmt.Errorf("counting rows of enterprise %d: %w", enterprise, err)
		}
		held[table] = n
	}
	return held, nil
}
