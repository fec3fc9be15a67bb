package races_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"cosmossdk.io/collections"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/mempool"
	"github.com/cometbft/cometbft/rpc/client/local"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/xinlian/xinlian/app/node"
	"github.com/xinlian/xinlian/gateway/chain"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	"github.com/xinlian/xinlian/internal/testkit"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/x/pledge"
)

type msg = sdk.Msg

// defaultRaces is the size of a run in the ordinary tests; RACES chooses another.
const defaultRaces = 200

// pledgeGas is the gas limit of one pledge.
const pledgeGas = 400_000

// TestRaces proves, on four validators that agree over real connections, that when
// two lenders pledge the same receivables at once, each through other nodes and in
// an order of its own, every receivable has exactly one winner, every loser is told
// that it is pledged already, and all nodes hold the same state.
func TestRaces(t *testing.T) {
	n := defaultRaces
	if text := os.Getenv("RACES"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < 2 {
			t.Fatalf("RACES: got %q, want a number from 2", text)
		}
	}
	began := time.Now()
	r := prepare(t, n)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Hour)
	defer cancel()
	r.start(ctx)
	t.Logf("prepared %d receivables with two statements each and started %d nodes in %s", n, validators, time.Since(began).Round(time.Second))

	began = time.Now()
	from := r.nodes[0].Height() + 1
	r.run(ctx)
	to := r.settle(ctx, from)
	took := time.Since(began)
	t.Logf("%d races in %s: %.0f pledges a second over %d blocks", n, took.Round(time.Millisecond), float64(2*n)/took.Seconds(), to-from+1)

	wins := r.outcomes(ctx, from, to)
	if wins[0]+wins[1] != n {
		t.Errorf("%d and %d wins, want %d together", wins[0], wins[1], n)
	}
	t.Logf("wins: %d and %d", wins[0], wins[1])
	r.compare(ctx, to)
}

// run has every lender send each of its pledges through one of its two nodes:
// lender A through nodes 0 and 2, lender B through 1 and 3.
func (r *race) run(ctx context.Context) {
	r.t.Helper()
	start := make(chan struct{})
	var wg sync.WaitGroup
	errs := make([]error, 2*len(r.lenders))
	for i, l := range r.lenders {
		order := rand.New(rand.NewPCG(uint64(i), 7)).Perm(r.n)
		for d, device := range l.devices {
			half := order[d*r.n/2 : (d+1)*r.n/2]
			txs := r.sign(ctx, l, device, half)
			wg.Go(func() {
				<-start
				errs[2*i+d] = broadcast(ctx, r.nodes[i+2*d], device, txs)
			})
		}
	}
	close(start)
	wg.Wait()
	must(r.t, errors.Join(errs...))
}

// sign makes a device's transactions, one pledge each, with sequences in order.
func (r *race) sign(ctx context.Context, l *lender, device wire.Signer, receivables []int) [][]byte {
	r.t.Helper()
	c := r.chain
	account := c.Draft(device).Account.(*authtypes.BaseAccount)
	var txs [][]byte
	for _, i := range receivables {
		raw, err := c.Codec.Sign(ctx, device, wire.Draft{
			ChainID: testkit.ChainID, Account: account, Gas: pledgeGas, Timeout: time.Now().Add(time.Hour),
			Msgs: []sdk.Msg{&pledgev1.MsgPledge{
				Device: wire.Address(device), OrgId: l.ID, StatementId: l.statements[i], Tag: tag(i), SharePpm: pledge.FacePpm,
				ExpiresAt: time.Now().AddDate(0, 6, 0).Unix(), Opening: &pledgev1.Opening{ConsentId: l.consent, Salt: l.salt},
			}},
		})
		must(r.t, err)
		txs = append(txs, raw)
		must(r.t, account.SetSequence(account.Sequence+1))
	}
	return txs
}

// ahead is how many transactions a device has on the way at most: a node checks
// the waiting ones again after every block, and drops what that takes too long for.
const ahead = 200

// broadcast hands a device's transactions to a node in order. A node that is
// between a block and its second look at the waiting ones takes none of a later
// sequence; it is asked again.
func broadcast(ctx context.Context, n *node.Node, device wire.Signer, txs [][]byte) error {
	client, err := chain.Dial(ctx, n.Address())
	if err != nil {
		return err
	}
	defer client.Close()
	first := uint64(0)
	for i, raw := range txs {
		for i%(ahead/2) == 0 {
			a, err := client.Account(ctx, wire.Address(device))
			if err != nil {
				return err
			}
			if i == 0 {
				first = a.GetSequence()
			}
			if a.GetSequence()+ahead > first+uint64(i) {
				break
			}
			<-time.After(50 * time.Millisecond)
		}
		if err := hand(ctx, n.Client(), raw); err != nil {
			return fmt.Errorf("sending pledge %d: %w", i, err)
		}
	}
	return nil
}

