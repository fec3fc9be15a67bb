package pledging

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
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
	StateDeclined State = "declined" // by the verifier, which states nothing
)

// States are all of them.
var States = []State{StateAsked, StateAttested, StatePledged, StateReleased, StateDeclined}

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
	PledgeID    uint64   // the newest
	SharePpm    uint32   // of that pledge
	Earlier     []uint64 // pledges on the same statement that have ended, oldest first
	AskedAt     int64    // Unix seconds
	Told        uint64   // the newest pledge that the owner's gateway knows of, where that is another
}

// sameWish tells whether two orders ask for the same: all that their lender fixed.
func (o Order) sameWish(b Order) bool {
	return o.ID == b.ID && o.Lender == b.Lender && o.Verifier == b.Verifier && o.Enterprise == b.Enterprise && o.Seller == b.Seller &&
		o.Number == b.Number && o.FaceFen == b.FaceFen && bytes.Equal(o.ConsentID, b.ConsentID) && bytes.Equal(o.Leaf, b.Leaf) &&
		bytes.Equal(o.PledgeKey, b.PledgeKey) && bytes.Equal(o.Salt, b.Salt) && bytes.Equal(o.FaceSalt, b.FaceSalt)
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

// Sellers' registration codes, as a desk entered them: by desk and enterprise.
const kindSeller = "pledge-seller"

// ErrUnknown says that there is no such order, or not for this organisation.
var ErrUnknown = errors.New("pledging: there is no such order here")

// Book holds the orders that concern organisations of one gateway.
type Book struct {
	keeper Keeper

	lists sync.Mutex // held while an organisation's list changes
	seed  maphash.Seed
	rows  [64]sync.Mutex // one of them is held while an order changes, by its id
}

// NewBook is a book over a gateway's database.
func NewBook(k Keeper) *Book { return &Book{keeper: k, seed: maphash.MakeSeed()} }

// hold keeps others from changing an order until the returned function is called.
// A transaction is sent meanwhile, so that no order is pledged twice at once.
func (b *Book) hold(id string) (release func()) {
	m := &b.rows[maphash.String(b.seed, id)%uint64(len(b.rows))]
	m.Lock()
	return m.Unlock
}

// Order is an order that concerns an organisation.
func (b *Book) Order(ctx context.Context, org uint64, id string) (Order, error) {
	var o Order
	err := b.keeper.Load(ctx, kindOrder, id, &o)
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
	err := b.keeper.Load(ctx, kindOrders, fmt.Sprint(org), &ids)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("reading the orders: %w", err)
	}
	return ids, nil
}

// file files a new order with organisations of this gateway.
func (b *Book) file(ctx context.Context, o Order, orgs ...uint64) error {
	if err := b.save(ctx, o); err != nil {
		return err
	}
	b.lists.Lock()
	defer b.lists.Unlock()
	for _, org := range orgs {
		ids, err := b.ids(ctx, org)
		if err != nil {
			return err
		}
		if slices.Contains(ids, o.ID) {
			continue
		}
		if ids, err = b.room(ctx, org, ids); err != nil {
			return err
		}
		if err := b.keeper.Save(ctx, kindOrders, fmt.Sprint(org), append(ids, o.ID)); err != nil {
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
	if err := b.keeper.Save(ctx, kindOrder, o.ID, o); err != nil {
		return fmt.Errorf("keeping an order: %w", err)
	}
	return nil
}

func orderID(random []byte) string { return hex.EncodeToString(random) }

// Seller is the registration code under which a desk last named an enterprise,
// empty where it has not.
func (b *Book) Seller(ctx context.Context, org, enterprise uint64) (string, error) {
	var code string
	err := b.keeper.Load(ctx, kindSeller, fmt.Sprintf("%d/%d", org, enterprise), &code)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", fmt.Errorf("reading a seller's code: %w", err)
	}
	return code, nil
}

// NameSeller remembers a code for a desk.
func (b *Book) NameSeller(ctx context.Context, org, enterprise uint64, code string) error {
	if err := b.keeper.Save(ctx, kindSeller, fmt.Sprintf("%d/%d", org, enterprise), code); err != nil {
		return fmt.Errorf("keeping a seller's code: %w", err)
	}
	return nil
}
