// Package scale measures the chain with a large book of loans: transactions of
// the life of a loan, servicing of instalments that fall due together, and what
// users notice of it, beside the SDK's own MsgSend and PostgreSQL on the same
// machine.
package scale
