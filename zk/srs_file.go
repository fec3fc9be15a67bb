package zk

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/kzg"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/durable"
)

const (
	// PowersMin and PowersMax bound the powers of a reference string: a circuit of
	// size n takes n + 3.
	PowersMin = SizeMin + 3
	PowersMax = SizeMax + 3
)

// The layout of a reference string's file: canonical `xinlian/srs-file/v1`, the
// encoded key as a byte string, the number of powers (4), and then each power of
// G1 as an uncompressed point of 96 bytes. Uncompressed points are twice the
// bytes and a fifth of the time to load.
func srsHead(key SRSKey, powers uint32) []byte {
	b, err := canon.New("srs-file").Bytes(key.Encode()).Uint32(powers).Encoded()
	if err != nil {
		panic(err) // no string among the fields
	}
	return b
}

// WriteSRS writes a sealed reference string to path and returns the SHA-256 of
// the file. The same string gives the same bytes.
func WriteSRS(path string, sealed *kzg.SRS) ([32]byte, error) {
	key := SRSKey{g1: sealed.Vk.G1, g2: sealed.Vk.G2}
	hash := sha256.New()
	err := durable.Replace(path, func(temporary string) error {
		f, err := os.OpenFile(temporary, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		defer f.Close() // closed below; this is for the early returns
		w := bufio.NewWriterSize(io.MultiWriter(f, hash), 1<<16)
		if _, err := w.Write(srsHead(key, uint32(len(sealed.Pk.G1)))); err != nil {
			return err
		}
		for i := range sealed.Pk.G1 {
			point := sealed.Pk.G1[i].RawBytes()
			if _, err := w.Write(point[:]); err != nil {
				return err
			}
		}
		if err := w.Flush(); err != nil {
			return err
		}
		return f.Close()
	})
	return [32]byte(hash.Sum(nil)), err
}

// LoadSRS reads the file of a ceremony's reference string. It refuses, before it
// reads a point, a file whose key is not want or whose length does not follow
// from its head; and then everything that SealedSRS refuses. It returns the
// SHA-256 of the file, for the comparison with the seal.
func LoadSRS(path string, want [32]byte) (*SRS, [32]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, [32]byte{}, fmt.Errorf("reading the reference string: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, [32]byte{}, fmt.Errorf("reading the reference string: %w", err)
	}
	hash := sha256.New()
	sealed, err := readSRS(bufio.NewReaderSize(io.TeeReader(f, hash), 1<<16), info.Size(), want)
	if err != nil {
		return nil, [32]byte{}, fmt.Errorf("reading the reference string %s: %w", path, err)
	}
	srs, err := SealedSRS(sealed)
	return srs, [32]byte(hash.Sum(nil)), err
}

func readSRS(r io.Reader, size int64, want [32]byte) (*kzg.SRS, error) {
	head := make([]byte, len(srsHead(developmentKey(), 0)))
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, fmt.Errorf("%w: head: %w", ErrSRS, err)
	}
	fields := canon.Open("srs-file", head)
	encoded, n := fields.Bytes(), fields.Uint32()
	if err := fields.Done(); err != nil {
		return nil, fmt.Errorf("%w: head: %w", ErrSRS, err)
	}
	key, err := DecodeSRSKey(encoded)
	if err != nil {
		return nil, err
	}
	if got := key.Hash(); got != want {
		return nil, fmt.Errorf("%w: the file holds key %x, wanted %x", ErrSRS, got, want)
	}
	if n < PowersMin || n > PowersMax {
		return nil, fmt.Errorf("%w: %d powers, want %d to %d", ErrSRS, n, PowersMin, PowersMax)
	}
	if wanted := int64(len(head)) + int64(n)*bls.SizeOfG1AffineUncompressed; size != wanted {
		return nil, fmt.Errorf("%w: the file has %d bytes, %d powers make %d", ErrSRS, size, n, wanted)
	}
	sealed := &kzg.SRS{Pk: kzg.ProvingKey{G1: make([]bls.G1Affine, n)}}
	sealed.Vk.G1, sealed.Vk.G2 = key.g1, key.g2
	var point [bls.SizeOfG1AffineUncompressed]byte
	for i := range sealed.Pk.G1 {
		if _, err := io.ReadFull(r, point[:]); err != nil {
			return nil, fmt.Errorf("%w: power %d: %w", ErrSRS, i, err)
		}
		if err := decodeRawG1(&sealed.Pk.G1[i], point); err != nil {
			return nil, fmt.Errorf("%w: power %d: %w", ErrSRS, i, err)
		}
	}
	return sealed, nil
}

// ReadSRSKey is the key in the head of a reference string's file.
func ReadSRSKey(path string) (SRSKey, error) {
	f, err := os.Open(path)
	if err != nil {
		return SRSKey{}, fmt.Errorf("reading the reference string: %w", err)
	}
	defer f.Close()
	head := make([]byte, len(srsHead(developmentKey(), 0)))
	if _, err := io.ReadFull(f, head); err != nil {
		return SRSKey{}, fmt.Errorf("%w: head: %w", ErrSRS, err)
	}
	key, err := DecodeSRSKey(canon.Open("srs-file", head).Bytes())
	if err != nil {
		return SRSKey{}, fmt.Errorf("%w: %s is not a reference string: %w", ErrSRS, path, err)
	}
	return key, nil
}

// decodeRawG1 reads an uncompressed point that is on the curve; SealedSRS asks
// for the subgroup. It refuses bytes that the point would not be written as.
func decodeRawG1(p *bls.G1Affine, b [bls.SizeOfG1AffineUncompressed]byte) error {
	d := bls.NewDecoder(bytes.NewReader(b[:]), bls.NoSubgroupChecks())
	if err := d.Decode(p); err != nil {
		return err
	}
	if again := p.RawBytes(); again != b {
		return errEncoding
	}
	if p.IsInfinity() {
		return errInfinity
	}
	if !p.IsOnCurve() {
		return errCurve
	}
	return nil
}
