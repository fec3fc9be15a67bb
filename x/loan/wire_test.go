package loan

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/internal/wire"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares text with a file that is reviewed like code.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run with -update and review:\n%s", path, got)
	}
}

var registration = regexp.MustCompile(`(?m)^\s+(Err\w+)\s*= errorsmod\.RegisterWithGRPCCode\(Name, (\d+), codes\.(\w+), "(.*)"\)$`)

// No error changes its code and no two share one; the register would overwrite without a word.
func TestErrorCodes(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("errors.go")
	if err != nil {
		t.Fatal(err)
	}
	found := registration.FindAllStringSubmatch(string(source), -1)
	if len(found) != bytes.Count(source, []byte("errorsmod.Register")) {
		t.Fatalf("%d registrations understood", len(found))
	}
	used := map[string]bool{"0": true, "1": true}
	var text strings.Builder
	for _, m := range found {
		if used[m[2]] {
			t.Errorf("%s: code %s is taken", m[1], m[2])
		}
		used[m[2]] = true
		fmt.Fprintf(&text, "%s %s %s %s\n", Name, m[2], m[3], m[4])
	}
	golden(t, "testdata/errors.golden", text.String())
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
	golden(t, "testdata/keys.golden", text.String())
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
	golden(t, "testdata/accounts.golden", wire.AddressText(PoolAccount(1))+"\n"+wire.AddressText(PoolAccount(256))+"\n")
}
