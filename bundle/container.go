package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	bundlev1 "github.com/xinlian/xinlian/gen/xinlian/bundle/v1"
)

// Bounds of a bundle.
const (
	BundleBytesMax  = 256 << 20
	SectionsMax     = 256
	SectionBytesMax = 64 << 20
	nameBytesMax    = 128
)

const magic = "xinlian-bundle/1\n"

// ErrContainer says that the file is not a whole, unchanged bundle.
var ErrContainer = errors.New("bundle: the file is damaged or not a bundle")

// Section is a named part of a bundle.
type Section struct {
	Name string
	Body []byte
}

// The names of sections.
const (
	sectionManifest = "manifest"
	sectionHeaders  = "headers"
	sectionRows     = "rows"
	sectionBlocks   = "blocks"
	sectionRecords  = "records"
	sectionFeatures = "features"
	sectionProof    = "score-proof"
)

// write puts sections into the one file form: the magic line, each section as
// name length, name, body length, body, and the SHA-256 of everything before.
// There is no byte that a reader may ignore.
func write(w io.Writer, sections []Section) error {
	var b bytes.Buffer
	b.WriteString(magic)
	for _, s := range sections {
		b.WriteByte(byte(len(s.Name)))
		b.WriteString(s.Name)
		b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(s.Body))))
		b.Write(s.Body)
	}
	sum := sha256.Sum256(b.Bytes())
	b.Write(sum[:])
	_, err := w.Write(b.Bytes())
	return err
}

// read splits a bundle into its manifest and sections and checks every hash. A
// damaged section is named.
func read(file []byte) (*bundlev1.Manifest, []Section, error) {
	if len(file) > BundleBytesMax {
		return nil, nil, fmt.Errorf("%w: %d bytes, at most %d", ErrContainer, len(file), BundleBytesMax)
	}
	rest, ok := bytes.CutPrefix(file, []byte(magic))
	if !ok || len(rest) < sha256.Size {
		return nil, nil, fmt.Errorf("%w: it does not begin as one", ErrContainer)
	}
	rest = rest[:len(rest)-sha256.Size]
	var sections []Section
	for len(rest) > 0 {
		s, after, err := cut(rest)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %w after section %d", ErrContainer, err, len(sections))
		}
		if sections = append(sections, s); len(sections) > SectionsMax {
			return nil, nil, fmt.Errorf("%w: more than %d sections", ErrContainer, SectionsMax)
		}
		rest = after
	}
	if len(sections) == 0 || sections[0].Name != sectionManifest {
		return nil, nil, fmt.Errorf("%w: no manifest", ErrContainer)
	}
	m := &bundlev1.Manifest{}
	if err := m.Unmarshal(sections[0].Body); err != nil {
		return nil, nil, fmt.Errorf("%w: section manifest: %w", ErrContainer, err)
	}
	if err := matches(m, sections[1:]); err != nil {
		return nil, nil, err
	}
	if sum := sha256.Sum256(file[:len(file)-sha256.Size]); !bytes.Equal(sum[:], file[len(file)-sha256.Size:]) {
		return nil, nil, fmt.Errorf("%w: section manifest or the file's own hash was changed", ErrContainer)
	}
	return m, sections[1:], nil
}

func cut(b []byte) (Section, []byte, error) {
	n := int(b[0])
	if n == 0 || n > nameBytesMax || len(b) < 1+n+4 {
		return Section{}, nil, errors.New("a section's name is cut off")
	}
	name := string(b[1 : 1+n])
	size := binary.BigEndian.Uint32(b[1+n:])
	b = b[1+n+4:]
	if size > SectionBytesMax || int(size) > len(b) {
		return Section{}, nil, fmt.Errorf("section %q is cut off", name)
	}
	return Section{Name: name, Body: b[:size:size]}, b[size:], nil
}

func matches(m *bundlev1.Manifest, sections []Section) error {
	if len(m.Sections) != len(sections) {
		return fmt.Errorf("%w: the manifest lists %d sections, the file has %d", ErrContainer, len(m.Sections), len(sections))
	}
	for i, s := range sections {
		sum := sha256.Sum256(s.Body)
		if m.Sections[i].Name != s.Name || !bytes.Equal(m.Sections[i].Sha256, sum[:]) {
			return fmt.Errorf("%w: section %q does not have the hash that the manifest gives", ErrContainer, s.Name)
		}
	}
	return nil
}

// find is the body of the section of that name.
func find(sections []Section, name string) ([]byte, bool) {
	for _, s := range sections {
		if s.Name == name {
			return s.Body, true
		}
	}
	return nil, false
}

// appendPart adds a part to a section that is a list: its length, then its bytes.
func appendPart(section, part []byte) []byte {
	return append(binary.BigEndian.AppendUint32(section, uint32(len(part))), part...)
}

// splitParts takes such a section apart.
func splitParts(body []byte, section string) ([][]byte, error) {
	var parts [][]byte
	for len(body) > 0 {
		if len(body) < 4 {
			return nil, fmt.Errorf("%w: section %s is cut off", ErrContainer, section)
		}
		n := binary.BigEndian.Uint32(body)
		if body = body[4:]; uint64(n) > uint64(len(body)) {
			return nil, fmt.Errorf("%w: section %s is cut off", ErrContainer, section)
		}
		parts, body = append(parts, body[:n:n]), body[n:]
	}
	return parts, nil
}
