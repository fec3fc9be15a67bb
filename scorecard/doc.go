// Package scorecard turns standard records into integer features and features
// into a score: feature extraction, the integer scorecard and its evaluation,
// the reasons behind a score, and the training of a scorecard from sample books.
//
// Extraction and evaluation use integers only and give the same numbers on
// every platform: attestors, lenders and the circuit of package zk recompute
// them. Training uses floating point, runs off chain, and ends in an integer
// Model that members vote on.
package scorecard
