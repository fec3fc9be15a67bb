package wire

import (
	"errors"
	"fmt"
	"testing"

	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
)

// Test that places in the source code do not reach people, and that everything
// else in a text stays.
func TestErrorText(t *testing.T) {
	t.Parallel()
	refused := sdkerrors.ErrUnauthorized.Wrap("device 7")
	for _, c := range []struct {
		err  error
		want string
	}{
		{refused, "device 7: unauthorized"},
		{fmt.Errorf("founding: %w", refused), "founding: device 7: unauthorized"},
		{fmt.Errorf("%w, twice: %w", refused, refused), "device 7: unauthorized, twice: device 7: unauthorized"},
		{errors.New("file a.go:12 [row 3] [x y.go:1]"), "file a.go:12 [row 3] [x y.go:1]"},
	} {
		if got := ErrorText(c.err); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
