package portal

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/gateway/check"
	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/line"
	"github.com/xinlian/xinlian/gateway/pledging"
	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
)

var verb = regexp.MustCompile(`%[+.\[\]0-9]*[a-z]|%%`)

// TestCatalogueIsWhole proves that every text is there in both languages with the
// same arguments, and that no text is wasted.
func TestCatalogueIsWhole(t *testing.T) {
	t.Parallel()
	for key, e := range catalogue {
		if strings.TrimSpace(e.zh) == "" || strings.TrimSpace(e.en) == "" {
			t.Errorf("%s lacks a language", key)
		}
		zh, en := verb.FindAllString(e.zh, -1), verb.FindAllString(e.en, -1)
		slices.Sort(zh)
		slices.Sort(en)
		if !slices.Equal(zh, en) {
			t.Errorf("%s has arguments %v in Chinese, %v in English", key, zh, en)
		}
	}
	if n := len(siteTexts) + len(ownerTexts) + len(rightsTexts) + len(creditTexts) + len(officerTexts) + len(wordTexts) + len(errorTexts) + len(sourceTexts) + len(subjectTexts) + len(termsTexts) + len(briefTexts) + len(pledgeTexts); n != len(catalogue) {
		t.Errorf("%d texts share a key", n-len(catalogue))
	}
}

// TestEveryKeyIsThere proves that each key that pages and handlers name has its
// text, and that each text is named somewhere.
func TestEveryKeyIsThere(t *testing.T) {
	t.Parallel()
	call := regexp.MustCompile(`(?:\bT\(|text\([\w.()]+, |key: |refuse\([\w.]+, |, )"([a-z]+(?:\.[a-z0-9-]+)+)"`)
	literal := regexp.MustCompile(`"([a-z]+(?:\.[a-z0-9_-]+)*\.?)"`)
	named := map[string]bool{}
	for _, path := range sources(t) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range call.FindAllStringSubmatch(string(b), -1) {
			if _, ok := catalogue[m[1]]; !ok && !strings.HasPrefix(m[1], "xinlian.") && m[1] != "portal.css" {
				t.Errorf("%s names %q, which has no text", path, m[1])
			}
		}
		for _, m := range literal.FindAllStringSubmatch(string(b), -1) {
			named[m[1]] = true
		}
	}
	for key := range catalogue {
		prefix := key[:strings.Index(key, ".")+1]
		if !named[key] && !named[prefix] && !named[strings.TrimSuffix(prefix, ".")] {
			t.Errorf("nothing names %q", key)
		}
	}
}

func sources(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob("*.templ")
	if err != nil {
		t.Fatal(err)
	}
	code, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range code {
		if !strings.HasSuffix(path, "_templ.go") && !strings.HasSuffix(path, "_test.go") && !strings.HasPrefix(path, "catalogue") {
			all = append(all, path)
		}
	}
	return all
}

// TestEveryValueHasAWord proves that each value of an enum that a page shows,
// each rule of a document, each stage and each reason has its words.
func TestEveryValueHasAWord(t *testing.T) {
	t.Parallel()
	for _, e := range []struct {
		prefix, trim string
		names        map[int32]string
	}{
		{"orgkind", "ORG_KIND_", orgv1.OrgKind_name},
		{"orgstatus", "ORG_STATUS_", orgv1.OrgStatus_name},
		{"role", "ROLE_", orgv1.Role_name},
		{"devicerole", "DEVICE_ROLE_", orgv1.DeviceRole_name},
		{"devicestatus", "DEVICE_STATUS_", orgv1.DeviceStatus_name},
		{"consentstate", "CONSENT_STATE_", profilev1.ConsentState_name},
		{"purpose", "PURPOSE_", profilev1.Purpose_name},
		{"fetch", "FETCH_UNIT_", profilev1.FetchUnit_name},
		{"attestationkind", "KIND_", attestationv1.Kind_name},
		{"period", "PERIOD_UNIT_", loanv1.PeriodUnit_name},
		{"outcome", "OUTCOME_", loanv1.Outcome_name},
		{"loanstatus", "LOAN_STATUS_", loanv1.LoanStatus_name},
		{"tranche", "TRANCHE_STATUS_", loanv1.TrancheStatus_name},
		{"instalment", "INSTALMENT_STATUS_", loanv1.InstalmentStatus_name},
		{"entry", "ENTRY_KIND_", loanv1.EntryKind_name},
		{"pledgestatus", "PLEDGE_STATUS_", pledgev1.PledgeStatus_name},
		{"alarm", "ALARM_", scorev1.Alarm_name},
		{"modelstatus", "MODEL_STATUS_", scorev1.ModelStatus_name},
	} {
		for _, name := range e.names {
			if key := e.prefix + "." + strings.ToLower(strings.TrimPrefix(name, e.trim)); !known(key) {
				t.Errorf("%s has no text %s", name, key)
			}
		}
	}
	for _, s := range append(slices.Clone(line.Stages), line.Failed) {
		if !known("stage." + s) {
			t.Errorf("stage %s has no text", s)
		}
	}
	for _, r := range []string{
		line.ReasonNoData, line.ReasonNoProduct, line.ReasonRefused, line.ReasonEnded, line.ReasonInconsistent, line.ReasonDiffers, line.ReasonReads,
	} {
		if !known("reason." + r) {
			t.Errorf("reason %s has no text", r)
		}
	}
	for _, s := range pledging.States {
		if !known("pledgestate." + string(s)) {
			t.Errorf("state %s has no text", s)
		}
	}
	for _, s := range []check.Severity{check.Info, check.Warning, check.Blocking} {
		if !known("severity." + s.String()) {
			t.Errorf("severity %s has no text", s)
		}
	}
	for _, r := range connector.Rules {
		if r.ZH == "" || r.EN == "" || r.RemedyZH == "" || r.RemedyEN == "" {
			t.Errorf("rule %s lacks words", r.Rule)
		}
	}
}

// TestRefusalTexts proves that a listed refusal is worded in both languages and
// an unlisted one falls back to the chain's own text.
func TestRefusalTexts(t *testing.T) {
	t.Parallel()
	for space, codes := range refusals {
		for code, r := range codes {
			if r.zh == "" || r.en == "" {
				t.Errorf("%s/%d lacks a language", space, code)
			}
		}
	}
	if got := refusalText(EN, "loan", 19, ""); !strings.Contains(got, "expired") {
		t.Errorf("got %q", got)
	}
	if got := refusalText(ZH, "nowhere", 7, "the chain's words"); !strings.Contains(got, "nowhere/7: the chain's words") {
		t.Errorf("got %q", got)
	}
}
