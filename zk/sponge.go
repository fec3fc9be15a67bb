package zk

import (
	"crypto/sha256"
	"encoding/binary"
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr/poseidon2"

	"github.com/xinlian/xinlian/internal/canon"
)

// The Poseidon2 instance. Width 3 leaves one lane of 255 bits as capacity, for
// 127 bits of collision resistance.
const (
	spongeWidth         = 3
	spongeRate          = 2
	spongeFullRounds    = 8
	spongePartialRounds = 56
)

// Kinds of hash. Each stands for the domain string `xinlian/<kind>/v1`.
const (
	kindOrigin     = "feature-origin"
	kindCommitment = "feature-commitment"
	kindTerms      = "score-terms"
	kindStatement  = "score-statement"
	kindNullifier  = "score-nullifier"
)

var permutation = poseidon2.NewPermutation(spongeWidth, spongeFullRounds, spongePartialRounds)

// sponge hashes words under a domain. Lanes 0 and 1 absorb, lane 2 starts as
// the capacity; the last block is padded with zero, which is unambiguous because
// the capacity holds the length. Lane 0 after the last permutation is the hash.
func sponge(kind string, words []fr.Element) fr.Element {
	state := [spongeWidth]fr.Element{2: capacityLane(kind, len(words))}
	for i := 0; i == 0 || i < len(words); i += spongeRate {
		for j := i; j < min(i+spongeRate, len(words)); j++ {
			state[j-i].Add(&state[j-i], &words[j])
		}
		if err := permutation.Permutation(state[:]); err != nil {
			panic(err) // the width is a constant
		}
	}
	return state[0]
}

// capacityLane is length + 2^64 * tag, where the tag is the first 128 bits of
// the SHA-256 of the domain string. It is below 2^192, so never reduced.
func capacityLane(kind string, length int) fr.Element {
	tag := sha256.Sum256([]byte(canon.Domain(kind)))
	var lane [24]byte
	copy(lane[:16], tag[:16])
	binary.BigEndian.PutUint64(lane[16:], uint64(length))
	var e fr.Element
	e.SetBytes(lane[:])
	return e
}

// limbs splits 32 bytes into two numbers below 2^128, high half first: a field
// element holds 254 bits and would fold two different hashes into one.
func limbs(b [32]byte) (e [2]fr.Element) {
	e[0].SetBytes(b[:16])
	e[1].SetBytes(b[16:])
	return e
}

func word(v uint64) fr.Element { return fr.NewElement(v) }

// power is 2^n for n below 255.
func power(n uint) (e fr.Element) { return *e.SetBigInt(new(big.Int).Lsh(big.NewInt(1), n)) }
