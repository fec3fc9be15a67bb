package tagging

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/oprf"
)

// requestLife is how long a request is good for, by the chain's time.
const requestLife = time.Minute

// ErrNoKey says that the members share no key yet.
var ErrNoKey = errors.New("tagging: the members share no key yet: hold the ceremony first")

// Members carries signed requests to members' services.
type Members interface {
	Ask(ctx context.Context, member uint64, raw, signature []byte) (oprf.Partial, error)
}

// Client makes tags for one organisation.
type Client struct {
	ChainID string
	OrgID   uint64
	Device  wire.ReadSigner // an active device of it
	Ledger  Ledger
	Members Members
	Log     *slog.Logger
}

// Receivables makes the tags of inputs under a consent of the client's
// organisation: for each input one tag for every key that is checked, by epoch
// ascending. At most oprf.BatchMax inputs.
func (c *Client) Receivables(ctx context.Context, consent []byte, inputs ...[]byte) ([][]pledgev1.Tag, error) {
	if len(consent) != idBytes {
		return nil, fmt.Errorf("%w: a consent id of %d bytes", ErrRequest, len(consent))
	}
	return c.tags(ctx, PurposeReceivable, [idBytes]byte(consent), inputs)
}

// Identity makes the tags of an enterprise's identity, by epoch ascending.
func (c *Client) Identity(ctx context.Context, input []byte) ([]pledgev1.Tag, error) {
	list, err := c.tags(ctx, PurposeIdentity, [idBytes]byte{}, [][]byte{input})
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

func (c *Client) tags(ctx context.Context, p Purpose, consent [idBytes]byte, inputs [][]byte) ([][]pledgev1.Tag, error) {
	keys, err := c.Ledger.Keys(ctx)
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		return nil, ErrNoKey
	}
	list := make([][]pledgev1.Tag, len(inputs))
	for _, row := range keys {
		outputs, err := c.outputs(ctx, row, p, consent, inputs)
		if err != nil {
			return nil, fmt.Errorf("making tags of epoch %d: %w", row.Epoch, err)
		}
		for i, o := range outputs {
			tag := oprf.Tag(o)
			list[i] = append(list[i], pledgev1.Tag{Epoch: row.Epoch, Tag: tag[:]})
		}
	}
	return list, nil
}

// outputs asks the holders one threshold of them at first, and the others in
// place of those that fail or answer wrongly.
func (c *Client) outputs(ctx context.Context, row pledgev1.Key, p Purpose, consent [idBytes]byte, inputs [][]byte) ([][]byte, error) {
	key, err := KeyOf(row)
	if err != nil {
		return nil, err
	}
	request, err := oprf.Blind(inputs)
	if err != nil {
		return nil, err
	}
	var (
		partials []oprf.Partial
		failures []error
		asked    int
	)
	for {
		missing := int(key.Threshold) - len(partials)
		if missing > len(row.Shares)-asked {
			return nil, errors.Join(append(failures, oprf.ErrFew)...)
		}
		got, failed := c.ask(ctx, row.Shares[asked:asked+missing], row.Epoch, p, consent, request.Blinded())
		asked += missing
		partials, failures = append(partials, got...), append(failures, failed...)
		if len(partials) < int(key.Threshold) {
			continue
		}
		outputs, err := request.Combine(key, partials)
		var faulty *oprf.FaultyError
		switch {
		case err == nil:
			return outputs, nil
		case !errors.As(err, &faulty):
			return nil, err
		}
		c.Log.Error("members answered wrongly", "epoch", row.Epoch, "members", faulty.Error())
		failures = append(failures, faulty)
		partials = without(partials, faulty)
	}
}

// ask asks some holders at once.
func (c *Client) ask(ctx context.Context, holders []pledgev1.KeyShare, epoch uint64, p Purpose, consent [idBytes]byte, blinded [][]byte) ([]oprf.Partial, []error) {
	type answer struct {
		partial oprf.Partial
		err     error
	}
	answers := make(chan answer, len(holders))
	for _, h := range holders {
		go func() {
			partial, err := c.one(ctx, h.OrgId, epoch, p, consent, blinded)
			if err == nil && uint32(partial.Index) != h.Index {
				err = fmt.Errorf("it answered as member %d, not %d", partial.Index, h.Index)
			}
			if err != nil {
				err = fmt.Errorf("asking organisation %d: %w", h.OrgId, err)
			}
			answers <- answer{partial, err}
		}()
	}
	var partials []oprf.Partial
	var failures []error
	for range holders {
		if a := <-answers; a.err != nil {
			failures = append(failures, a.err)
		} else {
			partials = append(partials, a.partial)
		}
	}
	return partials, failures
}

// one signs and sends a request to one member.
func (c *Client) one(ctx context.Context, member, epoch uint64, p Purpose, consent [idBytes]byte, blinded [][]byte) (oprf.Partial, error) {
	now, err := c.Ledger.Now(ctx)
	if err != nil {
		return oprf.Partial{}, err
	}
	r := Request{
		ChainID: c.ChainID, Member: member, Asker: c.OrgID, Device: wire.Address(c.Device), Purpose: p, Epoch: epoch,
		Consent: consent, Expires: now.Add(requestLife).Truncate(time.Second), Blinded: blinded,
	}
	rand.Read(r.Nonce[:])
	raw, err := r.Encoded()
	if err != nil {
		return oprf.Partial{}, err
	}
	signature, err := c.Device.SignRead(raw)
	if err != nil {
		return oprf.Partial{}, fmt.Errorf("signing a request: %w", err)
	}
	return c.Members.Ask(ctx, member, raw, signature)
}

// without drops the answers of faulty members.
func without(partials []oprf.Partial, faulty *oprf.FaultyError) []oprf.Partial {
	var good []oprf.Partial
	for _, p := range partials {
		bad := false
		for _, f := range faulty.Members {
			bad = bad || f.Index == p.Index
		}
		if !bad {
			good = append(good, p)
		}
	}
	return good
}
