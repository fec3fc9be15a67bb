package world

import (
	"testing"
	"time"
)

// Until waits until something holds and looks again every 50 ms. It fails the
// test when patience runs out.
func Until(tb testing.TB, what string, patience time.Duration, holds func() bool) {
	tb.Helper()
	for end := time.Now().Add(patience); !holds(); <-time.After(50 * time.Millisecond) {
		if time.Now().After(end) {
			tb.Fatalf("no %s within %s", what, patience)
		}
	}
}
