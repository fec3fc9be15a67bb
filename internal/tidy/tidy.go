// Package tidy holds the repository to its own rules with an ordinary test: the
// import law, what consensus code must not contain, the agreement of each
// module's README with its code, and sizes that may only shrink.
package tidy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
)

// Module is the path of the Go module.
const Module = "github.com/xinlian/xinlian"

// File is one parsed Go file of ours, generated ones left out.
type File struct {
	Path    string // relative to the root, with slashes
	Package string // folder of the file
	Test    bool
	Lines   int
	Fset    *token.FileSet
	AST     *ast.File
}

// Files parses every Go file below root that people write.
func Files(root string) ([]File, error) {
	var files []File
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if rel != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "testdata" || rel == "gen" || rel == "tools") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") || strings.HasSuffix(rel, ".pb.go") || strings.HasSuffix(rel, "_templ.go") {
			return nil
		}
		fset := token.NewFileSet()
		parsed, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		files = append(files, File{
			Path: rel, Package: filepath.ToSlash(filepath.Dir(rel)), Test: strings.HasSuffix(rel, "_test.go"),
			Lines: fset.File(parsed.Pos()).LineCount(), Fset: fset, AST: parsed,
		})
		return nil
	})
	return files, err
}

// Imports lists the packages of this module that a file imports, relative to the
// module.
func (f File) Imports() []string {
	var ours []string
	for _, i := range f.AST.Imports {
		path := strings.Trim(i.Path.Value, `"`)
		if rel, ok := strings.CutPrefix(path, Module+"/"); ok {
			ours = append(ours, rel)
		}
	}
	return ours
}

// All lists every import of a file.
func (f File) All() []string {
	var all []string
	for _, i := range f.AST.Imports {
		all = append(all, strings.Trim(i.Path.Value, `"`))
	}
	return all
}
