package custody

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

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

	adopted time.Time // of the last round as a second custodian
	swept   time.Time // of the last look for consents that are over
}

func (c *Custodian) address() string { return wire.Address(c.Service) }

// every is how often Run looks for work. A block takes about as long.
const every = 200 * time.Millisecond

// Run does what is due until ctx ends: wraps for granted consents, new epochs
// after revocations, anchors of the log of reads; and once, after the start,
// what a crash left of deliveries. Each step is idempotent, so
// that a crash between vault and chain is mended by the next round.
func (c *Custodian) Run(ctx context.Context) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		// After a restart the newest block is as old as the stop was long; the next
		// one is a moment away.
		if err := c.Step(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, vault.ErrHeadStale) {
			c.Log.Error("custodian's round", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Some work need not be looked for at every block.
const (
	sweepEvery = 5 * time.Second
	adoptEvery = 2 * time.Second
)

// Step does one round.
func (c *Custodian) Step(ctx context.Context) error {
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
	if time.Since(c.swept) > sweepEvery {
		all = errors.Join(all, c.Vault.Sweep(ctx))
		c.swept = time.Now()
	}
	if c.First != nil && c.DataKey != nil && time.Since(c.adopted) > adoptEvery {
		all = errors.Join(all, c.adopt(ctx))
		c.adopted = time.Now()
	}
	return errors.Join(all, c.anchorLog(ctx))
}

func (c *Custodian) serve(ctx context.Context, enterprise uint64) error {
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

// anchorLog anchors the receipts of reads that are not on chain yet.
func (c *Custodian) anchorLog(ctx context.Context) error {
	for {
		iv, ok, err := c.Vault.Log().Pending()
		if err != nil || !ok {
			return err
		}
		if iv, err = c.anchorInterval(ctx, iv); err != nil {
			return err
		}
		if err := c.Vault.Log().Anchored(iv); err != nil {
			return fmt.Errorf("marking the log as anchored: %w", err)
		}
	}
}

// anchorInterval sends one interval and returns what the chain then has. If a
// crash came between the chain's block and our mark, the chain has some of it
// already; receipts that were written since wait for the next interval.
func (c *Custodian) anchorInterval(ctx context.Context, iv vault.Interval) (vault.Interval, error) {
	head, err := c.Client.Profile.AccessLog(ctx, &profilev1.QueryAccessLogRequest{VaultOrgId: c.OrgID})
	switch {
	case status.Code(err) == codes.NotFound: // nothing was anchored yet
	case err != nil:
		return iv, fmt.Errorf("reading the anchored log of reads: %w", err)
	case head.Log.Sequence >= iv.From:
		if iv, err = c.Vault.Log().PendingTo(head.Log.Sequence); err != nil {
			return iv, err
		}
		if !bytes.Equal(head.Log.Head, iv.Head[:]) {
			return iv, fmt.Errorf("%w: the chain has another receipt %d", vault.ErrDamaged, iv.To)
		}
		return iv, nil
	}
	_, err = c.Client.Send(ctx, c.Service, &profilev1.MsgAnchorAccessLog{
		Device: c.address(), OrgId: c.OrgID, From: iv.From, To: iv.To,
		PreviousHead: iv.Prev[:], Head: iv.Head[:], Refused: iv.Refused,
	})
	if err != nil {
		return iv, fmt.Errorf("anchoring the log of reads: %w", err)
	}
	return iv, nil
}
