//go:build fault

// Package fault_test kills the demonstration at random moments and starts it
// again on the same home. It does not test power cuts: what a killed process has
// handed to the kernel stays there.
package fault_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// steps is how many steps the demonstration has; the test spreads its kills over them.
const steps = 31

// notes is what the demonstration writes: to its home as it goes, and to --json at the end.
type notes struct {
	Steps []struct {
		Name   string `json:"name"`
		OK     bool   `json:"ok"`
		Height int64  `json:"height"`
		TxHash string `json:"tx_hash"`
		Error  string `json:"error"`
	} `json:"steps"`
	Starts []int64 `json:"starts"`
}

func readNotes(t *testing.T, path string) notes {
	t.Helper()
	var n notes
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return n
	}
	if err == nil {
		err = json.Unmarshal(b, &n)
	}
	if err != nil {
		t.Fatalf("%s is not whole after a kill: %v", path, err)
	}
	return n
}

// height is the highest block that the notes know of.
func (n notes) height() (h int64) {
	for _, s := range n.Steps {
		h = max(h, s.Height)
	}
	for _, s := range n.Starts {
		h = max(h, s)
	}
	return h
}

// output collects what a process prints and tells when a step begins.
type output struct {
	mu    sync.Mutex
	text  bytes.Buffer
	begun chan string
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(p)
	for line := range strings.SplitSeq(string(p), "\n") {
		if name, ok := strings.CutPrefix(line, "▸ "); ok {
			select {
			case o.begun <- name:
			default:
			}
		}
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// binary is the one to test: XINLIAN_BIN, or built here.
func binary(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("XINLIAN_BIN"); path != "" {
		return path
	}
	path := filepath.Join(t.TempDir(), "xinlian")
	build := exec.Command("go", "build", "-o", path, "github.com/xinlian/xinlian/cmd/xinlian")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	return path
}

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// start runs the demonstration on a home.
func start(ctx context.Context, bin, home string) (*exec.Cmd, *output, error) {
	o := &output{begun: make(chan string, 2*steps)}
	cmd := exec.CommandContext(ctx, bin, "demo", "--once", "--home", home, "--json", filepath.Join(home, "steps.json"))
	cmd.Stdout, cmd.Stderr = o, o
	return cmd, o, cmd.Start()
}

// moment is when to kill: while that step runs, after a pause.
type moment struct {
	step  int // counted over the steps that a start shows, from 0
	pause time.Duration
}

// moments spreads kills over all steps, each at a random time within its step,
// and one before the first step: while the node founds its chain.
func moments(r *rand.Rand, kills int) []moment {
	list := []moment{{-1, time.Duration(r.IntN(2500)) * time.Millisecond}}
	for i := 1; i < kills; i++ {
		from, to := (i-1)*steps/(kills-1), i*steps/(kills-1)
		list = append(list, moment{from + r.IntN(max(to-from, 1)), time.Duration(r.IntN(900)) * time.Millisecond})
	}
	return list
}

// Test that a demonstration that is killed again and again goes on where it was:
// no step that was acknowledged is lost or done anew, the chain's height never
// goes back, and in the end every step is done.
func TestKills(t *testing.T) {
	kills := number(t, "FAULT_KILLS", 12)
	seed := uint64(number(t, "FAULT_SEED", int(time.Now().UnixNano()&0xffffff)))
	t.Logf("FAULT_KILLS=%d FAULT_SEED=%d", kills, seed)
	r := rand.New(rand.NewPCG(seed, 1))
	bin, home := binary(t), t.TempDir()
	done := 0
	for _, m := range moments(r, kills) {
		before := readNotes(t, filepath.Join(home, "demo.json"))
		at, finished := killAt(t, bin, home, m)
		after := readNotes(t, filepath.Join(home, "demo.json"))
		compare(t, before, after)
		t.Logf("killed %s; %d steps acknowledged, height %d", at, len(after.Steps), after.height())
		if finished {
			break // the machine was faster than the pause
		}
		done++
	}
	if done < min(kills, 2) {
		t.Errorf("only %d kills hit a running demonstration", done)
	}
	finish(t, bin, home)
}

// killAt starts the demonstration, waits for the moment and kills it.
func killAt(t *testing.T, bin, home string, m moment) (at string, finished bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd, out, err := start(ctx, bin, home)
	if err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	at = "before the first step"
	for i := 0; i <= m.step; i++ {
		select {
		case name := <-out.begun:
			at = fmt.Sprintf("in step %d, %s", i, name)
		case err := <-exited:
			if err != nil {
				t.Fatalf("it ended by itself: %v\n%s", err, out)
			}
			return at, true
		}
	}
	select {
	case <-time.After(m.pause):
	case err := <-exited:
		if err != nil {
			t.Fatalf("it ended by itself: %v\n%s", err, out)
		}
		return at, true
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-exited
	return fmt.Sprintf("%s, after %s", at, m.pause), false
}

// compare holds the notes before a start against those after its kill.
func compare(t *testing.T, before, after notes) {
	t.Helper()
	for i, s := range before.Steps {
		if !s.OK {
			t.Errorf("step %s failed: %s", s.Name, s.Error)
		}
		if i >= len(after.Steps) || after.Steps[i] != s {
			t.Errorf("acknowledged step %s was lost or changed", s.Name)
		}
	}
	if len(after.Starts) < len(before.Starts) {
		t.Error("a start was forgotten")
	}
	for _, h := range after.Starts[len(before.Starts):] {
		if h < before.height() {
			t.Errorf("the chain went back: from height %d to %d", before.height(), h)
		}
	}
}

// finish lets the demonstration end, checks its report and the state, and that
// nothing that is noise to a person is printed.
func finish(t *testing.T, bin, home string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	before := readNotes(t, filepath.Join(home, "demo.json"))
	cmd, out, err := start(ctx, bin, home)
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		t.Fatalf("the last start: %v\n%s", err, out)
	}
	after := readNotes(t, filepath.Join(home, "steps.json"))
	compare(t, before, after)
	if len(after.Steps) != steps {
		t.Errorf("%d steps, want %d", len(after.Steps), steps)
	}
	for _, s := range after.Steps {
		if !s.OK {
			t.Errorf("step %s: %s", s.Name, s.Error)
		}
	}
	if noise := regexp.MustCompile(`E\[\d|\.go:\d+|panic`).FindString(out.String()); noise != "" {
		t.Errorf("noise %q in the output:\n%s", noise, out)
	}
	check := exec.CommandContext(ctx, bin, "node", "check", "--home", filepath.Join(home, "node"))
	if b, err := check.CombinedOutput(); err != nil {
		t.Errorf("the invariants after the kills: %v\n%s", err, b)
	}
	trust := regexp.MustCompile(`xinlian verify (\S+) --trust (\S+)`).FindStringSubmatch(out.String())
	if trust == nil {
		return // the bundle was made by an earlier start
	}
	verify := exec.CommandContext(ctx, bin, "verify", trust[1], "--trust", trust[2])
	if b, err := verify.CombinedOutput(); err != nil {
		t.Errorf("the bundle: %v\n%s", err, b)
	}
}
