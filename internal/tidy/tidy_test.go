package tidy

import (
	"go/ast"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

const root = "../.."

// TestImportLaw proves that each package imports only what the law allows.
func TestImportLaw(t *testing.T) {
	t.Parallel()
	for _, line := range CheckImports(files(t)) {
		t.Error(line)
	}
}

// TestConsensusCode proves that no consensus file has a construct that two nodes
// could execute differently, and no error that hides its code.
func TestConsensusCode(t *testing.T) {
	t.Parallel()
	info := typesOf(t)
	for _, f := range files(t) {
		for _, line := range CheckErrors(f) {
			t.Error(line)
		}
		if !InConsensus(f) {
			continue
		}
		typed, ok := info[f.Path]
		if !ok {
			t.Errorf("%s: no types", f.Path)
			continue
		}
		f.AST, f.Fset = typed.file, typed.pkg.Fset
		for _, line := range CheckConsensus(f, typed.pkg.TypesInfo) {
			t.Error(line)
		}
	}
}

// TestPlantedDefects proves that the consensus check can fail: each planted
// construct is found.
func TestPlantedDefects(t *testing.T) {
	t.Parallel()
	found, err := Files("testdata/planted")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		f.Path = "x/planted/" + f.Path
		f.Package = "x/planted"
		info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
		conf := types.Config{Error: func(error) {}}
		_, _ = conf.Check("planted", f.Fset, []*ast.File{f.AST}, info) // imports stay unresolved; maps still have types
		want := strings.Count(read(t, filepath.Join("testdata/planted", filepath.Base(f.Path))), "// want")
		got := append(CheckConsensus(f, info), CheckErrors(f)...)
		if len(got) != want {
			t.Errorf("%s: found %d, planted %d:\n%s", f.Path, len(got), want, strings.Join(got, "\n"))
		}
	}
}

// TestReadmes proves that each module's README names every message, event,
// parameter, error, invariant and query of its code, and no others.
func TestReadmes(t *testing.T) {
	t.Parallel()
	for _, m := range append([]string{"safety"}, modules...) {
		lines, err := CheckReadme(root, m)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			t.Error(line)
		}
	}
}

// TestTodos proves that no to-do stands without the number of an issue.
func TestTodos(t *testing.T) {
	t.Parallel()
	numbered := regexp.MustCompile(`TODO\(\d+\)`)
	for _, f := range files(t) {
		for _, group := range f.AST.Comments {
			if text := group.Text(); strings.Contains(text, "TO"+"DO") && !numbered.MatchString(text) {
				t.Errorf("%s:%d: a to-do without a number", f.Path, f.Fset.Position(group.Pos()).Line)
			}
		}
	}
}

// TestSizes proves that functions and files stay small. The bounds may be
// lowered, never raised.
func TestSizes(t *testing.T) {
	t.Parallel()
	const functionLinesMax, fileLinesMax = 90, 480
	for _, f := range files(t) {
		if f.Test {
			continue
		}
		if f.Lines > fileLinesMax {
			t.Errorf("%s has %d lines, at most %d", f.Path, f.Lines, fileLinesMax)
		}
		for _, d := range f.AST.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := f.Fset.Position(fn.End()).Line - f.Fset.Position(fn.Pos()).Line + 1; n > functionLinesMax {
				t.Errorf("%s: %s has %d lines, at most %d", f.Path, fn.Name.Name, n, functionLinesMax)
			}
		}
	}
}

// TestDependencies proves that every direct dependency has its line of reason.
func TestDependencies(t *testing.T) {
	t.Parallel()
	doc := read(t, filepath.Join(root, "docs", "dependencies.md"))
	inBlock := false
	for _, line := range strings.Split(read(t, filepath.Join(root, "go.mod")), "\n") {
		switch line = strings.TrimSpace(line); {
		case line == "require (":
			inBlock = true
		case line == ")":
			inBlock = false
		case inBlock && !strings.HasSuffix(line, "// indirect"):
			module, _, _ := strings.Cut(line, " ")
			if !strings.Contains(doc, "`"+module+"`") {
				t.Errorf("docs/dependencies.md gives no reason for %s", module)
			}
		}
	}
}

// TestVersionFloor proves that no module is below a version with a known hole,
// and that none of a forbidden line is required.
func TestVersionFloor(t *testing.T) {
	t.Parallel()
	mod := read(t, filepath.Join(root, "go.mod"))
	for _, want := range []string{
		"github.com/cosmos/cosmos-sdk v0.55.0", "github.com/cometbft/cometbft v0.40.0",
		"github.com/consensys/gnark v0.16.0", "github.com/consensys/gnark-crypto v0.21.0",
		"cosmossdk.io/math v1.5.3", "github.com/cosmos/gogoproto v1.7.2",
	} {
		if !strings.Contains(mod, want) {
			t.Errorf("go.mod does not pin %s", want)
		}
	}
	for _, never := range []string{"cosmos-sdk/enterprise", "tjfoc/gmsm", "cometbft v1.0"} {
		if strings.Contains(mod, never) {
			t.Errorf("go.mod has %s", never)
		}
	}
}

// TestNoMachinePaths proves that no file names a place of one machine.
func TestNoMachinePaths(t *testing.T) {
	t.Parallel()
	for _, f := range files(t) {
		if strings.Contains(read(t, filepath.Join(root, filepath.FromSlash(f.Path))), "/wo"+"rk/") {
			t.Errorf("%s names an absolute path", f.Path)
		}
	}
}

func files(t *testing.T) []File {
	t.Helper()
	all, err := Files(root)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

type typedFile struct {
	pkg  *packages.Package
	file *ast.File
}

// typesOf type-checks the packages of consensus.
func typesOf(t *testing.T) map[string]typedFile {
	t.Helper()
	abs, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedSyntax |
			packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedExportFile,
		Dir: abs,
	}, "./x/...", "./lending/...", "./schedule", "./passkey", "./scorecard", "./scorecard/terms", "./zk", "./internal/canon", "./internal/artefact", "./app")
	if err != nil {
		t.Fatal(err)
	}
	typed := map[string]typedFile{}
	for _, p := range loaded {
		for _, e := range p.Errors {
			t.Error(e)
		}
		for i, file := range p.Syntax {
			rel, err := filepath.Rel(abs, p.CompiledGoFiles[i])
			if err != nil {
				t.Fatal(err)
			}
			typed[filepath.ToSlash(rel)] = typedFile{p, file}
		}
	}
	return typed
}
