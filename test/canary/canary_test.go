//go:build canary

package canary_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/vault"
	"github.com/xinlian/xinlian/internal/sample"
	"github.com/xinlian/xinlian/test/canary/search"
	"github.com/xinlian/xinlian/test/world"
)

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s: got %q, want a whole number above 0", name, text)
	}
	return n
}

// Test that of some thousand invented people and firms, whose documents went
// through the whole line, no name, number, address or amount is in any file that
// node and gateway wrote, in whatever writing: databases, write-ahead logs,
// snapshots, debug logs, temporary files, a backup, and a core dump of the node;
// and that a gateway leaves no core dump when it dies.
func TestCanaries(t *testing.T) {
	canaries := number(t, "CANARIES", 300)
	seed := uint64(number(t, "CANARY_SEED", int(time.Now().UnixNano()&0xffffff)+1))
	t.Logf("CANARIES=%d CANARY_SEED=%d", canaries, seed)
	home, outside := t.TempDir(), t.TempDir()
	w := world.StartProcesses(
		t, binary(t), home, "XINLIAN_NODE_LOG_LEVEL=debug", "XINLIAN_GATEWAY_LOG_LEVEL=debug", "XINLIAN_NODE_STATE_SNAPSHOT_EVERY=20",
	)
	c := newCast(seed)
	began := time.Now()
	firms := play(t, c, w, max(2, (canaries+perFirm-1)/perFirm), outside) // one of them is erased
	t.Logf("%d firms with %d texts in %s", len(firms), len(c.texts), time.Since(began).Round(time.Second))

	last := firms[len(firms)-1]
	end := crash(t, w, last)
	backUp(t, home, outside)
	f, err := search.New(c.texts)
	if err != nil {
		t.Fatal(err)
	}
	prove(t, f, c, outside)
	end(f)
	began = time.Now()
	rep, err := f.Tree(t.Context(), home)
	if err != nil {
		t.Error(err)
	}
	t.Logf("searched %d files, %d MiB with what was unpacked, in %s", rep.Files, rep.Bytes>>20, time.Since(began).Round(time.Second))
	tell(t, rep.Hits)
	covered(t, home)
	bundles(t, f, outside)
}

// binary is the one to hunt in: XINLIAN_BIN, or built here.
func binary(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("XINLIAN_BIN"); path != "" {
		return path
	}
	path := filepath.Join(t.TempDir(), "xinlian")
	build := exec.Command("go", "build", "-o", path, "github.com/xinlian/xinlian/cmd/xinlian")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	return path
}

// play takes all firms through the line, two at a time.
func play(t *testing.T, c *cast, w *world.Processes, count int, bundles string) []*borrower {
	t.Helper()
	var all []*borrower
	var mu sync.Mutex
	var failed error
	next := make(chan *borrower)
	var work sync.WaitGroup
	for range 2 {
		work.Go(func() {
			for b := range next {
				err := b.play()
				mu.Lock()
				failed = errors.Join(failed, err)
				mu.Unlock()
			}
		})
	}
	for i := range count {
		v, err := newVisitor(w.Origin)
		if err != nil {
			t.Fatal(err)
		}
		b := &borrower{firm: c.firm(i), visitor: v, number: i, bundles: bundles}
		all = append(all, b)
		next <- b
	}
	close(next)
	work.Wait()
	if failed != nil {
		for line := range strings.Lines(w.Gateway.Printed()) {
			if strings.Contains(line, "level=ERROR") {
				t.Log(line)
			}
		}
		t.Fatal(failed)
	}
	return all
}

