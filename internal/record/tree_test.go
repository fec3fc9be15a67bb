package record

import (
	"errors"
	"testing"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	"pgregory.net/rapid"
)

func leaves(n int) [][HashBytes]byte {
	out := make([][HashBytes]byte, n)
	for i := range out {
		out[i] = [HashBytes]byte(rfc6962.DefaultHasher.HashLeaf([]byte{byte(i), byte(i >> 8)}))
	}
	return out
}

// The root equals the one of the library's compact range, for every small size.
func TestTreeRootAgreesWithLibrary(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 130; n++ {
		hs := leaves(n)
		rg := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
		for i := range hs {
			if err := rg.Append(hs[i][:], nil); err != nil {
				t.Fatal(err)
			}
		}
		want, err := rg.GetRootHash(nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := NewTree(hs).Root(); string(got[:]) != string(want) {
			t.Fatalf("size %d: root %x, want %x", n, got, want)
		}
	}
}

// A tree of subtrees of one power-of-two size has the root of the flat tree, and
// joined paths prove inclusion in it.
func TestTreeOfTrees(t *testing.T) {
	t.Parallel()
	const width = 8
	for n := 1; n <= 70; n++ {
		hs := leaves(n)
		var parts []*Tree
		var tops [][HashBytes]byte
		for i := 0; i < n; i += width {
			parts = append(parts, NewTree(hs[i:min(i+width, n)]))
			tops = append(tops, parts[len(parts)-1].Root())
		}
		top := NewTree(tops)
		root := NewTree(hs).Root()
		if top.Root() != root {
			t.Fatalf("size %d: roots differ", n)
		}
		for i := range hs {
			p := Proof{Index: uint64(i), Size: uint64(n), Path: append(parts[i/width].Path(i%width), top.Path(i/width)...)}
			if err := VerifyInclusion(root[:], hs[i][:], p); err != nil {
				t.Fatalf("size %d leaf %d: %v", n, i, err)
			}
		}
	}
}

// A proof bent anywhere is refused: index, size, node, leaf, root, length.
func TestVerifyRefusesBentProofs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 100).Draw(t, "n")
		i := rapid.IntRange(0, n-1).Draw(t, "i")
		hs := leaves(n)
		tree := NewTree(hs)
		root, leaf := tree.Root(), hs[i]
		p := Proof{Index: uint64(i), Size: uint64(n), Path: tree.Path(i)}
		if err := VerifyInclusion(root[:], leaf[:], p); err != nil {
			t.Fatal(err)
		}
		bit := byte(1 << rapid.IntRange(0, 7).Draw(t, "bit"))
		at := rapid.IntRange(0, HashBytes-1).Draw(t, "byte")
		switch rapid.IntRange(0, 5).Draw(t, "bend") {
		case 0:
			p.Index = uint64((i + 1 + rapid.IntRange(0, n-2).Draw(t, "other")) % n)
		case 1:
			p.Path[rapid.IntRange(0, len(p.Path)-1).Draw(t, "node")][at] ^= bit
		case 2:
			leaf[at] ^= bit
		case 3:
			root[at] ^= bit
		case 4:
			p.Path = p.Path[1:]
		case 5:
			p.Path = append(p.Path, make([]byte, HashBytes))
		}
		if err := VerifyInclusion(root[:], leaf[:], p); !errors.Is(err, ErrProof) {
			t.Fatalf("bent proof accepted: %v", err)
		}
	})
}

// A record verifies against its root; salt, bytes and enterprise are all bound.
func TestVerifyRecord(t *testing.T) {
	t.Parallel()
	r := New(BankBalance).SetText("source_id", "B-1").SetInt("date", 20_000).SetInt("amount", 1).
		SetText("currency", "CNY").SetText("account", "6222")
	b, err := r.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	salt := make([]byte, SaltBytes)
	hs := leaves(3)
	hs[1] = [HashBytes]byte(LeafHash(7, r.Schema, salt, b))
	tree := NewTree(hs)
	root := tree.Root()
	p := Proof{Index: 1, Size: 3, Path: tree.Path(1)}
	if _, err := Verify(root[:], 7, salt, b, p); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(root[:], 8, salt, b, p); !errors.Is(err, ErrProof) {
		t.Errorf("another enterprise: %v", err)
	}
	if _, err := Verify(root[:], 7, append([]byte{1}, salt[1:]...), b, p); !errors.Is(err, ErrProof) {
		t.Errorf("another salt: %v", err)
	}
	if _, err := Verify(root[:], 7, salt[1:], b, p); !errors.Is(err, ErrSalt) {
		t.Errorf("short salt: %v", err)
	}
	if _, err := Verify(root[:], 7, salt, b[:len(b)-1], p); err == nil {
		t.Error("truncated record accepted")
	}
}
