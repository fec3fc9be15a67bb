package tidy

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// names of a module as its protos and code define them.
type names struct {
	messages, events, params, errors, invariants, queries []string
}

var (
	protoMessage   = regexp.MustCompile(`(?m)^message (\w+) \{`)
	protoRPC       = regexp.MustCompile(`(?m)^  rpc (\w+)\(`)
	paramsBlock    = regexp.MustCompile(`(?ms)^message Params \{(.*?)^\}`)
	protoField     = regexp.MustCompile(`(?m)^  (?:repeated )?[\w.]+ (\w+) = \d+`)
	errorVariable  = regexp.MustCompile(`(?m)^\s+(Err\w+)\s+= errorsmod\.`)
	invariantName  = regexp.MustCompile(`\{(?:Name: )?"([a-z][a-z-]+)", `)
	readmeMentions = regexp.MustCompile("`((?:Msg|Event|Err)[A-Z]\\w+)`")
)

// CheckReadme compares a module's README with its protos and code, both ways.
func CheckReadme(root, module string) ([]string, error) {
	n, err := namesOf(root, module)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(root, "x", module, "README.md")
	text, err := os.ReadFile(path)
	if err != nil {
		return []string{fmt.Sprintf("x/%s has no README.md", module)}, nil
	}
	var found []string
	known := map[string]bool{}
	for _, group := range [][]string{n.messages, n.events, n.params, n.errors, n.invariants, n.queries} {
		for _, name := range group {
			known[name] = true
			if !strings.Contains(string(text), "`"+name+"`") {
				found = append(found, fmt.Sprintf("x/%s/README.md does not name `%s`", module, name))
			}
		}
	}
	for _, m := range readmeMentions.FindAllStringSubmatch(string(text), -1) {
		if !known[m[1]] && !elsewhere(root, m[1]) {
			found = append(found, fmt.Sprintf("x/%s/README.md names `%s`, which is not in the code", module, m[1]))
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// elsewhere tells whether another module defines the name.
func elsewhere(root, name string) bool {
	for _, m := range append(slices.Clone(modules), "safety") {
		n, err := namesOf(root, m)
		if err == nil && (slices.Contains(n.messages, name) || slices.Contains(n.events, name) || slices.Contains(n.errors, name)) {
			return true
		}
	}
	return false
}

func namesOf(root, module string) (names, error) {
	var n names
	read := func(file string) (string, error) {
		b, err := os.ReadFile(filepath.Join(root, "proto", "xinlian", module, "v1", file))
		return string(b), err
	}
	tx, err := read("tx.proto")
	if err != nil {
		return n, err
	}
	for _, m := range protoMessage.FindAllStringSubmatch(tx, -1) {
		if !strings.HasSuffix(m[1], "Response") {
			n.messages = append(n.messages, m[1])
		}
	}
	events, err := read("events.proto")
	if err != nil {
		return n, err
	}
	for _, m := range protoMessage.FindAllStringSubmatch(events, -1) {
		n.events = append(n.events, m[1])
	}
	queries, err := read("query.proto")
	if err != nil {
		return n, err
	}
	for _, m := range protoRPC.FindAllStringSubmatch(queries, -1) {
		n.queries = append(n.queries, m[1])
	}
	kinds, err := read("types.proto")
	if err != nil {
		return n, err
	}
	if block := paramsBlock.FindStringSubmatch(kinds); block != nil {
		for _, m := range protoField.FindAllStringSubmatch(block[1], -1) {
			n.params = append(n.params, m[1])
		}
	}
	code, err := os.ReadFile(filepath.Join(root, "x", module, "errors.go"))
	if err != nil {
		return n, err
	}
	for _, m := range errorVariable.FindAllStringSubmatch(string(code), -1) {
		n.errors = append(n.errors, m[1])
	}
	invariants, err := os.ReadFile(filepath.Join(root, "x", module, "invariant.go"))
	if err != nil {
		return n, err
	}
	for _, m := range invariantName.FindAllStringSubmatch(string(invariants), -1) {
		n.invariants = append(n.invariants, m[1])
	}
	return n, nil
}