// crash ends the processes as badly as it can: the gateway is killed while two
// uploads are under way, and started again; a firm is erased; then gateway and
// node are made to dump core. It returns a check of the gateway's memory, which
// was copied before: what it means is said there.
func crash(t *testing.T, w *world.Processes, b *borrower) (memory func(*search.Finder)) {
	t.Helper()
	stall(t, w, b)
	if err := w.Gateway.End(syscall.SIGKILL); err == nil {
		t.Fatal("a killed gateway ends well")
	}
	erase(t, w)
	w.StartGateway()
	if _, err := b.get("/owner/data"); err != nil {
		t.Errorf("after the kill: %v", err)
	}
	memory = gatewayMemory(t, w)
	if err := w.Gateway.End(syscall.SIGABRT); err == nil {
		t.Error("an aborted gateway ends well")
	}
	if core := cores(t, w.Gateway.Dir); len(core) > 0 {
		t.Errorf("the gateway left core dumps: %s", core)
	}
	image := nodeMemory(t, w)
	if err := w.Node.End(syscall.SIGABRT); err == nil {
		t.Error("an aborted node ends well")
	}
	if core := cores(t, w.Node.Dir); len(core) > 0 {
		t.Logf("core dump of the node: %s", core)
	} else if image == "" {
		t.Error("neither a core dump of the node nor a copy of its memory could be had")
	}
	return memory
}

// stall begins an upload larger than what is kept in memory by default, and
// leaves it and a smaller one unfinished.
func stall(t *testing.T, w *world.Processes, b *borrower) {
	t.Helper()
	scan := []byte(b.stray.String() + "\n")
	big := []sample.File{{Name: b.stray.name + ".pdf", Data: bytes.Repeat(scan, 40<<20/len(scan))}}
	for _, files := range [][]sample.File{big, b.files} {
		kind, body, err := documents("stalled", files)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("tcp", strings.TrimPrefix(w.Origin, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		cookies := ""
		for _, c := range b.http.Jar.Cookies(mustURL(t, w.Origin)) {
			cookies += c.Name + "=" + c.Value + "; "
		}
		head := fmt.Sprintf("POST /owner/data HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nCookie: %s\r\nContent-Length: %d\r\n\r\n",
			strings.TrimPrefix(w.Origin, "http://"), kind, strings.TrimSuffix(cookies, "; "), len(body))
		if _, err := conn.Write(append([]byte(head), body[:len(body)-10]...)); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(time.Second) // let it be read
}

// erase destroys the keys of a firm in the vault of the stopped gateway.
func erase(t *testing.T, w *world.Processes) {
	t.Helper()
	id := w.Settlement.ID
	v, err := vault.Open(t.Context(), vault.Config{
		Dir: filepath.Join(w.Home(), "gateway", "data", fmt.Sprintf("vault-%d", id)), KMSDir: filepath.Join(w.Home(), "gateway", "keys", fmt.Sprintf("kms-%d", id)),
		Suite: vault.SuiteNIST, ChainID: w.Client.ChainID(), Custodian: id, Chain: custody.Ledger{Client: w.Client},
		Signers: vault.NewSigners(custody.Policy(w.Client)),
	})
	if err != nil {
		t.Fatal(err)
	}
	const first = 8 // the first enterprise after the seven founders
	if _, err := v.Erase(t.Context(), first); err != nil {
		t.Error(err)
	}
	if err := v.Close(); err != nil {
		t.Error(err)
	}
}

// gatewayMemory copies the memory of the idle gateway out of the searched homes.
// A gateway has plaintext in memory while it works, and Go does not overwrite what
// it frees; so finds are counted and told, not forbidden. What is forbidden is
// that it reaches a file: the gateway does not let itself be dumped.
func gatewayMemory(t *testing.T, w *world.Processes) func(*search.Finder) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gateway.core")
	if err := dump(w.Gateway.PID(), path); err != nil {
		t.Logf("the gateway's memory is not looked at: %v", err)
		return func(*search.Finder) {}
	}
	return func(f *search.Finder) {
		texts := map[string]bool{}
		if _, err := f.File(context.Background(), path, func(h search.Hit) { texts[h.Text] = true }); err != nil {
			t.Error(err)
		}
		t.Logf("memory of the restarted, idle gateway: %d of the texts", len(texts))
	}
}

// nodeMemory copies the node's memory into the searched home, by another way than
// the kernel's dump, whose place a machine may choose itself.
func nodeMemory(t *testing.T, w *world.Processes) string {
	t.Helper()
	path := filepath.Join(w.Node.Dir, "memory")
	if err := dump(w.Node.PID(), path); err != nil {
		t.Logf("the node's memory could not be copied: %v", err)
		return ""
	}
	return path
}

// dump writes all readable memory of a process to a file.
func dump(pid int, path string) (err error) {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return err
	}
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return err
	}
	defer mem.Close()
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	var total int64
	for line := range strings.Lines(string(maps)) {
		var from, to uint64
		var mode string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &mode); err != nil {
			return err
		}
		if !strings.HasPrefix(mode, "rw") {
			continue
		}
		n, _ := io.Copy(out, io.NewSectionReader(mem, int64(from), int64(to-from))) // a page that cannot be read ends its region
		total += n
	}
	if total == 0 {
		return errors.New("no memory could be read")
	}
	return nil
}

