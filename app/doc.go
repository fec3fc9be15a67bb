// Package app assembles the modules into a chain. It holds no rule of the
// business: it says which modules there are, in which order they run, who may
// send a transaction at all, and how the node is set.
package app
