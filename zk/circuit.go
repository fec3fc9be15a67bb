package zk

import (
	"math/big"
	"math/bits"

	"github.com/consensys/gnark/frontend"

	"github.com/xinlian/xinlian/scorecard"
)

const (
	featureBits = 48 // an encoded feature is below 2^48; 0 is missing
	signBit     = featureBits - 1
	// The smaller of a quotient and CapacityMax is read off the quotient's
	// bits, which needs CapacityMax to be a power of two.
	capacityBits = 46
)

var _ [0]struct{} = [scorecard.CapacityMax - 1<<capacityBits]struct{}{}

// circuit is the scorecard as constraints. Model, tables and feature-set version
// are constants; the only public wire is the statement hash.
//
// The witness names the bin of each feature and the quotient and remainder of
// the capacity instead of leaving them to hints, so that a test can bend each
// of them alone.
type circuit struct {
	Statement frontend.Variable `gnark:",public"`

	Chain, Digest, Consent                           [2]frontend.Variable
	Enterprise, AsOfDay, Salt                        frontend.Variable
	Purpose, Lender, IssueHeight, ExpiryHeight, Null frontend.Variable

	Features            []frontend.Variable
	Bins                [][]frontend.Variable // by table: missing, then bins in order
	Quotient, Remainder frontend.Variable

	model   *scorecard.Model `gnark:"-"`
	modelID [2]*big.Int      `gnark:"-"`
}

// newCircuit is the circuit with the wires of a valid model, unassigned.
func newCircuit(model *scorecard.Model, modelHash [32]byte) *circuit {
	c := &circuit{
		Features: make([]frontend.Variable, model.Features),
		Bins:     make([][]frontend.Variable, len(model.Tables)),
		model:    model,
	}
	for i, e := range limbs(modelHash) {
		c.modelID[i] = e.BigInt(new(big.Int))
	}
	for i := range model.Tables {
		c.Bins[i] = make([]frontend.Variable, len(model.Tables[i].Points)+1)
	}
	return c
}

// Define is called by gnark to lay out the constraints.
func (c *circuit) Define(api frontend.API) error {
	hash := newSpongeGadget(api)
	commitment := hash.sum(kindCommitment, append([]frontend.Variable{
		c.model.FeatureSet, c.Salt, c.Enterprise, c.AsOfDay, c.Digest[0], c.Digest[1],
	}, c.Features...))
	c.checkRanges(api)
	score, capacity := c.score(api), c.capacity(api)
	statement := hash.sum(kindStatement, []frontend.Variable{
		c.Chain[0], c.Chain[1],
		c.modelID[0], c.modelID[1],
		c.model.FeatureSet,
		c.Enterprise,
		c.AsOfDay,
		c.Digest[0], c.Digest[1],
		commitment,
		api.Add(score, ScoreOffset),
		capacity,
		c.Purpose,
		c.Lender,
		c.Consent[0], c.Consent[1],
		c.IssueHeight,
		c.ExpiryHeight,
		c.Null,
	})
	api.AssertIsEqual(statement, c.Statement)
	return nil
}

// checkRanges bounds the features that have no table and do not carry the
// capacity; the bounds of a bin, and the sign of the capacity's feature, bound
// the others.
func (c *circuit) checkRanges(api frontend.API) {
	bounded := make([]bool, len(c.Features))
	bounded[c.model.Capacity.Feature] = true
	for _, t := range c.model.Tables {
		bounded[t.Feature] = true
	}
	for i, feature := range c.Features {
		if !bounded[i] {
			api.ToBinary(feature, featureBits)
		}
	}
}

// score is the base plus the points of the bin that each feature lies in.
func (c *circuit) score(api frontend.API) frontend.Variable {
	score := frontend.Variable(c.model.Base)
	for i := range c.model.Tables {
		t := &c.model.Tables[i]
		score = api.Add(score, c.points(api, t, c.Features[t.Feature], c.Bins[i]))
	}
	return score
}

// points proves that exactly one bin is selected and that the encoded feature v
// lies between its first and last value, both inclusive. Two differences below
// 2^48 cannot add up to last - first around the modulus, so this bounds v too.
func (c *circuit) points(api frontend.API, t *scorecard.Table, v frontend.Variable, selected []frontend.Variable) frontend.Variable {
	var count, first, last, points frontend.Variable = 0, 0, 0, 0
	for k, s := range selected {
		bin := binOf(t, k)
		api.AssertIsBoolean(s)
		count = api.Add(count, s)
		first = api.Add(first, api.Mul(s, bin.first))
		last = api.Add(last, api.Mul(s, bin.last))
		points = api.Add(points, api.Mul(s, bin.points))
	}
	api.AssertIsEqual(count, 1)
	api.ToBinary(api.Sub(v, first), featureBits)
	api.ToBinary(api.Sub(last, v), featureBits)
	return points
}

// bin is the encoded values first to last and what they score.
type bin struct {
	first, last uint64
	points      int64
}

// binOf gives bin k in the order of the witness: 0 is missing, which holds the
// single value 0; the first real bin starts at 1, the last ends at 2^48 - 1.
func binOf(t *scorecard.Table, k int) bin {
	if k == 0 {
		return bin{points: t.Missing}
	}
	b := bin{first: 1, last: 1<<featureBits - 1, points: t.Points[k-1]}
	if k >= 2 {
		b.first = uint64(t.Cuts[k-2] + scorecard.FeatureBound)
	}
	if k <= len(t.Cuts) {
		b.last = uint64(t.Cuts[k-1]+scorecard.FeatureBound) - 1
	}
	return b
}

// capacity is min(max(0, feature) * Numerator / Denominator, CapacityMax). A
// missing feature is encoded as 0, the most negative number, and so gives 0.
func (c *circuit) capacity(api frontend.API) frontend.Variable {
	ratio := c.model.Capacity
	encoded := c.Features[ratio.Feature]
	positive := api.ToBinary(encoded, featureBits)[signBit]
	income := api.Mul(positive, api.Sub(encoded, scorecard.FeatureBound))

	// income * n = q * d + r with r < d. Both sides are below 2^90, so the
	// equation holds in the integers.
	quotient := api.ToBinary(c.Quotient, quotientBits(ratio))
	if ratio.Denominator == 1 {
		api.AssertIsEqual(c.Remainder, 0)
	} else {
		n := bits.Len64(uint64(ratio.Denominator - 1))
		api.ToBinary(c.Remainder, n)
		api.ToBinary(api.Sub(ratio.Denominator-1, c.Remainder), n)
	}
	api.AssertIsEqual(
		api.Mul(income, ratio.Numerator),
		api.Add(api.Mul(c.Quotient, ratio.Denominator), c.Remainder),
	)
	if len(quotient) <= capacityBits {
		return c.Quotient
	}
	high := api.FromBinary(quotient[capacityBits:]...)
	return api.Select(api.IsZero(high), c.Quotient, scorecard.CapacityMax)
}

// quotientBits is the length of the largest quotient, at most 67.
func quotientBits(ratio scorecard.Capacity) int {
	top := big.NewInt(scorecard.FeatureBound - 1)
	top.Mul(top, big.NewInt(ratio.Numerator))
	return top.Quo(top, big.NewInt(ratio.Denominator)).BitLen()
}
