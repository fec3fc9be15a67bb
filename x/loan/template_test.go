package loan

import (
	"fmt"
	"testing"
	"time"

	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/x/org"
)

// A template that fails its form, its conditions or its own cases is not frozen,
// and what was frozen is never frozen again.
func TestSubmitTemplate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	submit := func(terms loanv1.TemplateTerms) *loanv1.MsgSubmitTemplate {
		return &loanv1.MsgSubmitTemplate{Device: bankOfficer, OrgId: bank, Terms: terms}
	}
	refused(w, "no device", w.msg.SubmitTemplate, &loanv1.MsgSubmitTemplate{OrgId: bank, Terms: contractTerms()}, ErrInvalid)
	refused(w, "no organisation", w.msg.SubmitTemplate, &loanv1.MsgSubmitTemplate{Device: bankOfficer, Terms: contractTerms()}, ErrInvalid)
	refused(w, "a foreign device", w.msg.SubmitTemplate, &loanv1.MsgSubmitTemplate{Device: otherAdmin, OrgId: bank, Terms: contractTerms()}, sdkerrors.ErrUnauthorized)
	bad := contractTerms()
	bad.Tests[0].Want = false
	refused(w, "a failing case", w.msg.SubmitTemplate, submit(bad), ErrTestCase)
	bad = contractTerms()
	bad.Eligibility[0].Zh = "评分不低于 501 分"
	refused(w, "other words", w.msg.SubmitTemplate, submit(bad), ErrTemplate)

	res, events, err := deliver(w, w.msg.SubmitTemplate, submit(contractTerms()))
	w.must(err)
	wantList(t, "events", events, []string{"xinlian.loan.v1.EventTemplateChanged"})
	refused(w, "twice", w.msg.SubmitTemplate, submit(contractTerms()), ErrDuplicate)

	changed := contractTerms()
	changed.GraceDays++
	refused(w, "a change of the same version", w.msg.SubmitTemplate, submit(changed), ErrTemplate)
	changed.Version = 3
	next := done(w, w.msg.SubmitTemplate, submit(changed)).TemplateHash
	changed.Version, changed.GraceDays = 2, 0
	refused(w, "an older version", w.msg.SubmitTemplate, submit(changed), ErrTemplate)
	other := submit(changed)
	other.Device, other.OrgId = otherAdmin, otherBank
	done(w, w.msg.SubmitTemplate, other) // names are each author's own

	// The change starts at the beginning, whatever became of what it changes.
	row, err := w.k.template(w.ctx, next)
	w.must(err)
	if row.Status != loanv1.TemplateStatus_TEMPLATE_STATUS_SUBMITTED || row.ReviewedAt != 0 || len(row.Compiled) != 4 || string(res.TemplateHash) == string(next) {
		t.Errorf("the new version is %v", row)
	}
	w.sound()
}

// party is who sends a message in the matrix.
type party struct {
	name, device string
	org          uint64
}

var parties = []party{
	{"author", bankOfficer, bank},
	{"author's machine", bankService, bank},
	{"another lender", otherAdmin, otherBank},
	{"auditor", auditorAdmin, auditor},
	{"borrower", bakeryAdmin, bakery},
}

// state brings a new template to a state and returns its hash; before anything
// is submitted there is only a draft.
var states = []struct {
	name string
	make func(*world) []byte
}{
	{"draft", func(w *world) []byte {
		done(w, w.msg.SaveDraft, &loanv1.MsgSaveDraft{Device: bankOfficer, OrgId: bank, Terms: contractTerms()})
		return hashOf(1)
	}},
	{"submitted", func(w *world) []byte {
		return done(w, w.msg.SubmitTemplate, &loanv1.MsgSubmitTemplate{Device: bankOfficer, OrgId: bank, Terms: contractTerms()}).TemplateHash
	}},
	{"locked", func(w *world) []byte {
		hash := done(w, w.msg.SubmitTemplate, &loanv1.MsgSubmitTemplate{Device: bankOfficer, OrgId: bank, Terms: contractTerms()}).TemplateHash
		done(w, w.msg.ReviewTemplate, &loanv1.MsgReviewTemplate{Device: auditorAdmin, OrgId: auditor, TemplateHash: hash})
		w.ctx = w.ctx.WithBlockTime(w.ctx.BlockTime().Add(time.Hour - time.Second))
		return hash
	}},
	{"reviewed", func(w *world) []byte {
		hash := done(w, w.msg.SubmitTemplate, &loanv1.MsgSubmitTemplate{Device: bankOfficer, OrgId: bank, Terms: contractTerms()}).TemplateHash
		done(w, w.msg.ReviewTemplate, &loanv1.MsgReviewTemplate{Device: bankOfficer, OrgId: bank, TemplateHash: hash})
		w.ctx = w.ctx.WithBlockTime(w.ctx.BlockTime().Add(time.Hour))
		return hash
	}},
	{"active", func(w *world) []byte {
		p, err := w.k.product(w.ctx, w.market(contractTerms()))
		w.must(err)
		return p.Terms.TemplateHash
	}},
	{"retired", func(w *world) []byte {
		p, err := w.k.product(w.ctx, w.market(contractTerms()))
		w.must(err)
		done(w, w.msg.RetireTemplate, &loanv1.MsgRetireTemplate{Device: bankOfficer, OrgId: bank, TemplateHash: p.Terms.TemplateHash})
		return p.Terms.TemplateHash
	}},
}

