package bank

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
)

// retryAfter is how long an act that the chain refused rests.
const retryAfter = time.Hour

// referenceBytesMax bounds a bank reference on the chain.
const referenceBytesMax = 64

// Acts on the chain.
const (
	actIssue  = "issue"
	actSettle = "settle"
	actReject = "reject"
	actReport = "report"
)

// act is what follows from an item: an act on the chain, nothing (done), or a reason
// for a person.
type act struct {
	what       string
	redemption uint64
	to         uint64
	code       string
	reason     Reason
}

// tell carries items to the chain: money that went out first, so that what comes back
// finds its redemption settled; then answers, what came in, and balances by day.
func (a *Adapter) tell(ctx context.Context) error {
	items, err := a.Items(ctx, "")
	if err != nil {
		return err
	}
	slices.SortStableFunc(items, func(x, y Item) int {
		return cmp.Or(cmp.Compare(rank(x), rank(y)), cmp.Compare(x.Day, y.Day), strings.Compare(x.Key, y.Key))
	})
	var errs []error
	for n, i := range items {
		again := i.State == Open && i.Reason == ReasonRefused && a.Now().Unix() >= i.RetryAt
		if i.State != Booked && !again {
			continue
		}
		if i.Kind == itemBalance {
			i, err = a.tellBalance(ctx, i, items)
		} else {
			i, err = a.tellItem(ctx, i)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("item %s: %w", i.Key, err))
			continue
		}
		items[n] = i
	}
	if err := a.archive(ctx, items); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// keptFor is how long an item that is over stays among those that each step looks at:
// longer than any balance is reported late.
const keptFor = 40 * 24 * time.Hour

// archive puts items away that have long been over. They are still found when the bank
// tells them again. The newest balance stays: older ones are measured by it.
func (a *Adapter) archive(ctx context.Context, items []Item) error {
	newest := int64(0)
	for _, i := range items {
		if i.Kind == itemBalance {
			newest = max(newest, i.Day)
		}
	}
	for _, i := range items {
		over := i.State == Done || i.State == Dismissed
		if !over || i.DoneAt > a.Now().Add(-keptFor).Unix() || i.Kind == itemBalance && i.Day == newest {
			continue
		}
		if err := a.Keeper.Save(ctx, kindItemDone, a.prefix()+i.Key, i); err != nil {
			return err
		}
		if err := a.Keeper.Remove(ctx, kindItem, a.prefix()+i.Key); err != nil {
			return err
		}
	}
	return nil
}

func rank(i Item) int {
	switch {
	case i.Kind == itemBooking && !i.Credit:
		return 0
	case i.Kind == itemAnswer:
		return 1
	case i.Kind == itemBooking:
		return 2
	}
	return 3
}

// tellItem carries out what follows from an item. The intent is on disk before the act,
// so that after a kill what the chain shows can be told from somebody else's. A
// refusal may be the echo of an act that had gone through: the item is decided again
// on what the chain shows then.
func (a *Adapter) tellItem(ctx context.Context, i Item) (Item, error) {
	var refused error
	for range 2 {
		next, err := a.decide(ctx, i)
		if err != nil {
			return i, err
		}
		switch {
		case next.reason != "":
			i.State, i.Reason = Open, next.reason
			return i, a.saveItem(ctx, i)
		case next.what == "":
			return a.done(ctx, i)
		}
		if i.Intent != next.what {
			i.Intent = next.what
			if err := a.saveItem(ctx, i); err != nil {
				return i, err
			}
		}
		if refused = a.carryOut(ctx, i, next); refused == nil {
			return a.done(ctx, i)
		}
		if !errors.Is(refused, ErrRefused) {
			return i, refused
		}
	}
	return a.refused(ctx, i, refused)
}

func (a *Adapter) carryOut(ctx context.Context, i Item, next act) error {
	switch next.what {
	case actIssue:
		return a.Ledger.Issue(ctx, next.to, i.AmountFen, reference(i))
	case actSettle:
		return a.Ledger.Settle(ctx, next.redemption, reference(i))
	}
	return a.Ledger.Reject(ctx, next.redemption, next.code)
}

