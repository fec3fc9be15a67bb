package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/xinlian/xinlian/zk"
)

// TestMain lets tests run this binary as the command xinlian.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"xinlian": main})
}

// TestScripts runs what a user types, as testdata/script has it.
func TestScripts(t *testing.T) {
	t.Parallel()
	bundle, err := filepath.Abs(filepath.Join("testdata", "loan.bundle"))
	if err != nil {
		t.Fatal(err)
	}
	model, err := filepath.Abs(filepath.Join("..", "..", "scorecard", "models", "sme-v1.bin"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			var sealed []error
			for _, name := range []string{"sealed.ofd", "authority.pem"} {
				file, err := filepath.Abs(filepath.Join("..", "..", "gateway", "connector", "ofd", "testdata", name))
				sealed = append(sealed, err, os.Symlink(file, filepath.Join(e.WorkDir, name)))
			}
			return errors.Join(
				errors.Join(sealed...),
				os.Symlink(bundle, filepath.Join(e.WorkDir, "loan.bundle")),
				os.Symlink(model, filepath.Join(e.WorkDir, "sme.bin")),
				os.WriteFile(filepath.Join(e.WorkDir, "production.toml"), production(), 0o600),
			)
		},
	})
}

// production is a founders' file of a production network with the development key.
func production() []byte {
	key := base64.StdEncoding.EncodeToString(zk.UnsafeDevelopmentSRS().Key().Encode())
	return fmt.Appendf(nil, "chain_id = \"xinlian-test-1\"\nnetwork = \"production\"\nsrs_key = %q\n", key)
}
