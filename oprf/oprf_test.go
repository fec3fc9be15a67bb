package oprf

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/oprf"
)

// TestRFC9497 proves, with the published vectors of the suite in verifiable mode,
// that blinding, evaluation, the proof and the output are those of RFC 9497.
func TestRFC9497(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/rfc9497.json")
	check(t, err)
	var vectors []struct {
		Secret, Public, Proof                       string
		Inputs, Blinds, Blinded, Evaluated, Outputs []string
	}
	check(t, json.Unmarshal(raw, &vectors))
	if len(vectors) != 3 {
		t.Fatalf("%d vectors", len(vectors))
	}
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(s)
		check(t, err)
		return b
	}
	for _, v := range vectors {
		secret, err := scalar(unhex(v.Secret))
		check(t, err)
		s := Share{Index: 1, secret: secret}
		if got := s.Public().Point; !bytes.Equal(got[:], unhex(v.Public)) {
			t.Fatalf("public key: got %x", got)
		}
		var inputs [][]byte
		var blinds []group.Scalar
		for i := range v.Inputs {
			b, err := scalar(unhex(v.Blinds[i]))
			check(t, err)
			inputs, blinds = append(inputs, unhex(v.Inputs[i])), append(blinds, b)
		}
		final, request, err := oprf.NewVerifiableClient(suite, new(oprf.PublicKey)).DeterministicBlind(inputs, blinds)
		check(t, err)
		r := &Request{blinded: request.Elements, final: final}
		published := Partial{Index: 1, Proof: unhex(v.Proof)}
		for i, b := range r.Blinded() {
			if !bytes.Equal(b, unhex(v.Blinded[i])) {
				t.Errorf("blinded element %d: got %x", i, b)
			}
			published.Points = append(published.Points, unhex(v.Evaluated[i]))
		}
		ours, err := s.Evaluate(r.Blinded())
		check(t, err)
		if !slices.EqualFunc(ours.Points, published.Points, bytes.Equal) {
			t.Errorf("evaluation: got %x", ours.Points)
		}
		k := Key{Threshold: 1, Point: s.Public().Point, Shares: []PublicShare{s.Public()}}
		check(t, k.Validate())
		for _, p := range []Partial{ours, published} {
			outputs, err := r.Combine(k, []Partial{p})
			check(t, err)
			for i, o := range outputs {
				if !bytes.Equal(o, unhex(v.Outputs[i])) {
					t.Errorf("output %d: got %x", i, o)
				}
			}
		}
	}
}

// TestThreshold proves that every set of t members gives the output that one
// server with the whole key gives, computed by the library's own server, and that
// t-1 members give none.
func TestThreshold(t *testing.T) {
	t.Parallel()
	const n = 5
	k, shares := keyOf(t, n)
	check(t, k.Validate())
	if k.Threshold != 4 {
		t.Fatalf("threshold %d", k.Threshold)
	}
	inputs := [][]byte{[]byte("first"), {}, []byte("third")}
	var whole oprf.PrivateKey
	check(t, whole.UnmarshalBinary(suite, encoded(secretOf(shares, 1, 2, 3, 4))))
	server := oprf.NewVerifiableServer(suite, &whole)
	for out := uint16(0); out <= n; out++ {
		members := slices.DeleteFunc(places(n), func(i uint16) bool { return i == out })
		slices.Reverse(members)
		outputs, err := evaluate(t, k, shares, inputs, members...)
		check(t, err)
		for i, o := range outputs {
			want, err := server.FullEvaluate(inputs[i])
			check(t, err)
			if !bytes.Equal(o, want) || len(o) != OutputBytes {
				t.Errorf("without %d, input %d: got %x, want %x", out, i, o, want)
			}
			if tag := Tag(o); !bytes.Equal(tag[:], want[:TagBytes]) {
				t.Errorf("tag %x", tag)
			}
		}
	}
	if _, err := evaluate(t, k, shares, inputs, 1, 3, 5); !errors.Is(err, ErrFew) {
		t.Errorf("three of five: %v", err)
	}
	if _, err := evaluate(t, k, shares, inputs, 1, 3, 5, 5); !errors.Is(err, ErrFew) {
		t.Errorf("one member twice: %v", err)
	}
	// What t-1 members combine to is not the key.
	if secretOf(shares, 1, 2, 3).IsEqual(secretOf(shares, 1, 2, 3, 4)) {
		t.Error("three shares make the key")
	}
}

