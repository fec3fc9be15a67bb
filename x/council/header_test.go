package council

import (
	"testing"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/cosmos/cosmos-sdk/types/query"

	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
)

// rootOf is RFC 6962's recursive definition of a tree's root.
func rootOf(leaves [][]byte) []byte {
	switch len(leaves) {
	case 0:
		return rfc6962.DefaultHasher.EmptyRoot()
	case 1:
		return rfc6962.DefaultHasher.HashLeaf(leaves[0])
	}
	split := 1
	for split*2 < len(leaves) {
		split *= 2
	}
	return rfc6962.DefaultHasher.HashChildren(rootOf(leaves[:split]), rootOf(leaves[split:]))
}

// Test that after each append the root is RFC 6962's over the block hashes so
// far, and that a block is recorded once however often it is asked for.
func TestHeaderLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var leaves [][]byte
	for i := range int64(70) {
		ctx := w.after(3 * i) // heights with gaps: idle blocks are left out
		for range 2 {
			if err := w.k.RecordHeader(ctx); err != nil {
				t.Fatal(err)
			}
		}
		leaves = append(leaves, blockHash(genesisHeight+3*i))
		log, err := w.k.headerLog(ctx)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "size", log.Size_, uint64(len(leaves)))
		if string(log.Root) != string(rootOf(leaves)) {
			t.Fatalf("root after %d leaves is not RFC 6962's", len(leaves))
		}
	}
	w.checkInvariants(t, w.ctx)
}

// Test that the queries give an outsider what an inclusion proof needs, and name
// a height that the log left out.
func TestHeaderQueries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range int64(5) {
		if err := w.k.RecordHeader(w.after(2 * i)); err != nil {
			t.Fatal(err)
		}
	}
	q := NewQueryServer(w.k)
	head, err := q.HeaderLog(w.ctx, &councilv1.QueryHeaderLogRequest{})
	if err != nil {
		t.Fatal(err)
	}
	page, err := q.HeaderEntries(w.ctx, &councilv1.QueryHeaderEntriesRequest{Pagination: &query.PageRequest{Limit: 3}})
	if err != nil || len(page.Entries) != 3 || len(page.Pagination.NextKey) == 0 {
		t.Fatalf("first page: %v, %v", page, err)
	}
	entry, err := q.HeaderEntry(w.ctx, &councilv1.QueryHeaderEntryRequest{Height: genesisHeight + 8})
	if err != nil {
		t.Fatal(err)
	}
	// the fifth of five leaves hangs beside the full tree of four
	left := rootOf([][]byte{blockHash(genesisHeight), blockHash(genesisHeight + 2), blockHash(genesisHeight + 4), blockHash(genesisHeight + 6)})
	leaf := rfc6962.DefaultHasher.HashLeaf(entry.Entry.BlockHash)
	if err := proof.VerifyInclusion(rfc6962.DefaultHasher, entry.Entry.Index, head.Log.Size_, leaf, [][]byte{left}, head.Log.Root); err != nil {
		t.Error(err)
	}
	if _, err := q.HeaderEntry(w.ctx, &councilv1.QueryHeaderEntryRequest{Height: genesisHeight + 1}); !isOnly(err, ErrNotFound) {
		t.Errorf("an idle block: %v", err)
	}
}

// Test that simulation, which has no header, leaves the log alone.
func TestNoHeader(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.k.RecordHeader(w.ctx.WithHeaderHash(nil)); err != nil {
		t.Fatal(err)
	}
	same(t, "entries", len(w.export(t, w.ctx).Entries), 0)
}

// Test the answers of the remaining queries.
func TestQueries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q := NewQueryServer(w.k)
	all, err := q.Members(w.ctx, &councilv1.QueryMembersRequest{})
	if err != nil || len(all.Members) != 5 || all.Members[0].OrgId != bank {
		t.Errorf("members: %v, %v", all, err)
	}
	one, err := q.Member(w.ctx, &councilv1.QueryMemberRequest{OrgId: verifier})
	if err != nil || one.Member.Power != 5 {
		t.Errorf("member: %v, %v", one, err)
	}
	if _, err := q.Member(w.ctx, &councilv1.QueryMemberRequest{OrgId: candidate}); !isOnly(err, ErrMember) {
		t.Errorf("no member: %v", err)
	}
	p, err := q.Params(w.ctx, &councilv1.QueryParamsRequest{})
	if err != nil || p.Params != exampleGenesis().Params {
		t.Errorf("params: %v, %v", p, err)
	}
	if kind, err := w.k.Network(w.ctx); err != nil || kind != councilv1.NetworkKind_NETWORK_KIND_PRODUCTION {
		t.Errorf("network: %v, %v", kind, err)
	}
}
