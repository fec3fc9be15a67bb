package world

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long a process may take to serve.
const patience = 90 * time.Second

// Processes is the network of World with node and gateway as processes of their
// own, as a member runs them. Everything that they write is below Home().
type Processes struct {
	*World
	Node, Gateway *Process

	binary     string
	env        []string
	nodeStarts int
}

// Process is a running command.
type Process struct {
	Dir string // its working folder, where a core dump goes
	Log string // file of all that it printed

	cmd  *exec.Cmd
	done chan error
}

// StartProcesses founds the network below home and starts the commands of
// binary. env is added to the environment of both, such as XINLIAN_NODE_LOG_LEVEL.
func StartProcesses(tb testing.TB, binary, home string, env ...string) *Processes {
	tb.Helper()
	p := &Processes{World: &World{tb: tb, home: home, Origin: "http://localhost:" + freePort(tb)}, binary: binary}
	for _, dir := range []string{"tmp", "log"} {
		must(tb, os.MkdirAll(filepath.Join(home, dir), 0o700))
	}
	p.env = append(
		os.Environ(),
		"HOME="+home, "TMPDIR="+filepath.Join(home, "tmp"), "GOTRACEBACK=crash",
		"XINLIAN_NODE_GRPC_LISTEN=127.0.0.1:0", "XINLIAN_NODE_P2P_LISTEN=tcp://127.0.0.1:0",
		"XINLIAN_NODE_CONSENSUS_EMPTY_BLOCK_INTERVAL=300ms", "XINLIAN_NODE_CONSENSUS_PROPOSE_TIMEOUT=150ms", "XINLIAN_NODE_CONSENSUS_VOTE_TIMEOUT=100ms",
	)
	p.env = append(p.env, env...)
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	p.found(filepath.Join(home, "node"))
	p.dial(ctx, p.StartNode())
	p.adopt(ctx)
	p.saveKeys()
	p.StartGateway()
	return p
}

func freePort(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	must(tb, err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	must(tb, errors.Join(err, l.Close()))
	return port
}

var serves = regexp.MustCompile(`(?m)^chain \S+ at height \d+; gRPC on (\S+)$`)

// StartNode starts the node, also again after it ended, and returns the address of
// its service, which stays the same.
func (p *Processes) StartNode() (address string) {
	p.tb.Helper()
	p.Node = p.start("node", "node", "start", "--home", filepath.Join(p.home, "node"))
	p.wait("the node", p.Node, func() bool {
		m := serves.FindAllStringSubmatch(p.Node.Printed(), -1)
		if len(m) == p.nodeStarts {
			return false // those are of earlier starts
		}
		address = m[len(m)-1][1]
		return true
	})
	p.nodeStarts++
	p.env = append(p.env, "XINLIAN_NODE_GRPC_LISTEN="+address)
	return address
}

// StartGateway starts the gateway, also again after it ended.
func (p *Processes) StartGateway() {
	p.tb.Helper()
	p.Gateway = p.start("gateway", "gateway", "start", "--home", filepath.Join(p.home, "gateway"))
	p.wait("the gateway", p.Gateway, func() bool {
		res, err := http.Get(p.Origin + "/healthz")
		if err != nil {
			return false
		}
		return res.Body.Close() == nil && res.StatusCode == http.StatusOK
	})
}

// saveKeys writes the keys where gateway start looks for them, and its settings
// into the environment.
func (p *Processes) saveKeys() {
	p.tb.Helper()
	home := filepath.Join(p.home, "gateway")
	var hosted []string
	for _, o := range p.orgs() {
		folder := filepath.Join(p.home, "keys", fmt.Sprint(o.ID))
		must(p.tb, os.MkdirAll(folder, 0o700))
		must(p.tb, errors.Join(
			o.Service.Save(filepath.Join(folder, "service.key")),
			o.Data.Save(filepath.Join(folder, "data.key")),
			o.Admin.Key.Save(filepath.Join(folder, "officer.pem")),
		))
		hosted = append(hosted, fmt.Sprintf("%d=%s", o.ID, folder))
	}
	address := p.env[len(p.env)-1][len("XINLIAN_NODE_GRPC_LISTEN="):]
	p.env = append(
		p.env,
		"XINLIAN_GATEWAY_LISTEN="+strings.TrimPrefix(p.Origin, "http://"), "XINLIAN_GATEWAY_ORIGIN="+p.Origin,
		"XINLIAN_GATEWAY_NODE="+address, "XINLIAN_GATEWAY_HOSTED="+strings.Join(hosted, ","),
		"XINLIAN_GATEWAY_SOFTWARE_OFFICERS=true",
	)
	init := exec.Command(p.binary, "gateway", "init", "--home", home)
	must(p.tb, os.MkdirAll(home, 0o700))
	if out, err := init.CombinedOutput(); err != nil {
		p.tb.Fatalf("gateway init: %v\n%s", err, out)
	}
}

// start runs a command that may dump core into its working folder, as far as the
// machine lets it.
func (p *Processes) start(name string, args ...string) *Process {
	p.tb.Helper()
	c := &Process{Dir: filepath.Join(p.home, name+"-work"), Log: filepath.Join(p.home, "log", name+".log"), done: make(chan error, 1)}
	must(p.tb, os.MkdirAll(c.Dir, 0o700))
	log, err := os.OpenFile(c.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	must(p.tb, err)
	defer log.Close()
	c.cmd = exec.Command("sh", append([]string{"-c", `ulimit -c unlimited; exec "$0" "$@"`, p.binary}, args...)...)
	c.cmd.Dir, c.cmd.Env, c.cmd.Stdout, c.cmd.Stderr = c.Dir, p.env, log, log
	must(p.tb, c.cmd.Start())
	go func() { c.done <- c.cmd.Wait() }()
	p.tb.Cleanup(func() { _ = c.cmd.Process.Kill() }) // it has ended, unless the test failed
	return c
}

func (p *Processes) wait(what string, c *Process, ready func() bool) {
	p.tb.Helper()
	for end := time.Now().Add(patience); !ready(); {
		select {
		case err := <-c.done:
			p.tb.Fatalf("%s ended: %v\n%s", what, err, c.Printed())
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(end) {
			p.tb.Fatalf("%s does not serve within %s:\n%s", what, patience, c.Printed())
		}
	}
}

// Printed is everything that the command printed, at earlier starts too.
func (c *Process) Printed() string {
	b, err := os.ReadFile(c.Log)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// PID is the process id.
func (c *Process) PID() int { return c.cmd.Process.Pid }

// End sends a signal and waits for the end; the error is that of the exit code.
func (c *Process) End(s syscall.Signal) error {
	if err := c.cmd.Process.Signal(s); err != nil {
		return err
	}
	select {
	case err := <-c.done:
		return err
	case <-time.After(patience):
		return fmt.Errorf("the process goes on %s after %s", patience, s)
	}
}
