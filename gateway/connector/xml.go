package connector

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// XML reads tokens of an untrusted document. It refuses document types and
// entities, caps depth and token size, takes exactly one root, and knows UTF-8,
// the Chinese national encodings and Latin-1 only. Its errors about the document are
// *RowError.
type XML struct {
	decoder *xml.Decoder
	guard   *tokenGuard
	depth   int
	rooted  bool
}

// NewXML reads from r.
func NewXML(r io.Reader) *XML {
	guard := &tokenGuard{r: r}
	d := xml.NewDecoder(guard)
	d.CharsetReader = charset
	return &XML{decoder: d, guard: guard}
}

// Line is the line the reader stands on.
func (x *XML) Line() int {
	line, _ := x.decoder.InputPos()
	return line
}

// Token is the next xml.StartElement, xml.EndElement or xml.CharData; io.EOF
// after a complete document. CharData is valid until the next call.
func (x *XML) Token() (xml.Token, error) {
	for {
		x.guard.count = 0
		token, err := x.decoder.Token()
		if err != nil {
			return nil, x.classify(err)
		}
		switch t := token.(type) {
		case xml.Directive:
			return nil, Fault(RuleXMLDTD, x.Line(), "the document declares a document type or entities")
		case xml.StartElement:
			if x.depth == 0 && x.rooted {
				return nil, Fault(RuleXMLSyntax, x.Line(), "more than one root element")
			}
			x.rooted = true
			if x.depth++; x.depth > XMLDepthMax {
				return nil, Fault(RuleXMLLimit, x.Line(), fmt.Sprintf("nested deeper than %d", XMLDepthMax))
			}
			return t, nil
		case xml.EndElement:
			x.depth--
			return t, nil
		case xml.CharData:
			if x.depth > 0 {
				return t, nil
			}
			if len(bytes.Trim(t, " \t\r\n\ufeff")) > 0 {
				return nil, Fault(RuleXMLSyntax, x.Line(), "text outside the root element")
			}
		}
	}
}

// Root reads up to the root element and checks that it has one of the names.
func (x *XML) Root(names ...string) (xml.StartElement, error) {
	token, err := x.Token()
	if errors.Is(err, io.EOF) {
		return xml.StartElement{}, Fault(RuleXMLTruncated, x.Line(), "no root element")
	}
	var fault *RowError
	if errors.As(err, &fault) && fault.Rule == RuleXMLSyntax {
		return xml.StartElement{}, Fault(RuleFileType, x.Line(), "not XML: "+fault.Detail)
	}
	if err != nil {
		return xml.StartElement{}, err
	}
	start, _ := token.(xml.StartElement)
	for _, n := range names {
		if start.Name.Local == n {
			return start, nil
		}
	}
	return xml.StartElement{}, Fault(RuleFileType, x.Line(),
		fmt.Sprintf("root element is %q, want %s", shorten(start.Name.Local, 64), strings.Join(names, " or ")))
}

// Finish reads to the end of the document, so that what follows is checked too.
func (x *XML) Finish() error {
	for {
		if _, err := x.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// Skip reads past the end of the element just started.
func (x *XML) Skip() error {
	for outer := x.depth - 1; x.depth > outer; {
		if _, err := x.Token(); err != nil {
			return err
		}
	}
	return nil
}

func (x *XML) classify(err error) error {
	var fault *RowError
	var syntax *xml.SyntaxError
	switch {
	case errors.As(err, &fault):
		return fault
	case errors.Is(err, io.EOF) && !x.rooted:
		return Fault(RuleXMLTruncated, x.Line(), "no root element")
	case errors.Is(err, io.EOF):
		return io.EOF
	case errors.Is(err, io.ErrUnexpectedEOF):
		return Fault(RuleXMLTruncated, x.Line(), "the document ends in the middle of a tag")
	case x.guard.err != nil:
		return fmt.Errorf("reading XML: %w", x.guard.err)
	case !errors.As(err, &syntax): // such as a version that is not 1.0
		return Fault(RuleXMLSyntax, x.Line(), shorten(err.Error(), 200))
	}
	rule := RuleXMLSyntax
	switch {
	case strings.Contains(syntax.Msg, "unexpected EOF"):
		rule = RuleXMLTruncated
	case strings.Contains(syntax.Msg, "entity"):
		rule = RuleXMLDTD
	case strings.Contains(syntax.Msg, "invalid UTF-8"):
		rule = RuleEncoding
	}
	return Fault(rule, syntax.Line, shorten(syntax.Msg, 200))
}

func charset(label string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "gb18030", "gbk", "gb2312":
		return simplifiedchinese.GB18030.NewDecoder().Reader(r), nil
	case "iso-8859-1", "latin1", "windows-1252":
		return charmap.Windows1252.NewDecoder().Reader(r), nil
	case "us-ascii", "ascii":
		return r, nil // what is not ASCII is refused as bad UTF-8
	}
	return nil, Fault(RuleEncoding, 1, fmt.Sprintf("encoding %q is not taken", shorten(label, 32)))
}

// tokenGuard fails where more bytes are read for one token than a token may
// have. The decoder reads ahead by its buffer, which the limit dwarfs.
type tokenGuard struct {
	r     io.Reader
	count int
	err   error // of r, to tell a failed disk from a bad document
}

func (g *tokenGuard) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		g.err = err
	}
	if g.count += n; g.count > XMLTokenBytesMax {
		return 0, Fault(RuleXMLLimit, 0, fmt.Sprintf("a tag or text of more than %d bytes", XMLTokenBytesMax))
	}
	return n, err
}

// RootName is the local name of the first element in head, and its name space;
// "" where there is none.
func RootName(head []byte) (local, space string) {
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(head, []byte("\ufeff"))))
	d.CharsetReader = charset
	for {
		token, err := d.Token()
		if err != nil {
			return "", ""
		}
		if start, ok := token.(xml.StartElement); ok {
			return start.Name.Local, start.Name.Space
		}
		if text, ok := token.(xml.CharData); ok && len(bytes.TrimSpace(text)) > 0 {
			return "", ""
		}
	}
}

// shorten cuts s to at most n bytes at a boundary of characters.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
