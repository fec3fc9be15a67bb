package attestation

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	"github.com/xinlian/xinlian/internal/golden"
)

// lived is a chain on which everything that makes a row has happened once.
func lived(t tester) kit {
	t.Helper()
	c := newKit(t)
	c.attestBatches(t, attestorA, consistent, 1, 2)
	refusal := c.attestBatches(t, attestorB, inconsistent, 2)
	c.attestFeatures(t, attestorA, 0x11, today-1, 1, 2)
	check(t, c.withdraw(attestorA, c.attestFeatures(t, attestorA, 0x22, today, 1)))
	id, err := c.contestBatch(firm, 1)
	check(t, err)
	check(t, c.resolve(regulator, id, true))
	_, err = c.contestBatch(firm, 3)
	check(t, err)
	_, err = c.contest(firm, refusal)
	check(t, err)
	return c
}

// An exported state, taken in by a new chain, exports to the same bytes, answers
// alike and goes on with the next ids.
func TestGenesisRoundTrip(t *testing.T) {
	t.Parallel()
	first := lived(t)
	gs, err := first.ExportGenesis(first.ctx)
	check(t, err)
	check(t, Validate(gs))
	second := newKit(t)
	second.fakes.batches = first.fakes.batches
	check(t, second.InitGenesis(second.ctx, gs))
	again, err := second.ExportGenesis(second.ctx)
	check(t, err)
	a, _ := gs.Marshal()
	b, _ := again.Marshal()
	if !bytes.Equal(a, b) {
		t.Errorf("got %v, want %v", again, gs)
	}
	second.checkInvariants(t)
	second.wantRefused(t, 2, true)
	second.wantBehind(t, 0x11) // withdrawn words shadow older ones here too
	if id := second.attestBatches(t, attestorC, consistent, 2); id != 5 {
		t.Errorf("next id: got %d, want 5", id)
	}
	check(t, second.resolve(attestorC, 2, false))
}

// Each bent field of a valid genesis is refused.
func TestGenesisRefused(t *testing.T) {
	t.Parallel()
	c := lived(t)
	for name, bend := range map[string]func(gs *attestationv1.GenesisState){
		"params":               func(gs *attestationv1.GenesisState) { gs.Params.AttestorsMin = 0 },
		"id gap":               func(gs *attestationv1.GenesisState) { gs.Attestations[1].Id = 9 },
		"self":                 func(gs *attestationv1.GenesisState) { gs.Attestations[0].AttestorOrgId = firm },
		"status":               func(gs *attestationv1.GenesisState) { gs.Attestations[0].Status = 9 },
		"kind":                 func(gs *attestationv1.GenesisState) { gs.Attestations[0].Kind = 0 },
		"verdict":              func(gs *attestationv1.GenesisState) { gs.Attestations[0].Verdict = 0 },
		"batches":              func(gs *attestationv1.GenesisState) { gs.Attestations[0].BatchIds = nil },
		"method":               func(gs *attestationv1.GenesisState) { gs.Attestations[0].MethodHash = nil },
		"evidence":             func(gs *attestationv1.GenesisState) { gs.Attestations[0].EvidenceHash = nil },
		"expiry":               func(gs *attestationv1.GenesisState) { gs.Attestations[0].ExpiresAt = 0 },
		"features of batches":  func(gs *attestationv1.GenesisState) { gs.Attestations[0].Features = gs.Attestations[2].Features },
		"no features":          func(gs *attestationv1.GenesisState) { gs.Attestations[2].Features = nil },
		"commitment":           func(gs *attestationv1.GenesisState) { gs.Attestations[2].Features.Commitment = nil },
		"inconsistent feature": func(gs *attestationv1.GenesisState) { gs.Attestations[2].Verdict = inconsistent },
		"dispute id":           func(gs *attestationv1.GenesisState) { gs.Disputes[1].Id = 9 },
		"dispute subject":      func(gs *attestationv1.GenesisState) { gs.Disputes[0].BatchId = nil },
		"dispute reason":       func(gs *attestationv1.GenesisState) { gs.Disputes[0].ReasonHash = nil },
		"dispute opener":       func(gs *attestationv1.GenesisState) { gs.Disputes[0].OpenedByOrgId = 0 },
		"dispute deadline":     func(gs *attestationv1.GenesisState) { gs.Disputes[0].Deadline = 0 },
		"dispute status":       func(gs *attestationv1.GenesisState) { gs.Disputes[0].Status = 0 },
		"dispute undecided":    func(gs *attestationv1.GenesisState) { gs.Disputes[0].ResolvedByOrgId = 0 },
		"dispute own judge":    func(gs *attestationv1.GenesisState) { gs.Disputes[0].ResolvedByOrgId = firm },
		"dispute no reasons":   func(gs *attestationv1.GenesisState) { gs.Disputes[0].ResolutionHash = nil },
		"dispute decided":      func(gs *attestationv1.GenesisState) { gs.Disputes[1].ResolvedByOrgId = regulator },
		"dispute of nothing":   func(gs *attestationv1.GenesisState) { gs.Disputes[2].AttestationId = 9 },
		"dispute of another":   func(gs *attestationv1.GenesisState) { gs.Disputes[2].EnterpriseId = otherFirm },
		"batch disputed twice": func(gs *attestationv1.GenesisState) { gs.Disputes[1].BatchId = gs.Disputes[0].BatchId },
		"contested twice": func(gs *attestationv1.GenesisState) {
			d := gs.Disputes[2]
			d.Id++
			gs.Disputes = append(gs.Disputes, d)
		},
		"record gone":  func(gs *attestationv1.GenesisState) { gs.Records = gs.Records[1:] },
		"record twice": func(gs *attestationv1.GenesisState) { gs.Records = append(gs.Records, gs.Records[0]) },
		"record":       func(gs *attestationv1.GenesisState) { gs.Records[0].Issued++ },
	} {
		gs, err := c.ExportGenesis(c.ctx)
		check(t, err)
		bend(gs)
		if err := Validate(gs); !errors.Is(err, ErrGenesis) {
			t.Errorf("%s: got %v, want %v", name, err, ErrGenesis)
		}
	}
	if err := Validate(nil); !errors.Is(err, ErrGenesis) {
		t.Errorf("nil: got %v, want %v", err, ErrGenesis)
	}
}

