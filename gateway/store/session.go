package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"time"
)

// Lives of what a visitor holds.
const (
	NonceLife    = 5 * time.Minute
	SessionLife  = 12 * time.Hour
	PreparedLife = 5 * time.Minute
)

// tokenBytes is the size of a nonce and of a session's token.
const tokenBytes = 32

// Nonce makes a nonce for one use, good once and for NonceLife.
func (s *Store) Nonce(ctx context.Context, use string) ([]byte, error) {
	n := make([]byte, tokenBytes)
	if _, err := rand.Read(n); err != nil {
		return nil, fmt.Errorf("drawing a nonce: %w", err)
	}
	h := sha256.Sum256(n)
	_, err := s.db.ExecContext(ctx, "INSERT INTO nonce (hash, use, expires_at) VALUES (?, ?, ?)", h[:], use, s.now().Add(NonceLife).Unix())
	if err != nil {
		return nil, fmt.Errorf("keeping a nonce: %w", err)
	}
	return n, nil
}

// TakeNonce uses a nonce up. One that was never made for that use, was taken
// before or has expired is ErrNotFound.
func (s *Store) TakeNonce(ctx context.Context, use string, nonce []byte) error {
	h := sha256.Sum256(nonce)
	var expires int64
	err := s.db.QueryRowContext(ctx, "DELETE FROM nonce WHERE hash = ? AND use = ? RETURNING expires_at", h[:], use).Scan(&expires)
	if errors.Is(err, sql.ErrNoRows) || err == nil && expires <= s.now().Unix() {
		return ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("taking a nonce: %w", err)
	}
	return nil
}

// Session is a visitor who has proven to hold a device's key.
type Session struct {
	Device string
	OrgID  uint64
	// Hosted marks a session at the desk of an organisation whose passkey is a
	// software key of this gateway: a demonstration.
	Hosted bool
}

// NewSession begins a session and returns its token, which the visitor's cookie
// carries and the database does not.
func (s *Store) NewSession(ctx context.Context, v Session) (string, error) {
	raw := make([]byte, tokenBytes)
	if _, err := rand.Read(raw); err != nil {
		return "", fmt.Errorf("drawing a token: %w", err)
	}
	token := base64.RawURLEncoding.EncodeToString(raw)
	_, err := s.db.ExecContext(ctx, "INSERT INTO session (token_hash, device, org_id, hosted, expires_at) VALUES (?, ?, ?, ?, ?)",
		TokenHash(token), v.Device, int64(v.OrgID), v.Hosted, s.now().Add(SessionLife).Unix())
	if err != nil {
		return "", fmt.Errorf("beginning a session: %w", err)
	}
	return token, nil
}

// Session is the live session of a token, or ErrNotFound.
func (s *Store) Session(ctx context.Context, token string) (Session, error) {
	var v Session
	var org int64
	err := s.db.QueryRowContext(ctx, "SELECT device, org_id, hosted FROM session WHERE token_hash = ? AND expires_at > ?",
		TokenHash(token), s.now().Unix()).Scan(&v.Device, &org, &v.Hosted)
	if errors.Is(err, sql.ErrNoRows) {
		return Session{}, ErrNotFound
	}
	if err != nil {
		return Session{}, fmt.Errorf("reading a session: %w", err)
	}
	v.OrgID = uint64(org)
	return v, nil
}

// EndSession ends a session; one that is over already is no error.
func (s *Store) EndSession(ctx context.Context, token string) error {
	if _, err := s.db.ExecContext(ctx, "DELETE FROM session WHERE token_hash = ?", TokenHash(token)); err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	return nil
}

// TokenHash is what the database knows of a token.
func TokenHash(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}

// Prepared is a transaction that waits for the signature of a session's device.
type Prepared struct {
	Kind      string // type URL of its message
	SignBytes []byte // not stored; its hash names the row
	Body      []byte
	AuthInfo  []byte
}

// SavePrepared keeps a transaction for PreparedLife.
func (s *Store) SavePrepared(ctx context.Context, token string, p Prepared) error {
	h := sha256.Sum256(p.SignBytes)
	_, err := s.db.ExecContext(ctx, `INSERT INTO prepared (token_hash, sign_hash, kind, body, auth_info, expires_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET expires_at = excluded.expires_at`,
		TokenHash(token), h[:], p.Kind, p.Body, p.AuthInfo, s.now().Add(PreparedLife).Unix())
	if err != nil {
		return fmt.Errorf("keeping a prepared transaction: %w", err)
	}
	return nil
}

// Prepared finds the transaction of those sign bytes that was prepared for the
// session, or ErrNotFound. It may be asked for again: the same signature sent
// twice is one transaction.
func (s *Store) Prepared(ctx context.Context, token string, signBytes []byte) (Prepared, error) {
	h := sha256.Sum256(signBytes)
	p := Prepared{SignBytes: signBytes}
	err := s.db.QueryRowContext(ctx, "SELECT kind, body, auth_info FROM prepared WHERE token_hash = ? AND sign_hash = ? AND expires_at > ?",
		TokenHash(token), h[:], s.now().Unix()).Scan(&p.Kind, &p.Body, &p.AuthInfo)
	if errors.Is(err, sql.ErrNoRows) {
		return Prepared{}, ErrNotFound
	}
	if err != nil {
		return Prepared{}, fmt.Errorf("reading a prepared transaction: %w", err)
	}
	return p, nil
}
