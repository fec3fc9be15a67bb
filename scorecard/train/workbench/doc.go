// Package workbench trains, stores, applies and measures models of default on
// any table.
//
// A model is one of three kinds. A scorecard and an additive model are integer
// tables over single columns, the additive one also over a few pairs of columns:
// what is scored, stored and measured is the integers, so the model a reader sees
// is the model that decides, and it can be evaluated and proven on chain. Boosted
// trees are a challenger that never leaves the chair: they show what the tables
// cost.
//
// The protocol is part of the product. Columns that know the outcome are left out
// unless they are asked for by name; equal rows are removed before rows are
// divided; each step, from the choice of columns to the rounding of points, is
// repeated inside each fold; figures come with intervals; the same table,
// options and seed give the same bytes.
package workbench
