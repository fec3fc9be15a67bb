package zk

import "testing"

// BenchmarkProve makes a proof of a twelve-feature score with keys at hand.
func BenchmarkProve(b *testing.B) {
	p := provenTwelve(b)
	hash, err := twelve().Hash()
	if err != nil {
		b.Fatal(err)
	}
	k, _ := p.prover.keys.find(hash)
	for b.Loop() {
		if _, err := k.proving.prove(&p.witness); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerify verifies one that was not seen before; GasVerify is set by it.
func BenchmarkVerify(b *testing.B) {
	p, v := provenTwelve(b), fresh(b)
	for b.Loop() {
		if err := v.verify(p.vk, p.statement, p.proof); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerifyRemembered verifies one that was.
func BenchmarkVerifyRemembered(b *testing.B) {
	p, v := provenTwelve(b), fresh(b)
	for b.Loop() {
		if err := v.Verify(p.vk, p.statement, p.proof); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerifyRefused is what a failed proof costs a node.
func BenchmarkVerifyRefused(b *testing.B) {
	p, v := provenTwelve(b), fresh(b)
	statement := p.statement
	statement[31] ^= 1
	for b.Loop() {
		if err := v.verify(p.vk, statement, p.proof); err == nil {
			b.Fatal("accepted")
		}
	}
}

// BenchmarkStatementHash is the part that the chain computes per proof.
func BenchmarkStatementHash(b *testing.B) {
	p := provenTwelve(b)
	for b.Loop() {
		if _, err := p.witness.Statement.Hash(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecodeVerifyingKey is the cost of registering or reloading a model.
func BenchmarkDecodeVerifyingKey(b *testing.B) {
	encoded := provenTwelve(b).vk.Encode()
	for b.Loop() {
		if _, err := DecodeVerifyingKey(encoded); err != nil {
			b.Fatal(err)
		}
	}
}
