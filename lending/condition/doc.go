// Package condition is what a contract template may say in rules: expressions in
// CEL, the Common Expression Language, over a fixed environment of integers,
// booleans, strings and lists.
//
// A condition is compiled once from its text: cel-go parses and checks it, every
// node is admitted by a list of what is allowed, and what remains is kept as a
// tree of our own with one canonical encoding. Everything else is made from that
// tree: the program that cel-go evaluates, the words in two languages that the
// borrower reads, the bounds that a reviewer sees. So a condition that is loaded
// from its encoding is the one that was compiled, and no parser runs after that.
//
// Evaluation is total: a division by zero, an overflow or an exhausted cost is
// not an error of the caller but the result Undefined, and a condition that is
// undefined does not hold. There are no floats, no clock and no text of cel-go in
// any result.
package condition
