package pull

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xinlian/xinlian/gateway/store"
)

func chmod(b *bench, name string, mode os.FileMode) error {
	return os.Chmod(filepath.Join(b.dir, name), mode)
}

// table is a file by the template of invoices.
func table(numbers ...string) string {
	var s strings.Builder
	s.WriteString("number,issue_date,seller_tax_number,seller_name,buyer_tax_number,buyer_name,net,tax,total,currency,status\n")
	for _, n := range numbers {
		fmt.Fprintf(&s, "%s,2026-01-%02d,%s,%s,91310000MA1FL1111B,买方样本公司,100.00,13.00,113.00,CNY,normal\n", n, 1+len(n)%28, owner.TaxNumber, owner.Name)
	}
	return s.String()
}

func (b *bench) defineFolder() string {
	b.t.Helper()
	folder := b.t.TempDir()
	b.write("drop.source.toml", fmt.Sprintf("version = 1\nenterprise = %d\nkind = \"folder\"\nevery = \"1m\"\n[folder]\npath = %q\nmatch = \"*.csv\"\nsettle = \"30ms\"\n", enterprise, folder), 0o600)
	return folder
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestFolder proves that complete files are taken once by their content, that
// unfinished ones wait, that a bad file stays with its problems beside it, and
// that the list goes when the file is mended.
func TestFolder(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	folder := b.defineFolder()
	put(t, filepath.Join(folder, "a.csv"), table("A", "BB"))
	put(t, filepath.Join(folder, "b.csv.part"), table("CCC"))
	put(t, filepath.Join(folder, "note.txt"), "not ours")
	put(t, filepath.Join(folder, "bad.csv"), strings.Replace(table("DDDD", "EEEEE"), "113.00", "113.0O", 1))
	if err := os.Symlink("/etc/hostname", filepath.Join(folder, "link.csv")); err != nil {
		t.Fatal(err)
	}
	r := b.step(0)
	b.want(r, Delivered, "")
	b.profileIs("A", "BB", "EEEEE")
	if r.Refused != 1 {
		t.Errorf("%d rows refused, want 1", r.Refused)
	}
	text, err := os.ReadFile(filepath.Join(folder, "bad.csv.problems.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list struct{ Problems []problem }
	if err := json.Unmarshal(text, &list); err != nil || len(list.Problems) != 1 || list.Problems[0].Row != 2 || list.Problems[0].Rule != "amount" || list.Problems[0].DoZH == "" {
		t.Errorf("got %s, %v", text, err)
	}
	if err := os.Rename(filepath.Join(folder, "b.csv.part"), filepath.Join(folder, "b.csv")); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(folder, "copy of a.csv"), table("A", "BB"))
	put(t, filepath.Join(folder, "bad.csv"), table("DDDD", "EEEEE"))
	b.want(b.step(time.Hour), Delivered, "")
	b.profileIs("A", "BB", "CCC", "DDDD", "EEEEE")
	if _, err := os.Stat(filepath.Join(folder, "bad.csv.problems.json")); !os.IsNotExist(err) {
		t.Errorf("the problems of a mended file stay: %v", err)
	}
	taken, err := b.Book.TakenFiles(t.Context(), "drop")
	if err != nil || len(taken) != 4 {
		t.Errorf("got %d files taken, %v", len(taken), err)
	}
}

// changing is a folder in which something happens before the second look.
type changing struct {
	directory

	looks  int
	change func()
}

func (c *changing) list(ctx context.Context) ([]entry, error) {
	if c.looks++; c.looks == 2 {
		c.change()
	}
	return c.directory.list(ctx)
}

// TestGrowingFile proves that a file that is still written is not taken, and
// that one beside it is.
func TestGrowingFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	whole := table("A", "BB", "CCC")
	put(t, filepath.Join(folder, "a.csv"), whole[:len(whole)-40])
	put(t, filepath.Join(folder, "b.csv"), table("DDDD"))
	p, err := newFolderPuller(&Source{Folder: &FolderSource{Path: folder}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	d := &changing{directory: p, change: func() { put(t, filepath.Join(folder, "a.csv"), whole) }}
	var got []string
	take := func(item store.Item, _ string, _ *store.Taken) error {
		got = append(got, item.Name)
		return nil
	}
	for _, want := range []string{"b.csv", "b.csv a.csv b.csv"} {
		if err := pullFiles(t.Context(), d, "", time.Millisecond, nil, take); err != nil {
			t.Fatal(err)
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("took %s, want %s", s, want)
		}
	}
}

// TestTwoSources proves that the same invoices by file and by interface are one
// record each, seen at both.
func TestTwoSources(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	folder := b.defineFolder()
	put(t, filepath.Join(folder, "a.csv"), table("A", "BB"))
	b.want(b.step(0), Delivered, "")
	a := newAPI(t, map[string]string{"": page("", "A", "BB", "CCC")})
	b.define(a, "")
	if err := b.scheduler.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.profileIs("A", "BB", "CCC")
	twice, conflicts, err := b.Book.Overlap(t.Context(), 3, enterprise)
	if err != nil || twice != 2 || conflicts != 0 {
		t.Errorf("got %d of two sources, %d conflicts, %v", twice, conflicts, err)
	}
}
