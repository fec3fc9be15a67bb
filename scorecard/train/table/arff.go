package table

import (
	"fmt"
	"strings"
)

// arffHeader reads the declarations of an ARFF file and returns the names of
// its columns and the rows, which are then as those of a CSV file.
func arffHeader(text string) (names []string, rows string, err error) {
	rest := text
	for rest != "" {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		line = strings.TrimSpace(line)
		word, after, _ := strings.Cut(strings.ReplaceAll(line, "\t", " "), " ")
		switch strings.ToLower(word) {
		case "@attribute":
			names = append(names, attribute(strings.TrimSpace(after)))
		case "@data":
			if len(names) == 0 {
				return nil, "", fmt.Errorf("%w: ARFF without attributes", ErrTable)
			}
			if strings.HasPrefix(strings.TrimSpace(rest), "{") {
				return nil, "", fmt.Errorf("%w: sparse ARFF; convert it to CSV", ErrTable)
			}
			return names, strings.ReplaceAll(rest, "'", `"`), nil
		}
	}
	return nil, "", fmt.Errorf("%w: ARFF without @data", ErrTable)
}

// attribute is the name in an attribute's declaration.
func attribute(s string) string {
	for _, quote := range []string{"'", `"`} {
		if after, ok := strings.CutPrefix(s, quote); ok {
			name, _, _ := strings.Cut(after, quote)
			return name
		}
	}
	name, _, _ := strings.Cut(s, " ")
	return name
}