// TestFaultyAnswers proves that each way of answering wrongly is found and put
// down to its member, that enough honest ones still give the output, and that
// too few do not.
func TestFaultyAnswers(t *testing.T) {
	t.Parallel()
	k, shares := keyOf(t, 4)
	inputs := [][]byte{[]byte("a"), []byte("b")}
	want, err := evaluate(t, k, shares, inputs, 1, 2, 3)
	check(t, err)
	r, err := Blind(inputs)
	check(t, err)
	honest := func(i uint16) Partial {
		p, err := shares[i].Evaluate(r.Blinded())
		check(t, err)
		return p
	}
	other := Share{Index: 2, secret: curve.NewScalar().Add(shares[2].secret, number(1))}
	cases := map[string]func(p *Partial){
		"another share": func(p *Partial) { *p, err = other.Evaluate(r.Blinded()) },
		"another member's answer": func(p *Partial) {
			*p = honest(3)
			p.Index = 2
		},
		"points swapped":   func(p *Partial) { slices.Reverse(p.Points) },
		"one point only":   func(p *Partial) { p.Points = p.Points[:1] },
		"identity":         func(p *Partial) { p.Points[0] = make([]byte, PointBytes) },
		"no point":         func(p *Partial) { p.Points[0] = bytes.Repeat([]byte{0xff}, PointBytes) },
		"proof bent":       func(p *Partial) { p.Proof[0] ^= 1 },
		"proof too short":  func(p *Partial) { p.Proof = p.Proof[:63] },
		"proof not scalar": func(p *Partial) { copy(p.Proof, bytes.Repeat([]byte{0xff}, 64)) },
		"old answer": func(p *Partial) {
			again, err := Blind(inputs)
			check(t, err)
			*p, err = shares[2].Evaluate(again.Blinded())
			check(t, err)
		},
	}
	for name, bend := range cases {
		bad := honest(2)
		bend(&bad)
		outputs, err := r.Combine(k, []Partial{honest(1), bad, honest(3), honest(4)})
		var faulty *FaultyError
		if !errors.As(err, &faulty) || len(faulty.Members) != 1 || faulty.Members[0].Index != 2 || errors.Is(err, ErrFew) {
			t.Errorf("%s: %v", name, err)
		}
		if !slices.EqualFunc(outputs, want, bytes.Equal) {
			t.Errorf("%s: the honest ones gave another output", name)
		}
		if outputs, err := r.Combine(k, []Partial{honest(1), bad, honest(3)}); outputs != nil || !errors.Is(err, ErrFew) || !errors.As(err, &faulty) {
			t.Errorf("%s, too few left: %v", name, err)
		}
	}
}

