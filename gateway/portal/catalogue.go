package portal

import (
	"fmt"
	"maps"
)

// entry is a text in both languages. Chinese is the source.
type entry struct{ zh, en string }

// catalogue holds every text of the pages by its key.
var catalogue = func() map[string]entry {
	all := map[string]entry{}
	for _, part := range []map[string]entry{siteTexts, ownerTexts, rightsTexts, creditTexts, officerTexts, wordTexts, errorTexts, sourceTexts, subjectTexts, termsTexts, briefTexts, pledgeTexts} {
		maps.Copy(all, part)
	}
	return all
}()

// known tells whether there is a text of that key.
func known(key string) bool {
	_, ok := catalogue[key]
	return ok
}

// text is a catalogue text with its arguments put in. A key that is missing
// shows as itself; a test holds every key that the pages use against the catalogue.
func text(l Lang, key string, args ...any) string {
	e, ok := catalogue[key]
	if !ok {
		return key
	}
	format := e.zh
	if l == EN {
		format = e.en
	}
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}
