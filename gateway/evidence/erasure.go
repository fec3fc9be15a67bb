package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/xinlian/xinlian/bundle"
	"github.com/xinlian/xinlian/gateway/vault"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/artefact"
	"github.com/xinlian/xinlian/internal/wire"
)

// FormErasure is the form of a proven receipt of an erasure.
const FormErasure = "xinlian/erasure-receipt/1"

// ErasureReceipt is what a custodian states of the keys that it destroyed, with
// the chain's row that has the statement's hash. Bytes are in base64.
type ErasureReceipt struct {
	Form       string          `json:"form"`
	ChainID    string          `json:"chain_id"`
	Statements [][]byte        `json:"statements"` // canonical, of the custodians here
	Proof      bundle.RowProof `json:"proof"`      // of the enterprise's row
}

// Erasure proves the erasure of an enterprise, with the statements of custodians
// that the caller has. ErrStatement says that no custodian's receipt is on chain.
func (e Exporter) Erasure(ctx context.Context, enterprise uint64, statements ...*vault.Erasure) (ErasureReceipt, error) {
	out := ErasureReceipt{Form: FormErasure, ChainID: e.Client.ChainID()}
	for _, s := range statements {
		b, err := s.Encoded()
		if err != nil {
			return out, err
		}
		out.Statements = append(out.Statements, b)
	}
	head, err := e.Client.Head(ctx)
	if err != nil {
		return out, err
	}
	out.Proof, err = e.prove(ctx, head.Height, wire.RowErasure(enterprise))
	return out, err
}

func verifyErasure(r *bundle.Report, file []byte, root *bundle.TrustRoot, now time.Time) {
	var f ErasureReceipt
	var list []*vault.Erasure
	if !r.Step("statements", func() (string, error) {
		if err := json.Unmarshal(file, &f); err != nil {
			return "", fmt.Errorf("%w: %w", ErrStatement, err)
		}
		for _, b := range f.Statements {
			e, err := vault.DecodeErasure(b)
			if err != nil {
				return "", fmt.Errorf("%w: %w", ErrStatement, err)
			}
			if e.ChainID != f.ChainID || len(list) > 0 && e.Enterprise != list[0].Enterprise {
				return "", fmt.Errorf("%w: the statements are of several chains or enterprises", ErrStatement)
			}
			list = append(list, e)
		}
		if len(list) == 0 {
			return "", fmt.Errorf("%w: there is no statement", ErrStatement)
		}
		return fmt.Sprintf("%d custodians say that they destroyed the keys of enterprise %d", len(list), list[0].Enterprise), nil
	}) {
		return
	}
	proven, ok := f.Proof.Verify(r, f.ChainID, root, now)
	if !ok {
		return
	}
	var row profilev1.Erasure
	if !r.Step("order", func() (string, error) {
		if err := proven.Load(wire.RowErasure(list[0].Enterprise), "the erasure", &row); err != nil {
			return "", err
		}
		return fmt.Sprintf("enterprise %d ordered the erasure at height %d (%s)", row.EnterpriseId, row.Height, stamp(row.RequestedAt)), nil
	}) {
		return
	}
	for _, e := range list {
		if !r.Step("custodian", func() (string, error) { return checkErasure(f.ChainID, e, row) }) {
			return
		}
	}
	r.Step("complete", func() (string, error) {
		missing := 0
		for _, k := range row.Receipts {
			if k.PostedAt == 0 {
				missing++
			}
		}
		if missing > 0 {
			return fmt.Sprintf("the receipts of %d custodians are still missing, due %s", missing, stamp(row.DueAt)), nil
		}
		return "every custodian that held keys has posted its receipt, the last one " + stamp(row.DoneAt), nil
	})
}

// checkErasure holds a custodian's statement against its receipt on chain.
func checkErasure(chainID string, e *vault.Erasure, row profilev1.Erasure) (string, error) {
	hash, err := artefact.ErasureHash(chainID, profilev1.ErasureStatement{
		CustodianOrgId: e.Custodian, EnterpriseId: e.Enterprise, DestroyedAt: e.TimeUnix, Batches: e.Batches, Documents: e.Documents, Root: e.Root[:],
	})
	if err != nil {
		return "", err
	}
	for _, k := range row.Receipts {
		if k.CustodianOrgId != e.Custodian {
			continue
		}
		if k.PostedAt == 0 || !bytes.Equal(k.ReceiptHash, hash) {
			return "", fmt.Errorf("%w: the chain has another receipt of custodian %d, or none", ErrStatement, e.Custodian)
		}
		return fmt.Sprintf("custodian %d destroyed the keys of %d batches and %d documents on %s, receipt %x", e.Custodian, e.Batches, e.Documents, stamp(e.TimeUnix), hash), nil
	}
	return "", fmt.Errorf("%w: the chain expects no receipt of custodian %d", ErrStatement, e.Custodian)
}

func stamp(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }
