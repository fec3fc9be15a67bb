package prover

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/zk"
)

// Defaults of a worker. The largest model takes 200 MiB; the rest is for the keys
// of eight models.
const (
	DefaultMemoryMiB = 1024
	DefaultNice      = 10
	DefaultTimeout   = 2 * time.Minute
)

const (
	stderrMax   = 8 << 10 // bytes kept of what a worker complains
	stopTimeout = 2 * time.Second
)

var (
	// ErrMemory says that a worker reached its limit of memory.
	ErrMemory = errors.New("prover: the proof needs more memory than its process may use; raise prover.memory_mib")
	// ErrTimeout says that a proof took longer than it may.
	ErrTimeout = errors.New("prover: the proof took too long")
	// ErrWorker says that a worker did not start or ended without an answer.
	ErrWorker = errors.New("prover: the proving process failed")
	// ErrClosed says that the process was closed.
	ErrClosed = errors.New("prover: closed")
)

// Options say how workers run. Zero values are the defaults above.
type Options struct {
	// Command starts a worker, which calls Serve. Its limits follow as flags.
	// Empty for this very program with the command prove.
	Command []string
	Limits  Limits
	Timeout time.Duration // of one proof, with the model's keys if they are not there
}

// Process makes proofs in a worker process, one at a time. It is safe for
// concurrent use.
type Process struct {
	srs     [32]byte
	options Options
	turn    chan struct{} // holds one token: whoever has it uses child and closed
	child   *child
	closed  bool
}

// New makes a process for the reference string with this key. It starts no worker
// yet. It refuses a string that this program does not hold.
func New(key zk.SRSKey, o Options) (*Process, error) {
	if _, err := ReferenceString(key.Hash()); err != nil {
		return nil, err
	}
	if len(o.Command) == 0 {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("finding this program: %w", err)
		}
		o.Command = []string{self, "prove"}
	}
	if o.Limits.MemoryMiB == 0 {
		o.Limits.MemoryMiB = DefaultMemoryMiB
	}
	if o.Limits.Nice == 0 {
		o.Limits.Nice = DefaultNice
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Limits.MemoryMiB < 0 || o.Limits.Nice < 0 || o.Limits.Nice > 19 || o.Timeout < 0 {
		return nil, fmt.Errorf("prover: memory %d MiB, nice %d, timeout %s: want positive numbers and nice up to 19",
			o.Limits.MemoryMiB, o.Limits.Nice, o.Timeout)
	}
	p := &Process{srs: key.Hash(), options: o, turn: make(chan struct{}, 1)}
	p.turn <- struct{}{}
	return p, nil
}

// Prove makes a proof of the witness's statement, as zk.Prover does, and returns
// its errors. When ctx ends, or the time of a proof is over, the worker is killed
// at once with all that it holds; the next proof starts another.
func (p *Process) Prove(ctx context.Context, model *scorecard.Model, w zk.Witness) ([]byte, error) {
	q := request{srs: p.srs, model: model, witness: w}
	frame, err := q.encode()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, p.options.Timeout, ErrTimeout)
	defer cancel()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	select {
	case <-p.turn:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { p.turn <- struct{}{} }()
	if p.closed {
		return nil, ErrClosed
	}
	if p.child == nil || p.child.ended() {
		if p.child, err = start(p.options); err != nil {
			return nil, err
		}
	}
	answer, err := p.child.exchange(ctx, frame)
	if err != nil {
		p.child.kill()
		p.child = nil
		return nil, err
	}
	return decodeAnswer(answer)
}

// Close ends the worker, after the proof that it is making.
func (p *Process) Close() error {
	<-p.turn
	defer func() { p.turn <- struct{}{} }()
	p.closed = true
	if p.child == nil {
		return nil
	}
	p.child.stop()
	p.child = nil
	return nil
}

// child is a running worker.
type child struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    io.Reader
	stderr *head
	exited chan struct{} // closed when the process is gone
}

func start(o Options) (*child, error) {
	args := append(append([]string(nil), o.Command[1:]...),
		"--memory-mib", strconv.Itoa(o.Limits.MemoryMiB), "--nice", strconv.Itoa(o.Limits.Nice))
	c := &child{cmd: exec.Command(o.Command[0], args...), stderr: &head{}, exited: make(chan struct{})} //nolint:noctx // outlives the request that starts it
	// The gateway's environment may name keys. A trace would print memory.
	c.cmd.Env = []string{"GOTRACEBACK=none"}
	c.cmd.Dir = os.TempDir()
	c.cmd.Stderr = c.stderr
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrWorker, err)
	}
	if c.out, err = c.cmd.StdoutPipe(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrWorker, err)
	}
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%w: starting: %w", ErrWorker, err)
	}
	go func() {
		defer close(c.exited)
		_ = c.cmd.Wait() // how it ended is in ProcessState
	}()
	return c, nil
}

func (c *child) ended() bool {
	select {
	case <-c.exited:
		return true
	default:
		return false
	}
}

// exchange writes a request and waits for its answer.
func (c *child) exchange(ctx context.Context, frame []byte) ([]byte, error) {
	type outcome struct {
		answer []byte
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		if o.err = writeFrame(c.in, frame); o.err == nil {
			o.answer, o.err = readFrame(c.out)
		}
		done <- o
	}()
	select {
	case o := <-done:
		if o.err == nil {
			return o.answer, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, c.failure(o.err)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// failure says why there is no answer. What the worker printed is read for what
// it says of memory and not passed on: a runtime's complaint may quote data.
func (c *child) failure(cause error) error {
	select {
	case <-c.exited:
	case <-time.After(stopTimeout):
		return fmt.Errorf("%w: %w", ErrWorker, cause)
	}
	for _, complaint := range []string{"out of memory", "cannot allocate memory"} {
		if c.stderr.contains(complaint) {
			return ErrMemory
		}
	}
	return fmt.Errorf("%w: %s", ErrWorker, c.cmd.ProcessState)
}

// kill ends the worker now and waits until it is gone.
func (c *child) kill() {
	_ = c.cmd.Process.Kill() // an error says that it has ended
	<-c.exited
}

// stop closes the worker's input, at which it ends by itself.
func (c *child) stop() {
	_ = c.in.Close() // an error says that it has ended
	select {
	case <-c.exited:
	case <-time.After(stopTimeout):
		c.kill()
	}
}

// head keeps the beginning of what is written to it.
type head struct {
	mu  sync.Mutex
	buf []byte
}

// Write never fails, so that a worker is not held up by what it prints.
func (h *head) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.buf = append(h.buf, b[:min(len(b), stderrMax-len(h.buf))]...)
	return len(b), nil
}

func (h *head) contains(text string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return bytes.Contains(h.buf, []byte(text))
}
