// Package identity tells whether two records are of one document, whatever
// source and format they came by: the same invoice from a file and from an
// interface is one record with two sources. It reads records only; who keeps an
// index of identities is package custody, who counts each document once is
// package scoring.
package identity
