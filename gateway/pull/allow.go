package pull

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// AllowList is where a gateway may call.
type AllowList struct{ entries []allowed }

// allowed is one entry: a name or address and a port.
type allowed struct {
	host    string
	port    string
	plain   bool // without TLS
	private bool // its name may lead to an address that is not public
}

// ParseAllowList reads entries of the form HOST:PORT, followed by the word plain
// where TLS is not required, and private where the name may lead to a loopback,
// link-local or private address. An address written out as one is private by
// itself. Names are compared in lower case; there are no wildcards.
func ParseAllowList(entries []string) (AllowList, error) {
	var list AllowList
	for _, text := range entries {
		words := strings.Fields(text)
		if len(words) == 0 {
			return AllowList{}, fmt.Errorf("configuration: pull.allow: an entry is empty, want HOST:PORT [plain] [private]")
		}
		host, port, err := net.SplitHostPort(words[0])
		if n, e := strconv.ParseUint(port, 10, 16); err != nil || e != nil || n == 0 || host == "" || strings.ContainsAny(host, "*/@ ") {
			return AllowList{}, fmt.Errorf("configuration: pull.allow: got %q, want HOST:PORT [plain] [private], such as api.example:443", text)
		}
		e := allowed{host: canonicalHost(host), port: port}
		if _, err := netip.ParseAddr(e.host); err == nil {
			e.private = true
		}
		for _, w := range words[1:] {
			switch w {
			case "plain":
				e.plain = true
			case "private":
				e.private = true
			default:
				return AllowList{}, fmt.Errorf("configuration: pull.allow: got %q in %q, want plain or private", w, text)
			}
		}
		list.entries = append(list.entries, e)
	}
	return list, nil
}

// over is a definition's fingerprint under this list: what was denied is tried
// again under another.
func (l AllowList) over(fingerprint [32]byte) [32]byte {
	return sha256.Sum256(fmt.Appendf(fingerprint[:], "%v", l.entries))
}

func canonicalHost(h string) string { return strings.ToLower(strings.TrimSuffix(h, ".")) }

// find is the entry of an address HOST:PORT.
func (l AllowList) find(address string) (allowed, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return allowed{}, fault(ReasonAllow, "not an address: "+address, nil)
	}
	host = canonicalHost(host)
	i := slices.IndexFunc(l.entries, func(e allowed) bool { return e.host == host && e.port == port })
	if i < 0 {
		return allowed{}, fault(ReasonAllow, fmt.Sprintf("%s is not on the allow list: add it to pull.allow if it may be called", net.JoinHostPort(host, port)), nil)
	}
	return l.entries[i], nil
}

// dialTimeout bounds one connection.
const dialTimeout = 10 * time.Second

// dial connects to an address of the list. The address that a name leads to is
// looked at in the moment of connecting: a name that changes between two looks
// gains nothing.
func (l AllowList) dial(ctx context.Context, network, address string) (net.Conn, error) {
	e, err := l.find(address)
	if err != nil {
		return nil, err
	}
	d := net.Dialer{Timeout: dialTimeout, ControlContext: func(_ context.Context, _, resolved string, _ syscall.RawConn) error {
		a, err := netip.ParseAddrPort(resolved)
		if err != nil {
			return fault(ReasonAllow, "not an address: "+resolved, nil)
		}
		if !e.private && !public(a.Addr()) {
			return fault(ReasonAllow, fmt.Sprintf("%s leads to %s, which is not a public address: mark the entry private if that is meant", e.host, a.Addr()), nil)
		}
		return nil
	}}
	return d.DialContext(ctx, network, address)
}

// reserved are the networks beyond netip's own predicates that no public server
// is in: shared, benchmark, documentation and translated addresses.
var reserved = func() []netip.Prefix {
	var list []netip.Prefix
	for _, s := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10",
	} {
		list = append(list, netip.MustParsePrefix(s))
	}
	return list
}()

// public tells whether an address is of the open internet.
func public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return false
	}
	return !slices.ContainsFunc(reserved, func(p netip.Prefix) bool { return p.Contains(a) })
}
