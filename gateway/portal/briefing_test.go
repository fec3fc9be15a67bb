package portal

import (
	"strings"
	"testing"

	"github.com/xinlian/xinlian/gateway/brief"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

// Every fact of a brief has its words in both languages, with the numbers that it
// has and no others.
func TestEveryFactHasWords(t *testing.T) {
	t.Parallel()
	for _, code := range brief.Codes() {
		for _, lang := range []Lang{ZH, EN} {
			text := (&Page{Lang: lang}).fact(brief.Fact{Code: code, Value: 2, Of: 3})
			if strings.Contains(text, "%!") || strings.Contains(text, "fact.") || text == "" {
				t.Errorf("%s in %s: %q", code, lang, text)
			}
		}
	}
}

// The officer's page shows what she signs for, with its hash in both forms.
func TestBriefing(t *testing.T) {
	t.Parallel()
	v := &briefView{Hash: make([]byte, 32), Brief: &brief.Brief{
		Height: 77, Appealed: true, Strong: []brief.Fact{{Code: brief.NoDebt}}, Odd: []brief.Fact{{Code: brief.AskedOften, Value: 4, Of: 90}},
		Similar:  []brief.Case{{Application: 3, Distance: 1_200, Outcome: uint32(loanv1.Outcome_OUTCOME_APPROVED), Loan: 5, LoanStatus: uint32(loanv1.LoanStatus_LOAN_STATUS_CLOSED), OnTime: 12}},
		Compared: 9,
	}}
	app := loanv1.Application{Id: 8, Reviews: []loanv1.Review{{DueAt: 9, Appeal: &loanv1.Appeal{}}}}
	for lang, want := range map[Lang][]string{
		ZH: {"审批摘要", "区块 #77", "企业已申诉", "全网没有负债", "申请了 4 次（90 天内）", "共比较 9 个", "按时 12 期", "没有。"},
		EN: {"Brief", "block #77", "appealed", "Owes nothing", "Asked 4 times within 90 days", "9 compared", "12 on time", "Nothing."},
	} {
		var b strings.Builder
		if err := casePage(&Page{Lang: lang}, caseView{Application: app, Brief: v}).Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("%s lacks %q", lang, w)
			}
		}
		if n := strings.Count(b.String(), `name="brief_hash" value="`+FullHex(v.Hash)+`"`); n != 2 {
			t.Errorf("%d forms sign for the brief, want 2", n)
		}
	}
}

// Briefs in memory are bounded, the oldest going first, and only what was shown is
// found.
func TestBriefsShown(t *testing.T) {
	t.Parallel()
	s := newBriefs()
	first, err := s.put(&brief.Brief{Application: 1})
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := s.find(first[:]); !ok || got.application != 1 {
		t.Errorf("found %+v, %t", got, ok)
	}
	for i := range briefsMax {
		if _, err := s.put(&brief.Brief{Application: uint64(i + 2)}); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.items) > briefsMax {
		t.Errorf("%d briefs, at most %d", len(s.items), briefsMax)
	}
	if _, ok := s.find(first[:]); ok {
		t.Error("the oldest is still there")
	}
	for _, hash := range [][]byte{nil, make([]byte, 31), make([]byte, 32)} {
		if _, ok := s.find(hash); ok {
			t.Errorf("found a brief under %x", hash)
		}
	}
}

// An owner may appeal a decline, or a referral that nobody decided in time, once.
func TestAppealable(t *testing.T) {
	t.Parallel()
	const declined, referred, approved = loanv1.Outcome_OUTCOME_DECLINED, loanv1.Outcome_OUTCOME_REFERRED, loanv1.Outcome_OUTCOME_APPROVED
	of := func(o loanv1.Outcome, reviews ...loanv1.Review) loanv1.Application {
		return loanv1.Application{Decision: loanv1.Decision{Outcome: o}, Reviews: reviews}
	}
	gone := of(declined)
	gone.Overtaken = true
	for name, c := range map[string]struct {
		app  loanv1.Application
		want bool
	}{
		"declined by the chain":  {of(declined), true},
		"declined by an officer": {of(declined, loanv1.Review{DecidedAt: 5}), true},
		"approved":               {of(approved), false},
		"waits":                  {of(referred, loanv1.Review{DueAt: 5}), false},
		"overdue":                {of(referred, loanv1.Review{DueAt: 5, Overdue: true}), true},
		"appealed":               {of(declined, loanv1.Review{Appeal: &loanv1.Appeal{}}), false},
		"overtaken":              {gone, false},
	} {
		if got := appealable(c.app); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
