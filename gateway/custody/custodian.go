package custody

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/vault"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/wire"
)

// Custodian acts for the organisation that holds the keys.
type Custodian struct {
	Client  *chain.Client
	Vault   *vault.Vault
	Service wire.Signer // an active service device of the organisation
	OrgID   uint64
	Intake  *Intake // takes documents in
	Log     *slog.Logger

	// DataKey and First are what a second custodian needs: the keys that category
	// keys are wrapped to, and the way to a first custodian's vault. Nil where the
	// organisation is nobody's second.
	DataKey vault.DataKeySource
	First   func(custodian uint64) (vault.First, error)

	swept     time.Time // of the last look for what is over; by serveAll alone
	adopted   time.Time // of the last round as a second custodian; by serveAll alone
	anchoring sync.Mutex
}

func (c *Custodian) address() string { return wire.Address(c.Service) }

// every is how often Run looks for work. A block takes about as long.
const every = 200 * time.Millisecond

// sweepEvery is how often Step destroys wraps of consents that have run out.
const sweepEvery = 2 * time.Second

// Run does what is due until ctx ends: wraps for granted consents, new epochs
// after revocations, destruction of what is over, and, beside it and woken by
// each receipt, anchors of the log of reads; and once, after the start, what a
// crash left of deliveries. Each step is idempotent, so that a crash between vault
// and chain is mended by the next round.
func (c *Custodian) Run(ctx context.Context) error {
	var anchoring sync.WaitGroup
	defer anchoring.Wait()
	anchoring.Go(func() { c.watchLog(ctx) })
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		// After a restart the newest block is as old as the stop was long; the next
		// one is a moment away.
		if err := c.serveAll(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, vault.ErrHeadStale) {
			c.Log.Error("custodian's round", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// adoptEvery is how often Step looks for what a first custodian has.
const adoptEvery = 2 * time.Second

// Step does one round of everything.
func (c *Custodian) Step(ctx context.Context) error {
	return errors.Join(c.serveAll(ctx), c.anchorLog(ctx))
}

func (c *Custodian) serveAll(ctx context.Context) error {
	if err := c.Intake.Recover(ctx); err != nil {
		return err
	}
	list, err := enterprises(ctx, c.Client, func(o orgv1.Organisation) bool { return o.CustodianOrgId == c.OrgID })
	if err != nil {
		return err
	}
	var all error
	for _, o := range list {
		all = errors.Join(all, c.serve(ctx, o.Id))
	}
	if c.First != nil && c.DataKey != nil && time.Since(c.adopted) > adoptEvery {
		all = errors.Join(all, c.adopt(ctx))
		c.adopted = time.Now()
	}
	return errors.Join(all, c.sweep(ctx))
}

// sweep destroys the wraps of consents that are over, and what the chain says is
// erased.
func (c *Custodian) sweep(ctx context.Context) error {
	if time.Since(c.swept) < sweepEvery {
		return nil
	}
	c.swept = time.Now()
	return errors.Join(c.erase(ctx), c.Vault.Sweep(ctx))
}

func (c *Custodian) serve(ctx context.Context, enterprise uint64) error {
	if gone, err := c.Vault.Keys().Erased(enterprise); err != nil || gone {
		return err
	}
	epochs, err := c.Client.Profile.Epochs(ctx, &profilev1.QueryEpochsRequest{EnterpriseId: enterprise})
	if err != nil {
		return fmt.Errorf("reading the epochs of enterprise %d: %w", enterprise, err)
	}
	for _, e := range epochs.Epochs {
		if err := c.catchUp(ctx, enterprise, e); err != nil {
			return err
		}
	}
	consents, err := consentsOf(ctx, c.Client, enterprise)
	if err != nil {
		return err
	}
	for _, k := range consents {
		if k.State != profilev1.ConsentState_CONSENT_STATE_ACTIVE {
			continue
		}
		key, err := c.recipient(ctx, k.Terms.GranteeOrgId)
		if errors.Is(err, vault.ErrKey) {
			continue // the grantee has set no data key yet
		}
		if err != nil {
			return err
		}
		if !complete(k, epochs.Epochs, key) {
			if err := c.wrap(ctx, k); err != nil {
				return err
			}
		}
	}
	return nil
}

// catchUp starts the epochs that the chain has started by a revocation.
func (c *Custodian) catchUp(ctx context.Context, enterprise uint64, e profilev1.Epoch) error {
	category := record.Category(e.Category)
	current, err := c.Vault.Keys().Ensure(enterprise, category)
	for err == nil && current < e.Number {
		current, _, err = c.Vault.Rotate(ctx, enterprise, category)
	}
	if err != nil {
		return fmt.Errorf("starting epoch %d of %s of enterprise %d: %w", e.Number, category, enterprise, err)
	}
	return nil
}

// recipient is the id of an organisation's current data key; vault.ErrKey.
func (c *Custodian) recipient(ctx context.Context, org uint64) (vault.ID, error) {
	r, err := Ledger{Client: c.Client}.DataKey(ctx, org)
	if err != nil {
		return vault.ID{}, err
	}
	return r.ID(), nil
}

// complete tells whether the chain has a wrap of the current epoch for every
// category of a consent, and all of them to the grantee's current data key: an
// organisation that has set a new one is wrapped to anew.
func complete(k profilev1.Consent, epochs []profilev1.Epoch, key vault.ID) bool {
	for _, w := range k.Wraps {
		if !bytes.Equal(w.DataKeyId, key[:]) {
			return false
		}
	}
	for _, category := range k.Terms.Categories {
		number := uint32(1)
		for _, e := range epochs {
			if e.Category == category {
				number = e.Number
			}
		}
		if !slices.ContainsFunc(k.Wraps, func(w profilev1.WrapRef) bool { return w.Category == category && w.Epoch == number }) {
			return false
		}
	}
	return true
}

// wrap makes the wraps of a consent and tells the chain their hashes.
func (c *Custodian) wrap(ctx context.Context, k profilev1.Consent) error {
	id := vault.ID(k.Id)
	for _, category := range k.Terms.Categories {
		if _, err := c.Vault.Keys().Ensure(k.Terms.EnterpriseId, record.Category(category)); err != nil {
			return fmt.Errorf("making a key: %w", err)
		}
	}
	wraps, err := c.Vault.Grant(ctx, id)
	if err != nil {
		return fmt.Errorf("wrapping keys for consent %s: %w", id, err)
	}
	msg := &profilev1.MsgPostWraps{Device: c.address(), OrgId: c.OrgID, ConsentId: k.Id}
	for _, w := range wraps {
		hash, err := w.Hash()
		if err != nil {
			return err
		}
		msg.Wraps = append(msg.Wraps, profilev1.WrapRef{
			Category: profilev1.Category(w.Category), Epoch: w.Epoch, DataKeyId: w.Recipient[:], Hash: hash[:],
		})
	}
	_, err = c.Client.Send(ctx, c.Service, msg)
	return err
}
