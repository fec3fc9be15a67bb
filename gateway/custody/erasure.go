package custody

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/xinlian/xinlian/gateway/vault"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/artefact"
)

// Statement is the chain's form of what a vault states of an erasure.
func Statement(e *vault.Erasure) profilev1.ErasureStatement {
	return profilev1.ErasureStatement{
		CustodianOrgId: e.Custodian, EnterpriseId: e.Enterprise, DestroyedAt: e.TimeUnix,
		Batches: e.Batches, Documents: e.Documents, Root: bytes.Clone(e.Root[:]),
	}
}

// erase destroys the keys of enterprises whose owners ordered it, and posts the
// receipts that the chain still waits for. The vault keeps its statement, so that
// a receipt that did not reach the chain is posted again, the same one.
func (c *Custodian) erase(ctx context.Context) error {
	rows, err := Ledger{Client: c.Client}.erasures(ctx)
	if err != nil {
		return err
	}
	var all error
	for _, row := range rows {
		for _, r := range row.Receipts {
			if r.CustodianOrgId == c.OrgID && r.PostedAt == 0 {
				all = errors.Join(all, c.eraseOne(ctx, row.EnterpriseId))
			}
		}
	}
	return all
}

func (c *Custodian) eraseOne(ctx context.Context, enterprise uint64) error {
	e, err := c.Vault.Erase(ctx, enterprise)
	if err != nil {
		return fmt.Errorf("erasing enterprise %d: %w", enterprise, err)
	}
	hash, err := artefact.ErasureHash(c.Client.ChainID(), Statement(e))
	if err != nil {
		return err
	}
	_, err = c.Client.Send(ctx, c.Service, &profilev1.MsgRecordErasure{
		Device: c.address(), OrgId: c.OrgID, EnterpriseId: enterprise, ReceiptHash: hash,
	})
	if err != nil {
		return fmt.Errorf("recording the erasure of enterprise %d: %w", enterprise, err)
	}
	c.Log.Info("erased", "enterprise", enterprise, "batches", e.Batches, "documents", e.Documents)
	return nil
}
