package safety

import (
	"testing"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

func suspend(id uint64, on bool) *orgv1.MsgSuspendOrganisation {
	return &orgv1.MsgSuspendOrganisation{Authority: wire.Authority(), OrgId: id, Suspended: on}
}

// Test that a stop holds until its last second, for its type alone, and while
// its organisation is active.
func TestIsAllowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(t, w.ctx, &stop)
	ask := func(ctx sdk.Context, typeURL string, want bool) {
		t.Helper()
		got, err := w.k.IsAllowed(ctx, typeURL)
		if got != want || want && err != nil || !want && !isOnly(err, ErrStopped) {
			t.Errorf("%s at %s: got %t, %v", typeURL, ctx.BlockTime(), got, err)
		}
	}
	ask(w.ctx, accept, false)
	ask(w.after(99), accept, false)
	ask(w.after(100), accept, true)
	ask(w.ctx, "/xinlian.loan.v1.MsgAcceptance", true)
	ask(w.ctx, "/xinlian.loan.v1.MsgDraw", true)
	w.must(t, w.ctx, suspend(bank, true))
	ask(w.ctx, accept, true)
	w.must(t, w.ctx, suspend(bank, false))
	ask(w.ctx, accept, false)
	w.must(t, w.ctx, &resume)
	ask(w.ctx, accept, true)
}

// Test that a row about an unstoppable type, which no message can write, would
// still stop nothing.
func TestUnstoppable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, typeURL := range []string{
		"/xinlian.safety.v1.MsgResumeMessage", "/xinlian.safety.v1.MsgUpdateParams", "/cosmos.gov.v1.MsgVote",
		"/cosmos.gov.v1.MsgSubmitProposal", "/xinlian.org.v1.MsgSuspendOrganisation", "/xinlian.org.v1.MsgFreezeDevice",
	} {
		row := safetyv1.Stop{TypeUrl: typeURL, ByOrgId: bank, ReasonHash: digest("r"), ExpiresAt: genesisTime + 1}
		if err := w.k.stops.Set(w.ctx, typeURL, row); err != nil {
			t.Fatal(err)
		}
		if ok, err := w.k.IsAllowed(w.ctx, typeURL); !ok || err != nil {
			t.Errorf("%s: %t, %v", typeURL, ok, err)
		}
	}
}

// Test that the router, as the application has it, refuses a stopped message
// with the code of the stop.
func TestBreakerInRouter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	add := &orgv1.MsgAddDevice{Device: account(person("bank admin")), OrgId: bank, Key: service("new"), Role: orgv1.DeviceRole_DEVICE_ROLE_SERVICE}
	w.must(t, w.ctx, bend(stop, func(m *safetyv1.MsgStopMessage) { m.TypeUrl = sdk.MsgTypeURL(add) }))
	if _, err := w.router.Handler(add)(w.ctx, add); !isOnly(err, ErrStopped) {
		t.Errorf("stopped: %v", err)
	}
	if _, err := w.router.Handler(add)(w.after(100), add); err != nil {
		t.Errorf("after the stop: %v", err)
	}
}

// Test that approval needs distinct, independent, active auditors whose latest
// word is a pass, over that very hash and kind.
func TestApproved(t *testing.T) {
	t.Parallel()
	pass := func(name string, id uint64, passed bool) sdk.Msg {
		return bend(audit, func(m *safetyv1.MsgSignAudit) {
			m.Device, m.OrgId, m.Passed = account(person(name+" admin")), id, passed
		})
	}
	one, two, three, four := pass("auditor1", auditor1, true), pass("auditor2", auditor2, true), pass("auditor3", auditor3, true), pass("auditor4", auditor4, true)
	minOne := &safetyv1.MsgUpdateParams{Authority: wire.Authority(), Params: safetyv1.Params{StopSecondsMax: 60, AuditsMin: 1}}
	minThree := &safetyv1.MsgUpdateParams{Authority: wire.Authority(), Params: safetyv1.Params{StopSecondsMax: 60, AuditsMin: 3}}
	for _, c := range []struct {
		name string
		msgs []sdk.Msg
		want bool
	}{
		{"nobody", nil, false},
		{"one of two", []sdk.Msg{one}, false},
		{"one twice", []sdk.Msg{one, one}, false},
		{"two", []sdk.Msg{one, four}, true},
		{"siblings", []sdk.Msg{two, three}, false},
		{"siblings and another", []sdk.Msg{two, three, one}, true},
		{"one took it back", []sdk.Msg{one, four, pass("auditor4", auditor4, false)}, false},
		{"one came round", []sdk.Msg{one, pass("auditor4", auditor4, false), four}, true},
		{"a failing sibling does not silence the other", []sdk.Msg{one, pass("auditor2", auditor2, false), three}, true},
		{"one was suspended", []sdk.Msg{one, four, suspend(auditor4, true)}, false},
		{"one came back", []sdk.Msg{one, four, suspend(auditor4, true), suspend(auditor4, false)}, true},
		{"one of one", []sdk.Msg{one, minOne}, true},
		{"siblings are one of three", []sdk.Msg{one, two, three, minThree}, false},
		{"three of three", []sdk.Msg{one, two, three, four, minThree}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.must(t, w.ctx, c.msgs...)
			w.checkInvariants(t, w.ctx)
			model := safetyv1.SubjectKind_SUBJECT_KIND_MODEL
			if got, err := w.k.Approved(w.ctx, model, digest("model")); err != nil || got != c.want {
				t.Errorf("got %t, %v", got, err)
			}
			if got, err := w.k.Approved(w.ctx, model, digest("another")); err != nil || got {
				t.Errorf("another hash: got %t, %v", got, err)
			}
			if got, err := w.k.Approved(w.ctx, safetyv1.SubjectKind_SUBJECT_KIND_TEMPLATE, digest("model")); err != nil || got {
				t.Errorf("another kind: got %t, %v", got, err)
			}
		})
	}
}

