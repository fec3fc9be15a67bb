package profile

import (
	"context"
	"slices"

	"cosmossdk.io/collections"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
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
	stateAmended = profilev1.ConsentState_CONSENT_STATE_AMENDED
)

type transition struct{ from, to profilev1.ConsentState }

// transitions are the only legal changes of a consent's state. A grantee that
// withdraws its own request makes it REVOKED, as nothing was refused.
var transitions = []transition{
	{statePending, stateActive},
	{statePending, stateRefused},
	{statePending, stateRevoked},
	{statePending, stateExpired},
	{statePending, stateAmended},
	{stateActive, statePaused},
	{stateActive, stateRevoked},
	{stateActive, stateExpired},
	{stateActive, stateAmended},
	{statePaused, stateActive},
	{statePaused, stateRevoked},
	{statePaused, stateExpired},
	{statePaused, stateAmended},
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

// ends tells whether the row's state still waits for the consent's end.
func ends(s profilev1.ConsentState) bool { return s == statePending || isLive(s) }

// actor is the device behind a change and the role in which it acts; the zero
// actor is time.
type actor struct {
	device string
	signer profilev1.Signer
}

func actorOf(d orgv1.Device) actor {
	a := actor{device: d.Address, signer: profilev1.Signer_SIGNER_SERVICE}
	switch d.Role {
	case orgv1.DeviceRole_DEVICE_ROLE_ADMIN:
		a.signer = profilev1.Signer_SIGNER_LEGAL_REPRESENTATIVE
	case orgv1.DeviceRole_DEVICE_ROLE_OFFICER:
		a.signer = profilev1.Signer_SIGNER_HANDLER
	}
	return a
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

// change moves a consent to another state, writes its journal and its indexes, and
// tells. It returns the new row.
func (k *Keeper) change(ctx context.Context, c profilev1.Consent, to profilev1.ConsentState, by actor) (profilev1.Consent, error) {
	now, _ := moment(ctx)
	if err := checkTransition(c, to, now); err != nil {
		return c, err
	}
	before := c.State
	c.State = to
	if by.device != "" {
		c.SignerDevice = by.device
	}
	c, err := k.record(ctx, c, by)
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
func (k *Keeper) record(ctx context.Context, c profilev1.Consent, by actor) (profilev1.Consent, error) {
	now, height := moment(ctx)
	c.ChangedAt, c.ChangedHeight = now, height
	c, entry, err := appendEntry(c, by)
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

// follow makes the sets of waiting, of live and of ending consents agree with the
// row.
func (k *Keeper) follow(ctx context.Context, c profilev1.Consent) error {
	if err := put(ctx, k.expiries, collections.Join(c.Terms.ExpiresAt, c.Id), ends(c.State)); err != nil {
		return err
	}
	waits := collections.Join3(c.Terms.EnterpriseId, c.Terms.GranteeOrgId, c.Id)
	lives := collections.Join(c.Terms.EnterpriseId, c.Id)
	if err := put(ctx, k.pending, waits, c.State == statePending); err != nil {
		return err
	}
	return put(ctx, k.live, lives, isLive(c.State))
}

// put makes a key a member of a set, or not.
func put[K any](ctx context.Context, set collections.KeySet[K], key K, member bool) error {
	if member {
		return set.Set(ctx, key)
	}
	return set.Remove(ctx, key)
}

// waiting counts the open requests of one grantee to one enterprise.
func (k *Keeper) waiting(ctx context.Context, enterprise, grantee uint64) (int, error) {
	n := 0
	err := k.pending.Walk(ctx, collections.NewSuperPrefixedTripleRange[uint64, uint64, []byte](enterprise, grantee),
		func(pendingKey) (bool, error) {
			n++
			return false, nil
		})
	return n, err
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
