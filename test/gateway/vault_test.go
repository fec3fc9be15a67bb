package gateway_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/xinlian/xinlian/gateway/vault"
	"github.com/xinlian/xinlian/internal/sample"
	"github.com/xinlian/xinlian/test/world"
)

// TestVaultCommands proves what an operator's commands do to a gateway that runs
// and to one that is stopped: every key is replaced while an owner's pages and
// reads go on, a scrub finds nothing where nothing is wrong and each kind of damage
// by name, and only the chain tells that everything was put back together.
func TestVaultCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the command and runs node and gateway")
	}
	t.Parallel()
	o := &operator{t: t, binary: binary(t)}
	w := world.StartProcesses(t, o.binary, t.TempDir())
	o.home = filepath.Join(w.Home(), "gateway")
	v := newVisitor(t, w.World)
	v.ready(sample.Make(sample.Options{Seed: 14, Profile: sample.Thin}))

	o.rotate("running")
	if code, r := o.scrub(); code != 0 || !r.Witnessed || r.Batches == 0 || r.Documents == 0 {
		t.Errorf("scrub of a gateway that runs: exit code %d, %+v", code, r)
	}
	end(t, w)
	before := o.copies()
	w.StartGateway()
	v.grantAll()
	v.until("/owner/access", "已放行", time.Minute) // the verifiers read, under keys that were replaced twice
	end(t, w)

	o.rotate("stopped")
	if code, r := o.scrub(); code != 0 || r.Witnessed || r.Receipts == 0 {
		t.Errorf("scrub of a stopped gateway: exit code %d, %+v", code, r)
	}
	node := "--node=" + w.NodeAddress()
	if code, r := o.scrub(node); code != 0 || !r.Witnessed {
		t.Errorf("with a node: exit code %d, %+v", code, r)
	}
	o.damage(before)
	after := o.copies()
	o.put(before)
	if code, r := o.scrub(); code != 0 {
		t.Errorf("both folders put back together, no chain asked: exit code %d, %+v", code, r)
	}
	if code, r := o.scrub(node); code != 1 || !slices.ContainsFunc(r.Findings, func(f vault.Finding) bool {
		return f.Fault == vault.FaultRolledBack && f.Name == "data/log/receipts"
	}) {
		t.Errorf("both folders put back together, chain asked: exit code %d, %+v", code, r)
	}
	o.put(after)
	w.StartGateway()
	if page := v.get("/owner/access"); !strings.Contains(page, "已放行") {
		t.Errorf("after all of it: %s", plain(page))
	}
	if status, _ := v.form("/owner/files", url.Values{"lender": {"2"}}); status != 200 {
		t.Errorf("after all of it, asking another bank: status %d", status)
	}
}

func end(t *testing.T, w *world.Processes) {
	t.Helper()
	if err := w.Gateway.End(syscall.SIGTERM); err != nil {
		t.Fatalf("the gateway ends: %v\n%s", err, w.Gateway.Printed())
	}
}

// operator runs commands on the machine of the gateway.
type operator struct {
	t      *testing.T
	binary string
	home   string
}

func (o *operator) run(args ...string) (code int, out []byte) {
	o.t.Helper()
	cmd := exec.Command(o.binary, append(args, "--home", o.home)...)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if exit.ExitCode() != 1 || len(out) == 0 {
			o.t.Logf("%v: %s", args, exit.Stderr)
		}
		return exit.ExitCode(), out
	}
	if err != nil {
		o.t.Fatal(err)
	}
	return 0, out
}

// rotate replaces every key that lies in the gateway's own folders.
func (o *operator) rotate(when string) {
	o.t.Helper()
	for key, want := range map[string]string{
		"master": "rotated: custodian 5: master key\n", "enterprise": "rotated: custodian 5: key of enterprise 8\n",
		"seal": "rotated: sealing key of the database\n", "shares": "rotated: sealing key of shares (7 files sealed anew)\n",
	} {
		if code, out := o.run("vault", "rotate", "--key", key); code != 0 || string(out) != want {
			o.t.Errorf("%s, rotating %s: exit code %d, %q", when, key, code, out)
		}
	}
	if code, out := o.run("vault", "rotate", "--key", "nothing"); code == 0 {
		o.t.Errorf("%s, rotating an unknown key: %s", when, out)
	}
	if code, out := o.run("vault", "rotate", "--key", "master", "--org", "77"); code == 0 {
		o.t.Errorf("%s, rotating a stranger's key: %s", when, out)
	}
}

