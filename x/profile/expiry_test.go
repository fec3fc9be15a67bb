package profile

import (
	"errors"
	"testing"
	"time"

	"cosmossdk.io/collections"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// Time ends consents at the end of the block that reaches it: rows, keys, wraps
// that are due and receipts follow, and the block's header is recorded.
func TestExpiry(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	if err := c.anchor(declared(1)); err != nil {
		t.Fatal(err)
	}
	long := terms(lender, 2)
	long.ExpiresAt += 100 * daySeconds
	ending, staying, waiting := c.granted(t, terms(lender, 1)), c.granted(t, long), c.request(t, terms(lender, 3))
	if c.headers.recorded != 0 {
		t.Fatal("a header was recorded with nothing ended")
	}
	c = c.after(30*day - time.Second)
	if _, err := c.LiveConsent(c.ctx, ending); err != nil {
		t.Errorf("in the last second: %v", err)
	}
	c.ctx = c.ctx.WithBlockTime(c.ctx.BlockTime().Add(time.Second)).WithBlockHeight(c.ctx.BlockHeight() + 1)
	if _, err := c.LiveConsent(c.ctx, ending); !errors.Is(err, ErrNotLive) {
		t.Errorf("in the block that reaches the end: got %v, want %v", err, ErrNotLive)
	}
	c = c.fresh()
	if err := c.EndBlock(c.ctx); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		id    []byte
		state profilev1.ConsentState
	}{{ending, stateExpired}, {waiting, stateExpired}, {staying, stateActive}} {
		if row, err := c.Consent(c.ctx, want.id); err != nil || row.State != want.state {
			t.Errorf("got %v, %v, want %s", row, err, want.state)
		}
	}
	c.wantEpoch(t, bank, 2, c.ctx.BlockHeight()+DefaultParams().RewrapBlocks)
	list, err := c.asks.DeletionReceipts(c.ctx, &profilev1.QueryDeletionReceiptsRequest{OrgId: lender})
	if err != nil || len(list.Receipts) != 1 || list.Receipts[0].DueAt != c.ctx.BlockTime().Unix()+30*daySeconds {
		t.Errorf("got %v, %v", list, err)
	}
	if c.headers.recorded != 1 {
		t.Errorf("%d headers recorded, want 1", c.headers.recorded)
	}
	c.checkInvariants(t)
}

// No block ends more consents than the parameter; the rest follow in order of time.
func TestExpiryBounded(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	p := DefaultParams()
	p.ExpiriesPerBlockMax = 2
	if err := c.params.Set(c.ctx, p); err != nil {
		t.Fatal(err)
	}
	var ids [][]byte
	for n := range 5 {
		x := terms(lender, n)
		x.ExpiresAt += int64(n)
		ids = append(ids, c.granted(t, x))
	}
	c.ctx = c.ctx.WithBlockTime(genesisTime.Add(31 * day)).WithBlockHeight(1000)
	for _, want := range []int{2, 4, 5, 5} {
		if err := c.EndBlock(c.ctx); err != nil {
			t.Fatal(err)
		}
		for i, id := range ids {
			row, err := c.Consent(c.ctx, id)
			if err != nil || (row.State == stateExpired) != (i < want) {
				t.Errorf("consent %d: got %s, %v, want %d ended", i, row.State, err, want)
			}
			if _, err := c.LiveConsent(c.ctx, id); !errors.Is(err, ErrNotLive) {
				t.Errorf("consent %d gives access: %v", i, err)
			}
		}
		c.checkInvariants(t)
	}
}

// A row that cannot be ended holds up neither the others nor the chain.
func TestExpiryGoesOn(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	id := c.granted(t, terms(lender, 1))
	if err := c.expiries.Set(c.ctx, collections.Join(int64(1), dataKey(1))); err != nil {
		t.Fatal(err)
	}
	c = c.after(31 * day)
	if row, err := c.Consent(c.ctx, id); err != nil || row.State != stateExpired {
		t.Errorf("got %s, %v, want %s", row.State, err, stateExpired)
	}
}

