// Command xinlian is the whole of Xinlian in one binary: the node, the gateway,
// the demonstration, and the tools of members, lenders and auditors.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/xinlian/xinlian/internal/wire"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := root().ExecuteContext(ctx)
	var code exitCode
	switch {
	case errors.As(err, &code):
		os.Exit(int(code))
	case err != nil:
		fmt.Fprintln(os.Stderr, "xinlian:", wire.ErrorText(err))
		os.Exit(1)
	}
}

// exitCode ends the process with a code of its own; what there is to say has
// been said.
type exitCode int

// Error is the code in words.
func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }
