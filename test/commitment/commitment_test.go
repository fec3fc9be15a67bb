package commitment_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/registry"
	"github.com/xinlian/xinlian/gateway/store"
	"github.com/xinlian/xinlian/gateway/vault"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/sample"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/passkey/softkey"
	"github.com/xinlian/xinlian/test/canary/search"
	"github.com/xinlian/xinlian/test/world"
)

// target is a firm on a chain, with what its custodian and its verifiers know.
type target struct {
	*export
	enterprise uint64
	owner      sample.Owner
	identity   []byte // the firm's tag, made by the members
	membersKey []byte // their public key
	streamKey  []byte // the custodian's
	invoice    *vault.Opened
	total      int64
}

// Test that nothing on chain tells which firm, which account or which amount is
// behind it to someone who tries CANDIDATES of each, and that with the key or the
// salt the same trial finds exactly the right one.
func TestBruteForce(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a node")
	}
	candidates := int64(50_000)
	if text := os.Getenv("CANDIDATES"); text != "" {
		var err error
		if candidates, err = strconv.ParseInt(text, 10, 64); err != nil || candidates < 1 {
			t.Fatalf("CANDIDATES: got %q, want a whole number above 0", text)
		}
	}
	x := set(t)
	t.Logf("%d KiB of rows and blocks, %d candidates for each guess", len(x.raw)>>10, candidates)
	if !x.has(x.identity) {
		t.Error("the firm's own tag is not found: the search looks in the wrong place")
	}
	for _, a := range x.attacks(t, candidates) {
		began := time.Now()
		found := try(candidates, func() func(int64) bool {
			guess := a.guess()
			return func(i int64) bool { return x.has(guess(i)) }
		})
		t.Logf("%s: %d matches in %s", a.name, len(found), time.Since(began).Round(time.Millisecond))
		switch {
		case a.known && (len(found) != 1 || found[0] != candidates/2):
			t.Errorf("%s: matches %v, want the one at %d", a.name, found, candidates/2)
		case !a.known && len(found) > 0:
			t.Errorf("%s: matches %v, want none", a.name, found)
		}
	}
}

// attack tries one way to compute what the chain might show. The candidate in the
// middle is the true one.
type attack struct {
	name  string
	known bool // key or salt is at hand
	guess func() func(i int64) []byte
}

// attacks lists every tag, source and root, without and with the secret.
func (x *target) attacks(t *testing.T, candidates int64) (all []attack) {
	zero := make([]byte, 32)
	code := around(t, x.owner.TaxNumber[:17], candidates)
	account := around(t, x.owner.Account, candidates)
	tag := func(key []byte) func(string) []byte {
		return func(s string) []byte {
			in, err := registry.Firm{TaxNumber: s}.TagInput()
			if err != nil {
				panic(err) // 18 ASCII characters
			}
			m := hmac.New(sha256.New, key)
			m.Write(in)
			return m.Sum(nil)
		}
	}
	plain := func(s string) []byte { h := sha256.Sum256([]byte(s)); return h[:] }
	source := func(key []byte) func(string) []byte {
		return func(s string) []byte {
			m := hmac.New(sha256.New, key)
			m.Write([]byte(s))
			return []byte(hex.EncodeToString(m.Sum(nil)[:8]))
		}
	}
	add := func(name string, known bool, from func(int64) string, hash func(string) []byte) {
		all = append(all, attack{name, known, func() func(int64) []byte {
			return func(i int64) []byte { return hash(from(i)) }
		}})
	}
	checked := func(i int64) string { return code(i) + x.owner.TaxNumber[17:] } // an attacker tries each check character; the true one is the hardest
	add("credit code, plain hash", false, checked, plain)
	add("credit code, tag without key", false, checked, tag(nil))
	add("credit code, tag under zeros", false, checked, tag(zero))
	add("credit code, tag under the members' public key", false, checked, tag(x.membersKey))
	add("account, plain hash", false, account, plain)
	add("account, plain hash in hexadecimal", false, account, func(s string) []byte { return []byte(hex.EncodeToString(plain(s)[:8])) })
	add("account, source under zeros", false, account, source(zero))
	add("account, source with the key", true, account, source(x.streamKey))
	batch := x.invoice.Batch.ID
	for _, s := range []struct {
		name  string
		salt  []byte
		known bool
	}{{"zeros", zero, false}, {"the batch's id", batch[:], false}, {"the salt", x.invoice.Salt, true}} {
		all = append(all, attack{"amount, everything else known, leaf under " + s.name, s.known, x.leaf(s.salt, x.total-candidates/2)})
	}
	return all
}

// around spells the numbers around a number, which is in the middle.
func around(t *testing.T, number string, candidates int64) func(int64) string {
	t.Helper()
	last := number[len(number)-9:]
	n, err := strconv.ParseInt(last, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return func(i int64) string {
		return fmt.Sprintf("%s%09d", number[:len(number)-9], (n+i-candidates/2+1e9)%1e9)
	}
}

// leaf computes the root of a batch of one invoice, of which the attacker knows
// all but the amount, from a first amount on.
func (x *target) leaf(salt []byte, first int64) func() func(int64) []byte {
	var total [8]byte
	binary.BigEndian.PutUint64(total[:], uint64(x.total))
	at := bytes.Index(x.invoice.Canonical, total[:])
	return func() func(int64) []byte {
		canonical := bytes.Clone(x.invoice.Canonical)
		return func(i int64) []byte {
			binary.BigEndian.PutUint64(canonical[at:], uint64(first+i))
			return record.LeafHash(x.enterprise, x.invoice.Record.Schema, salt, canonical)
		}
	}
}

// try counts through all candidates on two cores and returns those that match.
func try(candidates int64, worker func() func(int64) bool) (found []int64) {
	var mu sync.Mutex
	var all sync.WaitGroup
	const workers = 2
	for n := range int64(workers) {
		match := worker()
		all.Go(func() {
			for i := n; i < candidates; i += workers {
				if match(i) {
					mu.Lock()
					found = append(found, i)
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	return found
}

// set registers a firm, anchors one invoice and one statement of it, and takes
// what the node then has.
func set(t *testing.T) *target {
	t.Helper()
	w := world.Start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	book := sample.Make(sample.Options{Seed: 5, Profile: sample.Thin})
	x := &target{owner: book.Owner}
	x.enterprise = register(ctx, t, w, x)
	var uploads []custody.Upload
	for _, f := range book.Files() {
		if strings.HasSuffix(f.Name, "invoices.csv") {
			lines := bytes.SplitAfterN(f.Data, []byte("\r\n"), 3)
			f.Data = bytes.Join(lines[:2], nil)
			uploads = append(uploads, custody.Upload{Name: f.Name, Data: f.Data})
		}
		if strings.HasPrefix(f.Name, "bank/") && len(uploads) == 0 {
			uploads = append(uploads, custody.Upload{Name: f.Name, Data: f.Data})
		}
	}
	c := w.Server.Custodian()
	got, err := c.Collect(ctx, x.enterprise, connector.Owner{TaxNumber: x.owner.TaxNumber, Name: x.owner.Name, Accounts: []string{x.owner.Account}}, uploads)
	if err != nil {
		t.Fatalf("%v: %v", err, got.Problems)
	}
	for _, b := range got.Batches {
		if b.Count != 1 {
			continue
		}
		opened, err := c.Vault.OpenBatch(ctx, b.ID)
		if err != nil {
			t.Fatal(err)
		}
		x.invoice = opened[0]
	}
	if x.invoice == nil {
		t.Fatal("no batch of one invoice")
	}
	var known bool
	if x.total, known = x.invoice.Record.Int("amount"); !known {
		t.Fatalf("the invoice has no amount: %v", x.invoice.Record.Schema.Fields)
	}
	if x.streamKey, err = store.LoadOrNewKey(filepath.Join(w.Home(), "gateway", "keys", fmt.Sprintf("streams-%d.key", w.Settlement.ID))); err != nil {
		t.Fatal(err)
	}
	raw, err := search.Rows(filepath.Join(w.Home(), "node", "data"))
	if err != nil {
		t.Fatal(err)
	}
	x.export = newExport(raw)
	return x
}

// register takes the firm onto the chain as its two verifiers do.
func register(ctx context.Context, t *testing.T, w *world.World, x *target) uint64 {
	t.Helper()
	key, err := softkey.New()
	if err != nil {
		t.Fatal(err)
	}
	owner := wire.SoftDevice{Key: key, Origin: w.Origin, RPID: world.RPID}
	in, err := registry.Firm{TaxNumber: x.owner.TaxNumber}.TagInput()
	if err != nil {
		t.Fatal(err)
	}
	tags, err := w.Server.Tags(w.VerifierA.ID).Identity(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := w.Client.Pledge.Keys(ctx, &pledgev1.QueryKeysRequest{})
	if err != nil {
		t.Fatal(err)
	}
	tag := tags[0].Tag
	x.identity, x.membersKey = tag, keys.Keys[0].Point
	statement := func() []byte {
		b := make([]byte, 32)
		if _, err := rand.Read(b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	res := w.Send(ctx, w.VerifierA.Admin, &orgv1.MsgRegisterEnterprise{
		Device: wire.Address(w.VerifierA.Admin), OrgId: w.VerifierA.ID, IdentityTag: tag, StatementHash: statement(),
		OwnerKey: wire.DeviceKey(owner), AmountLimitFen: 1_000_000_00,
	})
	var r orgv1.MsgRegisterEnterpriseResponse
	if err := w.Client.Response(res, 0, &r); err != nil {
		t.Fatal(err)
	}
	w.Send(ctx, w.VerifierB.Admin, &orgv1.MsgConfirmEnterprise{
		Device: wire.Address(w.VerifierB.Admin), OrgId: w.VerifierB.ID, EnterpriseId: r.EnterpriseId, IdentityTag: tag, StatementHash: statement(),
	})
	w.Send(ctx, owner, &orgv1.MsgActivateDevice{Device: wire.Address(owner)})
	w.Send(ctx, owner, &orgv1.MsgChooseCustodian{Device: wire.Address(owner), OrgId: r.EnterpriseId, CustodianOrgId: w.Settlement.ID})
	return r.EnterpriseId
}
