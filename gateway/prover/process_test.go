package prover

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/zk"
)

// TestMain lets a test start this binary as a worker, as the command prove is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "prove" {
		var l Limits
		flags := flag.NewFlagSet("prove", flag.ExitOnError)
		flags.IntVar(&l.MemoryMiB, "memory-mib", 0, "")
		srs := flags.String("srs", "", "")
		flags.IntVar(&l.Nice, "nice", 0, "")
		err := errors.Join(flags.Parse(os.Args[2:]), l.Apply())
		if err == nil {
			err = Serve(os.Stdin, os.Stdout, *srs)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func model(id string) *scorecard.Model {
	return &scorecard.Model{
		ID: id, FeatureSet: 1, Features: 3, Base: 500,
		Tables:   []scorecard.Table{{Feature: 0, Cuts: []int64{10}, Points: []int64{-5, 5}, Missing: -9}},
		Pairs:    []scorecard.PairTable{{A: 0, B: 2, CutsB: []int64{0}, Points: [][]int64{{0, 1, 2}, {3, 4, 5}}}},
		Capacity: scorecard.Capacity{Feature: 1, Numerator: 1, Denominator: 3},
	}
}

// salt is searched for in what a worker's surroundings show.
var salt = [31]byte([]byte("a salt that nobody else may see"))

func witness(t testing.TB, m *scorecard.Model) zk.Witness {
	t.Helper()
	set := zk.FeatureSet{
		Version: 1, Salt: salt, Enterprise: 7, AsOfDay: 20_400, DataDigest: [32]byte{1},
		Features: []scorecard.Value{scorecard.Known(20), scorecard.Known(900), {}},
	}
	s, err := zk.State(m, set, zk.Terms{ChainID: "xinlian-test-1", Purpose: 1, Lender: 8, IssueHeight: 5, ExpiryHeight: 9})
	if err != nil {
		t.Fatal(err)
	}
	return zk.Witness{Statement: s, FeatureSet: set}
}

func process(t testing.TB, o Options) *Process {
	t.Helper()
	p, err := New(zk.UnsafeDevelopmentSRS().Key(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// running is the id of the worker that p has, 0 for none.
func (p *Process) running() int {
	<-p.turn
	defer func() { p.turn <- struct{}{} }()
	if p.child == nil || p.child.ended() {
		return 0
	}
	return p.child.cmd.Process.Pid
}

// A worker's proof is accepted by a verifier; the next one comes from the same
// worker, whose keys are warm; after a crash another is started; a closed process
// makes no more.
func TestProcessProves(t *testing.T) {
	t.Parallel()
	ctx, p, m := context.Background(), process(t, Options{}), model("proves")
	w := witness(t, m)
	_, key, err := zk.Keys(m, zk.UnsafeDevelopmentSRS())
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := zk.NewVerifier(zk.UnsafeDevelopmentSRS().Key(), 8)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := w.Statement.Hash()
	if err != nil {
		t.Fatal(err)
	}
	prove := func() (pid int) {
		t.Helper()
		proof, err := p.Prove(ctx, m, w)
		if err != nil {
			t.Fatal(err)
		}
		if err := verifier.Verify(key, hash, proof); err != nil {
			t.Fatal(err)
		}
		return p.running()
	}
	first := prove()
	if second := prove(); second != first {
		t.Error("the worker was not kept")
	}
	showsNoSecret(t, first)
	<-p.turn
	child := p.child
	p.turn <- struct{}{}
	child.kill()
	if third := prove(); third == first || third == 0 {
		t.Errorf("worker %d after the crash of %d", third, first)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Prove(ctx, m, w); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// showsNoSecret reads what the system tells everybody of a process. It also
// proves that every thread gives way.
func showsNoSecret(t *testing.T, pid int) {
	t.Helper()
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	if _, err := os.Stat(dir); err != nil {
		t.Logf("%v: command line and environment are not compared", err)
		return
	}
	for _, name := range []string{"cmdline", "environ"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, salt[:8]) || bytes.Contains(b, []byte("PATH=")) {
			t.Errorf("%s: %q", name, b)
		}
	}
	threads, err := filepath.Glob(filepath.Join(dir, "task", "*", "stat"))
	if err != nil || len(threads) == 0 {
		t.Fatal(err, "no threads")
	}
	for _, path := range threads {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(b), ") ")
		if nice := strings.Fields(rest)[16]; nice != strconv.Itoa(DefaultNice) {
			t.Errorf("%s: nice %s", path, nice)
		}
	}
}

// A context that ends while the worker computes kills it at once, and a proof has
// only so much time; the process is good for another proof after both.
func TestProcessStops(t *testing.T) {
	t.Parallel()
	p, m := process(t, Options{}), model("stops")
	w := witness(t, m)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		_, err := p.Prove(ctx, m, w)
		done <- err
	}()
	<-time.After(300 * time.Millisecond) // the keys alone take longer
	began := time.Now()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: %v", err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %s to stop", took)
	}
	if pid := p.running(); pid != 0 {
		t.Errorf("worker %d goes on", pid)
	}
	if _, err := p.Prove(ctx, m, w); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
	if _, err := p.Prove(context.Background(), m, w); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	short := process(t, Options{Timeout: 200 * time.Millisecond})
	if _, err := short.Prove(context.Background(), m, w); !errors.Is(err, ErrTimeout) {
		t.Errorf("too long: %v", err)
	}
}

// A worker that needs more memory than it may have ends with an error that says
// so and what to set.
func TestProcessLimitsMemory(t *testing.T) {
	t.Parallel()
	p, m := process(t, Options{Limits: Limits{MemoryMiB: 48}}), model("memory")
	m.Features = scorecard.FeaturesMax
	for f := range uint16(scorecard.TablesMax) {
		table := scorecard.Table{Feature: f, Points: []int64{0}}
		for k := range int64(scorecard.CutsMax) {
			table.Cuts, table.Points = append(table.Cuts, k), append(table.Points, k%7)
		}
		m.Tables = append(m.Tables[:f], table)
	}
	w := witness(t, model("memory"))
	w.FeatureSet.Features = make([]scorecard.Value, m.Features)
	var err error
	if w.Statement, err = zk.State(m, w.FeatureSet, zk.Terms{ChainID: "xinlian-test-1"}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Prove(context.Background(), m, w); !errors.Is(err, ErrMemory) {
		t.Errorf("48 MiB: %v", err)
	}
}

// The errors of a prover keep their identity, and a refusal does not cost the
// worker.
func TestProcessRefuses(t *testing.T) {
	t.Parallel()
	p, m := process(t, Options{}), model("refuses")
	for _, tc := range []struct {
		name string
		bend func(*zk.Witness)
		want error
	}{
		{"score", func(w *zk.Witness) { w.Statement.Score++ }, zk.ErrFalse},
		{"chain id", func(w *zk.Witness) { w.Statement.ChainID = "" }, zk.ErrStatement},
		{"salt", func(w *zk.Witness) { w.FeatureSet.Salt = [31]byte{} }, zk.ErrCommitment},
		{"feature left out", func(w *zk.Witness) { w.FeatureSet.Features = w.FeatureSet.Features[:2] }, scorecard.ErrFeature},
		{"too many features", func(w *zk.Witness) { w.FeatureSet.Features = make([]scorecard.Value, 65) }, zk.ErrCommitment},
	} {
		w := witness(t, m)
		tc.bend(&w)
		if _, err := p.Prove(context.Background(), m, w); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	if p.running() == 0 {
		t.Error("a refusal ended the worker")
	}
	if _, err := p.Prove(context.Background(), &scorecard.Model{}, witness(t, m)); !errors.Is(err, scorecard.ErrModel) {
		t.Errorf("no model: %v", err)
	}
	if _, err := New(zk.SRSKey{}, Options{}); !errors.Is(err, ErrReferenceString) {
		t.Errorf("another string: %v", err)
	}
	if _, err := New(zk.UnsafeDevelopmentSRS().Key(), Options{Limits: Limits{Nice: 20}}); err == nil {
		t.Error("nice 20 is taken")
	}
	for name, command := range map[string][]string{"not there": {"/no/such/program"}, "no worker": {"/bin/false"}, "garbage": {"/bin/echo", "no frame"}} {
		w := witness(t, m)
		if _, err := process(t, Options{Command: command}).Prove(context.Background(), m, w); !errors.Is(err, ErrWorker) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A worker ends with an error at bytes that are no frame, answers a frame that
// is no request, and ends in peace when its input does, in the middle of a proof
// as well.
func TestServe(t *testing.T) {
	t.Parallel()
	for name, input := range map[string]string{
		"half a length": "\x00\x00", "half a frame": "\x00\x00\x00\x05ab", "too long": "\xff\xff\xff\xff",
	} {
		if err := Serve(strings.NewReader(input), io.Discard, ""); !errors.Is(err, ErrFrame) {
			t.Errorf("%s: %v", name, err)
		}
	}
	in, feed := io.Pipe()
	answers, out := io.Pipe()
	var served sync.WaitGroup
	served.Go(func() {
		if err := Serve(in, out, ""); err != nil {
			t.Error(err)
		}
	})
	if err := writeFrame(feed, []byte("no request")); err != nil {
		t.Fatal(err)
	}
	answer, err := readFrame(answers)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decodeAnswer(answer); !errors.Is(err, ErrFrame) {
		t.Errorf("no request: %v", err)
	}
	m := model("serve")
	q := request{srs: zk.UnsafeDevelopmentSRS().Key().Hash(), model: m, witness: witness(t, m)}
	frame, err := q.encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := writeFrame(feed, frame); err != nil {
		t.Fatal(err)
	}
	feed.Close()
	served.Wait()
}

// FuzzRequest gives a worker's decoder arbitrary bytes: it must not panic, and
// what it takes it must write the same way.
func FuzzRequest(f *testing.F) {
	m := model("fuzz")
	q := request{model: m, witness: witness(f, m)}
	good, err := q.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		q, err := decodeRequest(b)
		if err != nil {
			return
		}
		again, err := q.encode()
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%x is written as %x, %v", b, again, err)
		}
	})
}

// FuzzAnswer gives the gateway's decoder arbitrary bytes: a proof is never empty
// or too long, and an error is never nil.
func FuzzAnswer(f *testing.F) {
	f.Add(encodeAnswer([]byte{1}, nil))
	f.Add(encodeAnswer(nil, zk.ErrFalse))
	f.Add(encodeAnswer(nil, io.EOF))
	f.Fuzz(func(t *testing.T, b []byte) {
		proof, err := decodeAnswer(b)
		if (err == nil) != (len(proof) > 0) || len(proof) > zk.ProofBytesMax {
			t.Errorf("%d bytes, %v", len(proof), err)
		}
	})
}
