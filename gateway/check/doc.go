// Package check looks across all records of one enterprise for what does not
// fit together, before a verifier attests to them: sales without receipts,
// money that comes and goes on one day, trade that runs in a circle, balances
// that do not add up.
//
// A finding states a fact with its evidence; it does not accuse. Blocking means
// that a verifier must not attest before a person has looked and written down
// why. The checks use integers only, know no clock, and give the same findings
// for the same records in whatever order they come.
//
// They cannot find a fraud that is consistent in every source, such as a shell
// company that really pays by bank with days between. Other records, and other
// institutions, are needed for that.
package check
