package bundle

import (
	"fmt"
	"time"

	cmttypes "github.com/cometbft/cometbft/types"

	bundlev1 "github.com/xinlian/xinlian/gen/xinlian/bundle/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// RowProof proves single rows of the state at one height, for a statement that
// needs no whole bundle: a receipt of a read, a receipt of an erasure.
type RowProof struct {
	// Headers are light blocks, ascending, each with its length before it; the last
	// one is of the height after the state's.
	Headers []byte `json:"headers"`
	// Rows is the rows with their proofs against the last header's app hash.
	Rows []byte `json:"rows"`
}

// NewRowProof encodes rows and the headers that they hang on.
func NewRowProof(headers []*cmttypes.LightBlock, rows []bundlev1.Row) (RowProof, error) {
	light, err := lightBlocks(headers)
	if err != nil {
		return RowProof{}, err
	}
	b, err := (&bundlev1.Rows{Rows: rows}).Marshal()
	if err != nil {
		return RowProof{}, fmt.Errorf("writing rows: %w", err)
	}
	return RowProof{Headers: light, Rows: b}, nil
}

// ProvenRows are rows that a RowProof proved.
type ProvenRows struct{ rows state }

// Load decodes a row, or says that it is missing.
func (p ProvenRows) Load(r wire.Row, what string, into interface{ Unmarshal([]byte) error }) error {
	return p.rows.load(r.Store, r.Key, what, into)
}

// Verify proves the rows and writes its checks into the report. ok is false when
// one of them does not hold. Without a trust root the report can only become
// Unanchored; Conclude gives the verdict.
func (p RowProof) Verify(report *Report, chainID string, root *TrustRoot, now time.Time) (proven ProvenRows, ok bool) {
	report.ChainID = chainID
	v := &verification{manifest: &bundlev1.Manifest{ChainId: chainID}}
	ok = report.Step("headers", func() (string, error) {
		var err error
		if v.blocks, err = headers(p.Headers, chainID); err != nil {
			return "", err
		}
		last := v.blocks[len(v.blocks)-1]
		v.manifest.StateHeight = last.Height - 1
		report.Height, report.Root = last.Height-1, TrustRoot{Height: last.Height, Hash: last.Hash()}.String()
		return fmt.Sprintf("%d headers, each signed by more than two thirds of its validators", len(v.blocks)), checkCommits(v.blocks, chainID)
	}) && report.Step("trust root", func() (string, error) { return v.anchor(root, now) }) &&
		report.Step("state rows", func() (string, error) {
			var err error
			if v.rows, err = prove(p.Rows, v.blocks[len(v.blocks)-1].AppHash); err != nil {
				return "", err
			}
			return fmt.Sprintf("%d rows are in the state at height %d", len(v.rows), report.Height), nil
		})
	return ProvenRows{v.rows}, ok
}

// Conclude gives a report without a failed check its verdict.
func (r *Report) Conclude(root *TrustRoot) {
	switch {
	case len(r.Checks) == 0 || !r.Checks[len(r.Checks)-1].OK:
		r.Verdict = Refused
	case root == nil:
		r.Verdict = Unanchored
	default:
		r.Verdict = Valid
	}
}
