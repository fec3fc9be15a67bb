package vault

import (
	"crypto/cipher"
	"errors"
	"fmt"
	stdhash "hash"
	"io"
)

// streamNonce is the STREAM construction's: an 11-byte counter and the mark of
// the last chunk.
type streamNonce [12]byte

func (n *streamNonce) next() error {
	for i := len(n) - 2; i >= 0; i-- {
		if n[i]++; n[i] != 0 {
			return nil
		}
	}
	return fmt.Errorf("%w: too many chunks", ErrBadRequest)
}

type streamCipher struct {
	aead  cipher.AEAD
	aad   []byte
	nonce streamNonce
}

func newStreamCipher(p Place, key Key) (streamCipher, error) {
	a, err := p.Suite.aead(key)
	if err != nil {
		return streamCipher{}, err
	}
	aad, err := p.AAD()
	return streamCipher{aead: a, aad: aad}, err
}

type streamWriter struct {
	streamCipher

	w   io.Writer
	buf []byte
}

func newStreamWriter(p Place, key Key, w io.Writer) (*streamWriter, error) {
	c, err := newStreamCipher(p, key)
	return &streamWriter{streamCipher: c, w: w, buf: make([]byte, 0, ChunkBytes)}, err
}

// Write encrypts full chunks, but keeps the last one back until it is known
// whether another follows.
func (s *streamWriter) Write(p []byte) (int, error) {
	total := len(p)
	for len(p) > 0 {
		if len(s.buf) == ChunkBytes {
			if err := s.flush(0); err != nil {
				return 0, err
			}
		}
		n := min(len(p), ChunkBytes-len(s.buf))
		s.buf, p = append(s.buf, p[:n]...), p[n:]
	}
	return total, nil
}

// Close writes the last chunk. It does not close the writer below.
func (s *streamWriter) Close() error { return s.flush(1) }

func (s *streamWriter) flush(last byte) error {
	s.nonce[len(s.nonce)-1] = last
	if _, err := s.w.Write(s.aead.Seal(nil, s.nonce[:], s.buf, s.aad)); err != nil {
		return err
	}
	s.buf = s.buf[:0]
	return s.nonce.next()
}

type streamReader struct {
	streamCipher

	r     io.Reader
	ahead []byte // ciphertext read but not opened
	plain []byte
	done  bool
	err   error
}

func newStreamReader(p Place, key Key, r io.Reader) (*streamReader, error) {
	c, err := newStreamCipher(p, key)
	return &streamReader{streamCipher: c, r: r}, err
}

// Read returns authentic bytes only. The end of the input without the mark of
// the last chunk is ErrDamaged.
func (s *streamReader) Read(p []byte) (int, error) {
	for len(s.plain) == 0 && s.err == nil {
		if s.done {
			s.err = io.EOF
			break
		}
		s.plain, s.err = s.chunk()
	}
	if s.err != nil {
		return 0, s.err
	}
	n := copy(p, s.plain)
	s.plain = s.plain[n:]
	return n, nil
}

func (s *streamReader) chunk() ([]byte, error) {
	const full = ChunkBytes + gcmTagBytes
	buf := make([]byte, full+1) // one byte more says whether this is the last chunk
	n := copy(buf, s.ahead)
	m, err := io.ReadFull(s.r, buf[n:])
	n += m
	switch {
	case err == nil:
		s.ahead, n = []byte{buf[full]}, full
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		s.nonce[len(s.nonce)-1], s.done = 1, true
	default:
		return nil, err
	}
	plain, err := s.aead.Open(nil, s.nonce[:], buf[:n], s.aad)
	if err != nil {
		return nil, fmt.Errorf("%w: a document's chunk does not open", ErrDamaged)
	}
	return plain, s.nonce.next()
}

// countingHash is a hash that knows how much it has seen.
type countingHash struct {
	stdhash.Hash

	n uint64
}

func (h *countingHash) Write(p []byte) (int, error) {
	h.n += uint64(len(p))
	return h.Hash.Write(p)
}
