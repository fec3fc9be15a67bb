package passkey_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

// TestReadme proves that README.md names every error of this package, and no
// error that does not exist.
func TestReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), "errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	inCode := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			for _, name := range v.Names {
				inCode[name.Name] = true
			}
		}
		return true
	})
	inText := map[string]bool{}
	for i, part := range strings.Split(string(readme), "`") {
		if i%2 == 1 && strings.HasPrefix(part, "Err") {
			inText[part] = true
		}
	}
	for name := range inCode {
		if strings.HasPrefix(name, "Err") && !inText[name] {
			t.Errorf("README.md does not name %s", name)
		}
	}
	for name := range inText {
		if !inCode[name] {
			t.Errorf("README.md names %s, which does not exist", name)
		}
	}
}
