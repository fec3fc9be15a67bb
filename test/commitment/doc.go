// Package commitment attacks what the chain shows of a firm. It takes the state and
// the blocks of a real chain and tries to find, by trying all candidates, what is
// behind a tag, a source's name and a root. With key and salt the same search
// finds it, so that the search is known to be able to.
package commitment
