package table

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/xinlian/xinlian/gateway/connector"
)

// Limits of a workbook, whatever it says about itself.
const (
	partsMax         = 1000     // files in the archive
	sheetsMax        = 64       // sheets read
	sheetBytesMax    = 2 << 30  // one sheet unpacked; it is read as a stream
	stringsBytesMax  = 64 << 20 // the shared strings unpacked, and their text held
	sharedStringsMax = 2_000_000
	indexBytesMax    = 1 << 20 // workbook and relations unpacked
)

const (
	epoch1900         = -25569 // 1899-12-30, from which days count after a leap day that never was
	epoch1904         = -24107
	significantDigits = 15 // what spreadsheets keep and show of a number
	serialMax         = 100_000
)

// Workbook reads XLSX of any template. It looks at every sheet; one whose first
// row fits no template is left out, if another fits.
//
// It takes the values that the file holds: of a formula the value last
// calculated, and a formula without one is an empty cell. Hidden rows count
// like others. A merged area has its value in the first cell only.
type Workbook struct{}

// Format is "xlsx".
func (Workbook) Format() string { return "xlsx" }

// Detect looks at the first name in the archive, which is that of a part of a
// workbook: an archive of workbooks is none itself.
func (Workbook) Detect(head []byte, _ string) bool {
	const nameAt = 30 // where a local file header has the name
	if !bytes.HasPrefix(head, []byte("PK\x03\x04")) || len(head) < nameAt {
		return false
	}
	first := head[nameAt:min(len(head), nameAt+int(binary.LittleEndian.Uint16(head[26:])))]
	for _, part := range []string{"[Content_Types].xml", "_rels/", "xl/", "docProps/"} {
		if bytes.HasPrefix(first, []byte(part)) {
			return true
		}
	}
	return false
}

// Parse reads the workbook sheet by sheet. The archive is held packed.
func (Workbook) Parse(_ context.Context, src connector.Source, owner connector.Owner, sink connector.Sink) error {
	b, err := io.ReadAll(io.LimitReader(src.Reader, connector.FileBytesMax+1))
	if err != nil {
		return err
	}
	if len(b) > connector.FileBytesMax {
		return connector.Fault(connector.RuleFileSize, 0, fmt.Sprintf("a workbook of more than %d bytes", connector.FileBytesMax))
	}
	w, err := openBook(b)
	if err != nil {
		return err
	}
	var unknown error
	read := 0
	for _, s := range w.sheets {
		h, g, err := w.sheet(s)
		var fault *connector.RowError
		switch {
		case errors.As(err, &fault) && fault.Rule == connector.RuleFileType:
			unknown = fault
			continue
		case err == nil:
			err = h.readAll(g, owner, sink)
		}
		read++
		if errors.As(err, &fault) {
			fault.Sheet = s.name
			err = sink.Refuse(*fault)
		}
		if err != nil {
			return err
		}
	}
	if read == 0 {
		if unknown == nil {
			unknown = connector.Fault(connector.RuleFileType, 0, "the workbook has no sheet with anything in it")
		}
		return unknown
	}
	return nil
}

// book is an open workbook.
type book struct {
	files  map[string]*zip.File
	sheets []sheetPart
	shared []string
	epoch  int64
}

type sheetPart struct{ name, path string }

func openBook(b []byte) (*book, error) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, connector.Fault(connector.RuleFileType, 0, "not a whole workbook: "+err.Error())
	}
	if len(z.File) > partsMax {
		return nil, connector.Fault(connector.RuleFileSize, 0, fmt.Sprintf("a workbook of more than %d parts", partsMax))
	}
	w := &book{files: map[string]*zip.File{}, epoch: epoch1900}
	for _, f := range z.File {
		if w.files[f.Name] != nil {
			return nil, connector.Fault(connector.RuleFileType, 0, "the archive holds one part twice")
		}
		w.files[f.Name] = f
	}
	if err := w.index(); err != nil {
		return nil, err
	}
	return w, w.sharedStrings()
}

// index finds the sheets and the epoch.
func (w *book) index() error {
	const bookPath = "xl/workbook.xml"
	links, err := w.node("xl/_rels/workbook.xml.rels", "Relationships")
	if err != nil {
		return err
	}
	targets := map[string]string{}
	for _, l := range links.All("Relationship") {
		target := l.Attr("Target")
		if !strings.HasPrefix(target, "/") {
			target = path.Join(path.Dir(bookPath), target)
		}
		targets[l.Attr("Id")] = strings.TrimPrefix(target, "/")
	}
	root, err := w.node(bookPath, "workbook")
	if err != nil {
		return err
	}
	if d := root.Child("workbookPr").Attr("date1904"); d == "1" || d == "true" {
		w.epoch = epoch1904
	}
	for _, s := range root.Child("sheets").All("sheet") {
		if part := targets[s.Attr("id")]; strings.Contains(part, "worksheets/") {
			w.sheets = append(w.sheets, sheetPart{s.Attr("name"), part})
		}
	}
	if len(w.sheets) > sheetsMax {
		return connector.Fault(connector.RuleFileSize, 0, fmt.Sprintf("more than %d sheets", sheetsMax))
	}
	return nil
}

