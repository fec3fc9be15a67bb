package attestation

import (
	"bytes"
	"context"
	"testing"

	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/x/profile"
)

// trusting accepts every source's signature; x/profile tests those.
type trusting struct{ *fakes }

func (trusting) VerifySource(context.Context, string, uint64, []byte, []byte) error { return nil }

const source = uint64(99)

func bankAnchor(n byte, sequence uint64, from, to uint32) profilev1.BatchAnchor {
	return profilev1.BatchAnchor{
		BatchId: ids(n)[0], SchemaId: "bank-transaction", SchemaVersion: 1, Source: "bank:1",
		SourceClass: profilev1.SourceClass_SOURCE_CLASS_SIGNED, SourceOrgId: source, SourceDevice: "service",
		SourceSignature: bytes.Repeat([]byte{1}, 64), Sequence: sequence, PeriodFrom: from, PeriodTo: to,
		RecordCount: 7, Root: bytes.Repeat([]byte{0xf0 + n}, HashBytes), Suite: profilev1.Suite_SUITE_NIST, Epoch: 1,
	}
}

// Over the real x/profile: a dispute takes a batch out and puts it back, one upheld
// is healed by the source's replacement, and the window then holds that in its
// place.
func TestOverRealProfile(t *testing.T) {
	t.Parallel()
	wired, err := wire.NewCodec()
	check(t, err)
	keys := storetypes.NewKVStoreKeys(StoreKey, profile.StoreKey)
	f := newFakes()
	f.change(source, func(o *orgv1.Organisation) {
		*o = orgv1.Organisation{Id: source, Status: orgv1.OrgStatus_ORG_STATUS_ACTIVE, Kind: orgv1.OrgKind_ORG_KIND_BANK}
	})
	profiles := profile.NewKeeper(runtime.NewKVStoreService(keys[profile.StoreKey]), wired.Proto, wire.Authority(), trusting{f}, noHeaders{})
	k := NewKeeper(runtime.NewKVStoreService(keys[StoreKey]), wired.Proto, wire.Authority(), f, profiles)
	c := kit{Keeper: k, fakes: f, msgs: NewMsgServer(k), asks: NewQueryServer(k)}
	c.ctx = testutil.DefaultContextWithKeys(keys, nil, nil).
		WithBlockTime(genesisTime).WithBlockHeight(10).WithChainID("xinlian-test")
	check(t, profiles.InitGenesis(c.ctx, profile.DefaultGenesis()))
	check(t, k.InitGenesis(c.ctx, DefaultGenesis()))
	anchor := func(a ...profilev1.BatchAnchor) {
		t.Helper()
		_, err := profile.NewMsgServer(profiles).AnchorBatches(c.ctx, &profilev1.MsgAnchorBatches{
			Device: "service", OrgId: custodian, EnterpriseId: firm, Anchors: a,
		})
		check(t, err)
	}
	wantStatus := func(n byte, want profilev1.BatchStatus) {
		t.Helper()
		b, err := profiles.Batch(c.ctx, ids(n)[0])
		check(t, err)
		if b.Status != want {
			t.Errorf("batch %d: got %s, want %s", n, b.Status, want)
		}
	}

	anchor(bankAnchor(1, 1, today-900, today-800), bankAnchor(2, 2, today-799, today-60), bankAnchor(3, 3, today-59, today-1))
	c.attestBatches(t, attestorA, consistent, 2, 3)
	c.attestBatches(t, attestorB, consistent, 2, 3)
	c.wantGrade(t, gradeA) // batch 1 ended before the window

	id, err := c.contestBatch(firm, 3)
	check(t, err)
	wantStatus(3, batchDisputed)
	c.wantGrade(t, gradeD)
	check(t, c.resolve(regulator, id, false))
	wantStatus(3, batchLive)
	c.wantGrade(t, gradeA)
	if id, err = c.contestBatch(firm, 3); err != nil {
		t.Fatal(err)
	}
	check(t, c.resolve(regulator, id, true))
	wantStatus(3, batchDisputed)
	c.wantGrade(t, gradeD)
	c.checkInvariants(t)

	again := bankAnchor(4, 4, today-59, today-1)
	again.Supersedes = ids(3)[0]
	anchor(again)
	wantStatus(3, batchSuperseded)
	c.checkInvariants(t)
	inside, err := Window(c.ctx, profiles, firm, WindowStart(today), today, BatchesMax)
	check(t, err)
	if len(inside) != 2 || inside[0].Anchor.BatchId[0] != 2 || inside[1].Anchor.BatchId[0] != 4 {
		t.Errorf("window: got %v, want batches 2 and 4", inside)
	}
	c.attestBatches(t, attestorA, consistent, 2, 4) // the verdicts on 3 fell with it, for 2 as well
	c.attestBatches(t, attestorB, consistent, 2, 4)
	c.wantGrade(t, gradeA)

	digest, err := DataDigest(inside)
	check(t, err)
	_, err = c.msgs.AttestFeatures(c.ctx, &attestationv1.MsgAttestFeatures{
		Device: "service", OrgId: attestorA, EnterpriseId: firm, BatchIds: ids(2, 4), MethodHash: hash32,
		Features: attestationv1.FeatureStatement{
			FeatureSetVersion: 1, AsOfDay: today - 1, DataDigest: digest[:], Commitment: hash32,
		},
		ExpiresAt: now(c.ctx) + life,
	})
	check(t, err)
	c.checkInvariants(t)
}

// noHeaders records none: nothing here ends by time.
type noHeaders struct{}

func (noHeaders) RecordHeader(context.Context) error { return nil }
