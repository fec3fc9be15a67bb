package profile

import (
	"errors"
	"testing"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/wire"
)

// A vault's log grows without a hole, over the head that was anchored before.
func TestAnchorAccessLog(t *testing.T) {
	t.Parallel()
	c := newKit(t).fresh()
	zero := make([]byte, HashBytes)
	good := profilev1.MsgAnchorAccessLog{
		Device: "service", OrgId: custodian, From: 1, To: 3, PreviousHead: zero, Head: id(1), Refused: 1,
	}
	for _, tc := range []struct {
		name string
		bend func(m *profilev1.MsgAnchorAccessLog)
		want error
	}{
		{"short previous head", func(m *profilev1.MsgAnchorAccessLog) { m.PreviousHead = zero[1:] }, ErrField},
		{"no head", func(m *profilev1.MsgAnchorAccessLog) { m.Head = nil }, ErrField},
		{"unknown device", func(m *profilev1.MsgAnchorAccessLog) { m.Device = "x" }, errOrg},
		{"no vault", func(m *profilev1.MsgAnchorAccessLog) { m.OrgId = lender }, ErrUnauthorised},
		{"backwards", func(m *profilev1.MsgAnchorAccessLog) { m.To = 0 }, ErrField},
		{"too long", func(m *profilev1.MsgAnchorAccessLog) { m.To = LogReceiptsMax + 1 }, ErrField},
		{"more refusals than reads", func(m *profilev1.MsgAnchorAccessLog) { m.Refused = 4 }, ErrField},
		{"a read left out", func(m *profilev1.MsgAnchorAccessLog) { m.From = 2 }, ErrLogGap},
		{"another head", func(m *profilev1.MsgAnchorAccessLog) { m.PreviousHead = id(2) }, ErrLogGap},
		{"right", func(*profilev1.MsgAnchorAccessLog) {}, nil},
		{"again", func(*profilev1.MsgAnchorAccessLog) {}, ErrLogGap},
		{"continued", func(m *profilev1.MsgAnchorAccessLog) {
			m.From, m.To, m.PreviousHead, m.Head, m.Refused = 4, 4, id(1), id(2), 1
		}, nil},
		{"forked", func(m *profilev1.MsgAnchorAccessLog) {
			m.From, m.To, m.PreviousHead, m.Head, m.Refused = 5, 5, id(1), id(3), 0
		}, ErrLogGap},
	} {
		m := good
		tc.bend(&m)
		c = c.fresh()
		if _, err := c.msgs.AnchorAccessLog(c.ctx, &m); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
		if tc.want == nil {
			c.wantEvents(t, &profilev1.EventAccessAnchored{VaultOrgId: custodian, Sequence: m.To, Head: m.Head})
		}
	}
	res, err := c.asks.AccessLog(c.ctx, &profilev1.QueryAccessLogRequest{VaultOrgId: custodian})
	if err != nil || res.Log.Sequence != 4 || res.Log.Refused != 2 || !same(res.Log.Head, id(2)) || res.Log.Height != 10 {
		t.Errorf("got %v, %v", res, err)
	}
	empty, err := c.asks.AccessLog(c.ctx, &profilev1.QueryAccessLogRequest{VaultOrgId: custodian2})
	if err != nil || empty.Log.Sequence != 0 || !same(empty.Log.Head, zero) {
		t.Errorf("got %v, %v", empty, err)
	}
	c.checkInvariants(t)
}

// A grantee posts a deletion receipt once, for a consent that has ended, whether
// it was revoked or its time passed.
func TestDeletionReceipt(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	view := terms(lender, 2)
	view.Mode, view.RetentionDays = profilev1.Mode_MODE_VIEW, 0
	store, look := c.granted(t, terms(lender, 1)), c.granted(t, view)
	post := func(device string, org uint64, id, hash []byte) error {
		_, err := c.msgs.PostDeletionReceipt(c.ctx, &profilev1.MsgPostDeletionReceipt{
			Device: device, OrgId: org, ConsentId: id, ReceiptHash: hash,
		})
		return err
	}
	wants := func(name string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", name, err, want)
		}
	}
	wants("short hash", post("service", lender, store, id(1)[1:]), ErrField)
	wants("unknown device", post("x", lender, store, id(1)), errOrg)
	wants("unknown consent", post("service", lender, id(5), id(1)), ErrNotFound)
	wants("somebody else", post("service", lender2, store, id(1)), ErrUnauthorised)
	wants("still live", post("service", lender, store, id(1)), ErrReceipt)
	if err := c.revoke("admin", shop, look); err != nil {
		t.Fatal(err)
	}
	c = c.fresh()
	wants("revoked", post("service", lender, look, id(1)), nil)
	c.wantEvents(t, &profilev1.EventDeleted{ConsentId: look, OrgId: lender})
	wants("twice", post("service", lender, look, id(1)), ErrReceipt)

	end := c.ctx.BlockTime().Unix()
	c = c.after(40 * day).fresh()
	wants("expired", post("service", lender, store, id(1)), nil)
	c.wantEvents(t, &profilev1.EventDeleted{ConsentId: store, OrgId: lender})
	for _, want := range []struct {
		id  []byte
		due int64
	}{{look, end}, {store, terms(lender, 1).ExpiresAt + 30*daySeconds}} {
		row, err := c.Consent(c.ctx, want.id)
		if err != nil {
			t.Fatal(err)
		}
		if r := dueDeletion(row); r.DueAt != want.due {
			t.Errorf("due: got %d, want %d", r.DueAt, want.due)
		}
	}
	c.checkInvariants(t)
}

