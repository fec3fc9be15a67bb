// Package world founds a small network for end-to-end tests: one node, seven
// organisations, an adopted scorecard, contract and product, and a gateway that
// hosts them all. Everything in it is real; only the keys are software.
package world
