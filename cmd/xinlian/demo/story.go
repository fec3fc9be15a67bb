package demo

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/internal/durable"
	"github.com/xinlian/xinlian/internal/wire"
)

// Step is what became of one step.
type Step struct {
	Name         string `json:"name"`
	OK           bool   `json:"ok"`
	Milliseconds int64  `json:"milliseconds"`
	Height       int64  `json:"height"`
	TxHash       string `json:"tx_hash"`
	Error        string `json:"error,omitempty"`
}

// story tells the steps and remembers them.
type story struct {
	out  io.Writer
	path string
	book book
}

// book is what a second start needs to know. Keys lie in files of their own, but
// the salts of the feature sets are here: the file is for its owner only.
type book struct {
	Steps []Step `json:"steps"`
	// Starts lists the height at which each start found the chain.
	Starts []int64           `json:"starts"`
	IDs    map[string]uint64 `json:"ids"`
	Bytes  map[string][]byte `json:"bytes"`
}

func openStory(home string, out io.Writer) (*story, error) {
	s := &story{out: out, path: filepath.Join(home, "demo.json"), book: book{IDs: map[string]uint64{}, Bytes: map[string][]byte{}}}
	b, err := os.ReadFile(s.path)
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the demonstration's notes: %w", err)
	}
	if err := json.Unmarshal(b, &s.book); err != nil {
		return nil, fmt.Errorf("reading the demonstration's notes: %w", err)
	}
	return s, nil
}

// save writes the notes so that a kill at any moment leaves the old or the new.
func (s *story) save() error {
	b, err := json.MarshalIndent(s.book, "", "  ")
	if err != nil {
		return err
	}
	if err := durable.WriteFile(s.path, b, 0o600); err != nil {
		return fmt.Errorf("saving the demonstration's notes: %w", err)
	}
	return nil
}

// begin notes the height at which this start finds the chain.
func (w *world) begin(ctx context.Context) error {
	head, err := w.client.Head(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(w.out, "chain %s at height %d\n", head.ChainID, head.Height)
	w.book.Starts = append(w.book.Starts, head.Height)
	return w.save()
}

func (s *story) done(name string) (Step, bool) {
	for _, st := range s.book.Steps {
		if st.Name == name && st.OK {
			return st, true
		}
	}
	return Step{}, false
}

// action does one step; the result names its last transaction.
type action func(context.Context) (chain.Result, error)

// step runs one step unless an earlier start has done it, and tells it with its
// duration, transaction and height.
func (s *story) step(ctx context.Context, name, words string, run action) error {
	fmt.Fprintf(s.out, "\n▸ %s\n  %s\n", name, words)
	if st, ok := s.done(name); ok {
		fmt.Fprintf(s.out, "  done before, at height %d\n", st.Height)
		return nil
	}
	began := time.Now()
	res, err := run(ctx)
	st := Step{Name: name, OK: err == nil, Milliseconds: time.Since(began).Milliseconds(), Height: res.Height, TxHash: hex.EncodeToString(res.Hash)}
	if err != nil {
		st.Error = wire.ErrorText(err)
		fmt.Fprintf(s.out, "  FAILED after %d ms: %s\n", st.Milliseconds, st.Error)
	} else {
		fmt.Fprintf(s.out, "  ✔ %d ms", st.Milliseconds)
		if res.Height > 0 {
			fmt.Fprintf(s.out, ", height %d", res.Height)
		}
		if len(res.Hash) > 0 {
			fmt.Fprintf(s.out, ", transaction %s…", st.TxHash[:16])
		}
		fmt.Fprintln(s.out)
	}
	s.book.Steps = append(slices.DeleteFunc(s.book.Steps, func(was Step) bool { return was.Name == name }), st)
	return errors.Join(err, s.save())
}

// say adds a line to the step that runs.
func (s *story) say(format string, a ...any) { fmt.Fprintf(s.out, "  "+format+"\n", a...) }

// keepID remembers an id; keepBytes remembers bytes.
func (s *story) keepID(name string, id uint64)   { s.book.IDs[name] = id }
func (s *story) keepBytes(name string, b []byte) { s.book.Bytes[name] = b }
func (s *story) id(name string) uint64           { return s.book.IDs[name] }
func (s *story) bytes(name string) []byte        { return s.book.Bytes[name] }

// writeJSON writes the steps to a file.
func (s *story) writeJSON(path string) error {
	b, err := json.MarshalIndent(struct {
		Steps  []Step  `json:"steps"`
		Starts []int64 `json:"starts"`
	}{s.book.Steps, s.book.Starts}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing the steps: %w", err)
	}
	return nil
}
