package pledging

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/xinlian/xinlian/gateway/store"
)

// State is how far an order has come.
type State string

// The states, in order.
const (
	StateAsked    State = "asked"
	StateAttested State = "attested"
	StatePledged  State = "pledged"
	StateReleased State = "released"
)

// Order is a lender's wish that a verifier states the tag of a receivable for it.
// It opens the commitments of the statement: the verifier needs that to make them,
// the lender to pledge.
type Order struct {
	ID         string // hexadecimal
	Lender     uint64
	Verifier   uint64
	Enterprise uint64
	Seller     string // registration code of the enterprise
	Number     string // of the invoice, as printed
	ConsentID  []byte // the lender's
	Leaf       []byte // hash of the record's leaf
	FaceFen    int64
	PledgeKey  []byte // ed25519, drawn for this order
	Salt       []byte // of the lender commitment
	FaceSalt   []byte

	State       State
	StatementID uint64
	PledgeID    uint64 // the newest
	SharePpm    uint32 // of that pledge
}

// Keeper keeps values sealed: the gateway's database.
type Keeper interface {
	Save(ctx context.Context, kind, id string, value any) error
	Load(ctx context.Context, kind, id string, into any) error
}

// ordersMax bounds the orders that an organisation's list holds; beyond it the
// oldest that hold nothing leave the list.
const ordersMax = 500

const (
	kindOrder  = "pledge-order"
	kindOrders = "pledge-orders" // ids by organisation: lender, verifier, enterprise
)

// ErrUnknown says that there is no such order, or not for this organisation.
var ErrUnknown = errors.New("pledging: there is no such order here")

// Book holds the orders between the organisations of one gateway.
type Book struct {
	Keeper Keeper
	mu     sync.Mutex
}

// Order is an order that concerns an organisation.
func (b *Book) Order(ctx context.Context, org uint64, id string) (Order, error) {
	var o Order
	err := b.Keeper.Load(ctx, kindOrder, id, &o)
	if errors.Is(err, store.ErrNotFound) || err == nil && org != o.Lender && org != o.Verifier && org != o.Enterprise {
		return Order{}, ErrUnknown
	}
	return o, err
}

// Orders lists those that concern an organisation, newest first.
func (b *Book) Orders(ctx context.Context, org uint64) ([]Order, error) {
	ids, err := b.ids(ctx, org)
	if err != nil {
		return nil, err
	}
	list := make([]Order, 0, len(ids))
	for _, id := range slices.Backward(ids) {
		o, err := b.Order(ctx, org, id)
		if err != nil {
			return nil, fmt.Errorf("reading order %s: %w", id, err)
		}
		list = append(list, o)
	}
	return list, nil
}

func (b *Book) ids(ctx context.Context, org uint64) ([]string, error) {
	var ids []string
	err := b.Keeper.Load(ctx, kindOrders, fmt.Sprint(org), &ids)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("reading the orders: %w", err)
	}
	return ids, nil
}

// add files a new order with all whom it concerns.
func (b *Book) add(ctx context.Context, o Order) error {
	if err := b.save(ctx, o); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, org := range []uint64{o.Lender, o.Verifier, o.Enterprise} {
		ids, err := b.ids(ctx, org)
		if err != nil {
			return err
		}
		if ids, err = b.room(ctx, org, ids); err != nil {
			return err
		}
		if err := b.Keeper.Save(ctx, kindOrders, fmt.Sprint(org), append(ids, o.ID)); err != nil {
			return fmt.Errorf("filing an order: %w", err)
		}
	}
	return nil
}

// room drops the oldest order that holds nothing from a full list.
func (b *Book) room(ctx context.Context, org uint64, ids []string) ([]string, error) {
	if len(ids) < ordersMax {
		return ids, nil
	}
	for i, id := range ids {
		o, err := b.Order(ctx, org, id)
		if err != nil {
			return nil, err
		}
		if o.State != StatePledged {
			return slices.Delete(ids, i, i+1), nil
		}
	}
	return nil, fmt.Errorf("filing an order: organisation %d has %d pledged receivables here, which is the most", org, len(ids))
}

func (b *Book) save(ctx context.Context, o Order) error {
	if err := b.Keeper.Save(ctx, kindOrder, o.ID, o); err != nil {
		return fmt.Errorf("keeping an order: %w", err)
	}
	return nil
}

func orderID(random []byte) string { return hex.EncodeToString(random) }
