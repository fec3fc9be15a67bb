package bundle

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	cmtmath "github.com/cometbft/cometbft/libs/math"
	"github.com/cometbft/cometbft/light"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmttypes "github.com/cometbft/cometbft/types"
)

// ErrAnchor says that the bundle's headers do not hang on the trust root.
var ErrAnchor = errors.New("bundle: the headers do not hang on the trust root")

// TrustingPeriod bounds how old the trust root may be against the header that it
// vouches for. Validators of a consortium are known organisations that stay
// answerable for their signatures, so it is long.
const TrustingPeriod = 2 * 365 * 24 * time.Hour

// clockDrift is how far ahead of our clock a header's time may lie.
const clockDrift = 10 * time.Minute

// TrustRoot is a block that the reader believes for reasons of their own: its
// height and hash as published by at least two members.
type TrustRoot struct {
	Height int64
	Hash   []byte
}

// ParseTrustRoot reads HEIGHT:HASH, the hash in hex.
func ParseTrustRoot(s string) (TrustRoot, error) {
	h, hash, ok := strings.Cut(s, ":")
	height, err := strconv.ParseInt(h, 10, 64)
	b, err2 := hex.DecodeString(hash)
	if !ok || err != nil || err2 != nil || height < 1 || len(b) != 32 {
		return TrustRoot{}, fmt.Errorf("trust root %q: want HEIGHT:HASH with 64 hex digits", s)
	}
	return TrustRoot{Height: height, Hash: b}, nil
}

// String is HEIGHT:HASH.
func (t TrustRoot) String() string { return fmt.Sprintf("%d:%X", t.Height, t.Hash) }

// headers decodes the section of light blocks, ascending by height.
func headers(body []byte, chainID string) ([]*cmttypes.LightBlock, error) {
	parts, err := splitParts(body, sectionHeaders)
	if err != nil {
		return nil, err
	}
	var blocks []*cmttypes.LightBlock
	for _, part := range parts {
		var p cmtproto.LightBlock
		if err := p.Unmarshal(part); err != nil {
			return nil, fmt.Errorf("%w: header %d: %w", ErrAnchor, len(blocks), err)
		}
		lb, err := cmttypes.LightBlockFromProto(&p)
		if err != nil {
			return nil, fmt.Errorf("%w: header %d: %w", ErrAnchor, len(blocks), err)
		}
		if err := lb.ValidateBasic(chainID); err != nil {
			return nil, fmt.Errorf("%w: header of height %d: %w", ErrAnchor, lb.Height, err)
		}
		if len(blocks) > 0 && blocks[len(blocks)-1].Height >= lb.Height {
			return nil, fmt.Errorf("%w: headers are not in ascending order", ErrAnchor)
		}
		blocks = append(blocks, lb)
	}
	if len(blocks) == 0 {
		return nil, fmt.Errorf("%w: there is no header", ErrAnchor)
	}
	return blocks, nil
}

// checkCommits proves that each header carries the signatures of more than two
// thirds of its own validators. It says nothing about who they are.
func checkCommits(blocks []*cmttypes.LightBlock, chainID string) error {
	for _, lb := range blocks {
		if err := lb.ValidatorSet.VerifyCommitLight(chainID, lb.Commit.BlockID, lb.Height, lb.Commit); err != nil {
			return fmt.Errorf("%w: signatures under height %d: %w", ErrAnchor, lb.Height, err)
		}
	}
	return nil
}

// walk proves the last header from the trust root: every step forward is signed
// by more than two thirds of the validators before it.
func walk(blocks []*cmttypes.LightBlock, root TrustRoot, now time.Time) error {
	start := -1
	for i, lb := range blocks {
		if lb.Height == root.Height {
			start = i
		}
	}
	if start < 0 {
		return fmt.Errorf("%w: the bundle has no header of height %d", ErrAnchor, root.Height)
	}
	if !bytes.Equal(blocks[start].Hash(), root.Hash) {
		return fmt.Errorf("%w: the header of height %d has hash %X, the trust root says %X",
			ErrAnchor, root.Height, blocks[start].Hash().Bytes(), root.Hash)
	}
	level := cmtmath.Fraction{Numerator: 2, Denominator: 3}
	for i := start + 1; i < len(blocks); i++ {
		before, after := blocks[i-1], blocks[i]
		err := light.Verify(before.SignedHeader, before.ValidatorSet, after.SignedHeader, after.ValidatorSet,
			TrustingPeriod, now, clockDrift, level)
		if err != nil {
			return fmt.Errorf("%w: from height %d to %d: %w", ErrAnchor, before.Height, after.Height, err)
		}
	}
	return nil
}
