package gateway_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/xinlian/xinlian/internal/sample"
	"github.com/xinlian/xinlian/test/world"
)

// TestProcesses proves that node and gateway work as the commands that a member
// runs: an owner registers through them, both end well when they are asked to,
// both go on where they were, and a gateway that dies leaves no core dump, in
// which an owner's records would lie in the clear.
func TestProcesses(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the command and runs node and gateway")
	}
	t.Parallel()
	w := world.StartProcesses(t, binary(t), t.TempDir())
	v := newVisitor(t, w.World)
	book := sample.Make(sample.Options{Seed: 12, Profile: sample.Thin})
	register(t, v, book.Owner)
	v.sign("/xinlian.org.v1.MsgActivateDevice", nil)
	v.until("/owner", "选择数据托管机构", 10*time.Second)

	for _, p := range []*world.Process{w.Gateway, w.Node} {
		if err := p.End(syscall.SIGTERM); err != nil {
			t.Errorf("a process that is asked to end: %v\n%s", err, p.Printed())
		}
	}
	w.StartNode()
	w.StartGateway()
	v.until("/owner", "选择数据托管机构", 10*time.Second)
	v.sign("/xinlian.org.v1.MsgChooseCustodian", map[string]string{"custodian_org_id": "5"})
	if printed := w.Gateway.Printed() + w.Node.Printed(); strings.Contains(printed, "panic") || strings.Contains(printed, "level=ERROR") {
		t.Errorf("the processes say:\n%s", printed)
	}
	if runtime.GOOS != "linux" {
		return // elsewhere the operator switches core dumps off
	}
	if err := w.Gateway.End(syscall.SIGABRT); err == nil {
		t.Error("an aborted gateway ends well")
	}
	if cores, err := filepath.Glob(filepath.Join(w.Gateway.Dir, "*")); err != nil || len(cores) > 0 {
		t.Errorf("the gateway left %s, %v", cores, err)
	}
}

// binary is the command to run: XINLIAN_BIN, or built here.
func binary(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("XINLIAN_BIN"); path != "" {
		return path
	}
	path := filepath.Join(t.TempDir(), "xinlian")
	if out, err := exec.Command("go", "build", "-o", path, "github.com/xinlian/xinlian/cmd/xinlian").CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	return path
}
