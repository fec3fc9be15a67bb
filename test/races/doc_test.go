// Package races_test sends the same receivables to be pledged by two lenders at
// once, through four validators of one real network, and counts the winners.
package races_test
