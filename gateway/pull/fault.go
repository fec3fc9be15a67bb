package pull

import (
	"context"
	"errors"
	"net"
	"os"
	"time"
)

// Reason is the stable code of why a source did not deliver.
type Reason string

// The reasons. The portal has a text for each.
const (
	ReasonTimeout    Reason = "timeout"     // no answer in time
	ReasonConnection Reason = "connection"  // no connection, or one that broke
	ReasonServer     Reason = "server"      // the server says that it failed, or is busy
	ReasonAuth       Reason = "auth"        // the server refuses the credentials
	ReasonAllow      Reason = "allow-list"  // the address is not on the allow list
	ReasonHostKey    Reason = "host-key"    // the server is not the one that is pinned
	ReasonRequest    Reason = "request"     // the server refuses the request
	ReasonLength     Reason = "length"      // the answer is longer or shorter than it says
	ReasonSize       Reason = "size"        // the answer is larger than is taken
	ReasonContent    Reason = "content"     // the answer is not what was agreed
	ReasonRepeat     Reason = "page-repeat" // a page came again
	ReasonDefinition Reason = "definition"  // the source's definition cannot be used
	ReasonProfile    Reason = "profile"     // the records could not be taken into the profile
	ReasonInternal   Reason = "internal"    // this gateway failed
)

// Fault is a failure of a run.
type Fault struct {
	Reason Reason
	Detail string        // in English; never a secret, never a record
	After  time.Duration // the source asks not to be called before
	Err    error
}

// Error is one line in English.
func (f *Fault) Error() string {
	s := string(f.Reason) + ": " + f.Detail
	if f.Err != nil {
		s += ": " + f.Err.Error()
	}
	return s
}

// Unwrap is the cause.
func (f *Fault) Unwrap() error { return f.Err }

func fault(r Reason, detail string, err error) *Fault {
	return &Fault{Reason: r, Detail: detail, Err: err}
}

// event tells what a fault makes of a source.
func (f *Fault) event() event {
	switch f.Reason {
	case ReasonTimeout:
		return stalled
	case ReasonAuth, ReasonAllow, ReasonHostKey, ReasonDefinition, ReasonRequest:
		return refused
	}
	return failed
}

// faultOf is err as a fault: a fault that it wraps, or what kind of failure of
// the connection it is.
func faultOf(err error) *Fault {
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	var n net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &n) && n.Timeout() {
		return fault(ReasonTimeout, "no answer in time", err)
	}
	return fault(ReasonConnection, "the connection failed", err)
}
