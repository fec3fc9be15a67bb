// Package server puts a gateway together: the client of the node, the vaults and
// desks of the organisations that are hosted here, the background work, and the
// portal. It holds no rule of its own.
package server
