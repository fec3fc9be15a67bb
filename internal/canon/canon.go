// Package canon makes the canonical bytes that Xinlian hashes and signs. Every
// hash of a record, a consent, a statement or a journal entry goes through it,
// so that a Go struct, a protobuf message or a JSON text is never hashed.
//
// A value is a sequence of fields in an order fixed by its kind: integers are
// big-endian, strings are UTF-8 in normalisation form NFC, strings and byte
// strings carry a four-byte length, and the first field of every hash is a
// domain string `xinlian/<what>/v1`. There are no maps, no floats and no
// optional fields without a presence byte. Decoding refuses anything that would
// not encode again to the same bytes.
//
// The format is frozen: a change of meaning takes a new domain version, never a
// new reading of old bytes. Vectors are in testdata/vectors.json.
package canon

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// FieldBytesMax bounds one string or byte string, in bytes.
const FieldBytesMax = 1 << 20

var (
	// ErrText says that a string is not valid UTF-8 in form NFC.
	ErrText = errors.New("canon: text is not UTF-8 in form NFC")
	// ErrSize says that a field is longer than FieldBytesMax.
	ErrSize = errors.New("canon: field too long")
	// ErrShort says that the input ended inside a field.
	ErrShort = errors.New("canon: input ends inside a field")
	// ErrTrailing says that bytes follow the last field.
	ErrTrailing = errors.New("canon: bytes after the last field")
	// ErrDomain says that the input was made for another purpose or version.
	ErrDomain = errors.New("canon: wrong domain")
	// ErrBool says that a presence byte is neither 0 nor 1.
	ErrBool = errors.New("canon: presence byte is neither 0 nor 1")
)

// Domain is the domain string of version 1 of what.
func Domain(what string) string { return "xinlian/" + what + "/v1" }

// Writer appends fields. The first error sticks and is reported by Bytes, so a
// sequence of appends needs one check at its end.
type Writer struct {
	buf []byte
	err error
}

// New starts a value of the given kind with its domain string.
func New(what string) *Writer {
	w := &Writer{}
	w.String(Domain(what))
	return w
}

// Uint8 appends one byte.
func (w *Writer) Uint8(v uint8) *Writer { w.buf = append(w.buf, v); return w }

// Bool appends a presence byte, 0 or 1.
func (w *Writer) Bool(v bool) *Writer {
	if v {
		return w.Uint8(1)
	}
	return w.Uint8(0)
}

// Uint16 appends two bytes, big-endian.
func (w *Writer) Uint16(v uint16) *Writer {
	w.buf = binary.BigEndian.AppendUint16(w.buf, v)
	return w
}

// Uint32 appends four bytes, big-endian.
func (w *Writer) Uint32(v uint32) *Writer {
	w.buf = binary.BigEndian.AppendUint32(w.buf, v)
	return w
}

// Uint64 appends eight bytes, big-endian.
func (w *Writer) Uint64(v uint64) *Writer {
	w.buf = binary.BigEndian.AppendUint64(w.buf, v)
	return w
}

// Int64 appends eight bytes, big-endian two's complement.
func (w *Writer) Int64(v int64) *Writer { return w.Uint64(uint64(v)) }

// Bytes appends a four-byte length and b.
func (w *Writer) Bytes(b []byte) *Writer {
	if len(b) > FieldBytesMax {
		w.fail(ErrSize)
		return w
	}
	w.Uint32(uint32(len(b)))
	w.buf = append(w.buf, b...)
	return w
}

// Fixed appends b without a length; its size is part of the kind's definition.
func (w *Writer) Fixed(b []byte) *Writer { w.buf = append(w.buf, b...); return w }

// String appends a four-byte length and s, which must be UTF-8 in form NFC.
func (w *Writer) String(s string) *Writer {
	if !utf8.ValidString(s) || !norm.NFC.IsNormalString(s) {
		w.fail(fmt.Errorf("%w: %q", ErrText, clip(s)))
		return w
	}
	return w.Bytes([]byte(s))
}

// Encoded returns the bytes written so far, or the first error.
func (w *Writer) Encoded() ([]byte, error) { return w.buf, w.err }

// Sum returns the SHA-256 of the bytes written so far, or the first error.
func (w *Writer) Sum() ([32]byte, error) { return sha256.Sum256(w.buf), w.err }

// MustSum is Sum for values whose strings are known to be canonical, such as
// constants and numbers; it panics on an error, which is the programmer's.
func (w *Writer) MustSum() [32]byte {
	s, err := w.Sum()
	if err != nil {
		panic(err)
	}
	return s
}

func (w *Writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// Reader takes fields off canonical bytes in the order they were written. The
// first error sticks; after it every method returns a zero value. Done reports
// it, or ErrTrailing when bytes are left.
type Reader struct {
	rest []byte
	err  error
}

// Open starts reading a value of the given kind.
func Open(what string, b []byte) *Reader {
	r := &Reader{rest: b}
	if got := r.String(); r.err == nil && got != Domain(what) {
		r.err = fmt.Errorf("%w: %q, want %q", ErrDomain, clip(got), Domain(what))
	}
	return r
}

// Uint8 reads one byte.
func (r *Reader) Uint8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

// Bool reads a presence byte and refuses anything but 0 and 1.
func (r *Reader) Bool() bool {
	v := r.Uint8()
	if v > 1 {
		r.fail(ErrBool)
	}
	return v == 1
}

// Uint16 reads two bytes.
func (r *Reader) Uint16() uint16 {
	if b := r.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

// Uint32 reads four bytes.
func (r *Reader) Uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// Uint64 reads eight bytes.
func (r *Reader) Uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// Int64 reads eight bytes, two's complement.
func (r *Reader) Int64() int64 { return int64(r.Uint64()) }

// Bytes reads a length-prefixed byte string.
func (r *Reader) Bytes() []byte {
	n := r.Uint32()
	if n > FieldBytesMax {
		r.fail(ErrSize)
		return nil
	}
	return r.take(int(n))
}

// Fixed reads n bytes.
func (r *Reader) Fixed(n int) []byte { return r.take(n) }

// String reads a length-prefixed string and refuses text that is not canonical.
func (r *Reader) String() string {
	s := string(r.Bytes())
	if r.err == nil && (!utf8.ValidString(s) || !norm.NFC.IsNormalString(s)) {
		r.fail(fmt.Errorf("%w: %q", ErrText, clip(s)))
		return ""
	}
	return s
}

// Err is the first error so far.
func (r *Reader) Err() error { return r.err }

// Done ends the reading: it returns the first error, or ErrTrailing.
func (r *Reader) Done() error {
	if r.err == nil && len(r.rest) != 0 {
		r.err = fmt.Errorf("%w: %d", ErrTrailing, len(r.rest))
	}
	return r.err
}

func (r *Reader) take(n int) []byte {
	if r.err != nil {
		return nil
	}
	if n > len(r.rest) {
		r.err = ErrShort
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *Reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}
