// Package ceremony holds the members' setup of the reference string: each
// organisation multiplies a secret of its own into the string and forgets it, and
// as long as one of them did, nobody knows the product. The mathematics is
// gnark-crypto's KZG setup (Groth, Kohlweiss, Maller, Meiklejohn, Miers 2018, as
// in "Snarky Ceremonies", Kohlweiss et al. 2021); this package is the transcript
// around it: who contributes, in which order, signed by whom, closed by which
// public value.
//
// A transcript is a folder that the organisations hand on:
//
//	header               name, powers, beacon, organisations and their keys
//	NNN.contribution     gnark's bytes after contribution NNN, from 001
//	NNN.record           who made it, after which record, its hash; signed
//	beacon               the value of the beacon, once it is known
//	srs                  the reference string
//	seal                 what the organisations sign in the end
//
// Every file's length is known from the header and checked before it is read. A
// reader holds two contributions in memory, some hundred megabytes at full size.
package ceremony
