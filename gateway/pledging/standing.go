package pledging

import (
	"context"
	"fmt"
	"math/big"
	"slices"

	"github.com/xinlian/xinlian/gateway/chain"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
)

// Standing is an order with what the chain has of it at the moment of asking.
type Standing struct {
	Order
	Statement *pledgev1.Statement // nil before it is stated
	Pledges   []pledgev1.Pledge   // newest first
}

// Look reads an order's statement and pledges from the chain.
func Look(ctx context.Context, c *chain.Client, o Order) (Standing, error) {
	s := Standing{Order: o}
	if o.StatementID != 0 {
		q, err := c.Pledge.Statement(ctx, &pledgev1.QueryStatementRequest{Id: o.StatementID})
		if err != nil {
			return s, fmt.Errorf("reading statement %d: %w", o.StatementID, err)
		}
		s.Statement = &q.Statement
	}
	if o.PledgeID == 0 {
		return s, nil
	}
	for _, id := range slices.Backward(append(slices.Clone(o.Earlier), o.PledgeID)) {
		q, err := c.Pledge.Pledge(ctx, &pledgev1.QueryPledgeRequest{Id: id})
		if err != nil {
			return s, fmt.Errorf("reading pledge %d: %w", id, err)
		}
		s.Pledges = append(s.Pledges, q.Pledge)
	}
	return s, nil
}

// AmountFen is what a pledge covers of the face: its share, rounded down to the fen.
// A share is the lender's amount rounded up to a millionth, so that this is the
// amount or a little more.
func (s Standing) AmountFen(p pledgev1.Pledge) int64 {
	n := new(big.Int).Mul(big.NewInt(s.FaceFen), big.NewInt(int64(p.SharePpm)))
	return n.Quo(n, big.NewInt(facePpm)).Int64()
}

// succeed makes a pledge the newest on the order's statement.
func (o *Order) succeed(pledge uint64) {
	if o.PledgeID != 0 && o.PledgeID != pledge {
		o.Earlier = append(slices.Clone(o.Earlier), o.PledgeID)
	}
	o.PledgeID = pledge
}
