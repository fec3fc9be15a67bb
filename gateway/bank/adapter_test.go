package bank

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A redemption is paid once and settled by its booking; what the bank refuses is given
// back with the reason; what nobody has told the account of waits and is named.
func TestPayOut(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.ledger.redeem(shop, 120_00, b.accounts[0])
	b.ledger.redeem(shop, 5, b.accounts[1])
	b.ledger.redeem(shop, 9, []byte("nobody knows it"))
	b.step()
	b.collect()
	if want := map[string]int{"XL7-1.xml": 1}; !maps.Equal(b.got, want) {
		t.Fatalf("the bank got %v, want %v", b.got, want)
	}
	r, err := b.Report(t.Context())
	if err != nil || len(r.Missing) != 1 || r.Missing[0] != 3 || len(r.Orders) != 1 || r.Orders[0].Stage != Sent {
		t.Errorf("got %+v, %v", r, err)
	}
	b.put(answerTo("XL7-1", "<GrpSts>PART</GrpSts>", payment("XLR1", "ACSP", ""), payment("XLR2", "RJCT", "AC04")))
	b.put(notification(entry("BK1", "DBIT", "120.00", endToEnd("XLR1"))))
	b.step()
	if got, want := b.statuses(), "SETTLED BK1, REJECTED AC04, PENDING "; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	b.step()
	b.collect()
	if len(b.got) != 1 || len(b.open()) != 0 {
		t.Errorf("afterwards: the bank got %v, open %v", b.got, b.open())
	}
	if r, err = b.Report(t.Context()); err != nil || len(r.Orders) != 0 {
		t.Errorf("the order is still open: %+v, %v", r, err)
	}
	// The account becomes known, and the redemption is ordered alone.
	hash, err := AddAccount(t.Context(), b.Keeper, []byte(strings.Repeat("t", SaltBytes)), "102100099990 6222 样本禾原包装厂")
	b.must(err)
	b.ledger.redemptions[2].AccountHash = hash
	b.step()
	b.collect()
	if b.got["XL7-3.xml"] != 1 {
		t.Errorf("the bank got %v", b.got)
	}
	b.put(answerTo("XL7-3", "<GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Prtry>closed</Prtry></Rsn></StsRsnInf>"))
	b.step()
	if got := b.ledger.redemptions[2].RejectCode; got != noReason {
		t.Errorf("a whole order refused: got %q, want %s", got, noReason)
	}
}

// Money that comes in is issued to whom its structured reference names, and nothing is
// guessed: each thing that does not fit exactly is for a person, with its reason.
func TestBookings(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 5 {
		b.ledger.redeem(shop, 100_00, b.accounts[0])
		b.step()
		_ = i
	}
	mistyped := strings.Replace(CreditorReference(shop), "42", "24", 1)
	b.put(notification(
		entry("C1", "CRDT", "12.34", structured(CreditorReference(shop))),
		entry("C2", "CRDT", "1", structured(mistyped)),
		entry("C3", "CRDT", "1", "<RmtInf><Ustrd>for shop 42</Ustrd></RmtInf>"),
		entry("C4", "CRDT", "1", structured("RF18539007547034")),
		strings.Replace(entry("C5", "CRDT", "1", structured(CreditorReference(shop))), `"CNY"`, `"USD"`, 1),
		strings.Replace(entry("C6", "CRDT", "1", structured(CreditorReference(shop))), "<Sts>", "<RvslInd>true</RvslInd><Sts>", 1),
		entry(strings.Repeat("r", 65), "CRDT", "1", structured(CreditorReference(shop))),
		entry("D1", "DBIT", "100", endToEnd("XLR1")),
		entry("D2", "DBIT", "99.99", endToEnd("XLR2")),
		entry("D3", "DBIT", "7", endToEnd("FEE")),
		entry("D4", "DBIT", "100", endToEnd("XLR99")),
		entry("D5", "DBIT", "100", endToEnd("XLR1")),
		entry("R1", "CRDT", "100", endToEnd("XLR1")+"<RtrInf><Rsn><Cd>AC01</Cd></Rsn></RtrInf>"),
		entry("R3", "CRDT", "100", endToEnd("XLR3")+"<RtrInf><Rsn><Cd>AC01</Cd></Rsn></RtrInf>"),
		entry("R4", "CRDT", "99", endToEnd("XLR4")+"<RtrInf/>"),
	))
	b.put(answerTo("XL7-1", "", payment("XLR1", "RJCT", "AC04"), payment("XLR77", "RJCT", "AC04")))
	b.step()
	if got, want := b.issuances(), "C1: 1234 fen to 42, R1: 10000 fen to 42"; got != want {
		t.Errorf("issued %s, want %s", got, want)
	}
	if got, want := b.statuses(), "SETTLED D1, PENDING , REJECTED AC01, PENDING , PENDING "; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	want := map[string]Reason{
		"booking/C2": ReasonReference, "booking/C3": ReasonReference, "booking/C4": ReasonReference,
		"booking/C5": ReasonCurrency, "booking/C6": ReasonReversal, "booking/" + strings.Repeat("r", 65): ReasonNumber,
		"booking/D2": ReasonAmount, "booking/D3": ReasonDebit, "booking/D4": ReasonForeign, "booking/D5": ReasonTwice,
		"booking/R4": ReasonAmount, "answer/XL7-1/XLR1/RJCT": ReasonPaid, "answer/XL7-1/XLR77/RJCT": ReasonForeign,
	}
	if got := b.open(); !maps.Equal(got, want) {
		t.Errorf("open: got %v, want %v", got, want)
	}
}

