package custody

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/xinlian/xinlian/gateway/vault"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// adopt brings the replicas of the enterprises that chose this organisation as
// their second custodian up to date with their first ones.
func (c *Custodian) adopt(ctx context.Context) error {
	list, err := enterprises(ctx, c.Client, func(o orgv1.Organisation) bool { return o.SecondCustodianOrgId == c.OrgID })
	if err != nil {
		return err
	}
	var all error
	for _, o := range list {
		first, err := c.First(o.CustodianOrgId)
		if err == nil {
			_, err = c.Vault.Adopt(ctx, o.CustodianOrgId, o.Id, c.address(), c.DataKey, first)
		}
		if err != nil && !errors.Is(err, vault.ErrErased) {
			all = errors.Join(all, fmt.Errorf("replica of enterprise %d: %w", o.Id, err))
		}
	}
	return all
}

// SignReplica signs a request to a first custodian's vault.
func (c *Custodian) SignReplica(raw []byte) ([]byte, error) { return c.Service.Sign(raw) }

// Replicate answers a second custodian on the first one's behalf.
func (c *Custodian) Replicate(ctx context.Context, req vault.ReplicaRequest, signature []byte, w io.Writer) error {
	return c.Vault.Replicate(ctx, req, signature, vault.Answerer{Device: c.address(), Sign: c.Service.Sign}, w)
}
