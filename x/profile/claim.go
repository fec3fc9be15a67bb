package profile

import (
	"bytes"
	"cmp"
	"slices"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/artefact"
)

// checkOrder wants every list in ascending key order, without a key twice, and
// the rows that no claim looks at within their bounds.
func checkOrder(gs *profilev1.GenesisState) error {
	for i, s := range gs.Schemas {
		if err := checkSchema(s); err != nil {
			return ErrGenesis.Wrapf("schemas[%d]: %v", i, err)
		}
		if err := checkSameCategory(s, gs.Schemas[:i]); err != nil {
			return ErrGenesis.Wrapf("schemas[%d]: %v", i, err)
		}
	}
	for i, l := range gs.Logs {
		if l.VaultOrgId == 0 || l.Sequence == 0 || l.Refused > l.Sequence || len(l.Head) != HashBytes {
			return ErrGenesis.Wrapf("logs[%d]: out of bounds", i)
		}
	}
	for _, list := range []struct {
		name   string
		sorted bool
	}{
		{"schemas", ascending(gs.Schemas, func(a, b profilev1.Schema) int {
			return cmp.Or(cmp.Compare(a.Id, b.Id), cmp.Compare(a.Version, b.Version))
		})},
		{"batches", ascending(gs.Batches, func(a, b profilev1.Batch) int {
			return bytes.Compare(a.Anchor.BatchId, b.Anchor.BatchId)
		})},
		{"streams", ascending(gs.Streams, compareStreams)},
		{"epochs", ascending(gs.Epochs, func(a, b profilev1.Epoch) int {
			return cmp.Or(cmp.Compare(a.EnterpriseId, b.EnterpriseId), cmp.Compare(a.Category, b.Category))
		})},
		{"consents", ascending(gs.Consents, func(a, b profilev1.Consent) int { return bytes.Compare(a.Id, b.Id) })},
		{"logs", ascending(gs.Logs, func(a, b profilev1.AccessLog) int { return cmp.Compare(a.VaultOrgId, b.VaultOrgId) })},
		{"log_anchors", ascending(gs.LogAnchors, func(a, b profilev1.LogAnchor) int {
			return cmp.Or(cmp.Compare(a.VaultOrgId, b.VaultOrgId), cmp.Compare(a.Sequence, b.Sequence))
		})},
		{"erasures", ascending(gs.Erasures, func(a, b profilev1.Erasure) int { return cmp.Compare(a.EnterpriseId, b.EnterpriseId) })},
		{"receipts", ascending(gs.Receipts, func(a, b profilev1.DeletionReceipt) int {
			return cmp.Or(cmp.Compare(a.OrgId, b.OrgId), bytes.Compare(a.ConsentId, b.ConsentId))
		})},
	} {
		if !list.sorted {
			return ErrGenesis.Wrapf("%s: not in ascending order of keys", list.name)
		}
	}
	return nil
}

func ascending[T any](list []T, compare func(a, b T) int) bool {
	for i := 1; i < len(list); i++ {
		if compare(list[i-1], list[i]) >= 0 {
			return false
		}
	}
	return true
}

func compareStreams(a, b profilev1.Stream) int {
	return cmp.Or(cmp.Compare(a.EnterpriseId, b.EnterpriseId), cmp.Compare(a.Source, b.Source), cmp.Compare(a.SchemaId, b.SchemaId))
}

func streamOf(b profilev1.Batch) profilev1.Stream {
	return profilev1.Stream{EnterpriseId: b.EnterpriseId, Source: b.Anchor.Source, SchemaId: b.Anchor.SchemaId}
}