func (a *Adapter) done(ctx context.Context, i Item) (Item, error) {
	i.State, i.Reason, i.Detail, i.DoneAt, i.RetryAt = Done, "", "", a.Now().Unix(), 0
	return i, a.saveItem(ctx, i)
}

// refused leaves an item open that is tried again after a while.
func (a *Adapter) refused(ctx context.Context, i Item, cause error) (Item, error) {
	i.State, i.Reason, i.Detail, i.RetryAt = Open, ReasonRefused, cause.Error(), a.Now().Add(retryAfter).Unix()
	a.Log.Warn("the chain refuses what the bank told", "item", i.Key, "err", cause)
	return i, a.saveItem(ctx, i)
}

func (a *Adapter) decide(ctx context.Context, i Item) (act, error) {
	var r cashv1.Redemption
	if id, ours := redemptionOf(i.EndToEndID); ours {
		var err error
		if r, err = a.Ledger.Redemption(ctx, id); err != nil {
			return act{}, err
		}
	}
	return decide(i, r, a.OrgID), nil
}

// decide is what follows from an item, r being the redemption that it names, all zero
// for none. Nothing is guessed: what does not fit exactly is for a person.
func decide(i Item, r cashv1.Redemption, issuer uint64) act {
	_, named := redemptionOf(i.EndToEndID)
	if i.Kind == itemAnswer {
		if !named || r.Id == 0 || r.IssuerOrgId != issuer {
			return act{reason: ReasonForeign}
		}
		return rejection(i, r)
	}
	switch {
	case i.Currency != currency:
		return act{reason: ReasonCurrency}
	case i.Reversal:
		return act{reason: ReasonReversal}
	case !usable(reference(i)):
		return act{reason: ReasonNumber}
	case i.Credit && i.AssignedTo != 0:
		return act{what: actIssue, to: i.AssignedTo}
	case named && (r.Id == 0 || r.IssuerOrgId != issuer):
		return act{reason: ReasonForeign}
	case named && r.AmountFen != i.AmountFen:
		return act{reason: ReasonAmount}
	case named && !i.Credit:
		return settlement(i, r)
	case named:
		return cameBack(i, r)
	case !i.Credit:
		return act{reason: ReasonDebit}
	}
	if to, ok := orgOf(i.CreditorReference); ok && !i.Returned {
		return act{what: actIssue, to: to}
	}
	return act{reason: ReasonReference}
}

// settlement: money went out for a redemption.
func settlement(i Item, r cashv1.Redemption) act {
	switch r.Status {
	case cashv1.RedemptionStatus_REDEMPTION_STATUS_PENDING:
		return act{what: actSettle, redemption: r.Id}
	case cashv1.RedemptionStatus_REDEMPTION_STATUS_SETTLED:
		if r.BankReference == reference(i) {
			return act{}
		}
		return act{reason: ReasonTwice}
	}
	return act{reason: ReasonRejected}
}

// cameBack: money that went out for a redemption is back in full. Settled, it is the
// organisation's again as a new issuance; not settled, the redemption is rejected.
func cameBack(i Item, r cashv1.Redemption) act {
	switch {
	case r.Status == cashv1.RedemptionStatus_REDEMPTION_STATUS_SETTLED:
		return act{what: actIssue, to: r.OrgId}
	case r.Status == cashv1.RedemptionStatus_REDEMPTION_STATUS_PENDING && i.Returned:
		return act{what: actReject, redemption: r.Id, code: reasonCode(i.Code)}
	case r.Status == cashv1.RedemptionStatus_REDEMPTION_STATUS_REJECTED && i.Intent == actReject:
		return act{}
	}
	return act{reason: ReasonRejected}
}

// rejection: the bank says that it does not pay.
func rejection(i Item, r cashv1.Redemption) act {
	switch r.Status {
	case cashv1.RedemptionStatus_REDEMPTION_STATUS_PENDING:
		return act{what: actReject, redemption: r.Id, code: reasonCode(i.Code)}
	case cashv1.RedemptionStatus_REDEMPTION_STATUS_REJECTED:
		return act{}
	}
	return act{reason: ReasonPaid}
}

