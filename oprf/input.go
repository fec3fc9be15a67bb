package oprf

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"

	"github.com/xinlian/xinlian/internal/canon"
)

// ErrInput says that something cannot be an invoice or a firm of that country.
var ErrInput = errors.New("oprf: the identity of the thing is not complete")

const inputFieldBytesMax = 64

// IdentityInput is what an enterprise's identity tag is the function of: country,
// two capital letters, and the registration code in the form that its register
// gives it.
func IdentityInput(country, code string) ([]byte, error) {
	country, code, err := pair(country, code)
	if err != nil {
		return nil, err
	}
	return canon.New("identity-tag").String(country).String(code).Encoded()
}

// InvoiceInput is what a receivable's tag is the function of: the seller's country
// and registration code, the invoice's code, which a fully digital invoice does
// not have, and its number. Amounts are not in it: whoever pledges parts of one
// invoice meets at one tag. Spaces, hyphens, letter case and full-width forms do
// not matter.
func InvoiceInput(country, seller, invoiceCode, number string) ([]byte, error) {
	country, seller, err := pair(country, seller)
	if err != nil {
		return nil, err
	}
	code, number := Normalised(invoiceCode), Normalised(number)
	if len(code) > inputFieldBytesMax || number == "" || len(number) > inputFieldBytesMax {
		return nil, fmt.Errorf("%w: an invoice code of %d and a number of %d bytes", ErrInput, len(code), len(number))
	}
	return canon.New("receivable-tag").String(country).String(seller).String(code).String(number).Encoded()
}

// Normalised is the one form of a printed number: narrow, upper case, letters and
// digits only.
func Normalised(s string) string {
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToUpper(r)
		}
		return -1
	}, norm.NFC.String(width.Narrow.String(s))))
}

func pair(country, code string) (string, string, error) {
	code = Normalised(code)
	if len(country) != 2 || Normalised(country) != country {
		return "", "", fmt.Errorf("%w: country %q, want two capital letters", ErrInput, country)
	}
	if code == "" || len(code) > inputFieldBytesMax {
		return "", "", fmt.Errorf("%w: a registration code of %d bytes", ErrInput, len(code))
	}
	return country, code, nil
}
