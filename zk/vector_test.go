package zk

import (
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/xinlian/xinlian/scorecard"
)

// update rewrites the vectors in testdata. They are wire format: a difference
// in review is a change that breaks the chain.
var update = flag.Bool("update", false, "rewrite golden files")

// golden compares got with a JSON file, or writes the file under -update.
func golden(t *testing.T, name string, got any) {
	t.Helper()
	b, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	b = append(b, '\n')
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(b) {
		t.Errorf("%s differs from what this code gives:\n%s", path, b)
	}
}

func text(b []byte) string { return hex.EncodeToString(b) }

func text32(b [32]byte) string { return text(b[:]) }

func textOf(words []fr.Element) []string {
	out := make([]string, len(words))
	for i := range words {
		b := words[i].Bytes()
		out[i] = text(b[:])
	}
	return out
}

// The hash of words 0, 1, 2... for lengths around the rate is fixed.
func TestSpongeVectors(t *testing.T) {
	t.Parallel()
	type vector struct {
		Domain string `json:"domain"`
		Length int    `json:"length"` // the words are 0, 1, 2, ...
		Hash   string `json:"hash"`
	}
	var vectors []vector
	for _, kind := range []string{kindOrigin, kindCommitment, kindTerms, kindStatement, kindNullifier} {
		for _, n := range []int{0, 1, 2, 3, 5, 19, 38} {
			words := make([]fr.Element, n)
			for i := range words {
				words[i].SetUint64(uint64(i))
			}
			sum := sponge(kind, words)
			vectors = append(vectors, vector{"xinlian/" + kind + "/v1", n, text32(sum.Bytes())})
		}
	}
	golden(t, "sponge.json", vectors)
}

type featureSetVector struct {
	Version    uint32   `json:"version"`
	Salt       string   `json:"salt"`
	Enterprise uint64   `json:"enterprise"`
	AsOfDay    uint32   `json:"asOfDay"`
	DataDigest string   `json:"dataDigest"`
	Features   []*int64 `json:"features"` // null is missing
	Words      []string `json:"words"`
	Commitment string   `json:"commitment"`
}

// The words and the hash of a feature set are fixed, with values at both bounds,
// zero, and a missing one.
func TestCommitmentVectors(t *testing.T) {
	t.Parallel()
	var vectors []featureSetVector
	for _, features := range [][]scorecard.Value{
		{scorecard.Known(0)},
		{{}},
		{scorecard.Known(-scorecard.FeatureBound + 1), scorecard.Known(scorecard.FeatureBound - 1)},
		{scorecard.Known(-1), {}, scorecard.Known(1)},
		testFeatures(12),
		testFeatures(scorecard.FeaturesMax),
	} {
		set := testSet(small(), features)
		words, err := set.words()
		if err != nil {
			t.Fatal(err)
		}
		c, err := Commitment(set)
		if err != nil {
			t.Fatal(err)
		}
		v := featureSetVector{
			set.Version, text(set.Salt[:]), set.Enterprise, set.AsOfDay, text32(set.DataDigest),
			nil, textOf(words), text32(c),
		}
		for _, f := range features {
			if !f.Present {
				v.Features = append(v.Features, nil)
				continue
			}
			v.Features = append(v.Features, &f.Int)
		}
		vectors = append(vectors, v)
	}
	golden(t, "commitment.json", vectors)
}

