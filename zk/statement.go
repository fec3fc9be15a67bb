package zk

import (
	"errors"
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/scorecard"
)

const (
	// ChainIDBytesMax bounds the chain id; CometBFT allows no longer one.
	ChainIDBytesMax = 50
	// ScoreOffset is added to a score before it becomes a field element, so
	// that a negative score is not a number near the modulus. A score must lie
	// strictly between -ScoreOffset and ScoreOffset.
	ScoreOffset = int64(1) << 32
)

// ErrStatement says that a field of a statement is outside its bounds, or that
// its nullifier is not that of its model, commitment, purpose and lender.
var ErrStatement = errors.New("zk: malformed statement")

// Statement is what a proof says: model ModelID, applied to the features in
// Commitment, gives Score and CapacityFen; and it says so on one chain, for one
// purpose, lender and consent, for a span of heights.
//
// The sender of a proof gives score, capacity and issue height; the chain fills
// every other field from its own state.
type Statement struct {
	ChainID           string
	ModelID           [32]byte // hash of the model's canonical bytes
	FeatureSetVersion uint32
	Enterprise        uint64
	AsOfDay           uint32 // days since 1970-01-01
	DataDigest        [32]byte
	Commitment        [32]byte
	Score             int64 // points, may be negative
	CapacityFen       int64 // fen a month
	Purpose           uint32
	Lender            uint64   // 0 for none
	ConsentID         [32]byte // zeros for none
	IssueHeight       uint64
	ExpiryHeight      uint64
	Nullifier         [32]byte
}

// Hash is the canonical encoding of the field element over the statement's six
// words: the only public input of the proof. What the circuit does not compute
// with is hashed before, into the words of origin and terms, so that a proof
// pays for two permutations of it and not for ten.
func (s *Statement) Hash() ([32]byte, error) {
	words, err := s.words()
	if err != nil {
		return [32]byte{}, err
	}
	nullifier, err := Nullifier(s.ModelID, s.Commitment, s.Purpose, s.Lender)
	if err != nil {
		return [32]byte{}, err
	}
	if nullifier != s.Nullifier {
		return [32]byte{}, fmt.Errorf("%w: nullifier does not belong to model, commitment, purpose and lender", ErrStatement)
	}
	sum := sponge(kindStatement, words)
	return sum.Bytes(), nil
}

func (s *Statement) words() ([]fr.Element, error) {
	chain, err := chainDigest(s.ChainID)
	if err != nil {
		return nil, err
	}
	if s.Score <= -ScoreOffset || s.Score >= ScoreOffset {
		return nil, fmt.Errorf("%w: score %d is not within ±2^32", ErrStatement, s.Score)
	}
	if s.CapacityFen < 0 || s.CapacityFen > scorecard.CapacityMax {
		return nil, fmt.Errorf("%w: capacity %d fen, want 0 to %d", ErrStatement, s.CapacityFen, int64(scorecard.CapacityMax))
	}
	commitment, err := element("commitment", s.Commitment)
	if err != nil {
		return nil, err
	}
	nullifier, err := element("nullifier", s.Nullifier)
	if err != nil {
		return nil, err
	}
	chainID, consent := limbs(chain), limbs(s.ConsentID)
	terms := sponge(kindTerms, []fr.Element{
		chainID[0], chainID[1],
		word(uint64(s.Purpose)),
		word(s.Lender),
		consent[0], consent[1],
		word(s.IssueHeight),
		word(s.ExpiryHeight),
		nullifier,
	})
	model := modelWords(s.ModelID, s.FeatureSetVersion)
	return []fr.Element{
		model[0], model[1],
		origin(s.Enterprise, s.AsOfDay, s.DataDigest),
		commitment,
		resultWord(s.Score, s.CapacityFen),
		terms,
	}, nil
}

// Words of a statement whose place others must know.
const (
	wordOrigin     = 2
	wordCommitment = 3
	wordResult     = 4
	wordTerms      = 5
)

// modelWords are the model's id in two halves, with the version of its feature
// set above the second: constants of a circuit, which stand first so that their
// permutation is a constant too.
func modelWords(id [32]byte, version uint32) [2]fr.Element {
	words, top := limbs(id), word(uint64(version))
	shift := power(limbBits)
	words[1].Add(&words[1], top.Mul(&top, &shift))
	return words
}

// resultWord is score + 2^32 + 2^64 * capacity, of bounded score and capacity.
func resultWord(score, capacityFen int64) fr.Element {
	low, high, shift := word(uint64(score+ScoreOffset)), word(uint64(capacityFen)), power(resultBits)
	return *low.Add(&low, high.Mul(&high, &shift))
}

const (
	limbBits   = 128
	resultBits = 64
)

// Nullifier is spent by the chain when it accepts a score, so that one feature
// set scores once per model, purpose and lender. Whoever does not know the
// commitment cannot compute it. lender is 0 for none.
func Nullifier(modelHash, commitment [32]byte, purpose uint32, lender uint64) ([32]byte, error) {
	c, err := element("commitment", commitment)
	if err != nil {
		return [32]byte{}, err
	}
	model := limbs(modelHash)
	sum := sponge(kindNullifier, []fr.Element{model[0], model[1], c, word(uint64(purpose)), word(lender)})
	return sum.Bytes(), nil
}

func chainDigest(chainID string) ([32]byte, error) {
	if chainID == "" || len(chainID) > ChainIDBytesMax {
		return [32]byte{}, fmt.Errorf("%w: chain id has %d bytes, want 1 to %d", ErrStatement, len(chainID), ChainIDBytesMax)
	}
	sum, err := canon.New("chain-id").String(chainID).Sum()
	if err != nil {
		return [32]byte{}, fmt.Errorf("%w: chain id: %w", ErrStatement, err)
	}
	return sum, nil
}

// element reads a canonical field element. A value at or above the modulus is
// refused: it would be an alias of a smaller one.
func element(name string, b [32]byte) (e fr.Element, err error) {
	if err := e.SetBytesCanonical(b[:]); err != nil {
		return fr.Element{}, fmt.Errorf("%w: %s is not a canonical field element", ErrStatement, name)
	}
	return e, nil
}

// Terms are the parts of a statement that do not follow from the features.
type Terms struct {
	ChainID      string
	Purpose      uint32
	Lender       uint64
	ConsentID    [32]byte
	IssueHeight  uint64
	ExpiryHeight uint64
}

// State evaluates the model on the feature set and writes the true statement
// about it.
func State(model *scorecard.Model, set FeatureSet, terms Terms) (Statement, error) {
	id, err := model.Hash()
	if err != nil {
		return Statement{}, err
	}
	commitment, err := Commitment(set)
	if err != nil {
		return Statement{}, err
	}
	result, err := model.Evaluate(set.Features)
	if err != nil {
		return Statement{}, err
	}
	nullifier, err := Nullifier(id, commitment, terms.Purpose, terms.Lender)
	if err != nil {
		return Statement{}, err
	}
	return Statement{
		ChainID: terms.ChainID, ModelID: id, FeatureSetVersion: set.Version, Enterprise: set.Enterprise,
		AsOfDay: set.AsOfDay, DataDigest: set.DataDigest, Commitment: commitment, Score: result.Score,
		CapacityFen: result.CapacityFen, Purpose: terms.Purpose, Lender: terms.Lender, ConsentID: terms.ConsentID,
		IssueHeight: terms.IssueHeight, ExpiryHeight: terms.ExpiryHeight, Nullifier: nullifier,
	}, nil
}