// reference is a booking's own number at the bank.
func reference(i Item) string { return strings.TrimPrefix(i.Key, "booking/") }

// usable tells whether the chain takes a reference: visible ASCII, bounded.
func usable(s string) bool {
	return s != "" && len(s) <= referenceBytesMax && all(s, func(c byte) bool { return 0x21 <= c && c <= 0x7e })
}

// tellBalance reports a closing balance with what was on the way at the end of its day.
// A balance older than one that was reported says nothing new.
func (a *Adapter) tellBalance(ctx context.Context, i Item, items []Item) (Item, error) {
	if i.Currency != currency {
		i.State, i.Reason = Open, ReasonCurrency
		return i, a.saveItem(ctx, i)
	}
	for _, o := range items {
		if o.Kind == itemBalance && o.State == Done && o.Day > i.Day {
			return a.done(ctx, i)
		}
	}
	unissued, unsettled := onTheWay(items, i.Day)
	err := a.Ledger.Report(ctx, Balance{
		Day: i.Day, BalanceFen: i.AmountFen, UnissuedFen: unissued, UnsettledFen: unsettled, StatementHash: i.Digest,
	})
	if errors.Is(err, ErrRefused) {
		return a.refused(ctx, i, err)
	}
	if err != nil {
		return i, err
	}
	return a.done(ctx, i)
}

// onTheWay sums what the bank had booked by the end of a day and the chain did not know
// then: money that came in and was not issued, and redemptions that were paid and not
// settled. Money that a person sent back by hand is no longer there to be issued.
func onTheWay(items []Item, day int64) (unissuedFen, unsettledFen int64) {
	end := (day+1)*86400 - 8*3600
	for _, i := range items {
		if i.Kind != itemBooking || i.Day > day || i.Currency != currency || i.Reversal {
			continue
		}
		_, named := redemptionOf(i.EndToEndID)
		late := i.State != Done || i.DoneAt >= end
		switch {
		case i.Credit && late && i.Intent != actReject:
			unissuedFen += i.AmountFen
		case !i.Credit && i.State == Dismissed:
			unissuedFen -= i.AmountFen
		case !i.Credit && named && late && (i.State != Open || i.Reason == ReasonRefused):
			unsettledFen += i.AmountFen
		}
	}
	return max(unissuedFen, 0), unsettledFen
}

// ErrItem says that an item is not one that a person may decide.
var ErrItem = errors.New("bank: item")

// Assign names the organisation that open money is for; the next step issues it.
func (a *Adapter) Assign(ctx context.Context, key string, org uint64) error {
	return a.resolve(ctx, key, func(i *Item) error {
		if i.Reason == ReasonConflict || i.Kind != itemBooking || !i.Credit || i.Currency != currency || i.Reversal || org == 0 {
			return fmt.Errorf("%w: only money that came in is assigned, to an organisation", ErrItem)
		}
		i.State, i.Reason, i.AssignedTo = Booked, "", org
		return nil
	})
}

// Retry lets the next step try an open item again.
func (a *Adapter) Retry(ctx context.Context, key string) error {
	return a.resolve(ctx, key, func(i *Item) error {
		if i.Kind == "" || i.Reason == ReasonConflict {
			return fmt.Errorf("%w: a file is read again when it is replaced, and two contents of one reference are for the bank to explain", ErrItem)
		}
		i.State, i.Reason, i.RetryAt = Booked, "", 0
		return nil
	})
}

// Dismiss closes an open item that a person has dealt with at the bank.
func (a *Adapter) Dismiss(ctx context.Context, key string) error {
	return a.resolve(ctx, key, func(i *Item) error {
		i.State, i.DoneAt = Dismissed, a.Now().Unix()
		return nil
	})
}

func (a *Adapter) resolve(ctx context.Context, key string, change func(*Item) error) error {
	var i Item
	if err := a.Keeper.Load(ctx, kindItem, a.prefix()+key, &i); err != nil {
		return fmt.Errorf("item %q: %w", key, err)
	}
	if i.State != Open {
		return fmt.Errorf("%w: %q is %s, not open", ErrItem, key, i.State)
	}
	if err := change(&i); err != nil {
		return err
	}
	return a.saveItem(ctx, i)
}
