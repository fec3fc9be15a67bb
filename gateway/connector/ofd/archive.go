package ofd

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/xinlian/xinlian/gateway/connector"
)

// Limits on an archive; all breaches are rule archive.
const (
	ArchiveBytesMax = 16 << 20 // the file itself
	EntriesMax      = 4096
	EntryBytesMax   = 16 << 20 // one file inside, unpacked
	UnpackedMax     = 64 << 20 // all files inside, unpacked
	RatioMax        = 250      // unpacked to packed, of files above RatioFloor
	RatioFloor      = 1 << 20
	PathDepthMax    = 16
	PathBytesMax    = 256
)

// archive is the files of an OFD by clean path, unpacked.
type archive struct {
	files map[string][]byte
	names []string // in the order of the archive
}

// open unpacks b within the limits. It refuses what two readers could see
// differently: paths that leave the archive, names that differ by case only,
// and one name twice.
func open(b []byte) (*archive, error) {
	if !bytes.HasPrefix(b, []byte("PK\x03\x04")) {
		return nil, connector.Fault(connector.RuleFileType, 0, "not an OFD: the file is no archive")
	}
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, refuse("the archive is damaged: %v", err)
	}
	if len(r.File) > EntriesMax {
		return nil, refuse("%d files, at most %d", len(r.File), EntriesMax)
	}
	a := &archive{files: make(map[string][]byte, len(r.File))}
	folded := make(map[string]bool, len(r.File))
	var total uint64
	for _, f := range r.File {
		name, err := cleanName(f.Name)
		if err != nil {
			return nil, err
		}
		if key := strings.ToLower(name); folded[key] {
			return nil, refuse("%s is there twice", name)
		} else if folded[key] = true; strings.HasSuffix(f.Name, "/") {
			if f.UncompressedSize64 != 0 {
				return nil, refuse("folder %s has contents", name)
			}
			continue
		}
		total += f.UncompressedSize64
		if f.UncompressedSize64 > EntryBytesMax || total > UnpackedMax || total < f.UncompressedSize64 {
			return nil, refuse("%s: unpacked larger than %d bytes, or all than %d", name, EntryBytesMax, UnpackedMax)
		}
		if f.UncompressedSize64 > RatioFloor && f.UncompressedSize64/RatioMax > f.CompressedSize64 {
			return nil, refuse("%s is packed more than %d times", name, RatioMax)
		}
		if a.files[name], err = unpack(f); err != nil {
			return nil, refuse("%s: %v", name, err)
		}
		a.names = append(a.names, name)
	}
	return a, nil
}

var errEncrypted = errors.New("is encrypted, or packed in a way that is not taken")

func unpack(f *zip.File) ([]byte, error) {
	if f.Flags&1 != 0 || (f.Method != zip.Store && f.Method != zip.Deflate) || f.Mode()&^0o7777 != 0 {
		return nil, errEncrypted
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	// The reader itself fails where the size or the checksum is not as declared.
	return io.ReadAll(io.LimitReader(r, EntryBytesMax+1))
}

func cleanName(name string) (string, error) {
	clean := strings.TrimSuffix(name, "/")
	switch {
	case clean == "" || len(name) > PathBytesMax || strings.Count(clean, "/") >= PathDepthMax:
		return "", refuse("a path is empty, longer than %d bytes or deeper than %d", PathBytesMax, PathDepthMax)
	case strings.ContainsAny(name, "\\:\x00") || strings.HasPrefix(name, "/") || path.Clean(clean) != clean || strings.HasPrefix(clean, ".."):
		return "", refuse("path %.64q leaves the archive or is not plain", name)
	}
	return clean, nil
}

// resolve is the path that ref names in a file of that name: from the root with
// a leading slash, else beside the file.
func resolve(file, ref string) string {
	if strings.HasPrefix(ref, "/") {
		return strings.TrimPrefix(path.Clean(ref), "/")
	}
	return path.Join(path.Dir(file), ref)
}

// xml reads one XML file of the archive whole.
func (a *archive) xml(name string, roots ...string) (*connector.Node, error) {
	b, ok := a.files[name]
	if !ok {
		return nil, refuse("%.128s is missing", name)
	}
	x := connector.NewXML(bytes.NewReader(b))
	root, err := x.Root(roots...)
	if err == nil {
		var n *connector.Node
		if n, err = x.Node(root); err == nil {
			err = x.Finish()
		}
		if err == nil {
			return n, nil
		}
	}
	var fault *connector.RowError
	if errors.As(err, &fault) {
		fault.Detail = name + ": " + fault.Detail
	}
	return nil, err
}

func refuse(format string, args ...any) error {
	return connector.Fault(connector.RuleArchive, 0, fmt.Sprintf(format, args...))
}