// checkStreams plays every stream again by the rules of anchoring: the batches of
// a stream are numbered without a hole, cover no day twice, name the days missing
// before them and are superseded exactly where a later one says so.
func checkStreams(gs *profilev1.GenesisState) error {
	all := slices.Clone(gs.Batches)
	slices.SortFunc(all, func(a, b profilev1.Batch) int {
		return cmp.Or(compareStreams(streamOf(a), streamOf(b)), cmp.Compare(a.Anchor.Sequence, b.Anchor.Sequence))
	})
	n := 0
	for len(all) > 0 {
		size := 1
		for size < len(all) && compareStreams(streamOf(all[0]), streamOf(all[size])) == 0 {
			size++
		}
		s, err := replay(all[:size])
		if err != nil {
			return err
		}
		if n >= len(gs.Streams) || gs.Streams[n] != s {
			return ErrInvariant.Wrapf("stream %d: its batches give %v", n, s)
		}
		n, all = n+1, all[size:]
	}
	if n != len(gs.Streams) {
		return ErrInvariant.Wrapf("%d streams, %d have batches", len(gs.Streams), n)
	}
	return nil
}

// replay anchors the batches of one stream, in order of sequence, again.
func replay(batches []profilev1.Batch) (profilev1.Stream, error) {
	s, last := streamOf(batches[0]), profilev1.Batch{}
	status := make([]profilev1.BatchStatus, len(batches))
	for i, b := range batches {
		if err := checkBatch(b); err != nil {
			return s, err
		}
		var gapDays uint32
		var err error
		if j := slices.IndexFunc(batches[:i], func(o profilev1.Batch) bool { return replaces(b.Anchor, o.Anchor.BatchId) }); j >= 0 {
			old := batches[j]
			old.Status = status[j] // as it was then
			s, gapDays, err = supersede(s, last, old, b.Anchor)
			status[j] = profilev1.BatchStatus_BATCH_STATUS_SUPERSEDED
		} else if len(b.Anchor.Supersedes) != 0 {
			err = ErrSupersede.Wrap("the replaced batch is not in the stream")
		} else {
			s, gapDays, err = extend(s, last, b.Anchor)
		}
		if err != nil {
			return s, ErrInvariant.Wrapf("batch %x: %v", b.Anchor.BatchId, err)
		}
		if gapDays != b.GapDays {
			return s, ErrInvariant.Wrapf("batch %x: gap_days %d, want %d", b.Anchor.BatchId, b.GapDays, gapDays)
		}
		last = b
	}
	for i, b := range batches {
		const superseded = profilev1.BatchStatus_BATCH_STATUS_SUPERSEDED
		if (status[i] == superseded) != (b.Status == superseded) {
			return s, ErrInvariant.Wrapf("batch %x: status %s", b.Anchor.BatchId, b.Status)
		}
	}
	return s, nil
}

func checkBatch(b profilev1.Batch) error {
	if err := checkAnchor(b.Anchor); err != nil {
		return err
	}
	if b.EnterpriseId == 0 || b.CustodianOrgId == 0 || b.Height < 0 || b.Status < 1 || b.Status > profilev1.BatchStatus_BATCH_STATUS_DISPUTED {
		return ErrInvariant.Wrapf("batch %x: enterprise, custodian, height or status out of bounds", b.Anchor.BatchId)
	}
	return nil
}

// checkEpochs: every batch is of a pinned schema and its category, and lies under
// an epoch that has begun.
func checkEpochs(gs *profilev1.GenesisState) error {
	for i, e := range gs.Epochs {
		if e.EnterpriseId == 0 || !knownCategory(e.Category) || e.Number < 1 || e.RewrapDueHeight < 0 {
			return ErrInvariant.Wrapf("epochs[%d]: out of bounds", i)
		}
	}
	for _, b := range gs.Batches {
		pinned := slices.ContainsFunc(gs.Schemas, func(s profilev1.Schema) bool {
			return s.Id == b.Anchor.SchemaId && s.Version == b.Anchor.SchemaVersion && s.Category == b.Category
		})
		if !pinned {
			return ErrInvariant.Wrapf("batch %x: schema or category is not pinned", clip(b.Anchor.BatchId))
		}
		i, found := slices.BinarySearchFunc(gs.Epochs, b, func(e profilev1.Epoch, b profilev1.Batch) int {
			return cmp.Or(cmp.Compare(e.EnterpriseId, b.EnterpriseId), cmp.Compare(e.Category, b.Category))
		})
		if !found || b.Anchor.Epoch > gs.Epochs[i].Number {
			return ErrInvariant.Wrapf("batch %x: epoch %d has not begun", clip(b.Anchor.BatchId), b.Anchor.Epoch)
		}
	}
	return nil
}

