// Package schedule computes repayment schedules: which instalment of a loan is
// due on which day, how much of it is principal and how much interest, and what
// the loan costs a year. It follows a loan through its life: payments, lateness,
// early repayment, changes of the rate, drawing and repaying again, repayment by
// a share of sales.
//
// All of it is integers and pure functions, so that chain, gateway and command
// line run the same code and get the same fen. Money is in fen, yearly rates are
// in parts per million, days are Dates. The README states every formula, its
// source and where each rounding happens.
package schedule
