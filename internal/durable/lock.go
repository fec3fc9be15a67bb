package durable

import "errors"

// ErrLocked says that another process, or another part of this one, has the lock.
var ErrLocked = errors.New("durable: locked elsewhere")