// TestBounds proves that sizes and points are bounded before anything is computed.
func TestBounds(t *testing.T) {
	t.Parallel()
	_, shares := keyOf(t, 3)
	for name, inputs := range map[string][][]byte{
		"none": nil, "too many": make([][]byte, BatchMax+1), "too long": {make([]byte, InputBytesMax+1)},
	} {
		if _, err := Blind(inputs); !errors.Is(err, ErrSize) {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := encoded(curve.Generator())
	for name, c := range map[string]struct {
		blinded [][]byte
		want    error
	}{
		"none": {nil, ErrSize}, "too many": {slices.Repeat([][]byte{good}, BatchMax+1), ErrSize},
		"short": {[][]byte{good[:31]}, ErrSize}, "identity": {[][]byte{make([]byte, 32)}, ErrPoint},
		"no point": {[][]byte{bytes.Repeat([]byte{0xff}, 32)}, ErrPoint},
	} {
		if _, err := shares[1].Evaluate(c.blinded); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// TestKeyRefused proves that a registered key whose shares do not belong together
// is found before it is used.
func TestKeyRefused(t *testing.T) {
	t.Parallel()
	k, _ := keyOf(t, 5)
	other, _ := keyOf(t, 5)
	for name, c := range map[string]struct {
		bend func(k *Key)
		want error
	}{
		"another key":           {func(k *Key) { k.Point = other.Point }, ErrKey},
		"first share of others": {func(k *Key) { k.Shares[0].Point = other.Shares[0].Point }, ErrKey},
		"last share of others":  {func(k *Key) { k.Shares[4].Point = other.Shares[4].Point }, ErrKey},
		"low threshold":         {func(k *Key) { k.Threshold = 3 }, ErrThreshold},
		"high threshold":        {func(k *Key) { k.Threshold = 6 }, ErrThreshold},
		"wrong threshold":       {func(k *Key) { k.Threshold = 5 }, nil}, // five points of degree 3 lie on one of degree 4 too
		"no shares":             {func(k *Key) { k.Shares = nil }, ErrSize},
		"order":                 {func(k *Key) { slices.Reverse(k.Shares) }, ErrSize},
		"index 0":               {func(k *Key) { k.Shares[0].Index = 0 }, ErrSize},
		"identity":              {func(k *Key) { k.Point = [32]byte{} }, ErrPoint},
	} {
		bent := k
		bent.Shares = slices.Clone(k.Shares)
		c.bend(&bent)
		if err := bent.Validate(); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// TestInputs proves that spelling does not make another tag and that different
// things never share an input.
func TestInputs(t *testing.T) {
	t.Parallel()
	same := [][4]string{
		{"CN", "91330000MA27XL0Q3K", "044001900111", "12345678"},
		{"CN", " 91330000ma27xl0q3k ", "0440 0190-0111", "１２３４５６７８"},
	}
	a, err := InvoiceInput(same[0][0], same[0][1], same[0][2], same[0][3])
	check(t, err)
	b, err := InvoiceInput(same[1][0], same[1][1], same[1][2], same[1][3])
	check(t, err)
	if !bytes.Equal(a, b) {
		t.Error("spelling makes another input")
	}
	seen := map[string]bool{string(a): true}
	for _, f := range [][4]string{
		{"CN", "91330000MA27XL0Q3K", "", "04400190011112345678"}, // digits moved from code to number
		{"CN", "91330000MA27XL0Q3K", "044001900111", "12345679"},
		{"CN", "91330000MA27XL0Q3L", "044001900111", "12345678"},
		{"HK", "91330000MA27XL0Q3K", "044001900111", "12345678"},
	} {
		in, err := InvoiceInput(f[0], f[1], f[2], f[3])
		check(t, err)
		if seen[string(in)] {
			t.Errorf("%v shares an input", f)
		}
		seen[string(in)] = true
	}
	id, err := IdentityInput("CN", "91330000MA27XL0Q3K")
	check(t, err)
	if seen[string(id)] {
		t.Error("a firm shares an input with an invoice")
	}
	for _, f := range [][4]string{{"cn", "1", "1", "1"}, {"CHN", "1", "1", "1"}, {"CN", "", "1", "1"}, {"CN", "1", "1", " - "}} {
		if _, err := InvoiceInput(f[0], f[1], f[2], f[3]); !errors.Is(err, ErrInput) {
			t.Errorf("%v: %v", f, err)
		}
	}
}

// BenchmarkEvaluate is one member's cost of one evaluation.
func BenchmarkEvaluate(b *testing.B) {
	_, shares := keyOf(b, 4)
	r, err := Blind([][]byte{[]byte("x")})
	check(b, err)
	blinded := r.Blinded()
	for b.Loop() {
		if _, err := shares[1].Evaluate(blinded); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCombine is the asker's cost of checking and combining 3 of 4 answers.
func BenchmarkCombine(b *testing.B) {
	k, shares := keyOf(b, 4)
	r, err := Blind([][]byte{[]byte("x")})
	check(b, err)
	var partials []Partial
	for i := uint16(1); i <= 3; i++ {
		p, err := shares[i].Evaluate(r.Blinded())
		check(b, err)
		partials = append(partials, p)
	}
	for b.Loop() {
		if _, err := r.Combine(k, partials); err != nil {
			b.Fatal(err)
		}
	}
}
