// Package scoring turns opened records into a proven score on chain: it derives
// the integer features, commits to them, has attestors derive them again, proves
// that the published scorecard gives this score and capacity, and submits. It
// types in no number: the chain rebuilds the statement from its own state.
package scoring
