package ceremony

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"os"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/kzg"

	"github.com/xinlian/xinlian/internal/durable"
)

// gnark writes a contribution as the proof of knowledge (a point of G1, a point
// of G2), the number of powers, the powers but the first, [tau] in G2, and the
// hash of the contribution before.
const (
	proofBytes     = bls.SizeOfG1AffineCompressed + bls.SizeOfG2AffineCompressed
	challengeBytes = sha256.Size
)

func contributionBytes(powers uint32) int64 {
	return proofBytes + 8 + int64(powers-1)*bls.SizeOfG1AffineCompressed + bls.SizeOfG2AffineCompressed + challengeBytes
}

// readContribution reads a contribution of so many powers and checks that the
// file is what gnark would write for it; want is its SHA-256. The length and the
// number of powers in the file are checked before gnark's reader, which believes
// them, makes room for them; and it reads into an initialised setup, since into a
// zero value it leaves the generator of G1 out.
func readContribution(path string, powers uint32, want [32]byte) (*kzg.MpcSetup, error) {
	fail := func(err error) error { return fmt.Errorf("%w: %s: %w", ErrTranscript, path, err) }
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading a contribution: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("reading a contribution: %w", err)
	}
	if wanted := contributionBytes(powers); info.Size() != wanted {
		return nil, fail(fmt.Errorf("%d bytes, %d powers make %d", info.Size(), powers, wanted))
	}
	hash := sha256.New()
	r := bufio.NewReaderSize(io.TeeReader(f, hash), 1<<16)
	head, err := r.Peek(proofBytes + 8)
	if err != nil {
		return nil, fail(err)
	}
	if n := binary.BigEndian.Uint64(head[proofBytes:]); n != uint64(powers) {
		return nil, fail(fmt.Errorf("%d powers, want %d", n, powers))
	}
	s := kzg.InitializeSetup(int(powers))
	if _, err := s.ReadFrom(r); err != nil {
		return nil, fail(err)
	}
	if _, err := r.ReadByte(); err != io.EOF {
		return nil, fail(fmt.Errorf("bytes after the end"))
	}
	if got := [32]byte(hash.Sum(nil)); got != want {
		return nil, fail(fmt.Errorf("its SHA-256 is %x, its record says %x", got, want))
	}
	// gnark hashes what it would write, the record what was read: a point in
	// another form would set the two apart.
	again := sha256.New()
	if _, err := s.WriteTo(again); err != nil {
		return nil, fail(err)
	}
	if [32]byte(again.Sum(nil)) != want {
		return nil, fail(fmt.Errorf("it holds a point in another form than gnark writes"))
	}
	return &s, nil
}

func writeContribution(path string, s *kzg.MpcSetup) ([32]byte, error) {
	hash := sha256.New()
	err := durable.Replace(path, func(temporary string) error {
		f, err := os.OpenFile(temporary, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		defer f.Close() // closed below; this is for the early returns
		w := bufio.NewWriterSize(io.MultiWriter(f, hash), 1<<16)
		if _, err := s.WriteTo(w); err != nil {
			return err
		}
		if err := w.Flush(); err != nil {
			return err
		}
		return f.Close()
	})
	return [32]byte(hash.Sum(nil)), err
}
