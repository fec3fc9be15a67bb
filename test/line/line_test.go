package line_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xinlian/xinlian/bundle"
	"github.com/xinlian/xinlian/cmd/xinlian/demo"
	"github.com/xinlian/xinlian/gateway/chain"
)

// TestLine plays the demonstration to the verified scores, tries what must be
// refused there, plays it to its end, and tries the bundle.
func TestLine(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a chain for half a minute")
	}
	home := t.TempDir()
	var story bytes.Buffer
	line, err := demo.Open(t.Context(), demo.Options{Home: home, Listen: "localhost:8080", Once: true, Period: 2 * time.Second, Out: &story})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := line.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(story.String())
		}
	})
	play := func(last string) {
		if err := line.Play(t.Context(), last); err != nil {
			t.Fatal(err)
		}
	}
	play("score thin")
	w := &world{Line: line}
	w.shortLived = w.grant(t, soon) // it ends while the others are tried
	for _, c := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"documents", w.documents},
		{"transactions", w.transactions},
		{"scores", w.scores},
		{"consents of others", w.othersConsents},
		{"reads", w.reads},
		{"consents that end", w.endedConsents},
	} {
		t.Run(c.name, c.run)
	}
	play("sign and disburse")
	t.Run("the score computed again", w.recomputed) // before the owner revokes
	play("")
	file, err := os.ReadFile(filepath.Join(home, fmt.Sprintf("loan-%d.bundle", line.Loan())))
	if err != nil {
		t.Fatal(err)
	}
	root, err := bundle.ParseTrustRoot(bundle.Verify(file, nil, time.Now()).Root)
	if err != nil {
		t.Fatal(err)
	}
	b := &evidence{file: file, root: root}
	t.Run("bundle verifies", b.verifies)
	t.Run("trust roots", b.trustRoots)
	t.Run("flipped bytes", b.flippedBytes)
	t.Run("forgeries", b.forgeries)
}

// world is the demonstration that the tests share.
type world struct {
	*demo.Line
	shortLived []byte // a consent of a few seconds
}

// refused fails the test unless err is the chain's refusal with that code and its
// text says what.
func refused(t *testing.T, err error, space string, code uint32, says string) {
	t.Helper()
	if !chain.IsRefused(err, space, code) || !strings.Contains(err.Error(), says) {
		t.Errorf("got %v, want %s/%d saying %q", err, space, code, says)
	}
	if err != nil && strings.Contains(err.Error(), ".go:") {
		t.Errorf("the refusal names source code: %v", err)
	}
}

// is fails the test unless err is want.
func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

// waitPast waits until the chain's clock has passed a time.
func (w *world) waitPast(ctx context.Context, t *testing.T, at int64) {
	t.Helper()
	for {
		head, err := w.Client().Head(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if head.Time.Unix() > at {
			return
		}
		<-time.After(50 * time.Millisecond)
	}
}
