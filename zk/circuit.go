package zk

import (
	"math/big"
	"math/bits"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	"github.com/consensys/gnark/frontend"

	"github.com/xinlian/xinlian/scorecard"
)

const (
	featureBits = 48 // an encoded feature is below 2^48; 0 is missing
	signBit     = featureBits - 1
	// The smaller of a quotient and CapacityMax is read off the quotient's
	// digits, which needs CapacityMax to be a power of four.
	capacityBits = 46
)

var _ [0]struct{} = [scorecard.CapacityMax - 1<<capacityBits]struct{}{}

// circuit is the model as constraints. The model's hash, its tables and its
// feature-set version are constants; the only public wire is the statement hash.
//
// The witness names the bin of each feature, the sign of the capacity's feature
// and the quotient and remainder of the capacity instead of leaving them to
// hints, so that a test can bend each of them alone.
type circuit struct {
	Statement frontend.Variable `gnark:",public"`

	Origin, Terms, Salt           frontend.Variable
	Features                      []frontend.Variable
	Bins                          []frontend.Variable // by feature that is read: 0 is missing, then bins in order
	Positive, Quotient, Remainder frontend.Variable

	model *scorecard.Model `gnark:"-"`
	id    [2]fr.Element    `gnark:"-"`
	reads []read           `gnark:"-"`
}

// read is a feature that a table or a pair scores. It is cut wherever one of
// them is, so that one bin, proven once, answers for all.
type read struct {
	feature uint16
	cuts    []int64
}

// readsOf lists the features that a model reads, ascending.
func readsOf(model *scorecard.Model) []read {
	var reads []read
	for f, yes := range model.Reads() {
		if yes {
			reads = append(reads, read{feature: uint16(f), cuts: model.Cuts(uint16(f))})
		}
	}
	return reads
}

// newCircuit is the circuit with the wires of a valid model, unassigned.
func newCircuit(model *scorecard.Model, modelHash [32]byte) *circuit {
	reads := readsOf(model)
	return &circuit{
		Features: make([]frontend.Variable, model.Features),
		Bins:     make([]frontend.Variable, len(reads)),
		model:    model,
		id:       modelWords(modelHash, model.FeatureSet),
		reads:    reads,
	}
}

// Define is called by gnark to lay out the constraints.
func (c *circuit) Define(api frontend.API) error {
	g, err := newGadget(api)
	if err != nil {
		return err
	}
	hash := newSpongeGadget(api)
	commitment := hash.sum(kindCommitment, append([]frontend.Variable{
		setWord(c.model.FeatureSet, len(c.Features)), c.Origin, c.Salt,
	}, c.packed(g)...))
	c.boundUnread(g)
	score, capacity := c.score(g), c.capacity(g)
	statement := hash.sum(kindStatement, []frontend.Variable{
		c.id[0], c.id[1],
		c.Origin,
		commitment,
		api.Add(score, ScoreOffset, api.Mul(capacity, power(resultBits))),
		c.Terms,
	})
	api.AssertIsEqual(statement, c.Statement)
	return nil
}

// packed are the words of the features. That no two sets give the same words
// rests on each feature being below 2^48: bins and boundUnread see to that.
func (c *circuit) packed(g *gadget) []frontend.Variable {
	var words []frontend.Variable
	for chunk := range slices.Chunk(c.Features, packed) {
		word := chunk[0]
		for i := 1; i < len(chunk); i++ {
			word = g.Add(word, g.Mul(chunk[i], power(uint(featureBits*i))))
		}
		words = append(words, word)
	}
	return words
}

// boundUnread bounds the features that are not read. The bounds of a bin, and
// the sign of the capacity's feature, bound the others.
func (c *circuit) boundUnread(g *gadget) {
	bounded := c.model.Reads()
	bounded[c.model.Capacity.Feature] = true
	for i, feature := range c.Features {
		if !bounded[i] {
			g.bound(feature, featureBits)
		}
	}
}

// score is the base plus the points of every table and every pair.
func (c *circuit) score(g *gadget) frontend.Variable {
	bins := make([]*choice, len(c.Features))
	for i, r := range c.reads {
		bins[r.feature] = c.bin(g, r, c.Bins[i])
	}
	score := frontend.Variable(c.model.Base)
	for i := range c.model.Tables {
		t := &c.model.Tables[i]
		score = g.Add(score, bins[t.Feature].column(c.points(t)))
	}
	for i := range c.model.Pairs {
		p := &c.model.Pairs[i]
		rows := c.coarse(g, bins[p.A], p.A, p.CutsA)
		columns := c.coarse(g, bins[p.B], p.B, p.CutsB)
		at := make([][]fr.Element, len(p.Points))
		for k := range p.Points {
			at[k] = numbers(p.Points[k])
		}
		score = g.Add(score, g.grid(rows, columns, at))
	}
	return score
}

