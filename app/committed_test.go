package app_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/testkit"
	"github.com/xinlian/xinlian/internal/wire"
)

// Test that export and invariants read the last committed block and nothing of a
// transaction that was only admitted to the mempool, though it changed the state
// that transactions are checked on.
func TestExportReadsCommittedState(t *testing.T) {
	t.Parallel()
	c := testkit.Start(t)
	before := c.Export()
	raw := c.Sign(c.Settlement.Service, &profilev1.MsgAnchorAccessLog{
		Device: wire.Address(c.Settlement.Service), OrgId: c.Settlement.ID, From: 1, To: 1,
		PreviousHead: make([]byte, 32), Head: testkit.Digest("head"),
	})
	if o := c.Check(raw); o.Code != 0 {
		t.Fatalf("not admitted: %s/%d %s", o.Space, o.Code, o.Log)
	}
	if o := c.Check(raw); o.Code == 0 {
		t.Fatal("the check state did not change: the same transaction was admitted twice")
	}
	after := c.Export()
	if !maps.EqualFunc(before, after, slices.Equal[json.RawMessage]) {
		t.Error("an admitted transaction is in the exported state")
	}
	c.CheckInvariants()
	if o := c.Block(0, raw)[0]; o.Code != 0 {
		t.Fatalf("refused in a block: %s/%d %s", o.Space, o.Code, o.Log)
	}
	if maps.EqualFunc(after, c.Export(), slices.Equal[json.RawMessage]) {
		t.Error("a committed transaction is not in the exported state")
	}
}
