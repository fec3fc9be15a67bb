package vault

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/xinlian/xinlian/internal/record"
)

func openTestLog(t testing.TB, dir string) (*Log, int) {
	t.Helper()
	n := 0
	l, err := openLog(dir, nil, func(*Receipt) { n++ })
	must(t, err)
	return l, n
}

func fillLog(t testing.TB, l *Log, n int) {
	t.Helper()
	for i := range n {
		must(t, l.append(&Receipt{ChainID: testChain, Consent: ID{byte(i)}, Purpose: testPurpose, Outcome: Outcome(i % 3)}))
	}
}

// Receipts are numbered without gaps and chained, over restarts too.
func TestLogChainsOverRestarts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 4 {
		l, n := openTestLog(t, dir)
		if n != 3*i {
			t.Fatalf("%d receipts after %d rounds", n, i)
		}
		fillLog(t, l, 3)
		must(t, l.close())
	}
	l, _ := openTestLog(t, dir)
	var prev [32]byte
	want := uint64(1)
	must(t, l.Visit(1, func(r *Receipt) bool {
		if r.Sequence != want || r.Prev != prev {
			t.Errorf("receipt %d does not follow", r.Sequence)
		}
		prev, _ = r.Hash()
		want++
		return true
	}))
	if want != 13 {
		t.Errorf("%d receipts", want-1)
	}
	must(t, l.close())
}

// A crash at any byte of the last append loses that receipt only, and the log
// goes on from the one before.
func TestLogTornWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "receipts")
	l, _ := openTestLog(t, dir)
	fillLog(t, l, 2)
	must(t, l.close())
	before, err := os.ReadFile(path)
	must(t, err)
	l, _ = openTestLog(t, dir)
	fillLog(t, l, 1)
	must(t, l.close())
	whole, err := os.ReadFile(path)
	must(t, err)
	torn := func(name string, content []byte) {
		must(t, os.WriteFile(path, content, 0o600))
		l, n := openTestLog(t, dir)
		if n != 2 {
			t.Fatalf("%s: %d receipts, want 2", name, n)
		}
		must(t, l.append(&Receipt{ChainID: testChain}))
		must(t, l.close())
		l, n = openTestLog(t, dir)
		if n != 3 {
			t.Fatalf("%s: %d receipts after going on", name, n)
		}
		must(t, l.close())
	}
	for cut := len(before); cut < len(whole); cut += 5 {
		torn("cut", whole[:cut])
	}
	zeroed := bytes.Clone(whole)
	clear(zeroed[len(before)+20:])
	torn("zeroed tail", zeroed)
	clear(zeroed[len(before):])
	torn("all zero", zeroed)
}

// A bit flipped in any acknowledged receipt is found at the next start.
func TestLogFlippedBit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "receipts")
	l, _ := openTestLog(t, dir)
	fillLog(t, l, 4)
	must(t, l.close())
	good, err := os.ReadFile(path)
	must(t, err)
	rapid.Check(t, func(rt *rapid.T) {
		bent := bytes.Clone(good)
		bent[rapid.IntRange(0, len(bent)-1).Draw(rt, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		must(t, os.WriteFile(path, bent, 0o600))
		if _, err := openLog(dir, nil, func(*Receipt) {}); !errors.Is(err, ErrDamaged) {
			rt.Fatalf("flipped bit: %v", err)
		}
	})
}

// A receipt taken out, put twice or swapped with another is found.
func TestLogReordered(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "receipts")
	l, _ := openTestLog(t, dir)
	fillLog(t, l, 3)
	a, b := l.offsets[1], l.offsets[2]
	must(t, l.close())
	good, err := os.ReadFile(path)
	must(t, err)
	first, second, third := good[:a], good[a:b], good[b:]
	for name, parts := range map[string][][]byte{
		"taken out": {first, third}, "swapped": {first, third, second}, "twice": {first, second, second, third}, "beginning gone": {second, third},
	} {
		must(t, os.WriteFile(path, bytes.Join(parts, nil), 0o600))
		_, err := openLog(dir, nil, func(*Receipt) {})
		wantErr(t, err, ErrDamaged, "%s", name)
	}
}

