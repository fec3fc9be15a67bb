package search

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// form is one way in which a text may be written.
type form struct {
	name  string
	bytes []byte
}

// forms lists the ways in which a text is looked for. Character sets come first;
// each is then also looked for in hexadecimal, and in base64 at the three places
// that a text can have within a group of four characters.
func forms(text string) []form {
	var all []form
	seen := map[string]bool{}
	add := func(name string, b []byte) {
		if !seen[string(b)] {
			seen[string(b)] = true
			all = append(all, form{name, b})
		}
	}
	for _, c := range charsets(text) {
		add(c.name, c.bytes)
		lower := hex.EncodeToString(c.bytes)
		add(c.name+" hex", []byte(lower))
		add(c.name+" HEX", []byte(strings.ToUpper(lower)))
		for offset := range 3 {
			add(c.name+" base64", inside(base64.StdEncoding, offset, c.bytes))
			add(c.name+" base64url", inside(base64.URLEncoding, offset, c.bytes))
		}
	}
	add("percent", []byte(url.QueryEscape(text)))
	add("percent", []byte(strings.ToLower(url.QueryEscape(text))))
	add("json", []byte(escapedJSON(text, "%04x")))
	add("json", []byte(escapedJSON(text, "%04X")))
	return all
}

func charsets(text string) []form {
	all := []form{{"utf-8", []byte(text)}}
	units := utf16.Encode([]rune(text))
	little, big := make([]byte, 0, 2*len(units)), make([]byte, 0, 2*len(units))
	for _, u := range units {
		little, big = binary.LittleEndian.AppendUint16(little, u), binary.BigEndian.AppendUint16(big, u)
	}
	all = append(all, form{"utf-16le", little}, form{"utf-16be", big})
	if gb, err := simplifiedchinese.GB18030.NewEncoder().String(text); err == nil {
		all = append(all, form{"gb18030", []byte(gb)})
	}
	return all
}

// inside is what of the base64 of b stays the same when offset bytes go before
// it and any bytes follow.
func inside(e *base64.Encoding, offset int, b []byte) []byte {
	full := e.EncodeToString(append(make([]byte, offset), b...))
	from := []int{0, 2, 3}[offset]
	to := (offset + len(b)) * 8 / 6
	return []byte(full[from:to])
}

// escapedJSON escapes what is not ASCII.
func escapedJSON(text, digits string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(text)) {
		if u < 0x80 {
			b.WriteByte(byte(u))
		} else {
			fmt.Fprintf(&b, `\u`+digits, u)
		}
	}
	return b.String()
}
