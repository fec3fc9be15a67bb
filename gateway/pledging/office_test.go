package pledging

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/xinlian/xinlian/gateway/store"
	"github.com/xinlian/xinlian/internal/record"
)

// shelf is a Keeper in memory.
type shelf map[string][]byte

func (s shelf) Save(_ context.Context, kind, id string, v any) (err error) {
	s[kind+id], err = json.Marshal(v)
	return err
}

func (s shelf) Load(_ context.Context, kind, id string, into any) error {
	b, ok := s[kind+id]
	if !ok {
		return store.ErrNotFound
	}
	return json.Unmarshal(b, into)
}

// TestShare proves that a pledged part is rounded up and never leaves 1 to the whole.
func TestShare(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		amount, face int64
		want         uint32
	}{
		{1, record.AmountMax, 1},
		{record.AmountMax, record.AmountMax, 1_000_000},
		{1, 3, 333_334},
		{2, 3, 666_667},
		{500, 1000, 500_000},
		{0, 3, 0},
		{-1, 3, 0},
		{4, 3, 0},
	} {
		got, err := sharePpm(c.amount, c.face)
		if got != c.want || (err == nil) != (c.want > 0) || err != nil && !errors.Is(err, ErrAmount) {
			t.Errorf("%d of %d: got %d, %v", c.amount, c.face, got, err)
		}
	}
}

// TestPledgeable proves which records can be pledged.
func TestPledgeable(t *testing.T) {
	t.Parallel()
	sold := func(status, direction, amount int64) *record.Record {
		return record.New(record.SalesInvoice).SetText("source_id", "26310000000000000017").SetInt("amount", amount).
			SetInt("status", status).SetInt("direction", direction)
	}
	for name, c := range map[string]struct {
		r    *record.Record
		want bool
	}{
		"sold":     {sold(record.StatusNormal, record.DirectionIn, 5), true},
		"void":     {sold(record.StatusVoid, record.DirectionIn, 5), false},
		"red":      {sold(record.StatusRed, record.DirectionIn, -5), false},
		"nothing":  {sold(record.StatusNormal, record.DirectionIn, 0), false},
		"outgoing": {sold(record.StatusNormal, record.DirectionOut, 5), false},
		"bought":   {record.New(record.PurchaseInvoice).SetText("source_id", "1").SetInt("amount", 5), false},
		"unnumbered": {record.New(record.SalesInvoice).SetInt("amount", 5).SetInt("status", record.StatusNormal).
			SetInt("direction", record.DirectionIn), false},
	} {
		if err := pledgeable(c.r); (err == nil) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestBook proves that an order is there for those whom it concerns and nobody
// else, and that a full list drops the oldest that holds nothing.
func TestBook(t *testing.T) {
	t.Parallel()
	b := NewBook(shelf{})
	for i := range ordersMax + 1 {
		o := Order{ID: fmt.Sprint(i), Lender: 1, Verifier: 3, Enterprise: 9, State: StateReleased}
		if i == 0 {
			o.State = StatePledged
		}
		if err := b.file(t.Context(), o, 1, 3, 9); err != nil {
			t.Fatal(err)
		}
	}
	for _, org := range []uint64{1, 3, 9} {
		list, err := b.Orders(t.Context(), org)
		if err != nil || len(list) != ordersMax || list[0].ID != fmt.Sprint(ordersMax) || list[ordersMax-1].ID != "0" || list[ordersMax-2].ID != "2" {
			t.Errorf("organisation %d: %d orders, %v", org, len(list), err)
		}
	}
	if _, err := b.Order(t.Context(), 2, "0"); !errors.Is(err, ErrUnknown) {
		t.Errorf("a stranger: %v", err)
	}
	if list, err := b.Orders(t.Context(), 2); err != nil || len(list) != 0 {
		t.Errorf("a stranger's list: %v, %v", list, err)
	}
}
