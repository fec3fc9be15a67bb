package passkey_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"testing"

	errorsmod "cosmossdk.io/errors"

	"github.com/xinlian/xinlian/passkey"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

const vectorsFile = "testdata/vectors.json"

// vector is one row of the published vectors. Everything binary is hexadecimal.
// The domain is always sign; Code 0 means accepted, others are those of errors.go.
type vector struct {
	Name           string `json:"name"`
	Key            string `json:"key"`
	Message        string `json:"message"`
	Signature      string `json:"signature"`
	ClientDataJSON string `json:"client_data_json,omitempty"` // as text, to read; already in signature
	Code           uint32 `json:"code"`
	Error          string `json:"error,omitempty"`
}

func newVector(t testing.TB, c verifyCase) vector {
	t.Helper()
	sig := c.edit.signature(t)
	v := vector{
		Name:      c.name,
		Key:       or(c.edit.key, hex.EncodeToString(testKey(t).PubKey().Key)),
		Message:   hex.EncodeToString([]byte(or(c.edit.message, string(message)))),
		Signature: hex.EncodeToString(sig),
	}
	if s, err := passkey.DecodeSignature(sig); err == nil {
		v.ClientDataJSON = string(s.ClientDataJSON)
	}
	if c.want != nil {
		var e *errorsmod.Error
		if !errors.As(c.want, &e) {
			t.Fatalf("%s: %v is not a registered error", c.name, c.want)
		}
		v.Code, v.Error = e.ABCICode(), e.Error()
	}
	return v
}

func (v vector) verify(t testing.TB) (passkey.Assertion, error) {
	t.Helper()
	key := &passkey.PubKey{Key: unhex(t, v.Key)}
	return passkey.Verify(key, passkey.DomainSign, unhex(t, v.Message), unhex(t, v.Signature))
}

// TestVectors proves that the published vectors get the published verdicts, and
// that every rule has at least one of them.
func TestVectors(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(b, &vectors); err != nil {
		t.Fatal(err)
	}
	seen := map[uint32]int{}
	for _, v := range vectors {
		seen[v.Code]++
		_, err := v.verify(t)
		var got uint32
		if err != nil {
			_, got, _ = errorsmod.ABCIInfo(err, false)
		}
		if got != v.Code {
			t.Errorf("%s: got code %d (%v), want %d (%s)", v.Name, got, err, v.Code, v.Error)
		}
		key := passkey.PubKey{Key: unhex(t, v.Key)}
		if ok := key.VerifySignature(unhex(t, v.Message), unhex(t, v.Signature)); ok != (v.Code == 0) {
			t.Errorf("%s: VerifySignature says %v", v.Name, ok)
		}
	}
	for code := uint32(0); code <= 12; code++ {
		if code != 1 && seen[code] == 0 {
			t.Errorf("no vector with code %d", code)
		}
	}
}

// TestVectorsFresh proves that the file is what the cases make, byte for byte:
// keys, salts and nonces are all derived.
func TestVectorsFresh(t *testing.T) {
	t.Parallel()
	var vectors []vector
	for _, c := range verifyCases {
		vectors = append(vectors, newVector(t, c))
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(vectors); err != nil {
		t.Fatal(err)
	}
	golden(t, vectorsFile, b.Bytes())
}

// golden compares got with a file, or rewrites the file under -update.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; if that is meant, run go test with -update and review the change", path)
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
