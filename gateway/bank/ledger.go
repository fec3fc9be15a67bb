package bank

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/xinlian/xinlian/gateway/chain"
	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// ErrRefused is the chain's refusal of an act; anything else may be tried again at once.
var ErrRefused = errors.New("bank: the chain refuses")

// Balance is what an issuer reports of a day.
type Balance struct {
	Day, BalanceFen, UnissuedFen, UnsettledFen int64
	StatementHash                              []byte
}

// Ledger is the chain as an issuer uses it. Errors of acts wrap ErrRefused where the
// chain refused.
type Ledger interface {
	// Pending lists what the issuer must pay out, in order of id.
	Pending(ctx context.Context, issuer uint64) ([]cashv1.Redemption, error)
	// Redemption is a redemption; one that is not there is all zero.
	Redemption(ctx context.Context, id uint64) (cashv1.Redemption, error)
	Issue(ctx context.Context, to uint64, amountFen int64, reference string) error
	Settle(ctx context.Context, redemption uint64, reference string) error
	Reject(ctx context.Context, redemption uint64, code string) error
	Report(ctx context.Context, b Balance) error
}

// Chain is the ledger at a node, by an issuer's service device.
type Chain struct {
	Client *chain.Client
	Device wire.Signer
	OrgID  uint64
}

// Pending reads every page.
func (c Chain) Pending(ctx context.Context, issuer uint64) ([]cashv1.Redemption, error) {
	var all []cashv1.Redemption
	page := &query.PageRequest{Limit: 200}
	for {
		r, err := c.Client.Cash.PendingRedemptions(ctx, &cashv1.QueryPendingRedemptionsRequest{IssuerOrgId: issuer, Pagination: page})
		if err != nil {
			return nil, fmt.Errorf("reading pending redemptions: %w", err)
		}
		all = append(all, r.Redemptions...)
		if r.Pagination == nil || len(r.Pagination.NextKey) == 0 {
			return all, nil
		}
		page = &query.PageRequest{Key: r.Pagination.NextKey, Limit: 200}
	}
}

// Redemption reads one row.
func (c Chain) Redemption(ctx context.Context, id uint64) (cashv1.Redemption, error) {
	r, err := c.Client.Cash.Redemption(ctx, &cashv1.QueryRedemptionRequest{Id: id})
	if status.Code(err) == codes.NotFound {
		return cashv1.Redemption{}, nil
	}
	if err != nil {
		return cashv1.Redemption{}, fmt.Errorf("reading redemption %d: %w", id, err)
	}
	return r.Redemption, nil
}

// Issue sends MsgIssue.
func (c Chain) Issue(ctx context.Context, to uint64, amountFen int64, reference string) error {
	_, err := c.Client.Send(ctx, c.Device, &cashv1.MsgIssue{
		Device: wire.Address(c.Device), OrgId: c.OrgID, ToOrgId: to, AmountFen: amountFen, BankReference: reference,
	})
	return refusal(err)
}

// Settle sends MsgSettleRedemption.
func (c Chain) Settle(ctx context.Context, redemption uint64, reference string) error {
	_, err := c.Client.Send(ctx, c.Device, &cashv1.MsgSettleRedemption{
		Device: wire.Address(c.Device), OrgId: c.OrgID, RedemptionId: redemption, BankReference: reference,
	})
	return refusal(err)
}

// Reject sends MsgRejectRedemption.
func (c Chain) Reject(ctx context.Context, redemption uint64, code string) error {
	_, err := c.Client.Send(ctx, c.Device, &cashv1.MsgRejectRedemption{
		Device: wire.Address(c.Device), OrgId: c.OrgID, RedemptionId: redemption, RejectCode: code,
	})
	return refusal(err)
}

// Report sends MsgReportBalance.
func (c Chain) Report(ctx context.Context, b Balance) error {
	_, err := c.Client.Send(ctx, c.Device, &cashv1.MsgReportBalance{
		Device: wire.Address(c.Device), OrgId: c.OrgID, Day: b.Day, BalanceFen: b.BalanceFen,
		UnissuedFen: b.UnissuedFen, UnsettledFen: b.UnsettledFen, StatementHash: b.StatementHash,
	})
	return refusal(err)
}

func refusal(err error) error {
	var r *chain.Refused
	if errors.As(err, &r) {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return err
}
