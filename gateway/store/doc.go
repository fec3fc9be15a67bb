// Package store is the gateway's small database: sessions, single-use nonces,
// transactions that wait for their signature, answers to repeated requests, the
// progress of background work, and personal fields, which are sealed before they
// reach a file. It is SQLite in one file; nothing of it is needed to rebuild what
// the chain or the vault holds.
package store
