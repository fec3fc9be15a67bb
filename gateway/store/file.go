package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// File is an enterprise's way from its documents to a score for one lender. The
// words of Stage and Reason belong to the package that does the work.
type File struct {
	ID         int64
	Enterprise uint64
	Lender     uint64
	Stage      string
	Reason     string // why it ended without a score
	ScoreID    []byte
	UpdatedAt  int64
}

const fileColumns = "id, enterprise_id, lender_org_id, stage, reason, score_id, updated_at"

// NewFile begins a file at a stage.
func (s *Store) NewFile(ctx context.Context, enterprise, lender uint64, stage string) (File, error) {
	now := s.now().Unix()
	r, err := s.db.ExecContext(ctx, "INSERT INTO file (enterprise_id, lender_org_id, stage, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
		int64(enterprise), int64(lender), stage, now, now)
	if err != nil {
		return File{}, fmt.Errorf("beginning a file: %w", err)
	}
	id, err := r.LastInsertId()
	if err != nil {
		return File{}, fmt.Errorf("beginning a file: %w", err)
	}
	return File{ID: id, Enterprise: enterprise, Lender: lender, Stage: stage, UpdatedAt: now}, nil
}

// MoveFile writes a file's stage, reason and score, if it still stands at from.
// A file that was moved meanwhile is ErrNotFound.
func (s *Store) MoveFile(ctx context.Context, from string, f File) error {
	r, err := s.db.ExecContext(ctx, "UPDATE file SET stage = ?, reason = ?, score_id = ?, updated_at = ? WHERE id = ? AND stage = ?",
		f.Stage, f.Reason, f.ScoreID, s.now().Unix(), f.ID, from)
	if err != nil {
		return fmt.Errorf("moving file %d: %w", f.ID, err)
	}
	if n, err := r.RowsAffected(); err != nil || n != 1 {
		return errors.Join(ErrNotFound, err)
	}
	return nil
}

// Files lists the files at any of the stages, oldest first.
func (s *Store) Files(ctx context.Context, stages ...string) ([]File, error) {
	var all []File
	for _, stage := range stages {
		more, err := s.files(ctx, "stage = ? ORDER BY id LIMIT 1000", stage)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}

// FilesOf lists an enterprise's files, newest first.
func (s *Store) FilesOf(ctx context.Context, enterprise uint64) ([]File, error) {
	return s.files(ctx, "enterprise_id = ? ORDER BY id DESC LIMIT 100", int64(enterprise))
}

func (s *Store) files(ctx context.Context, where string, args ...any) ([]File, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT "+fileColumns+" FROM file WHERE "+where, args...)
	if err != nil {
		return nil, fmt.Errorf("reading files: %w", err)
	}
	defer rows.Close()
	var all []File
	for rows.Next() {
		f, err := scanFile(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, rows.Err()
}

func scanFile(rows *sql.Rows) (File, error) {
	var f File
	var enterprise, lender int64
	if err := rows.Scan(&f.ID, &enterprise, &lender, &f.Stage, &f.Reason, &f.ScoreID, &f.UpdatedAt); err != nil {
		return f, fmt.Errorf("reading a file: %w", err)
	}
	f.Enterprise, f.Lender = uint64(enterprise), uint64(lender)
	return f, nil
}
