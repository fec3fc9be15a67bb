package connector_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/gateway/connector"
)

// Every rule has its texts and remedy once, and README names every rule,
// remedy and limit.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	readme := read(t, "README.md")
	seen := map[string]bool{}
	for _, r := range connector.Rules {
		for _, s := range []string{r.Remedy, r.ZH, r.EN, r.RemedyZH, r.RemedyEN} {
			if s == "" {
				t.Errorf("%s: a text is missing", r.Rule)
			}
		}
		if seen[string(r.Rule)] || seen["remedy "+r.Remedy] {
			t.Errorf("%s: rule or remedy appears twice", r.Rule)
		}
		seen[string(r.Rule)], seen["remedy "+r.Remedy] = true, true
		if !strings.Contains(readme, "| `"+string(r.Rule)+"` | `"+r.Remedy+"` |") {
			t.Errorf("README does not name rule %s with remedy %s", r.Rule, r.Remedy)
		}
	}
	declared := regexp.MustCompile(`Rule\w+ +Rule = "([\w-]+)"`).FindAllStringSubmatch(read(t, "rule.go")+read(t, "rule_invoice.go"), -1)
	if len(declared) != len(connector.Rules) {
		t.Errorf("%d rules declared, %d in the catalogue", len(declared), len(connector.Rules))
	}
	for _, limit := range regexp.MustCompile(`(?m)^\t(\w+(?:Max|Bytes)) +=`).FindAllStringSubmatch(read(t, "connector.go"), -1) {
		if limit[1] != "DescriptionBytes" && !strings.Contains(readme, "`"+limit[1]+"`") {
			t.Errorf("README does not name limit %s", limit[1])
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A day is the one the document names, and what is no day is refused.
func TestParseDay(t *testing.T) {
	t.Parallel()
	const want = 20_458 // 2026-01-05
	for _, s := range []string{
		"2026-01-05", "2026/1/5", "2026/01/05", "20260105", "2026年1月5日", "2026年01月05日", "2026.01.05",
		"2026-01-05T23:59:59.999999999+08:00", "2026-01-05 10:08:05", "2026-01-05+08:00", "2026-01-05Z", "20260105100805", "20260105100805000",
	} {
		if day, ok := connector.ParseDay(s); !ok || day != want {
			t.Errorf("%q: %d %v", s, day, ok)
		}
	}
	for _, s := range []string{"", "2026-02-29", "2026-13-01", "05.01.2026", "2026-01-05x", "2026-01-05 afternoon", "46027", "202601051008", "20260105100805x", "２０２６-01-05"} {
		if day, ok := connector.ParseDay(s); ok {
			t.Errorf("%q is taken as %d", s, day)
		}
	}
}

// The tax number decides who a party is; the name only where there is none.
func TestOwner(t *testing.T) {
	t.Parallel()
	o := connector.Owner{TaxNumber: "99000000000000001A", Name: "样本业主公司", Accounts: []string{"9900 0001"}}
	for _, c := range []struct {
		number, name string
		want         bool
	}{
		{"99000000000000001a", "another", true},
		{"99000000000000002B", "样本业主公司", false},
		{"", " 样本业主公司", true},
		{"", "", false},
	} {
		if got := o.Is(c.number, c.name); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	if !o.Holds("99000001") || o.Holds("99000002") || !(connector.Owner{}).Holds("any") {
		t.Error("accounts")
	}
}
