package profile

import (
	"errors"
	"strings"
	"testing"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/record"
)

// Batches of a stream follow each other by number; a hole in the days is a row's
// number, and streams of an enterprise do not disturb each other.
func TestAnchor(t *testing.T) {
	t.Parallel()
	c := newKit(t).fresh()
	later := declared(3)
	later.Sequence = 2 // leaves out the days of batch 2
	if err := c.anchor(declared(1), later, signed(1, source)); err != nil {
		t.Fatal(err)
	}
	bank := profilev1.Category_CATEGORY_BANK
	c.wantEvents(t,
		&profilev1.EventEpochStarted{EnterpriseId: shop, Category: bank, Number: 1},
		&profilev1.EventAnchored{EnterpriseId: shop, BatchId: id(1), Category: bank, RecordCount: 7},
		&profilev1.EventAnchored{EnterpriseId: shop, BatchId: id(3), Category: bank, RecordCount: 7},
		&profilev1.EventAnchored{EnterpriseId: shop, BatchId: id(2001), Category: bank, RecordCount: 7})
	b, err := c.Batch(c.ctx, id(3))
	if err != nil || b.GapDays != 10 || b.CustodianOrgId != custodian || b.AnchoredAt != genesisTime.Unix() || b.Height != 10 {
		t.Errorf("got %v, %v", b, err)
	}
	streams, err := c.Streams(c.ctx, shop)
	want := []profilev1.Stream{
		{EnterpriseId: shop, Source: "bank:1", SchemaId: "bank-transaction", Sequence: 1, FirstPeriodFrom: 20_010, PeriodTo: 20_019},
		{EnterpriseId: shop, Source: "upload", SchemaId: "bank-transaction", Sequence: 2, FirstPeriodFrom: 20_010, PeriodTo: 20_039},
	}
	if err != nil || len(streams) != 2 || streams[0] != want[0] || streams[1] != want[1] {
		t.Errorf("got %v, %v, want %v", streams, err, want)
	}
	if none, err := c.Streams(c.ctx, mill); err != nil || none != nil {
		t.Errorf("another enterprise: got %v, %v", none, err)
	}
	c.checkInvariants(t)
}

