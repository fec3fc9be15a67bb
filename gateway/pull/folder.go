package pull

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/xinlian/xinlian/gateway/store"
)

// folderPuller looks at a folder of this machine. It lists and does not watch:
// notices of the system are lost on network drives and while the gateway is
// down, so that listing would be needed beside them anyway.
type folderPuller struct {
	source *Source
	root   *os.Root
}

func newFolderPuller(s *Source) (*folderPuller, error) {
	root, err := os.OpenRoot(s.Folder.Path)
	if err != nil {
		return nil, fault(ReasonConnection, "the folder cannot be opened", err)
	}
	return &folderPuller{source: s, root: root}, nil
}

func (p *folderPuller) close() error { return p.root.Close() }

func (p *folderPuller) pull(ctx context.Context, _ string, taken map[string]store.Taken, take take) error {
	return pullFiles(ctx, p, p.source.Folder.Match, p.source.Folder.Settle.or(settleDefault), taken, take)
}

// report writes the problems of a file beside it, or removes an older list when
// there are none.
func (p *folderPuller) report(name string, problems []byte) error {
	beside := name + problemsSuffix
	if problems == nil {
		if err := p.root.Remove(beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	f, err := p.root.OpenFile(beside+".tmp", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	_, err = f.Write(problems)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return p.root.Rename(beside+".tmp", beside)
}

func (p *folderPuller) list(context.Context) ([]entry, error) {
	d, err := p.root.Open(".")
	if err != nil {
		return nil, fault(ReasonConnection, "the folder cannot be listed", err)
	}
	defer d.Close()
	names, err := d.Readdirnames(FilesMax + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fault(ReasonConnection, "the folder cannot be listed", err)
	}
	var all []entry
	for _, name := range names {
		info, err := p.root.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // gone meanwhile
		}
		if err != nil {
			return nil, fault(ReasonConnection, "a file cannot be looked at", err)
		}
		if info.Mode().IsRegular() { // no links: they may lead anywhere
			all = append(all, entryOf(info))
		}
	}
	return all, nil
}

func entryOf(info fs.FileInfo) entry {
	return entry{name: info.Name(), size: info.Size(), modified: info.ModTime().UnixNano()}
}

func (p *folderPuller) stat(_ context.Context, name string) (entry, error) {
	info, err := p.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return entry{}, nil // moved away while it was read
	}
	if err != nil {
		return entry{}, fault(ReasonConnection, "a file cannot be looked at", err)
	}
	return entryOf(info), nil
}

func (p *folderPuller) read(_ context.Context, name string, limit int64) ([]byte, error) {
	f, err := p.root.Open(name)
	if err != nil {
		return nil, fault(ReasonConnection, fmt.Sprintf("%.80q cannot be read", name), err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit))
	if err != nil {
		return nil, fault(ReasonConnection, fmt.Sprintf("%.80q cannot be read", name), err)
	}
	return b, nil
}
