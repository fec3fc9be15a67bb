package scale_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// postgresClients are the connections at once.
const postgresClients = 8

// postgres runs the same double entry in PostgreSQL on this machine: repayments
// one by one through pgbench, and a day's instalments as one statement. It is a
// server of our own in a folder of its own, on a socket in it, with fsync on.
func (r *report) postgres(t *testing.T, loans int) {
	bin := postgresPrograms()
	if bin == "" {
		r.line("PostgreSQL is not installed: no comparison.\n")
		return
	}
	p := startPostgres(t, bin)
	p.sql(t, fmt.Sprintf(postgresSchema, (loans+loansPerFirm-1)/loansPerFirm, loans, loansPerFirm))
	began := time.Now()
	p.sql(t, postgresRepayDay)
	day := time.Since(began)
	perSecond := p.bench(t, loans)
	r.line("| PostgreSQL, fsync on | |")
	r.line("|---|---|")
	r.line("| repayments with double entry, %d connections | %.0f tx/s; ours, signed and decided, are %.2f of it |", postgresClients, perSecond, r.lifeSeconds/perSecond)
	r.line("| one day's instalments, one statement | %.0f instalments/s |", float64(loans)/day.Seconds())
	r.line("")
}

// postgresSchema has firms, loans, a pool, and a journal with two sides.
const postgresSchema = `
CREATE TABLE account (id bigint PRIMARY KEY, balance_fen bigint NOT NULL CHECK (balance_fen >= 0));
CREATE TABLE loan (id bigint PRIMARY KEY, account_id bigint NOT NULL REFERENCES account, outstanding_fen bigint NOT NULL CHECK (outstanding_fen >= 0), due_fen bigint NOT NULL);
CREATE TABLE journal (id bigserial PRIMARY KEY, loan_id bigint NOT NULL, account_id bigint NOT NULL, amount_fen bigint NOT NULL, at timestamptz NOT NULL DEFAULT now());
INSERT INTO account SELECT i, 1000000000000 FROM generate_series(0, %d) i;
INSERT INTO loan SELECT i, (i - 1) / %[3]d + 1, 100000, 33000 FROM generate_series(1, %[2]d) i;
ANALYZE; CHECKPOINT;`

// postgresRepayDay collects what every loan owes, account 0 being the pool.
const postgresRepayDay = `BEGIN;
UPDATE loan SET outstanding_fen = outstanding_fen - due_fen;
UPDATE account a SET balance_fen = balance_fen - s.fen FROM (SELECT account_id, sum(due_fen) AS fen FROM loan GROUP BY account_id) s WHERE a.id = s.account_id;
INSERT INTO journal (loan_id, account_id, amount_fen) SELECT id, account_id, -due_fen FROM loan;
INSERT INTO journal (loan_id, account_id, amount_fen) SELECT id, 0, due_fen FROM loan;
UPDATE account SET balance_fen = balance_fen + (SELECT sum(due_fen) FROM loan) WHERE id = 0;
COMMIT;`

// postgresRepay repays one loan. The pool's account is the sum of its journal, as
// one row for all would make every client wait for every other.
const postgresRepay = `\set loan random(1, :loans)
BEGIN;
UPDATE loan SET outstanding_fen = outstanding_fen - 1 WHERE id = :loan RETURNING account_id AS payer \gset
UPDATE account SET balance_fen = balance_fen - 1 WHERE id = :payer;
INSERT INTO journal (loan_id, account_id, amount_fen) VALUES (:loan, :payer, -1), (:loan, 0, 1);
COMMIT;
`

type postgres struct{ bin, dir string }

// postgresPrograms is the folder of the newest server that Debian has installed.
func postgresPrograms() string {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		return ""
	}
	return filepath.Dir(slices.Max(found))
}

// startPostgres starts a server that ends, by its process, with the test. The
// server refuses to run as root; then it runs as Debian's user for it.
func startPostgres(t *testing.T, bin string) postgres {
	t.Helper()
	dir, err := os.MkdirTemp("", "pg") //nolint:usetesting // short: a socket's path has a hundred bytes at most
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := postgres{bin, dir}
	if os.Getuid() == 0 {
		uid, gid := postgresUser(t)
		if err := os.Chown(dir, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	p.run(t, nil, "initdb", "-D", dir+"/data", "-A", "trust", "-U", "bench", "--no-sync")
	server := p.command(t, "postgres", "-D", dir+"/data", "-k", dir, "-c", "listen_addresses=", "-c", "fsync=on",
		"-c", "shared_buffers=1GB", "-c", "max_wal_size=8GB")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGINT) // a fast stop
		_ = server.Wait()
	})
	for began := time.Now(); ; {
		if p.command(t, "pg_isready", "-h", dir, "-U", "bench", "-d", "postgres").Run() == nil {
			return p
		}
		if time.Since(began) > time.Minute {
			t.Fatal("PostgreSQL does not answer after a minute")
		}
		<-time.After(100 * time.Millisecond)
	}
}

func postgresUser(t *testing.T) (uid, gid int) {
	t.Helper()
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Fatalf("PostgreSQL does not run as root, and Debian's user for it is missing: %v", err)
	}
	if uid, err = strconv.Atoi(u.Uid); err == nil {
		gid, err = strconv.Atoi(u.Gid)
	}
	if err != nil {
		t.Fatal(err)
	}
	return uid, gid
}

func (p postgres) command(t *testing.T, program string, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command(filepath.Join(p.bin, program), args...)
	c.Dir = p.dir
	if os.Getuid() == 0 {
		uid, gid := postgresUser(t)
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	return c
}

func (p postgres) run(t *testing.T, stdin []byte, program string, args ...string) string {
	t.Helper()
	c := p.command(t, program, args...)
	c.Stdin = bytes.NewReader(stdin)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
	return string(out)
}

func (p postgres) sql(t *testing.T, text string) {
	t.Helper()
	p.run(t, []byte(text), "psql", "-h", p.dir, "-U", "bench", "-d", "postgres", "-q", "-v", "ON_ERROR_STOP=1")
}

var postgresRate = regexp.MustCompile(`(?m)^tps = ([0-9.]+) `)

// bench repays loans for ten seconds and says how many a second.
func (p postgres) bench(t *testing.T, loans int) float64 {
	t.Helper()
	script := filepath.Join(p.dir, "repay.sql")
	if err := os.WriteFile(script, []byte(postgresRepay), 0o644); err != nil {
		t.Fatal(err)
	}
	out := p.run(t, nil, "pgbench", "-h", p.dir, "-U", "bench", "-n", "-f", script, "-D", fmt.Sprint("loans=", loans),
		"-c", fmt.Sprint(postgresClients), "-j", "1", "-T", "10", "-M", "prepared", "postgres")
	m := postgresRate.FindStringSubmatch(out)
	if m == nil {
		t.Fatalf("pgbench told no rate:\n%s", out)
	}
	rate, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return rate
}
