package store

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func open(t *testing.T) (*Store, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := Open(t.Context(), filepath.Join(dir, "gateway.db"), filepath.Join(dir, "seal.key"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, dir
}

// later moves the store's clock.
func (s *Store) later(d time.Duration) {
	now := s.now()
	s.now = func() time.Time { return now.Add(d) }
}

// TestPrivateFieldsAreSealed proves that personal fields open with the key only,
// at their own place only, and never reach a file in the clear.
func TestPrivateFieldsAreSealed(t *testing.T) {
	t.Parallel()
	s, dir := open(t)
	ctx := t.Context()
	type firm struct{ Name, TaxNumber string }
	in := firm{"样本晴川豆制品商行", "990000001234567890"}
	if err := s.Save(ctx, "firm", "8", in); err != nil {
		t.Fatal(err)
	}
	var out firm
	if err := s.Load(ctx, "firm", "8", &out); err != nil || out != in {
		t.Fatalf("got %v, %v", out, err)
	}
	if err := s.Load(ctx, "firm", "9", &out); !errors.Is(err, ErrNotFound) {
		t.Errorf("another id: got %v", err)
	}
	if _, err := s.db.ExecContext(ctx, "UPDATE private SET id = '9'"); err != nil {
		t.Fatal(err)
	}
	if err := s.Load(ctx, "firm", "9", &out); !errors.Is(err, ErrSealed) {
		t.Errorf("a box moved to another row opens: %v", err)
	}
	if err := s.Save(ctx, "firm", "8", in); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "gateway.db*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{in.Name, in.TaxNumber} {
			if bytes.Contains(b, []byte(secret)) {
				t.Errorf("%s holds %q in the clear", filepath.Base(f), secret)
			}
		}
	}
}

