package brief

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/golden"
)

const (
	day  = int64(daySeconds)
	now  = 20_000 * day
	firm = uint64(10)
	bank = uint64(1)
)

func id32(n byte) []byte {
	b := make([]byte, 32)
	b[0] = n
	return b
}

// decided is an application to the bank as the chain has decided it.
func decided(id uint64, outcome loanv1.Outcome, pdPpm uint32, capacityFen, limitFen int64) loanv1.Application {
	return loanv1.Application{
		Id: id, EnterpriseId: 100 + id, LenderOrgId: bank, ProductId: 1, AmountFen: 10_000_000, Periods: 12, AppliedAt: now - 400*day,
		Decision: loanv1.Decision{Outcome: outcome, LimitFen: limitFen, Height: 1, DecidedAt: now - 400*day, Inputs: loanv1.DecisionInputs{
			Grade: 2, PdPpm: pdPpm, CapacityFen: capacityFen, ModelHash: id32(9), ModelId: "sme-v2",
		}},
	}
}

// quiet is a referred application of a firm about which the chain knows nothing bad
// and nothing good.
func quiet() Rows {
	a := decided(7, loanv1.Outcome_OUTCOME_REFERRED, 50_000, 2_000_000, 9_000_000)
	a.EnterpriseId, a.AmountFen, a.AppliedAt, a.ConsentId, a.ScoreId = firm, 8_000_000, now-day, id32(3), id32(4)
	a.Decision.LimitFen, a.Decision.RateBps, a.Decision.Height = 7_000_000, 805, 90
	a.Decision.Inputs.Points, a.Decision.Inputs.Band = 610, "C"
	a.Decision.Reasons = []loanv1.Reason{{Code: "large", Value: 8_000_000, Threshold: 5_000_000}}
	a.Reviews = []loanv1.Review{{OpenedAt: now - day, DueAt: now + 6*day}}
	return Rows{
		ChainID: "xinlian-test", Height: 100, At: now, Application: a, Grade: attestationv1.Grade_GRADE_C,
		Model: scorev1.Model{Hash: id32(9), Status: scorev1.ModelStatus_MODEL_STATUS_ACTIVE, Bands: []scorev1.Band{
			{Name: "A", ScoreMin: 700}, {Name: "B", ScoreMin: 650}, {Name: "C", ScoreMin: 600}, {Name: "D"},
		}},
		Score:      scorev1.Score{Id: id32(4), ModelHash: id32(9), Score: 610, CapacityFen: 2_000_000, AsOfDay: 19_990, Height: 80, ExpiryHeight: 1_000_000},
		Consent:    profilev1.Consent{State: profilev1.ConsentState_CONSENT_STATE_ACTIVE, Terms: profilev1.ConsentTerms{ExpiresAt: now + 90*day}},
		Batches:    []profilev1.Batch{batch(1, true, profilev1.BatchStatus_BATCH_STATUS_LIVE)},
		Attested:   []attestationv1.Attestation{word(1, 5, attestationv1.Verdict_VERDICT_CONSISTENT, 1)},
		Records:    []attestationv1.AttestorRecord{{OrgId: 5, Issued: 40}, {OrgId: 6, Issued: 10, Overturned: 3}},
		GapDaysMax: 5, Exposure: loanv1.Exposure{EnterpriseId: firm, OutstandingFen: 1}, IndexLive: true, Asked: []loanv1.Application{a}, Cases: []loanv1.Application{a},
	}
}

func batch(n byte, signed bool, status profilev1.BatchStatus) profilev1.Batch {
	class := profilev1.SourceClass_SOURCE_CLASS_OWNER_DECLARED
	if signed {
		class = profilev1.SourceClass_SOURCE_CLASS_SIGNED
	}
	return profilev1.Batch{EnterpriseId: firm, Status: status, Anchor: profilev1.BatchAnchor{BatchId: id32(n), SourceClass: class, PeriodFrom: 19_900, PeriodTo: 19_989}}
}

func word(id, by uint64, v attestationv1.Verdict, batches ...byte) attestationv1.Attestation {
	a := attestationv1.Attestation{
		Id: id, Kind: attestationv1.Kind_KIND_BATCHES, EnterpriseId: firm, AttestorOrgId: by, Verdict: v,
		Status: attestationv1.Status_STATUS_LIVE, ExpiresAt: now + 100*day,
	}
	for _, n := range batches {
		a.BatchIds = append(a.BatchIds, id32(n))
	}
	return a
}

