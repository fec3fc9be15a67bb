package wire

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Test that rows stay where offline proofs look for them.
func TestRows(t *testing.T) {
	t.Parallel()
	id := bytes.Repeat([]byte{0xab}, 4)
	for _, c := range []struct {
		row  Row
		want string
	}{
		{RowOrganisation(7), "org 020000000000000007"},
		{RowHeaderLog(), "council 04"},
		{RowHeaderEntry(2), "council 050000000000000002"},
		{RowBatch(id), "profile 02abababab"},
		{RowConsent(id), "profile 07abababab"},
		{RowConsentEntry(id, 3), "profile 0c04abababab0000000000000003"},
		{RowAccessLog(5), "profile 0d0000000000000005"},
		{RowLogAnchor(5, 6), "profile 1200000000000000050000000000000006"},
		{RowErasure(7), "profile 130000000000000007"},
		{RowAttestation(4), "attestation 030000000000000004"},
		{RowModel(id), "score 03abababab"},
		{RowScore(id), "score 04abababab"},
		{RowSrs(), "score 01"},
		{RowTemplate(id), "loan 01abababab"},
		{RowProduct(5), "loan 050000000000000005"},
		{RowApplication(6), "loan 070000000000000006"},
		{RowOffer(7), "loan 0c0000000000000007"},
		{RowLoan(8), "loan 0f0000000000000008"},
		{RowInstalment(8, 1, 2), "loan 1200000000000000080000000100000002"},
		{RowJournalEntry(8, 9), "loan 1400000000000000080000000000000009"},
		{RowAudit(1, id, 2), "safety 020000000104abababab0000000000000002"},
	} {
		if got := fmt.Sprintf("%s %s", c.row.Store, hex.EncodeToString(c.row.Key)); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

// Test that each row's place begins with the prefix under which its module
// declares the collection: the modules and this package cannot share the number.
func TestRowsArePrefixedAsInModules(t *testing.T) {
	t.Parallel()
	declared := regexp.MustCompile(`(?m)^\s+(\w+)\s+= collections\.NewPrefix\((\w+)\)`)
	for _, c := range []struct {
		row  Row
		name string
	}{
		{RowOrganisation(1), "prefixOrganisations"},
		{RowHeaderLog(), "prefixLog"},
		{RowHeaderEntry(1), "prefixEntries"},
		{RowBatch(nil), "prefixBatches"},
		{RowConsent(nil), "prefixConsents"},
		{RowConsentEntry(nil, 1), "prefixJournal"},
		{RowAccessLog(1), "prefixLogs"},
		{RowLogAnchor(1, 1), "prefixLogAnchors"},
		{RowErasure(1), "prefixErasures"},
		{RowAttestation(1), "prefixAttestations"},
		{RowModel(nil), "prefixModels"},
		{RowScore(nil), "prefixScores"},
		{RowSrs(), "prefixSRSKey"},
		{RowTemplate(nil), "templatesPrefix"},
		{RowProduct(1), "productsPrefix"},
		{RowApplication(1), "applicationsPrefix"},
		{RowOffer(1), "offersPrefix"},
		{RowLoan(1), "loansPrefix"},
		{RowInstalment(1, 1, 1), "instalmentsPrefix"},
		{RowJournalEntry(1, 1), "entriesPrefix"},
		{RowAudit(1, nil, 1), "prefixAudits"},
	} {
		source, err := os.ReadFile(filepath.Join("../../x", c.row.Store, "keeper.go"))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, m := range declared.FindAllStringSubmatch(string(source), -1) {
			if m[1] != c.name {
				continue
			}
			found = true
			if n, err := strconv.ParseUint(m[2], 0, 8); err != nil || byte(n) != c.row.Key[0] {
				t.Errorf("%s: the module has it under %s, this package under %d", c.name, m[2], c.row.Key[0])
			}
		}
		if !found {
			t.Errorf("x/%s declares no %s", c.row.Store, c.name)
		}
	}
}

// Test that a service key survives its file, which nobody else may read, and
// that a file of another size is refused.
func TestServiceKeyFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "service.key")
	first, err := LoadOrNewServiceKey(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadOrNewServiceKey(path)
	if err != nil || Address(first) != Address(again) {
		t.Fatalf("another key after a restart: %v", err)
	}
	sig, err := again.Sign([]byte("m"))
	if err != nil || !first.PubKey().VerifySignature([]byte("m"), sig) {
		t.Errorf("its signature does not verify: %v", err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrNewServiceKey(path); err == nil || !strings.Contains(err.Error(), "want 32") {
		t.Errorf("a short file: %v", err)
	}
}

// Test that addresses carry the chain's prefix, and that those of other chains
// are refused.
func TestAddresses(t *testing.T) {
	t.Parallel()
	text := AddressText(make([]byte, 20))
	if !strings.HasPrefix(text, Prefix+"1") || !strings.HasPrefix(Authority(), Prefix+"1") {
		t.Errorf("got %s and %s", text, Authority())
	}
	if b, err := Addresses.StringToBytes(text); err != nil || len(b) != 20 {
		t.Errorf("got %x, %v", b, err)
	}
	for _, foreign := range []string{"", "xin1", "cosmos1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqnrql8a", strings.ToUpper(text[:len(text)-1]) + "q"} {
		if _, err := Addresses.StringToBytes(foreign); err == nil {
			t.Errorf("%q is accepted", foreign)
		}
	}
}
