package gateway_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/xinlian/xinlian/test/world"
)

// checkRestored puts the backup of data and keys back after the erasure: nothing
// opens and nothing of the index is left.
func checkRestored(t *testing.T, v *visitor, enterprise uint64, restore func()) {
	t.Helper()
	restore()
	c := v.w.Server.Custodian()
	if list := c.Vault.Batches(enterprise); len(list) > 0 {
		// The vault has not been used yet: its first use applies the erasure.
		if _, err := c.Vault.OpenRecord(t.Context(), list[0].ID, 0); err == nil {
			t.Error("a record of the backup opens")
		}
	}
	if status, _ := v.signRead(map[string]string{"purpose": "export"}); status != http.StatusGone {
		t.Errorf("exporting from the backup: status %d", status)
	}
	if gone, err := c.Vault.Keys().Erased(enterprise); err != nil || !gone {
		t.Errorf("the keys are back: %v", err)
	}
	if list := c.Vault.Batches(enterprise); len(list) > 0 {
		t.Errorf("%d batches are back", len(list))
	}
	checkForgotten(t, v.w, enterprise)
}

// checkForgotten waits until the intake remembers nothing of an enterprise.
func checkForgotten(t *testing.T, w *world.World, enterprise uint64) {
	t.Helper()
	world.Until(t, "intake that holds nothing", 20*time.Second, func() bool {
		held, err := w.Server.Store().Held(t.Context(), enterprise)
		if err != nil {
			t.Fatal(err)
		}
		left := 0
		for _, n := range held {
			left += n
		}
		return left == 0
	})
}
