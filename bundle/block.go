package bundle

import (
	"bytes"
	"fmt"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmttypes "github.com/cometbft/cometbft/types"

	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// moment is when something happened, as a journal has it.
type moment struct {
	what   string
	height int64
	at     int64 // Unix seconds
}

// checkBlocks proves when every entry of the journals was made: its height and
// time are those of a block whose hash the chain itself has in its log of block
// hashes. Entries of the chain's own work have no transaction, but a block.
//
// Each leaf of the log is a row of the state, proven against the app hash like
// any other, and only consensus writes it. A path to the log's root would prove
// nothing more: the root is a row of the same state. So the leaf is enough, and
// of the log's head only the size is held against it.
func (v *verification) checkBlocks() (string, error) {
	body, ok := find(v.sections, sectionBlocks)
	if !ok {
		return "", fmt.Errorf("%w: section %s is missing", ErrContainer, sectionBlocks)
	}
	var log councilv1.HeaderLog
	if err := v.row(wire.RowHeaderLog(), "the log of block hashes", &log); err != nil {
		return "", err
	}
	leaves, err := v.leaves(log)
	if err != nil {
		return "", err
	}
	times, err := blockTimes(body, v.manifest.ChainId, leaves)
	if err != nil {
		return "", err
	}
	for _, m := range v.moments {
		switch at, ok := times[m.height]; {
		case !ok:
			return "", fmt.Errorf("%w: block %d of %s is missing", ErrContent, m.height, m.what)
		case at != m.at:
			return "", fmt.Errorf("%w: %s says time %d, its block %d says %d", ErrContent, m.what, m.at, m.height, at)
		}
	}
	return fmt.Sprintf("%d journal entries were made in %d blocks, each in the chain's log of %d block hashes",
		len(v.moments), len(times), log.Size_), nil
}

// leaves lists the proven leaves of the log by height.
func (v *verification) leaves(log councilv1.HeaderLog) (map[int64][]byte, error) {
	leaves := map[int64][]byte{}
	for key, value := range v.rows {
		if key.store != wire.RowHeaderLog().Store || key.key == string(wire.RowHeaderLog().Key) {
			continue
		}
		var e councilv1.HeaderEntry
		if err := e.Unmarshal(value); err != nil {
			return nil, fmt.Errorf("%w: a leaf of the log of block hashes: %w", ErrRow, err)
		}
		if key.key != string(wire.RowHeaderEntry(e.Index).Key) || e.Index >= log.Size_ {
			return nil, fmt.Errorf("%w: leaf %d is not in the log of %d block hashes", ErrContent, e.Index, log.Size_)
		}
		leaves[e.Height] = e.BlockHash
	}
	return leaves, nil
}

// blockTimes reads the headers and returns their times in Unix seconds by height.
// A header without a leaf of its own hash is refused.
func blockTimes(body []byte, chainID string, leaves map[int64][]byte) (map[int64]int64, error) {
	parts, err := splitParts(body, sectionBlocks)
	if err != nil {
		return nil, err
	}
	times, last := map[int64]int64{}, int64(0)
	for i, part := range parts {
		var p cmtproto.Header
		if err := p.Unmarshal(part); err != nil {
			return nil, fmt.Errorf("%w: block %d of the list: %w", ErrContainer, i, err)
		}
		h, err := cmttypes.HeaderFromProto(&p)
		if err != nil {
			return nil, fmt.Errorf("%w: block %d of the list: %w", ErrContainer, i, err)
		}
		again, err := h.ToProto().Marshal()
		if err != nil || !bytes.Equal(again, part) {
			return nil, fmt.Errorf("%w: block %d of the list is not in its one form", ErrContainer, i)
		}
		leaf, ok := leaves[h.Height]
		if !ok || h.ChainID != chainID || !bytes.Equal(h.Hash(), leaf) {
			return nil, fmt.Errorf("%w: the header of block %d is not the one in the chain's log", ErrContent, h.Height)
		}
		if h.Height <= last {
			return nil, fmt.Errorf("%w: blocks are not in ascending order", ErrContainer)
		}
		times[h.Height], last = h.Time.Unix(), h.Height
	}
	return times, nil
}
