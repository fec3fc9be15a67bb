package zk

import (
	"errors"
	"strings"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/xinlian/xinlian/scorecard"
)

// statementBends changes one field each. Where the nullifier depends on the
// field it has to follow, or Hash would refuse before anything is compared.
func statementBends() []statementBend {
	return []statementBend{
		{"chain id", func(s *Statement) { s.ChainID = "xinlian-test-2" }},
		{"model id, high", func(s *Statement) { s.ModelID[0]++ }},
		{"model id, low", func(s *Statement) { s.ModelID[31]++ }},
		{"feature-set version", func(s *Statement) { s.FeatureSetVersion++ }},
		{"enterprise", func(s *Statement) { s.Enterprise++ }},
		{"as-of day", func(s *Statement) { s.AsOfDay++ }},
		{"data digest, high", func(s *Statement) { s.DataDigest[0]++ }},
		{"data digest, low", func(s *Statement) { s.DataDigest[31]++ }},
		{"commitment", func(s *Statement) { s.Commitment[31]++ }},
		{"score up", func(s *Statement) { s.Score++ }},
		{"score down", func(s *Statement) { s.Score-- }},
		{"capacity up", func(s *Statement) { s.CapacityFen++ }},
		{"capacity down", func(s *Statement) { s.CapacityFen-- }},
		{"purpose", func(s *Statement) { s.Purpose++ }},
		{"lender", func(s *Statement) { s.Lender++ }},
		{"lender none", func(s *Statement) { s.Lender = 0 }},
		{"consent, high", func(s *Statement) { s.ConsentID[0]++ }},
		{"consent, low", func(s *Statement) { s.ConsentID[31]++ }},
		{"consent none", func(s *Statement) { s.ConsentID = [32]byte{} }},
		{"issue height", func(s *Statement) { s.IssueHeight++ }},
		{"expiry height", func(s *Statement) { s.ExpiryHeight++ }},
	}
}

type statementBend struct {
	name string
	bend func(*Statement)
}

func (b statementBend) of(t *testing.T, s Statement) Statement {
	t.Helper()
	b.bend(&s)
	n, err := Nullifier(s.ModelID, s.Commitment, s.Purpose, s.Lender)
	if err != nil {
		t.Fatal(err)
	}
	s.Nullifier = n
	return s
}

// Every field of a statement is part of its hash.
func TestStatementHashBindsEachField(t *testing.T) {
	t.Parallel()
	base := testWitness(t, twelve(), testFeatures(12)).Statement
	h, err := base.Hash()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[[32]byte]string{h: "none"}
	for _, b := range statementBends() {
		s := b.of(t, base)
		h, err := s.Hash()
		if err != nil {
			t.Fatalf("%s: %v", b.name, err)
		}
		if other, ok := seen[h]; ok {
			t.Errorf("%s gives the hash of %s", b.name, other)
		}
		seen[h] = b.name
	}
}

// A statement outside its bounds, or with a nullifier of another, is refused.
func TestStatementRefuses(t *testing.T) {
	t.Parallel()
	modulus := [32]byte(fr.Modulus().Bytes())
	for _, tc := range []struct {
		name string
		bend func(*Statement)
	}{
		{"no chain id", func(s *Statement) { s.ChainID = "" }},
		{"long chain id", func(s *Statement) { s.ChainID = strings.Repeat("c", ChainIDBytesMax+1) }},
		{"chain id not UTF-8", func(s *Statement) { s.ChainID = "\xff" }},
		{"score at the upper bound", func(s *Statement) { s.Score = ScoreOffset }},
		{"score at the lower bound", func(s *Statement) { s.Score = -ScoreOffset }},
		{"negative capacity", func(s *Statement) { s.CapacityFen = -1 }},
		{"capacity above its maximum", func(s *Statement) { s.CapacityFen = scorecard.CapacityMax + 1 }},
		{"commitment is the modulus", func(s *Statement) { s.Commitment = modulus }},
		{"nullifier is the modulus", func(s *Statement) { s.Nullifier = modulus }},
		{"nullifier of another", func(s *Statement) { s.Nullifier[31]++ }},
		{"nullifier of another model", func(s *Statement) { s.ModelID[0]++ }},
		{"nullifier of another commitment", func(s *Statement) { s.Commitment[31]++ }},
		{"nullifier of another purpose", func(s *Statement) { s.Purpose++ }},
		{"nullifier of another lender", func(s *Statement) { s.Lender++ }},
	} {
		s := testWitness(t, twelve(), testFeatures(12)).Statement
		tc.bend(&s)
		if _, err := s.Hash(); !errors.Is(err, ErrStatement) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}
