package bank

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/connector/camt"
	"github.com/xinlian/xinlian/gateway/store"
	"github.com/xinlian/xinlian/internal/canon"
)

// unfinishedFor is how long a file that breaks off may still be being written.
const unfinishedFor = 10 * time.Minute

// read takes the items out of files that are new or changed. Items are written before
// the file is noted: a kill between reads it again and finds them there.
func (a *Adapter) read(ctx context.Context) error {
	files, err := a.Inbox.List()
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range files {
		var before File
		err := a.Keeper.Load(ctx, kindFile, a.prefix()+f.Name, &before)
		if err == nil && before == f {
			continue
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err := a.readFile(ctx, f); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (a *Adapter) readFile(ctx context.Context, f File) error {
	body, err := a.Inbox.Read(f.Name)
	if err != nil && !errors.Is(err, errDocument) {
		return err
	}
	var items []Item
	if err == nil {
		items, err = a.itemsOf(ctx, body)
	}
	problem := Item{Key: "file/" + f.Name, State: Open, Reason: ReasonFile}
	var fault *connector.RowError
	switch {
	case errors.As(err, &fault) && fault.Rule == connector.RuleXMLTruncated && a.Now().Sub(time.Unix(0, f.Modified)) < unfinishedFor:
		return nil // it is still being written
	case errors.As(err, &fault):
		problem.Detail = fmt.Sprintf("line %d: %s: %s", fault.Line, fault.Rule, fault.Detail)
	case errors.Is(err, errDocument):
		problem.Detail = err.Error()
	case err != nil:
		return err
	}
	if problem.Detail != "" {
		if err := a.saveItem(ctx, problem); err != nil {
			return err
		}
		return a.Keeper.Save(ctx, kindFile, a.prefix()+f.Name, f)
	}
	for _, i := range items {
		if err := a.record(ctx, i); err != nil {
			return err
		}
	}
	if err := a.Keeper.Remove(ctx, kindItem, a.prefix()+problem.Key); err != nil {
		return err
	}
	return a.Keeper.Save(ctx, kindFile, a.prefix()+f.Name, f)
}

func (a *Adapter) itemsOf(ctx context.Context, body []byte) ([]Item, error) {
	kind, err := kindOf(body)
	if err != nil {
		return nil, err
	}
	if kind == "pain.002" {
		answers, err := readAnswers(body)
		if err != nil {
			return nil, err
		}
		return a.answered(ctx, answers)
	}
	accounts, err := camt.ReadBookings(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	var items []Item
	for _, account := range accounts {
		if account.Number != a.Account.Number {
			return nil, fmt.Errorf("%w: a statement of another account than bank.account", errDocument)
		}
		for _, b := range account.Bookings {
			items = append(items, itemOf(b))
		}
		if account.Closing {
			i, err := balanceOf(account, body)
			if err != nil {
				return nil, err
			}
			items = append(items, i)
		}
	}
	return items, nil
}

// answered writes down the bank's words on orders, one for each payment; one on a whole
// order is one on each of its payments. Only a rejection asks for an act.
func (a *Adapter) answered(ctx context.Context, answers []answer) ([]Item, error) {
	var items []Item
	for _, w := range answers {
		ids := []string{w.EndToEndID}
		if w.EndToEndID == "" {
			if w.Status != rejected {
				continue // PART, ACTC and the like: single payments follow, or bookings
			}
			var err error
			if ids, err = a.paymentsOf(ctx, w.MessageID); err != nil {
				return nil, err
			}
		}
		for _, id := range ids {
			i := Item{Key: "answer/" + w.MessageID + "/" + id + "/" + w.Status, Kind: itemAnswer, EndToEndID: id, Code: w.Reason, State: Booked}
			if w.Status != rejected {
				i.Code, i.State, i.Detail = "", Done, w.Status
			}
			items = append(items, i)
		}
	}
	return items, nil
}

// paymentsOf are the payments of an order, open or over.
func (a *Adapter) paymentsOf(ctx context.Context, messageID string) ([]string, error) {
	var o Order
	err := a.Keeper.Load(ctx, kindOrder, a.prefix()+messageID, &o)
	if errors.Is(err, store.ErrNotFound) {
		err = a.Keeper.Load(ctx, kindOrderDone, a.prefix()+messageID, &o)
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("%w: an answer to an order that is not ours", errDocument)
	}
	var ids []string
	for _, l := range o.Lines {
		ids = append(ids, EndToEndID(l.Redemption))
	}
	return ids, err
}

func itemOf(b camt.Booking) Item {
	i := Item{
		Key: "booking/" + b.Reference, Kind: itemBooking, Credit: b.Credit, AmountFen: b.AmountFen, Currency: b.Currency, Day: b.Day,
		EndToEndID: b.EndToEndID, CreditorReference: b.CreditorReference, Returned: b.Returned, Reversal: b.Reversal, State: Booked,
	}
	if b.Returned {
		i.Code = reasonCode(b.ReturnCode)
	}
	return i
}

// balanceOf is a closing balance with the salted hash of the statement that gave it.
func balanceOf(account camt.Account, body []byte) (Item, error) {
	salt := make([]byte, SaltBytes)
	if _, err := rand.Read(salt); err != nil {
		return Item{}, fmt.Errorf("drawing a salt: %w", err)
	}
	content := sha256.Sum256(body)
	digest, err := canon.New("bank-statement").Fixed(salt).Fixed(content[:]).Sum()
	if err != nil {
		return Item{}, err
	}
	return Item{
		Key: fmt.Sprintf("balance/%d", account.ClosingDay), Kind: itemBalance, AmountFen: account.ClosingFen, Currency: account.Currency,
		Day: account.ClosingDay, Digest: digest[:], Salt: salt, State: Booked,
	}, nil
}
