package passkey

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math/big"
)

// Flags of authenticator data.
const (
	FlagUserPresent    = 1 << 0
	FlagUserVerified   = 1 << 2
	FlagBackupEligible = 1 << 3
	FlagBackupState    = 1 << 4
)

// Offsets in authenticator data.
const (
	flagsAt   = 32
	counterAt = 33
)

// orderHalf is floor(n/2) of P-256, big-endian: the largest s accepted. Without
// the bound anybody could turn a valid signature into a second one.
const orderHalf = "\x7f\xff\xff\xff\x80\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff" +
	"\xde\x73\x7d\x56\xd3\x8b\xcf\x42\x79\xdc\xe5\x61\x7e\x31\x92\xa8"

// Assertion is what a signature says about its making. Only the result of Verify
// is proven; that of Inspect is a claim.
type Assertion struct {
	Origin         string   // of the page that asked, for Policy
	RPIDHash       [32]byte // SHA-256 of the credential's rpId, for Policy
	Form           Form
	UserPresent    bool
	UserVerified   bool
	BackupEligible bool   // the credential may be synced between devices
	BackupState    bool   // and is
	Counter        uint32 // 0 on most platforms; the chain ignores it
}

// Inspect checks the form and the flags of an encoded signature, which needs
// neither the signed bytes nor the key, and returns what it claims. An ante
// decorator asks it before signatures are verified; when Verify accepts the same
// bytes, it returns the same Assertion.
func Inspect(sig []byte) (Assertion, error) {
	s, err := DecodeSignature(sig)
	if err != nil {
		return Assertion{}, err
	}
	c, err := scanClientData(s.ClientDataJSON)
	if err != nil {
		return Assertion{}, err
	}
	return s.assertion(c)
}

// Verify returns the assertion that sig proves: the holder of key, present and
// verified, agreed to msg in domain d. The rules are checked in the order of the
// error codes in errors.go, one error for each. Origin and rpIdHash are reported
// and not judged. It panics only on a domain that is not one of the constants.
func Verify(key *PubKey, d Domain, msg, sig []byte) (Assertion, error) {
	if n := len(key.Bytes()); n != KeyBytes {
		return Assertion{}, ErrKey.Wrapf("got %d bytes, want %d", n, KeyBytes)
	}
	s, err := DecodeSignature(sig)
	if err != nil {
		return Assertion{}, err
	}
	c, err := scanClientData(s.ClientDataJSON)
	// The challenge stands before origin and ending, so it is judged first.
	if c.challenge != nil && !bytes.Equal(c.challenge, challengeText(d, msg, s.Salt)) {
		return Assertion{}, ErrChallenge
	}
	if err != nil {
		return Assertion{}, err
	}
	a, err := s.assertion(c)
	if err != nil {
		return Assertion{}, err
	}
	if err := verifyECDSA(key, s.digest(), s.RS); err != nil {
		return Assertion{}, err
	}
	return a, nil
}

// challengeText is the challenge as clientDataJSON carries it.
func challengeText(d Domain, msg []byte, salt [SaltBytes]byte) []byte {
	c := Challenge(d, msg, salt)
	return base64.RawURLEncoding.AppendEncode(nil, c[:])
}

// assertion reads authenticator data and checks its flags.
func (s Signature) assertion(c clientData) (Assertion, error) {
	flags := s.AuthenticatorData[flagsAt]
	a := Assertion{
		Origin:         string(c.origin),
		RPIDHash:       [32]byte(s.AuthenticatorData[:flagsAt]),
		Form:           c.form,
		UserPresent:    flags&FlagUserPresent != 0,
		UserVerified:   flags&FlagUserVerified != 0,
		BackupEligible: flags&FlagBackupEligible != 0,
		BackupState:    flags&FlagBackupState != 0,
		Counter:        binary.BigEndian.Uint32(s.AuthenticatorData[counterAt:]),
	}
	switch {
	case !a.UserPresent:
		return Assertion{}, ErrUserPresent
	case !a.UserVerified:
		return Assertion{}, ErrUserVerified
	}
	return a, nil
}

// digest is what the authenticator's ECDSA signature is over.
func (s Signature) digest() [32]byte {
	client := sha256.Sum256(s.ClientDataJSON)
	h := sha256.New()
	h.Write(s.AuthenticatorData)
	h.Write(client[:])
	return [32]byte(h.Sum(nil))
}

// verifyECDSA returns ErrHighS, ErrKey or ErrSignature. It takes r and s as raw
// numbers, so that no encoding of a signature is ever parsed.
func verifyECDSA(key *PubKey, digest [32]byte, rs [RSBytes]byte) error {
	if string(rs[RSBytes/2:]) > orderHalf {
		return ErrHighS
	}
	pub, err := key.point()
	if err != nil {
		return err
	}
	r, s := new(big.Int).SetBytes(rs[:RSBytes/2]), new(big.Int).SetBytes(rs[RSBytes/2:])
	if !ecdsa.Verify(pub, digest[:], r, s) {
		return ErrSignature
	}
	return nil
}