// Test that neither the author of a subject nor one under its control is counted.
func TestApprovedApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pass := func(name string, id uint64) sdk.Msg {
		return bend(audit, func(m *safetyv1.MsgSignAudit) { m.Device, m.OrgId = account(person(name+" admin")), id })
	}
	w.must(t, w.ctx, pass("auditor1", auditor1), pass("auditor2", auditor2))
	for author, want := range map[uint64]bool{
		bank: true, auditor4: true,
		auditor1: false, // itself
		auditor3: false, // auditor2's sibling
	} {
		got, err := w.k.ApprovedApart(w.ctx, safetyv1.SubjectKind_SUBJECT_KIND_MODEL, digest("model"), author)
		if err != nil || got != want {
			t.Errorf("written by organisation %d: got %t, %v", author, got, err)
		}
	}
}

// Test that a subject takes no more than its bound of audits, but any number of
// second thoughts.
func TestAuditsFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(t, w.ctx, &audit)
	for i := range uint64(AuditsMax - 1) {
		row := safetyv1.Audit{SubjectKind: audit.SubjectKind, SubjectHash: audit.SubjectHash, AuditorOrgId: 100 + i}
		if err := w.k.audits.Set(w.ctx, keyOf(row), row); err != nil {
			t.Fatal(err)
		}
	}
	w.must(t, w.ctx, &audit)
	more := bend(audit, func(m *safetyv1.MsgSignAudit) { m.Device, m.OrgId = account(person("auditor4 admin")), auditor4 })
	if _, err := w.router.Handler(more)(w.ctx, more); !isOnly(err, ErrAuditsFull) {
		t.Errorf("one more: %v", err)
	}
}

// Test that the chain's own incidents are numbered with the others, are a
// regulator's to close, and refuse what a message would be refused.
func TestChainIncident(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(t, w.ctx, &open)
	if err := w.k.OpenIncident(w.after(7), "late-root", nil); err != nil {
		t.Fatal(err)
	}
	row, err := w.k.incidents.Get(w.ctx, 2)
	if err != nil {
		t.Fatal(err)
	}
	want := safetyv1.Incident{Id: 2, Kind: "late-root", Status: safetyv1.IncidentStatus_INCIDENT_STATUS_OPEN, OpenedAt: genesisTime + 7}
	same(t, "row", row.String(), want.String())
	for _, kind := range []string{"", "Late Root"} {
		if err := w.k.OpenIncident(w.ctx, kind, nil); !isOnly(err, ErrField) {
			t.Errorf("%q: %v", kind, err)
		}
	}
	byBank := bend(closeIt, func(m *safetyv1.MsgCloseIncident) { m.IncidentId = 2 })
	if _, err := w.router.Handler(byBank)(w.ctx, byBank); !isOnly(err, ErrNotHandler) {
		t.Errorf("by a bank: %v", err)
	}
	w.must(t, w.after(9), bend(closeIt, func(m *safetyv1.MsgCloseIncident) {
		m.Device, m.OrgId, m.IncidentId = account(person("regulator admin")), regulator, 2
	}))
	w.checkInvariants(t, w.ctx)
}

// Test that every query answers what the rows say, and refuses what it must.
func TestQueries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q := NewQueryServer(w.k)
	w.must(t, w.ctx, &stop, &audit, &open, &open, &open)

	stops, err := q.Stops(w.ctx, &safetyv1.QueryStopsRequest{})
	if err != nil || len(stops.Stops) != 1 {
		t.Errorf("stops: %v, %v", stops, err)
	}
	over, err := q.Stops(w.after(100), &safetyv1.QueryStopsRequest{})
	if err != nil || len(over.Stops) != 0 {
		t.Errorf("stops that ended: %v, %v", over, err)
	}
	audits, err := q.Audits(w.ctx, &safetyv1.QueryAuditsRequest{SubjectKind: audit.SubjectKind, SubjectHash: audit.SubjectHash})
	if err != nil || len(audits.Audits) != 1 {
		t.Errorf("audits: %v, %v", audits, err)
	}
	for _, bad := range []*safetyv1.QueryAuditsRequest{{SubjectHash: audit.SubjectHash}, {SubjectKind: audit.SubjectKind}} {
		if _, err := q.Audits(w.ctx, bad); !isOnly(err, ErrField) {
			t.Errorf("%v: %v", bad, err)
		}
	}
	page, err := q.Incidents(w.ctx, &safetyv1.QueryIncidentsRequest{Pagination: &query.PageRequest{Limit: 2}})
	if err != nil || len(page.Incidents) != 2 {
		t.Fatalf("incidents: %v, %v", page, err)
	}
	rest, err := q.Incidents(w.ctx, &safetyv1.QueryIncidentsRequest{Pagination: &query.PageRequest{Key: page.Pagination.NextKey}})
	if err != nil || len(rest.Incidents) != 1 || rest.Incidents[0].Id != 3 {
		t.Errorf("the rest: %v, %v", rest, err)
	}
	p, err := q.Params(w.ctx, &safetyv1.QueryParamsRequest{})
	if err != nil || p.Params != DefaultParams() {
		t.Errorf("params: %v, %v", p, err)
	}
	for _, c := range []struct{ asked, got uint64 }{{0, PageMax}, {7, 7}, {PageMax + 1, PageMax}} {
		same(t, "limit", cut(&query.PageRequest{Limit: c.asked}).Limit, c.got)
	}
}
