package loan

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

// A template out of any bound is refused by name.
func TestTemplateRefusals(t *testing.T) {
	t.Parallel()
	many := func(n int) []loanv1.Condition {
		list := make([]loanv1.Condition, n)
		for i := range list {
			list[i] = loanv1.Condition{Code: "c" + string(rune('a'+i)), Expression: "score.points > 0", Zh: "x", En: "x"}
		}
		return list
	}
	for _, c := range []struct {
		name string
		bend func(*loanv1.TemplateTerms)
		want error
	}{
		{"no name", func(t *loanv1.TemplateTerms) { t.Name = "" }, ErrTemplate},
		{"long name", func(t *loanv1.TemplateTerms) { t.Name = strings.Repeat("a", 33) }, ErrTemplate},
		{"name in capitals", func(t *loanv1.TemplateTerms) { t.Name = "Loan" }, ErrTemplate},
		{"version 0", func(t *loanv1.TemplateTerms) { t.Version = 0 }, ErrTemplate},
		{"method 0", func(t *loanv1.TemplateTerms) { t.Method = 0 }, ErrTemplate},
		{"method 5", func(t *loanv1.TemplateTerms) { t.Method = 5 }, ErrTemplate},
		{"unit 0", func(t *loanv1.TemplateTerms) { t.PeriodUnit = 0 }, ErrTemplate},
		{"unit 3", func(t *loanv1.TemplateTerms) { t.PeriodUnit = 3 }, ErrTemplate},
		{"no tranche", func(t *loanv1.TemplateTerms) { t.TrancheBps = nil }, ErrTemplate},
		{"five tranches", func(t *loanv1.TemplateTerms) { t.TrancheBps = []uint32{2000, 2000, 2000, 2000, 2000} }, ErrTemplate},
		{"tranches of 99.99 %", func(t *loanv1.TemplateTerms) { t.TrancheBps = []uint32{9_999} }, ErrTemplate},
		{"empty tranche", func(t *loanv1.TemplateTerms) { t.TrancheBps = []uint32{10_000, 0} }, ErrTemplate},
		{"tranches that wrap", func(t *loanv1.TemplateTerms) { t.TrancheBps = []uint32{1<<32 - 1, 10_001} }, ErrTemplate},
		{"grace of 31 days", func(t *loanv1.TemplateTerms) { t.GraceDays = 31 }, ErrTemplate},
		{"late fee of 5.01 %", func(t *loanv1.TemplateTerms) { t.LateFeeBps = 501 }, ErrTemplate},
		{"prepayment fee of 5.01 %", func(t *loanv1.TemplateTerms) { t.PrepaymentFeeBps = 501 }, ErrTemplate},
		{"tranches without a rule", func(t *loanv1.TemplateTerms) { t.Release = nil }, ErrTemplate},
		{"nine conditions", func(t *loanv1.TemplateTerms) { t.Eligibility = many(9) }, ErrTemplate},
		{"no code", func(t *loanv1.TemplateTerms) { t.Eligibility[0].Code = "" }, ErrTemplate},
		{"the chain's code", func(t *loanv1.TemplateTerms) { t.Eligibility[0].Code = "limit-capacity" }, ErrTemplate},
		{"a code twice", func(t *loanv1.TemplateTerms) { t.Referral[0].Code = t.Eligibility[0].Code }, ErrTemplate},
		{"no words", func(t *loanv1.TemplateTerms) { t.Eligibility[0].Zh = "" }, ErrTemplate},
		{"long words", func(t *loanv1.TemplateTerms) { t.Eligibility[0].En = strings.Repeat("a", 2049) }, ErrTemplate},
		{"words with a line break", func(t *loanv1.TemplateTerms) { t.Eligibility[0].En = "a\nb" }, ErrTemplate},
		{"words that run backwards", func(t *loanv1.TemplateTerms) { t.Eligibility[0].En = "a\u202eb" }, ErrTemplate},
		{"words not in NFC", func(t *loanv1.TemplateTerms) { t.Eligibility[0].En = "e\u0301" }, ErrTemplate},
		{"a double", func(t *loanv1.TemplateTerms) { t.Eligibility[0].Expression = "score.points > 0.5" }, ErrExpression},
		{"no cases", func(t *loanv1.TemplateTerms) { t.Tests = nil }, ErrTemplate},
		{"65 cases", func(t *loanv1.TemplateTerms) { t.Tests = make([]loanv1.TestCase, 65) }, ErrTemplate},
		{"a case of no list", func(t *loanv1.TemplateTerms) { t.Tests[0].Condition = "" }, ErrTemplate},
		{"a case of an unknown list", func(t *loanv1.TemplateTerms) { t.Tests[0].Condition = "wishes" }, ErrTestCase},
		{"a case of an empty list", func(t *loanv1.TemplateTerms) { t.Tests[0].Condition = "covenant" }, ErrTestCase},
		{"a case of a step that is not there", func(t *loanv1.TemplateTerms) { t.Tests[0].Condition = "step-1" }, ErrTestCase},
		{"a case with a long text", func(t *loanv1.TemplateTerms) { t.Tests[0].Variables[0].Text = strings.Repeat("a", 65) }, ErrTemplate},
		{"a case with a text for a number", func(t *loanv1.TemplateTerms) { t.Tests[0].Variables[0].Text = "a" }, ErrTestCase},
		{"five step-downs", func(t *loanv1.TemplateTerms) { t.StepDowns = make([]loanv1.StepDown, 5) }, ErrTemplate},
		{"a step-down of nothing", func(t *loanv1.TemplateTerms) { t.StepDowns = []loanv1.StepDown{{Condition: many(1)[0]}} }, ErrTemplate},
		{"a step-down of 10.01 %", func(t *loanv1.TemplateTerms) { t.StepDowns = []loanv1.StepDown{{Condition: many(1)[0], Bps: 1_001}} }, ErrTemplate},
		{"an untested covenant", func(t *loanv1.TemplateTerms) {
			t.Covenants = []loanv1.Condition{{Code: "grade", Expression: "quality.grade <= 3"}}
			*t = worded(*t)
		}, ErrTestCase},
		{"words of another number", func(t *loanv1.TemplateTerms) { t.Eligibility[0].En = "the score is at least 501 points" }, ErrTemplate},
		{"a variable of another stage", func(t *loanv1.TemplateTerms) { t.Eligibility[0].Expression = "performance.late == 0" }, ErrExpression},
		{"33 variables", func(t *loanv1.TemplateTerms) { t.Tests[0].Variables = make([]loanv1.Variable, 33) }, ErrTemplate},
		{"a foreign variable", func(t *loanv1.TemplateTerms) { t.Tests[0].Variables[0].Name = "performance.late" }, ErrTestCase},
		{"a variable twice", func(t *loanv1.TemplateTerms) {
			t.Tests[0].Variables = append(t.Tests[0].Variables, t.Tests[0].Variables[0])
		}, ErrTestCase},
		{"a case that fails", func(t *loanv1.TemplateTerms) { t.Tests[0].Want = false }, ErrTestCase},
		{"a condition never failed", func(t *loanv1.TemplateTerms) { t.Tests = t.Tests[:5] }, ErrTestCase},
		{"a condition never held", func(t *loanv1.TemplateTerms) {
			t.Eligibility[1].Expression = "applicant.written_off_fen == 7"
			*t = worded(*t)
		}, ErrTestCase},
	} {
		bent := contractTerms()
		c.bend(&bent)
		contract, err := Compile(bent)
		if err == nil {
			err = contract.Test()
		}
		if err == nil {
			t.Errorf("%s: accepted", c.name)
			continue
		}
		wantError(t, err, c.want)
	}
}

