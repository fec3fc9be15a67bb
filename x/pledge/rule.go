package pledge

import (
	"slices"

	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
)

// rule is a named check of a whole genesis.
type rule struct {
	name  string
	check func(*pledgev1.GenesisState) error
}

// rules are what a genesis can be asked without a store.
var rules = []rule{
	{"params", func(gs *pledgev1.GenesisState) error { return validateParams(gs.Params) }},
	{"key", keyRule},
	{"retiring", retiringRule},
	{"proposal", proposalRule},
	{"statement", statementRule},
	{"pledge", pledgeRule},
	{"share-sum", shareSumRule},
	{"holder", holderRule},
}

// keyRule: epochs count from 1 without a gap; the last key is active, the one
// before retiring or retired, all others retired; every holder has confirmed.
func keyRule(gs *pledgev1.GenesisState) error {
	last := len(gs.Keys) - 1
	for i, key := range gs.Keys {
		if key.Epoch != uint64(i)+1 || key.Sharing == 0 {
			return ErrGenesis.Wrapf("epoch %d, sharing %d at place %d", key.Epoch, key.Sharing, i)
		}
		if err := keyShape(key); err != nil {
			return err
		}
		if len(key.ConfirmedBy) != len(key.Shares) {
			return ErrGenesis.Wrapf("epoch %d is confirmed by %d of %d", key.Epoch, len(key.ConfirmedBy), len(key.Shares))
		}
		if err := confirmedByHolders(key); err != nil {
			return err
		}
		fits := key.Status == keyRetired
		switch i {
		case last:
			fits = key.Status == keyActive
		case last - 1:
			fits = fits || key.Status == keyRetiring
		}
		if !fits {
			return ErrGenesis.Wrapf("epoch %d of %d is %s", key.Epoch, last+1, key.Status)
		}
	}
	return nil
}

func confirmedByHolders(key pledgev1.Key) error {
	for i, id := range key.ConfirmedBy {
		if !holdsShare(key, id) || i > 0 && id <= key.ConfirmedBy[i-1] {
			return ErrGenesis.Wrapf("epoch %d is confirmed by %d", key.Epoch, key.ConfirmedBy)
		}
	}
	return nil
}

// retiringRule: a key is retiring exactly while a holding statement has no newer
// tag than its own.
func retiringRule(gs *pledgev1.GenesisState) error {
	for i, key := range gs.Keys {
		if i == len(gs.Keys)-1 {
			continue
		}
		n := 0
		for _, st := range gs.Statements {
			if st.PledgedPpm > 0 && len(st.Tags) > 0 && newest(st) == key.Epoch {
				n++
			}
		}
		if (key.Status == keyRetiring) != (n > 0) {
			return ErrGenesis.Wrapf("epoch %d is %s, %d statements hold by it alone", key.Epoch, key.Status, n)
		}
	}
	return nil
}

// proposalRule: a proposal comes next and is not confirmed by all.
func proposalRule(gs *pledgev1.GenesisState) error {
	p := gs.Proposal
	if p == nil {
		return nil
	}
	if err := keyShape(*p); err != nil {
		return err
	}
	if err := confirmedByHolders(*p); err != nil {
		return err
	}
	checked := slices.DeleteFunc(slices.Clone(gs.Keys), func(key pledgev1.Key) bool { return key.Status == keyRetired })
	epoch, sharing, err := place(checked, p.Point)
	if err != nil {
		return err
	}
	if p.Status != keyProposed || p.Epoch != epoch || p.Sharing != sharing || len(p.ConfirmedBy) >= len(p.Shares) {
		return ErrGenesis.Wrapf("epoch %d, sharing %d is %s, confirmed by %d", p.Epoch, p.Sharing, p.Status, len(p.ConfirmedBy))
	}
	return nil
}