// TestSealerRefuses proves that a box does not open under another key or label,
// bent or cut, and that a key file open to others is refused.
func TestSealerRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, err := OpenSealer(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := OpenSealer(filepath.Join(dir, "b"))
	if err != nil {
		t.Fatal(err)
	}
	box := a.Seal("here", []byte("secret"))
	bent := bytes.Clone(box)
	bent[len(bent)-1] ^= 1
	for name, open := range map[string]func() ([]byte, error){
		"another key":   func() ([]byte, error) { return b.Open("here", box) },
		"another label": func() ([]byte, error) { return a.Open("there", box) },
		"bent":          func() ([]byte, error) { return a.Open("here", bent) },
		"cut":           func() ([]byte, error) { return a.Open("here", box[:11]) },
	} {
		if _, err := open(); !errors.Is(err, ErrSealed) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if plain, err := a.Open("here", box); err != nil || string(plain) != "secret" {
		t.Errorf("got %q, %v", plain, err)
	}
	info, err := os.Stat(filepath.Join(dir, "a"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := os.Chmod(filepath.Join(dir, "a"), 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSealer(filepath.Join(dir, "a")); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key open to others: got %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "c"), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSealer(filepath.Join(dir, "c")); err == nil {
		t.Error("a key of 5 bytes is taken")
	}
}

// TestNonces proves that a nonce is good once, for its use, for its life.
func TestNonces(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	ctx := t.Context()
	nonce := func() []byte {
		n, err := s.Nonce(ctx, "login")
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	n := nonce()
	if err := s.TakeNonce(ctx, "read", n); !errors.Is(err, ErrNotFound) {
		t.Errorf("for another use: got %v", err)
	}
	if err := s.TakeNonce(ctx, "login", n); err != nil {
		t.Errorf("the first time: %v", err)
	}
	if err := s.TakeNonce(ctx, "login", n); !errors.Is(err, ErrNotFound) {
		t.Errorf("the second time: got %v", err)
	}
	n = nonce()
	s.later(NonceLife)
	if err := s.TakeNonce(ctx, "login", n); !errors.Is(err, ErrNotFound) {
		t.Errorf("after its life: got %v", err)
	}
}

// TestSessions proves that a session lives for its time, that its token is not
// in the database, and that what was prepared for it is nobody else's.
func TestSessions(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	ctx := t.Context()
	mine, err := s.NewSession(ctx, Session{Device: "xin1mine", OrgID: 8})
	if err != nil {
		t.Fatal(err)
	}
	other, err := s.NewSession(ctx, Session{Device: "xin1other", OrgID: 9, Hosted: true})
	if err != nil {
		t.Fatal(err)
	}
	if v, err := s.Session(ctx, other); err != nil || v != (Session{Device: "xin1other", OrgID: 9, Hosted: true}) {
		t.Errorf("got %v, %v", v, err)
	}
	var found int
	if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM session WHERE token_hash = ?", []byte(mine)).Scan(&found); err != nil || found != 0 {
		t.Errorf("the token itself is stored: %d, %v", found, err)
	}
	p := Prepared{Kind: "/k", SignBytes: []byte("sign"), Body: []byte("body"), AuthInfo: []byte("auth")}
	if err := s.SavePrepared(ctx, mine, p); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Prepared(ctx, mine, []byte("sign")); err != nil || string(got.Body) != "body" {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := s.Prepared(ctx, other, []byte("sign")); !errors.Is(err, ErrNotFound) {
		t.Errorf("another session's: got %v", err)
	}
	if _, err := s.Prepared(ctx, mine, []byte("bent")); !errors.Is(err, ErrNotFound) {
		t.Errorf("other bytes: got %v", err)
	}
	s.later(PreparedLife)
	if _, err := s.Prepared(ctx, mine, []byte("sign")); !errors.Is(err, ErrNotFound) {
		t.Errorf("after its life: got %v", err)
	}
	if err := s.EndSession(ctx, other); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Session(ctx, other); !errors.Is(err, ErrNotFound) {
		t.Errorf("after its end: got %v", err)
	}
	s.later(SessionLife)
	if _, err := s.Session(ctx, mine); !errors.Is(err, ErrNotFound) {
		t.Errorf("after its life: got %v", err)
	}
	if err := s.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM session").Scan(&found); err != nil || found != 0 {
		t.Errorf("%d sessions are left after sweeping, %v", found, err)
	}
}

// TestReplies proves that a request sent again gets its first answer, that one
// under way is told to wait, and that a key serves one request.
func TestReplies(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	ctx := t.Context()
	owner := TokenHash("token")
	if _, answered, err := s.Begin(ctx, owner, "k", []byte("request")); err != nil || answered {
		t.Fatal(answered, err)
	}
	if _, _, err := s.Begin(ctx, owner, "k", []byte("request")); !errors.Is(err, ErrBusy) {
		t.Errorf("under way: got %v", err)
	}
	if err := s.Abandon(ctx, owner, "k"); err != nil {
		t.Fatal(err)
	}
	if _, answered, err := s.Begin(ctx, owner, "k", []byte("request")); err != nil || answered {
		t.Errorf("given back: got %v, %v", answered, err)
	}
	if err := s.Answer(ctx, owner, "k", Reply{Status: 303, Location: "/there"}); err != nil {
		t.Fatal(err)
	}
	if r, answered, err := s.Begin(ctx, owner, "k", []byte("request")); err != nil || !answered || r.Location != "/there" {
		t.Errorf("again: got %v, %v, %v", r, answered, err)
	}
	if _, _, err := s.Begin(ctx, owner, "k", []byte("another")); !errors.Is(err, ErrReused) {
		t.Errorf("another request: got %v", err)
	}
	if _, answered, err := s.Begin(ctx, TokenHash("other"), "k", []byte("another")); err != nil || answered {
		t.Errorf("another visitor: got %v, %v", answered, err)
	}
	if _, _, err := s.Begin(ctx, owner, strings.Repeat("k", KeyBytesMax+1), nil); err == nil {
		t.Error("a key over its bound is taken")
	}
}

// TestFiles proves that a file moves from the stage where it stands only.
func TestFiles(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	ctx := t.Context()
	f, err := s.NewFile(ctx, 8, 1, "asking")
	if err != nil {
		t.Fatal(err)
	}
	moved := f
	moved.Stage, moved.ScoreID = "granting", []byte("score")
	if err := s.MoveFile(ctx, "asking", moved); err != nil {
		t.Fatal(err)
	}
	if err := s.MoveFile(ctx, "asking", moved); !errors.Is(err, ErrNotFound) {
		t.Errorf("moved from where it no longer stands: got %v", err)
	}
	open, err := s.Files(ctx, "asking", "granting")
	if err != nil || len(open) != 1 || open[0].Stage != "granting" || string(open[0].ScoreID) != "score" {
		t.Errorf("got %v, %v", open, err)
	}
	second, err := s.NewFile(ctx, 8, 2, "asking")
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.FilesOf(ctx, 8)
	if err != nil || len(list) != 2 || list[0].ID != second.ID {
		t.Errorf("newest first: got %v, %v", list, err)
	}
}

// TestSchema proves that an open database opens again, and that one of a newer
// program is refused.
func TestSchema(t *testing.T) {
	t.Parallel()
	s, dir := open(t)
	again, err := Open(t.Context(), filepath.Join(dir, "gateway.db"), filepath.Join(dir, "seal.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.ExecContext(t.Context(), "PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), filepath.Join(dir, "gateway.db"), filepath.Join(dir, "seal.key")); err == nil || !strings.Contains(err.Error(), "newer program") {
		t.Errorf("got %v", err)
	}
}

// TestChecks proves that the database itself refuses rows that make no sense.
func TestChecks(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	for _, q := range []string{
		"INSERT INTO nonce VALUES (x'00', 'login', 1)",
		"INSERT INTO session VALUES (zeroblob(32), '', 8, 0, 1)",
		"INSERT INTO session VALUES (zeroblob(32), 'xin1', 0, 0, 1)",
		"INSERT INTO session VALUES (zeroblob(32), 'xin1', 8, 2, 1)",
		"INSERT INTO prepared VALUES (zeroblob(32), zeroblob(32), '/k', x'', x'', 1)",
		"INSERT INTO private VALUES ('firm', '8', x'00', 1)",
		"INSERT INTO file (enterprise_id, lender_org_id, stage, created_at, updated_at) VALUES (0, 1, 'asking', 1, 1)",
	} {
		if _, err := s.db.ExecContext(t.Context(), q); err == nil {
			t.Errorf("accepted: %s", q)
		}
	}
}