// Parts of a principal sum to it, none is empty, and each but the last is rounded down.
func TestSplitPrincipal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		principal := rapid.Int64Range(PrincipalFenMin, PrincipalFenMax).Draw(r, "principal")
		cuts := rapid.SliceOfNDistinct(rapid.Uint32Range(1, bpsUnit-1), 0, TranchesMax-1, rapid.ID).Draw(r, "cuts")
		bps := tranches(cuts)
		parts, err := splitPrincipal(principal, bps)
		if err != nil {
			r.Fatal(err)
		}
		var sum int64
		for i, p := range parts {
			if i < len(parts)-1 && p != principal*int64(bps[i])/bpsUnit {
				r.Fatalf("part %d of %v is %d", i, bps, p)
			}
			sum += p
		}
		if sum != principal {
			r.Fatalf("parts %v of %d", parts, principal)
		}
	})
	_, err := splitPrincipal(3, []uint32{1, 9_999})
	wantError(t, err, ErrAmount)
}

func tranches(cuts []uint32) []uint32 {
	marks := append([]uint32{0}, cuts...)
	marks = append(marks, bpsUnit)
	for i := range marks {
		for j := i + 1; j < len(marks); j++ {
			if marks[j] < marks[i] {
				marks[i], marks[j] = marks[j], marks[i]
			}
		}
	}
	var bps []uint32
	for i := 1; i < len(marks); i++ {
		bps = append(bps, marks[i]-marks[i-1])
	}
	return bps
}

// The cache of compiled templates stays within its bound and gives back what it compiled.
func TestContractCache(t *testing.T) {
	t.Parallel()
	var c contracts
	contract, err := Compile(contractTerms())
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2 * contractsCachedMax {
		row := loanv1.Template{Hash: append([]byte{byte(n), byte(n >> 8)}, make([]byte, 30)...), Terms: contractTerms(), Compiled: contract.Encoded()}
		first, err := c.load(row)
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := c.load(row); again != first {
			t.Fatal("a template was loaded twice")
		}
	}
	if len(c.byHash) != contractsCachedMax || len(c.order) != contractsCachedMax {
		t.Errorf("%d templates cached", len(c.byHash))
	}
}

// A row whose encodings are not those of its conditions is not loaded.
func TestContractDamage(t *testing.T) {
	t.Parallel()
	contract, err := Compile(contractTerms())
	if err != nil {
		t.Fatal(err)
	}
	for name, bend := range map[string]func([][]byte) [][]byte{
		"none":          func([][]byte) [][]byte { return nil },
		"one too few":   func(e [][]byte) [][]byte { return e[1:] },
		"one too many":  func(e [][]byte) [][]byte { return append(e, e[0]) },
		"another stage": func(e [][]byte) [][]byte { e[0] = e[len(e)-1]; return e },
		"a cut":         func(e [][]byte) [][]byte { e[0] = e[0][:9]; return e },
	} {
		var c contracts
		if _, err := c.load(loanv1.Template{Hash: make([]byte, 32), Terms: contractTerms(), Compiled: bend(contract.Encoded())}); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
}
