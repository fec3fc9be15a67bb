package fund

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/internal/golden"
	"github.com/xinlian/xinlian/internal/wire"
)

// No error changes its code and no two share one; the register would overwrite without a word.
func TestErrorCodes(t *testing.T) {
	t.Parallel()
	golden.ErrorCodes(t, Name)
}

// The keys of the store stay where light clients look for them.
func TestStoreKeys(t *testing.T) {
	t.Parallel()
	c := funded(t, terms())
	check(t, c.redeeming(insurer, senior, 1_000))
	var text strings.Builder
	it := c.ctx.KVStore(c.key).Iterator(nil, nil)
	defer it.Close()
	for ; it.Valid(); it.Next() {
		fmt.Fprintf(&text, "%x\n", it.Key())
	}
	golden.Same(t, "testdata/keys.golden", text.String())
}

// A fund's account is 32 bytes and belongs to no other fund.
func TestAccounts(t *testing.T) {
	t.Parallel()
	if a, b := Account(1), Account(256); len(a) != 32 || bytes.Equal(a, b) {
		t.Errorf("%X %X", a, b)
	}
	golden.Same(t, "testdata/accounts.golden", wire.AddressText(Account(1))+"\n"+wire.AddressText(Account(256))+"\n")
}