// Intervals follow each other, prove their receipts, survive a restart, and tell
// a log that was cut back or rewritten after it was anchored.
func TestLogAnchoring(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, _ := openTestLog(t, dir)
	if _, ok, err := l.Pending(); ok || err != nil {
		t.Errorf("an empty log has something pending: %v", err)
	}
	fillLog(t, l, 3) // outcomes 0, 1, 2
	first, ok, err := l.Pending()
	if err != nil || !ok || first.From != 1 || first.To != 3 || first.Prev != (hash{}) || first.Refused != 2 {
		t.Fatalf("first interval %+v, %v", first, err)
	}
	fillLog(t, l, 2) // after the interval was taken, before it was anchored
	for name, bend := range map[string]func(*Interval){
		"head": func(iv *Interval) { iv.Head[0] ^= 1 }, "prev": func(iv *Interval) { iv.Prev[0] ^= 1 }, "from": func(iv *Interval) { iv.From++ },
		"to": func(iv *Interval) { iv.To++ }, "beyond": func(iv *Interval) { iv.To = 6 }, "refused": func(iv *Interval) { iv.Refused-- },
	} {
		bad := first
		bend(&bad)
		wantErr(t, l.Anchored(bad), ErrBadRequest, "another %s", name)
	}
	must(t, l.Anchored(first))
	must(t, l.Anchored(first))
	must(t, l.close())

	l, _ = openTestLog(t, dir)
	second, ok, err := l.Pending()
	if err != nil || !ok || second.From != 4 || second.To != 5 || second.Prev != first.Head || second.Refused != 1 {
		t.Fatalf("second interval %+v, %v", second, err)
	}
	_, err = l.Prove(4)
	wantErr(t, err, ErrNotAnchored, "not yet anchored")
	must(t, l.Anchored(second))
	for s := uint64(1); s <= 5; s++ {
		r, err := l.Receipt(s)
		must(t, err)
		p, err := l.Prove(s)
		must(t, err)
		must(t, p.Verify(r, second.Head))
		wantErr(t, p.Verify(r, first.Head), record.ErrProof, "receipt %d under another head", s)
		for name, bend := range map[string]func(*Receipt){
			"outcome": func(r *Receipt) { r.Outcome++ }, "consent": func(r *Receipt) { r.Consent[0] ^= 1 }, "sequence": func(r *Receipt) { r.Sequence++ },
			"prev": func(r *Receipt) { r.Prev[0] ^= 1 }, "records": func(r *Receipt) { r.Records++ }, "height": func(r *Receipt) { r.Height++ },
		} {
			bent := *r
			bend(&bent)
			wantErr(t, p.Verify(&bent, second.Head), record.ErrProof, "receipt %d with another %s", s, name)
		}
	}
	_, err = l.Receipt(6)
	wantErr(t, err, ErrNotFound, "no such receipt")
	cut := l.offsets[4]
	must(t, l.close())

	path := filepath.Join(dir, "receipts")
	must(t, os.Truncate(path, cut))
	_, err = openLog(dir, nil, func(*Receipt) {})
	wantErr(t, err, ErrDamaged, "cut back")
	must(t, os.Remove(path))
	_, err = openLog(dir, nil, func(*Receipt) {})
	wantErr(t, err, ErrDamaged, "removed")

	j, err := openJournal(path, func(int64, []byte) error { return nil }) // another history of the same length
	must(t, err)
	l = &Log{receipts: j, of: map[uint64][]uint64{}, under: map[ID][]uint64{}}
	fillLog(t, l, 4)
	must(t, l.append(&Receipt{ChainID: "other"}))
	must(t, j.close())
	_, err = openLog(dir, nil, func(*Receipt) {})
	wantErr(t, err, ErrDamaged, "rewritten")
}

// A log whose file cannot be written refuses everything after, so that nothing
// is released without its receipt.
func TestLogBrokenDisk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.seal(bank(202503, 1)...)
	id := w.consent(nil)
	must(t, w.vault.log.receipts.file.Close())
	for range 2 {
		d, err := w.vault.Read(t.Context(), w.request(id), nil)
		wantErr(t, err, ErrLogBroken, "read")
		if d != nil {
			t.Error("released without a receipt")
		}
	}
	w.vault.log.receipts.file, _ = os.Open(os.DevNull) // for the cleanup's Close
}

// Every byte string decodes to a receipt that encodes to it again, or not at all.
func FuzzDecodeReceipt(f *testing.F) {
	b, err := (&Receipt{ChainID: testChain, Purpose: testPurpose, Device: "xin1lender", Verified: true}).Encoded()
	must(f, err)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := DecodeReceipt(b)
		if err != nil {
			return
		}
		again, err := r.Encoded()
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%x decodes but encodes to %x, %v", b, again, err)
		}
	})
}

// Test that a log goes on after a crash that came between the chain's anchor and
// its mark: what the chain has is marked as it was, later receipts come after it,
// and a log that has lost receipts is found out.
func TestPendingTo(t *testing.T) {
	t.Parallel()
	l, err := openLog(t.TempDir(), nil, func(*Receipt) {})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	add := func(n int) {
		for range n {
			if err := l.append(&Receipt{ChainID: "c", Outcome: OutcomeAllowed}); err != nil {
				t.Fatal(err)
			}
		}
	}
	add(3)
	sent, _, err := l.Pending() // the chain takes it, and we are killed
	if err != nil {
		t.Fatal(err)
	}
	add(2)
	again, err := l.PendingTo(sent.To)
	if err != nil || again != sent {
		t.Fatalf("got %v, %v, want %v", again, err, sent)
	}
	if err := l.Anchored(again); err != nil {
		t.Fatal(err)
	}
	if rest, ok, err := l.Pending(); err != nil || !ok || rest.From != 4 || rest.To != 5 || rest.Prev != sent.Head {
		t.Errorf("the rest is %v, %v, %v", rest, ok, err)
	}
	for _, to := range []uint64{0, 3, 6} {
		if _, err := l.PendingTo(to); !errors.Is(err, ErrDamaged) {
			t.Errorf("to %d: %v", to, err)
		}
	}
}
