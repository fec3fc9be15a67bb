package condition

import (
	"fmt"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/internal/golden"
)

// phrases are conditions of every form, whose words are in testdata/words.golden.
var phrases = []struct {
	stage  Stage
	source string
}{
	{Servicing, "score.points >= 620 && performance.on_time >= 3"},
	{Servicing, "performance.on_time >= 1 && performance.late == 0"},
	{Servicing, "performance.late <= 1 || performance.days_late < 5"},
	{Servicing, "performance.late != 2 && performance.late < 4 && performance.late > -1"},
	{Servicing, "growth.measured && growth.capacity_bps >= 1000 && growth.points > 0"},
	{Servicing, "!growth.measured || growth.capacity_bps >= -550"},
	{Servicing, "performance.on_time + performance.late >= 6"},
	{Servicing, "performance.on_time >= performance.late * 4"},
	{Servicing, "loan.tranches_released == 1 ? performance.on_time >= 3 : performance.on_time >= 6"},
	{Servicing, "performance.overdue_fen * 10 <= loan.outstanding_fen"},
	{Servicing, "schedule.instalments_left > 1 && schedule.instalments_paid >= 1"},
	{Underwriting, "500 <= score.points"},
	{Underwriting, "score.points > 499"},
	{Underwriting, "loan.amount_fen <= 15000000"},
	{Underwriting, "loan.amount_fen < 12345678 && loan.amount_fen != 1"},
	{Underwriting, "quality.grade <= 3"},
	{Underwriting, "quality.grade < 3 || quality.grade == 4"},
	{Underwriting, "quality.grade >= 2 && quality.grade > 1 && quality.grade != 3"},
	{Underwriting, "quality.grade in [1, 2]"},
	{Underwriting, "quality.grade in [1]"},
	{Underwriting, "score.points in []"},
	{Underwriting, "score.pd_ppm <= 20050"},
	{Underwriting, "applicant.written_off_fen == 0"},
	{Underwriting, "schedule.instalment_fen * 100 <= score.capacity_fen * 80"},
	{Underwriting, "schedule.instalment_fen <= score.capacity_fen / 2"},
	{Underwriting, "applicant.outstanding_fen + applicant.reserved_fen + 5000 <= score.capacity_fen * 12"},
	{Underwriting, "score.capacity_fen / score.points > 100"},
	{Underwriting, "score.points > score.pd_ppm"},
	{Underwriting, "loan.amount_fen % 10000 == 0"},
	{Underwriting, "-score.points < 3"},
	{Underwriting, "market.index_live && market.index_bps >= -25"},
	{Underwriting, "!market.index_live"},
	{Underwriting, `market.index == "cny-base" && loan.period_unit in ["month", "week"]`},
	{Underwriting, `"lpr-1y" != market.index`},
	{Underwriting, "!(score.points >= 500 && quality.grade <= 2)"},
	{Underwriting, "(score.points >= 500 || quality.grade == 1) && market.index_live"},
	{Underwriting, "(score.points >= 500) == (quality.grade <= 2)"},
	{Underwriting, "(score.points >= 500) != market.index_live"},
	{Underwriting, "score.points >= (quality.grade == 1 ? 500 : 550)"},
	{Underwriting, "true && score.points > 1 || false"},
	{Underwriting, "loan.periods <= 12"},
	{Underwriting, "loan.periods == 1"},
}

// Words are exactly those that people have reviewed, in both languages.
func TestWords(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, p := range phrases {
		c := compiled(t, p.stage, p.source)
		fmt.Fprintf(&b, "%s\n    %s\n    %s\n", p.source, c.Words(Chinese), c.Words(English))
	}
	golden.Same(t, "testdata/words.golden", b.String())
}

// No two of many conditions that differ in a number, an operator or a variable
// have the same words, in either language.
func TestWordsTellApart(t *testing.T) {
	t.Parallel()
	seen := [2]map[string]string{{}, {}}
	for _, v := range Variables(Servicing) {
		var sources []string
		switch v.Type {
		case Int:
			for _, op := range []string{"<", "<=", ">", ">=", "==", "!="} {
				for _, n := range []int64{-101, -100, -1, 0, 1, 2, 3, 99, 100, 101, 1000, 12345, 1234567} {
					sources = append(sources, fmt.Sprintf("%s %s %d", v.Name, op, n))
				}
			}
		case Bool:
			sources = []string{v.Name, "!" + v.Name}
		default:
			sources = []string{v.Name + ` == "a"`, v.Name + ` != "a"`, v.Name + ` == "b"`}
		}
		for _, source := range sources {
			c := compiled(t, Servicing, source)
			for _, l := range []Language{Chinese, English} {
				w := c.Words(l)
				if other, twice := seen[l][w]; twice {
					t.Errorf("%s and %s are both %q", other, source, w)
				}
				seen[l][w] = source
			}
		}
	}
}
