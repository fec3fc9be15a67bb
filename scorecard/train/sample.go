package train

import (
	"bytes"
	"fmt"

	"github.com/xinlian/xinlian/internal/sample"
	"github.com/xinlian/xinlian/scorecard"
)

// The sample population that the model checked in as scorecard/models is
// trained on: internal/sample.Population(SampleSeed, SampleFirms), each firm as
// of the last day of its book.
const (
	SampleID    = "sme-v2"
	SampleSeed  = 20261031
	SampleFirms = 5000
	SampleTitle = "Scorecard sme-v2 · 小微企业评分卡 sme-v2"
	SampleAbout = "Trained on invented firms: `sample.Population(20261031, 5000)`, each as of the last day of its book, " +
		"default within the year after. The population is made up, so are its default rates: this model shows the method and serves " +
		"demonstrations and tests. A lender's own model must be trained and calibrated on real outcomes and voted on. No public data " +
		"joins bank statements with the default of small firms, so the bank features are untested on real outcomes everywhere.\n\n" +
		"以上企业均为虚构，违约率不代表任何真实组合；正式使用前须以真实结果重新训练、校准并表决。"
)

// SampleInput is what is known of a firm of the sample population.
func SampleInput(f sample.Firm) scorecard.Input {
	in := scorecard.Input{Records: f.Records, AsOfDay: f.LastDay}
	for _, i := range f.Indices {
		in.Market = append(in.Market, scorecard.Quote{Index: i.ID, ValueBps: i.ValueBps})
	}
	return in
}

// NewRow extracts the features of one firm, in the version of Defaults.
func NewRow(in scorecard.Input, bad bool) (Row, error) {
	features, err := scorecard.Extract(scorecard.FeatureSet2, in)
	if err != nil {
		return Row{}, fmt.Errorf("extracting features: %w", err)
	}
	return Row{Features: features, Bad: bad}, nil
}

// Artifacts are a trained model as files.
type Artifacts struct {
	Model    []byte // canonical bytes
	Bands    []byte // canonical bytes
	Markdown []byte // the report
}

// Artifacts renders the model, its bands and the report.
func (r *Report) Artifacts(title, about string) (Artifacts, error) {
	model, err := r.Model.Canonical()
	if err != nil {
		return Artifacts{}, err
	}
	bands, err := r.Bands.Canonical()
	if err != nil {
		return Artifacts{}, err
	}
	var text bytes.Buffer
	if err := r.WriteMarkdown(&text, title, about); err != nil {
		return Artifacts{}, err
	}
	return Artifacts{Model: model, Bands: bands, Markdown: text.Bytes()}, nil
}
