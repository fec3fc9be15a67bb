package profile

import (
	"bytes"
	"slices"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// checkAmendments: an amended consent and the one that amends it name each other,
// and the second allows nothing that the first did not; a renewal continues a
// consent of the same parties that gave access.
func checkAmendments(gs *profilev1.GenesisState) error {
	for _, c := range gs.Consents {
		if (c.State == stateAmended) != (len(c.AmendedBy) != 0) {
			return ErrInvariant.Wrapf("consent %x is %s, amended_by %x", clip(c.Id), c.State, clip(c.AmendedBy))
		}
		if len(c.AmendedBy) != 0 {
			next, found := consentOf(gs, c.AmendedBy)
			if !found || !bytes.Equal(next.Terms.Amends, c.Id) {
				return ErrInvariant.Wrapf("consent %x: amended_by names no amendment of it", clip(c.Id))
			}
		}
		if len(c.Terms.Amends) != 0 {
			old, found := consentOf(gs, c.Terms.Amends)
			if !found || !bytes.Equal(old.AmendedBy, c.Id) {
				return ErrInvariant.Wrapf("consent %x: amends names nothing that it amended", clip(c.Id))
			}
			if err := checkNarrower(old.Terms, c.Terms); err != nil {
				return ErrInvariant.Wrapf("consent %x: %v", clip(c.Id), err)
			}
		}
		if len(c.Terms.Renews) != 0 {
			old, found := consentOf(gs, c.Terms.Renews)
			if !found {
				return ErrInvariant.Wrapf("consent %x: renews names no consent", clip(c.Id))
			}
			if err := checkRenews(c.Terms, old); err != nil {
				return ErrInvariant.Wrapf("consent %x: %v", clip(c.Id), err)
			}
		}
	}
	return nil
}

func consentOf(gs *profilev1.GenesisState, id []byte) (profilev1.Consent, bool) {
	i, found := slices.BinarySearchFunc(gs.Consents, id, func(c profilev1.Consent, id []byte) int { return bytes.Compare(c.Id, id) })
	if !found {
		return profilev1.Consent{}, false
	}
	return gs.Consents[i], true
}

// checkLogAnchors: the newest kept anchor of a log is its head, and a log counts
// the anchors that are kept of it.
func checkLogAnchors(gs *profilev1.GenesisState) error {
	rest := gs.LogAnchors
	for _, l := range gs.Logs {
		n := 0
		for n < len(rest) && rest[n].VaultOrgId == l.VaultOrgId {
			a := rest[n]
			if len(a.Head) != HashBytes || a.FirstHeight < 0 || a.FirstHeight > a.Height {
				return ErrInvariant.Wrapf("log of %d: anchor %d is out of bounds", l.VaultOrgId, a.Sequence)
			}
			n++
		}
		if n == 0 || n != int(l.KeptAnchors) {
			return ErrInvariant.Wrapf("log of %d: %d anchors, row says %d", l.VaultOrgId, n, l.KeptAnchors)
		}
		if last := rest[n-1]; last.Sequence != l.Sequence || !bytes.Equal(last.Head, l.Head) || last.Height != l.Height {
			return ErrInvariant.Wrapf("log of %d: its newest anchor is not its head", l.VaultOrgId)
		}
		rest = rest[n:]
	}
	if len(rest) != 0 {
		return ErrInvariant.Wrapf("%d anchors are of no log", len(rest))
	}
	return nil
}

// checkErasures: after the block of an erasure the enterprise has no live consent
// and no new batch or consent; every custodian that anchored owes or has posted a
// receipt, and it is done exactly when none is missing.
func checkErasures(gs *profilev1.GenesisState) error {
	for _, e := range gs.Erasures {
		if e.EnterpriseId == 0 || e.Height < 0 || e.DueAt <= e.RequestedAt || len(e.Receipts) > CustodiansMax+2 {
			return ErrInvariant.Wrapf("erasure of %d: out of bounds", e.EnterpriseId)
		}
		missing := 0
		for i, r := range e.Receipts {
			if i > 0 && e.Receipts[i-1].CustodianOrgId >= r.CustodianOrgId {
				return ErrInvariant.Wrapf("erasure of %d: receipts are not in ascending order", e.EnterpriseId)
			}
			if (r.PostedAt == 0) != (len(r.ReceiptHash) == 0) || len(r.ReceiptHash) != 0 && len(r.ReceiptHash) != HashBytes {
				return ErrInvariant.Wrapf("erasure of %d: receipt of %d half posted", e.EnterpriseId, r.CustodianOrgId)
			}
			missing += count(r.PostedAt == 0)
		}
		if (missing == 0) != (e.DoneAt != 0) {
			return ErrInvariant.Wrapf("erasure of %d: %d receipts missing, done at %d", e.EnterpriseId, missing, e.DoneAt)
		}
	}
	for _, c := range gs.Consents {
		if e, erased := erasureOf(gs, c.Terms.EnterpriseId); erased && (isLive(c.State) || c.ChangedHeight > e.Height && c.JournalEntries == 1) {
			return ErrInvariant.Wrapf("consent %x is %s, its enterprise is erased", clip(c.Id), c.State)
		}
	}
	for _, b := range gs.Batches {
		e, erased := erasureOf(gs, b.EnterpriseId)
		if !erased {
			continue
		}
		if b.Height > e.Height {
			return ErrInvariant.Wrapf("batch %x came after the erasure of its enterprise", clip(b.Anchor.BatchId))
		}
		if !slices.ContainsFunc(e.Receipts, func(r profilev1.ErasureReceipt) bool { return r.CustodianOrgId == b.CustodianOrgId }) {
			return ErrInvariant.Wrapf("batch %x: its custodian owes no erasure receipt", clip(b.Anchor.BatchId))
		}
	}
	return nil
}

func erasureOf(gs *profilev1.GenesisState, enterprise uint64) (profilev1.Erasure, bool) {
	i, found := slices.BinarySearchFunc(gs.Erasures, enterprise, func(e profilev1.Erasure, id uint64) int {
		switch {
		case e.EnterpriseId < id:
			return -1
		case e.EnterpriseId > id:
			return 1
		}
		return 0
	})
	if !found {
		return profilev1.Erasure{}, false
	}
	return gs.Erasures[i], true
}
