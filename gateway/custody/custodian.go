package custody

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/cosmos/cosmos-sdk/types/query"

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
	TagKey  []byte // 32 secret bytes that key the names of streams
	Log     *slog.Logger

	swept     time.Time // by serveAll alone
	anchoring sync.Mutex
}

func (c *Custodian) address() string { return wire.Address(c.Service) }

// every is how often Run looks for work. A block takes about as long.
const every = 200 * time.Millisecond

// sweepEvery is how often Step destroys wraps of consents that have run out.
const sweepEvery = 2 * time.Second

// Run does what is due until ctx ends: wraps for granted consents, new epochs
// after revocations, destruction of what is over, and, beside it and woken by
// each receipt, anchors of the log of reads. Each step is idempotent, so that a
// crash between vault and chain is mended by the next round.
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

// Step does one round of everything.
func (c *Custodian) Step(ctx context.Context) error {
	return errors.Join(c.serveAll(ctx), c.anchorLog(ctx))
}

func (c *Custodian) serveAll(ctx context.Context) error {
	enterprises, err := c.enterprises(ctx)
	if err != nil {
		return err
	}
	var all error
	for _, id := range enterprises {
		all = errors.Join(all, c.serve(ctx, id))
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

// enterprises lists those that chose this custodian.
func (c *Custodian) enterprises(ctx context.Context) ([]uint64, error) {
	var ids []uint64
	page := &query.PageRequest{Limit: 200}
	for {
		r, err := c.Client.Org.Organisations(ctx, &orgv1.QueryOrganisationsRequest{Kind: orgv1.OrgKind_ORG_KIND_ENTERPRISE, Pagination: page})
		if err != nil {
			return nil, fmt.Errorf("listing enterprises: %w", err)
		}
		for _, o := range r.Organisations {
			if o.CustodianOrgId == c.OrgID {
				ids = append(ids, o.Id)
			}
		}
		if r.Pagination == nil || len(r.Pagination.NextKey) == 0 {
			return ids, nil
		}
		page = &query.PageRequest{Key: r.Pagination.NextKey, Limit: 200}
	}
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
	consents, err := c.Client.Profile.Consents(ctx, &profilev1.QueryConsentsRequest{EnterpriseId: enterprise})
	if err != nil {
		return fmt.Errorf("reading the consents of enterprise %d: %w", enterprise, err)
	}
	for _, k := range consents.Consents {
		if k.State == profilev1.ConsentState_CONSENT_STATE_ACTIVE && !complete(k, epochs.Epochs) {
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

// complete tells whether the chain has a wrap of the current epoch for every
// category of a consent.
func complete(k profilev1.Consent, epochs []profilev1.Epoch) bool {
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
