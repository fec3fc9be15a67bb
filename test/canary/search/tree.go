package search

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble"
	"github.com/cockroachdb/pebble/record"
	"github.com/cockroachdb/pebble/sstable"
	_ "modernc.org/sqlite" // the driver
)

// Report is what a search came to.
type Report struct {
	Files int
	Bytes int64 // read, unpacked ones included
	Hits  []Hit
}

// Tree looks through every file below dir: its bytes, what is compressed in them,
// and what the databases among them hold. It needs the tree for itself: the
// processes that write there must have ended.
func (f *Finder) Tree(ctx context.Context, dir string) (Report, error) {
	var paths []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		return Report{}, fmt.Errorf("listing files: %w", err)
	}
	var rep Report
	var mu sync.Mutex
	var all error
	work := make(chan string)
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for path := range work {
				var hits []Hit
				n, err := f.File(ctx, path, func(h Hit) { hits = append(hits, h) })
				mu.Lock()
				rep.Files, rep.Bytes = rep.Files+1, rep.Bytes+n
				rep.Hits, all = append(rep.Hits, hits...), errors.Join(all, err)
				mu.Unlock()
			}
		})
	}
	for _, path := range paths {
		work <- path
	}
	close(work)
	workers.Wait()
	n, err := f.chunks(paths, func(h Hit) { rep.Hits = append(rep.Hits, h) })
	rep.Bytes += n
	return rep, errors.Join(all, err)
}

// File looks through one file: name, bytes, and content if it is a database.
func (f *Finder) File(ctx context.Context, path string, report func(Hit)) (int64, error) {
	f.find([]byte(path), func(n *needle, at int) {
		report(Hit{Text: f.texts[n.text], Form: n.name, Where: "name of " + path, Offset: int64(at)})
	})
	file, err := os.Open(path)
	if err != nil {
		return 0, fmt.Errorf("opening: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return 0, fmt.Errorf("opening: %w", err)
	}
	total, err := f.Reader(file, info.Size(), path, report)
	if err != nil {
		return total, err
	}
	var content []byte
	head := make([]byte, 16)
	_, _ = file.ReadAt(head, 0) // a shorter file is no database
	switch {
	case strings.HasSuffix(path, ".sst"):
		content, err = table(path)
	case isJournal(path):
		content, err = journal(file)
	case string(head) == "SQLite format 3\x00":
		content, err = rows(ctx, path)
	}
	if err != nil {
		return total, fmt.Errorf("opening database %s: %w", path, err)
	}
	n, err := f.Reader(bytes.NewReader(content), int64(len(content)), path+", its rows", report)
	return total + n, err
}

// Rows is every key and value of all pebble databases below dir, in tables and in
// logs, also while a process writes there: what it writes meanwhile may be missing.
func Rows(dir string) ([]byte, error) {
	var all []byte
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		var content []byte
		switch {
		case strings.HasSuffix(path, ".sst"):
			content, err = table(path)
		case isJournal(path):
			var file *os.File
			if file, err = os.Open(path); err == nil {
				content, err = journal(file)
				err = errors.Join(err, file.Close())
			}
		}
		all = append(all, content...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading rows: %w", err)
	}
	return all, nil
}

func isJournal(path string) bool {
	return strings.HasSuffix(path, ".log") && isNumber(strings.TrimSuffix(filepath.Base(path), ".log"))
}

func isNumber(s string) bool { _, err := strconv.ParseUint(s, 10, 64); return err == nil }

// table is every key and value of a pebble table, those that newer ones hide
// included: its blocks are compressed.
func table(path string) (content []byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	readable, err := sstable.NewSimpleReadable(file)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	r, err := sstable.NewReader(readable, sstable.ReaderOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	it, err := r.NewIter(nil, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for key, lazy := it.First(); key != nil; key, lazy = it.Next() {
		value, _, err := lazy.Value(nil)
		if err != nil {
			return nil, err
		}
		content = append(append(append(content, key.UserKey...), value...), '\n')
	}
	return content, it.Error()
}

// journal is every batch of a pebble write-ahead log, put together from its
// blocks; the end may be torn.
func journal(file *os.File) ([]byte, error) {
	number, err := strconv.ParseUint(strings.TrimSuffix(filepath.Base(file.Name()), ".log"), 10, 64)
	if err != nil {
		return nil, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	var content bytes.Buffer
	r := record.NewReader(file, pebble.FileNum(number))
	for {
		batch, err := r.Next()
		if err != nil {
			return content.Bytes(), nil
		}
		if _, err := io.Copy(&content, batch); err != nil {
			return content.Bytes(), nil
		}
		content.WriteByte('\n')
	}
}

// rows is every cell of an SQLite database: a long one lies in several pages.
// The database is opened in place, with its write-ahead log.
func rows(ctx context.Context, path string) (content []byte, err error) {
	copied, err := os.MkdirTemp("", "search-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(copied)) }()
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(copied, "db"+suffix), b, 0o600)
		}
		if err != nil {
			return nil, err
		}
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(copied, "db"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	names, err := column(ctx, db, "SELECT name FROM sqlite_master WHERE type = 'table'")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		columns, err := column(ctx, db, "SELECT name FROM pragma_table_info(?)", string(name))
		if err != nil {
			return nil, err
		}
		for _, c := range columns {
			cells, err := column(ctx, db, fmt.Sprintf("SELECT CAST(%q AS BLOB) FROM %q", c, name))
			if err != nil {
				return nil, err
			}
			content = append(append(content, bytes.Join(cells, []byte("\n"))...), '\n')
		}
	}
	return content, nil
}

func column(ctx context.Context, db *sql.DB, query string, args ...any) (cells [][]byte, err error) {
	found, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	for found.Next() {
		var cell []byte
		if err := found.Scan(&cell); err != nil {
			return nil, err
		}
		cells = append(cells, bytes.Clone(cell))
	}
	return cells, found.Err()
}

// chunks looks through what is one stream cut into the files 0, 1, 2 … of a
// folder, as snapshots of the state are.
func (f *Finder) chunks(paths []string, report func(Hit)) (int64, error) {
	folders := map[string][]string{}
	for _, p := range paths {
		if isNumber(filepath.Base(p)) {
			folders[filepath.Dir(p)] = append(folders[filepath.Dir(p)], p)
		}
	}
	var total int64
	for dir, list := range folders {
		if len(list) < 2 {
			continue // it was looked through as a file
		}
		slices.SortFunc(list, func(a, b string) int {
			x, _ := strconv.ParseUint(filepath.Base(a), 10, 64)
			y, _ := strconv.ParseUint(filepath.Base(b), 10, 64)
			return int(int64(x) - int64(y))
		})
		var whole []byte
		for _, p := range list {
			b, err := os.ReadFile(p)
			if err != nil {
				return total, fmt.Errorf("reading a chunk: %w", err)
			}
			whole = append(whole, b...)
		}
		n, err := f.Reader(bytes.NewReader(whole), int64(len(whole)), dir+", its chunks", report)
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}
