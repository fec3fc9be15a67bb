package commitment_test

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// export is everything a member's node has, prepared for looking up many hashes.
type export struct {
	raw     []byte
	windows []uint64 // the first eight bytes at every place, sorted
	filter  []uint64
}

const filterBits = 28

func newExport(raw []byte) *export {
	e := &export{raw: raw, filter: make([]uint64, 1<<filterBits/64)}
	for i := 0; i+8 <= len(raw); i++ {
		w := binary.BigEndian.Uint64(raw[i:])
		e.windows = append(e.windows, w)
		h := bits(w)
		e.filter[h/64] |= 1 << (h % 64)
	}
	slices.Sort(e.windows)
	e.windows = slices.Compact(e.windows)
	return e
}

func bits(w uint64) uint64 { return w * 0x9e3779b97f4a7c15 >> (64 - filterBits) }

// has tells whether b, of at least eight bytes, is anywhere in the export.
func (e *export) has(b []byte) bool {
	w := binary.BigEndian.Uint64(b)
	if h := bits(w); e.filter[h/64]&(1<<(h%64)) == 0 {
		return false
	}
	_, found := slices.BinarySearch(e.windows, w)
	return found && bytes.Contains(e.raw, b)
}
