package passkey

import (
	"crypto/sha256"
	"slices"
	"strings"
)

// Bounds of a Policy.
const (
	PolicyOriginsMax = 16
	PolicyRPIDsMax   = 8
	RPIDBytesMax     = 253
)

// Policy is what a network decides about passkeys. On chain it is a parameter,
// so that the members can add an origin without changing an address, or switch
// the key type off at once.
type Policy struct {
	Enabled bool
	Origins []string // exact: scheme, host and port, as the browser writes them
	RPIDs   []string // host names, no scheme and no port
}

// Check judges an assertion: ErrDisabled, ErrOrigin or ErrRPID. The assertion
// must come from Verify, or be verified before anything it allows takes effect.
func (p Policy) Check(a Assertion) error {
	if !p.Enabled {
		return ErrDisabled
	}
	if !slices.Contains(p.Origins, a.Origin) {
		return ErrOrigin.Wrapf("got %q", a.Origin)
	}
	for _, id := range p.RPIDs {
		if sha256.Sum256([]byte(id)) == a.RPIDHash {
			return nil
		}
	}
	return ErrRPID
}

// Validate returns ErrPolicy unless every entry is within bounds, listed once
// and can occur: origins in the alphabet of the verifier with scheme and host,
// rpIds equal to the host of an origin or to a domain above it. An enabled
// policy needs at least one of each.
func (p Policy) Validate() error {
	switch no, nr := len(p.Origins), len(p.RPIDs); {
	case no > PolicyOriginsMax:
		return ErrPolicy.Wrapf("%d origins, at most %d", no, PolicyOriginsMax)
	case nr > PolicyRPIDsMax:
		return ErrPolicy.Wrapf("%d rpIds, at most %d", nr, PolicyRPIDsMax)
	case p.Enabled && (no == 0 || nr == 0):
		return ErrPolicy.Wrap("enabled without an origin and an rpId")
	}
	for i, o := range p.Origins {
		if !validOrigin(o) {
			return ErrPolicy.Wrapf("origin %d is not scheme://host[:port]", i)
		}
		if slices.Contains(p.Origins[:i], o) {
			return ErrPolicy.Wrapf("origin %d is listed twice", i)
		}
	}
	for i, id := range p.RPIDs {
		if id == "" || len(id) > RPIDBytesMax || !slices.ContainsFunc(p.Origins, func(o string) bool { return covers(id, o) }) {
			return ErrPolicy.Wrapf("rpId %d is no domain of an allowed origin", i)
		}
		if slices.Contains(p.RPIDs[:i], id) {
			return ErrPolicy.Wrapf("rpId %d is listed twice", i)
		}
	}
	return nil
}

// validOrigin accepts https with any host, and http with localhost only: these
// are the origins at which a browser offers passkeys.
func validOrigin(o string) bool {
	if len(o) > OriginBytesMax {
		return false
	}
	for i := range len(o) {
		if !originByte(o[i]) || 'A' <= o[i] && o[i] <= 'Z' {
			return false
		}
	}
	scheme, rest, ok := strings.Cut(o, "://")
	if !ok || strings.ContainsAny(rest, "/?#@") {
		return false
	}
	h := host(o)
	return h != "" && (scheme == "https" || scheme == "http" && h == "localhost")
}

// host is the host of a valid origin.
func host(origin string) string {
	_, rest, _ := strings.Cut(origin, "://")
	h, _, _ := strings.Cut(rest, ":")
	return h
}

// covers reports whether a page at origin may use credentials of rpId. A single
// label is no domain that anybody owns, unless it is the host itself.
func covers(rpID, origin string) bool {
	h := host(origin)
	return h == rpID || strings.Contains(rpID, ".") && strings.HasSuffix(h, "."+rpID)
}
