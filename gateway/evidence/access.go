package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/xinlian/xinlian/bundle"
	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/vault"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// FormAccess is the form of a proven receipt of one read.
const FormAccess = "xinlian/access-receipt/1"

// AccessReceipt is one receipt of a read with what proves it to anybody: the
// digests that lead from it to the head that the chain has, which say nothing of
// the other reads, and that row of the chain. Bytes are in base64.
type AccessReceipt struct {
	Form    string          `json:"form"`
	ChainID string          `json:"chain_id"`
	Receipt []byte          `json:"receipt"` // canonical
	Later   [][]byte        `json:"later"`   // digests of the receipts after it, up to the anchored one
	Proof   bundle.RowProof `json:"proof"`   // of the vault's row
}

// Access proves one receipt of a vault's log. vault.ErrNotAnchored says that the
// chain does not have it yet.
func (e Exporter) Access(ctx context.Context, log *vault.Log, custodian, sequence uint64) (AccessReceipt, error) {
	out := AccessReceipt{Form: FormAccess, ChainID: e.Client.ChainID()}
	r, err := log.Receipt(sequence)
	if err != nil {
		return out, err
	}
	if out.Receipt, err = r.Encoded(); err != nil {
		return out, err
	}
	head, err := e.Client.Head(ctx)
	if err != nil {
		return out, err
	}
	row, to, err := e.anchorOf(chain.AtHeight(ctx, head.Height), custodian, sequence)
	if err != nil {
		return out, err
	}
	path, err := log.ProveTo(sequence, to)
	if err != nil {
		return out, err
	}
	for _, d := range path.Later {
		out.Later = append(out.Later, bytes.Clone(d[:]))
	}
	out.Proof, err = e.prove(ctx, head.Height, row)
	return out, err
}

// anchorOf finds the row that commits to a receipt, and the number of the receipt
// that its head is of.
func (e Exporter) anchorOf(ctx context.Context, custodian, sequence uint64) (wire.Row, uint64, error) {
	r, err := e.Client.Profile.LogAnchor(ctx, &profilev1.QueryLogAnchorRequest{VaultOrgId: custodian, Sequence: sequence})
	if err == nil {
		return wire.RowLogAnchor(custodian, r.Anchor.Sequence), r.Anchor.Sequence, nil
	}
	if status.Code(err) != codes.NotFound {
		return wire.Row{}, 0, fmt.Errorf("reading the anchors of the log of reads: %w", err)
	}
	return wire.Row{}, 0, fmt.Errorf("%w: receipt %d", vault.ErrNotAnchored, sequence)
}

func verifyAccess(r *bundle.Report, file []byte, root *bundle.TrustRoot, now time.Time) {
	var a AccessReceipt
	var receipt *vault.Receipt
	if !r.Step("receipt", func() (string, error) {
		var err error
		if err = json.Unmarshal(file, &a); err != nil {
			return "", fmt.Errorf("%w: %w", ErrStatement, err)
		}
		if receipt, err = vault.DecodeReceipt(a.Receipt); err != nil {
			return "", fmt.Errorf("%w: %w", ErrStatement, err)
		}
		if receipt.ChainID != a.ChainID {
			return "", fmt.Errorf("%w: the receipt is of chain %.64q", ErrStatement, receipt.ChainID)
		}
		return describe(receipt), nil
	}) {
		return
	}
	proven, ok := a.Proof.Verify(r, a.ChainID, root, now)
	if !ok {
		return
	}
	r.Step("log of reads", func() (string, error) {
		to := receipt.Sequence + uint64(len(a.Later))
		head, at, err := provenAnchor(proven, receipt.Custodian, to)
		if err != nil {
			return "", err
		}
		p := vault.ReceiptProof{To: to}
		for _, d := range a.Later {
			if len(d) != len(head) {
				return "", fmt.Errorf("%w: a digest has %d bytes", ErrStatement, len(d))
			}
			p.Later = append(p.Later, [32]byte(d))
		}
		if err := p.Verify(receipt, head); err != nil {
			return "", fmt.Errorf("%w: %w", ErrStatement, err)
		}
		return fmt.Sprintf("receipt %d is under the head of receipt %d, anchored at height %d", receipt.Sequence, to, at), nil
	})
}

// provenAnchor is what the chain has of a vault's log up to a receipt: that
// receipt's hash and the block of the anchor.
func provenAnchor(rows bundle.ProvenRows, custodian, to uint64) (head [32]byte, height int64, err error) {
	var l profilev1.LogAnchor
	if err := rows.Load(wire.RowLogAnchor(custodian, to), "the anchor of the vault's log", &l); err != nil {
		return head, 0, err
	}
	if l.VaultOrgId != custodian || l.Sequence != to || len(l.Head) != len(head) {
		return head, 0, fmt.Errorf("%w: the row is another anchor's", ErrStatement)
	}
	return [32]byte(l.Head), l.Height, nil
}

// describe is a receipt in one line.
func describe(r *vault.Receipt) string {
	what := "allowed"
	if r.Outcome != vault.OutcomeAllowed {
		what = fmt.Sprintf("refused with outcome %d", r.Outcome)
	}
	return fmt.Sprintf("read %d at custodian %d: organisation %d, device %s, for %q under consent %s of enterprise %d, decided at height %d (%s): %s, %d records",
		r.Sequence, r.Custodian, r.Org, r.Device, r.Purpose, r.Consent, r.Enterprise, r.Height,
		time.Unix(r.TimeUnix, 0).UTC().Format(time.RFC3339), what, r.Records)
}
