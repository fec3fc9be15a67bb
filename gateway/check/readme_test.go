package check_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// README names every code and every threshold in the code.
func TestReadme(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(b)
	codes, thresholds := 0, 0
	for _, name := range []string{"check.go", "receipt.go", "invoice.go", "statement.go"} {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(` Code += "([\w-]+)"`).FindAllStringSubmatch(string(src), -1) {
			codes++
			if !strings.Contains(readme, "| `"+m[1]+"` |") {
				t.Errorf("README does not name %s", m[1])
			}
		}
		for _, m := range regexp.MustCompile(`(?m)^(?:const |\t)([A-Z]\w+) += [\d_]+`).FindAllStringSubmatch(string(src), -1) {
			thresholds++
			if !strings.Contains(readme, "`"+m[1]+"`") {
				t.Errorf("README does not name %s", m[1])
			}
		}
	}
	if codes != 11 || thresholds < 18 {
		t.Errorf("%d codes and %d thresholds found in the code", codes, thresholds)
	}
}
