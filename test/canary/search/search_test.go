package search

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// texts are what the tests plant: each kind of text that the hunt looks for.
var texts = []string{"欧阳澄野", "样本晴川豆制品有限公司", "Clearwater Joinery Ltd & Co", "99000000123456789X", "19900001234", "98,765,432,109.87", "样本省松岚市霁桐路 1024 号"}

func finder(t *testing.T) *Finder {
	t.Helper()
	f, err := New(texts)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func noise(t *testing.T, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return b
}

func zipped(t *testing.T, end func() error, w io.Writer, b []byte) {
	t.Helper()
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
}

func gz(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	zipped(t, w.Close, w, b)
	return out.Bytes()
}

// writings are the ways to write a text, made by other code than the finder's.
func writings(t *testing.T, text string) map[string][]byte {
	t.Helper()
	encoded := func(e interface{ String(string) (string, error) }) []byte {
		s, err := e.String(text)
		if err != nil {
			t.Fatal(err)
		}
		return []byte(s)
	}
	all := map[string][]byte{
		"plain":   []byte(text),
		"GB18030": encoded(simplifiedchinese.GB18030.NewEncoder()),
		"UTF-16":  encoded(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder()),
		"UTF-16B": encoded(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder()),
	}
	for name, b := range map[string][]byte{"plain": []byte(text), "GB18030": all["GB18030"]} {
		all[name+" hex"] = []byte(hex.EncodeToString(b))
		all[name+" HEX"] = []byte(strings.ToUpper(hex.EncodeToString(b)))
		for before := range 4 {
			surrounded := append(append(noise(t, before), b...), noise(t, 5)...)
			all[fmt.Sprintf("%s base64, %d before", name, before)] = []byte(base64.StdEncoding.EncodeToString(surrounded))
			all[fmt.Sprintf("%s base64url, %d before", name, before)] = []byte(base64.RawURLEncoding.EncodeToString(surrounded))
		}
	}
	all["query"] = []byte(url.Values{"q": {text}}.Encode())
	var ascii strings.Builder
	for _, r := range text {
		if r < 0x80 {
			ascii.WriteRune(r)
		} else {
			fmt.Fprintf(&ascii, `\u%04x`, r)
		}
	}
	all["JSON"] = []byte(`{"name":"` + ascii.String() + `"}`)
	packed := map[string][]byte{}
	for name, b := range all {
		packed[name+", gzip"] = append(noise(t, 7), gz(t, append(noise(t, 100), b...))...)
	}
	for name, b := range packed {
		all[name] = b
	}
	all["gzip in gzip"] = gz(t, gz(t, []byte(text)))
	var buf bytes.Buffer
	z := zlib.NewWriter(&buf)
	zipped(t, z.Close, z, []byte("{"+text+"}"))
	all["zlib"] = append(noise(t, 3), buf.Bytes()...)
	all["zip"] = archive(t, text)
	quoted, err := json.Marshal(map[string][]byte{"file": []byte("<Nm>" + text + "</Nm>")})
	if err != nil {
		t.Fatal(err)
	}
	all["bytes in JSON"] = quoted
	return all
}

func archive(t *testing.T, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	member, err := w.Create("a.csv")
	if err != nil {
		t.Fatal(err)
	}
	zipped(t, w.Close, member, []byte(strings.Repeat("1,2,3\n", 50)+text))
	return out.Bytes()
}

// Test that every text is found in every writing, alone in a file of its own, and
// that a file with none of them has no find.
func TestEveryWriting(t *testing.T) {
	t.Parallel()
	f := finder(t)
	for _, text := range texts {
		for name, written := range writings(t, text) {
			b := append(append(noise(t, 50), written...), noise(t, 50)...)
			found := false
			_, err := f.Reader(bytes.NewReader(b), int64(len(b)), name, func(h Hit) { found = found || h.Text == text })
			if err != nil || !found {
				t.Errorf("%q as %s is not found, %v", text, name, err)
			}
		}
	}
	b := append(noise(t, 1<<20), "欧阳澄 野 99000000123456789Y 样本晴川豆制品有限公"...)
	if _, err := f.Reader(bytes.NewReader(b), int64(len(b)), "", func(h Hit) { t.Errorf("found where nothing is: %s", h) }); err != nil {
		t.Error(err)
	}
}

// Test that a text across the border of two pieces is found, and found once.
func TestBorder(t *testing.T) {
	t.Parallel()
	f := finder(t)
	for _, before := range []int{0, 1, 9, len(texts[1])} {
		b := make([]byte, 3*chunkBytes)
		first := max(f.longest-1, 64) + chunkBytes
		copy(b[first-before:], texts[1])
		hits := 0
		if _, err := f.Reader(bytes.NewReader(b), int64(len(b)), "", func(Hit) { hits++ }); err != nil || hits != 1 {
			t.Errorf("%d bytes before the border: %d finds, %v", before, hits, err)
		}
	}
}

// Test that rows of databases are read as rows: in compressed tables also those
// that were overwritten, in logs and pages also what is cut in two there.
func TestDatabases(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := finder(t)
	plantPebble(t, filepath.Join(dir, "pebble"))
	plantSQLite(t, filepath.Join(dir, "gateway.db"))
	whole := gz(t, append(noise(t, 200), texts[6]...))
	for i, part := range [][]byte{whole[:120], whole[120:]} {
		path := filepath.Join(dir, "snapshots", "5", "1", strconv.Itoa(i))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, part, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, texts[0]+".xml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	rep, err := f.Tree(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	where := map[string]string{}
	for _, h := range rep.Hits {
		where[h.Text] += h.Where + "\n"
	}
	for text, want := range map[string]string{
		texts[0]: "name of", texts[1]: ".sst, its rows", texts[2]: ".sst, its rows", texts[3]: ".log, its rows",
		texts[4]: "gateway.db, its rows", texts[5]: "gateway.db-wal", texts[6]: "its chunks",
	} {
		if !strings.Contains(where[text], want) {
			t.Errorf("%q is found in %q, want one in %q", text, where[text], want)
		}
	}
}

// plantPebble leaves a table with an overwritten and a live row that compress
// well, and a log with a row over several blocks, as a killed process would.
func plantPebble(t *testing.T, dir string) {
	t.Helper()
	db, err := pebble.Open(dir, &pebble.Options{DisableAutomaticCompactions: true, Logger: quiet{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	set := func(key string, value []byte) {
		if err := db.Set([]byte(key), value, pebble.Sync); err != nil {
			t.Fatal(err)
		}
	}
	chewed := func(s string) []byte { return []byte(strings.Repeat(s[:len(s)/2], 40) + s) }
	set("a", chewed(texts[1]))
	if err := db.Flush(); err != nil {
		t.Fatal(err)
	}
	set("a", []byte("newer"))
	set("b", chewed(texts[2]))
	if err := db.Flush(); err != nil {
		t.Fatal(err)
	}
	for i := range 40 { // some row lies across the border of two blocks of 32 KiB
		set("c"+strconv.Itoa(i), bytes.Repeat([]byte(texts[3]), 100))
	}
}

type quiet struct{}

func (quiet) Infof(string, ...any)  {}
func (quiet) Fatalf(string, ...any) {}

// plantSQLite leaves a long row in pages and another in the write-ahead log.
func plantSQLite(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(wal)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	for _, q := range []string{
		"CREATE TABLE kept (id INTEGER PRIMARY KEY, value BLOB)",
		"INSERT INTO kept (value) VALUES (CAST('" + strings.Repeat(texts[4], 1000) + "' AS BLOB))",
		"PRAGMA wal_checkpoint(TRUNCATE)",
		"INSERT INTO kept (value) VALUES ('" + texts[5] + "')",
		"DELETE FROM kept WHERE id = 2",
	} {
		if _, err := db.Exec(q); err != nil {
			t.Fatalf("%.40s: %v", q, err)
		}
	}
}

// Test that a text that is too short to be found reliably is refused.
func TestShort(t *testing.T) {
	t.Parallel()
	if _, err := New([]string{"张三"}); err == nil {
		t.Error("a text of two characters is accepted")
	}
}

func BenchmarkFinder(b *testing.B) {
	var many []string
	for i := range 60_000 {
		many = append(many, fmt.Sprintf("990000%012d", i*7919), fmt.Sprintf("样本%06d号", i))
	}
	f, err := New(many)
	if err != nil {
		b.Fatal(err)
	}
	data := make([]byte, 64<<20)
	_, _ = rand.Read(data)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		f.find(data, func(*needle, int) {})
	}
}
