package node

import (
	"context"
	"errors"

	"cosmossdk.io/log/v2"
)

// Check opens the state of a stopped node and checks every invariant. It returns
// the height that it checked.
func Check(_ context.Context, home string) (int64, error) {
	n := &Node{dbs: newDatabases()}
	if err := n.open(home, DefaultConfig(), log.NewNopLogger()); err != nil {
		return 0, errors.Join(err, n.dbs.close())
	}
	height := n.app.LastBlockHeight()
	return height, errors.Join(n.app.CheckInvariants(), n.app.Close(), n.dbs.close())
}
