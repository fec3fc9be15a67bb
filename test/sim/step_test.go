package sim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/testkit"
	"github.com/xinlian/xinlian/internal/wire"
)

// refusalsCheckedPercent is in how many of 100 steps with one deed the whole state is compared
// before and after a refusal; to export it is the most expensive check.
const refusalsCheckedPercent = 20

// deedsPerStep is how many transactions a step tries to put into one block.
const deedsPerStep = 6

// step lets random actors do something in one block, or only time pass. What they
// do was chosen on the state before the block: some will be overtaken by others.
func (w *world) step() {
	w.t.Helper()
	if w.chance(15) {
		w.Block(time.Duration(1+w.rng.IntN(60)) * time.Second)
		return
	}
	var deeds []deed
	var txs [][]byte
	signed := map[string]bool{} // each device once: the next sequence is not known before
	for range 1 + w.rng.IntN(deedsPerStep) {
		d := actions[w.rng.IntN(len(actions))](w)
		if d.msg == nil || signed[address(d.by)] || !w.known(d.by) {
			continue
		}
		signed[address(d.by)] = true
		deeds, txs = append(deeds, d), append(txs, w.Sign(d.by, d.msg))
	}
	if len(deeds) == 1 && w.chance(refusalsCheckedPercent) {
		w.checked(deeds[0])
		return
	}
	for i, o := range w.Block(time.Second, txs...) {
		w.note(deeds[i], o)
	}
}

// known tells whether a device has an account to sign for.
func (w *world) known(s wire.Signer) bool {
	_, ok := ask(w, orgv1.NewQueryClient(w.Conn()).Device, &orgv1.QueryDeviceRequest{Address: address(s)})
	return ok
}

// note counts an outcome and lets the deed note what it needs of it.
func (w *world) note(d deed, o testkit.Outcome) {
	url := sdk.MsgTypeURL(d.msg)
	c := w.tally[url]
	if c == nil {
		c = &count{}
		w.tally[url] = c
	}
	if o.Code != 0 {
		c.refused++
		c.why = o.Log
		if o.Space == "sdk" && o.Code == 1 || o.Space == "undefined" {
			w.t.Fatalf("%s was refused without a registered code: %s", url, o.Log)
		}
		return
	}
	c.taken++
	if d.then != nil {
		d.then(o)
	}
}

// checked sends a deed in a block at the time of the last one, in which the chain
// has nothing of its own to do. If it is refused the modules' state is as before;
// only the sender's sequence, its quota and the header log have moved on.
func (w *world) checked(d deed) {
	w.t.Helper()
	before := w.export()
	o := w.Block(0, w.Sign(d.by, d.msg))[0]
	w.note(d, o)
	if o.Code == 0 {
		return
	}
	for name, after := range w.export() {
		if !bytes.Equal(before[name], after) {
			w.t.Fatalf("%s was refused (%s) and changed the state of %s", sdk.MsgTypeURL(d.msg), o.Log, name)
		}
	}
}

func (w *world) export() map[string]json.RawMessage {
	w.t.Helper()
	state, err := w.App.ExportGenesis()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, moving := range []string{"auth", "org", "council"} {
		delete(state, moving)
	}
	return state
}

// conservation tells whether all money there is was issued and not redeemed, and
// is in somebody's account.
func (w *world) conservation() error {
	ctx := context.Background()
	bank, cash := banktypes.NewQueryClient(w.Conn()), cashv1.NewQueryClient(w.Conn())
	supply, err := bank.SupplyOf(ctx, &banktypes.QuerySupplyOfRequest{Denom: wire.Denom})
	if err != nil {
		return err
	}
	var held int64
	page := &query.PageRequest{Limit: 1000}
	for {
		r, err := bank.DenomOwners(ctx, &banktypes.QueryDenomOwnersRequest{Denom: wire.Denom, Pagination: page})
		if err != nil {
			return err
		}
		for _, o := range r.DenomOwners {
			held += o.Balance.Amount.Int64()
		}
		if len(r.Pagination.NextKey) == 0 {
			break
		}
		page = &query.PageRequest{Key: r.Pagination.NextKey, Limit: 1000}
	}
	totals, err := cash.Totals(ctx, &cashv1.QueryTotalsRequest{})
	if err != nil {
		return err
	}
	var made int64
	for _, t := range totals.Totals {
		made += t.IssuedFen - t.RedeemedFen
	}
	if s := supply.Amount.Amount.Int64(); s != held || s != made {
		return fmt.Errorf("supply %d fen, held %d, issued less redeemed %d", s, held, made)
	}
	return nil
}
