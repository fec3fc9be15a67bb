package node

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/cometbft/cometbft/config"
)

// TestWritingAtAStop proves that what CometBFT still writes while the node closes
// its databases is refused, not answered by a panic, and that to close twice is
// harmless.
func TestWritingAtAStop(t *testing.T) {
	t.Parallel()
	dbs := newDatabases()
	c := config.DefaultConfig()
	c.SetRoot(t.TempDir())
	db, err := dbs.provide(&config.DBContext{ID: "tx_index", Config: c})
	if err != nil {
		t.Fatal(err)
	}
	started, ended := make(chan struct{}), make(chan error)
	go func() { // as the indexer does, which nobody waits for
		for n := uint64(0); ; n++ {
			batch := db.NewBatch()
			err := errors.Join(batch.Set(binary.BigEndian.AppendUint64(nil, n), []byte("row")), batch.WriteSync())
			if err != nil {
				ended <- err
				return
			}
			if n == 10 {
				close(started)
			}
		}
	}()
	<-started
	for range 2 {
		if err := dbs.close(); err != nil {
			t.Error(err)
		}
	}
	if err := <-ended; !errors.Is(err, errClosed) {
		t.Errorf("writing after the stop: got %v, want %v", err, errClosed)
	}
	_, getting := db.Get([]byte("x"))
	_, iterating := db.Iterator(nil, nil)
	for _, err := range []error{getting, iterating, db.SetSync([]byte("x"), nil)} {
		if !errors.Is(err, errClosed) {
			t.Errorf("using it after the stop: got %v, want %v", err, errClosed)
		}
	}
}
