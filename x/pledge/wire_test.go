package pledge

import (
	"fmt"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/internal/golden"
)

// TestErrorCodes proves that no error changes its code, and that no two share one.
// The register would overwrite without a word.
func TestErrorCodes(t *testing.T) {
	t.Parallel()
	golden.ErrorCodes(t, Name)
}

// TestStoreKeys proves that the store's keys stay where light clients look for
// them.
func TestStoreKeys(t *testing.T) {
	t.Parallel()
	c := lived(t)
	var text strings.Builder
	it := c.ctx.KVStore(c.key).Iterator(nil, nil)
	defer it.Close()
	for ; it.Valid(); it.Next() {
		fmt.Fprintf(&text, "%x\n", it.Key())
	}
	golden.Same(t, "testdata/keys.golden", text.String())
}
