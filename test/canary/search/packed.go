package search

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
)

// Bounds of what is opened inside a file.
const (
	unpackedBytesMax = 256 << 20
	depthMax         = 3
)

// packing is a compression that is recognised by its first bytes, anywhere.
type packing struct {
	name  string
	magic []byte
	open  func(r io.ReaderAt, at, size int64) (io.Reader, error)
}

var packings = []packing{
	{"gzip", []byte{0x1f, 0x8b, 0x08}, func(r io.ReaderAt, at, size int64) (io.Reader, error) {
		z, err := gzip.NewReader(io.NewSectionReader(r, at, size-at))
		if err != nil {
			return nil, err
		}
		z.Multistream(false) // a second member has a magic of its own
		return z, nil
	}},
	{"zlib", []byte{0x78, 0x01}, openZlib},
	{"zlib", []byte{0x78, 0x5e}, openZlib},
	{"zlib", []byte{0x78, 0x9c}, openZlib},
	{"zlib", []byte{0x78, 0xda}, openZlib},
	{"zip", []byte("PK\x03\x04"), openZip},
}

func openZlib(r io.ReaderAt, at, size int64) (io.Reader, error) {
	return zlib.NewReader(io.NewSectionReader(r, at, size-at))
}

// openZip opens a member by its local header: the directory may be cut off.
func openZip(r io.ReaderAt, at, size int64) (io.Reader, error) {
	var head [30]byte
	if _, err := r.ReadAt(head[:], at); err != nil {
		return nil, err
	}
	if binary.LittleEndian.Uint16(head[8:]) != 8 {
		return nil, fmt.Errorf("not deflated") // stored members are read as they lie
	}
	from := at + 30 + int64(binary.LittleEndian.Uint16(head[26:])) + int64(binary.LittleEndian.Uint16(head[28:]))
	if from > size {
		return nil, io.ErrUnexpectedEOF
	}
	return flate.NewReader(io.NewSectionReader(r, from, size-from)), nil
}

// Reader looks through r, which has size bytes, and through everything compressed
// that begins anywhere in it.
func (f *Finder) Reader(r io.ReaderAt, size int64, where string, report func(Hit)) (int64, error) {
	return f.reader(r, size, where, report, 0)
}

func (f *Finder) reader(r io.ReaderAt, size int64, where string, report func(Hit), depth int) (int64, error) {
	type place struct {
		packing
		at int64
	}
	var found []place
	total, err := f.stream(io.NewSectionReader(r, 0, size), where, report, func(b []byte, offset int64, fresh int) {
		for _, p := range packings {
			from := max(0, fresh-len(p.magic)+1)
			for {
				i := bytes.Index(b[from:], p.magic)
				if i < 0 {
					break
				}
				found = append(found, place{p, offset + int64(from+i)})
				from += i + 1
			}
		}
	})
	if err != nil || depth == depthMax {
		return total, err
	}
	for _, p := range found {
		z, err := p.open(r, p.at, size)
		if err != nil {
			continue // these bytes only look like it
		}
		inner, _ := io.ReadAll(io.LimitReader(z, unpackedBytesMax+1)) // what came before a fault counts
		if len(inner) > unpackedBytesMax {
			return total, fmt.Errorf("%s: %s at %d is larger than %d MiB unpacked", where, p.name, p.at, unpackedBytesMax>>20)
		}
		if len(inner) < windowBytes {
			continue
		}
		n, err := f.reader(bytes.NewReader(inner), int64(len(inner)), fmt.Sprintf("%s, %s at %d", where, p.name, p.at), report, depth+1)
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}
