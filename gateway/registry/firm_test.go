package registry

import (
	"bytes"
	"errors"
	"testing"

	"github.com/xinlian/xinlian/internal/sample"
)

func invented() Firm {
	o := sample.Make(sample.Options{Seed: 7, Profile: sample.Healthy}).Owner
	return Firm{Name: o.Name, TaxNumber: o.TaxNumber, Account: o.Account}
}

// TestFields proves that spelling does not matter, that each bad field is named,
// and that a mistyped tax number is found by its check character.
func TestFields(t *testing.T) {
	t.Parallel()
	good := invented()
	spaced := Firm{Name: "  " + good.Name + " ", TaxNumber: good.TaxNumber[:4] + " " + good.TaxNumber[4:], Account: good.Account[:4] + " " + good.Account[4:]}
	if got, err := spaced.Normalised(); err != nil || got != good {
		t.Fatalf("got %v, %v", got, err)
	}
	flip := func(s string, i int) string {
		b := []byte(s)
		b[i] = '0' + (b[i]-'0'+1)%10
		return string(b)
	}
	for _, c := range []struct {
		name string
		firm Firm
		want error
	}{
		{"no name", Firm{"", good.TaxNumber, good.Account}, ErrName},
		{"name too long", Firm{string(bytes.Repeat([]byte("x"), NameBytesMax+1)), good.TaxNumber, good.Account}, ErrName},
		{"tax number with one digit changed", Firm{good.Name, flip(good.TaxNumber, 9), good.Account}, ErrTaxNumber},
		{"tax number too short", Firm{good.Name, good.TaxNumber[:17], good.Account}, ErrTaxNumber},
		{"tax number with a letter that none has", Firm{good.Name, "I" + good.TaxNumber[1:], good.Account}, ErrTaxNumber},
		{"account with a letter", Firm{good.Name, good.TaxNumber, good.Account + "a"}, ErrAccount},
		{"account too short", Firm{good.Name, good.TaxNumber, "1234567"}, ErrAccount},
	} {
		if _, err := c.firm.Normalised(); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

// TestTagInput proves that what is tagged depends on country and tax number and
// on nothing else, by bytes written out by hand.
func TestTagInput(t *testing.T) {
	t.Parallel()
	firm := Firm{Name: "样本", TaxNumber: "99000000000000000X", Account: "9900000000"}
	got, err := firm.TagInput()
	if err != nil {
		t.Fatal(err)
	}
	const want = "\x00\x00\x00\x17xinlian/identity-tag/v1\x00\x00\x00\x02CN\x00\x00\x00\x1299000000000000000X"
	if string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	renamed := firm
	renamed.Name, renamed.Account = "另一个", "1"
	if again, _ := renamed.TagInput(); !bytes.Equal(again, got) {
		t.Error("name or account changes the tag")
	}
}

// TestStatementHash proves that two verifiers' hashes of one firm cannot be linked.
func TestStatementHash(t *testing.T) {
	t.Parallel()
	r := Registrar{}
	a, err := r.statement(invented(), Verifier{OrgID: 3})
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.statement(invented(), Verifier{OrgID: 3})
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(a.Hash, b.Hash) || bytes.Equal(a.Salt, b.Salt) {
		t.Error("two statements about one firm have the same salt or hash")
	}
	if h, _ := a.Firm.statementHash(3, a.Salt); !bytes.Equal(h, a.Hash) {
		t.Error("the salt does not open the hash")
	}
}
