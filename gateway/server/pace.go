package server

import (
	"errors"
	"net"
	"net/http"
	"sync"

	"golang.org/x/time/rate"
)

// Reads over the network that one device may ask for: some at once, then so many
// a second. A read costs the vault a receipt on disk and the chain a share of an
// anchor, also when it is refused.
const (
	readsPerSecond = 5
	readsAtOnce    = 20
	pacedMax       = 10_000 // devices remembered; beyond it all begin anew
)

var errPace = errors.New("server: too many reads of one device")

// pace holds devices to their rate. A device's name in a request is not proven
// yet, so that the caller's address is part of the key: nobody can use up
// another's rate from elsewhere.
type pace struct {
	mu      sync.Mutex
	devices map[string]*rate.Limiter
}

func newPace() *pace { return &pace{devices: map[string]*rate.Limiter{}} }

func (p *pace) allow(r *http.Request, device string) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	key := host + " " + device
	p.mu.Lock()
	l := p.devices[key]
	if l == nil {
		if len(p.devices) >= pacedMax {
			clear(p.devices)
		}
		l = rate.NewLimiter(readsPerSecond, readsAtOnce)
		p.devices[key] = l
	}
	p.mu.Unlock()
	return l.Allow()
}
