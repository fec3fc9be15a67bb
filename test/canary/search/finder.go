package search

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// windowBytes is how much of a form is looked up in the table before the whole
// of it is compared. A form must be at least that long.
const windowBytes = 8

// TextRunesMin is how short a text may be: its shortest form still fills a window.
const TextRunesMin = 4

// filterBits is the size of the filter before the table, as a power of two.
const filterBits = 26

// chunkBytes is how much is read at a time.
const chunkBytes = 4 << 20

// Finder looks for many texts at once in time that hardly depends on how many
// they are: at each place eight bytes are looked up, and only what is found there
// is compared.
type Finder struct {
	texts   []string
	forms   []needle
	table   map[uint64][]int32 // window → forms that hold it
	filter  []uint64
	longest int
}

// needle is a form with the place of its window.
type needle struct {
	form
	text int32
	at   int
}

// Hit is one find.
type Hit struct {
	Text   string
	Form   string
	Where  string // file, then what was opened inside it
	Offset int64  // within the innermost
}

// String says what was found where.
func (h Hit) String() string {
	return fmt.Sprintf("%s at %d: %q as %s", h.Where, h.Offset, h.Text, h.Form)
}

// New makes a finder of texts, each of at least TextRunesMin runes and 8 bytes.
func New(texts []string) (*Finder, error) {
	f := &Finder{texts: texts, table: map[uint64][]int32{}, filter: make([]uint64, 1<<filterBits/64)}
	for i, t := range texts {
		for _, w := range forms(t) {
			if len(w.bytes) < windowBytes {
				return nil, fmt.Errorf("text %q is too short as %s: %d bytes, want %d", t, w.name, len(w.bytes), windowBytes)
			}
			f.forms = append(f.forms, needle{form: w, text: int32(i)})
			f.longest = max(f.longest, len(w.bytes))
		}
	}
	f.place()
	return f, nil
}

// place chooses for each form the rarest of some windows: texts that begin or end
// alike would otherwise all be compared at each such place.
func (f *Finder) place() {
	const choices = 4
	places := func(n *needle) (list [choices]int) {
		for i := range choices {
			list[i] = i * (len(n.bytes) - windowBytes) / (choices - 1)
		}
		return list
	}
	count := make(map[uint64]int32, 2*len(f.forms))
	for i := range f.forms {
		n := &f.forms[i]
		for _, at := range places(n) {
			count[window(n.bytes[at:])]++
		}
	}
	for i := range f.forms {
		n := &f.forms[i]
		for _, at := range places(n) {
			if count[window(n.bytes[at:])] < count[window(n.bytes[n.at:])] {
				n.at = at
			}
		}
		w := window(n.bytes[n.at:])
		f.table[w] = append(f.table[w], int32(i))
		h := filterHash(w)
		f.filter[h/64] |= 1 << (h % 64)
	}
}

func window(b []byte) (w uint64) {
	for _, c := range b[:windowBytes] {
		w = w<<8 | uint64(c)
	}
	return w
}

func filterHash(w uint64) uint64 { return w * 0x9e3779b97f4a7c15 >> (64 - filterBits) }

// find looks through b and reports each find with its offset in b.
func (f *Finder) find(b []byte, report func(n *needle, offset int)) {
	var w uint64
	for i, c := range b {
		w = w<<8 | uint64(c)
		h := filterHash(w)
		if f.filter[h/64]&(1<<(h%64)) == 0 || i < windowBytes-1 {
			continue
		}
		for _, id := range f.table[w] {
			n := &f.forms[id]
			from := i - windowBytes + 1 - n.at
			if from >= 0 && from+len(n.bytes) <= len(b) && bytes.Equal(b[from:from+len(n.bytes)], n.bytes) {
				report(n, from)
			}
		}
	}
}

// stream looks through r in pieces that overlap, and shows each piece to look,
// with its offset and where what is new in it begins.
func (f *Finder) stream(r io.Reader, where string, report func(Hit), look func(b []byte, offset int64, fresh int)) (int64, error) {
	overlap := max(f.longest-1, 64)
	buf := make([]byte, overlap+chunkBytes)
	kept := 0
	var offset, total int64 // offset of buf[0]
	for {
		n, err := io.ReadFull(r, buf[kept:])
		total += int64(n)
		b := buf[:kept+n]
		f.find(b, func(n *needle, at int) {
			if at+len(n.bytes) > kept { // else it was whole in the piece before
				report(Hit{Text: f.texts[n.text], Form: n.name, Where: where, Offset: offset + int64(at)})
			}
		})
		if look != nil {
			look(b, offset, kept)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return total, nil
		}
		if err != nil {
			return total, fmt.Errorf("reading %s: %w", where, err)
		}
		keep := min(overlap, len(b))
		copy(buf, b[len(b)-keep:])
		offset += int64(len(b) - keep)
		kept = keep
	}
}
