package bank

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/internal/durable"
)

// FilesMax bounds the files that an inbox may hold.
const FilesMax = 10_000

// Outbox is where orders go.
type Outbox interface {
	// Stage puts a whole file there under a name that the bank does not take.
	Stage(name string, body []byte) error
	// Staged tells whether that file is still under that name.
	Staged(name string) (bool, error)
	// Release gives it its own name, in one step.
	Release(name string) error
}

// Inbox is where the bank's files come.
type Inbox interface {
	// List lists the files by name.
	List() ([]File, error)
	// Read reads one whole, ErrLarge above connector.FileBytesMax.
	Read(name string) ([]byte, error)
}

// File is a file of an inbox.
type File struct {
	Name     string `json:"name"`
	Size     int64  `json:"size"`
	Modified int64  `json:"modified"` // Unix nanoseconds
}

// stagedSuffix ends the name of an order that is not released yet.
const stagedSuffix = ".part"

// Folder is a folder of this machine, or of a server that is mounted; the bank's own
// transfer program empties the one and fills the other.
type Folder string

// Stage writes and syncs.
func (f Folder) Stage(name string, body []byte) error {
	return durable.WriteFile(filepath.Join(string(f), name+stagedSuffix), body, 0o600)
}

// Staged looks for the file.
func (f Folder) Staged(name string) (bool, error) {
	_, err := os.Lstat(filepath.Join(string(f), name+stagedSuffix))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Release renames and syncs the folder.
func (f Folder) Release(name string) error {
	path := filepath.Join(string(f), name)
	if err := os.Rename(path+stagedSuffix, path); err != nil {
		return fmt.Errorf("releasing an order: %w", err)
	}
	d, err := os.Open(string(f))
	if err != nil {
		return fmt.Errorf("releasing an order: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// List lists regular files that end in .xml; links may lead anywhere and are left out.
func (f Folder) List() ([]File, error) {
	entries, err := os.ReadDir(string(f))
	if err != nil {
		return nil, fmt.Errorf("listing the inbox: %w", err)
	}
	var list []File
	for _, e := range entries {
		if !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") || !strings.HasSuffix(strings.ToLower(e.Name()), ".xml") {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // gone meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("listing the inbox: %w", err)
		}
		list = append(list, File{Name: e.Name(), Size: info.Size(), Modified: info.ModTime().UnixNano()})
	}
	if len(list) > FilesMax {
		return nil, fmt.Errorf("listing the inbox: %d files, at most %d are looked at: move old ones away", len(list), FilesMax)
	}
	slices.SortFunc(list, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// Read reads a file that List named.
func (f Folder) Read(name string) ([]byte, error) {
	root, err := os.OpenRoot(string(f))
	if err != nil {
		return nil, fmt.Errorf("reading the inbox: %w", err)
	}
	defer root.Close()
	file, err := root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("reading the inbox: %w", err)
	}
	defer file.Close()
	body, err := io.ReadAll(io.LimitReader(file, connector.FileBytesMax+1))
	if err != nil {
		return nil, fmt.Errorf("reading the inbox: %w", err)
	}
	if len(body) > connector.FileBytesMax {
		return nil, fmt.Errorf("%w: more than %d bytes", errDocument, connector.FileBytesMax)
	}
	return body, nil
}