// A receipt that is missing after its time is told once, listed for the owner, the
// grantee and the regulator until it is posted, and never before.
func TestOverdueDeletion(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	consent := c.granted(t, terms(lender, 1))
	if err := c.revoke("admin", shop, consent); err != nil {
		t.Fatal(err)
	}
	overdue := func(enterprise, org uint64) int {
		t.Helper()
		res, err := c.asks.OverdueDeletions(c.ctx, &profilev1.QueryOverdueDeletionsRequest{EnterpriseId: enterprise, OrgId: org})
		if err != nil {
			t.Fatal(err)
		}
		return len(res.Receipts)
	}
	due := genesisTime.Unix() + 30*daySeconds
	c = c.after(30 * day).fresh()
	if err := c.EndBlock(c.ctx); err != nil || overdue(0, 0) != 0 {
		t.Errorf("in the second in which it is due: %d overdue, %v", overdue(0, 0), err)
	}
	c.ctx = c.ctx.WithBlockTime(c.ctx.BlockTime().Add(time.Second))
	for range 2 {
		if err := c.EndBlock(c.ctx); err != nil {
			t.Fatal(err)
		}
	}
	c.wantEvents(t, &profilev1.EventDeletionOverdue{ConsentId: consent, OrgId: lender, EnterpriseId: shop, DueAt: due})
	for _, tc := range []struct {
		enterprise, org uint64
		want            int
	}{{0, 0, 1}, {shop, 0, 1}, {0, lender, 1}, {shop, lender, 1}, {mill, 0, 0}, {0, lender2, 0}, {shop, lender2, 0}} {
		if got := overdue(tc.enterprise, tc.org); got != tc.want {
			t.Errorf("%d, %d: got %d, want %d", tc.enterprise, tc.org, got, tc.want)
		}
	}
	c.checkInvariants(t)
	if _, err := c.msgs.PostDeletionReceipt(c.ctx, &profilev1.MsgPostDeletionReceipt{
		Device: "service", OrgId: lender, ConsentId: consent, ReceiptHash: id(2),
	}); err != nil {
		t.Fatal(err)
	}
	if overdue(0, 0) != 0 {
		t.Error("posted and overdue still")
	}
	c.checkInvariants(t)
}

// An anchor is late by the block its first receipt names, and the log counts it.
func TestLateAnchor(t *testing.T) {
	t.Parallel()
	c := newKit(t).after(100 * time.Second)
	height := c.ctx.BlockHeight()
	head := make([]byte, HashBytes)
	for i, tc := range []struct {
		first, late int64
		want        error
	}{
		{0, 0, nil},
		{height, 0, nil},
		{height - 1, 0, nil},
		{height - 2, 0, nil},
		{height - 3, 3, nil},
		{1, height - 1, nil},
		{height + 1, 0, ErrField},
		{-1, 0, ErrField},
	} {
		n := uint64(i + 1)
		c = c.fresh()
		m := &profilev1.MsgAnchorAccessLog{
			Device: "service", OrgId: custodian, From: n, To: n, PreviousHead: head, Head: id(i), FirstHeight: tc.first,
		}
		if _, err := c.msgs.AnchorAccessLog(c.ctx, m); !errors.Is(err, tc.want) {
			t.Errorf("first receipt at %d: got %v, want %v", tc.first, err, tc.want)
		}
		if tc.want == nil {
			head = id(i)
			c.wantEvents(t, &profilev1.EventAccessAnchored{VaultOrgId: custodian, Sequence: n, Head: head, LateBlocks: tc.late})
		}
	}
	res, err := c.asks.AccessLog(c.ctx, &profilev1.QueryAccessLogRequest{VaultOrgId: custodian})
	if err != nil || res.Log.LateAnchors != 2 || res.Log.KeptAnchors != 6 {
		t.Errorf("got %v, %v", res, err)
	}
	c.checkInvariants(t)
}

// The first anchor that covers a receipt is found however far the log ran on, and
// the oldest rows make room.
func TestLogAnchors(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	p := DefaultParams()
	p.LogAnchorsMax = 3
	if err := c.params.Set(c.ctx, p); err != nil {
		t.Fatal(err)
	}
	head := make([]byte, HashBytes)
	for n := range 5 { // receipts 10n+1 to 10n+10
		from := uint64(10*n + 1)
		if _, err := c.msgs.AnchorAccessLog(c.ctx, &profilev1.MsgAnchorAccessLog{
			Device: "service", OrgId: custodian, From: from, To: from + 9, PreviousHead: head, Head: id(n), FirstHeight: 1,
		}); err != nil {
			t.Fatal(err)
		}
		head = id(n)
		c.checkInvariants(t)
	}
	for receipt, want := range map[uint64]uint64{1: 30, 21: 30, 30: 30, 31: 40, 50: 50} {
		res, err := c.asks.LogAnchor(c.ctx, &profilev1.QueryLogAnchorRequest{VaultOrgId: custodian, Sequence: receipt})
		if err != nil || res.Anchor.Sequence != want || !same(res.Anchor.Head, id(int(want)/10-1)) {
			t.Errorf("receipt %d: got %v, %v, want the anchor of %d", receipt, res, err, want)
		}
	}
	for _, q := range []*profilev1.QueryLogAnchorRequest{{VaultOrgId: custodian, Sequence: 51}, {VaultOrgId: custodian2, Sequence: 1}} {
		if _, err := c.asks.LogAnchor(c.ctx, q); !errors.Is(err, ErrNotFound) {
			t.Errorf("got %v, want %v", err, ErrNotFound)
		}
	}
	list, err := c.asks.LogAnchors(c.ctx, &profilev1.QueryLogAnchorsRequest{VaultOrgId: custodian})
	if err != nil || len(list.Anchors) != 3 || list.Anchors[0].Sequence != 30 {
		t.Errorf("got %v, %v", list, err)
	}
}
