// Package woe is the method of the classic scorecard on columns that are cut
// in fine bins: neighbouring bins are joined to the monotone division that
// explains outcomes best, each part gets a weight of evidence, and a logistic
// regression whose coefficients cannot change sign weighs the columns.
package woe