// statementRule: ids have no gap, and every field is one that a message can have
// written.
func statementRule(gs *pledgev1.GenesisState) error {
	for i, st := range gs.Statements {
		if st.Id != uint64(i)+1 {
			return ErrGenesis.Wrapf("id %d at place %d", st.Id, i)
		}
		if err := hashes(namedBytes{"batch_id", st.BatchId}, namedBytes{"leaf_hash", st.LeafHash},
			namedBytes{"lender_commitment", st.LenderCommitment}, namedBytes{"pledge_key", st.PledgeKey},
			namedBytes{"face_commitment", st.FaceCommitment}); err != nil {
			return err
		}
		if err := tags(st.Tags); err != nil {
			return err
		}
		if newest(st) > uint64(len(gs.Keys)) {
			return ErrGenesis.Wrapf("statement %d has a tag of epoch %d", st.Id, newest(st))
		}
		if st.EnterpriseId == 0 || st.AttestorOrgId == 0 || st.AttestorOrgId == st.EnterpriseId || st.ExpiresAt <= st.IssuedAt {
			return ErrGenesis.Wrapf("statement %d of %d by %d from %d to %d", st.Id, st.EnterpriseId, st.AttestorOrgId, st.IssuedAt, st.ExpiresAt)
		}
		if err := statementStatus(st); err != nil {
			return err
		}
	}
	return nil
}

func statementStatus(st pledgev1.Statement) error {
	contested := st.Status == stateContested || st.Status == stateOverturned
	known := contested || st.Status == stateLive || st.Status == stateWithdrawn
	switch {
	case !known, (st.Status == stateWithdrawn) && !st.Withdrawn, (st.Status == stateLive) && st.Withdrawn,
		contested && len(st.ContestHash) != HashBytes, len(st.ContestHash) != 0 && len(st.ContestHash) != HashBytes:
		return ErrGenesis.Wrapf("statement %d is %s", st.Id, st.Status)
	}
	return nil
}

// pledgeRule: ids have no gap, and end and status suit each other.
func pledgeRule(gs *pledgev1.GenesisState) error {
	for i, p := range gs.Pledges {
		if p.Id != uint64(i)+1 || p.StatementId == 0 || p.StatementId > uint64(len(gs.Statements)) {
			return ErrGenesis.Wrapf("pledge %d of statement %d at place %d", p.Id, p.StatementId, i)
		}
		if err := share(p.SharePpm); err != nil {
			return err
		}
		known := p.Status == pledgeLive || p.Status == pledgeReleased || p.Status == pledgeExpired || p.Status == pledgeVoid
		if !known || p.ExpiresAt <= p.PledgedAt || (p.Status == pledgeLive) != (p.EndedAt == 0) {
			return ErrGenesis.Wrapf("pledge %d is %s, from %d to %d, ended %d", p.Id, p.Status, p.PledgedAt, p.ExpiresAt, p.EndedAt)
		}
	}
	return nil
}

// shareSumRule: a statement's part under pledge is the sum of its live pledges, at
// most the face and PledgesMax of them; one found wrong has none.
func shareSumRule(gs *pledgev1.GenesisState) error {
	type total struct {
		ppm       uint64
		live, all uint32
	}
	sums := make([]total, len(gs.Statements)+1)
	for _, p := range gs.Pledges {
		t := &sums[p.StatementId]
		t.all++
		if p.Status == pledgeLive {
			t.ppm += uint64(p.SharePpm)
			t.live++
		}
	}
	for _, st := range gs.Statements {
		t := sums[st.Id]
		if t.ppm != uint64(st.PledgedPpm) || t.all != st.Pledges || t.ppm > FacePpm || t.live > PledgesMax {
			return ErrGenesis.Wrapf("statement %d has %d millionths in %d pledges, its live ones have %d in %d",
				st.Id, st.PledgedPpm, st.Pledges, t.ppm, t.live)
		}
		if st.Status == stateOverturned && t.live != 0 {
			return ErrGenesis.Wrapf("statement %d is found wrong and has %d live pledges", st.Id, t.live)
		}
	}
	return nil
}

// holderRule: no tag is held by two statements.
func holderRule(gs *pledgev1.GenesisState) error {
	type held struct {
		epoch uint64
		tag   [HashBytes]byte
	}
	holders := make(map[held]uint64)
	for _, st := range gs.Statements {
		if st.PledgedPpm == 0 {
			continue
		}
		for _, t := range st.Tags {
			if len(t.Tag) != HashBytes {
				return ErrGenesis.Wrapf("statement %d has a tag of %d bytes", st.Id, len(t.Tag))
			}
			key := held{t.Epoch, [HashBytes]byte(t.Tag)}
			if other, twice := holders[key]; twice {
				return ErrGenesis.Wrapf("statements %d and %d hold one tag of epoch %d", other, st.Id, t.Epoch)
			}
			holders[key] = st.Id
		}
	}
	return nil
}
