package tidy

import (
	"fmt"
	"slices"
	"strings"
)

// modules is the order of the chain's modules: each may import only what stands
// to its left. safety stands apart and sees org only.
var modules = []string{"org", "council", "cash", "profile", "attestation", "pledge", "score", "loan", "fund"}

// law says, for a group of packages, which groups of ours it may import. A
// package belongs to the first group whose prefix fits.
var law = []struct {
	prefix  string
	imports []string
}{
	{"gen", nil},
	{"internal/canon", nil},
	{"internal/settings", nil},
	{"internal/durable", nil},
	{"internal/genesis", nil},
	{"internal/golden", nil},
	{"schedule", nil},
	{"oprf", []string{"internal/canon"}},
	{"internal/record", []string{"internal/canon"}},
	{"internal/artefact", []string{"gen", "internal/canon"}},
	{"internal/sample", []string{"internal/record", "internal/canon"}},
	{"passkey", []string{"internal/canon"}},
	{"scorecard", []string{"internal/canon", "internal/record", "internal/sample"}},
	{"zk", []string{"internal/canon", "internal/durable", "scorecard"}},
	{"lending", []string{"gen", "internal/canon"}},
	{"internal/wire", []string{"gen", "passkey", "internal/durable"}},
	{"x/", []string{"gen", "lending", "passkey", "schedule", "scorecard", "zk", "internal/wire", "internal/canon", "internal/genesis", "internal/record", "internal/artefact"}},
	{"app", []string{"gen", "lending", "passkey", "schedule", "scorecard", "zk", "internal/", "x/"}},
	{"bundle", []string{"gen", "lending", "passkey", "scorecard", "zk", "internal/wire", "internal/canon", "internal/record", "internal/artefact"}},
	{"gateway", []string{"gen", "lending", "passkey", "schedule", "scorecard", "zk", "oprf", "bundle", "internal/wire", "internal/canon", "internal/durable", "internal/record", "internal/artefact", "internal/settings", "internal/sample"}},
	{"internal/testkit", []string{"gen", "lending", "passkey", "schedule", "scorecard", "zk", "oprf", "internal/", "x/", "app"}},
	{"internal/tidy", nil},
	{"cmd", []string{"gen", "lending", "passkey", "schedule", "scorecard", "zk", "oprf", "internal/", "app", "gateway", "bundle"}},
	{"test", []string{"gen", "lending", "passkey", "schedule", "scorecard", "zk", "oprf", "internal/", "x/", "app", "gateway", "bundle", "cmd"}},
}

// forTests are what every test may use.
var forTests = []string{"internal/golden", "internal/sample"}

// CheckImports returns a line for each import that breaks the law. Tests outside
// their package may use testkit and anything that it sees.
func CheckImports(files []File) []string {
	var broken []string
	for _, f := range files {
		i := slices.IndexFunc(law, func(g struct {
			prefix  string
			imports []string
		},
		) bool {
			return within(f.Package, g.prefix)
		})
		if i < 0 {
			broken = append(broken, fmt.Sprintf("%s: the import law knows no group for %s", f.Path, f.Package))
			continue
		}
		for _, imported := range f.Imports() {
			if !allowed(f, law[i].prefix, law[i].imports, imported) {
				broken = append(broken, fmt.Sprintf("%s: %s may not import %s", f.Path, f.Package, imported))
			}
		}
	}
	return broken
}

func allowed(f File, group string, imports []string, imported string) bool {
	if f.Test && (strings.HasSuffix(f.AST.Name.Name, "_test") || slices.Contains(forTests, imported)) {
		return true
	}
	if group == "x/" && strings.HasPrefix(imported, "x/") {
		return leftwards(moduleOf(f.Package), moduleOf(imported))
	}
	if within(imported, group) {
		return true
	}
	return slices.ContainsFunc(imports, func(p string) bool { return within(imported, p) })
}

func leftwards(from, to string) bool {
	if from == to {
		return true
	}
	if from == "safety" {
		return to == "org"
	}
	i, j := slices.Index(modules, from), slices.Index(modules, to)
	return i >= 0 && j >= 0 && j < i
}

func moduleOf(pkg string) string {
	rest, _ := strings.CutPrefix(pkg, "x/")
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// within tells whether pkg is the package or below it; a prefix that ends in a
// slash means everything below.
func within(pkg, prefix string) bool {
	if strings.HasSuffix(prefix, "/") {
		return strings.HasPrefix(pkg, prefix)
	}
	return pkg == prefix || strings.HasPrefix(pkg, prefix+"/")
}
