package node

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cosmossdk.io/log/v2"
)

// Test that a home whose keys were cut short by a kill is finished by the next
// start with the same keys, and that a validator which has signed is never given
// an empty record of it.
func TestPrepareAfterAKill(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	first, err := Prepare(home)
	if err != nil {
		t.Fatal(err)
	}
	record := filepath.Join(home, "data", "priv_validator_state.json")
	unfinished := filepath.Join(home, "config", "node_key.json.new")
	if err := os.Remove(record); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(unfinished, []byte(`{"priv`), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := Prepare(home)
	if err != nil || again.NodeID != first.NodeID || !bytes.Equal(again.Consensus, first.Consensus) {
		t.Errorf("got %v, %v, want %v", again, err, first)
	}
	if err := os.Remove(record); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(home, "data", "blockstore.db"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Prepare(home); err == nil || !strings.Contains(err.Error(), "may sign two blocks of one height") {
		t.Errorf("a validator without its record: %v", err)
	}
}

// Test that the node's log keeps to its level and that an unknown one is named.
func TestLogger(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	c := DefaultConfig()
	c.Log.Level = "warn"
	l, err := c.Logger(&b)
	if err != nil {
		t.Fatal(err)
	}
	for _, say := range []func(string, ...any){l.Debug, l.Info, l.With(log.ModuleKey, "x").Info} {
		say("quiet")
	}
	l.Warn("heard")
	if got := b.String(); strings.Contains(got, "quiet") || !strings.Contains(got, "heard") {
		t.Errorf("got %q", got)
	}
	c.Log.Level = "loud"
	if _, err := c.Logger(&b); err == nil || !strings.Contains(err.Error(), `log.level: got "loud"`) {
		t.Errorf("got %v", err)
	}
}
