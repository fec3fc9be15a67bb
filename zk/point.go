package zk

import (
	"errors"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

var (
	errInfinity   = errors.New("point at infinity")
	errCompressed = errors.New("point is not in compressed form")
	errEncoding   = errors.New("point is not in uncompressed canonical form")
	errCurve      = errors.New("point is not on the curve")
)

// decodeG1 reads 48 bytes in compressed form: canonical, on the curve, in the
// subgroup and not zero.
func decodeG1(p *bls.G1Affine, b []byte) error {
	n, err := p.SetBytes(b)
	if err != nil {
		return err
	}
	if n != bls.SizeOfG1AffineCompressed {
		return errCompressed
	}
	if p.IsInfinity() {
		return errInfinity
	}
	return nil
}

// decodeG2 is decodeG1 for the 96 bytes of G2.
func decodeG2(p *bls.G2Affine, b []byte) error {
	n, err := p.SetBytes(b)
	if err != nil {
		return err
	}
	if n != bls.SizeOfG2AffineCompressed {
		return errCompressed
	}
	if p.IsInfinity() {
		return errInfinity
	}
	return nil
}