func hand(ctx context.Context, c *local.Local, raw []byte) error {
	for {
		res, err := c.BroadcastTxSync(ctx, raw)
		switch {
		case err == nil && res.Code == 0, errors.Is(err, mempool.ErrTxInCache):
			return nil
		case err != nil && !errors.As(err, &mempool.ErrMempoolIsFull{}):
			return err
		case err == nil && (res.Codespace != sdkerrors.RootCodespace || res.Code != sdkerrors.ErrWrongSequence.ABCICode()):
			return fmt.Errorf("not admitted: %s/%d %s", res.Codespace, res.Code, res.Log)
		case ctx.Err() != nil:
			return ctx.Err()
		}
		<-time.After(20 * time.Millisecond)
	}
}

// settle waits until every pledge that was sent is in a block, and returns the
// height of the last.
func (r *race) settle(ctx context.Context, from int64) int64 {
	r.t.Helper()
	seen := 0
	for height := from; ; height++ {
		for _, n := range r.nodes { // a height counts when every node has it
			for n.Height() < height {
				if ctx.Err() != nil {
					r.t.Fatalf("%d of %d pledges are in blocks", seen, 2*r.n)
				}
				<-time.After(10 * time.Millisecond)
			}
		}
		res, err := r.nodes[0].Client().BlockResults(ctx, &height)
		must(r.t, err)
		if seen += len(res.TxsResults); seen >= 2*r.n {
			return height
		}
	}
}

// outcomes counts each lender's wins and checks every result.
func (r *race) outcomes(ctx context.Context, from, to int64) [2]int {
	r.t.Helper()
	won, lost := map[uint64]bool{}, 0
	for height := from; height <= to; height++ {
		res, err := r.nodes[height%validators].Client().BlockResults(ctx, &height)
		must(r.t, err)
		for _, tx := range res.TxsResults {
			if tx.Code == 0 {
				won[pledgedIn(r.t, tx)] = true
				continue
			}
			lost++
			if tx.Codespace != pledge.Name || tx.Code != pledge.ErrPledged.ABCICode() {
				r.t.Fatalf("a pledge was refused for another reason: %s/%d %s", tx.Codespace, tx.Code, tx.Log)
			}
		}
	}
	var wins [2]int
	for i := range r.n {
		a, b := won[r.lenders[0].statements[i]], won[r.lenders[1].statements[i]]
		switch {
		case a == b:
			r.t.Errorf("receivable %d: lender A %t, lender B %t", i, a, b)
		case a:
			wins[0]++
		default:
			wins[1]++
		}
	}
	if lost != r.n {
		r.t.Errorf("%d were told that it is pledged already, want %d", lost, r.n)
	}
	return wins
}

// pledgedIn is the statement that a successful transaction pledged.
func pledgedIn(t testing.TB, tx *abci.ExecTxResult) uint64 {
	t.Helper()
	for _, e := range tx.Events {
		if m, err := sdk.ParseTypedEvent(e); err == nil {
			if p, ok := m.(*pledgev1.EventPledgeChanged); ok {
				return p.StatementId
			}
		}
	}
	t.Fatal("a successful pledge has no event")
	return 0
}

// compare asks every node for the hash of its state after the last height, and for
// who holds each receivable.
func (r *race) compare(ctx context.Context, height int64) {
	r.t.Helper()
	var want []byte
	for i, n := range r.nodes {
		for n.Height() <= height { // the header after it has its app hash
			<-time.After(10 * time.Millisecond)
		}
		after := height + 1
		b, err := n.Client().Block(ctx, &after)
		must(r.t, err)
		if want == nil {
			want = b.Block.AppHash
		}
		if !bytes.Equal(b.Block.AppHash, want) {
			r.t.Errorf("node %d has app hash %x, the first %x", i, b.Block.AppHash, want)
		}
	}
	for i := range r.n {
		n := r.nodes[i%validators]
		key, err := collections.EncodeKeyWithPrefix([]byte{7}, collections.PairKeyCodec(collections.Uint64Key, collections.BytesKey),
			collections.Join(uint64(1), tag(i)))
		must(r.t, err)
		res, err := n.Client().ABCIQuery(ctx, "/store/"+pledge.StoreKey+"/key", key)
		must(r.t, err)
		holder, err := collections.Uint64Value.Decode(res.Response.Value)
		if a, b := r.lenders[0].statements[i], r.lenders[1].statements[i]; err != nil || holder != a && holder != b {
			r.t.Errorf("receivable %d is held by statement %d, want %d or %d (%v)", i, holder, a, b, err)
		}
	}
}
