// Package boost fits log odds of default to binned columns by gradient
// boosting, in two shapes. Additive is a sum of one table per column and of a
// few tables over pairs of columns: whoever reads the tables has read the whole
// model. Trees is a sum of decision trees, which no reader can follow; it is the
// challenger that shows what the tables cost.
//
// Additive follows Lou, Caruana, Gehrke and Hooker, "Accurate intelligible models
// with pairwise interactions" (KDD 2013): columns take turns with a small step
// each, so that none explains away another, pairs are ranked on what the single
// tables leave, and several fits to random parts of the rows are averaged.
//
// The same data, options and seed give the same bits on one architecture,
// whatever the number of processors: fits run side by side, but each has random
// numbers of its own and they are added in a fixed order.
package boost
