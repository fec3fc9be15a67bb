package bank

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/xinlian/xinlian/internal/canon"
)

// SaltBytes is the size of the salt behind an account's hash.
const SaltBytes = 32

// Bounds of an account's parts, those of pain.001.
const (
	nameRunesMax   = 140 // Max140Text
	numberBytesMax = 34  // Max34Text
	bankCodeBytes  = 12  // a bank's number in CNAPS, 联行号
)

// ErrAccount says that an account's text or its hash is not right.
var ErrAccount = errors.New("bank: account")

// Account is where money is paid to. It is personal: it is kept sealed and never
// logged; its verbs print nothing.
type Account struct {
	BankCode string // 12 digits
	Number   string // letters and digits
	Name     string // of the holder
}

// Format hides the account from every verb.
func (Account) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("bank.Account(hidden)")) }

// ParseAccount reads `BANK-CODE NUMBER NAME`, single spaces between; the name may hold
// more. The order is that of the portal's form, so that both hash the same text.
func ParseAccount(text string) (Account, error) {
	code, rest, _ := strings.Cut(text, " ")
	number, name, _ := strings.Cut(rest, " ")
	a := Account{BankCode: code, Number: number, Name: name}
	switch {
	case len(code) != bankCodeBytes || !all(code, isDigit):
		return a, fmt.Errorf("%w: want BANK-CODE NUMBER NAME, the bank code (联行号) of %d digits", ErrAccount, bankCodeBytes)
	case number == "" || len(number) > numberBytesMax || !all(number, isAlphanumeric):
		return a, fmt.Errorf("%w: the number (账号) has 1 to %d letters and digits", ErrAccount, numberBytesMax)
	case name == "" || name != strings.TrimSpace(name) || !utf8.ValidString(name) || utf8.RuneCountInString(name) > nameRunesMax:
		return a, fmt.Errorf("%w: the name (户名) has 1 to %d characters", ErrAccount, nameRunesMax)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return a, fmt.Errorf("%w: the name (户名) holds a character that is not printed", ErrAccount)
	}
	return a, nil
}

// AccountHash is what MsgRedeem carries: the salted hash of an account's text, in the
// form of every salted text of the portal.
func AccountHash(salt []byte, text string) ([32]byte, error) {
	if len(salt) != SaltBytes {
		return [32]byte{}, fmt.Errorf("%w: the salt has %d bytes, want %d", ErrAccount, len(salt), SaltBytes)
	}
	return canon.New("salted-text").Fixed(salt).String(text).Sum()
}

// endToEndPrefix begins the id under which a redemption is paid.
const endToEndPrefix = "XLR"

// EndToEndID names a redemption in payment orders and bookings.
func EndToEndID(redemption uint64) string { return fmt.Sprintf("%s%d", endToEndPrefix, redemption) }

// redemptionOf reads an id that EndToEndID made.
func redemptionOf(id string) (uint64, bool) { return numberAfter(id, endToEndPrefix) }

// referenceBody begins the body of a creditor reference: the network, then the organisation.
const referenceBody = "XL"

// CreditorReference is the structured reference (ISO 11649) under which money that
// comes in is issued to an organisation. Its check digits find a mistyped one.
func CreditorReference(org uint64) string {
	body := fmt.Sprintf("%s%d", referenceBody, org)
	return fmt.Sprintf("RF%02d%s", 98-mod97(body+"RF00"), body)
}

// orgOf reads a creditor reference, which people write in groups of four.
func orgOf(reference string) (uint64, bool) {
	s := strings.ToUpper(strings.ReplaceAll(reference, " ", ""))
	if len(s) < 5 || len(s) > 25 || !strings.HasPrefix(s, "RF") || !all(s, isAlphanumeric) || mod97(s[4:]+s[:4]) != 1 {
		return 0, false
	}
	return numberAfter(s[4:], referenceBody)
}

// numberAfter reads the decimal after a prefix, in the one form that we write.
func numberAfter(s, prefix string) (uint64, bool) {
	digits, ok := strings.CutPrefix(s, prefix)
	if !ok || digits == "" || len(digits) > 19 || digits[0] == '0' || !all(digits, isDigit) {
		return 0, false
	}
	n := uint64(0)
	for i := range len(digits) {
		n = n*10 + uint64(digits[i]-'0')
	}
	return n, true
}

// mod97 is the remainder of ISO 7064 with letters as numbers from 10; s is letters and digits.
func mod97(s string) int {
	rest := 0
	for i := range len(s) {
		if isDigit(s[i]) {
			rest = (rest*10 + int(s[i]-'0')) % 97
		} else {
			rest = (rest*100 + int(s[i]-'A') + 10) % 97
		}
	}
	return rest
}

func all(s string, is func(byte) bool) bool {
	for i := range len(s) {
		if !is(s[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isAlphanumeric(c byte) bool { return isDigit(c) || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' }