// The same told again changes nothing; one reference with another amount is a conflict
// that moves no money, whatever a person then tries.
func TestToldAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := notification(entry("C1", "CRDT", "10", structured(CreditorReference(shop))))
	b.put(first)
	b.step()
	b.put(first)
	b.put(statement("10", entry("C1", "CRDT", "10", structured(CreditorReference(shop)))))
	b.put(notification(entry("C1", "CRDT", "11", structured(CreditorReference(shop)))))
	b.now = b.now.Add(24 * time.Hour)
	b.step()
	if got, want := b.issuances(), "C1: 1000 fen to 42"; got != want {
		t.Errorf("issued %s, want %s", got, want)
	}
	if got := b.open(); len(got) != 1 || got["booking/C1#conflict"] != ReasonConflict {
		t.Errorf("open: %v", got)
	}
	for name, err := range map[string]error{
		"retry":  b.Retry(t.Context(), "booking/C1#conflict"),
		"assign": b.Assign(t.Context(), "booking/C1#conflict", shop),
	} {
		if !errors.Is(err, ErrItem) {
			t.Errorf("%s: got %v, want %v", name, err, ErrItem)
		}
	}
	b.must(b.Dismiss(t.Context(), "booking/C1#conflict"))
	// Long over, it is put away and still known.
	b.now = b.now.Add(keptFor + time.Hour)
	b.step()
	if left, err := b.Items(t.Context(), Done); err != nil || len(left) != 1 || left[0].Kind != itemBalance {
		t.Errorf("left among the items: %v, %v", left, err)
	}
	b.put(first)
	b.step()
	if got, want := b.issuances(), "C1: 1000 fen to 42"; got != want || len(b.open()) != 0 {
		t.Errorf("issued %s, want %s; open %v", got, want, b.open())
	}
}

// A person assigns money without a reference; what the chain refuses is tried again
// later by itself, or at once when asked.
func TestResolve(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put(notification(entry("C1", "CRDT", "10", ""), entry("C2", "CRDT", "20", structured(CreditorReference(shop))), entry("D1", "DBIT", "1", "")))
	b.ledger.refuse = true
	b.step()
	if err := b.Assign(t.Context(), "booking/D1", shop); !errors.Is(err, ErrItem) {
		t.Errorf("money that went out assigned: got %v", err)
	}
	b.must(b.Dismiss(t.Context(), "booking/D1"))
	b.must(b.Assign(t.Context(), "booking/C1", shop))
	if err := b.Assign(t.Context(), "booking/C1", shop+1); !errors.Is(err, ErrItem) {
		t.Errorf("assigned twice: got %v", err)
	}
	b.step()
	if got := b.open(); got["booking/C1"] != ReasonRefused || got["booking/C2"] != ReasonRefused || len(got) != 2 {
		t.Errorf("open: %v", got)
	}
	b.ledger.refuse = false
	b.must(b.Retry(t.Context(), "booking/C1"))
	b.step()
	if got, want := b.issuances(), "C1: 1000 fen to 42"; got != want {
		t.Errorf("before its time: issued %s, want %s", got, want)
	}
	b.now = b.now.Add(retryAfter)
	b.step()
	if got, want := b.issuances(), "C1: 1000 fen to 42, C2: 2000 fen to 42"; got != want {
		t.Errorf("issued %s, want %s", got, want)
	}
}

// A closing balance is reported with what was on the way at the end of its day.
func TestBalance(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.ledger.redeem(shop, 30_00, b.accounts[0])
	b.step()
	b.put(notification(entry("C1", "CRDT", "100", structured(CreditorReference(shop)))))
	b.step() // issued on the day itself
	b.now = b.now.Add(24 * time.Hour)
	b.put(statement("120",
		entry("C1", "CRDT", "100", structured(CreditorReference(shop))), entry("C2", "CRDT", "50", structured(CreditorReference(shop))),
		entry("D1", "DBIT", "30", endToEnd("XLR1"))))
	b.step()
	if n := len(b.ledger.reports); n != 1 {
		t.Fatalf("%d reports", n)
	}
	got := b.ledger.reports[0]
	if got.Day != today || got.BalanceFen != 120_00 || got.UnissuedFen != 50_00 || got.UnsettledFen != 30_00 || len(got.StatementHash) != 32 {
		t.Errorf("got %+v", got)
	}
	// Then the chain owed 100: balance 120 less 50 not issued plus 30 not settled.
	if got.BalanceFen-got.UnissuedFen+got.UnsettledFen != 100_00 {
		t.Error("the report does not add up")
	}
}

