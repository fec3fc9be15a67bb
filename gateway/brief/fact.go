package brief

import (
	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
)

// What is worth a fact. They are judgements of what an officer wants to see, and
// part of what a brief is: a change makes other hashes.
const (
	daySeconds       = 86_400
	historyMonthsMin = 24
	moveBpsMin       = 500 // of a score before it is said to rise or fall
	askedDays        = 90
	askedMin         = 3
	declinedDays     = 180
	scoreDaysMax     = 60
	consentDays      = 30
	scoreBlocks      = 10_000
	servicingURL     = "/xinlian.loan.v1.Servicing"
)

// data sums up the enterprise's batches that count or would count.
type data struct {
	all, signed, contested, refused, differ int64
	gapDays                                 int64
	from, to                                uint32
	attestors                               map[uint64]bool
}

func (r *Rows) data() data {
	d := data{attestors: map[uint64]bool{}}
	good, bad := map[string]bool{}, map[string]bool{}
	for _, a := range r.Attested {
		if a.Status != attestationv1.Status_STATUS_LIVE || a.ExpiresAt <= r.At {
			continue
		}
		if a.Verdict == attestationv1.Verdict_VERDICT_INCONSISTENT {
			d.refused++
		} else {
			d.attestors[a.AttestorOrgId] = true
		}
		for _, id := range a.BatchIds {
			if a.Verdict == attestationv1.Verdict_VERDICT_INCONSISTENT {
				bad[string(id)] = true
			} else if a.Kind == attestationv1.Kind_KIND_BATCHES {
				good[string(id)] = true
			}
		}
	}
	for _, b := range r.Batches {
		if b.Status == profilev1.BatchStatus_BATCH_STATUS_SUPERSEDED {
			continue
		}
		d.all++
		if b.Anchor.SourceClass == profilev1.SourceClass_SOURCE_CLASS_SIGNED {
			d.signed++
		}
		if b.Status == profilev1.BatchStatus_BATCH_STATUS_DISPUTED {
			d.contested++
		}
		if good[string(b.Anchor.BatchId)] && bad[string(b.Anchor.BatchId)] {
			d.differ++
		}
		d.gapDays = max(d.gapDays, int64(b.GapDays))
		if d.from == 0 || b.Anchor.PeriodFrom < d.from {
			d.from = b.Anchor.PeriodFrom
		}
		d.to = max(d.to, b.Anchor.PeriodTo)
	}
	return d
}

// months that the records span, of 30 days.
func (d data) months() int64 {
	if d.to < d.from || d.all == 0 {
		return 0
	}
	return (int64(d.to) - int64(d.from) + 1) / 30
}

// band is the score's place in the model's table, the best first, and its lowest
// score; -1 where the table does not have it.
func (r *Rows) band() (place int, lowest int64) {
	for i, b := range r.Model.Bands {
		if b.Name == r.Application.Decision.Inputs.Band {
			return i, b.ScoreMin
		}
	}
	return -1, 0
}

func (r *Rows) strong() []Fact {
	var f facts
	a, d, c := r.Application, r.data(), r.conduct()
	place, lowest := r.band()
	f.add(place >= 0 && 2*(place+1) <= len(r.Model.Bands), BandUpper, a.Decision.Inputs.Points, lowest)
	f.add(r.Grade == attestationv1.Grade_GRADE_A || r.Grade == attestationv1.Grade_GRADE_B, GradeHigh, int64(r.Grade), 0)
	f.add(d.all > 0 && d.signed == d.all, SignedSources, d.signed, d.all)
	f.add(len(d.attestors) >= 2, ManyAttestors, int64(len(d.attestors)), 0)
	f.add(d.months() >= historyMonthsMin, LongHistory, d.months(), 0)
	f.add(c.onTime > 0 && c.late == 0, OnTime, c.onTime, c.onTime+c.late)
	f.add(c.repaid > 0, Repaid, c.repaid, c.all)
	f.add(r.Exposure.OutstandingFen+r.Exposure.ReservedFen == 0, NoDebt, 0, 0)
	f.add(a.Decision.LimitFen >= a.AmountFen, RoomUnderLimit, a.Decision.LimitFen, a.AmountFen)
	points, _, found := r.before()
	f.add(found && moved(points, r.Score.Score), RisingScore, r.Score.Score-points, points)
	return f
}

// moved tells whether a number has risen by at least moveBpsMin.
func moved(before, now int64) bool { return before > 0 && (now-before)*wholeBps >= before*moveBpsMin }

