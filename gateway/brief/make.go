package brief

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

// Make is the brief that rows come to: a pure function of them.
func Make(r Rows) (*Brief, error) {
	a := r.Application
	d := a.Decision
	b := &Brief{
		ChainID: r.ChainID, Height: r.Height, At: r.At,
		Application: a.Id, Enterprise: a.EnterpriseId, Lender: a.LenderOrgId, Product: a.ProductId, AmountFen: a.AmountFen, Periods: a.Periods,
		Outcome: uint32(d.Outcome), LimitFen: d.LimitFen, RateBps: d.RateBps, ModelID: d.Inputs.ModelId,
		Points: d.Inputs.Points, Band: d.Inputs.Band, PdPpm: d.Inputs.PdPpm, Grade: uint32(r.Grade), DecisionAt: d.Height,
	}
	if len(d.Inputs.ModelHash) != len(b.ModelHash) {
		return nil, fmt.Errorf("brief: application %d names a model by %d bytes, want %d", a.Id, len(d.Inputs.ModelHash), len(b.ModelHash))
	}
	copy(b.ModelHash[:], d.Inputs.ModelHash)
	if n := len(a.Reviews); n > 0 {
		b.Appealed, b.DueAt = a.Reviews[n-1].Appeal != nil, a.Reviews[n-1].DueAt
	}
	for _, reason := range d.Reasons {
		b.Reasons = append(b.Reasons, Reason{reason.Code, reason.Value, reason.Threshold})
	}
	b.Strong, b.Odd, b.Open = r.strong(), r.odd(), r.open()
	b.Similar, b.Compared = r.similar()
	return b, nil
}

// facts collects those that hold, in the order in which they are asked.
type facts []Fact

func (f *facts) add(holds bool, code Code, value, of int64) {
	if holds && len(*f) < FactsMax {
		*f = append(*f, Fact{code, value, of})
	}
}

// conduct sums up how an enterprise has paid.
type conduct struct{ onTime, late, repaid, all, delinquent int64 }

func (r *Rows) conduct() conduct {
	var c conduct
	for _, l := range r.Loans {
		c.all++
		c.onTime += int64(l.OnTime)
		c.late += int64(l.Late)
		switch l.Status {
		case loanv1.LoanStatus_LOAN_STATUS_CLOSED:
			c.repaid++
		case loanv1.LoanStatus_LOAN_STATUS_DELINQUENT:
			c.delinquent++
		}
	}
	return c
}

// before is the enterprise's latest score by the same model that was accepted
// before the one that the decision rests on; false when there is none.
func (r *Rows) before() (points, capacityFen int64, found bool) {
	var height int64
	for _, s := range r.Scores {
		older := s.Height < r.Score.Height && s.Height > height
		if older && bytes.Equal(s.ModelHash, r.Score.ModelHash) {
			points, capacityFen, height, found = s.Score, s.CapacityFen, s.Height, true
		}
	}
	return points, capacityFen, found
}

// Distance says how unlike two decisions are: the sum of how much each of four
// amounts differs, in basis points of the greater, weighted probability 4,
// capacity 2, limit 1, amount wanted 1; 2,500 for each grade between them; 5,000
// where the products differ. The chain holds no sector, so none is compared.
func Distance(a, b loanv1.Application) uint32 {
	x, y := a.Decision.Inputs, b.Decision.Inputs
	d := 4*apart(int64(x.PdPpm), int64(y.PdPpm)) + 2*apart(x.CapacityFen, y.CapacityFen) +
		apart(a.Decision.LimitFen, b.Decision.LimitFen) + apart(a.AmountFen, b.AmountFen)
	d += gradeDistance * max(int64(x.Grade)-int64(y.Grade), int64(y.Grade)-int64(x.Grade))
	if a.ProductId != b.ProductId {
		d += productDistance
	}
	return uint32(d)
}

const (
	wholeBps        = 10_000
	gradeDistance   = 2_500
	productDistance = 5_000
)

// apart is the difference of two amounts that are not negative, in basis points of
// the greater, rounded down.
func apart(a, b int64) int64 {
	a, b = max(a, 0), max(b, 0)
	less, more := min(a, b), max(a, b)
	if more == 0 {
		return 0
	}
	if more > 1<<48 { // amounts of the chain are below 2^50; this keeps the product in 63 bits
		less, more = less>>16, more>>16
	}
	return (more - less) * wholeBps / more
}

// similar lists the nearest cases that the lender has decided, of equal ones the
// newer first, and how many were compared.
func (r *Rows) similar() (nearest []Case, compared uint32) {
	loans := map[uint64]loanv1.Loan{}
	for _, l := range r.CaseLoans {
		loans[l.ApplicationId] = l
	}
	for _, a := range r.Cases {
		if a.Id == r.Application.Id || waits(a) || a.Overtaken {
			continue
		}
		compared++
		c := Case{
			Application: a.Id, Distance: Distance(r.Application, a), Outcome: uint32(a.Decision.Outcome), ByOfficer: a.Decision.Officer != "",
			AmountFen: a.AmountFen, LimitFen: a.Decision.LimitFen, PdPpm: a.Decision.Inputs.PdPpm,
		}
		if l, ok := loans[a.Id]; ok {
			c.Loan, c.LoanStatus, c.OnTime, c.Late = l.Id, uint32(l.Status), l.OnTime, l.Late
		}
		nearest = append(nearest, c)
	}
	slices.SortFunc(nearest, func(a, b Case) int {
		return cmp.Or(cmp.Compare(a.Distance, b.Distance), cmp.Compare(b.Application, a.Application))
	})
	return nearest[:min(len(nearest), SimilarMax)], compared
}

// waits tells whether an application waits for a person.
func waits(a loanv1.Application) bool {
	n := len(a.Reviews)
	return n > 0 && a.Reviews[n-1].DecidedAt == 0
}