// verbs are the messages about a template, each with what it does for each
// party in each state; nil is success. The order is that of parties and states.
var verbs = []struct {
	name string
	send func(*world, party, []byte) error
	want [6][5]error // by state, by party
}{
	{
		"save draft", func(w *world, p party, _ []byte) error {
			_, _, err := deliver(w, w.msg.SaveDraft, &loanv1.MsgSaveDraft{Device: p.device, OrgId: p.org, Terms: contractTerms()})
			return err
		},
		same([5]error{nil, org.ErrDeviceRole, nil, org.ErrRole, org.ErrRole}),
	},
	{
		"discard draft", func(w *world, p party, _ []byte) error {
			_, _, err := deliver(w, w.msg.DiscardDraft, &loanv1.MsgDiscardDraft{Device: p.device, OrgId: p.org, Name: contractTerms().Name})
			return err
		},
		but(same([5]error{ErrNotFound, org.ErrDeviceRole, ErrNotFound, org.ErrRole, org.ErrRole}), 0,
			[5]error{nil, org.ErrDeviceRole, ErrNotFound, org.ErrRole, org.ErrRole}),
	},
	{
		"submit", func(w *world, p party, _ []byte) error {
			_, _, err := deliver(w, w.msg.SubmitTemplate, &loanv1.MsgSubmitTemplate{Device: p.device, OrgId: p.org, Terms: contractTerms()})
			return err
		},
		but(same([5]error{ErrDuplicate, org.ErrDeviceRole, ErrDuplicate, org.ErrRole, org.ErrRole}), 0,
			[5]error{nil, org.ErrDeviceRole, nil, org.ErrRole, org.ErrRole}),
	},
	{
		"review", func(w *world, p party, hash []byte) error {
			_, _, err := deliver(w, w.msg.ReviewTemplate, &loanv1.MsgReviewTemplate{Device: p.device, OrgId: p.org, TemplateHash: hash})
			return err
		},
		but(but(same([5]error{ErrState, org.ErrDeviceRole, ErrUnauthorised, ErrState, org.ErrRole}), 0,
			[5]error{ErrNotFound, org.ErrDeviceRole, ErrNotFound, ErrNotFound, org.ErrRole}), 1,
			[5]error{nil, org.ErrDeviceRole, ErrUnauthorised, nil, org.ErrRole}),
	},
	{
		"activate", func(w *world, p party, hash []byte) error {
			_, _, err := deliver(w, w.msg.ActivateTemplate, &loanv1.MsgActivateTemplate{Device: p.device, OrgId: p.org, TemplateHash: hash})
			return err
		},
		but(but(but(same([5]error{ErrState, org.ErrDeviceRole, ErrUnauthorised, org.ErrRole, org.ErrRole}), 0,
			[5]error{ErrNotFound, org.ErrDeviceRole, ErrNotFound, org.ErrRole, org.ErrRole}), 2,
			[5]error{ErrTimeLock, org.ErrDeviceRole, ErrUnauthorised, org.ErrRole, org.ErrRole}), 3,
			[5]error{nil, org.ErrDeviceRole, ErrUnauthorised, org.ErrRole, org.ErrRole}),
	},
	{
		"retire", func(w *world, p party, hash []byte) error {
			_, _, err := deliver(w, w.msg.RetireTemplate, &loanv1.MsgRetireTemplate{Device: p.device, OrgId: p.org, TemplateHash: hash})
			return err
		},
		but(but(same([5]error{nil, org.ErrDeviceRole, ErrUnauthorised, org.ErrRole, org.ErrRole}), 0,
			[5]error{ErrNotFound, org.ErrDeviceRole, ErrNotFound, org.ErrRole, org.ErrRole}), 5,
			[5]error{ErrState, org.ErrDeviceRole, ErrUnauthorised, org.ErrRole, org.ErrRole}),
	},
	{
		"offer a product", func(w *world, p party, hash []byte) error {
			if p.org == otherBank {
				w.must(errOf(deliver(w, w.msg.OpenPool, &loanv1.MsgOpenPool{Device: p.device, OrgId: p.org})))
			}
			pool := uint64(1)
			if _, err := w.k.pool(w.ctx, 1); err != nil {
				w.must(errOf(deliver(w, w.msg.OpenPool, &loanv1.MsgOpenPool{Device: bankAdmin, OrgId: bank})))
			}
			device := p.device
			if device == bankOfficer { // an officer's limit is below the product's
				device = bankAdmin
			}
			_, _, err := deliver(w, w.msg.OfferProduct, &loanv1.MsgOfferProduct{Device: device, OrgId: p.org, Terms: productTerms(hash, pool)})
			return err
		},
		but(but(same([5]error{ErrState, org.ErrDeviceRole, ErrState, org.ErrRole, org.ErrRole}), 0,
			[5]error{ErrNotFound, org.ErrDeviceRole, ErrNotFound, org.ErrRole, org.ErrRole}), 4,
			[5]error{nil, org.ErrDeviceRole, ErrUnauthorised, org.ErrRole, org.ErrRole}),
	},
}

