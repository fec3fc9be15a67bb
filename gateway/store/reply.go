package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const (
	// ReplyLife is how long the answer to a request is remembered.
	ReplyLife = 24 * time.Hour
	// KeyBytesMax bounds the key of a request.
	KeyBytesMax = 64
)

// ErrBusy says that the same request is being worked on.
var ErrBusy = errors.New("store: the same request is being worked on")

// ErrReused says that the key was used for another request.
var ErrReused = errors.New("store: the key was used for another request")

// Reply is the answer to a request that created something: where to look.
type Reply struct {
	Status   int
	Location string
}

// Begin claims a key for a request. For a key that has been answered it returns
// the answer and true. The caller ends its claim with Answer or Abandon. owner
// separates visitors.
func (s *Store) Begin(ctx context.Context, owner []byte, key string, request []byte) (Reply, bool, error) {
	if key == "" || len(key) > KeyBytesMax {
		return Reply{}, false, fmt.Errorf("beginning a request: a key has 1 to %d bytes", KeyBytesMax)
	}
	h := sha256.Sum256(request)
	var found Reply
	answered := false
	err := s.transact(ctx, func(tx *sql.Tx) error {
		var hash []byte
		err := tx.QueryRowContext(ctx, "SELECT request_hash, status, location FROM reply WHERE owner = ? AND key = ? AND expires_at > ?",
			owner, key, s.now().Unix()).Scan(&hash, &found.Status, &found.Location)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO reply (owner, key, request_hash, status, expires_at) VALUES (?, ?, ?, 0, ?)",
				owner, key, h[:], s.now().Add(ReplyLife).Unix())
			return err
		case err != nil:
			return err
		case string(hash) != string(h[:]):
			return ErrReused
		case found.Status == 0:
			return ErrBusy
		}
		answered = true
		return nil
	})
	if err != nil {
		return Reply{}, false, fmt.Errorf("beginning a request: %w", err)
	}
	return found, answered, nil
}

// Answer keeps the answer to a claimed request.
func (s *Store) Answer(ctx context.Context, owner []byte, key string, r Reply) error {
	if _, err := s.db.ExecContext(ctx, "UPDATE reply SET status = ?, location = ? WHERE owner = ? AND key = ?", r.Status, r.Location, owner, key); err != nil {
		return fmt.Errorf("keeping an answer: %w", err)
	}
	return nil
}

// Abandon gives a claim back, so that the request may be sent again.
func (s *Store) Abandon(ctx context.Context, owner []byte, key string) error {
	if _, err := s.db.ExecContext(ctx, "DELETE FROM reply WHERE owner = ? AND key = ? AND status = 0", owner, key); err != nil {
		return fmt.Errorf("giving a request back: %w", err)
	}
	return nil
}
