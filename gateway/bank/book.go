package bank

import (
	"context"
	"errors"
	"fmt"

	"github.com/xinlian/xinlian/gateway/store"
)

// Kinds of the sealed rows that the adapter keeps. Each step writes one row, so a
// kill leaves the row of before or of after.
const (
	kindAccount   = "bank-account" // hash → account text and salt
	kindOrder     = "bank-order"   // orders with a payment whose end is not known
	kindOrderDone = "bank-order-done"
	kindItem      = "bank-item" // what the bank told, by its reference
	kindItemDone  = "bank-item-done"
	kindFile      = "bank-file" // files of the bank that were read
)

// Keeper keeps sealed values; *store.Store is one.
type Keeper interface {
	Save(ctx context.Context, kind, id string, value any) error
	Load(ctx context.Context, kind, id string, into any) error
	Each(ctx context.Context, kind, prefix string, visit func(id string, open func(into any) error) error) error
	Remove(ctx context.Context, kind, id string) error
}

// Stage is how far an order is.
type Stage string

// The stages of an order.
const (
	Planned Stage = "planned" // on disk here; the bank has nothing
	Staged  Stage = "staged"  // complete in the outbox under a name that the bank does not take
	Sent    Stage = "sent"    // under its own name: the bank may have it
)

// Order is a payment order and its payments.
type Order struct {
	MessageID string `json:"message_id"`
	Stage     Stage  `json:"stage"`
	Lines     []Line `json:"lines"`
	Body      []byte `json:"body"`
	CreatedAt int64  `json:"created_at"` // Unix seconds
}

// State is what became of an item.
type State string

// The states of an item.
const (
	Booked    State = "booked"    // to be told to the chain
	Done      State = "done"      // told, or nothing to tell
	Open      State = "open"      // a person must look
	Dismissed State = "dismissed" // a person has dealt with it outside
)

// Item is one thing that the bank told: a booking, an answer to an order, or a balance.
type Item struct {
	Key       string `json:"key"` // the bank's reference, or what stands for it
	Kind      string `json:"kind"`
	Credit    bool   `json:"credit,omitempty"`
	AmountFen int64  `json:"amount_fen,omitempty"`
	Currency  string `json:"currency,omitempty"`
	Day       int64  `json:"day,omitempty"` // since 1970-01-01

	EndToEndID        string `json:"end_to_end_id,omitempty"`
	CreditorReference string `json:"creditor_reference,omitempty"`
	Returned          bool   `json:"returned,omitempty"`
	Code              string `json:"code,omitempty"` // of a reason
	Reversal          bool   `json:"reversal,omitempty"`
	Digest            []byte `json:"digest,omitempty"` // salted hash of a statement
	Salt              []byte `json:"salt,omitempty"`   // behind it

	State  State  `json:"state"`
	Intent string `json:"intent,omitempty"` // the act that was begun: what the chain shows of it is ours
	Reason Reason `json:"reason,omitempty"` // why it is open
	Detail string `json:"detail,omitempty"` // of a refusal, in English
	// AssignedTo is the organisation that a person chose for money without a usable reference.
	AssignedTo uint64 `json:"assigned_to,omitempty"`
	DoneAt     int64  `json:"done_at,omitempty"`  // Unix seconds
	RetryAt    int64  `json:"retry_at,omitempty"` // Unix seconds; a refused act is tried again
}

// Kinds of items, in the order in which they are told to the chain.
const (
	itemBooking = "booking"
	itemAnswer  = "answer"
	itemBalance = "balance"
)

// Reason is the stable code of why a person must look.
type Reason string

// The reasons.
const (
	ReasonReference Reason = "unknown-reference" // money came in for nobody that is named
	ReasonDebit     Reason = "unknown-debit"     // money went out that is no redemption
	ReasonAmount    Reason = "amount-differs"    // another amount than the redemption's
	ReasonCurrency  Reason = "currency"
	ReasonReversal  Reason = "reversal"   // the bank takes a booking back
	ReasonTwice     Reason = "paid-twice" // a second booking for one redemption
	ReasonRejected  Reason = "paid-after-rejection"
	ReasonPaid      Reason = "rejected-after-payment"
	ReasonForeign   Reason = "not-ours"  // a redemption of another issuer, or none
	ReasonConflict  Reason = "conflict"  // one reference with two contents
	ReasonRefused   Reason = "refused"   // the chain refuses; it is tried again
	ReasonFile      Reason = "file"      // a file that cannot be read
	ReasonNumber    Reason = "reference" // a reference that the chain does not take
)

