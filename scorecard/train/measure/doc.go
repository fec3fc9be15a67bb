// Package measure says how good a score is: how well it orders outcomes (AUC,
// Gini, KS), how true its probabilities are (Brier score, slope and intercept of
// recalibration), how certain those figures are, whether two scores differ, and
// whether a population has moved (PSI).
//
// Everywhere a higher risk is a higher number, and bad is the event. Figures that
// do not exist, such as an AUC where every row is good, are NaN.
package measure
