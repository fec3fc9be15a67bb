package passkey_test

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// allowedImports is all that the verifier may stand on. A parser of JSON or
// ASN.1, a clock, a source of randomness or a network is a change of consensus
// that must be argued for.
var allowedImports = []string{
	"bytes", "crypto/ecdsa", "crypto/elliptic", "crypto/sha256", "encoding/base64", "encoding/binary",
	"fmt", "math/big", "slices", "strings",
	"cosmossdk.io/errors",
	"github.com/cosmos/cosmos-sdk/codec/legacy",
	"github.com/cosmos/cosmos-sdk/codec/types",
	"github.com/cosmos/cosmos-sdk/crypto/keys/multisig",
	"github.com/cosmos/cosmos-sdk/crypto/types",
	"github.com/cosmos/cosmos-sdk/types/address",
	"github.com/cosmos/gogoproto/proto",
	"github.com/xinlian/xinlian/internal/canon",
	"google.golang.org/grpc/codes",
}

// TestImports proves that no source file of the package imports anything else.
func TestImports(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, ".pb.go") {
			continue
		}
		checked++
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			if path, err := strconv.Unquote(i.Path.Value); err != nil || !slices.Contains(allowedImports, path) {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
	if checked < 5 {
		t.Errorf("checked %d files", checked)
	}
}