func (a *Adapter) prefix() string { return fmt.Sprintf("%d/", a.OrgID) }

func (a *Adapter) saveOrder(ctx context.Context, o Order) error {
	return a.Keeper.Save(ctx, kindOrder, a.prefix()+o.MessageID, o)
}

func (a *Adapter) saveItem(ctx context.Context, i Item) error {
	return a.Keeper.Save(ctx, kindItem, a.prefix()+i.Key, i)
}

// orders lists the open orders by message id.
func (a *Adapter) orders(ctx context.Context) ([]Order, error) {
	return list[Order](ctx, a.Keeper, kindOrder, a.prefix())
}

// Items lists items in a state, by key; every one where state is empty.
func (a *Adapter) Items(ctx context.Context, state State) ([]Item, error) {
	all, err := list[Item](ctx, a.Keeper, kindItem, a.prefix())
	if err != nil || state == "" {
		return all, err
	}
	var some []Item
	for _, i := range all {
		if i.State == state {
			some = append(some, i)
		}
	}
	return some, nil
}

func list[V any](ctx context.Context, k Keeper, kind, prefix string) ([]V, error) {
	var values []V
	err := k.Each(ctx, kind, prefix, func(_ string, open func(any) error) error {
		var v V
		if err := open(&v); err != nil {
			return err
		}
		values = append(values, v)
		return nil
	})
	return values, err
}

// record writes a new item. One that is there with the same content is left as it
// is; with another it is open beside it, for a person.
func (a *Adapter) record(ctx context.Context, i Item) error {
	before, err := a.item(ctx, i.Key)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return a.saveItem(ctx, i)
	case err != nil:
		return err
	case before.says(i):
		return nil
	}
	i.Key += "#conflict"
	i.State, i.Reason = Open, ReasonConflict
	if _, err = a.item(ctx, i.Key); errors.Is(err, store.ErrNotFound) {
		return a.saveItem(ctx, i)
	}
	return err
}

// item finds an item, put away or not.
func (a *Adapter) item(ctx context.Context, key string) (Item, error) {
	var i Item
	err := a.Keeper.Load(ctx, kindItem, a.prefix()+key, &i)
	if errors.Is(err, store.ErrNotFound) {
		err = a.Keeper.Load(ctx, kindItemDone, a.prefix()+key, &i)
	}
	return i, err
}

// says tells whether two items tell the same. A day may be corrected between a notice
// and the statement; the money may not.
func (i Item) says(o Item) bool {
	return i.Kind == o.Kind && i.Credit == o.Credit && i.AmountFen == o.AmountFen && i.Currency == o.Currency &&
		i.EndToEndID == o.EndToEndID && i.Code == o.Code && i.Reversal == o.Reversal && i.Returned == o.Returned
}

// reasonTexts say what a person does about each reason, Chinese and English.
var reasonTexts = map[Reason]string{
	ReasonReference: "来款没有可识别的附言：查明后指派，或原路退回并关闭 / no usable reference: assign it, or send it back and dismiss it",
	ReasonDebit:     "支出不是任何一笔兑付：向银行查明，然后关闭 / no redemption of ours: ask the bank, then dismiss it",
	ReasonAmount:    "金额与兑付不符：向银行查明 / not the redemption's amount: ask the bank",
	ReasonCurrency:  "不是人民币 / not in CNY: send it back and dismiss it",
	ReasonReversal:  "银行冲正：向银行查明，人工处理 / the bank takes a booking back: ask the bank",
	ReasonTwice:     "同一笔兑付记账两次：要求银行退回 / paid twice: have one sent back",
	ReasonRejected:  "已退回的兑付又有记账：与银行核对 / booked for a redemption that was given back: settle it with the bank",
	ReasonPaid:      "银行先付后拒：与银行核对 / refused after it was booked as paid: ask the bank",
	ReasonForeign:   "不是本行的兑付 / not a redemption of this bank",
	ReasonConflict:  "同一流水号内容不同：向银行查明，然后关闭 / one reference with two contents: ask the bank, then dismiss it",
	ReasonRefused:   "链上拒绝，稍后自动重试 / the chain refuses; it is tried again by itself",
	ReasonFile:      "文件无法读取：请银行重发 / the file cannot be read: have it sent again",
	ReasonNumber:    "银行流水号不合规：指派无效，请银行更正 / the chain takes no such reference: have it corrected",
}

// Text is what is wrong and what to do, for an operator.
func (r Reason) Text() string { return reasonTexts[r] }
