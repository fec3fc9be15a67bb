package tidy

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// consensus lists what runs inside consensus, as packages or as files. What
// proves, trains or signs on a person's machine is not in it.
var consensus = []string{
	"x/", "lending/", "schedule", "internal/canon", "internal/artefact", "app/ante.go", "app/admission.go", "app/proposal.go",
	"passkey/clientdata.go", "passkey/key.go", "passkey/policy.go", "passkey/signature.go", "passkey/verify.go",
	"scorecard/model.go", "scorecard/book.go", "scorecard/bank.go", "scorecard/sales.go", "scorecard/party.go", "scorecard/ratio.go",
	"scorecard/extract.go", "scorecard/feature.go", "scorecard/reason.go", "scorecard/band.go", "scorecard/terms", "zk/commitment.go", "zk/statement.go", "zk/key.go", "zk/verifier.go",
}

// InConsensus tells whether a file is held to the consensus rules.
func InConsensus(f File) bool {
	if f.Test {
		return false
	}
	return slices.ContainsFunc(consensus, func(p string) bool {
		return f.Path == p || within(f.Package, p)
	})
}

// forbidden imports, with the files that may have them and why.
var forbidden = map[string]string{
	"math/rand": "", "math/rand/v2": "", "os": "", "unsafe": "", "encoding/asn1": "", "crypto/rand": "",
	// genesis is JSON; it is read once, from a file all members have hashed
	"encoding/json": "module.go",
}

// CheckConsensus returns a line for each construct that two nodes could execute
// differently. info may be nil: then only syntax is checked and ranges over maps
// are not found.
func CheckConsensus(f File, info *types.Info) []string {
	var found []string
	report := func(n ast.Node, what string) {
		found = append(found, fmt.Sprintf("%s:%d: %s in consensus code", f.Path, f.Fset.Position(n.Pos()).Line, what))
	}
	for _, i := range f.AST.Imports {
		path := strings.Trim(i.Path.Value, `"`)
		if only, bad := forbidden[path]; bad && (only == "" || !strings.HasSuffix(f.Path, "/"+only)) {
			report(i, "import of "+path)
		}
	}
	ast.Inspect(f.AST, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			report(n, "a goroutine")
		case *ast.SelectStmt:
			report(n, "a select")
		case *ast.BasicLit:
			if n.Kind == token.FLOAT || n.Kind == token.IMAG {
				report(n, "a floating-point literal")
			}
		case *ast.Ident:
			if n.Name == "float64" || n.Name == "float32" {
				report(n, "a float")
			}
		case *ast.SelectorExpr:
			if pkg, ok := n.X.(*ast.Ident); ok && pkg.Name == "time" && (n.Sel.Name == "Now" || n.Sel.Name == "Since") {
				report(n, "the machine's clock")
			}
		case *ast.RangeStmt:
			if info == nil {
				return true
			}
			if t := info.TypeOf(n.X); t != nil {
				if _, isMap := t.Underlying().(*types.Map); isMap {
					report(n, "a range over a map")
				}
			}
		}
		return true
	})
	return found
}

// CheckErrors returns a line for each fmt.Errorf on the message path: it hides
// the registered code from the client, who then sees code 1.
func CheckErrors(f File) []string {
	if f.Test || !strings.HasPrefix(f.Path, "x/") {
		return nil
	}
	for _, may := range []string{"/invariant.go", "/module.go", "/genesis.go"} {
		if strings.HasSuffix(f.Path, may) {
			return nil
		}
	}
	var found []string
	ast.Inspect(f.AST, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := sel.X.(*ast.Ident)
		if ok && pkg.Name == "fmt" && sel.Sel.Name == "Errorf" {
			found = append(found, fmt.Sprintf("%s:%d: fmt.Errorf on the message path", f.Path, f.Fset.Position(n.Pos()).Line))
		}
		return true
	})
	return found
}
