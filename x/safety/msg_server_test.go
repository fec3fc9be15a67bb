package safety

import (
	"strings"
	"testing"

	"github.com/cosmos/gogoproto/proto"

	sdk "github.com/cosmos/cosmos-sdk/types"

	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/x/org"
)

const (
	accept = "/xinlian.loan.v1.MsgAccept"
	firm   = auditor4 + 1
)

var (
	stop = safetyv1.MsgStopMessage{
		Device: account(person("bank admin")), OrgId: bank, TypeUrl: accept,
		ReasonHash: digest("reason"), ExpiresAt: genesisTime + 100,
	}
	resume = safetyv1.MsgResumeMessage{Device: account(person("bank admin")), OrgId: bank, TypeUrl: accept}
	audit  = safetyv1.MsgSignAudit{
		Device: account(person("auditor1 admin")), OrgId: auditor1, SubjectKind: safetyv1.SubjectKind_SUBJECT_KIND_MODEL,
		SubjectHash: digest("model"), ReportHash: digest("report"), Passed: true,
	}
	open = safetyv1.MsgOpenIncident{
		Device: account(service("bank service")), OrgId: bank, Kind: "vault-log-gap", EvidenceHash: digest("evidence"),
	}
	closeIt = safetyv1.MsgCloseIncident{Device: account(person("bank admin")), OrgId: bank, IncidentId: 1}
)

// bend is a copy of a message with some fields changed.
func bend[M any](m M, change func(*M)) *M {
	change(&m)
	return &m
}