// Each fact appears when what it is about is true, with its numbers, and nothing
// else appears with it.
func TestFacts(t *testing.T) {
	t.Parallel()
	base, err := Make(quiet())
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, f := range slices.Concat(base.Strong, base.Odd, base.Open) {
		known[fmt.Sprint(f)] = true
	}
	if len(known) != 2 { // signed-sources and over-limit: what the quiet firm is by design
		t.Errorf("a quiet firm has facts %v", known)
	}
	const inconsistent, running, closed, late = attestationv1.Verdict_VERDICT_INCONSISTENT, loanv1.LoanStatus_LOAN_STATUS_CURRENT, loanv1.LoanStatus_LOAN_STATUS_CLOSED, loanv1.LoanStatus_LOAN_STATUS_DELINQUENT
	for _, c := range []struct {
		bend func(*Rows)
		want []Fact
	}{
		{func(r *Rows) { r.Application.Decision.Inputs.Band, r.Application.Decision.Inputs.Points = "B", 660 }, []Fact{{BandUpper, 660, 650}}},
		{func(r *Rows) { r.Grade = attestationv1.Grade_GRADE_B }, []Fact{{GradeHigh, 2, 0}}},
		{func(r *Rows) {
			r.Attested = append(r.Attested, word(2, 8, attestationv1.Verdict_VERDICT_CONSISTENT, 1))
		}, []Fact{{ManyAttestors, 2, 0}}},
		{func(r *Rows) {
			r.Attested = append(r.Attested, word(2, 6, attestationv1.Verdict_VERDICT_CONSISTENT, 1))
		}, []Fact{{ManyAttestors, 2, 0}, {AttestorReversed, 3, 10}}},
		{func(r *Rows) { r.Batches[0].Anchor.PeriodFrom = 19_990 - 24*30 }, []Fact{{LongHistory, 24, 0}}},
		{func(r *Rows) { r.Loans = []loanv1.Loan{{LenderOrgId: bank, OnTime: 7, Status: running}} }, []Fact{{OnTime, 7, 7}}},
		{func(r *Rows) {
			r.Loans = []loanv1.Loan{{LenderOrgId: bank, Status: closed}, {LenderOrgId: bank, Status: running}}
		}, []Fact{{Repaid, 1, 2}}},
		{func(r *Rows) { r.Exposure.OutstandingFen = 0 }, []Fact{{NoDebt, 0, 0}}},
		{func(r *Rows) { r.Scores = earlier(580, 1_900_000) }, []Fact{{RisingScore, 30, 580}}},
		{func(r *Rows) { r.Scores = earlier(600, 2_000_000) }, nil}, // not 5 %
		{func(r *Rows) { r.Scores = earlier(641, 2_000_000) }, []Fact{{FallingScore, 31, 641}}},
		{func(r *Rows) { r.Scores = earlier(610, 1_333_333) }, []Fact{{CapacityLeap, 2_000_000, 1_333_333}}},
		{func(r *Rows) { r.Scores = earlier(610, 1_333_334) }, nil},
		{func(r *Rows) { r.Batches[0].GapDays = 6 }, []Fact{{RecordGap, 6, 5}}},
		{func(r *Rows) {
			r.Batches = append(r.Batches, batch(2, true, profilev1.BatchStatus_BATCH_STATUS_DISPUTED))
		}, []Fact{{SignedSources, 2, 2}, {DisputedBatch, 1, 2}}},
		{func(r *Rows) {
			r.Batches = append(r.Batches, batch(2, false, profilev1.BatchStatus_BATCH_STATUS_SUPERSEDED))
		}, nil},
		{func(r *Rows) { r.Disputes = disputes(attestationv1.DisputeStatus_DISPUTE_STATUS_UPHELD, 0) }, []Fact{{DisputeUpheld, 1, 1}}},
		{func(r *Rows) { r.Attested = append(r.Attested, word(2, 8, inconsistent, 2)) }, []Fact{{RefusedByOne, 1, 0}}},
		{func(r *Rows) { r.Attested = append(r.Attested, word(2, 8, inconsistent, 1)) }, []Fact{{RefusedByOne, 1, 0}, {VerdictsDiffer, 1, 1}}},
		{func(r *Rows) { r.Asked = append(r.Asked, r.Asked[0], r.Asked[0]) }, []Fact{{AskedOften, 3, 90}}},
		{func(r *Rows) { r.Asked = append(r.Asked, refusedAt(now-179*day), refusedAt(now-180*day)) }, []Fact{{DeclinedBefore, 1, 180}}},
		{func(r *Rows) { r.Loans = []loanv1.Loan{{LenderOrgId: 2, OnTime: 3, Late: 1, Status: running}} }, []Fact{{LatePayments, 1, 4}, {OtherLenders, 1, 0}}},
		{func(r *Rows) { r.Exposure.WrittenOffFen = 5 }, []Fact{{WrittenOff, 5, 0}}},
		{func(r *Rows) { r.Score.AsOfDay = 19_939 }, []Fact{{OldScore, 61, 60}}},
		{func(r *Rows) { r.Disputes = disputes(attestationv1.DisputeStatus_DISPUTE_STATUS_OPEN, now+1) }, []Fact{{DisputeOpen, 4, now + 1}}},
		{func(r *Rows) { r.Disputes = disputes(attestationv1.DisputeStatus_DISPUTE_STATUS_OPEN, now) }, []Fact{{DisputeOverdue, 4, now}}},
		{func(r *Rows) { r.Model.Suspension = &scorev1.Suspension{Alarm: scorev1.Alarm_ALARM_DRIFT, Height: 77} }, []Fact{{ModelAlarm, 1, 77}}},
		{func(r *Rows) { r.Model.Status = scorev1.ModelStatus_MODEL_STATUS_SUSPENDED }, []Fact{{ModelStopped, 5, 0}}},
		{func(r *Rows) { r.IndexLive, r.IndexBps = false, 305 }, []Fact{{IndexStale, 305, 0}}},
		{func(r *Rows) { r.Consent.Terms.ExpiresAt = now + 29*day }, []Fact{{ConsentEnds, now + 29*day, 0}}},
		{func(r *Rows) { r.Consent.State = profilev1.ConsentState_CONSENT_STATE_REVOKED }, []Fact{{ConsentDead, 4, 0}}},
		{func(r *Rows) { r.Score.ExpiryHeight = 90 }, []Fact{{ScoreEnds, 0, 0}}},
		{func(r *Rows) { r.Loans = []loanv1.Loan{{Id: 8, LenderOrgId: bank, Status: late}} }, []Fact{{LoanDelinquent, 8, 0}}},
		{func(r *Rows) { r.Freezes = 1 }, []Fact{{MoneyFrozen, 1, 0}}},
		{func(r *Rows) { r.Application.Reviews[0].Overdue = true }, []Fact{{Overdue, now + 6*day, 0}}},
		{func(r *Rows) { r.Stops = []safetyv1.Stop{{TypeUrl: servicingURL, ExpiresAt: now + 9}, {TypeUrl: "/x"}} }, []Fact{{Servicing, now + 9, 0}}},
	} {
		r := quiet()
		c.bend(&r)
		b, err := Make(r)
		if err != nil {
			t.Fatal(err)
		}
		var got []Fact
		for _, f := range slices.Concat(b.Strong, b.Odd, b.Open) {
			if !known[fmt.Sprint(f)] {
				got = append(got, f)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("got %v, want %v", got, c.want)
		}
	}
	r := quiet()
	r.Batches[0].Anchor.SourceClass = profilev1.SourceClass_SOURCE_CLASS_OWNER_DECLARED
	r.Application.Decision.LimitFen = 8_000_000
	b, err := Make(r)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(b.Strong, b.Odd), "[{room-under-limit 8000000 8000000}] [{owner-declared 1 1}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func earlier(points, capacityFen int64) []scorev1.Score {
	return []scorev1.Score{
		{ModelHash: id32(9), Score: points, CapacityFen: capacityFen, Height: 70},
		{ModelHash: id32(9), Score: 1, CapacityFen: 1, Height: 60},
		{ModelHash: id32(8), Score: 2, CapacityFen: 2, Height: 75}, // another model's points say nothing
		{ModelHash: id32(9), Score: 3, CapacityFen: 3, Height: 85}, // later than the one decided on
	}
}

func disputes(s attestationv1.DisputeStatus, deadline int64) []attestationv1.Dispute {
	return []attestationv1.Dispute{{Id: 4, EnterpriseId: firm, Status: s, Deadline: deadline}}
}

func refusedAt(at int64) loanv1.Application {
	return loanv1.Application{Id: 99, AppliedAt: at, Decision: loanv1.Decision{Outcome: loanv1.Outcome_OUTCOME_DECLINED, DecidedAt: at}}
}

// The nearest decided cases come first with what became of them; what waits, what
// was overtaken and the case itself are not among them.
func TestSimilar(t *testing.T) {
	t.Parallel()
	r := quiet()
	const approved, declined, referred = loanv1.Outcome_OUTCOME_APPROVED, loanv1.Outcome_OUTCOME_DECLINED, loanv1.Outcome_OUTCOME_REFERRED
	twin := decided(1, approved, 50_000, 2_000_000, 7_000_000)
	far := decided(2, declined, 200_000, 200_000, 1_000_000)
	near := decided(3, approved, 60_000, 1_800_000, 7_000_000)
	waiting := decided(4, referred, 50_000, 2_000_000, 7_000_000)
	waiting.Reviews = []loanv1.Review{{DueAt: now}}
	gone := decided(5, referred, 50_000, 2_000_000, 7_000_000)
	gone.Overtaken = true
	again := decided(6, declined, 50_000, 2_000_000, 7_000_000)
	again.Decision.Officer = "someone"
	r.Cases = []loanv1.Application{twin, far, near, waiting, gone, again, r.Application}
	r.CaseLoans = []loanv1.Loan{{Id: 31, ApplicationId: 3, Status: loanv1.LoanStatus_LOAN_STATUS_WRITTEN_OFF, OnTime: 2, Late: 1}}
	b, err := Make(r)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range b.Similar {
		got = append(got, fmt.Sprintf("%d at %d outcome %d officer %t loan %d/%d %d/%d", c.Application, c.Distance, c.Outcome, c.ByOfficer, c.Loan, c.LoanStatus, c.OnTime, c.Late))
	}
	want := []string{
		"6 at 2000 outcome 3 officer true loan 0/0 0/0",
		"1 at 2000 outcome 1 officer false loan 0/0 0/0",
		"3 at 10664 outcome 1 officer false loan 31/4 2/1",
		"2 at 58571 outcome 3 officer false loan 0/0 0/0",
	}
	if !slices.Equal(got, want) || b.Compared != 4 {
		t.Errorf("of %d got\n%s\nwant\n%s", b.Compared, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if d := Distance(twin, far); d != Distance(far, twin) || Distance(twin, twin) != 0 {
		t.Errorf("distance is not one: %d and %d", d, Distance(far, twin))
	}
}

// The bytes of a brief are fixed, come back from decoding, and differ for whatever
// differs.
func TestCanonical(t *testing.T) {
	t.Parallel()
	r := quiet()
	r.Cases = append(r.Cases, decided(1, loanv1.Outcome_OUTCOME_APPROVED, 50_000, 2_000_000, 7_000_000))
	r.Freezes = 1
	b, err := Make(r)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := b.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	hash, err := b.Hash()
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("%x\n%x\n", raw, hash)
	golden.Same(t, "testdata/brief.golden", text)
	back, err := Decode(raw)
	if err != nil || !reflect.DeepEqual(back, b) {
		t.Errorf("decoded to %+v, %v", back, err)
	}
	r.Freezes = 2
	other, err := Make(r)
	if err != nil {
		t.Fatal(err)
	}
	if h, err := other.Hash(); err != nil || h == hash {
		t.Errorf("another brief has hash %x, %v", h, err)
	}
}

// An application of before decisions named their model has no brief.
func TestOldApplication(t *testing.T) {
	t.Parallel()
	r := quiet()
	r.Application.Decision.Inputs.ModelHash = nil
	if _, err := Make(r); err == nil {
		t.Error("made a brief without a model")
	}
}

// Decoding never panics and takes only what encodes again to the same bytes.
func FuzzDecode(f *testing.F) {
	b, err := Make(quiet())
	if err != nil {
		f.Fatal(err)
	}
	raw, err := b.Canonical()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add(raw[:len(raw)-1])
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := Decode(raw)
		if err != nil {
			if !errors.Is(err, ErrBrief) {
				t.Errorf("error %v", err)
			}
			return
		}
		if again, err := b.Canonical(); err != nil || string(again) != string(raw) {
			t.Errorf("%x came back as %x, %v", raw, again, err)
		}
	})
}
