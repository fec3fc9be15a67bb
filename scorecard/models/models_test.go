package models_test

import (
	"bytes"
	"encoding/hex"
	"flag"
	"os"
	"testing"

	"github.com/xinlian/xinlian/internal/sample"
	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/scorecard/models"
	"github.com/xinlian/xinlian/scorecard/train"
)

var update = flag.Bool("update", false, "train again and rewrite the embedded files")

// TestTrainedAgain shows that training on the sample population gives exactly
// the files that are checked in, the report included.
func TestTrainedAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("draws and extracts the whole sample population")
	}
	t.Parallel()
	var rows []train.Row
	for _, f := range sample.Population(train.SampleSeed, train.SampleFirms) {
		row, err := train.NewRow(train.SampleInput(f), f.Default)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	_, report, err := train.Fit(rows, train.Defaults(train.SampleID))
	if err != nil {
		t.Fatal(err)
	}
	a, err := report.Artifacts(train.SampleTitle, train.SampleAbout)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("out of fold: %+v, slope %.3f", report.OutOfFold, report.Slope)
	for name, want := range map[string][]byte{"sme-v2.bin": a.Model, "sme-v2.bands.bin": a.Bands, "sme-v2.md": a.Markdown} {
		if *update {
			if err := os.WriteFile(name, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what training gives; run with -update and review the report", name)
		}
	}
}

// TestSMEv2 shows that the embedded model is for the newest feature set, that
// its bands were calibrated for it, and that a sound book scores above a thin
// one and can carry more.
func TestSMEv2(t *testing.T) {
	t.Parallel()
	m, bands := models.SMEv2()
	check(t, m, bands, scorecard.FeatureSet2)
	if m.ID != train.SampleID {
		t.Errorf("model %s, want %s", m.ID, train.SampleID)
	}
}

// TestSMEv1 shows the same of the former model: the scores that rest on it must
// still be recomputed, to the point.
func TestSMEv1(t *testing.T) {
	t.Parallel()
	m, bands := models.SMEv1()
	check(t, m, bands, scorecard.FeatureSet1)
	hash, err := m.Hash()
	if err != nil {
		t.Fatal(err)
	}
	const want = "2b775c7f35134fdd2888012b43255eab38e2e83a9ba1a20ef7a6bf4ee82a1b42"
	if got := hex.EncodeToString(hash[:]); got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}

func check(t *testing.T, m *scorecard.Model, bands *scorecard.Bands, set uint32) {
	t.Helper()
	hash, err := m.Hash()
	if err != nil {
		t.Fatal(err)
	}
	if m.FeatureSet != set || int(m.Features) != len(scorecard.Definitions(set)) {
		t.Errorf("model %s for feature set %d of %d features", m.ID, m.FeatureSet, m.Features)
	}
	if bands.Model != hash {
		t.Error("the bands are for another model")
	}
	result := func(p sample.Profile) scorecard.Result {
		b := sample.Make(sample.Options{Seed: 7, Profile: p})
		features, err := scorecard.Extract(set, scorecard.Input{Records: b.Records, AsOfDay: b.LastDay})
		if err != nil {
			t.Fatal(err)
		}
		r, err := m.Evaluate(features)
		if err != nil {
			t.Fatal(err)
		}
		reasons, err := m.Explain(features)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %+v, band %+v", p, r, bands.Of(r.Score))
		for _, reason := range reasons {
			t.Logf("  %s", reason.Text(scorecard.Chinese))
		}
		return r
	}
	healthy, thin := result(sample.Healthy), result(sample.Thin)
	nothing, err := m.Evaluate(make([]scorecard.Value, m.Features))
	if err != nil {
		t.Fatal(err)
	}
	result(sample.Fraud) // left to the checks for circular trade: logged, not required
	if healthy.Score <= thin.Score || healthy.CapacityFen <= thin.CapacityFen || thin.Score <= nothing.Score {
		t.Errorf("healthy %+v, thin %+v, no records %+v", healthy, thin, nothing)
	}
}
