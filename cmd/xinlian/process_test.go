package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"

	"github.com/xinlian/xinlian/gateway/chain"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// nodeEnv makes a node that needs no fixed port and is quick on one machine.
var nodeEnv = append(
	os.Environ(),
	"XINLIAN_NODE_GRPC_LISTEN=127.0.0.1:0", "XINLIAN_NODE_P2P_LISTEN=tcp://127.0.0.1:0", "XINLIAN_NODE_LOG_LEVEL=error",
	"XINLIAN_NODE_CONSENSUS_EMPTY_BLOCK_INTERVAL=200ms", "XINLIAN_NODE_CONSENSUS_PROPOSE_TIMEOUT=200ms", "XINLIAN_NODE_CONSENSUS_VOTE_TIMEOUT=100ms",
)

// run runs xinlian to its end and returns what it printed.
func run(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("xinlian", args...)
	cmd.Env = nodeEnv
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("xinlian %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return string(out)
}

// Test that a network is founded from a file, that node and gateway work as
// processes of their own, that a second node on the same home is refused, that the
// node stops cleanly, and that the state of the stopped node checks.
func TestSeparateProcesses(t *testing.T) {
	t.Parallel()
	home := filepath.Join(t.TempDir(), "node")
	var keys struct {
		ConsensusKey string `json:"consensus_key"`
		NodeID       string `json:"node_id"`
	}
	if err := json.Unmarshal([]byte(run(t, "node", "init", "--home", home)), &keys); err != nil {
		t.Fatal(err)
	}
	service, err := wire.NewServiceKey()
	if err != nil {
		t.Fatal(err)
	}
	run(t, "node", "init", "--home", home, "--founders", foundersOf(t, keys.ConsensusKey, keys.NodeID, service))

	node := exec.Command("xinlian", "node", "start", "--home", home)
	node.Env = nodeEnv
	var stderr bytes.Buffer
	node.Stderr = &stderr
	stdout, err := node.StdoutPipe()
	if err == nil {
		err = node.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = node.Process.Kill() }) // it has ended, unless the test failed
	line, err := bufio.NewReader(stdout).ReadString('\n')
	found := regexp.MustCompile(`^chain (\S+) at height \d+; gRPC on (\S+)\n$`).FindStringSubmatch(line)
	if err != nil || found == nil || found[1] != "xinlian-process-1" {
		t.Fatalf("the node says %q, %v\n%s", line, err, &stderr)
	}
	height := publish(t, found[2], service)

	second := exec.Command("xinlian", "node", "start", "--home", home)
	second.Env = nodeEnv
	if out, err := second.CombinedOutput(); err == nil || !strings.Contains(string(out), "another process") {
		t.Errorf("a second node on the same home: %v, %s", err, out)
	}
	if err := node.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := node.Wait(); err != nil || stderr.Len() > 0 {
		t.Errorf("stopping: %v, it says %q", err, &stderr)
	}
	var checked int64
	if _, err := fmt.Sscanf(run(t, "node", "check", "--home", home), "every invariant holds at height %d", &checked); err != nil || checked < height {
		t.Errorf("checked height %d, %v; the transaction was in block %d", checked, err, height)
	}
}

// publish sends a transaction as a gateway would and returns its height.
func publish(t *testing.T, address string, service *wire.ServiceKey) int64 {
	t.Helper()
	client, err := chain.Dial(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if client.ChainID() != "xinlian-process-1" {
		t.Errorf("chain id %s", client.ChainID())
	}
	o, err := client.Org.Organisation(t.Context(), &orgv1.QueryOrganisationRequest{Id: 1})
	if err != nil || o.Organisation.Name != "Harbour Bank" {
		t.Errorf("organisation 1: %v, %v", o, err)
	}
	head, err := client.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Send(t.Context(), service, &scorev1.MsgPublishIndex{
		Device: wire.Address(service), OrgId: 1, IndexId: "base", ValueBps: 310, Day: uint32(head.Time.Unix() / int64(24*time.Hour/time.Second)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return res.Height
}

// foundersOf writes a founders' file of one bank.
func foundersOf(t *testing.T, consensusKey, nodeID string, service *wire.ServiceKey) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "founders.toml")
	admin := base64.StdEncoding.EncodeToString(secp256k1.GenPrivKey().PubKey().Bytes())
	key := base64.StdEncoding.EncodeToString(service.PubKey().Bytes())
	text := fmt.Sprintf(`chain_id = "xinlian-process-1"
network = "demo"

[[founder]]
name = "Harbour Bank"
kind = "ORG_KIND_BANK"
roles = ["ROLE_LENDER", "ROLE_INDEX_PUBLISHER"]
consensus_key = %q
power = 10
node_ids = [%q]

[[founder.device]]
type = "KEY_TYPE_SECP256K1"
key = %q
role = "DEVICE_ROLE_ADMIN"

[[founder.device]]
type = "KEY_TYPE_ED25519"
key = %q
role = "DEVICE_ROLE_SERVICE"
`, consensusKey, nodeID, admin, key)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