// The council pins a schema version once and for good.
func TestRegisterSchema(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	good := profilev1.Schema{Id: "warehouse-receipt", Version: 1, Category: bank, Hash: id(1)}
	for _, tc := range []struct {
		name string
		by   string
		bend func(s *profilev1.Schema)
		want error
	}{
		{"somebody", "xin1", func(*profilev1.Schema) {}, ErrUnauthorised},
		{"no id", wire.Authority(), func(s *profilev1.Schema) { s.Id = "" }, ErrField},
		{"version zero", wire.Authority(), func(s *profilev1.Schema) { s.Version = 0 }, ErrField},
		{"large version", wire.Authority(), func(s *profilev1.Schema) { s.Version = SchemaVersionMax + 1 }, ErrField},
		{"no category", wire.Authority(), func(s *profilev1.Schema) { s.Category = 0 }, ErrField},
		{"short hash", wire.Authority(), func(s *profilev1.Schema) { s.Hash = id(1)[1:] }, ErrField},
		{"pinned at genesis", wire.Authority(), func(s *profilev1.Schema) { s.Id = "bank-balance" }, ErrSchemaExists},
		{"new version in another category", wire.Authority(), func(s *profilev1.Schema) {
			s.Id, s.Version, s.Category = "bank-balance", 2, tax
		}, ErrField},
		{"right", wire.Authority(), func(*profilev1.Schema) {}, nil},
		{"again", wire.Authority(), func(s *profilev1.Schema) { s.Hash = id(2) }, ErrSchemaExists},
	} {
		s := good
		tc.bend(&s)
		if _, err := c.msgs.RegisterSchema(c.ctx, &profilev1.MsgRegisterSchema{Authority: tc.by, Schema: s}); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
	res, err := c.asks.Schemas(c.ctx, &profilev1.QuerySchemasRequest{})
	if err != nil || len(res.Schemas) != len(record.Schemas)+1 || res.Schemas[len(record.Schemas)].Id != "warehouse-receipt" ||
		!same(res.Schemas[len(record.Schemas)].Hash, id(1)) {
		t.Errorf("got %v, %v", res, err)
	}
}

// The council alone changes parameters, and only within bounds.
func TestUpdateParams(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	for _, tc := range []struct {
		name string
		by   string
		bend func(p *profilev1.Params)
		want error
	}{
		{"somebody", "xin1", func(*profilev1.Params) {}, ErrUnauthorised},
		{"no anchors", wire.Authority(), func(p *profilev1.Params) { p.AnchorsPerMessageMax = 0 }, ErrParams},
		{"too many anchors", wire.Authority(), func(p *profilev1.Params) { p.AnchorsPerMessageMax = AnchorsCeiling + 1 }, ErrParams},
		{"consents too short", wire.Authority(), func(p *profilev1.Params) { p.ConsentSecondsMax = daySeconds - 1 }, ErrParams},
		{"consents too long", wire.Authority(), func(p *profilev1.Params) { p.ConsentSecondsMax = ConsentSecondsCeiling + 1 }, ErrParams},
		{"no requests", wire.Authority(), func(p *profilev1.Params) { p.PendingConsentsMax = 0 }, ErrParams},
		{"too many requests", wire.Authority(), func(p *profilev1.Params) { p.PendingConsentsMax = PendingCeiling + 1 }, ErrParams},
		{"no time to wrap", wire.Authority(), func(p *profilev1.Params) { p.RewrapBlocks = 0 }, ErrParams},
		{"too much time to wrap", wire.Authority(), func(p *profilev1.Params) { p.RewrapBlocks = RewrapBlocksCeiling + 1 }, ErrParams},
		{"right", wire.Authority(), func(p *profilev1.Params) { p.RewrapBlocks = 7 }, nil},
	} {
		p := DefaultParams()
		tc.bend(&p)
		if _, err := c.msgs.UpdateParams(c.ctx, &profilev1.MsgUpdateParams{Authority: tc.by, Params: p}); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
	res, err := c.asks.Params(c.ctx, &profilev1.QueryParamsRequest{})
	if err != nil || res.Params.RewrapBlocks != 7 {
		t.Errorf("got %v, %v", res, err)
	}
}
