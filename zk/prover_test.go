package zk

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xinlian/xinlian/scorecard"
)

// The prover goes through its stages in order.
func TestProverReportsStages(t *testing.T) {
	t.Parallel()
	if got := provenTwelve(t).stages; !slices.Equal(got, []Stage{StageCompile, StageKeys, StageProve, StageCheck}) {
		t.Errorf("stages %v", got)
	}
}

// A false statement is refused before any work, with the name of the field.
func TestProverRefusesFalseStatement(t *testing.T) {
	t.Parallel()
	p, err := NewProver(UnsafeDevelopmentSRS(), func(s Stage) { t.Errorf("stage %s was reached", s) })
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		bend func(*Witness)
		want string
	}{
		{"version", func(w *Witness) { w.FeatureSet.Version++ }, "feature set is version"},
		{"model", func(w *Witness) { w.Statement.ModelID[0]++ }, "model id"},
		{"stated version", func(w *Witness) { w.Statement.FeatureSetVersion++ }, "feature-set version"},
		{"enterprise", func(w *Witness) { w.Statement.Enterprise++ }, "enterprise"},
		{"as-of day", func(w *Witness) { w.Statement.AsOfDay++ }, "as-of day"},
		{"digest", func(w *Witness) { w.Statement.DataDigest[0]++ }, "data digest"},
		{"commitment", func(w *Witness) { w.Statement.Commitment[31]++ }, "commitment"},
		{"salt", func(w *Witness) { w.FeatureSet.Salt[0]++ }, "commitment"},
		{"feature", func(w *Witness) { w.FeatureSet.Features[11].Int++ }, "commitment"},
		{"score", func(w *Witness) { w.Statement.Score++ }, "score"},
		{"capacity", func(w *Witness) { w.Statement.CapacityFen++ }, "capacity"},
		{"purpose", func(w *Witness) { w.Statement.Purpose++ }, "nullifier"},
		{"lender", func(w *Witness) { w.Statement.Lender++ }, "nullifier"},
		{"nullifier", func(w *Witness) { w.Statement.Nullifier[31]++ }, "nullifier"},
	} {
		w := testWitness(t, twelve(), testFeatures(12))
		tc.bend(&w)
		_, err := p.Prove(context.Background(), twelve(), w)
		if !errors.Is(err, ErrFalse) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	w := testWitness(t, twelve(), testFeatures(12))
	w.Statement.ChainID = ""
	if _, err := p.Prove(context.Background(), twelve(), w); !errors.Is(err, ErrStatement) {
		t.Errorf("no chain id: %v", err)
	}
	w = testWitness(t, twelve(), testFeatures(12))
	w.FeatureSet.Features = w.FeatureSet.Features[:11]
	if _, err := p.Prove(context.Background(), twelve(), w); !errors.Is(err, scorecard.ErrFeature) {
		t.Errorf("a feature is left out: %v", err)
	}
}

// Without the native check, a false statement still gets no proof, and the error
// does not print the witness.
func TestProvingKeyRefusesFalseStatement(t *testing.T) {
	t.Parallel()
	p := provenTwelve(t)
	hash, err := twelve().Hash()
	if err != nil {
		t.Fatal(err)
	}
	k, _ := p.prover.keys.find(hash)
	w := p.witness
	w.Statement.Score += 100
	if _, err := k.proving.prove(&w); !errors.Is(err, errUnsatisfied) {
		t.Error(err)
	}
}

// A context that ends stops the wait: at once when it has ended before, and
// while another caller has the turn.
func TestProverStopsWaiting(t *testing.T) {
	t.Parallel()
	began, hold := make(chan struct{}), make(chan struct{})
	p, err := NewProver(UnsafeDevelopmentSRS(), func(s Stage) {
		if s == StageCompile {
			close(began)
			<-hold
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	w := testWitness(t, twelve(), testFeatures(12))
	ended, end := context.WithCancel(context.Background())
	end()
	if _, err := p.Prove(ended, twelve(), w); !errors.Is(err, context.Canceled) {
		t.Errorf("ended before: %v", err)
	}
	first, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		_, err := p.Prove(first, twelve(), w)
		done <- err
	}()
	<-began
	second, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if _, err := p.VerifyingKey(second, twelve()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while another has the turn: %v", err)
	}
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("in the middle of a stage: %v", err)
	}
	close(hold)
	<-p.turn // the abandoned stage gives its turn back, and no later stage ran
	if p.keys.size() != 0 {
		t.Error("work went on after the context ended")
	}
}
