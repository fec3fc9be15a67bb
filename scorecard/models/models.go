// Package models embeds the scorecards that come with the product, as the
// canonical bytes that members vote on. How each was trained and how good it is
// stands in the report beside it.
package models

import (
	_ "embed"

	"github.com/xinlian/xinlian/scorecard"
)

var (
	//go:embed sme-v1.bin
	smeV1 []byte
	//go:embed sme-v1.bands.bin
	smeV1Bands []byte
)

// SMEv1 is the scorecard for micro and small firms, with its bands. It is
// trained on an invented population: for demonstrations and tests. Every call
// decodes afresh, so that a caller may change what it gets.
func SMEv1() (*scorecard.Model, *scorecard.Bands) {
	m, err := scorecard.Decode(smeV1)
	if err != nil {
		panic("models: sme-v1.bin: " + err.Error())
	}
	b, err := scorecard.DecodeBands(smeV1Bands)
	if err != nil {
		panic("models: sme-v1.bands.bin: " + err.Error())
	}
	return m, b
}
