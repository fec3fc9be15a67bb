package council

import (
	"fmt"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/internal/golden"
)

// Test that no error changes its code, and that no two share one. The register
// would overwrite without a word.
func TestErrorCodes(t *testing.T) {
	t.Parallel()
	golden.ErrorCodes(t, Name)
}

// Test that the store's keys stay where light clients look for them.
func TestStoreKeys(t *testing.T) {
	t.Parallel()
	w := lived(t)
	var text strings.Builder
	it := w.ctx.KVStore(w.key).Iterator(nil, nil)
	defer it.Close()
	for ; it.Valid(); it.Next() {
		fmt.Fprintf(&text, "%x\n", it.Key())
	}
	golden.Same(t, "testdata/keys.golden", text.String())
}