// Each refusal of an anchor has its code, and a refused message anchors nothing.
func TestAnchorRefused(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	if err := c.anchor(declared(1), signed(1, source)); err != nil {
		t.Fatal(err)
	}
	type bend func(m *profilev1.MsgAnchorBatches)
	one := func(f func(a *profilev1.BatchAnchor)) bend {
		return func(m *profilev1.MsgAnchorBatches) { f(&m.Anchors[0]) }
	}
	resigned := func(f func(a *profilev1.BatchAnchor)) bend {
		return func(m *profilev1.MsgAnchorBatches) {
			m.Anchors[0] = signed(2, source)
			f(&m.Anchors[0])
			m.Anchors[0] = sign(m.Anchors[0], shop)
		}
	}
	for _, tc := range []struct {
		name string
		bend bend
		want error
	}{
		{"no anchor", func(m *profilev1.MsgAnchorBatches) { m.Anchors = nil }, ErrField},
		{"too many", func(m *profilev1.MsgAnchorBatches) { m.Anchors = make([]profilev1.BatchAnchor, 65) }, ErrField},
		{"short batch id", one(func(a *profilev1.BatchAnchor) { a.BatchId = a.BatchId[1:] }), ErrField},
		{"schema id", one(func(a *profilev1.BatchAnchor) { a.SchemaId = "Bank" }), ErrField},
		{"long schema id", one(func(a *profilev1.BatchAnchor) { a.SchemaId = strings.Repeat("a", 33) }), ErrField},
		{"schema version zero", one(func(a *profilev1.BatchAnchor) { a.SchemaVersion = 0 }), ErrField},
		{"no source", one(func(a *profilev1.BatchAnchor) { a.Source = "" }), ErrField},
		{"long source", one(func(a *profilev1.BatchAnchor) { a.Source = strings.Repeat("s", 65) }), ErrField},
		{"source with a zero byte", one(func(a *profilev1.BatchAnchor) { a.Source = "a\x00b" }), ErrField},
		{"source not in NFC", one(func(a *profilev1.BatchAnchor) { a.Source = "e\u0301" }), ErrField},
		{"source not UTF-8", one(func(a *profilev1.BatchAnchor) { a.Source = "\xff" }), ErrField},
		{"no class", one(func(a *profilev1.BatchAnchor) { a.SourceClass = 0 }), ErrField},
		{"unknown class", one(func(a *profilev1.BatchAnchor) { a.SourceClass = 9 }), ErrField},
		{"declared with a source", one(func(a *profilev1.BatchAnchor) { a.SourceOrgId = source }), ErrField},
		{"signed without a source", one(func(a *profilev1.BatchAnchor) { a.SourceClass = profilev1.SourceClass_SOURCE_CLASS_SIGNED }), ErrField},
		{"signed without signature", func(m *profilev1.MsgAnchorBatches) {
			m.Anchors[0] = signed(2, source)
			m.Anchors[0].SourceSignature = nil
		}, ErrField},
		{"sequence zero", one(func(a *profilev1.BatchAnchor) { a.Sequence = 0 }), ErrField},
		{"days out of order", one(func(a *profilev1.BatchAnchor) { a.PeriodTo = a.PeriodFrom - 1 }), ErrPeriod},
		{"days before 1980", one(func(a *profilev1.BatchAnchor) { a.PeriodFrom = record.DateMin - 1 }), ErrPeriod},
		{"days to come", one(func(a *profilev1.BatchAnchor) { a.PeriodTo = today(genesisTime.Unix()) + 1 }), ErrPeriod},
		{"no records", one(func(a *profilev1.BatchAnchor) { a.RecordCount = 0 }), ErrField},
		{"too many records", one(func(a *profilev1.BatchAnchor) { a.RecordCount = RecordsMax + 1 }), ErrField},
		{"long root", one(func(a *profilev1.BatchAnchor) { a.Root = append(id(1), 0) }), ErrField},
		{"no suite", one(func(a *profilev1.BatchAnchor) { a.Suite = 0 }), ErrField},
		{"another suite", one(func(a *profilev1.BatchAnchor) { a.Suite = orgv1.Suite_SUITE_SM }), ErrField},
		{"epoch zero", one(func(a *profilev1.BatchAnchor) { a.Epoch = 0 }), ErrField},
		{"short superseded id", one(func(a *profilev1.BatchAnchor) { a.Supersedes = id(1)[1:] }), ErrField},
		{"unknown device", func(m *profilev1.MsgAnchorBatches) { m.Device = "x" }, errOrg},
		{"no custodian", func(m *profilev1.MsgAnchorBatches) { m.OrgId = lender }, ErrUnauthorised},
		{"not this enterprise's custodian", func(m *profilev1.MsgAnchorBatches) { m.OrgId = custodian2 }, ErrUnauthorised},
		{"unknown enterprise", func(m *profilev1.MsgAnchorBatches) { m.EnterpriseId = 99 }, errOrg},
		{"no enterprise", func(m *profilev1.MsgAnchorBatches) { m.EnterpriseId = lender }, ErrEnterprise},
		{"enterprise not identified yet", func(m *profilev1.MsgAnchorBatches) { m.EnterpriseId = applicant }, ErrEnterprise},
		{"schema not pinned", one(func(a *profilev1.BatchAnchor) { a.SchemaVersion = 2 }), ErrSchema},
		{"batch id again", one(func(a *profilev1.BatchAnchor) { a.BatchId = id(1) }), ErrBatchExists},
		{"batch id twice in one message", func(m *profilev1.MsgAnchorBatches) { m.Anchors = append(m.Anchors, m.Anchors[0]) }, ErrBatchExists},
		{"an epoch to come", one(func(a *profilev1.BatchAnchor) { a.Epoch = 2 }), ErrEpoch},
		{"number again", one(func(a *profilev1.BatchAnchor) { a.Sequence = 1 }), ErrSequence},
		{"number left out", one(func(a *profilev1.BatchAnchor) { a.Sequence = 3 }), ErrSequence},
		{"new stream begins at 2", one(func(a *profilev1.BatchAnchor) { a.Source = "new" }), ErrSequence},
		{"days covered already", one(func(a *profilev1.BatchAnchor) { a.PeriodFrom = 20_019 }), ErrOverlap},
		{"bent signature", func(m *profilev1.MsgAnchorBatches) {
			m.Anchors[0] = signed(2, source)
			m.Anchors[0].RecordCount++
		}, errOrg},
		{"signed for another enterprise", func(m *profilev1.MsgAnchorBatches) { m.Anchors[0] = sign(signed(2, source), mill) }, errOrg},
		{"signed by an enterprise", resigned(func(a *profilev1.BatchAnchor) { a.SourceOrgId = mill }), ErrSource},
		{"signed by the shop itself", resigned(func(a *profilev1.BatchAnchor) { a.SourceOrgId = shop }), ErrSource},
		{"signed by a stranger", resigned(func(a *profilev1.BatchAnchor) { a.SourceOrgId = 99 }), errOrg},
		{"another source continues the stream", resigned(func(a *profilev1.BatchAnchor) { a.SourceOrgId = source2 }), ErrSource},
		{"the owner continues the stream", one(func(a *profilev1.BatchAnchor) { a.Source = "bank:1" }), ErrSource},
		{"owner replaces", one(func(a *profilev1.BatchAnchor) { a.Supersedes = id(1) }), ErrSupersede},
		{"replaces a stranger", resigned(func(a *profilev1.BatchAnchor) { a.Supersedes = id(99) }), ErrNotFound},
		{"replaces another stream's", resigned(func(a *profilev1.BatchAnchor) { a.Supersedes = id(1) }), ErrSupersede},
		{"replaces other days", resigned(func(a *profilev1.BatchAnchor) { a.Supersedes = id(2001) }), ErrSupersede},
	} {
		c := c.branch()
		m := profilev1.MsgAnchorBatches{
			Device: "service", OrgId: custodian, EnterpriseId: shop, Anchors: []profilev1.BatchAnchor{declared(2)},
		}
		tc.bend(&m)
		if _, err := c.msgs.AnchorBatches(c.ctx, &m); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
}

// The suite is the one that x/org's genesis chose: anchors of it are taken, those
// of the other refused, and a genesis with batches of the other is refused too.
func TestSuiteOfTheChain(t *testing.T) {
	t.Parallel()
	c := newKitOf(t, fakeOrgs{sm: true})
	if err := c.anchor(declared(1)); !errors.Is(err, ErrField) {
		t.Errorf("a nist anchor on an sm chain: %v", err)
	}
	a := declared(1)
	a.Suite = orgv1.Suite_SUITE_SM
	if err := c.anchor(a); err != nil {
		t.Fatal(err)
	}
	c.checkInvariants(t)
	gs, err := c.ExportGenesis(c.ctx)
	if err != nil {
		t.Fatal(err)
	}
	again, other := newKitOf(t, fakeOrgs{sm: true}), newKit(t)
	if err := again.InitGenesis(again.ctx, gs); err != nil {
		t.Errorf("an sm chain's own genesis: %v", err)
	}
	if err := other.InitGenesis(other.ctx, gs); !errors.Is(err, ErrGenesis) {
		t.Errorf("a genesis with sm batches on a nist chain: %v", err)
	}
}

// A source replaces its own batch for the same days; the old one stays visible,
// is replaced once only, and cannot be disputed any more.
func TestSupersede(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	gap := signed(3, source)
	gap.Sequence = 2
	if err := c.anchor(signed(1, source), sign(gap, shop)); err != nil {
		t.Fatal(err)
	}
	again := gap
	again.BatchId, again.Sequence, again.Supersedes = id(500), 3, gap.BatchId
	again = sign(again, shop)
	if err := c.anchor(again); err != nil {
		t.Fatal(err)
	}
	list, err := c.StreamBatches(c.ctx, shop, "bank:1", "bank-transaction", 10)
	if err != nil || len(list) != 3 {
		t.Fatalf("got %v, %v", list, err)
	}
	if list[1].Status != profilev1.BatchStatus_BATCH_STATUS_SUPERSEDED || list[2].GapDays != list[1].GapDays || list[2].GapDays != 10 {
		t.Errorf("got %v", list)
	}
	twice := again
	twice.BatchId, twice.Sequence = id(501), 4
	if err := c.anchor(sign(twice, shop)); !errors.Is(err, ErrSupersede) {
		t.Errorf("replacing twice: got %v, want %v", err, ErrSupersede)
	}
	if err := c.SetDisputed(c.ctx, gap.BatchId, true); !errors.Is(err, ErrSupersede) {
		t.Errorf("disputing the replaced: got %v, want %v", err, ErrSupersede)
	}
	if err := c.SetDisputed(c.ctx, gap.BatchId, false); err != nil {
		t.Error(err)
	}
	for _, disputed := range []bool{true, true, false, false} {
		want := profilev1.BatchStatus_BATCH_STATUS_LIVE
		if disputed {
			want = profilev1.BatchStatus_BATCH_STATUS_DISPUTED
		}
		if err := c.SetDisputed(c.ctx, id(500), disputed); err != nil {
			t.Fatal(err)
		}
		if b, err := c.Batch(c.ctx, id(500)); err != nil || b.Status != want {
			t.Errorf("got %v, %v, want %s", b, err, want)
		}
		c.checkInvariants(t)
	}
	if err := c.SetDisputed(c.ctx, id(999), true); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v, want %v", err, ErrNotFound)
	}
	newest, err := c.StreamBatches(c.ctx, shop, "bank:1", "bank-transaction", 2)
	if err != nil || len(newest) != 2 || newest[0].Anchor.Sequence != 2 || newest[1].Anchor.Sequence != 3 {
		t.Errorf("the newest two: got %v, %v", newest, err)
	}
}

// A signed batch may begin where declarations ended: the grade only rises.
func TestSourceTakesOverStream(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	next := signed(2, source)
	next.Source = "upload"
	better := signed(1, source)
	better.Source, better.Sequence, better.Supersedes = "upload", 3, id(1)
	if err := c.anchor(declared(1), sign(next, shop), sign(better, shop)); err != nil {
		t.Fatal(err)
	}
	back := declared(4)
	if err := c.anchor(back); !errors.Is(err, ErrSource) {
		t.Errorf("back to declarations: got %v, want %v", err, ErrSource)
	}
	c.checkInvariants(t)
}

// An enterprise's streams are bounded.
func TestStreamsBounded(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	for i := range StreamsMax {
		a := declared(1)
		a.BatchId, a.Source = id(i), "s"+string(rune('!'+i/64))+string(rune('0'+i%64))
		if err := c.anchor(a); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.anchor(signed(1, source)); !errors.Is(err, ErrTooMany) {
		t.Errorf("got %v, want %v", err, ErrTooMany)
	}
}
