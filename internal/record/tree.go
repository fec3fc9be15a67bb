package record

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

// HashBytes is the size of a leaf hash, a node hash and a root.
const HashBytes = sha256.Size

// PathNodesMax bounds an inclusion path: a tree of 2^32 leaves has no longer one.
const PathNodesMax = 32

var (
	// ErrProof says that an inclusion path does not lead from a leaf to its root.
	ErrProof = errors.New("record: inclusion proof does not hold")
	// ErrSalt says that a salt has the wrong size.
	ErrSalt = errors.New("record: salt is not 32 bytes")
)

// Tree is an RFC 6962 Merkle tree over hashes that the caller has made, all
// levels held in memory. A batch is a tree of such trees: RFC 6962 splits at
// powers of two, so the roots of full subtrees of one power-of-two size, and of
// the last, partial one, are themselves the nodes of a tree with the same root.
type Tree struct {
	levels [][][HashBytes]byte
}

// NewTree builds the tree over hashes, which it keeps and does not change. It
// panics on an empty list: an empty batch has no root.
func NewTree(hashes [][HashBytes]byte) *Tree {
	if len(hashes) == 0 {
		panic("record: tree without leaves")
	}
	t := &Tree{levels: [][][HashBytes]byte{hashes}}
	for row := hashes; len(row) > 1; {
		next := make([][HashBytes]byte, 0, (len(row)+1)/2)
		for i := 0; i+1 < len(row); i += 2 {
			next = append(next, [HashBytes]byte(rfc6962.DefaultHasher.HashChildren(row[i][:], row[i+1][:])))
		}
		if len(row)%2 == 1 { // a last node without a sibling moves up unchanged
			next = append(next, row[len(row)-1])
		}
		t.levels = append(t.levels, next)
		row = next
	}
	return t
}

// Root is the root hash.
func (t *Tree) Root() [HashBytes]byte { return t.levels[len(t.levels)-1][0] }

// Path is the inclusion path of leaf i, from its sibling upwards. It panics when
// the tree has no leaf i.
func (t *Tree) Path(i int) [][]byte {
	_ = t.levels[0][i]
	path := [][]byte{}
	for _, row := range t.levels[:len(t.levels)-1] {
		if s := i ^ 1; s < len(row) {
			path = append(path, append([]byte(nil), row[s][:]...))
		}
		i /= 2
	}
	return path
}

// Proof is what ties a leaf to the root of its batch.
type Proof struct {
	Index uint64 // of the leaf, from 0
	Size  uint64 // leaves in the batch
	Path  [][]byte
}

// VerifyInclusion checks that leaf is the leaf at p.Index of the tree of p.Size
// leaves with that root. Any failure is an ErrProof.
func VerifyInclusion(root, leaf []byte, p Proof) error {
	if len(root) != HashBytes || len(leaf) != HashBytes || len(p.Path) > PathNodesMax {
		return fmt.Errorf("%w: wrong size of a hash or of the path", ErrProof)
	}
	for _, n := range p.Path {
		if len(n) != HashBytes {
			return fmt.Errorf("%w: wrong size of a node", ErrProof)
		}
	}
	if err := proof.VerifyInclusion(rfc6962.DefaultHasher, p.Index, p.Size, leaf, p.Path, root); err != nil {
		return fmt.Errorf("%w: %w", ErrProof, err)
	}
	return nil
}

// Verify decodes a record's canonical bytes and proves that the enterprise's
// batch with that anchored root holds it. It is pure: an offline verifier needs
// nothing else. The errors are those of Decode, ErrSalt and ErrProof.
func Verify(root []byte, enterprise uint64, salt, canonical []byte, p Proof) (*Record, error) {
	if len(salt) != SaltBytes {
		return nil, ErrSalt
	}
	r, err := Decode(canonical)
	if err != nil {
		return nil, err
	}
	if err := VerifyInclusion(root, LeafHash(enterprise, r.Schema, salt, canonical), p); err != nil {
		return nil, err
	}
	return r, nil
}