// part opens a part of the archive, which ends with a fault after most bytes.
func (w *book) part(name string, most int64) (io.ReadCloser, error) {
	f := w.files[name]
	if f == nil {
		return nil, connector.Fault(connector.RuleFileType, 0, "the archive is no workbook: it lacks "+name)
	}
	in, err := f.Open()
	if err != nil {
		return nil, connector.Fault(connector.RuleFileType, 0, fmt.Sprintf("unpacking %s: %v", name, err))
	}
	return &unpacked{in: in, name: name, left: most, most: most}, nil
}

// unpacked turns a damaged or too large part into a fault.
type unpacked struct {
	in         io.ReadCloser
	name       string
	left, most int64
}

func (u *unpacked) Read(p []byte) (int, error) {
	n, err := u.in.Read(p)
	if u.left -= int64(n); u.left < 0 {
		return 0, connector.Fault(connector.RuleFileSize, 0, fmt.Sprintf("%s has more than %d bytes unpacked", u.name, u.most))
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return n, connector.Fault(connector.RuleXMLTruncated, 0, fmt.Sprintf("unpacking %s: %v", u.name, err))
	}
	return n, err
}

func (u *unpacked) Close() error { return u.in.Close() }

func (w *book) node(name, root string) (*connector.Node, error) {
	in, err := w.part(name, indexBytesMax)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	x := connector.NewXML(in)
	start, err := x.Root(root)
	if err != nil {
		return nil, err
	}
	return x.Node(start)
}

// sharedStrings reads the texts that cells point to. The text of one is cut
// where no field could hold it.
func (w *book) sharedStrings() error {
	const name = "xl/sharedStrings.xml"
	if w.files[name] == nil {
		return nil
	}
	in, err := w.part(name, stringsBytesMax)
	if err != nil {
		return err
	}
	defer in.Close()
	x := connector.NewXML(in)
	if _, err := x.Root("sst"); err != nil {
		return err
	}
	for {
		token, err := x.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "si" {
			n, err := x.Node(start)
			if err != nil {
				return err
			}
			if len(w.shared) >= sharedStringsMax {
				return connector.Fault(connector.RuleFileSize, 0, fmt.Sprintf("more than %d shared strings", sharedStringsMax))
			}
			w.shared = append(w.shared, richText(n))
		}
	}
}

// richText is the text of a string, put together where it has several formats;
// phonetic hints are left out.
func richText(n *connector.Node) string {
	s := n.Value("t")
	for _, r := range n.All("r") {
		s += r.Value("t")
	}
	return s
}

// sheet reads the header of a sheet: the first row that is not empty.
func (w *book) sheet(s sheetPart) (*header, *xlsx, error) {
	in, err := w.part(s.path, sheetBytesMax)
	if err != nil {
		return nil, nil, err
	}
	g := &xlsx{book: w, in: in, x: connector.NewXML(in)}
	if _, err := g.x.Root("worksheet"); err != nil {
		return nil, nil, err
	}
	first, err := g.next()
	if errors.Is(err, io.EOF) {
		return nil, nil, connector.Fault(connector.RuleFileType, 0, "the sheet is empty")
	}
	if err != nil {
		return nil, nil, err
	}
	h, err := readHeader(first.cells)
	if err != nil {
		return nil, nil, err
	}
	h.sheet, h.epoch = s.name, w.epoch
	g.width = len(first.cells)
	return h, g, nil
}

// xlsx is the rows of one sheet as a grid.
type xlsx struct {
	*book
	in    io.Closer
	x     *connector.XML
	row   int
	width int // of the header; 0 while that is read
}

func (g *xlsx) next() (gridRow, error) {
	for {
		token, err := g.x.Token()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = errors.Join(g.in.Close(), io.EOF)
			}
			return gridRow{}, err
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "row" {
			continue
		}
		n, err := g.x.Node(start)
		if err != nil {
			return gridRow{}, err
		}
		g.row++
		if r, err := strconv.Atoi(n.Attr("r")); err == nil && r > g.row {
			g.row = r
		}
		if row := g.cells(n); !row.empty() {
			return row, nil
		}
	}
}

