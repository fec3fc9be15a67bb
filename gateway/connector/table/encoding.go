package table

import (
	"bufio"
	"bytes"
	"errors"
	"io"
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
