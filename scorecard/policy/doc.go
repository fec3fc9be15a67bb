// Package policy is a lender's what-if over a set of firms: which limit and which
// rate for each make the greatest expected profit, when the money and the expected
// loss are bounded and a rate drives some firms away. It is no rule of the chain:
// the chain prices by package terms. It is here so that a lender sees what its
// product's numbers would earn before it offers them.
//
// Each firm takes one cell of a grid of limits and rates, or none: a multiple-choice
// knapsack with two bounds. It is solved by Lagrangian relaxation, which gives a
// bound that no choice can pass, and by filling what is left greedily; the gap
// between the two is stated with each answer. Integers only, the same answer
// everywhere.
package policy
