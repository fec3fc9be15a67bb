package zk

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

type proofVector struct {
	Name         string `json:"name"`
	SRSKey       string `json:"srsKey"`
	VerifyingKey string `json:"verifyingKey"`
	Statement    string `json:"statement"`
	Proof        string `json:"proof"`
	Want         string `json:"want"` // accepted, key, statement or proof
}

// Proofs made once and stored are judged alike by every build: the same file is
// run on other processors, without assembly, and on the next version of gnark.
func TestProofVectors(t *testing.T) {
	t.Parallel()
	const path = "testdata/proof.json"
	if *update {
		writeProofVectors(t, path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []proofVector
	if err := json.Unmarshal(b, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) < 10 {
		t.Fatalf("%d vectors", len(vectors))
	}
	for _, vector := range vectors {
		if got := judge(t, vector); got != vector.Want {
			t.Errorf("%s: %s, want %s", vector.Name, got, vector.Want)
		}
	}
}

func judge(t *testing.T, vector proofVector) string {
	t.Helper()
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	srs, err := DecodeSRSKey(unhex(vector.SRSKey))
	if err != nil {
		t.Fatal(err)
	}
	v, err := NewVerifier(srs, 1)
	if err != nil {
		t.Fatal(err)
	}
	key, err := v.Key(unhex(vector.VerifyingKey))
	if errors.Is(err, ErrKey) {
		return "key"
	}
	err = v.Verify(key, [32]byte(unhex(vector.Statement)), unhex(vector.Proof))
	switch {
	case err == nil:
		return "accepted"
	case errors.Is(err, ErrStatement):
		return "statement"
	case errors.Is(err, ErrProof):
		return "proof"
	}
	return err.Error()
}

func writeProofVectors(t *testing.T, path string) {
	t.Helper()
	p := provenTwelve(t)
	base := proofVector{
		"accepted", text(UnsafeDevelopmentSRS().Key().Encode()), text(p.vk.Encode()), text32(p.statement), text(p.proof), "accepted",
	}
	vectors := []proofVector{base}
	add := func(name, want string, bend func(*proofVector)) {
		v := base
		v.Name, v.Want = name, want
		bend(&v)
		vectors = append(vectors, v)
	}
	foreign := foreignKey(3)
	modulus := fr.Modulus().Bytes()
	add("another reference string", "proof", func(v *proofVector) { v.SRSKey = text(foreign.Encode()) })
	add("statement is the modulus", "statement", func(v *proofVector) { v.Statement = text(modulus) })
	add("another statement", "proof", func(v *proofVector) { v.Statement = text(make([]byte, 32)) })
	add("key with a byte after it", "key", func(v *proofVector) { v.VerifyingKey += "00" })
	spoiled := malformed(p.proof)
	for _, name := range []string{
		"empty", "one short", "one long", "other version", "point 0 outside the subgroup", "point 3 at infinity",
		"point 7 not canonical", "point 2 negated", "value 0 is the modulus", "value 6 is zero", "swapped points",
	} {
		add(name, "proof", func(v *proofVector) { v.Proof = text(spoiled[name]) })
	}
	b, err := json.MarshalIndent(vectors, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// FuzzVerify gives the verifier arbitrary proofs and statement hashes: it must
// not panic, and must accept nothing but the stored statement. A proof is not
// unique, so only the statement is compared.
func FuzzVerify(f *testing.F) {
	b, err := os.ReadFile("testdata/proof.json")
	if err != nil {
		f.Fatal(err)
	}
	var vectors []proofVector
	if err := json.Unmarshal(b, &vectors); err != nil {
		f.Fatal(err)
	}
	for _, v := range vectors {
		statement, _ := hex.DecodeString(v.Statement)
		proof, _ := hex.DecodeString(v.Proof)
		f.Add(statement, proof)
	}
	encoded, _ := hex.DecodeString(vectors[0].VerifyingKey)
	key, err := DecodeVerifyingKey(encoded)
	if err != nil {
		f.Fatal(err)
	}
	good, _ := hex.DecodeString(vectors[0].Statement)
	v := fresh(f)
	f.Fuzz(func(t *testing.T, statement, proof []byte) {
		if len(statement) != 32 {
			return
		}
		if err := v.Verify(key, [32]byte(statement), proof); err == nil && !slices.Equal(statement, good) {
			t.Errorf("accepted statement %x", statement)
		}
	})
}
