package table

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/xinlian/xinlian/gateway/connector"
)

// window bounds the text that decides the encoding: the first line that is not
// all ASCII, from its first byte that is not.
const window = connector.LineBytesMax

// decoded reads text as UTF-8 from UTF-8, with or without a byte order mark,
// or GB18030 (which includes GBK and GB2312). The first line that is not
// ASCII decides: it is UTF-8 if it is valid UTF-8.
type decoded struct {
	in      *bufio.Reader
	out     io.Reader // set once decided
	started bool
}

func newDecoded(r io.Reader) *decoded { return &decoded{in: bufio.NewReaderSize(r, window)} }

func (d *decoded) Read(p []byte) (int, error) {
	if d.out != nil {
		return d.out.Read(p)
	}
	head, err := d.in.Peek(window)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	if !d.started {
		d.started = true
		if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
			if _, err := d.in.Discard(3); err != nil {
				return 0, err
			}
			d.out = d.in
			return d.out.Read(p)
		}
		if bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff}) {
			return 0, connector.Fault(connector.RuleEncoding, 1, "UTF-16 is not taken")
		}
	}
	if n := asciiPrefix(head); n > 0 || len(head) == 0 {
		// Hand the ASCII on and look again behind it.
		return d.in.Read(p[:min(len(p), max(n, 1))])
	}
	if i := bytes.IndexByte(head, '\n'); i > 0 {
		head = head[:i] // one line decides: a bad byte further on spoils its own row only
	}
	d.out = d.in
	if !validUTF8(head) {
		d.out = simplifiedchinese.GB18030.NewDecoder().Reader(d.in)
	}
	return d.out.Read(p)
}

func asciiPrefix(b []byte) int {
	for i, c := range b {
		if c >= utf8.RuneSelf {
			return i
		}
	}
	return len(b)
}

// validUTF8 takes a character that the window cuts in two for valid.
func validUTF8(b []byte) bool {
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			return !utf8.FullRune(b)
		}
		b = b[size:]
	}
	return true
}

// line is one line of a table, without its end.
type line struct {
	number int
	text   string
	long   bool
}

// lines splits into lines of at most LineBytesMax bytes; of a longer one only
// the fact remains.
type lines struct {
	in     *bufio.Reader
	number int
}

func (l *lines) next() (line, error) {
	l.number++
	out := line{number: l.number}
	b, err := l.in.ReadSlice('\n')
	for errors.Is(err, bufio.ErrBufferFull) {
		out.long = true
		b, err = l.in.ReadSlice('\n')
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return out, err
	}
	if len(b) == 0 && !out.long {
		return out, io.EOF
	}
	if !out.long {
		out.text = string(bytes.TrimRight(b, "\r\n"))
	}
	return out, nil
}

var errQuote = errors.New("table: quotation mark")

// cells splits one line by RFC 4180, except that a quoted cell may not go on
// in the next line: a missing quotation mark spoils its own row and no other.
func cells(s string) ([]string, error) {
	var out []string
	for {
		if len(out) >= columnsMax {
			return nil, fmt.Errorf("more than %d columns", columnsMax)
		}
		if s == "" || s[0] != '"' {
			i := strings.IndexByte(s, ',')
			if i < 0 {
				i = len(s)
			}
			if strings.IndexByte(s[:i], '"') >= 0 {
				return nil, errQuote
			}
			out = append(out, s[:i])
			if i == len(s) {
				return out, nil
			}
			s = s[i+1:]
			continue
		}
		cell, rest, err := quoted(s[1:])
		if err != nil {
			return nil, err
		}
		out = append(out, cell)
		if rest == "" {
			return out, nil
		}
		if rest[0] != ',' {
			return nil, errQuote
		}
		s = rest[1:]
	}
}

func quoted(s string) (cell, rest string, err error) {
	var b []byte
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '"':
			b = append(b, s[i])
		case i+1 < len(s) && s[i+1] == '"':
			b = append(b, '"')
			i++
		default:
			return string(b), s[i+1:], nil
		}
	}
	return "", "", errQuote
}
