package oprf

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/oprf"
	"github.com/cloudflare/circl/zk/dleq"
)

// Sizes of the suite, in bytes.
const (
	PointBytes  = 32 // a compressed group element
	ScalarBytes = 32
	ProofBytes  = 64 // two scalars
	OutputBytes = 64 // SHA-512
	TagBytes    = 32 // the first half of an output
)

// Bounds of everything that outsiders send.
const (
	MembersMax    = 64   // holders of shares
	BatchMax      = 64   // elements of one request
	InputBytesMax = 4096 // one input; RFC 9497 allows 65,535
)

// The suite of RFC 9497 section 4.1. Context is the string of section 3.1 for
// verifiable mode, which every proof is made under.
var (
	suite   = oprf.SuiteRistretto255
	curve   = suite.Group()
	proving = dleq.Params{G: curve, H: suite.Hash(), DST: []byte("OPRFV1-\x01-ristretto255-SHA512")}
)

// The refusals of this package. Errors of Combine that name members are a
// *FaultyError.
var (
	ErrPoint     = errors.New("oprf: not a point of the group, or the identity")
	ErrScalar    = errors.New("oprf: not a scalar of the group, or zero")
	ErrSize      = errors.New("oprf: wrong number or size")
	ErrThreshold = errors.New("oprf: the threshold is not more than two thirds of the members")
	ErrKey       = errors.New("oprf: the shares do not belong to the key")
	ErrFew       = errors.New("oprf: fewer valid answers than the threshold")
)

// ThresholdMin is the least threshold of n members: more than two thirds, so that
// a third that colludes learns nothing and a third that is silent stops nothing.
func ThresholdMin(n int) int { return 2*n/3 + 1 }

// point reads a point in its one encoding. The identity is refused, as RFC 9497
// asks of every point that is received.
func point(b []byte) (group.Element, error) {
	if len(b) != PointBytes {
		return nil, fmt.Errorf("%w: a point of %d bytes", ErrSize, len(b))
	}
	e := curve.NewElement()
	if err := e.UnmarshalBinary(b); err != nil || e.IsIdentity() || !bytes.Equal(encoded(e), b) {
		return nil, ErrPoint
	}
	return e, nil
}

func points(list [][]byte, most int) ([]group.Element, error) {
	if len(list) == 0 || len(list) > most {
		return nil, fmt.Errorf("%w: %d points, want 1 to %d", ErrSize, len(list), most)
	}
	elements := make([]group.Element, len(list))
	for i, b := range list {
		var err error
		if elements[i], err = point(b); err != nil {
			return nil, fmt.Errorf("point %d: %w", i, err)
		}
	}
	return elements, nil
}

// scalar reads a scalar in its one encoding, below the group's order. Zero is
// refused: no share and no blind is zero.
func scalar(b []byte) (group.Scalar, error) {
	if len(b) != ScalarBytes {
		return nil, fmt.Errorf("%w: a scalar of %d bytes", ErrSize, len(b))
	}
	s := curve.NewScalar()
	if err := s.UnmarshalBinary(b); err != nil || s.IsZero() || !bytes.Equal(encoded(s), b) {
		return nil, ErrScalar
	}
	return s, nil
}

// encoded is the encoding of a point or scalar; for this group it cannot fail.
func encoded(v interface{ MarshalBinary() ([]byte, error) }) []byte {
	b, err := v.MarshalBinary()
	if err != nil {
		panic(fmt.Sprintf("oprf: encoding %T: %v", v, err))
	}
	return b
}

func number(n uint64) group.Scalar { return curve.NewScalar().SetUint64(n) }

// interpolate is the weight of index i when the points at the given indices are
// interpolated at x: the product of (x-j)/(i-j) over the other indices.
func interpolate(indices []uint16, i uint16, x uint64) group.Scalar {
	top, bottom := number(1), number(1)
	for _, j := range indices {
		if j == i {
			continue
		}
		top.Mul(top, curve.NewScalar().Sub(number(x), number(uint64(j))))
		bottom.Mul(bottom, curve.NewScalar().Sub(number(uint64(i)), number(uint64(j))))
	}
	return top.Mul(top, bottom.Inv(bottom))
}

// at evaluates a committed polynomial at index x, in the exponent.
func at(commitments []group.Element, x uint16) group.Element {
	sum := curve.Identity()
	for k := len(commitments) - 1; k >= 0; k-- {
		sum = curve.NewElement().Add(curve.NewElement().Mul(sum, number(uint64(x))), commitments[k])
	}
	return sum
}