// checkConsents: every consent's terms are legal, its id is their hash, and its
// wraps are for categories that it grants.
func checkConsents(gs *profilev1.GenesisState) error {
	for i, c := range gs.Consents {
		if err := checkTerms(c.Terms); err != nil {
			return ErrInvariant.Wrapf("consents[%d]: %v", i, err)
		}
		id, err := artefact.ConsentID(c.Terms)
		if err != nil || !bytes.Equal(id, c.Id) {
			return ErrInvariant.Wrapf("consents[%d]: id is not the hash of the terms", i)
		}
		if err := checkWraps(c.Wraps); err != nil {
			return ErrInvariant.Wrapf("consents[%d]: %v", i, err)
		}
		for _, w := range c.Wraps {
			if !slices.Contains(c.Terms.Categories, w.Category) {
				return ErrInvariant.Wrapf("consents[%d]: wrap of %s", i, w.Category)
			}
		}
	}
	return nil
}

// checkJournals: every consent has one journal, chained by hashes from its
// request to the state in its row.
func checkJournals(gs *profilev1.GenesisState) error {
	if len(gs.Journals) != len(gs.Consents) {
		return ErrInvariant.Wrapf("%d journals, %d consents", len(gs.Journals), len(gs.Consents))
	}
	for i, j := range gs.Journals {
		if !bytes.Equal(j.ConsentId, gs.Consents[i].Id) {
			return ErrInvariant.Wrapf("journals[%d]: of another consent", i)
		}
		if err := checkJournal(gs.Consents[i], j.Entries); err != nil {
			return err
		}
	}
	return nil
}

// checkReceipts: a receipt is due or posted for exactly the consents that gave
// access and have ended.
func checkReceipts(gs *profilev1.GenesisState) error {
	if len(gs.Journals) != len(gs.Consents) {
		return ErrInvariant.Wrapf("%d journals, %d consents", len(gs.Journals), len(gs.Consents))
	}
	want := 0
	for i, c := range gs.Consents {
		if !ended(gs.Journals[i].Entries) {
			continue
		}
		want++
		due := dueDeletion(c)
		j, found := slices.BinarySearchFunc(gs.Receipts, due, func(a, b profilev1.DeletionReceipt) int {
			return cmp.Or(cmp.Compare(a.OrgId, b.OrgId), bytes.Compare(a.ConsentId, b.ConsentId))
		})
		if !found || gs.Receipts[j].DueAt != due.DueAt || gs.Receipts[j].EnterpriseId != due.EnterpriseId {
			return ErrInvariant.Wrapf("consent %x: no receipt due at %d", clip(c.Id), due.DueAt)
		}
		if at := gs.Receipts[j].OverdueAt; at != 0 && at <= due.DueAt {
			return ErrInvariant.Wrapf("consent %x: overdue at %d, due at %d", clip(c.Id), at, due.DueAt)
		}
		if r := gs.Receipts[j]; (r.PostedAt == 0) != (len(r.ReceiptHash) == 0) || len(r.ReceiptHash) != 0 && len(r.ReceiptHash) != HashBytes {
			return ErrInvariant.Wrapf("consent %x: receipt half posted", clip(c.Id))
		}
	}
	if want != len(gs.Receipts) {
		return ErrInvariant.Wrapf("%d receipts, %d consents have ended", len(gs.Receipts), want)
	}
	return nil
}

// ended tells whether a journal leads from access to an end.
func ended(entries []profilev1.ConsentEntry) bool {
	n := len(entries)
	return n >= 2 && isLive(entries[n-2].State) && !isLive(entries[n-1].State)
}
