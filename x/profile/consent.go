package profile

import (
	"context"
	"slices"

	"cosmossdk.io/collections"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// Bounds of consents.
const (
	// LiveConsentsMax bounds the active and paused consents of one enterprise, and
	// with it the work of a revocation.
	LiveConsentsMax = 256
	// JournalEntriesMax bounds the entries of one consent's journal: a consent that
	// was paused and resumed this often can only end.
	JournalEntriesMax = 256
)

// Short names of the states.
const (
	statePending = profilev1.ConsentState_CONSENT_STATE_PENDING
	stateActive  = profilev1.ConsentState_CONSENT_STATE_ACTIVE
	statePaused  = profilev1.ConsentState_CONSENT_STATE_PAUSED
	stateRevoked = profilev1.ConsentState_CONSENT_STATE_REVOKED
	stateExpired = profilev1.ConsentState_CONSENT_STATE_EXPIRED
	stateRefused = profilev1.ConsentState_CONSENT_STATE_REFUSED
)

type transition struct{ from, to profilev1.ConsentState }

// transitions are the only legal changes of a consent's state. A grantee that
// withdraws its own request makes it REVOKED, as nothing was refused.
var transitions = []transition{
	{statePending, stateActive},
	{statePending, stateRefused},
	{statePending, stateRevoked},
	{statePending, stateExpired},
	{stateActive, statePaused},
	{stateActive, stateRevoked},
	{stateActive, stateExpired},
	{statePaused, stateActive},
	{statePaused, stateRevoked},
	{statePaused, stateExpired},
}

// checkTransition is nil where the change is legal now. Once its time has passed a
// consent can only become EXPIRED, and before that it cannot.
func checkTransition(c profilev1.Consent, to profilev1.ConsentState, now int64) error {
	if !slices.Contains(transitions, transition{c.State, to}) {
		return ErrTransition.Wrapf("%s to %s", c.State, to)
	}
	if past := now >= c.Terms.ExpiresAt; past != (to == stateExpired) {
		return ErrTransition.Wrapf("%s to %s at %d, expires_at %d", c.State, to, now, c.Terms.ExpiresAt)
	}
	if (to == statePaused || to == stateActive) && c.JournalEntries >= JournalEntriesMax-1 {
		return ErrTransition.Wrapf("journal has %d entries, the last is kept for the end", c.JournalEntries)
	}
	return nil
}

// isLive tells whether the state still gives or may give access.
func isLive(s profilev1.ConsentState) bool { return s == stateActive || s == statePaused }

// overdue tells whether the consent has passed its end without a row saying so.
func overdue(c profilev1.Consent, now int64) bool {
	return now >= c.Terms.ExpiresAt && (c.State == statePending || isLive(c.State))
}

// Consent is a consent as its row says, or ErrNotFound. A row that is ACTIVE may
// have passed its end: ask [Keeper.LiveConsent] before access is given.
func (k *Keeper) Consent(ctx context.Context, id []byte) (profilev1.Consent, error) {
	c, found, err := lookup(k.consents.Get(ctx, id))
	if err == nil && !found {
		err = ErrNotFound.Wrapf("consent %x", clip(id))
	}
	return c, err
}

// LiveConsent is a consent that covers reads at this block's time: its row is
// ACTIVE, and starts_at ≤ now < expires_at. Else ErrNotLive, or ErrNotFound.
func (k *Keeper) LiveConsent(ctx context.Context, id []byte) (profilev1.Consent, error) {
	c, err := k.Consent(ctx, id)
	if err != nil {
		return c, err
	}
	now, _ := moment(ctx)
	if c.State != stateActive || now < c.Terms.StartsAt || now >= c.Terms.ExpiresAt {
		return c, ErrNotLive.Wrapf("%s, %d to %d, now %d", c.State, c.Terms.StartsAt, c.Terms.ExpiresAt, now)
	}
	return c, nil
}

// change moves a consent to another state by a device, or by time where device is
// empty, writes its journal and its indexes, and tells. It returns the new row.
func (k *Keeper) change(ctx context.Context, c profilev1.Consent, to profilev1.ConsentState, device string) (profilev1.Consent, error) {
	now, _ := moment(ctx)
	if err := checkTransition(c, to, now); err != nil {
		return c, err
	}
	before := c.State
	c.State = to
	if device != "" {
		c.SignerDevice = device
	}
	c, err := k.record(ctx, c, device)
	if err != nil {
		return c, err
	}
	if isLive(before) && !isLive(to) {
		return c, k.oweDeletion(ctx, c)
	}
	return c, nil
}

// record appends a journal entry for the consent's state, then writes the row,
// which carries the journal's head, and the sets that follow the state.
func (k *Keeper) record(ctx context.Context, c profilev1.Consent, device string) (profilev1.Consent, error) {
	now, height := moment(ctx)
	c.ChangedAt, c.ChangedHeight = now, height
	c, entry, err := appendEntry(c, device)
	if err != nil {
		return c, err
	}
	if err := k.journal.Set(ctx, collections.Join(c.Id, entry.Number), entry); err != nil {
		return c, err
	}
	if err := k.consents.Set(ctx, c.Id, c); err != nil {
		return c, err
	}
	if err := k.follow(ctx, c); err != nil {
		return c, err
	}
	return c, emit(ctx, &profilev1.EventConsentChanged{
		ConsentId: c.Id, EnterpriseId: c.Terms.EnterpriseId, GranteeOrgId: c.Terms.GranteeOrgId, State: c.State,
	})
}

// follow makes the sets of waiting and of live consents agree with the row.
func (k *Keeper) follow(ctx context.Context, c profilev1.Consent) error {
	waits := collections.Join3(c.Terms.EnterpriseId, c.Terms.GranteeOrgId, c.Id)
	lives := collections.Join(c.Terms.EnterpriseId, c.Id)
	if c.State == statePending {
		return k.pending.Set(ctx, waits)
	}
	if err := k.pending.Remove(ctx, waits); err != nil {
		return err
	}
	if isLive(c.State) {
		return k.live.Set(ctx, lives)
	}
	return k.live.Remove(ctx, lives)
}

// pendingConsents lists the open requests of one grantee to one enterprise.
func (k *Keeper) pendingConsents(ctx context.Context, enterprise, grantee uint64) ([]profilev1.Consent, error) {
	var ids [][]byte
	err := k.pending.Walk(ctx, collections.NewSuperPrefixedTripleRange[uint64, uint64, []byte](enterprise, grantee),
		func(key pendingKey) (bool, error) {
			ids = append(ids, key.K3())
			return false, nil
		})
	if err != nil {
		return nil, err
	}
	return k.load(ctx, ids)
}

// liveConsents lists the active and paused consents of an enterprise.
func (k *Keeper) liveConsents(ctx context.Context, enterprise uint64) ([]profilev1.Consent, error) {
	var ids [][]byte
	err := k.live.Walk(ctx, collections.NewPrefixedPairRange[uint64, []byte](enterprise),
		func(key collections.Pair[uint64, []byte]) (bool, error) {
			ids = append(ids, key.K2())
			return false, nil
		})
	if err != nil {
		return nil, err
	}
	return k.load(ctx, ids)
}

func (k *Keeper) load(ctx context.Context, ids [][]byte) ([]profilev1.Consent, error) {
	all := make([]profilev1.Consent, len(ids))
	var err error
	for i, id := range ids {
		if all[i], err = k.Consent(ctx, id); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// sweep makes every consent of the list that has passed its end EXPIRED, and
// returns the others. Wraps that only an expired consent was waiting for are no
// longer due.
func (k *Keeper) sweep(ctx context.Context, all []profilev1.Consent) ([]profilev1.Consent, error) {
	now, _ := moment(ctx)
	var rest []profilev1.Consent
	for _, c := range all {
		if !overdue(c, now) {
			rest = append(rest, c)
			continue
		}
		if _, err := k.change(ctx, c, stateExpired, ""); err != nil {
			return nil, err
		}
	}
	if len(rest) == len(all) {
		return rest, nil
	}
	return rest, k.settleRewraps(ctx, all[0].Terms.EnterpriseId)
}
