// Package train makes integer scorecards from rows of features and outcomes:
// monotone bins, weight of evidence, a regression whose coefficients cannot
// change sign, integer points, bands with calibrated probabilities of default,
// and a report. It runs off chain and uses floating point; what leaves it is an
// integer scorecard.Model that anyone can evaluate to the bit.
//
// Two properties are built in, not learned. Doing better never costs points:
// bins are monotone in the direction that a feature's definition states and
// coefficients are not negative. Hiding never pays: a missing value scores no
// more than the worst bin, or no more than an average firm where the feature
// rests on fields that its source may leave empty.
//
// Models of any other table are made by package workbench below.
//
// The same rows, options and seed give the same bytes. Sums run in a fixed
// order and products are rounded before they are added, so that a compiler
// cannot fuse them differently on another machine.
package train