// Test every message: accepted with exactly its events, or refused with its code
// and without any change.
func TestMessages(t *testing.T) {
	t.Parallel()
	stopped := []sdk.Msg{&stop}
	opened := []sdk.Msg{&open}
	type M = safetyv1.MsgStopMessage
	for _, s := range []struct {
		name   string
		before []sdk.Msg
		at     int64
		msg    sdk.Msg
		want   error
		events []proto.Message
	}{
		{name: "stop", msg: &stop, events: []proto.Message{&safetyv1.EventStopChanged{TypeUrl: accept, ExpiresAt: genesisTime + 100}}},
		{
			name: "stop by a regulator", msg: bend(stop, func(m *M) { m.Device, m.OrgId = account(person("regulator admin")), regulator }),
			events: []proto.Message{&safetyv1.EventStopChanged{TypeUrl: accept, ExpiresAt: genesisTime + 100}},
		},
		{
			name: "stop for the longest time", msg: bend(stop, func(m *M) { m.ExpiresAt = genesisTime + 6*3600 }),
			events: []proto.Message{&safetyv1.EventStopChanged{TypeUrl: accept, ExpiresAt: genesisTime + 6*3600}},
		},
		{name: "stop for longer", want: ErrField, msg: bend(stop, func(m *M) { m.ExpiresAt = genesisTime + 6*3600 + 1 })},
		{name: "stop for no time", want: ErrField, msg: bend(stop, func(m *M) { m.ExpiresAt = genesisTime })},
		{name: "stop without a reason", want: ErrField, msg: bend(stop, func(m *M) { m.ReasonHash = nil })},
		{name: "stop nothing", want: ErrField, msg: bend(stop, func(m *M) { m.TypeUrl = "" })},
		{name: "stop everything", want: ErrField, msg: bend(stop, func(m *M) { m.TypeUrl = "/" })},
		{name: "stop a bare name", want: ErrField, msg: bend(stop, func(m *M) { m.TypeUrl = accept[1:] })},
		{name: "stop a strange name", want: ErrField, msg: bend(stop, func(m *M) { m.TypeUrl = accept + "\n" })},
		{name: "stop a long name", want: ErrField, msg: bend(stop, func(m *M) { m.TypeUrl = "/" + strings.Repeat("a", 128) })},
		{name: "stop the resuming", want: ErrUnstoppable, msg: bend(stop, func(m *M) { m.TypeUrl = sdk.MsgTypeURL(&resume) })},
		{name: "stop the votes", want: ErrUnstoppable, msg: bend(stop, func(m *M) { m.TypeUrl = "/cosmos.gov.v1.MsgVote" })},
		{name: "stop the suspension", want: ErrUnstoppable, msg: bend(stop, func(m *M) { m.TypeUrl = "/xinlian.org.v1.MsgSuspendOrganisation" })},
		{name: "stop the freezing of phones", want: ErrUnstoppable, msg: bend(stop, func(m *M) { m.TypeUrl = "/xinlian.org.v1.MsgFreezeDevice" })},
		{name: "stop by a machine", want: org.ErrDeviceRole, msg: bend(stop, func(m *M) { m.Device = account(service("bank service")) })},
		{name: "stop by an auditor", want: ErrNotStopper, msg: bend(stop, func(m *M) { m.Device, m.OrgId = account(person("auditor1 admin")), auditor1 })},
		{name: "stop by a firm", want: ErrNotStopper, msg: bend(stop, func(m *M) { m.Device, m.OrgId = account(person("firm admin")), firm })},
		{name: "stop for another", want: org.ErrNotActing, msg: bend(stop, func(m *M) { m.OrgId = regulator })},
		{name: "stop longer what is stopped", before: stopped, want: ErrStopStands, msg: bend(stop, func(m *M) { m.ExpiresAt++ })},
		{name: "stop what another stopped", before: stopped, want: ErrStopStands, msg: bend(stop, func(m *M) { m.Device, m.OrgId = account(person("regulator admin")), regulator })},
		{
			name: "stop anew", before: stopped, at: 100, msg: bend(stop, func(m *M) { m.ExpiresAt = genesisTime + 150 }),
			events: []proto.Message{&safetyv1.EventStopChanged{TypeUrl: accept, ExpiresAt: genesisTime + 150}},
		},

		{name: "resume", before: stopped, at: 5, msg: &resume, events: []proto.Message{&safetyv1.EventStopChanged{TypeUrl: accept, ExpiresAt: genesisTime + 5}}},
		{name: "resume nothing", want: ErrUnknownStop, msg: &resume},
		{name: "resume no name", want: ErrField, msg: &safetyv1.MsgResumeMessage{}},
		{name: "resume another's", before: stopped, want: ErrNotStopper, msg: bend(resume, func(m *safetyv1.MsgResumeMessage) {
			m.Device, m.OrgId = account(person("other bank admin")), otherBank
		})},
		{
			name: "clear another's that has ended", before: stopped, at: 100, events: []proto.Message{&safetyv1.EventStopChanged{TypeUrl: accept, ExpiresAt: genesisTime + 100}},
			msg: bend(resume, func(m *safetyv1.MsgResumeMessage) { m.Device, m.OrgId = account(person("other bank admin")), otherBank }),
		},
		{name: "resume by a machine", before: stopped, want: org.ErrDeviceRole, msg: bend(resume, func(m *safetyv1.MsgResumeMessage) { m.Device = account(service("bank service")) })},
		{name: "resume by an auditor", before: stopped, want: ErrNotStopper, msg: bend(resume, func(m *safetyv1.MsgResumeMessage) {
			m.Device, m.OrgId = account(person("auditor1 admin")), auditor1
		})},

		{name: "audit", msg: &audit, events: []proto.Message{&safetyv1.EventAudited{SubjectHash: digest("model"), AuditorOrgId: auditor1, Passed: true}}},
		{name: "audit no kind", want: ErrField, msg: bend(audit, func(m *safetyv1.MsgSignAudit) { m.SubjectKind = 0 })},
		{name: "audit an unknown kind", want: ErrField, msg: bend(audit, func(m *safetyv1.MsgSignAudit) { m.SubjectKind = 3 })},
		{name: "audit no subject", want: ErrField, msg: bend(audit, func(m *safetyv1.MsgSignAudit) { m.SubjectHash = nil })},
		{name: "audit without a report", want: ErrField, msg: bend(audit, func(m *safetyv1.MsgSignAudit) { m.ReportHash = digest("x")[1:] })},
		{name: "audit of a template that was not read", want: ErrField, msg: bend(audit, func(m *safetyv1.MsgSignAudit) {
			m.SubjectKind, m.LogicTested = safetyv1.SubjectKind_SUBJECT_KIND_TEMPLATE, true
		})},
		{name: "audit of a template that was not tested", want: ErrField, msg: bend(audit, func(m *safetyv1.MsgSignAudit) {
			m.SubjectKind, m.CodeReviewed = safetyv1.SubjectKind_SUBJECT_KIND_TEMPLATE, true
		})},
		{
			name: "audit of a template", msg: bend(audit, func(m *safetyv1.MsgSignAudit) {
				m.SubjectKind, m.CodeReviewed, m.LogicTested = safetyv1.SubjectKind_SUBJECT_KIND_TEMPLATE, true, true
			}), events: []proto.Message{&safetyv1.EventAudited{SubjectHash: audit.SubjectHash, AuditorOrgId: auditor1, Passed: true}},
		},
		{
			name: "audit that fails a template unread", msg: bend(audit, func(m *safetyv1.MsgSignAudit) {
				m.SubjectKind, m.Passed = safetyv1.SubjectKind_SUBJECT_KIND_TEMPLATE, false
			}), events: []proto.Message{&safetyv1.EventAudited{SubjectHash: audit.SubjectHash, AuditorOrgId: auditor1}},
		},
		{name: "audit by a bank", want: org.ErrRole, msg: bend(audit, func(m *safetyv1.MsgSignAudit) { m.Device, m.OrgId = account(person("bank admin")), bank })},
		{name: "audit by a machine", want: org.ErrDeviceRole, msg: bend(audit, func(m *safetyv1.MsgSignAudit) { m.Device = account(service("auditor1 service")) })},

		{name: "open", msg: &open, events: []proto.Message{&safetyv1.EventIncident{IncidentId: 1, Kind: "vault-log-gap", Status: safetyv1.IncidentStatus_INCIDENT_STATUS_OPEN}}},
		{
			name: "open without evidence", msg: bend(open, func(m *safetyv1.MsgOpenIncident) { m.EvidenceHash = nil }),
			events: []proto.Message{&safetyv1.EventIncident{IncidentId: 1, Kind: "vault-log-gap", Status: safetyv1.IncidentStatus_INCIDENT_STATUS_OPEN}},
		},
		{name: "open with a short hash", want: ErrField, msg: bend(open, func(m *safetyv1.MsgOpenIncident) { m.EvidenceHash = []byte{1} })},
		{name: "open no kind", want: ErrField, msg: bend(open, func(m *safetyv1.MsgOpenIncident) { m.Kind = "" })},
		{name: "open a long kind", want: ErrField, msg: bend(open, func(m *safetyv1.MsgOpenIncident) { m.Kind = strings.Repeat("k", 33) })},
		{name: "open prose", want: ErrField, msg: bend(open, func(m *safetyv1.MsgOpenIncident) { m.Kind = "Vault log gap" })},
		{name: "open by a firm", want: org.ErrKind, msg: bend(open, func(m *safetyv1.MsgOpenIncident) { m.Device, m.OrgId = account(person("firm admin")), firm })},

		{name: "close", before: opened, msg: &closeIt, events: []proto.Message{&safetyv1.EventIncident{IncidentId: 1, Kind: "vault-log-gap", Status: safetyv1.IncidentStatus_INCIDENT_STATUS_CLOSED}}},
		{
			name: "close by a regulator", before: opened, msg: bend(closeIt, func(m *safetyv1.MsgCloseIncident) { m.Device, m.OrgId = account(person("regulator admin")), regulator }),
			events: []proto.Message{&safetyv1.EventIncident{IncidentId: 1, Kind: "vault-log-gap", Status: safetyv1.IncidentStatus_INCIDENT_STATUS_CLOSED}},
		},
		{name: "close another's", before: opened, want: ErrNotHandler, msg: bend(closeIt, func(m *safetyv1.MsgCloseIncident) {
			m.Device, m.OrgId = account(person("other bank admin")), otherBank
		})},
		{name: "close again", before: []sdk.Msg{&open, &closeIt}, want: ErrIncidentClosed, msg: &closeIt},
		{name: "close nothing", want: ErrUnknownIncident, msg: &closeIt},
		{name: "close by a machine", before: opened, want: org.ErrDeviceRole, msg: bend(closeIt, func(m *safetyv1.MsgCloseIncident) { m.Device = account(service("bank service")) })},

		{name: "parameters", msg: &safetyv1.MsgUpdateParams{Authority: wire.Authority(), Params: safetyv1.Params{StopSecondsMax: 60, AuditsMin: 1}}},
		{name: "parameters by a bank", want: org.ErrAuthority, msg: &safetyv1.MsgUpdateParams{Authority: account(person("bank admin")), Params: DefaultParams()}},
		{name: "parameters without a time", want: ErrParams, msg: &safetyv1.MsgUpdateParams{Authority: wire.Authority(), Params: safetyv1.Params{StopSecondsMax: 59, AuditsMin: 1}}},
		{name: "parameters with a long time", want: ErrParams, msg: &safetyv1.MsgUpdateParams{Authority: wire.Authority(), Params: safetyv1.Params{StopSecondsMax: StopSecondsMax + 1, AuditsMin: 1}}},
		{name: "parameters without an audit", want: ErrParams, msg: &safetyv1.MsgUpdateParams{Authority: wire.Authority(), Params: safetyv1.Params{StopSecondsMax: 60}}},
		{name: "parameters with nine audits", want: ErrParams, msg: &safetyv1.MsgUpdateParams{Authority: wire.Authority(), Params: safetyv1.Params{StopSecondsMax: 60, AuditsMin: 9}}},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.must(t, w.ctx, s.before...)
			ctx := w.after(s.at)
			earlier := w.export(t, ctx)
			res, err := w.router.Handler(s.msg)(ctx, s.msg)
			w.checkInvariants(t, ctx)
			if s.want != nil {
				if !isOnly(err, s.want) {
					t.Fatalf("got %v, want %v", err, s.want)
				}
				same(t, "state after a refusal", w.export(t, ctx), earlier)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, e := range s.events {
				want = append(want, text(e))
			}
			same(t, "events", eventsOf(t, res.GetEvents()), want)
		})
	}
}
