package artefact

import (
	"encoding/hex"
	"errors"
	"testing"
)

// TestPledge proves that what lenders commit to and sign for a pledge is what
// another program computes, and that fields of another size are refused.
func TestPledge(t *testing.T) {
	t.Parallel()
	lender, err := LenderCommitment(7, b("c", 32), b("k", 32), b("s", 32))
	if err != nil {
		t.Fatal(err)
	}
	face, err := FaceCommitment(1_234_500, b("s", 32))
	if err != nil {
		t.Fatal(err)
	}
	pledge, err := PledgeContent("xinlian-1", 4, 2, b("t", 32), 250_000, 1_790_000_000)
	if err != nil {
		t.Fatal(err)
	}
	release, err := ReleaseContent("xinlian-1", 9)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct {
		name string
		got  []byte
		want string
	}{
		{"lender", lender, "60952cd7ca6b409952e27dd373fd3f2c39efb32594d83e047fe6d31ef8b94b3e"},
		{"face", face, "3e5f3a47981032f7a559d3b539a1ab5cfd7fa8d6a745ab5c84a7ac55816ed7b2"},
		{"pledge", pledge, "0000001178696e6c69616e2f706c656467652f76310000000978696e6c69616e2d3100000000000000040000000274747474747474747474747474747474747474747474747474747474747474740003d090000000006ab13b80"},
		{"release", release, "0000001978696e6c69616e2f706c656467652d72656c656173652f76310000000978696e6c69616e2d310000000000000009"},
	} {
		if got := hex.EncodeToString(v.got); got != v.want {
			t.Errorf("%s: got %s, want %s", v.name, got, v.want)
		}
	}
	for name, f := range map[string]func() ([]byte, error){
		"consent": func() ([]byte, error) { return LenderCommitment(7, nil, b("k", 32), b("s", 32)) },
		"key":     func() ([]byte, error) { return LenderCommitment(7, b("c", 32), nil, b("s", 32)) },
		"salt":    func() ([]byte, error) { return LenderCommitment(7, b("c", 32), b("k", 32), nil) },
		"face":    func() ([]byte, error) { return FaceCommitment(1, nil) },
		"tag":     func() ([]byte, error) { return PledgeContent("x", 1, 1, nil, 1, 1) },
	} {
		if _, err := f(); !errors.Is(err, ErrSize) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
