// Package portal is the pages of the network: the owner's, the officer's and the
// explorer's, served as plain HTML that works on a phone. It signs nothing: a
// page's own script decodes the exact bytes, shows them in words and asks the
// passkey. Everything that a page shows of the ledger is read from the node.
//
//go:generate go tool -modfile=../../tools/go.mod templ generate
package portal