func (r *Rows) odd() []Fact {
	var f facts
	a, d, c := r.Application, r.data(), r.conduct()
	f.add(d.gapDays > int64(r.GapDaysMax), RecordGap, d.gapDays, int64(r.GapDaysMax))
	f.add(d.signed < d.all, OwnerDeclared, d.all-d.signed, d.all)
	f.add(d.contested > 0, DisputedBatch, d.contested, d.all)
	upheld := int64(0)
	for _, x := range r.Disputes {
		if x.Status == attestationv1.DisputeStatus_DISPUTE_STATUS_UPHELD {
			upheld++
		}
	}
	f.add(upheld > 0, DisputeUpheld, upheld, int64(len(r.Disputes)))
	f.add(d.refused > 0, RefusedByOne, d.refused, 0)
	f.add(d.differ > 0, VerdictsDiffer, d.differ, d.all)
	for _, x := range r.Records {
		f.add(d.attestors[x.OrgId] && x.Overturned > 0, AttestorReversed, int64(x.Overturned), int64(x.Issued))
	}
	points, capacityFen, found := r.before()
	f.add(found && moved(r.Score.Score, points), FallingScore, points-r.Score.Score, points)
	f.add(found && capacityFen > 0 && 2*r.Score.CapacityFen > 3*capacityFen, CapacityLeap, r.Score.CapacityFen, capacityFen)
	asked, declined := r.asked()
	f.add(asked >= askedMin, AskedOften, asked, askedDays)
	f.add(declined > 0, DeclinedBefore, declined, declinedDays)
	f.add(c.late > 0, LatePayments, c.late, c.onTime+c.late)
	f.add(r.Exposure.WrittenOffFen > 0, WrittenOff, r.Exposure.WrittenOffFen, 0)
	others := r.otherLenders()
	f.add(others > 0, OtherLenders, others, 0)
	f.add(a.AmountFen > a.Decision.LimitFen, OverLimit, a.AmountFen, a.Decision.LimitFen)
	age := r.At/daySeconds - int64(r.Score.AsOfDay)
	f.add(age > scoreDaysMax, OldScore, age, scoreDaysMax)
	return f
}

// asked counts the enterprise's applications of the last 90 days, this one among
// them, and its other declines of the last 180.
func (r *Rows) asked() (asked, declined int64) {
	for _, a := range r.Asked {
		if a.AppliedAt > r.At-askedDays*daySeconds {
			asked++
		}
		if a.Id != r.Application.Id && a.Decision.Outcome == loanv1.Outcome_OUTCOME_DECLINED && a.Decision.DecidedAt > r.At-declinedDays*daySeconds {
			declined++
		}
	}
	return asked, declined
}

func (r *Rows) otherLenders() int64 {
	lenders := map[uint64]bool{}
	for _, l := range r.Loans {
		if l.LenderOrgId != r.Application.LenderOrgId && (l.Status == loanv1.LoanStatus_LOAN_STATUS_CURRENT || l.Status == loanv1.LoanStatus_LOAN_STATUS_DELINQUENT) {
			lenders[l.LenderOrgId] = true
		}
	}
	return int64(len(lenders))
}

func (r *Rows) open() []Fact {
	var f facts
	for _, d := range r.Disputes {
		open := d.Status == attestationv1.DisputeStatus_DISPUTE_STATUS_OPEN
		f.add(open && d.Deadline > r.At, DisputeOpen, int64(d.Id), d.Deadline)
		f.add(open && d.Deadline <= r.At, DisputeOverdue, int64(d.Id), d.Deadline)
	}
	m := r.Model
	f.add(m.Status != scorev1.ModelStatus_MODEL_STATUS_ACTIVE, ModelStopped, int64(m.Status), 0)
	if s := m.Suspension; s != nil {
		f.add(true, ModelAlarm, int64(s.Alarm), s.Height)
	}
	f.add(!r.IndexLive, IndexStale, r.IndexBps, 0)
	active := r.Consent.State == profilev1.ConsentState_CONSENT_STATE_ACTIVE
	f.add(!active, ConsentDead, int64(r.Consent.State), 0)
	f.add(active && r.Consent.Terms.ExpiresAt < r.At+consentDays*daySeconds, ConsentEnds, r.Consent.Terms.ExpiresAt, 0)
	left := r.Score.ExpiryHeight - r.Height
	f.add(left < scoreBlocks, ScoreEnds, max(left, 0), 0)
	for _, l := range r.Loans {
		f.add(l.Status == loanv1.LoanStatus_LOAN_STATUS_DELINQUENT, LoanDelinquent, int64(l.Id), 0)
	}
	f.add(r.Freezes > 0, MoneyFrozen, int64(r.Freezes), 0)
	if n := len(r.Application.Reviews); n > 0 {
		last := r.Application.Reviews[n-1]
		f.add(last.Overdue && last.DecidedAt == 0, Overdue, last.DueAt, 0)
	}
	for _, s := range r.Stops {
		f.add(s.TypeUrl == servicingURL && s.ExpiresAt > r.At, Servicing, s.ExpiresAt, 0)
	}
	return f
}
