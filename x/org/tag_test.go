package org

import (
	"testing"

	"github.com/cosmos/gogoproto/proto"

	sdk "github.com/cosmos/cosmos-sdk/types"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// epochs is council's message that accepts these and leaves the rest.
func epochs(least, newest uint64) *orgv1.MsgUpdateParams {
	p := DefaultParams()
	p.DevicesMax, p.RecoveryDelaySeconds = 5, delay
	p.QuotaMemberTxs, p.QuotaEnterpriseTxs = 3, 2
	p.TagEpochMin, p.TagEpoch = least, newest
	return &orgv1.MsgUpdateParams{Authority: wire.Authority(), Params: p}
}

// retagBy is a verifier's word on the firm's tag under the second epoch.
func retagBy(name string, id uint64, tag string) *orgv1.MsgRetagEnterprise {
	return &orgv1.MsgRetagEnterprise{
		Device: account(person(name + " officer")), OrgId: id, EnterpriseId: firm, IdentityTag: digest(tag), TagEpoch: 2,
	}
}

// Test the rotation of the members' key: council opens and closes it, two verifiers
// that nobody controls both of re-tag a firm, and no firm comes back under any tag
// that it had, has or is about to have.
func TestRotation(t *testing.T) {
	t.Parallel()
	open := append(admitted(), epochs(1, 2))
	word := func(m ...sdk.Msg) []sdk.Msg { return append(append([]sdk.Msg{}, open...), m...) }
	done := word(retagBy("verifier", verifier, "tag 2"), retagBy("bank", bank, "tag 2"))
	told := func(counts bool) []proto.Message {
		return []proto.Message{&orgv1.EventRetagged{EnterpriseId: firm, TagEpoch: 2, Counts: counts}}
	}
	again := func(tag, earlier string) *orgv1.MsgRegisterEnterprise {
		return bend(registerFirm, func(m *orgv1.MsgRegisterEnterprise) {
			m.OwnerKey, m.IdentityTag, m.EarlierTag = owner("other"), digest(tag), nil
			if earlier != "" {
				m.EarlierTag = digest(earlier)
			}
		})
	}
	run(t, []step{
		{name: "open", msg: epochs(1, 2)},
		{name: "open two at once", msg: epochs(1, 3), want: ErrParams},
		{name: "skip one", msg: epochs(3, 3), want: ErrParams},
		{name: "no epoch", msg: epochs(0, 0), want: ErrParams},
		{name: "least above newest", msg: epochs(2, 1), want: ErrParams},
		{name: "no rotation between", msg: epochs(2, 2), want: ErrParams},
		{name: "a third in the rotation", before: open, msg: epochs(2, 3), want: ErrParams},
		{name: "back", before: open, msg: epochs(1, 1), want: ErrParams},
		{name: "close with a firm left", before: open, msg: epochs(2, 2), want: ErrTagsLeft},
		{name: "close", before: done, msg: epochs(2, 2)},

		{name: "word", before: open, msg: retagBy("verifier", verifier, "tag 2"), events: told(false)},
		{name: "agreement", before: word(retagBy("verifier", verifier, "tag 2")), msg: retagBy("bank", bank, "tag 2"), events: told(true)},
		{name: "of one that did not register it", before: word(retagBy("verifier", verifier, "tag 2")), msg: retagBy("third", third, "tag 2"), events: told(true)},
		{name: "the same verifier", before: word(retagBy("verifier", verifier, "tag 2")), msg: retagBy("verifier", verifier, "tag 2"), events: told(false)},
		{name: "its sibling", before: word(retagBy("verifier", verifier, "tag 2")), msg: retagBy("sibling", sibling, "tag 2"), events: told(false)},
		{name: "another tag", before: word(retagBy("verifier", verifier, "tag 2")), msg: retagBy("bank", bank, "tag 3"), events: told(false)},
		{name: "a corrected word", before: word(retagBy("verifier", verifier, "wrong"), retagBy("bank", bank, "tag 2")), msg: retagBy("verifier", verifier, "tag 2"), events: told(true)},
		{name: "after the first verifier fell", before: word(retagBy("verifier", verifier, "tag 2"), suspend(verifier, true)), msg: retagBy("bank", bank, "tag 2"), events: told(false)},
		{name: "of a suspended firm", before: word(suspend(firm, true)), msg: retagBy("bank", bank, "tag 2"), events: told(false)},
		{name: "outside a rotation", before: admitted(), msg: retagBy("bank", bank, "tag 2"), want: ErrTagEpoch},
		{name: "of the old epoch", before: open, msg: bend(*retagBy("bank", bank, "tag 2"), func(m *orgv1.MsgRetagEnterprise) { m.TagEpoch = 1 }), want: ErrTagEpoch},
		{name: "again", before: done, msg: retagBy("third", third, "tag 2"), want: ErrTagEpoch},
		{name: "short", before: open, msg: bend(*retagBy("bank", bank, "tag 2"), func(m *orgv1.MsgRetagEnterprise) { m.IdentityTag = nil }), want: ErrField},
		{name: "taken", before: open, msg: retagBy("bank", bank, "tag"), want: ErrTagTaken},
		{name: "by a machine", before: open, msg: bend(*retagBy("bank", bank, "t"), func(m *orgv1.MsgRetagEnterprise) { m.Device = account(service("bank service")) }), want: ErrDeviceRole},
		{name: "without the role", before: open, msg: retagBy("regulator", regulator, "tag 2"), want: ErrRole},
		{name: "nobody", before: open, msg: bend(*retagBy("bank", bank, "t"), func(m *orgv1.MsgRetagEnterprise) { m.EnterpriseId = 99 }), want: ErrUnknownOrganisation},
		{name: "a member", before: open, msg: bend(*retagBy("bank", bank, "t"), func(m *orgv1.MsgRetagEnterprise) { m.EnterpriseId = third }), want: ErrKind},

		{name: "back before the agreement", before: open, msg: again("tag 2", "tag"), want: ErrTagTaken},
		{name: "back after it, by the old tag", before: done, msg: again("x", "tag"), want: ErrTagTaken},
		{name: "back after it, by the new tag", before: done, msg: again("tag 2", "x"), want: ErrTagTaken},
		{name: "back under the new tag alone", before: open, msg: again("tag 2", ""), want: ErrTagEpoch},
		{name: "back when the rotation is over", before: append(done[:len(done):len(done)], epochs(2, 2)), msg: again("tag 2", ""), want: ErrTagTaken},
		{name: "two tags outside a rotation", msg: again("x", "y"), want: ErrTagEpoch},
		{name: "one tag twice", before: open, msg: again("x", "x"), want: ErrField},
		{name: "a short earlier tag", before: open, msg: bend(*again("x", "y"), func(m *orgv1.MsgRegisterEnterprise) { m.EarlierTag = m.EarlierTag[1:] }), want: ErrField},
	})
}

// Test that a firm registered in a rotation is confirmed by both tags while both
// can be made, and by the newer one afterwards; and that a second rotation frees
// the tag that nobody can state any more.
func TestRegisteredInRotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	both := bend(registerFirm, func(m *orgv1.MsgRegisterEnterprise) { m.IdentityTag, m.EarlierTag = digest("tag 2"), digest("tag") })
	w.must(t, w.ctx, epochs(1, 2), both)
	confirm := bend(confirmFirm, func(m *orgv1.MsgConfirmEnterprise) { m.IdentityTag = digest("tag 2") })
	if _, err := w.send(w.ctx, confirm); !isOnly(err, ErrTag) {
		t.Errorf("confirmed by one tag: %v", err)
	}
	branch, _ := w.ctx.CacheContext()
	w.must(t, branch, bend(*confirm, func(m *orgv1.MsgConfirmEnterprise) { m.EarlierTag = digest("tag") }))
	w.must(t, w.ctx, epochs(2, 2), confirm)
	w.checkInvariants(t, w.ctx)

	third2 := bend(*retagBy("third", third, "tag 3"), func(m *orgv1.MsgRetagEnterprise) { m.TagEpoch = 3 })
	bank2 := bend(*third2, func(m *orgv1.MsgRetagEnterprise) { m.Device, m.OrgId = account(person("bank officer")), bank })
	w.must(t, w.ctx, epochs(2, 3), third2, bank2, epochs(3, 3))
	w.checkInvariants(t, w.ctx)
	for tag, want := range map[string]bool{"tag": false, "tag 2": true, "tag 3": true} {
		if got, err := w.k.tags.Has(w.ctx, digest(tag)); err != nil || got != want {
			t.Errorf("%s taken: %t, %v", tag, got, err)
		}
	}
	for epoch, want := range map[uint64]bool{2: false, 3: true, 4: false} {
		if got, err := w.k.TagEpochAccepted(w.ctx, epoch); err != nil || got != want {
			t.Errorf("epoch %d accepted: %t, %v", epoch, got, err)
		}
	}
}

// Test that the words that wait are bounded, and that the oldest goes.
func TestWords(t *testing.T) {
	t.Parallel()
	var list []orgv1.TagStatement
	for id := range uint64(6) {
		list = worded(list, orgv1.TagStatement{VerifierOrgId: id})
	}
	if len(list) != TagStatementsMax || list[0].VerifierOrgId != 2 || list[3].VerifierOrgId != 5 {
		t.Errorf("got %v", list)
	}
}
