package registry

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/oprf"
)

// Bounds of a firm's fields.
const (
	NameBytesMax     = 200
	AccountDigitsMin = 8
	AccountDigitsMax = 30
	taxNumberChars   = 18
)

// The faults of a firm's fields; the portal has a text for each.
var (
	ErrName      = errors.New("registry: the firm's name is empty or too long")
	ErrTaxNumber = errors.New("registry: the tax number is not a unified social credit code")
	ErrAccount   = errors.New("registry: the account is not a bank account's number")
)

// country is where tax numbers of this version come from.
const country = "CN"

// Firm is an enterprise's legal identity, as its owner enters it. It never goes
// on chain and is kept sealed.
type Firm struct {
	Name      string
	TaxNumber string // unified social credit code, 18 characters
	Account   string // bank account, digits
}

// Normalised is the firm in the one form that tags and comparisons use, or the
// fault of the first field that has none.
func (f Firm) Normalised() (Firm, error) {
	f.Name = norm.NFC.String(strings.Join(strings.Fields(f.Name), " "))
	code, err := CreditCode(f.TaxNumber)
	f.TaxNumber = code
	f.Account = strings.Join(strings.Fields(f.Account), "")
	switch {
	case f.Name == "" || len(f.Name) > NameBytesMax || !utf8.ValidString(f.Name):
		return Firm{}, ErrName
	case err != nil:
		return Firm{}, err
	case len(f.Account) < AccountDigitsMin || len(f.Account) > AccountDigitsMax || strings.Trim(f.Account, "0123456789") != "":
		return Firm{}, ErrAccount
	}
	return f, nil
}

// CreditCode is a unified social credit code in its one form, or ErrTaxNumber.
func CreditCode(s string) (string, error) {
	s = strings.ToUpper(strings.Join(strings.Fields(s), ""))
	if !creditCode(s) {
		return "", ErrTaxNumber
	}
	return s, nil
}

// creditCode checks form and check character of GB 32100-2015.
func creditCode(s string) bool {
	const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	weights := [taxNumberChars - 1]int{1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28}
	if len(s) != taxNumberChars {
		return false
	}
	sum := 0
	for i, w := range weights {
		v := strings.IndexByte(alphabet, s[i])
		if v < 0 {
			return false
		}
		sum += v * w
	}
	return s[taxNumberChars-1] == alphabet[(31-sum%31)%31]
}

// TagInput is what a normalised firm's identity tag is the function of: country
// and tax number. The function is the members' (package oprf): without a threshold
// of them a tax number cannot be looked up by trying them all.
func (f Firm) TagInput() ([]byte, error) {
	b, err := oprf.IdentityInput(country, f.TaxNumber)
	if err != nil {
		return nil, fmt.Errorf("making the identity tag: %w", err)
	}
	return b, nil
}

// statementHash commits to a verifier's file on the firm under a salt of its own.
func (f Firm) statementHash(verifier uint64, salt []byte) ([]byte, error) {
	h, err := canon.New("kyb-statement").Uint64(verifier).Fixed(salt).String(f.Name).String(f.TaxNumber).String(f.Account).Sum()
	if err != nil {
		return nil, fmt.Errorf("hashing a statement: %w", err)
	}
	return h[:], nil
}
