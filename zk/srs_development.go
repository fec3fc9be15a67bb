package zk

import (
	"math/big"
	"sync"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr/fft"

	"github.com/xinlian/xinlian/internal/canon"
)

// This file holds the one unsafe setup of the project. Its secret is computed
// below from a public string: it serves tests, the demo and a development chain,
// and a production genesis refuses its key.

// developmentSecret is tau, known to every reader.
var developmentSecret = sync.OnceValue(func() fr.Element {
	elements, err := fr.Hash([]byte("UNSAFE: this secret is public"), []byte(canon.Domain("srs-development")), 1)
	if err != nil {
		panic(err) // constant input
	}
	return elements[0]
})

var developmentKey = sync.OnceValue(func() SRSKey {
	_, _, g1, g2 := bls.Generators()
	tau := developmentSecret()
	k := SRSKey{g1: g1, g2: [2]bls.G2Affine{g2}}
	k.g2[1].ScalarMultiplication(&g2, tau.BigInt(new(big.Int)))
	return k
})

// UnsafeDevelopmentSRS is the development reference string. Anyone can forge
// proofs under it. Powers are computed when a circuit first needs them and kept,
// one string per process.
var UnsafeDevelopmentSRS = sync.OnceValue(func() *SRS {
	return &SRS{key: developmentKey(), source: &unsafePowers{}, lagrange: map[uint64][]bls.G1Affine{}}
})

// unsafePowers computes both bases from the secret, which is many times faster
// than transforming the points.
type unsafePowers struct {
	powers []bls.G1Affine // as many as were asked for so far
}

func (p *unsafePowers) monomial(size uint64) ([]bls.G1Affine, error) {
	if n := int(size) + 3; len(p.powers) < n {
		scalars := make([]fr.Element, n)
		scalars[0].SetOne()
		tau := developmentSecret()
		for i := 1; i < n; i++ {
			scalars[i].Mul(&scalars[i-1], &tau)
		}
		_, _, g1, _ := bls.Generators()
		p.powers = bls.BatchScalarMultiplicationG1(&g1, scalars)
	}
	return p.powers[:size+3], nil
}

// lagrange uses L_i(tau) = (tau^n - 1) / n * w^i / (tau - w^i).
func (p *unsafePowers) lagrange(size uint64) ([]bls.G1Affine, error) {
	generator, err := fft.Generator(size)
	if err != nil {
		return nil, err
	}
	tau, one, n := developmentSecret(), fr.One(), fr.NewElement(size)
	var factor fr.Element
	factor.Exp(tau, new(big.Int).SetUint64(size)).Sub(&factor, &one)
	factor.Div(&factor, &n)
	scalars := make([]fr.Element, size)
	root := one
	for i := range scalars {
		scalars[i].Sub(&tau, &root)
		root.Mul(&root, &generator)
	}
	scalars = fr.BatchInvert(scalars)
	root = one
	for i := range scalars {
		scalars[i].Mul(&scalars[i], &root).Mul(&scalars[i], &factor)
		root.Mul(&root, &generator)
	}
	_, _, g1, _ := bls.Generators()
	return bls.BatchScalarMultiplicationG1(&g1, scalars), nil
}
