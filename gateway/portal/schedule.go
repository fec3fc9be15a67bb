package portal

import (
	"errors"
	"fmt"
	"math/big"
	"time"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/schedule"
)

// Row is one instalment of a preview.
type Row = schedule.Row

// errSchedule says that there is no schedule of these numbers.
var errSchedule = errors.New("portal: no schedule of these numbers")

// Bounds of a preview; they are those of the chain.
const (
	principalFenMax = schedule.PrincipalFenMax
	periodsMax      = 60
	rateBpsMax      = 10_000
	ppmOfBps        = 100
)

// preview computes a tranche's schedule as the chain does: a month counts 30 of
// 360 days, a week 7 of 365. It is a preview: what binds is the schedule on
// chain, which begins on the day of signing. Amounts do not depend on that day.
func preview(t loanv1.TemplateTerms, principalFen int64, rateBps, periods uint32) ([]Row, error) {
	if periods > periodsMax || rateBps > rateBpsMax {
		return nil, errSchedule
	}
	start, err := schedule.UnixDay(time.Now().Unix() / secondsOfDay)
	if err != nil {
		return nil, err
	}
	terms := schedule.Terms{PrincipalFen: principalFen, RatePpm: rateBps * ppmOfBps, Periods: periods, Start: start}
	switch t.Method {
	case loanv1.Method_METHOD_EQUAL_INSTALMENT:
		terms.Method = schedule.EqualInstalment
	case loanv1.Method_METHOD_EQUAL_PRINCIPAL:
		terms.Method = schedule.EqualPrincipal
	case loanv1.Method_METHOD_INTEREST_ONLY:
		terms.Method = schedule.InterestOnly
	case loanv1.Method_METHOD_BULLET:
		terms.Method = schedule.Bullet
	}
	switch t.PeriodUnit {
	case loanv1.PeriodUnit_PERIOD_UNIT_MONTH:
		terms.Unit, terms.DayCount = schedule.Month, schedule.Thirty360
	case loanv1.PeriodUnit_PERIOD_UNIT_WEEK:
		terms.Unit, terms.DayCount = schedule.Week, schedule.Act365
	}
	rows, err := schedule.Make(terms)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSchedule, err)
	}
	return rows, nil
}

const secondsOfDay = 86_400

// split divides a principal into tranches; the last takes the remainder.
func split(principalFen int64, bps []uint32) []int64 {
	parts := make([]int64, len(bps))
	left := principalFen
	for i, b := range bps {
		part := new(big.Int).Mul(big.NewInt(principalFen), big.NewInt(int64(b)))
		parts[i] = part.Quo(part, big.NewInt(10_000)).Int64()
		if i == len(bps)-1 {
			parts[i] = left
		}
		left -= parts[i]
	}
	return parts
}

func interestOf(rows []Row) (fen int64) {
	for _, r := range rows {
		fen += r.InterestFen
	}
	return fen
}
