package check_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/xinlian/xinlian/gateway/check"
	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/connector/format"
	"github.com/xinlian/xinlian/internal/sample"
)

// From the files of three firms, each with one broken row, to the verifier's
// findings: the row is named, the honest firms pass, the fraud is blocked.
func TestFromFiles(t *testing.T) {
	t.Parallel()
	for profile, blocked := range map[sample.Profile]bool{sample.Healthy: false, sample.Thin: false, sample.Fraud: true} {
		b := sample.Make(sample.Options{Seed: 20261124, Profile: profile, BrokenRow: true})
		var c connector.Collector
		run := connector.NewRun(format.All, connector.Owner{TaxNumber: b.Owner.TaxNumber, Accounts: []string{b.Owner.Account}}, &c)
		for _, f := range b.Files() {
			if _, err := run.Parse(context.Background(), connector.Source{Name: f.Name, Reader: bytes.NewReader(f.Data)}, connector.Auto); err != nil {
				t.Fatal(err)
			}
		}
		if len(c.Problems) != 1 || c.Problems[0].Row != b.Broken.Row || len(c.Records) != len(b.Records) {
			t.Errorf("%s: %d problems, %d of %d records", profile, len(c.Problems), len(c.Records), len(b.Records))
		}
		if found := check.Run(c.Records); check.Blocked(found) != blocked {
			t.Errorf("%s: blocked %v: %+v", profile, !blocked, found)
		}
	}
}