// Each invariant that only a store can break notices it.
func TestInvariantsNotice(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(c kit) error{
		"id-order":      func(c kit) error { return c.nextAttestation.Set(c.ctx, 2) },
		"word-index":    func(c kit) error { return c.batchWords.Set(c.ctx, collections.Join(ids(1)[0], attestorA), 2) },
		"contest-index": func(c kit) error { return c.contests.Remove(c.ctx, 2) },
		"batch-known":   func(c kit) error { c.fakes.batch(1).EnterpriseId = otherFirm; return nil },
		"dispute-mark":  func(c kit) error { c.fakes.batch(3).Status = batchLive; return nil },
		"record":        func(c kit) error { return c.records.Remove(c.ctx, attestorA) },
		"params":        func(c kit) error { return c.params.Set(c.ctx, attestationv1.Params{}) },
	} {
		c := lived(t)
		c.checkInvariants(t)
		check(t, harm(c))
		for _, i := range c.Invariants() {
			if i.Name == name && i.Check(c.ctx) == nil {
				t.Errorf("%s notices nothing", name)
			}
		}
	}
	c := lived(t)
	check(t, c.featureWords.Remove(c.ctx, collections.Join3(firm, uint32(1), attestorA)))
	if c.wordIndex(c.ctx) == nil {
		t.Error("word-index does not notice a word too few")
	}
}

// Whatever messages come in whatever order, the invariants hold.
func TestRandomSequence(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := newKit(t)
		someone := rapid.SampledFrom([]uint64{attestorA, attestorB, attestorC, attestorD, custodian, regulator, lender, firm})
		batch := rapid.ByteRange(1, 5)
		for range rapid.IntRange(1, 15).Draw(t, "steps") {
			by, n, id := someone.Draw(t, "by"), batch.Draw(t, "batch"), rapid.Uint64Range(1, 6).Draw(t, "id")
			switch rapid.IntRange(0, 6).Draw(t, "step") {
			case 0:
				_, _ = c.msgs.AttestBatches(c.ctx, c.batchesMsg(by, attestationv1.Verdict(rapid.IntRange(0, 3).Draw(t, "verdict")), n))
			case 1:
				asOf := today - rapid.Uint32Range(0, 3).Draw(t, "ago")
				_, _ = c.msgs.AttestFeatures(c.ctx, c.featuresMsg(t, by, n, asOf, rapid.ByteRange(1, 4).Draw(t, "over")))
			case 2:
				_ = c.withdraw(by, id)
			case 3:
				_, _ = c.contestBatch(by, n)
			case 4:
				_, _ = c.contest(by, id)
			case 5:
				_ = c.resolve(by, id, rapid.Bool().Draw(t, "upheld"))
			case 6:
				c = c.after(rapid.Int64Range(0, 2*life).Draw(t, "seconds"))
			}
			c.checkInvariants(t)
		}
	})
}

// Store keys are part of the wire contract: proofs name them.
func TestStoreKeysGolden(t *testing.T) {
	t.Parallel()
	c := lived(t)
	var out strings.Builder
	it := c.ctx.KVStore(c.key).Iterator(nil, nil)
	defer it.Close()
	for ; it.Valid(); it.Next() {
		fmt.Fprintf(&out, "%x\n", it.Key())
	}
	golden.Same(t, "testdata/keys.golden", out.String())
}

// Error codes are part of the wire contract.
func TestErrorsGolden(t *testing.T) {
	t.Parallel()
	all := []*errorsmod.Error{
		ErrField, ErrParams, ErrGenesis, ErrUnknownAttestation, ErrUnknownDispute, ErrAccreditation, ErrIndependence,
		ErrBatchOwner, ErrBatchStatus, ErrDigest, ErrAsOf, ErrOlder, ErrNotLive, ErrNotAttestor, ErrMayNotDispute,
		ErrDisputeOpen, ErrDisputeClosed, ErrTooMany, ErrSequence,
	}
	var out strings.Builder
	for i, e := range all {
		if e.ABCICode() != uint32(i)+2 {
			t.Errorf("%s: got code %d, want %d", e.Error(), e.ABCICode(), i+2)
		}
		fmt.Fprintf(&out, "%s %d %s\n", e.Codespace(), e.ABCICode(), e.Error())
	}
	golden.Same(t, "testdata/errors.golden", out.String())
}
