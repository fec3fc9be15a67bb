package pull

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/store"
)

// FilesMax bounds the files of one folder.
const FilesMax = 10_000

// problemsSuffix ends the name of the list of problems beside a bad file.
const problemsSuffix = ".problems.json"

// unfinished are the endings that programs give to files they still write.
var unfinished = []string{".part", ".partial", ".tmp", ".filepart", ".crdownload", ".new", problemsSuffix}

// entry is a file of a folder.
type entry struct {
	name     string
	size     int64
	modified int64 // Unix nanoseconds
}

// directory is a folder, here or on a server.
type directory interface {
	list(ctx context.Context) ([]entry, error)
	stat(ctx context.Context, name string) (entry, error)
	// read reads at most limit bytes from the start of a file.
	read(ctx context.Context, name string, limit int64) ([]byte, error)
}

// pullFiles takes the files of a folder that are complete and new. A file is
// complete when it stays as it is for settle, and has no name of one that is
// still written. It is new when its name, size and time are, and taken once for
// its content.
func pullFiles(ctx context.Context, d directory, match string, settle time.Duration, taken map[string]store.Taken, take take) error {
	before, err := fresh(ctx, d, match, taken)
	if err != nil || len(before) == 0 {
		return err
	}
	if err := sleep(ctx, settle); err != nil {
		return err
	}
	now, err := fresh(ctx, d, match, taken)
	if err != nil {
		return err
	}
	for _, e := range now {
		if !slices.Contains(before, e) {
			continue // it still changes: the next run looks again
		}
		body, err := d.read(ctx, e.name, connector.FileBytesMax+1)
		if err != nil {
			return err
		}
		after, err := d.stat(ctx, e.name)
		if err != nil {
			return err
		}
		if after != e {
			continue
		}
		if want := min(e.size, connector.FileBytesMax+1); int64(len(body)) != want {
			return fault(ReasonLength, fmt.Sprintf("%.80q gave %d of %d bytes", e.name, len(body), want), nil)
		}
		digest := sha256.Sum256(body)
		file := store.Taken{Name: e.name, Size: e.size, Modified: e.modified, Digest: digest}
		if err := take(store.Item{Name: e.name, Body: body, Digest: digest}, "", &file); err != nil {
			return err
		}
	}
	return nil
}

// fresh lists the files that were not taken as they are now, by name.
func fresh(ctx context.Context, d directory, match string, taken map[string]store.Taken) ([]entry, error) {
	all, err := d.list(ctx)
	if err != nil {
		return nil, err
	}
	if len(all) > FilesMax {
		return nil, fault(ReasonSize, fmt.Sprintf("the folder has %d files, at most %d are looked at: move old ones away", len(all), FilesMax), nil)
	}
	var list []entry
	for _, e := range all {
		t, known := taken[e.name]
		if known && t.Size == e.size && t.Modified == e.modified || !wanted(e.name, match) {
			continue
		}
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return list, nil
}

func wanted(name, match string) bool {
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~") {
		return false
	}
	lower := strings.ToLower(name)
	if slices.ContainsFunc(unfinished, func(s string) bool { return strings.HasSuffix(lower, s) }) {
		return false
	}
	ok, err := path.Match(match, name)
	return match == "" || err == nil && ok
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