// A file that breaks off is read again while it may be written; a bad one is named
// once, nothing of it is taken, and a good one in its place clears the name.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	good := notification(entry("C1", "CRDT", "10", structured(CreditorReference(shop))))
	name := b.put(good[:len(good)-40])
	b.must(os.Chtimes(filepath.Join(b.in, name), b.now, b.now))
	b.step()
	if len(b.open()) != 0 {
		t.Errorf("open at once: %v", b.open())
	}
	b.now = b.now.Add(unfinishedFor)
	b.step()
	if got := b.open(); got["file/"+name] != ReasonFile {
		t.Errorf("open: %v", got)
	}
	b.must(os.WriteFile(filepath.Join(b.in, name), []byte(good), 0o600))
	b.step()
	if got, want := b.issuances(), "C1: 1000 fen to 42"; got != want || len(b.open()) != 0 {
		t.Errorf("issued %s, want %s; open %v", got, want, b.open())
	}
	for _, body := range []string{
		"no XML", strings.Replace(good, "9900000000000000001", "1", 1), strings.Replace(good, "camt.054", "camt.029", 1),
		strings.Replace(good, "<AcctSvcrRef>C1</AcctSvcrRef>", "", 1), answerTo("XL7-9", "<GrpSts>RJCT</GrpSts>"), answerTo("", "<GrpSts>RJCT</GrpSts>"),
		strings.Replace(good, ">10<", ">10.001<", 1),
	} {
		name := b.put(body)
		b.step()
		if got := b.open(); got["file/"+name] != ReasonFile {
			t.Errorf("%.60s: open %v", body, got)
		}
	}
	if got, want := b.issuances(), "C1: 1000 fen to 42"; got != want {
		t.Errorf("issued %s, want %s", got, want)
	}
}

// Killed before or after any of its durable steps, an adapter that goes on pays each
// redemption once, issues each credit once, rejects what was refused, reports the
// balance, and leaves nothing open.
func TestKilled(t *testing.T) {
	t.Parallel()
	steps := 0
	for _, after := range []bool{false, true} {
		for n := 0; ; n++ {
			b := newBench(t)
			f := &fuse{left: n, after: after}
			a := b.fused(f)
			for i := range 3 {
				b.ledger.redeem(shop, 100_00, b.accounts[i])
			}
			run := func() {
				if !f.blown {
					_ = a.Step(t.Context())
				}
				if f.blown { // it starts again
					b.step()
				}
				b.collect()
			}
			run()
			b.put(answerTo("XL7-1", "", payment("XLR2", "RJCT", "AC04")))
			b.put(notification(
				entry("D1", "DBIT", "100", endToEnd("XLR1")), entry("C1", "CRDT", "8", structured(CreditorReference(shop))),
				entry("R3", "CRDT", "100", endToEnd("XLR3")+"<RtrInf><Rsn><Cd>AC01</Cd></Rsn></RtrInf>"),
			))
			b.now = b.now.Add(24 * time.Hour)
			b.put(statement("8"))
			run()
			run()
			if got, want := b.statuses(), "SETTLED D1, REJECTED AC04, REJECTED AC01"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if got, want := b.issuances(), "C1: 800 fen to 42"; got != want {
				t.Errorf("issued %s, want %s", got, want)
			}
			if want := map[string]int{"XL7-1.xml": 1}; !maps.Equal(b.got, want) {
				t.Errorf("the bank got %v, want %v", b.got, want)
			}
			if len(b.open()) != 0 || len(b.ledger.reports) != 1 {
				t.Errorf("open %v, reports %v", b.open(), b.ledger.reports)
			}
			if t.Failed() {
				t.Fatalf("killed at step %d, after %t", n, after)
			}
			if !f.blown {
				steps = n
				break
			}
		}
	}
	if steps < 20 {
		t.Errorf("a run has %d steps only", steps)
	}
}

// A refusal that is the echo of an act that had gone through leaves nothing open.
func TestEcho(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.ledger.redeem(shop, 100_00, b.accounts[0])
	b.step()
	b.ledger.echo = true
	b.put(notification(entry("D1", "DBIT", "100", endToEnd("XLR1"))))
	b.step()
	if got, want := b.statuses(), "SETTLED D1"; got != want || len(b.open()) != 0 {
		t.Errorf("got %s, want %s; open %v", got, want, b.open())
	}
}

// Account data reach neither the database in the clear, nor a printed value, nor a report.
func TestAccountsHidden(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.ledger.redeem(shop, 1, b.accounts[0])
	b.step()
	r, err := b.Report(t.Context())
	b.must(err)
	o, err := b.orders(t.Context())
	b.must(err)
	printed := strings.Join([]string{show(r), show(o[0].Lines), show(b.Account)}, " ")
	for _, secret := range []string{"62220000000", "晴川"} {
		if strings.Contains(printed, secret) {
			t.Errorf("printed: %s", printed)
		}
		for _, file := range []string{"gateway.db", "gateway.db-wal"} {
			content, err := os.ReadFile(filepath.Join(filepath.Dir(b.out), file))
			if err == nil && strings.Contains(string(content), secret) {
				t.Errorf("%s holds %s in the clear", file, secret)
			}
		}
	}
}