// cells is a row as wide as the header. What stands beyond it is no column's.
func (g *xlsx) cells(n *connector.Node) gridRow {
	row := gridRow{number: g.row}
	at := -1
	for _, c := range n.All("c") {
		at++
		if i, ok := columnOf(c.Attr("r")); ok {
			at = i
		}
		if at >= columnsMax || g.width > 0 && at >= g.width {
			continue
		}
		for len(row.cells) <= at {
			row.cells, row.numbers = append(row.cells, ""), append(row.numbers, false)
		}
		row.cells[at], row.numbers[at] = g.value(c)
	}
	for len(row.cells) < g.width {
		row.cells, row.numbers = append(row.cells, ""), append(row.numbers, false)
	}
	if g.width == 0 {
		for len(row.cells) > 0 && row.cells[len(row.cells)-1] == "" {
			row.cells, row.numbers = row.cells[:len(row.cells)-1], row.numbers[:len(row.cells)-1]
		}
	}
	return row
}

// value is a cell's text, and whether the workbook holds it as a number.
func (g *xlsx) value(c *connector.Node) (string, bool) {
	v := c.Value("v")
	switch c.Attr("t") {
	case "s":
		if i, err := strconv.Atoi(v); err == nil && i >= 0 && i < len(g.shared) {
			return g.shared[i], false
		}
		return "\ufffd", false // points nowhere: no text that could be meant
	case "inlineStr":
		return richText(c.Child("is")), false
	case "str", "d", "b", "e":
		return v, false // an error such as #DIV/0! is no amount and no date
	}
	if v == "" {
		return "", false
	}
	return exact(v), true
}

// columnOf is the column of a reference such as AB12, from 0.
func columnOf(reference string) (int, bool) {
	n := 0
	for _, c := range []byte(reference) {
		if c < 'A' || c > 'Z' {
			break
		}
		if n = n*26 + int(c-'A') + 1; n > 1<<14 {
			return 0, false
		}
	}
	return n - 1, n > 0
}

// exact is the number of a cell as a plain decimal. Workbooks hold binary
// floats, written with up to seventeen digits, of which fifteen are what was
// typed and what is shown: 0.30000000000000004 is 0.3. A number that has more
// decimals than a fen within its fifteen digits stays as it is, and is refused.
func exact(v string) string {
	if len(v) <= significantDigits && !strings.ContainsAny(v, "eE") {
		return v
	}
	f, err := strconv.ParseFloat(v, 64)
	if err != nil || f > 1e30 || f < -1e30 {
		return v
	}
	short := strconv.FormatFloat(f, 'g', significantDigits, 64)
	f, err = strconv.ParseFloat(short, 64)
	if err != nil {
		return v
	}
	plain := strconv.FormatFloat(f, 'f', -1, 64)
	if digits := strings.TrimLeft(strings.Replace(plain, ".", "", 1), "-0"); len(digits) > significantDigits {
		return v // beyond 10^15 the digits are not those that were typed
	}
	return plain
}

// serialDay is the day of a date that a workbook holds as a number; a time of
// day behind the point is left out. Days before March 1900 are no business day.
func serialDay(s string, epoch int64) (int64, bool) {
	whole, _, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n < 61 || n > serialMax {
		return 0, false
	}
	return epoch + n, true
}

// TemplateXLSX is the header row of a template as a workbook to fill in; nil if unknown.
func TemplateXLSX(name string, chinese bool) []byte {
	titles := Titles(name, chinese)
	if titles == nil {
		return nil
	}
	var row bytes.Buffer
	for _, t := range titles {
		row.WriteString(`<c t="inlineStr" s="1"><is><t>`)
		xml.EscapeText(&row, []byte(t)) //nolint:errcheck // a buffer does not fail
		row.WriteString(`</t></is></c>`)
	}
	const head = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	const main = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	const parts = "application/vnd.openxmlformats-officedocument.spreadsheetml."
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, p := range [][2]string{
		{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="` + parts + `sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="` + parts + `styles+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="` + parts + `worksheet+xml"/></Types>`},
		{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="` + office + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="` + office + `/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="` + office + `/styles" Target="styles.xml"/></Relationships>`},
		{"xl/workbook.xml", `<workbook ` + main + ` xmlns:r="` + office + `"><sheets><sheet name="` + name + `" sheetId="1" r:id="rId1"/></sheets></workbook>`},
		// Style 1 is text: a number of twenty digits typed there stays whole.
		{"xl/styles.xml", `<styleSheet ` + main + `><fonts count="1"><font/></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf/><xf numFmtId="49" applyNumberFormat="1"/></cellXfs></styleSheet>`},
		{"xl/worksheets/sheet1.xml", `<worksheet ` + main + `><cols><col min="1" max="` + strconv.Itoa(len(titles)) + `" width="18" style="1" customWidth="1"/></cols><sheetData><row r="1">` + row.String() + `</row></sheetData></worksheet>`},
	} {
		w, err := z.Create(p[0])
		if err != nil {
			return nil
		}
		if _, err := io.WriteString(w, head+p[1]); err != nil {
			return nil
		}
	}
	if z.Close() != nil {
		return nil
	}
	return out.Bytes()
}
