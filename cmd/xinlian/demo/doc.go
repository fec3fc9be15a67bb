// Package demo plays the whole line on one machine: it founds a consortium,
// starts a chain and a gateway, and takes three invented firms from their files
// to a decision, one of them to money, repayment and a proof that anyone checks
// offline. It uses the same services as the portal's pages and the same messages
// as any outside client; nothing in it is a stand-in for the ledger or the proof.
//
// Every step looks at the chain before it acts, so that a demonstration that was
// killed continues where it was when it is started again on the same home.
package demo
