package softkey

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/xinlian/xinlian/passkey"
)

// Device is a key in a browser at one origin: what it takes to make assertions.
// The zero values of Bend and Salt are right for everything but tests.
type Device struct {
	Key    *Key
	Origin string // scheme://host[:port], as the browser writes it
	RPID   string // the host or a domain above it
	Flags  byte   // of passkey.Flag…
	Form   passkey.Form
	Salt   io.Reader // source of salts; nil is the system's randomness
	Bend   Bend
}

// Bend changes parts of an assertion, so that a test can show that a verifier
// refuses it. AuthenticatorData and ClientDataJSON are bent before signing (a
// lying device), RS after it (a forger). A nil function changes nothing.
type Bend struct {
	AuthenticatorData func([]byte) []byte
	ClientDataJSON    func([]byte) []byte
	RS                func(*[passkey.RSBytes]byte)
}

// At is the key in a Chromium browser at origin, its user present and verified.
func (k *Key) At(origin, rpID string) Device {
	return Device{
		Key: k, Origin: origin, RPID: rpID,
		Flags: passkey.FlagUserPresent | passkey.FlagUserVerified,
		Form:  passkey.FormCross,
	}
}

// Assert answers a challenge. The salt of the result is zero: it is not the
// authenticator's, and whoever made the challenge fills it in.
func (d Device) Assert(challenge [32]byte) (passkey.Signature, error) {
	rpIDHash := sha256.Sum256([]byte(d.RPID))
	auth := append(rpIDHash[:], d.Flags, 0, 0, 0, 0) // counter 0, as platform passkeys have it
	client := passkey.ClientData(challenge, d.Origin, d.Form)
	if d.Bend.AuthenticatorData != nil {
		auth = d.Bend.AuthenticatorData(auth)
	}
	if d.Bend.ClientDataJSON != nil {
		client = d.Bend.ClientDataJSON(client)
	}
	sum := sha256.Sum256(client)
	signed := append(append(make([]byte, 0, len(auth)+len(sum)), auth...), sum[:]...)
	rs, err := d.Key.sign(sha256.Sum256(signed))
	if err != nil {
		return passkey.Signature{}, err
	}
	if d.Bend.RS != nil {
		d.Bend.RS(&rs)
	}
	return passkey.Signature{AuthenticatorData: auth, ClientDataJSON: client, RS: rs}, nil
}

// Sign does what the signing page does: it draws a salt, makes the challenge for
// msg in a domain, and returns the encoded signature.
func (d Device) Sign(domain passkey.Domain, msg []byte) ([]byte, error) {
	src := d.Salt
	if src == nil {
		src = rand.Reader
	}
	var salt [passkey.SaltBytes]byte
	if _, err := io.ReadFull(src, salt[:]); err != nil {
		return nil, fmt.Errorf("drawing a salt: %w", err)
	}
	s, err := d.Assert(passkey.Challenge(domain, msg, salt))
	if err != nil {
		return nil, err
	}
	s.Salt = salt
	return s.Encode()
}
