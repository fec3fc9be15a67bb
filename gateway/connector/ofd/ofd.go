// Package ofd reads China's VAT e-invoices as OFD (GB/T 33190), the sealed form
// in which they were issued from 2019 on, and 数电票 in the same container. One
// document is one sales-invoice or purchase-invoice.
//
// Nothing is read from a file that no valid seal covers:
//   - every seal in the list of signatures must verify: the digest of each file
//     it names, the digest of that list, the signer's SM2 signature, and the
//     seal maker's SM2 signature of the seal itself, each at its time;
//   - every file of the archive must be named by a seal, but for those that the
//     seals themselves are made of and OFD.xml, which points at the document
//     and is held against what is sealed.
//
// A seal whose signer and maker are certified by none of Parser.Authorities is
// sound but not trusted: the invoice is read and says so.
package ofd

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/internal/record"
)

// Parser reads OFD documents. Its zero value trusts no authority.
type Parser struct {
	Authorities Authorities
}

// Format is "ofd".
func (Parser) Format() string { return "ofd" }

// Detect looks at the names of the first files in the archive, as far as their
// headers say where the next one is: a spreadsheet is an archive too, and an
// archive of OFDs is none itself.
func (Parser) Detect(head []byte, _ string) bool {
	const headerBytes, streamed = 30, 8 // of a local file header; its flag for sizes that follow
	for {
		if len(head) < headerBytes || !bytes.HasPrefix(head, []byte("PK\x03\x04")) {
			return false
		}
		flags, packed := binary.LittleEndian.Uint16(head[6:]), int(binary.LittleEndian.Uint32(head[18:]))
		name, extra := int(binary.LittleEndian.Uint16(head[26:])), int(binary.LittleEndian.Uint16(head[28:]))
		if headerBytes+name > len(head) {
			return false
		}
		if s := string(head[headerBytes : headerBytes+name]); s == "OFD.xml" || strings.HasPrefix(s, "Doc") {
			return true
		}
		next := headerBytes + name + extra + packed
		if flags&streamed != 0 || next > len(head) {
			return false
		}
		head = head[next:]
	}
}

// Parse reads the document's one invoice.
func (p Parser) Parse(_ context.Context, src connector.Source, owner connector.Owner, sink connector.Sink) error {
	b, err := io.ReadAll(io.LimitReader(src.Reader, ArchiveBytesMax+1))
	if err != nil {
		return err
	}
	if len(b) > ArchiveBytesMax {
		return connector.Fault(connector.RuleFileSize, 0, fmt.Sprintf("an OFD of more than %d bytes", ArchiveBytesMax))
	}
	a, err := open(b)
	if err != nil {
		return err
	}
	d, err := verify(a, p.Authorities)
	if err != nil {
		return err
	}
	row := &connector.Row{At: connector.Position{Row: 1}}
	inv, err := d.invoice(row)
	if err != nil {
		return err
	}
	inv.Seal = record.SealUntrusted
	if d.trusted {
		inv.Seal = record.SealTrusted
	} else {
		row.Note(d.authority, connector.RuleUntrusted, "the seal holds, and its authority is not among the trusted ones")
	}
	return row.Emit(sink, row.Invoice(owner, inv))
}

// document is an OFD whose every seal verifies.
type document struct {
	*archive
	index     *connector.Node // OFD.xml's only DocBody
	root      string          // path of the document's root
	covered   map[string]bool // by a verified seal
	vouched   map[string]bool // by one of a trusted authority
	trusted   bool            // all of it by seals of trusted authorities
	authority string          // who certified the signer of the first seal
}

// sealed reads an XML file that a seal covers. What is read from a file that no
// trusted seal covers is not trusted, whatever else is.
func (d *document) sealed(name string, roots ...string) (*connector.Node, error) {
	if !d.covered[name] {
		return nil, connector.Fault(connector.RuleUnsigned, 0, fmt.Sprintf("%.128s is covered by no seal", name))
	}
	d.trusted = d.trusted && d.vouched[name]
	return d.xml(name, roots...)
}

// signaturesMax bounds the seals of one document.
const signaturesMax = 16

// verify checks all seals of a and what they cover.
func verify(a *archive, trust Authorities) (*document, error) {
	index, err := a.xml("OFD.xml", "OFD")
	if err != nil {
		return nil, err
	}
	bodies := index.All("DocBody")
	if len(bodies) != 1 {
		return nil, refuse("%d documents in OFD.xml, want one", len(bodies))
	}
	d := &document{archive: a, index: bodies[0], covered: map[string]bool{}, vouched: map[string]bool{}, trusted: true}
	d.root = resolve("OFD.xml", d.index.Value("DocRoot"))
	list := resolve("OFD.xml", d.index.Value("Signatures"))
	if d.index.Value("Signatures") == "" {
		return nil, connector.Fault(connector.RuleSeal, 0, "the document carries no seal")
	}
	signatures, err := a.xml(list, "Signatures")
	if err != nil {
		return nil, err
	}
	refs := signatures.All("Signature")
	if len(refs) == 0 || len(refs) > signaturesMax {
		return nil, connector.Fault(connector.RuleSeal, 0, fmt.Sprintf("%d seals, want 1 to %d", len(refs), signaturesMax))
	}
	exempt := map[string]bool{"OFD.xml": true, list: true}
	for _, ref := range refs {
		s, err := verifySignature(a, resolve(list, ref.Attr("BaseLoc")), trust)
		if err != nil {
			return nil, err
		}
		for _, name := range s.parts {
			exempt[name] = true
		}
		for _, name := range s.covers {
			d.covered[name] = true
			if s.trusted {
				d.vouched[name] = true
			}
		}
		if d.authority == "" {
			d.authority = s.authority
		}
	}
	for _, name := range a.names {
		switch {
		case exempt[name]: // an earlier seal, under a later one or none
		case d.covered[name]:
			d.trusted = d.trusted && d.vouched[name]
		default:
			return nil, connector.Fault(connector.RuleUnsigned, 0, fmt.Sprintf("%.128s is covered by no seal", name))
		}
	}
	return d, nil
}

// attachments are the paths of the document's attached XML files.
func (d *document) attachments() ([]string, error) {
	doc, err := d.sealed(d.root, "Document")
	if err != nil {
		return nil, err
	}
	var out []string
	if ref := doc.Value("Attachments"); ref != "" {
		name := resolve(d.root, ref)
		list, err := d.sealed(name, "Attachments")
		if err != nil {
			return nil, err
		}
		for _, one := range list.All("Attachment") {
			if file := resolve(name, one.Value("FileLoc")); strings.HasSuffix(strings.ToLower(file), ".xml") || strings.HasSuffix(strings.ToLower(file), ".xbrl") {
				out = append(out, file)
			}
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	for _, name := range d.names { // written beside the list by some issuers
		if strings.HasSuffix(name, "/original_invoice.xml") {
			out = append(out, name)
		}
	}
	return out, nil
}
