// Package template is a contract template as rules: its lists of conditions
// compiled, put into words, tested by its own cases, examined and compared.
//
// The chain and an author's desk use the same code, so what lint, test and
// simulate say before a template is submitted is what the chain does with it.
package template
