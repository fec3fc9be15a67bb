package org

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	sdk "github.com/cosmos/cosmos-sdk/types"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// Test that no sequence of messages, legal or not, breaks an invariant; that a
// refused one changes nothing; and that the end exports to a valid genesis,
// which starts a chain that exports the same.
func TestRandomMessages(t *testing.T) {
	t.Parallel()
	w, empty := newWorld(t), newEmptyWorld(t)
	w.must(t, w.ctx, admitted()...)
	rapid.Check(t, func(r *rapid.T) {
		ctx, _ := w.ctx.CacheContext()
		accepted := 0
		for range rapid.IntRange(1, 40).Draw(r, "steps") {
			seconds := rapid.SampledFrom([]int64{0, 1, 7, delay}).Draw(r, "seconds")
			ctx = ctx.WithBlockHeight(ctx.BlockHeight() + 1).WithBlockTime(ctx.BlockTime().Add(time.Duration(seconds) * time.Second))
			msg := drawMessage(r, w.export(t, ctx))
			branch, write := ctx.CacheContext()
			if _, err := w.router.Handler(msg)(branch, msg); err == nil {
				write()
				accepted++
			} else if before, after := w.export(t, ctx), w.export(t, branch); before.String() != after.String() {
				r.Fatalf("%T was refused and changed the state: %v", msg, err)
			}
		}
		for _, i := range w.k.Invariants() {
			if err := i.Check(ctx); err != nil {
				r.Fatalf("invariant %s after %d messages: %v", i.Name, accepted, err)
			}
		}
		gs := w.export(t, ctx)
		other, _ := empty.ctx.CacheContext()
		if err := empty.k.InitGenesis(other, gs); err != nil {
			r.Fatal(err)
		}
		if again := empty.export(t, other); again.String() != gs.String() {
			r.Fatalf("exported %s, then %s", gs, again)
		}
	})
}

// drawMessage draws a message between rows that exist, mostly plausible ones.
func drawMessage(r *rapid.T, gs *orgv1.GenesisState) sdk.Msg {
	sender := rapid.SampledFrom(gs.Devices).Draw(r, "sender")
	target := rapid.SampledFrom(gs.Devices).Draw(r, "target")
	o := rapid.SampledFrom(gs.Organisations).Draw(r, "organisation").Id
	if rapid.IntRange(0, 3).Draw(r, "own") > 0 {
		var own []orgv1.Device
		for _, d := range gs.Devices {
			if d.OrgId == sender.OrgId {
				own = append(own, d)
			}
		}
		target = rapid.SampledFrom(own).Draw(r, "own target")
	}
	n := rapid.IntRange(0, 20).Draw(r, "number")
	newKey := owner(fmt.Sprint("new ", n))
	from := sender.OrgId
	switch rapid.IntRange(0, 15).Draw(r, "message") {
	case 0:
		m := &orgv1.MsgRegisterEnterprise{
			Device: sender.Address, OrgId: from, IdentityTag: digest(fmt.Sprint(n)), StatementHash: digest("s"),
			OwnerKey: newKey, AmountLimitFen: int64(n), ControlGroup: uint64(n % 10),
		}
		if rotating(gs.Params) {
			m.EarlierTag = digest(fmt.Sprint("earlier ", n))
		}
		return m
	case 1:
		tag := digest(fmt.Sprint(n))
		for _, e := range gs.Organisations {
			if e.Id == o {
				tag = e.IdentityTag
			}
		}
		return &orgv1.MsgConfirmEnterprise{Device: sender.Address, OrgId: from, EnterpriseId: o, IdentityTag: tag, StatementHash: digest("s")}
	case 2, 3:
		return &orgv1.MsgActivateDevice{Device: target.Address}
	case 4:
		role := orgv1.DeviceRole(1 + n%2)
		return &orgv1.MsgAddDevice{Device: sender.Address, OrgId: from, Key: newKey, Role: role, AmountLimitFen: int64(n)}
	case 5:
		return freeze(sender.Address, from, target.Address)
	case 6:
		return unfreeze(sender.Address, from, target.Address)
	case 7:
		return revoke(sender.Address, from, target.Address)
	case 8:
		return &orgv1.MsgRequestRecovery{Device: sender.Address, OrgId: from, EnterpriseId: o, NewKey: newKey}
	case 9:
		return &orgv1.MsgCompleteRecovery{Device: sender.Address, OrgId: from, EnterpriseId: o}
	case 10:
		return &orgv1.MsgCancelRecovery{Device: sender.Address, OrgId: from}
	case 11:
		return &orgv1.MsgChooseCustodian{Device: sender.Address, OrgId: from, CustodianOrgId: o}
	case 12, 13:
		tag := digest(fmt.Sprint("tag ", o, " of ", gs.Params.TagEpoch))
		if n == 0 {
			tag = digest("tag")
		}
		return &orgv1.MsgRetagEnterprise{Device: sender.Address, OrgId: from, EnterpriseId: o, IdentityTag: tag, TagEpoch: gs.Params.TagEpoch - uint64(n/20)}
	case 14:
		p := gs.Params
		if rotating(p) {
			p.TagEpochMin++
		} else {
			p.TagEpoch++
		}
		return &orgv1.MsgUpdateParams{Authority: wire.Authority(), Params: p}
	default:
		p := gs.Params
		p.DevicesMax = uint32(DevicesMaxMin + n)
		if n%2 == 0 {
			return &orgv1.MsgUpdateParams{Authority: wire.Authority(), Params: p}
		}
		return suspend(o, n%4 == 1)
	}
}
