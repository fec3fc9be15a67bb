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
	//go:embed sme-v2.bin
	smeV2 []byte
	//go:embed sme-v2.bands.bin
	smeV2Bands []byte
)

// SMEv2 is the scorecard for micro and small firms on feature set 2, with its
// bands. It is trained on an invented population: for demonstrations and tests.
// Every call decodes afresh, so that a caller may change what it gets.
func SMEv2() (*scorecard.Model, *scorecard.Bands) { return decoded("sme-v2", smeV2, smeV2Bands) }

// SMEv1 is the former one, on feature set 1: scores that rest on it are still
// recomputed.
func SMEv1() (*scorecard.Model, *scorecard.Bands) { return decoded("sme-v1", smeV1, smeV1Bands) }

func decoded(name string, model, bands []byte) (*scorecard.Model, *scorecard.Bands) {
	m, err := scorecard.Decode(model)
	if err != nil {
		panic("models: " + name + ".bin: " + err.Error())
	}
	b, err := scorecard.DecodeBands(bands)
	if err != nil {
		panic("models: " + name + ".bands.bin: " + err.Error())
	}
	return m, b
}
