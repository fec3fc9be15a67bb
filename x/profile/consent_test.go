package profile

import (
	"errors"
	"testing"
	"time"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

const (
	bank = profilev1.Category_CATEGORY_BANK
	tax  = profilev1.Category_CATEGORY_TAX
	day  = 24 * time.Hour
)

var states = []profilev1.ConsentState{statePending, stateActive, statePaused, stateRevoked, stateExpired, stateRefused, stateAmended}

// The table of transitions is exactly this, and ended states have no way out.
func TestTransitions(t *testing.T) {
	t.Parallel()
	const now, end = 100, 200
	want := map[transition]bool{
		{statePending, stateAmended}: true, {stateActive, stateAmended}: true, {statePaused, stateAmended}: true,
		{statePending, stateActive}: true, {statePending, stateRefused}: true, {statePending, stateRevoked}: true,
		{stateActive, statePaused}: true, {stateActive, stateRevoked}: true,
		{statePaused, stateActive}: true, {statePaused, stateRevoked}: true,
	}
	wantLate := map[transition]bool{
		{statePending, stateExpired}: true, {stateActive, stateExpired}: true, {statePaused, stateExpired}: true,
	}
	for _, from := range states {
		for _, to := range states {
			c := profilev1.Consent{State: from, Terms: profilev1.ConsentTerms{ExpiresAt: end}}
			step := transition{from, to}
			if err := checkTransition(c, to, now); (err == nil) != want[step] {
				t.Errorf("before its end, %v: %v", step, err)
			}
			if err := checkTransition(c, to, end); (err == nil) != wantLate[step] {
				t.Errorf("after its end, %v: %v", step, err)
			}
			c.JournalEntries = JournalEntriesMax - 1
			ends := want[step] && to != stateActive && to != statePaused
			if err := checkTransition(c, to, now); (err == nil) != ends {
				t.Errorf("with a full journal, %v: %v", step, err)
			}
		}
	}
}

// Each rule on the terms refuses its own breach.
func TestTermsRefused(t *testing.T) {
	t.Parallel()
	if err := checkTerms(terms(lender, 1)); err != nil {
		t.Fatal(err)
	}
	for name, bend := range map[string]func(x *profilev1.ConsentTerms){
		"no enterprise":         func(x *profilev1.ConsentTerms) { x.EnterpriseId = 0 },
		"no grantee":            func(x *profilev1.ConsentTerms) { x.GranteeOrgId = 0 },
		"consent to itself":     func(x *profilev1.ConsentTerms) { x.GranteeOrgId = x.EnterpriseId },
		"no category":           func(x *profilev1.ConsentTerms) { x.Categories = nil },
		"too many categories":   func(x *profilev1.ConsentTerms) { x.Categories = make([]profilev1.Category, 17) },
		"unspecified category":  func(x *profilev1.ConsentTerms) { x.Categories[0] = 0 },
		"unknown category":      func(x *profilev1.ConsentTerms) { x.Categories[1] = 12 },
		"category twice":        func(x *profilev1.ConsentTerms) { x.Categories[1] = bank },
		"categories descending": func(x *profilev1.ConsentTerms) { x.Categories[0], x.Categories[1] = tax, bank },
		"month zero":            func(x *profilev1.ConsentTerms) { x.MonthFrom = 202500 },
		"month thirteen":        func(x *profilev1.ConsentTerms) { x.MonthTo = 202513 },
		"year too early":        func(x *profilev1.ConsentTerms) { x.MonthFrom = 197912 },
		"year too late":         func(x *profilev1.ConsentTerms) { x.MonthTo = 210101 },
		"months descending":     func(x *profilev1.ConsentTerms) { x.MonthTo = 202412 },
		"61 months":             func(x *profilev1.ConsentTerms) { x.MonthFrom, x.MonthTo = 202001, 202501 },
		"no purpose":            func(x *profilev1.ConsentTerms) { x.Purpose = 0 },
		"unknown purpose":       func(x *profilev1.ConsentTerms) { x.Purpose = purposeLast + 1 },
		"short purpose text":    func(x *profilev1.ConsentTerms) { x.PurposeTextHash = id(1)[1:] },
		"no mode":               func(x *profilev1.ConsentTerms) { x.Mode = 0 },
		"unknown mode":          func(x *profilev1.ConsentTerms) { x.Mode = 4 },
		"view and keep":         func(x *profilev1.ConsentTerms) { x.Mode = profilev1.Mode_MODE_VIEW },
		"kept for ever":         func(x *profilev1.ConsentTerms) { x.RetentionDays = RetentionDaysMax + 1 },
		"no unit":               func(x *profilev1.ConsentTerms) { x.FetchUnit = 0 },
		"unknown unit":          func(x *profilev1.ConsentTerms) { x.FetchUnit = 5 },
		"no reads":              func(x *profilev1.ConsentTerms) { x.FetchLimit = 0 },
		"too many reads":        func(x *profilev1.ConsentTerms) { x.FetchLimit = 1001 },
		"negative filter":       func(x *profilev1.ConsentTerms) { x.AmountFenMin = -1 },
		"filter too large":      func(x *profilev1.ConsentTerms) { x.AmountFenMin = AmountFenCeiling + 1 },
		"no start":              func(x *profilev1.ConsentTerms) { x.StartsAt = 0 },
		"ends as it starts":     func(x *profilev1.ConsentTerms) { x.ExpiresAt = x.StartsAt },
		"more than a year":      func(x *profilev1.ConsentTerms) { x.ExpiresAt = x.StartsAt + ConsentSecondsCeiling + 1 },
		"short nonce":           func(x *profilev1.ConsentTerms) { x.Nonce = x.Nonce[1:] },
	} {
		x := terms(lender, 1)
		bend(&x)
		if err := checkTerms(x); !errors.Is(err, ErrTerms) {
			t.Errorf("%s: got %v, want %v", name, err, ErrTerms)
		}
	}
	sixty := terms(lender, 1)
	sixty.MonthFrom, sixty.MonthTo = 202001, 202412
	if err := checkTerms(sixty); err != nil {
		t.Errorf("60 months: %v", err)
	}
}

// A consent lives from request to revocation, with an event and a journal entry
// at each step, and covers reads only while it is active and in its time.
func TestConsentLife(t *testing.T) {
	t.Parallel()
	c := newKit(t).fresh()
	changed := func(id []byte, s profilev1.ConsentState) *profilev1.EventConsentChanged {
		return &profilev1.EventConsentChanged{ConsentId: id, EnterpriseId: shop, GranteeOrgId: lender, State: s}
	}
	x := terms(lender, 1)
	x.StartsAt += 60
	id := c.request(t, x)
	c.wantEvents(t, changed(id, statePending))
	live := func(want error) {
		t.Helper()
		if _, err := c.LiveConsent(c.ctx, id); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	live(ErrNotLive)

	steps := []struct {
		name string
		do   func() error
		to   profilev1.ConsentState
	}{
		{"grant", func() error {
			_, err := c.msgs.GrantConsent(c.ctx, &profilev1.MsgGrantConsent{Device: "admin", OrgId: shop, ConsentId: id})
			return err
		}, stateActive},
		{"pause", func() error {
			_, err := c.msgs.PauseConsent(c.ctx, &profilev1.MsgPauseConsent{Device: "officer", OrgId: shop, ConsentId: id})
			return err
		}, statePaused},
		{"resume", func() error {
			_, err := c.msgs.ResumeConsent(c.ctx, &profilev1.MsgResumeConsent{Device: "admin", OrgId: shop, ConsentId: id})
			return err
		}, stateActive},
	}
	for i, s := range steps {
		c = c.after(time.Second).fresh()
		if err := s.do(); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		c.wantEvents(t, changed(id, s.to))
		row, err := c.Consent(c.ctx, id)
		if err != nil || row.State != s.to || row.JournalEntries != uint64(i+2) || row.ChangedAt != genesisTime.Unix()+int64(i)+1 {
			t.Errorf("%s: got %v, %v", s.name, row, err)
		}
		live(ErrNotLive) // it starts in a minute
	}
	c = c.after(time.Minute)
	live(nil)

	c = c.after(day).fresh()
	if err := c.revoke("officer", shop, id); err != nil {
		t.Fatal(err)
	}
	c.wantEvents(t, changed(id, stateRevoked),
		&profilev1.EventEpochStarted{EnterpriseId: shop, Category: bank, Number: 2},
		&profilev1.EventEpochStarted{EnterpriseId: shop, Category: tax, Number: 2})
	live(ErrNotLive)
	list, err := c.asks.DeletionReceipts(c.ctx, &profilev1.QueryDeletionReceiptsRequest{OrgId: lender})
	if err != nil || len(list.Receipts) != 1 || list.Receipts[0].DueAt != c.ctx.BlockTime().Unix()+30*daySeconds {
		t.Errorf("got %v, %v", list, err)
	}
	journal, err := c.asks.ConsentJournal(c.ctx, &profilev1.QueryConsentJournalRequest{ConsentId: id})
	if err != nil || len(journal.Entries) != 5 || journal.Entries[4].Device != "officer" {
		t.Errorf("got %v, %v", journal, err)
	}
	c.checkInvariants(t)
}

// A request is refused for the wrong grantee, role, enterprise or time, twice, or
// beside too many open ones; those that time has ended make room.
func TestRequestRefused(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	c.request(t, terms(lender, 1))
	good := func() *profilev1.MsgRequestConsent {
		return &profilev1.MsgRequestConsent{Device: "officer", OrgId: lender, Terms: terms(lender, 2)}
	}
	for _, tc := range []struct {
		name string
		bend func(m *profilev1.MsgRequestConsent)
		want error
	}{
		{"bad terms", func(m *profilev1.MsgRequestConsent) { m.Terms.Mode = 0 }, ErrTerms},
		{"for somebody else", func(m *profilev1.MsgRequestConsent) { m.Terms.GranteeOrgId = lender2 }, ErrUnauthorised},
		{"unknown device", func(m *profilev1.MsgRequestConsent) { m.Device = "x" }, errOrg},
		{"lender verifies", func(m *profilev1.MsgRequestConsent) { m.Terms.Purpose = profilev1.Purpose_PURPOSE_VERIFICATION }, ErrUnauthorised},
		{"attestor underwrites", func(m *profilev1.MsgRequestConsent) { m.OrgId, m.Terms.GranteeOrgId = attestor, attestor }, ErrUnauthorised},
		{"unknown enterprise", func(m *profilev1.MsgRequestConsent) { m.Terms.EnterpriseId = 99 }, errOrg},
		{"no enterprise", func(m *profilev1.MsgRequestConsent) { m.Terms.EnterpriseId = source }, ErrEnterprise},
		{"enterprise not identified yet", func(m *profilev1.MsgRequestConsent) { m.Terms.EnterpriseId = applicant }, ErrEnterprise},
		{"over already", func(m *profilev1.MsgRequestConsent) {
			m.Terms.StartsAt, m.Terms.ExpiresAt = 1, genesisTime.Unix()
			m.Terms.StartsAt = m.Terms.ExpiresAt - 10
		}, ErrTerms},
		{"far ahead", func(m *profilev1.MsgRequestConsent) {
			m.Terms.StartsAt = genesisTime.Unix() + ConsentSecondsCeiling + 1
			m.Terms.ExpiresAt = m.Terms.StartsAt + 1
		}, ErrTerms},
		{"again", func(m *profilev1.MsgRequestConsent) { m.Terms = terms(lender, 1) }, ErrConsentExists},
	} {
		m := good()
		tc.bend(m)
		b := c.branch()
		if _, err := b.msgs.RequestConsent(b.ctx, m); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
	for n := 2; n <= int(DefaultParams().PendingConsentsMax); n++ {
		c.request(t, terms(lender, n))
	}
	m := good()
	m.Terms.Nonce = id(99)[:16]
	if _, err := c.msgs.RequestConsent(c.ctx, m); !errors.Is(err, ErrTooMany) {
		t.Errorf("got %v, want %v", err, ErrTooMany)
	}
	c.request(t, terms(lender2, 1)) // another lender's room is its own
	c = c.after(31 * day)
	m.Terms.ExpiresAt = c.ctx.BlockTime().Unix() + 10
	if _, err := c.msgs.RequestConsent(c.ctx, m); err != nil {
		t.Errorf("after the others ended: %v", err)
	}
	res, err := c.asks.Consents(c.ctx, &profilev1.QueryConsentsRequest{EnterpriseId: shop, GranteeOrgId: lender})
	if err != nil || len(res.Consents) != 5 {
		t.Fatalf("got %v, %v", res, err)
	}
	expired := 0
	for _, x := range res.Consents {
		if x.State == stateExpired {
			expired++
		}
	}
	if expired != 4 {
		t.Errorf("%d expired, want 4", expired)
	}
	c.checkInvariants(t)
}

// Only the enterprise decides, only its admin gives access, and only in the right state.
func TestDecisionRefused(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	waiting, active := c.request(t, terms(lender, 1)), c.granted(t, terms(lender, 2))
	grant := func(c kit, device string, org uint64, id []byte) error {
		_, err := c.msgs.GrantConsent(c.ctx, &profilev1.MsgGrantConsent{Device: device, OrgId: org, ConsentId: id})
		return err
	}
	refuse := func(c kit, device string, org uint64, id []byte) error {
		_, err := c.msgs.RefuseConsent(c.ctx, &profilev1.MsgRefuseConsent{Device: device, OrgId: org, ConsentId: id})
		return err
	}
	pause := func(c kit, device string, org uint64, id []byte) error {
		_, err := c.msgs.PauseConsent(c.ctx, &profilev1.MsgPauseConsent{Device: device, OrgId: org, ConsentId: id})
		return err
	}
	resume := func(c kit, device string, org uint64, id []byte) error {
		_, err := c.msgs.ResumeConsent(c.ctx, &profilev1.MsgResumeConsent{Device: device, OrgId: org, ConsentId: id})
		return err
	}
	revoke := func(c kit, device string, org uint64, id []byte) error { return c.revoke(device, org, id) }
	for _, tc := range []struct {
		name   string
		do     func(c kit, device string, org uint64, id []byte) error
		device string
		org    uint64
		id     []byte
		wait   time.Duration
		want   error
	}{
		{"short id", grant, "admin", shop, waiting[1:], 0, ErrField},
		{"unknown consent", grant, "admin", shop, id(9), 0, ErrNotFound},
		{"unknown device", grant, "x", shop, waiting, 0, errOrg},
		{"grant by an officer", grant, "officer", shop, waiting, 0, ErrUnauthorised},
		{"grant by a machine", grant, "service", shop, waiting, 0, ErrUnauthorised},
		{"grant by another enterprise", grant, "admin", mill, waiting, 0, ErrUnauthorised},
		{"grant by the lender", grant, "admin", lender, waiting, 0, ErrUnauthorised},
		{"grant twice", grant, "admin", shop, active, 0, ErrTransition},
		{"grant after its end", grant, "admin", shop, waiting, 30 * day, ErrTransition},
		{"refuse by a machine", refuse, "service", shop, waiting, 0, ErrUnauthorised},
		{"refuse by the lender", refuse, "officer", lender, waiting, 0, ErrUnauthorised},
		{"refuse what is granted", refuse, "officer", shop, active, 0, ErrTransition},
		{"refuse", refuse, "officer", shop, waiting, 0, nil},
		{"pause by the lender", pause, "officer", lender, active, 0, ErrUnauthorised},
		{"pause what waits", pause, "officer", shop, waiting, 0, ErrTransition},
		{"pause after its end", pause, "officer", shop, active, 30 * day, ErrTransition},
		{"resume by an officer", resume, "officer", shop, active, 0, ErrUnauthorised},
		{"resume what runs", resume, "admin", shop, active, 0, ErrTransition},
		{"resume what waits", resume, "admin", shop, waiting, 0, ErrTransition},
		{"revoke by another lender", revoke, "officer", lender2, active, 0, ErrUnauthorised},
		{"revoke what waits, by the enterprise", revoke, "admin", shop, waiting, 0, ErrTransition},
		{"revoke after its end", revoke, "admin", shop, active, 30 * day, ErrTransition},
		{"revoke by the lender", revoke, "officer", lender, active, 0, nil},
		{"withdraw by the lender", revoke, "officer", lender, waiting, 0, nil},
	} {
		b := c.branch().after(tc.wait)
		if err := tc.do(b, tc.device, tc.org, tc.id); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
		b.checkInvariants(t)
	}
	b := c.branch()
	if err := b.revoke("officer", lender, waiting); err != nil {
		t.Fatal(err)
	}
	if e, started, err := b.epoch(b.ctx, shop, bank); err != nil || started || e.Number != 1 {
		t.Errorf("a withdrawn request turned the key: %v, %v", e, err)
	}
}

// The consents that one enterprise has given are bounded; expired ones make room.
func TestLiveBounded(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	for n := range LiveConsentsMax {
		c.granted(t, terms(lender, n))
	}
	last := terms(lender, LiveConsentsMax)
	last.ExpiresAt += 100
	id := c.request(t, last)
	grant := &profilev1.MsgGrantConsent{Device: "admin", OrgId: shop, ConsentId: id}
	if _, err := c.msgs.GrantConsent(c.ctx, grant); !errors.Is(err, ErrTooMany) {
		t.Errorf("got %v, want %v", err, ErrTooMany)
	}
	c = c.after(30 * day)
	if _, err := c.msgs.GrantConsent(c.ctx, grant); err != nil {
		t.Errorf("after the others ended: %v", err)
	}
	c.checkInvariants(t)
}