// bin proves that index is a bin of the feature and that the encoded feature v
// lies between its first and last value, both inclusive. Two differences below
// 2^48 cannot add up to last - first around the modulus, so this bounds v too.
func (c *circuit) bin(g *gadget, r read, index frontend.Variable) *choice {
	// Bin 0 is missing, which holds the single value 0; the first real bin starts
	// at 1 and the last ends at 2^48 - 1.
	first, last := []fr.Element{word(0), word(1)}, []fr.Element{word(0)}
	for _, cut := range r.cuts {
		encoded := uint64(cut + scorecard.FeatureBound)
		first, last = append(first, word(encoded)), append(last, word(encoded-1))
	}
	last = append(last, word(1<<featureBits-1))
	chosen, v := g.choose(index, len(first)), c.Features[r.feature]
	g.bound(g.Sub(v, chosen.column(first)), featureBits)
	g.bound(g.Sub(chosen.column(last), v), featureBits)
	return chosen
}

// points are what a table gives in each bin of its feature.
func (c *circuit) points(t *scorecard.Table) []fr.Element {
	cuts := c.cuts(t.Feature)
	points := []fr.Element{number(t.Missing)}
	for _, k := range coarser(t.Cuts, cuts) {
		points = append(points, number(t.Points[k]))
	}
	return points
}

// coarse is the bin of a pair's side, which follows from the feature's bin.
func (c *circuit) coarse(g *gadget, fine *choice, feature uint16, sides []int64) *choice {
	cuts := c.cuts(feature)
	if len(cuts) == len(sides) {
		return fine
	}
	index := []fr.Element{word(0)}
	for _, k := range coarser(sides, cuts) {
		index = append(index, word(uint64(k+1)))
	}
	return g.of(fine.column(index), len(sides)+2)
}

func (c *circuit) cuts(feature uint16) []int64 {
	i, _ := slices.BinarySearchFunc(c.reads, feature, func(r read, f uint16) int { return int(r.feature) - int(f) })
	return c.reads[i].cuts
}

// coarser gives for each bin of the fine cuts the bin of the coarse ones, which
// are among them.
func coarser(coarse, fine []int64) []int {
	bins, k := []int{0}, 0
	for _, cut := range fine {
		if k < len(coarse) && cut == coarse[k] {
			k++
		}
		bins = append(bins, k)
	}
	return bins
}

// number is a signed number as a field element.
func number(v int64) (e fr.Element) { return *e.SetInt64(v) }

func numbers(list []int64) []fr.Element {
	out := make([]fr.Element, len(list))
	for i, v := range list {
		out[i] = number(v)
	}
	return out
}

// capacity is min(max(0, feature) * Numerator / Denominator, CapacityMax). A
// missing feature is encoded as 0, the most negative number, and so gives 0.
func (c *circuit) capacity(g *gadget) frontend.Variable {
	ratio := c.model.Capacity
	value := g.Sub(c.Features[ratio.Feature], scorecard.FeatureBound)

	// Positive says whether value is 0 or more: of value and -value-1 exactly one
	// is below 2^47, and it says which. This bounds the feature as well.
	g.AssertIsBoolean(c.Positive)
	income := g.Mul(c.Positive, value)
	g.bound(g.Sub(g.Add(g.Mul(income, 2), c.Positive), value, 1), signBit)

	// income * n = q * d + r with r < d. Both sides are below 2^90, so the
	// equation holds in the integers.
	quotient := g.bound(c.Quotient, quotientBits(ratio))
	n := bits.Len64(uint64(ratio.Denominator - 1))
	g.bound(c.Remainder, n)
	g.bound(g.Sub(ratio.Denominator-1, c.Remainder), n)
	g.AssertIsEqual(
		g.Mul(income, ratio.Numerator),
		g.Add(g.Mul(c.Quotient, ratio.Denominator), c.Remainder),
	)
	if len(quotient) <= capacityBits/digitBits {
		return c.Quotient
	}
	var high frontend.Variable = 0 // zero just if every upper digit is, for digits are at least 0
	for _, d := range quotient[capacityBits/digitBits:] {
		high = g.Add(high, d)
	}
	return g.Select(g.IsZero(high), c.Quotient, scorecard.CapacityMax)
}

// quotientBits is the length of the largest quotient, at most 67.
func quotientBits(ratio scorecard.Capacity) int {
	top := big.NewInt(scorecard.FeatureBound - 1)
	top.Mul(top, big.NewInt(ratio.Numerator))
	return top.Quo(top, big.NewInt(ratio.Denominator)).BitLen()
}
