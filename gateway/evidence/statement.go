package evidence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	cmttypes "github.com/cometbft/cometbft/types"

	"github.com/xinlian/xinlian/bundle"
	bundlev1 "github.com/xinlian/xinlian/gen/xinlian/bundle/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// StatementBytesMax bounds the file of a statement.
const StatementBytesMax = 16 << 20

// ErrStatement says that a file is no statement of a known form, or that what it
// states is not what is proven.
var ErrStatement = errors.New("evidence: the statement does not hold")

// prove reads rows at one height with their proofs and the header after it. It
// waits for the two blocks that prove them.
func (e Exporter) prove(ctx context.Context, height int64, rows ...wire.Row) (bundle.RowProof, error) {
	if err := e.settle(ctx, height); err != nil {
		return bundle.RowProof{}, err
	}
	var proven []bundlev1.Row
	for _, r := range rows {
		p, err := e.Client.ProvenRow(ctx, r, height)
		if err != nil {
			return bundle.RowProof{}, err
		}
		proven = append(proven, p)
	}
	header, err := e.Client.LightBlock(ctx, height+1)
	if err != nil {
		return bundle.RowProof{}, err
	}
	return bundle.NewRowProof([]*cmttypes.LightBlock{header}, proven)
}

// IsStatement tells whether a file looks like a statement rather than a bundle.
func IsStatement(file []byte) bool { return len(file) > 0 && file[0] == '{' }

// VerifyStatement checks a statement's file without a network. root may be nil:
// then the best verdict is bundle.Unanchored.
func VerifyStatement(file []byte, root *bundle.TrustRoot, now time.Time) bundle.Report {
	r := bundle.Report{Verdict: bundle.Refused}
	var head struct {
		Form string `json:"form"`
	}
	if !r.Step("file", func() (string, error) {
		if len(file) > StatementBytesMax {
			return "", fmt.Errorf("%w: %d bytes, at most %d", ErrStatement, len(file), StatementBytesMax)
		}
		if err := json.Unmarshal(file, &head); err != nil {
			return "", fmt.Errorf("%w: %w", ErrStatement, err)
		}
		return head.Form, nil
	}) {
		return r
	}
	switch head.Form {
	case FormAccess:
		verifyAccess(&r, file, root, now)
	case FormErasure:
		verifyErasure(&r, file, root, now)
	default:
		r.Step("form", func() (string, error) {
			return "", fmt.Errorf("%w: form %.80q is not known here", ErrStatement, head.Form)
		})
	}
	r.Conclude(root)
	return r
}
