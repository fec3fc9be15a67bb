package attestation

import (
	"context"

	"cosmossdk.io/collections"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// Invariant is a named check over the whole state. Tests run all of them after
// every step of a simulation, and an operator on a stopped node; a block never.
type Invariant struct {
	Name  string
	Check func(ctx context.Context) error
}

// rules are what a genesis can be asked without a store.
var rules = []rule{
	{"params", func(gs *attestationv1.GenesisState) error { return validateParams(gs.Params) }},
	{"attestation", attestationRule},
	{"dispute", disputeRule},
	{"record", recordRule},
}

// Invariants are the rules of a genesis, asked of the living state, and what
// only a store can break.
func (k *Keeper) Invariants() []Invariant {
	var list []Invariant
	for _, r := range rules {
		list = append(list, Invariant{r.name, func(ctx context.Context) error {
			gs, err := k.ExportGenesis(ctx)
			if err != nil {
				return err
			}
			return r.check(gs)
		}})
	}
	return append(list, []Invariant{
		{"id-order", k.idOrder},
		{"word-index", k.wordIndex},
		{"contest-index", k.contestIndex},
		{"batch-known", k.batchKnown},
		{"dispute-mark", k.disputeMark},
	}...)
}

// idOrder: the next ids are one after the last rows.
func (k *Keeper) idOrder(ctx context.Context) error {
	gs, err := k.ExportGenesis(ctx)
	if err != nil {
		return err
	}
	a, err := k.nextAttestation.Peek(ctx)
	if err != nil {
		return err
	}
	d, err := k.nextDispute.Peek(ctx)
	if err != nil {
		return err
	}
	if a != uint64(len(gs.Attestations))+1 || d != uint64(len(gs.Disputes))+1 {
		return ErrGenesis.Wrapf("next ids %d and %d, %d and %d rows", a, d, len(gs.Attestations), len(gs.Disputes))
	}
	return nil
}

// wordIndex: the words are exactly the newest rows of each attestor.
func (k *Keeper) wordIndex(ctx context.Context) error {
	list, err := rows(ctx, k.attestations)
	if err != nil {
		return err
	}
	batch, feature := make(map[string]uint64), make(map[string]uint64)
	for _, a := range list {
		if a.Kind == attestationv1.Kind_KIND_FEATURES {
			key := collections.Join3(a.EnterpriseId, a.Features.FeatureSetVersion, a.AttestorOrgId)
			feature[k.featureWords.KeyCodec().Stringify(key)] = a.Id
			continue
		}
		for _, b := range a.BatchIds {
			batch[k.batchWords.KeyCodec().Stringify(collections.Join(b, a.AttestorOrgId))] = a.Id
		}
	}
	if err := same(ctx, k.batchWords, batch); err != nil {
		return err
	}
	return same(ctx, k.featureWords, feature)
}

// same compares a stored index with one that was computed.
func same[K any](ctx context.Context, m collections.Map[K, uint64], want map[string]uint64) error {
	n := 0
	err := m.Walk(ctx, nil, func(key K, id uint64) (bool, error) {
		n++
		if text := m.KeyCodec().Stringify(key); want[text] != id {
			return true, ErrGenesis.Wrapf("%s: got %d, want %d", text, id, want[text])
		}
		return false, nil
	})
	if err == nil && n != len(want) {
		err = ErrGenesis.Wrapf("%d entries, want %d", n, len(want))
	}
	return err
}

// contestIndex: the contests are exactly the open disputes about attestations.
func (k *Keeper) contestIndex(ctx context.Context) error {
	list, err := rows(ctx, k.disputes)
	if err != nil {
		return err
	}
	want := make(map[string]uint64)
	for _, d := range list {
		if d.AttestationId != 0 && d.Status == attestationv1.DisputeStatus_DISPUTE_STATUS_OPEN {
			want[k.contests.KeyCodec().Stringify(d.AttestationId)] = d.Id
		}
	}
	return same(ctx, k.contests, want)
}

// batchKnown: every batch that was spoken of is the enterprise's.
func (k *Keeper) batchKnown(ctx context.Context) error {
	return k.attestations.Walk(ctx, nil, func(id uint64, a attestationv1.Attestation) (bool, error) {
		for _, batchID := range a.BatchIds {
			b, err := k.profiles.Batch(ctx, batchID)
			if err != nil {
				return true, err
			}
			if b.EnterpriseId != a.EnterpriseId {
				return true, ErrBatchOwner.Wrapf("attestation %d, batch %x", id, batchID)
			}
		}
		return false, nil
	})
}

// disputeMark: a batch with an open or upheld dispute does not count.
func (k *Keeper) disputeMark(ctx context.Context) error {
	return k.disputes.Walk(ctx, nil, func(id uint64, d attestationv1.Dispute) (bool, error) {
		if d.AttestationId != 0 || d.Status == attestationv1.DisputeStatus_DISPUTE_STATUS_REJECTED {
			return false, nil
		}
		b, err := k.profiles.Batch(ctx, d.BatchId)
		if err == nil && b.Status == profilev1.BatchStatus_BATCH_STATUS_LIVE {
			err = ErrBatchStatus.Wrapf("dispute %d is %s, its batch %s", id, d.Status, b.Status)
		}
		return err != nil, err
	})
}
