// Package zk proves and verifies that a registered integer scorecard, applied
// to a committed feature set, gives a stated score and capacity, without
// showing the features.
//
// The proof system is PLONK over BLS12-381 (gnark) with one universal
// structured reference string. A circuit is compiled for one scorecard: its
// tables and its hash are constants of the circuit, so a verifying key stands
// for exactly one model. The circuit has one public input, the hash of the
// canonical [Statement], and recomputes it from the same wires as the feature
// commitment; nothing outside that hash has to be trusted to be bound.
//
// The package has two halves. The consensus half is [Statement.Hash],
// [DecodeVerifyingKey] and [Verifier.Verify]: integers and field elements only,
// no floats, no clock, no map iteration, no goroutine of ours, no decoder of
// gnark on outside bytes, and a bound on every length before anything is
// decoded. The proving half, [Compile], [Keys] and [Prover], runs off chain and
// sees the features in the clear.
//
// It refuses: a verifying key that carries pairing material of its own (the key
// on the wire has no place for it; see [Rebuild]), points at infinity or
// outside the subgroup, field elements at or above the modulus, bytes after the
// last field, and a witness that does not satisfy its own statement.
//
// gnark's verifier draws one random number to fold its two openings into one
// pairing check. A valid proof is accepted for every draw; an invalid one is
// accepted with probability below 2^-250, which is the only way in which two
// nodes could disagree.
package zk

import "github.com/consensys/gnark/logger"

// gnark prints a line to standard output for every circuit and proof. A node
// writes its own log, and a prover must not print about its witness at all.
func init() { logger.Disable() }