// The digest of data references is fixed.
func TestDataDigestVectors(t *testing.T) {
	t.Parallel()
	type ref struct {
		BatchID       string `json:"batchId"`
		Root          string `json:"root"`
		SourceOrg     uint64 `json:"sourceOrg"`
		SchemaID      string `json:"schemaId"`
		SchemaVersion uint16 `json:"schemaVersion"`
		Sequence      uint64 `json:"sequence"`
	}
	type vector struct {
		Refs   []ref  `json:"refs"`
		Digest string `json:"digest"`
	}
	var vectors []vector
	for n := 1; n <= 3; n++ {
		refs := testRefs()[:n]
		digest, err := DataDigest(refs)
		if err != nil {
			t.Fatal(err)
		}
		v := vector{Digest: text32(digest)}
		for _, r := range refs {
			v.Refs = append(v.Refs, ref{text32(r.BatchID), text32(r.Root), r.SourceOrg, r.SchemaID, r.SchemaVersion, r.Sequence})
		}
		vectors = append(vectors, v)
	}
	golden(t, "digest.json", vectors)
}

type statementVector struct {
	ChainID           string   `json:"chainId"`
	ModelID           string   `json:"modelId"`
	FeatureSetVersion uint32   `json:"featureSetVersion"`
	Enterprise        uint64   `json:"enterprise"`
	AsOfDay           uint32   `json:"asOfDay"`
	DataDigest        string   `json:"dataDigest"`
	Commitment        string   `json:"commitment"`
	Score             int64    `json:"score"`
	CapacityFen       int64    `json:"capacityFen"`
	Purpose           uint32   `json:"purpose"`
	Lender            uint64   `json:"lender"`
	ConsentID         string   `json:"consentId"`
	IssueHeight       uint64   `json:"issueHeight"`
	ExpiryHeight      uint64   `json:"expiryHeight"`
	Nullifier         string   `json:"nullifier"`
	Words             []string `json:"words"`
	Hash              string   `json:"hash"`
}

func vectorOf(t *testing.T, s Statement) statementVector {
	t.Helper()
	words, err := s.words()
	if err != nil {
		t.Fatal(err)
	}
	h, err := s.Hash()
	if err != nil {
		t.Fatal(err)
	}
	return statementVector{
		s.ChainID, text32(s.ModelID), s.FeatureSetVersion, s.Enterprise, s.AsOfDay, text32(s.DataDigest),
		text32(s.Commitment), s.Score, s.CapacityFen, s.Purpose, s.Lender, text32(s.ConsentID), s.IssueHeight,
		s.ExpiryHeight, text32(s.Nullifier), textOf(words), text32(h),
	}
}

// The words, the nullifier and the hash of a statement are fixed, with a
// negative score, the largest capacity, no lender and no consent among them.
func TestStatementVectors(t *testing.T) {
	t.Parallel()
	plain := testWitness(t, twelve(), testFeatures(12)).Statement
	negative, open := plain, plain
	negative.Score, negative.CapacityFen = -1, scorecard.CapacityMax
	open.Lender, open.ConsentID = 0, [32]byte{}
	var err error
	if open.Nullifier, err = Nullifier(open.ModelID, open.Commitment, open.Purpose, open.Lender); err != nil {
		t.Fatal(err)
	}
	golden(t, "statement.json", []statementVector{vectorOf(t, plain), vectorOf(t, negative), vectorOf(t, open)})
}

// Gates of a circuit, its verifying key and the development key are fixed: all
// of them follow from the model and the reference string alone.
func TestKeyVectors(t *testing.T) {
	t.Parallel()
	type vector struct {
		Model            string `json:"model"`
		ModelHash        string `json:"modelHash"`
		Constraints      int    `json:"constraints"`
		Size             uint64 `json:"size"`
		SRSKey           string `json:"srsKey"`
		SRSKeyHash       string `json:"srsKeyHash"`
		VerifyingKey     string `json:"verifyingKey"`
		VerifyingKeyHash string `json:"verifyingKeyHash"`
	}
	p := provenTwelve(t)
	model, err := p.circuit.model.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	srs := UnsafeDevelopmentSRS().Key()
	golden(t, "key.json", vector{
		text(model), text32(p.circuit.modelHash), p.circuit.Constraints(), p.circuit.Size(),
		text(srs.Encode()), text32(srs.Hash()), text(p.vk.Encode()), text32(p.vk.Hash()),
	})
}
