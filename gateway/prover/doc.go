// Package prover makes score proofs in a process of its own. A proof takes every
// core for a second and cannot be stopped in the middle; in a process it has a
// limit of memory and of time, gives way to the gateway that serves people, and
// ends at once when nobody waits for it any more.
//
// [Process] is the gateway's side: it starts a worker when the first proof is
// asked for, keeps it with its keys warm, and starts another when it ended.
// [Serve] is the worker's side. Between them go frames over the worker's
// standard input and output, one request at a time; the features and the salt
// are in no argument, no environment and no file.
package prover
