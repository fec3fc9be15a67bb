package pledge

import (
	"testing"

	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
)

// TestQueries proves what each query answers, and that what is unknown is refused.
func TestQueries(t *testing.T) {
	t.Parallel()
	c := lived(t)
	keys, err := c.asks.Keys(c.ctx, &pledgev1.QueryKeysRequest{})
	check(t, err)
	if len(keys.Keys) != 2 || keys.Keys[0].Status != keyRetiring || keys.Keys[1].Status != keyActive || keys.Proposal.GetSharing() != 2 {
		t.Errorf("keys: %v", keys)
	}
	st, err := c.asks.Statement(c.ctx, &pledgev1.QueryStatementRequest{Id: 2})
	check(t, err)
	if st.Statement.PledgedPpm != FacePpm || len(st.Statement.Tags) != 2 {
		t.Errorf("statement: %v", st)
	}
	p, err := c.asks.Pledge(c.ctx, &pledgev1.QueryPledgeRequest{Id: 1})
	check(t, err)
	if p.Pledge.Status != pledgeReleased {
		t.Errorf("pledge: %v", p)
	}
	params, err := c.asks.Params(c.ctx, &pledgev1.QueryParamsRequest{})
	check(t, err)
	if params.Params != DefaultParams() {
		t.Errorf("params: %v", params)
	}
	if _, err := c.asks.Statement(c.ctx, &pledgev1.QueryStatementRequest{Id: 99}); !isOnly(err, ErrUnknownStatement) {
		t.Errorf("unknown statement: %v", err)
	}
	if _, err := c.asks.Pledge(c.ctx, &pledgev1.QueryPledgeRequest{Id: 99}); !isOnly(err, ErrUnknownPledge) {
		t.Errorf("unknown pledge: %v", err)
	}
	if _, err := c.asks.Check(c.ctx, &pledgev1.QueryCheckRequest{Tag: []byte{1}}); !isOnly(err, ErrField) {
		t.Errorf("short tag: %v", err)
	}
	none := newKit(t)
	none.wantCheck(t, tagN(1, 1), false)
	if keys, err := none.asks.Keys(none.ctx, &pledgev1.QueryKeysRequest{}); err != nil || len(keys.Keys) != 0 || keys.Proposal != nil {
		t.Errorf("no keys: %v, %v", keys, err)
	}
}
