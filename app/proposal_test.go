package app_test

import (
	"slices"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/xinlian/xinlian/app"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/testkit"
	"github.com/xinlian/xinlian/internal/wire"
)

// Test that a block carries at most as many score proofs as the parameter says:
// a proposer leaves the rest for later without losing other transactions or their
// order, and every node refuses a proposal with more.
func TestProofsPerBlock(t *testing.T) {
	t.Parallel()
	const proofsMax = 3
	c := testkit.Start(t, func(g *app.Genesis) { g.Score.Params.ProofsPerBlockMax = proofsMax })
	bank := c.BankA
	// What a proposal counts is not yet checked: any score message is a proof to verify.
	score := func(n int, id uint64) []byte {
		var msgs []sdk.Msg
		for range n {
			msgs = append(msgs, &scorev1.MsgSubmitScore{Device: wire.Address(bank.Service), OrgId: bank.ID, EnterpriseId: id})
		}
		return c.Sign(bank.Service, msgs...)
	}
	plain := c.Sign(bank.Admin, nodes(bank))
	other := c.Sign(c.BankB.Admin, nodes(c.BankB))
	one, two, three, four := score(1, 1), score(2, 2), score(3, 3), score(4, 4)
	garbage := []byte("no transaction")
	for _, r := range []struct {
		name      string
		txs, want [][]byte
		bytesMax  int64
		fits      bool
	}{
		{"none", nil, nil, 1 << 20, true},
		{"no proofs", [][]byte{plain, other}, [][]byte{plain, other}, 1 << 20, true},
		{"exactly the cap", [][]byte{one, plain, two}, [][]byte{one, plain, two}, 1 << 20, true},
		{"one message over", [][]byte{two, plain, two, one, other}, [][]byte{two, plain, one, other}, 1 << 20, false},
		{"the cap in one transaction", [][]byte{three, one, plain}, [][]byte{three, plain}, 1 << 20, false},
		{"over the cap in one transaction", [][]byte{four, plain}, [][]byte{plain}, 1 << 20, false},
		{"bytes that are no transaction", [][]byte{garbage, three}, [][]byte{garbage, three}, 1 << 20, true},
		{"more bytes than the block has", [][]byte{plain, one, other}, [][]byte{plain}, int64(len(plain)), true},
	} {
		prepared, err := c.App.PrepareProposal(&abci.RequestPrepareProposal{
			Height: c.Height() + 1, Time: c.Now().Add(time.Second), Txs: r.txs, MaxTxBytes: r.bytesMax,
		})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(prepared.Txs, r.want, slices.Equal[[]byte]) {
			t.Errorf("%s: prepared %d transactions, want %d or another order", r.name, len(prepared.Txs), len(r.want))
		}
		process(t, c, r.name+", prepared", prepared.Txs, true)
		process(t, c, r.name+", as given", r.txs, r.fits)
	}
	c.Block(time.Second, plain)
	c.CheckInvariants()
}

func process(t *testing.T, c *testkit.Chain, name string, txs [][]byte, accept bool) {
	t.Helper()
	res, err := c.App.ProcessProposal(&abci.RequestProcessProposal{
		Height: c.Height() + 1, Time: c.Now().Add(time.Second), Txs: txs,
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := res.Status == abci.ResponseProcessProposal_ACCEPT; got != accept {
		t.Errorf("%s: accepted %t, want %t", name, got, accept)
	}
}
