package bundle

import (
	"crypto/sha256"
	"fmt"
	"io"

	cmttypes "github.com/cometbft/cometbft/types"

	bundlev1 "github.com/xinlian/xinlian/gen/xinlian/bundle/v1"
)

// Contents is what goes into a bundle. Records and Features are disclosed only
// by an exporter who may open them; without them the rest is proven all the same.
type Contents struct {
	ChainID     string
	StateHeight int64
	LoanID      uint64
	// Headers are light blocks in ascending order, the last of StateHeight+1.
	Headers []*cmttypes.LightBlock
	Rows    []bundlev1.Row
	// Blocks are the headers of the blocks in which the journals' entries were
	// made, in ascending order.
	Blocks     []*cmttypes.Header
	ScoreProof []byte
	Records    []bundlev1.Record
	Features   *bundlev1.FeatureSet
}

// Write puts the contents into one file.
func Write(w io.Writer, c Contents) error {
	var sections []Section
	add := func(name string, body []byte) { sections = append(sections, Section{Name: name, Body: body}) }
	headers, blocks, err := c.headers()
	if err != nil {
		return err
	}
	add(sectionHeaders, headers)
	for _, s := range []struct {
		name string
		body interface{ Marshal() ([]byte, error) }
		skip bool
	}{
		{sectionRows, &bundlev1.Rows{Rows: c.Rows}, false},
		{sectionRecords, &bundlev1.Records{Records: c.Records}, len(c.Records) == 0},
		{sectionFeatures, c.Features, c.Features == nil},
	} {
		if s.skip {
			continue
		}
		b, err := s.body.Marshal()
		if err != nil {
			return fmt.Errorf("writing section %s: %w", s.name, err)
		}
		add(s.name, b)
	}
	add(sectionBlocks, blocks)
	add(sectionProof, c.ScoreProof)

	m := bundlev1.Manifest{ChainId: c.ChainID, StateHeight: c.StateHeight, LoanId: c.LoanID}
	for _, s := range sections {
		sum := sha256.Sum256(s.Body)
		m.Sections = append(m.Sections, bundlev1.Section{Name: s.Name, Sha256: sum[:]})
	}
	b, err := m.Marshal()
	if err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	return write(w, append([]Section{{Name: sectionManifest, Body: b}}, sections...))
}

// headers encodes the light blocks and the blocks of the journals, each header
// with its length before it.
func (c Contents) headers() (light, blocks []byte, err error) {
	if light, err = lightBlocks(c.Headers); err != nil {
		return nil, nil, err
	}
	for _, h := range c.Blocks {
		b, err := h.ToProto().Marshal()
		if err != nil {
			return nil, nil, fmt.Errorf("writing the header of block %d: %w", h.Height, err)
		}
		blocks = appendPart(blocks, b)
	}
	return light, blocks, nil
}

// lightBlocks encodes light blocks, each with its length before it.
func lightBlocks(list []*cmttypes.LightBlock) (out []byte, err error) {
	for _, h := range list {
		p, err := h.ToProto()
		if err != nil {
			return nil, fmt.Errorf("writing the header of height %d: %w", h.Height, err)
		}
		b, err := p.Marshal()
		if err != nil {
			return nil, fmt.Errorf("writing the header of height %d: %w", h.Height, err)
		}
		out = appendPart(out, b)
	}
	return out, nil
}