func same(row [5]error) (m [6][5]error) {
	for i := range m {
		m[i] = row
	}
	return m
}

func but(m [6][5]error, state int, row [5]error) [6][5]error {
	m[state] = row
	return m
}

func errOf[R any](_ R, _ []string, err error) error { return err }

// Every message about a template does in every state and for every party what
// the table says, and leaves every invariant standing.
func TestTemplateMatrix(t *testing.T) {
	t.Parallel()
	for s, state := range states {
		for _, verb := range verbs {
			for p, party := range parties {
				t.Run(fmt.Sprintf("%s/%s/%s", state.name, verb.name, party.name), func(t *testing.T) {
					t.Parallel()
					w := newWorld(t)
					err := verb.send(w, party, state.make(w))
					if want := verb.want[s][p]; want != nil {
						wantError(t, err, want)
					} else {
						w.must(err)
					}
					w.sound()
				})
			}
		}
	}
}

// The gate asks the auditors twice, for the author's exact hash: without enough
// of them nothing is reviewed, and one who takes the word back in time stops it.
func TestAuditGate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hash := done(w, w.msg.SubmitTemplate, &loanv1.MsgSubmitTemplate{Device: bankOfficer, OrgId: bank, Terms: contractTerms()}).TemplateHash
	review := &loanv1.MsgReviewTemplate{Device: bankOfficer, OrgId: bank, TemplateHash: hash}
	activate := &loanv1.MsgActivateTemplate{Device: bankOfficer, OrgId: bank, TemplateHash: hash}
	refused(w, "a short hash", w.msg.ReviewTemplate, &loanv1.MsgReviewTemplate{Device: bankOfficer, OrgId: bank, TemplateHash: []byte{1}}, ErrInvalid)
	*w.approved = false
	refused(w, "without audits", w.msg.ReviewTemplate, review, ErrAudit)
	w.ctx = w.ctx.WithBlockTime(w.ctx.BlockTime().Add(time.Hour))
	*w.approved = true
	_, events, err := deliver(w, w.msg.ReviewTemplate, review)
	w.must(err)
	wantList(t, "events", events, []string{"xinlian.loan.v1.EventTemplateChanged"})
	refused(w, "no time to read it", w.msg.ActivateTemplate, activate, ErrTimeLock)
	w.ctx = w.ctx.WithBlockTime(w.ctx.BlockTime().Add(time.Hour))
	*w.approved = false
	refused(w, "a word taken back", w.msg.ActivateTemplate, activate, ErrAudit)
	*w.approved = true
	done(w, w.msg.ActivateTemplate, activate)
	if got := *w.author; got != bank {
		t.Errorf("auditors were asked apart from organisation %d", got)
	}
	w.sound()
}

// An author has a bounded number of drafts, changes them in place, and loses one
// by submitting it.
func TestDrafts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	save := func(name string, graceDays uint32) *loanv1.MsgSaveDraft {
		d := contractTerms()
		d.Name, d.GraceDays = name, graceDays
		d.Tests[0].Want = false // a draft may be wrong
		return &loanv1.MsgSaveDraft{Device: bankOfficer, OrgId: bank, Terms: d}
	}
	refused(w, "out of bounds", w.msg.SaveDraft, save("a", 31), ErrTemplate)
	for n := range DraftsMax {
		done(w, w.msg.SaveDraft, save("draft-"+string(rune('a'+n)), 1))
	}
	refused(w, "one too many", w.msg.SaveDraft, save("another", 1), ErrDrafts)
	_, events, err := deliver(w, w.msg.SaveDraft, save("draft-a", 2))
	w.must(err)
	wantList(t, "events", events, []string{"xinlian.loan.v1.EventDraftChanged"})
	refused(w, "a bad name", w.msg.DiscardDraft, &loanv1.MsgDiscardDraft{Device: bankOfficer, OrgId: bank, Name: "A"}, ErrInvalid)
	done(w, w.msg.DiscardDraft, &loanv1.MsgDiscardDraft{Device: bankOfficer, OrgId: bank, Name: "draft-b"})
	good := contractTerms()
	good.Name = "draft-c"
	done(w, w.msg.SubmitTemplate, &loanv1.MsgSubmitTemplate{Device: bankOfficer, OrgId: bank, Terms: good})
	r, err := w.qry.Drafts(w.ctx, &loanv1.QueryDraftsRequest{AuthorOrgId: bank})
	w.must(err)
	if len(r.Drafts) != DraftsMax-2 || r.Drafts[0].Terms.GraceDays != 2 || r.Drafts[1].Terms.Name != "draft-d" {
		t.Errorf("%d drafts, the first two %v", len(r.Drafts), r.Drafts[:2])
	}
	w.sound()
}
