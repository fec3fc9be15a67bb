package scale_test

import "testing"

// TestBook proves that a seeded book is one that the chain could have made: every
// invariant of every module holds.
func TestBook(t *testing.T) {
	t.Parallel()
	b := newBook(t, 25)
	b.CheckInvariants()
	t.Logf("%d loans seeded in %s, %d bytes each on disk", b.loans, b.seeded, b.seededBytes/int64(b.loans))
}
