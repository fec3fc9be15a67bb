package passkey_test

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/status"

	errorsmod "cosmossdk.io/errors"

	"github.com/xinlian/xinlian/passkey"
)

// TestErrorsGolden proves that codes and texts, which clients see, do not change
// unnoticed, and that no code is used twice.
func TestErrorsGolden(t *testing.T) {
	t.Parallel()
	all := []*errorsmod.Error{
		passkey.ErrKey, passkey.ErrSize, passkey.ErrEncoding, passkey.ErrType, passkey.ErrChallenge,
		passkey.ErrOriginText, passkey.ErrEnding, passkey.ErrUserPresent, passkey.ErrUserVerified,
		passkey.ErrHighS, passkey.ErrSignature, passkey.ErrDisabled, passkey.ErrOrigin, passkey.ErrRPID,
		passkey.ErrPolicy,
	}
	var b strings.Builder
	for i, e := range all {
		if want := uint32(i + 2); e.ABCICode() != want {
			t.Errorf("%v: code %d, want %d", e, e.ABCICode(), want)
		}
		fmt.Fprintf(&b, "%s\t%d\t%s\t%s\n", e.Codespace(), e.ABCICode(), status.Code(e), e)
	}
	golden(t, "testdata/errors.golden", []byte(b.String()))
}
