package bank

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/xinlian/xinlian/gateway/store"
	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
)

// Adapter joins one issuer's books with the chain. One process runs it at a time.
type Adapter struct {
	OrgID   uint64
	Account Account // the one that backs the deposits, of which payments are made
	Keeper  Keeper
	Ledger  Ledger
	Outbox  Outbox
	Inbox   Inbox
	Now     func() time.Time
	Log     *slog.Logger
}

// Run takes a step every so often until ctx ends. A step that fails is logged and
// taken again; what it began goes on where it stopped.
func (a *Adapter) Run(ctx context.Context, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := a.Step(ctx); err != nil && ctx.Err() == nil {
			a.Log.Error("bank adapter", "err", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// Step reads what the bank says, tells it to the chain, and sends what the chain asks
// to be paid. Parts do not wait for each other: a bank that is silent stops no order.
func (a *Adapter) Step(ctx context.Context) error {
	var errs []error
	for _, part := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"reading the bank's files", a.read},
		{"telling the chain", a.tell},
		{"closing orders", a.closeOrders},
		{"ordering payments", a.plan},
		{"sending orders", a.send},
	} {
		if err := part.do(ctx); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", part.name, err))
		}
	}
	return errors.Join(errs...)
}

// payee is an account as it is kept: the text that was hashed, and the salt.
type payee struct {
	Text string `json:"text"`
	Salt []byte `json:"salt"`
}

// AddAccount keeps the account behind a hash that redemptions name. The hash is
// computed from salt and text, so that what is kept is what the owner signed.
func AddAccount(ctx context.Context, k Keeper, salt []byte, text string) ([]byte, error) {
	if _, err := ParseAccount(text); err != nil {
		return nil, err
	}
	hash, err := AccountHash(salt, text)
	if err != nil {
		return nil, err
	}
	return hash[:], k.Save(ctx, kindAccount, hex.EncodeToString(hash[:]), payee{Text: text, Salt: salt})
}

// payee finds the account behind a hash; false where nobody has told it.
func (a *Adapter) payee(ctx context.Context, hash []byte) (Account, bool, error) {
	var p payee
	err := a.Keeper.Load(ctx, kindAccount, hex.EncodeToString(hash), &p)
	if errors.Is(err, store.ErrNotFound) {
		return Account{}, false, nil
	}
	if err != nil {
		return Account{}, false, err
	}
	account, err := ParseAccount(p.Text)
	return account, err == nil, err
}

// waiting splits what the chain asks to be paid and is in no order yet: lines with an
// account, and redemptions whose account is not known here.
func (a *Adapter) waiting(ctx context.Context) (lines []Line, missing []cashv1.Redemption, err error) {
	pending, err := a.Ledger.Pending(ctx, a.OrgID)
	if err != nil {
		return nil, nil, err
	}
	orders, err := a.orders(ctx)
	if err != nil {
		return nil, nil, err
	}
	ordered := map[uint64]bool{}
	for _, o := range orders {
		for _, l := range o.Lines {
			ordered[l.Redemption] = true
		}
	}
	for _, r := range pending {
		if ordered[r.Id] {
			continue
		}
		to, known, err := a.payee(ctx, r.AccountHash)
		if err != nil {
			return nil, nil, err
		}
		if !known {
			missing = append(missing, r)
			continue
		}
		lines = append(lines, Line{Redemption: r.Id, Org: r.OrgId, AmountFen: r.AmountFen, To: to})
	}
	return lines, missing, nil
}

// plan writes orders for what waits: the write-ahead row of each payment. A redemption
// is in one order only, ever, so the lowest one in it names the order.
func (a *Adapter) plan(ctx context.Context) error {
	lines, _, err := a.waiting(ctx)
	if err != nil {
		return err
	}
	for len(lines) > 0 {
		part := lines[:min(len(lines), LinesMax)]
		lines = lines[len(part):]
		o := Order{
			MessageID: fmt.Sprintf("XL%d-%d", a.OrgID, part[0].Redemption),
			Stage:     Planned, Lines: part, CreatedAt: a.Now().Unix(),
		}
		if o.Body, err = writeOrder(o.MessageID, a.Account, part, a.Now()); err != nil {
			return err
		}
		if err := a.saveOrder(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// send brings orders into the outbox. The bank may take a file away the moment it has
// its name, so the name is given once: at Staged the file is there complete under
// another name, and a kill between naming it and noting that is seen by the other
// name being gone.
func (a *Adapter) send(ctx context.Context) error {
	orders, err := a.orders(ctx)
	if err != nil {
		return err
	}
	for _, o := range orders {
		name := o.MessageID + ".xml"
		if o.Stage == Planned {
			if err := a.Outbox.Stage(name, o.Body); err != nil {
				return err
			}
			o.Stage = Staged
			if err := a.saveOrder(ctx, o); err != nil {
				return err
			}
		}
		if o.Stage != Staged {
			continue
		}
		there, err := a.Outbox.Staged(name)
		if err != nil {
			return err
		}
		if there {
			if err := a.Outbox.Release(name); err != nil {
				return err
			}
		}
		o.Stage = Sent
		if err := a.saveOrder(ctx, o); err != nil {
			return err
		}
		a.Log.Info("payment order sent", "order", o.MessageID, "payments", len(o.Lines))
	}
	return nil
}

// closeOrders puts orders away of which the chain says that every payment is settled or
// rejected: nothing of them is pending any more, so none is ordered again.
func (a *Adapter) closeOrders(ctx context.Context) error {
	orders, err := a.orders(ctx)
	if err != nil {
		return err
	}
	for _, o := range orders {
		if o.Stage != Sent {
			continue
		}
		over := true
		for _, l := range o.Lines {
			r, err := a.Ledger.Redemption(ctx, l.Redemption)
			if err != nil {
				return err
			}
			if r.Status == cashv1.RedemptionStatus_REDEMPTION_STATUS_PENDING || r.Id == 0 {
				over = false
				break
			}
		}
		if !over {
			continue
		}
		if err := a.Keeper.Save(ctx, kindOrderDone, a.prefix()+o.MessageID, o); err != nil {
			return err
		}
		if err := a.Keeper.Remove(ctx, kindOrder, a.prefix()+o.MessageID); err != nil {
			return err
		}
	}
	return nil
}

// Report is what an operator asks for: what waits, and what a person must look at. It
// names no account.
type Report struct {
	Orders  []OrderReport `json:"orders"`
	Missing []uint64      `json:"missing_accounts"` // redemptions whose account is not known here
	Open    []Item        `json:"open"`
}

// OrderReport is an order that is not over.
type OrderReport struct {
	MessageID string `json:"message_id"`
	Stage     Stage  `json:"stage"`
	Payments  int    `json:"payments"`
	CreatedAt int64  `json:"created_at"` // Unix seconds
}

// Report reads the book and the chain.
func (a *Adapter) Report(ctx context.Context) (Report, error) {
	var r Report
	orders, err := a.orders(ctx)
	if err != nil {
		return r, err
	}
	for _, o := range orders {
		r.Orders = append(r.Orders, OrderReport{MessageID: o.MessageID, Stage: o.Stage, Payments: len(o.Lines), CreatedAt: o.CreatedAt})
	}
	_, missing, err := a.waiting(ctx)
	if err != nil {
		return r, err
	}
	for _, m := range missing {
		r.Missing = append(r.Missing, m.Id)
	}
	r.Open, err = a.Items(ctx, Open)
	return r, err
}
