package passkey

import (
	"bytes"
	"encoding/base64"
)

// OriginBytesMax bounds an origin: scheme, a host name of 253 bytes and a port.
const OriginBytesMax = 300

// The fixed pieces of clientDataJSON, in the order in which the WebAuthn
// serialisation algorithm writes them.
const (
	clientType      = `{"type":"webauthn.get","challenge":"`
	clientOrigin    = `","origin":"`
	clientCross     = `","crossOrigin":false`
	challengeChars  = 43 // 32 bytes in base64url without padding
	clientOriginEnd = '"'
)

// extraMember is what Chromium sometimes adds, so that nobody parses by template.
const extraMember = `"other_keys_can_be_added_here":"do not compare clientDataJSON against a template. ` +
	`See https://goo.gl/yabPex"`

// Form is one of the three legal ways for clientDataJSON to end.
type Form uint8

// The legal forms.
const (
	FormShort Form = 1 // `"}`: Safari leaves crossOrigin out
	FormCross Form = 2 // `","crossOrigin":false}`
	FormExtra Form = 3 // `","crossOrigin":false,` … `}`: Chromium adds a member
)

// ClientData is the clientDataJSON that a browser makes for challenge at origin,
// in the given form. Software authenticators and tests use it; a browser makes
// its own.
func ClientData(challenge [32]byte, origin string, f Form) []byte {
	b := make([]byte, 0, 256)
	b = append(b, clientType...)
	b = base64.RawURLEncoding.AppendEncode(b, challenge[:])
	b = append(b, clientOrigin...)
	b = append(b, origin...)
	switch f {
	case FormCross:
		b = append(b, clientCross...)
	case FormExtra:
		b = append(b, clientCross...)
		b = append(b, ',')
		b = append(b, extraMember...)
	default:
		b = append(b, clientOriginEnd)
	}
	return append(b, '}')
}

// clientData is what a scan of clientDataJSON found.
type clientData struct {
	challenge []byte // base64url, challengeChars bytes, not judged
	origin    []byte
	form      Form
}

// scanClientData walks clientDataJSON from left to right and compares bytes. It
// is no JSON parser: it knows the one serialisation that browsers must use and
// refuses everything else. The origin cannot hide a quote or a backslash, so
// the first quote after it is its end.
func scanClientData(b []byte) (clientData, error) {
	var c clientData
	rest, ok := bytes.CutPrefix(b, []byte(clientType))
	if !ok {
		return c, ErrType
	}
	if len(rest) < challengeChars {
		return c, ErrChallenge.Wrap("client data ends inside the challenge")
	}
	c.challenge, rest = rest[:challengeChars], rest[challengeChars:]
	rest, ok = bytes.CutPrefix(rest, []byte(clientOrigin))
	if !ok {
		return c, ErrOriginText.Wrap("does not follow the challenge")
	}
	n, err := originLength(rest)
	if err != nil {
		return c, err
	}
	c.origin, rest = rest[:n], rest[n:]
	c.form, err = ending(rest)
	return c, err
}

// originLength is the number of bytes before the quote that closes the origin.
func originLength(b []byte) (int, error) {
	for i, v := range b {
		switch {
		case v == clientOriginEnd && i > 0:
			return i, nil
		case !originByte(v):
			return 0, ErrOriginText.Wrapf("illegal byte at %d", i)
		case i == OriginBytesMax:
			return 0, ErrOriginText.Wrapf("longer than %d bytes", OriginBytesMax)
		}
	}
	return 0, ErrOriginText.Wrap("client data ends inside it")
}

// originByte reports whether v may stand in an origin: visible ASCII but quote
// and backslash, so that no escape can make two readings of one text.
func originByte(v byte) bool { return v > ' ' && v < 0x7f && v != '"' && v != '\\' }

// ending tells the three legal forms apart; b starts at the quote that closes
// the origin.
func ending(b []byte) (Form, error) {
	if string(b) == `"}` {
		return FormShort, nil
	}
	rest, ok := bytes.CutPrefix(b, []byte(clientCross))
	switch {
	case !ok || len(rest) == 0:
	case string(rest) == `}`:
		return FormCross, nil
	case rest[0] == ',' && rest[len(rest)-1] == '}':
		return FormExtra, nil
	}
	return 0, ErrEnding
}