func (o *operator) scrub(args ...string) (int, *vault.ScrubReport) {
	o.t.Helper()
	code, out := o.run(append([]string{"vault", "scrub", "--json"}, args...)...)
	reports := map[uint64]*vault.ScrubReport{}
	if err := json.Unmarshal(out, &reports); err != nil || reports[5] == nil {
		o.t.Fatalf("scrub says %q, %v", out, err)
	}
	if want := min(len(reports[5].Findings), 1); code != want {
		o.t.Errorf("exit code %d with findings %+v", code, reports[5].Findings)
	}
	return code, reports[5]
}

func (o *operator) folders() []string {
	return []string{filepath.Join(o.home, "data", "vault-5"), filepath.Join(o.home, "keys", "kms-5")}
}

// copies keeps the vault's two folders as they are.
func (o *operator) copies() []string {
	o.t.Helper()
	var out []string
	for _, from := range o.folders() {
		to := filepath.Join(o.t.TempDir(), "copy")
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			o.t.Fatal(err)
		}
		out = append(out, to)
	}
	return out
}

// put replaces the vault's folders by copies.
func (o *operator) put(copies []string) {
	o.t.Helper()
	for i, to := range o.folders() {
		if err := errors.Join(os.RemoveAll(to), os.CopyFS(to, os.DirFS(copies[i]))); err != nil {
			o.t.Fatal(err)
		}
		// CopyFS widens modes, and a gateway refuses keys that others may read.
		err := filepath.WalkDir(to, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			return os.Chmod(path, 0o600)
		})
		if err != nil {
			o.t.Fatal(err)
		}
	}
}

// damage does each kind of damage to one file, wants it named, and mends it.
func (o *operator) damage(before []string) {
	o.t.Helper()
	data := o.folders()[0]
	segments, err := filepath.Glob(filepath.Join(data, "blobs", "batches", "*", "00000"))
	if err != nil || len(segments) < 2 {
		o.t.Fatalf("%d segments, %v", len(segments), err)
	}
	sealed, err := filepath.Glob(filepath.Join(data, "keys", "*", "*.key"))
	if err != nil || len(sealed) == 0 {
		o.t.Fatalf("%d sealed keys, %v", len(sealed), err)
	}
	inside, err := filepath.Rel(data, sealed[0])
	if err != nil {
		o.t.Fatal(err)
	}
	for _, d := range []struct {
		fault vault.Fault
		path  string
		bend  func(whole []byte) ([]byte, error) // nil bytes: the file goes
	}{
		{vault.FaultAltered, segments[0], func(b []byte) ([]byte, error) { b[len(b)/2] ^= 1; return b, nil }},
		{vault.FaultTruncated, segments[0], func(b []byte) ([]byte, error) { return b[:len(b)-1], nil }},
		{vault.FaultExtended, segments[0], func(b []byte) ([]byte, error) { return append(b, 0), nil }},
		{vault.FaultSwapped, segments[0], func([]byte) ([]byte, error) { return os.ReadFile(segments[1]) }},
		{vault.FaultMissing, segments[0], func([]byte) ([]byte, error) { return nil, nil }},
		{vault.FaultRolledBack, sealed[0], func([]byte) ([]byte, error) { return os.ReadFile(filepath.Join(before[0], inside)) }},
	} {
		whole, err := os.ReadFile(d.path)
		if err != nil {
			o.t.Fatal(err)
		}
		bent, err := d.bend(slices.Clone(whole))
		if err == nil && bent == nil {
			err = os.Remove(d.path)
		} else if err == nil {
			err = os.WriteFile(d.path, bent, 0o600)
		}
		if err != nil {
			o.t.Fatal(err)
		}
		code, r := o.scrub()
		found := slices.ContainsFunc(r.Findings, func(f vault.Finding) bool {
			return f.Fault == d.fault && strings.HasSuffix(d.path, strings.TrimPrefix(strings.TrimPrefix(f.Name, "blob/"), "data/"))
		})
		if code != 1 || !found {
			o.t.Errorf("%s %s: exit code %d, %+v", d.path, d.fault, code, r.Findings)
		}
		if err := os.WriteFile(d.path, whole, 0o600); err != nil {
			o.t.Fatal(err)
		}
	}
	if code, r := o.scrub(); code != 0 {
		o.t.Errorf("after mending: exit code %d, %+v", code, r.Findings)
	}
}