func cores(t *testing.T, dir string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "core*"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// backUp packs the data folders as an operator's backup does.
func backUp(t *testing.T, home, outside string) {
	t.Helper()
	path := filepath.Join(outside, "backup.tar.gz")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(out)
	a := tar.NewWriter(z)
	for _, dir := range []string{"node/data", "gateway/data"} {
		err = errors.Join(err, filepath.WalkDir(filepath.Join(home, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			name, err := filepath.Rel(home, path)
			if err != nil {
				return err
			}
			err = a.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(b))})
			if err == nil {
				_, err = a.Write(b)
			}
			return err
		}))
	}
	if err := errors.Join(err, a.Close(), z.Close(), out.Close(), os.Rename(path, filepath.Join(home, "backup.tar.gz"))); err != nil {
		t.Fatal(err)
	}
}

// prove plants every text in a decoy, compressed and not, and demands each back.
func prove(t *testing.T, f *search.Finder, c *cast, outside string) {
	t.Helper()
	dir := filepath.Join(outside, "decoy")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(dir, "decoy.gz"))
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(out)
	for _, text := range c.texts {
		if _, err := fmt.Fprintf(z, "{%q:%q}\n", "v", text); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(z.Close(), out.Close()); err != nil {
		t.Fatal(err)
	}
	rep, err := f.Tree(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, h := range rep.Hits {
		found[h.Text] = true
	}
	if len(found) != len(c.texts) {
		t.Fatalf("the search finds %d of %d texts that were planted", len(found), len(c.texts))
	}
}

// tell reports finds, the first of each place.
func tell(t *testing.T, hits []search.Hit) {
	t.Helper()
	count := map[string]int{}
	for _, h := range hits {
		if count[h.Where]++; count[h.Where] <= 3 && len(count) <= 20 {
			t.Errorf("plaintext: %s", h)
		}
	}
	for where, n := range count {
		t.Errorf("%d finds in %s", n, where)
	}
}

// covered fails if something is not there that the hunt is said to search.
func covered(t *testing.T, home string) {
	t.Helper()
	for _, pattern := range []string{
		"node/data/application.db/*.log", "node/data/blockstore.db/*", "node/data/tx_index.db/*", "node/data/cs.wal/wal",
		"node/data/snapshots/*/*/*", "gateway/data/gateway.db", "gateway/data/gateway.db-wal", "gateway/data/vault-5/blobs/batches/*/*",
		"gateway/data/vault-5/log/receipts*", "log/node.log", "log/gateway.log", "backup.tar.gz", "node-work/*",
	} {
		if list, err := filepath.Glob(filepath.Join(home, pattern)); err != nil || len(list) == 0 {
			t.Errorf("nothing was at %s, %v", pattern, err)
		}
	}
}

// bundles looks through what the owners exported: a bundle discloses to its
// reader what it proves, terms and payments of a loan, and no document.
func bundles(t *testing.T, f *search.Finder, outside string) {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(outside, "*.bundle"))
	if err != nil || len(list) == 0 {
		t.Fatalf("no bundles, %v", err)
	}
	hits := 0
	for _, path := range list {
		if _, err := f.File(t.Context(), path, func(search.Hit) { hits++ }); err != nil {
			t.Error(err)
		}
	}
	if hits > 0 {
		t.Errorf("%d finds in %d bundles", hits, len(list))
	}
}
