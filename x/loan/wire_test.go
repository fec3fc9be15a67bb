package loan

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

// The first key of each collection stays where light clients look for it.
func TestStoreKeys(t *testing.T) {
	t.Parallel()
	w := lived(t)
	var text strings.Builder
	last := -1
	it := w.ctx.KVStore(w.key).Iterator(nil, nil)
	defer it.Close()
	for ; it.Valid(); it.Next() {
		if prefix := int(it.Key()[0]); prefix != last {
			last = prefix
			fmt.Fprintf(&text, "%x\n", it.Key())
		}
	}
	golden.Same(t, "testdata/keys.golden", text.String())
}

// The places that offline proofs name are those of the rows.
func TestProvenRows(t *testing.T) {
	t.Parallel()
	w := lived(t)
	l := w.loan(1)
	store := w.ctx.KVStore(w.key)
	for name, row := range map[string]wire.Row{
		"template": wire.RowTemplate(l.TemplateHash), "product": wire.RowProduct(1), "application": wire.RowApplication(1),
		"offer": wire.RowOffer(1), "loan": wire.RowLoan(1), "instalment": wire.RowInstalment(1, 1, 12), "entry": wire.RowJournalEntry(1, 1),
	} {
		if row.Store != StoreKey || !store.Has(row.Key) {
			t.Errorf("%s is not at %s %x", name, row.Store, row.Key)
		}
	}
}

// A pool's account is 32 bytes and belongs to no other pool.
func TestPoolAccounts(t *testing.T) {
	t.Parallel()
	if a, b := PoolAccount(1), PoolAccount(256); len(a) != 32 || bytes.Equal(a, b) {
		t.Errorf("%X %X", a, b)
	}
	golden.Same(t, "testdata/accounts.golden", wire.AddressText(PoolAccount(1))+"\n"+wire.AddressText(PoolAccount(256))+"\n")
}
