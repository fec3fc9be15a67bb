// Package testkit runs the whole chain inside a test: the real application over
// a database in memory, a founding consortium with real keys, and a block clock
// that only the test moves. A test reads as actor, message, outcome.
package testkit

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"

	"cosmossdk.io/log/v2"

	abci "github.com/cometbft/cometbft/abci/types"
	cmttypes "github.com/cometbft/cometbft/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/xinlian/xinlian/app"
	"github.com/xinlian/xinlian/internal/wire"
)

// ChainID is the id of every chain of this package.
const ChainID = "xinlian-test"

// Gas is the gas limit of a transaction that Send makes.
const Gas = 50_000_000

// Chain is one chain in one test. It is not safe for concurrent use.
type Chain struct {
	App   *app.App
	Codec wire.Codec
	// Consortium holds the founders and their devices.
	Consortium
	// Validators are those that the genesis gave to consensus.
	Validators []abci.ValidatorUpdate
	// AppHash and Updates are what the last block answered to consensus.
	AppHash []byte
	Updates []abci.ValidatorUpdate

	tb      testing.TB
	now     time.Time
	height  int64
	db      dbm.DB
	options []func(*baseapp.BaseApp)
}

// Outcome is what became of a transaction.
type Outcome struct {
	Code   uint32 // 0 for success
	Space  string // codespace of Code
	Log    string
	Events []abci.Event
	Gas    int64 // used
	Height int64
	Hash   [32]byte

	data  []byte
	codec wire.Codec
}

// Response decodes the response of the transaction's first message.
func (o Outcome) Response(tb testing.TB, into codec.ProtoMarshaler) {
	tb.Helper()
	var data sdk.TxMsgData
	if err := o.codec.Proto.Unmarshal(o.data, &data); err != nil || len(data.MsgResponses) == 0 {
		tb.Fatalf("no response: code %s/%d: %s", o.Space, o.Code, o.Log)
	}
	if err := into.Unmarshal(data.MsgResponses[0].Value); err != nil {
		tb.Fatal(err)
	}
}

// Start makes a chain with the founding consortium and its first block. Each
// change may alter the genesis.
func Start(tb testing.TB, changes ...func(*app.Genesis)) *Chain {
	tb.Helper()
	return StartOn(tb, dbm.NewMemDB(), nil, changes...)
}

// StartOn is Start over a database of the caller's, a production one say, with
// further options of the state machine.
func StartOn(tb testing.TB, db dbm.DB, options []func(*baseapp.BaseApp), changes ...func(*app.Genesis)) *Chain {
	tb.Helper()
	g, consortium := Found(tb)
	for _, change := range changes {
		change(g)
	}
	c := open(tb, db, options...)
	c.Consortium, c.now = consortium, g.Time
	doc, err := g.Doc(c.Codec)
	if err != nil {
		tb.Fatal(err)
	}
	c.init(doc)
	c.Block(time.Second)
	return c
}

// Restart opens the chain again from its database, as a node does that was
// stopped, with further options of the state machine. The new chain has not seen a
// block since; the old one is not to be used any more.
func (c *Chain) Restart(options ...func(*baseapp.BaseApp)) *Chain {
	c.tb.Helper()
	again := open(c.tb, c.db, append(slices.Clone(c.options), options...)...)
	again.Consortium, again.now, again.height = c.Consortium, c.now, c.height
	return again
}

// Import starts a new chain from an exported state, at the time of this one's
// last block and with its own heights going on.
func (c *Chain) Import(state map[string]json.RawMessage) *Chain {
	c.tb.Helper()
	b, err := json.Marshal(state)
	if err != nil {
		c.tb.Fatal(err)
	}
	again := open(c.tb, dbm.NewMemDB())
	again.Consortium, again.now, again.height = c.Consortium, c.now, c.height
	params := app.ConsensusParams()
	again.init(&cmttypes.GenesisDoc{
		GenesisTime: c.now, ChainID: ChainID, InitialHeight: c.height + 1, ConsensusParams: &params, AppState: b,
	})
	again.Block(0)
	return again
}

// Export is the whole state of the last block.
func (c *Chain) Export() map[string]json.RawMessage {
	c.tb.Helper()
	state, err := c.App.ExportGenesis()
	if err != nil {
		c.tb.Fatal(err)
	}
	return state
}

func open(tb testing.TB, db dbm.DB, options ...func(*baseapp.BaseApp)) *Chain {
	tb.Helper()
	a, err := app.New(log.NewNopLogger(), db, tb.TempDir(), append([]func(*baseapp.BaseApp){baseapp.SetChainID(ChainID)}, options...)...)
	if err != nil {
		tb.Fatal(err)
	}
	return &Chain{App: a, Codec: a.Codec(), tb: tb, db: db, options: options}
}

func (c *Chain) init(doc *cmttypes.GenesisDoc) {
	c.tb.Helper()
	params := doc.ConsensusParams.ToProto()
	res, err := c.App.InitChain(&abci.RequestInitChain{
		Time: doc.GenesisTime, ChainId: doc.ChainID, ConsensusParams: &params,
		AppStateBytes: doc.AppState, InitialHeight: doc.InitialHeight,
	})
	if err != nil {
		c.tb.Fatal(err)
	}
	c.Validators = res.Validators
}

// Now is the time of the last block.
func (c *Chain) Now() time.Time { return c.now }

// Height is the last committed height.
func (c *Chain) Height() int64 { return c.height }

// Block moves the clock and commits one block with these transactions.
func (c *Chain) Block(step time.Duration, txs ...[]byte) []Outcome {
	c.tb.Helper()
	outcomes := c.Finalize(step, txs...)
	c.Commit()
	return outcomes
}

// Finalize moves the clock and executes a block, which Commit then makes durable:
// the two halves of Block, for who measures them apart.
func (c *Chain) Finalize(step time.Duration, txs ...[]byte) []Outcome {
	c.tb.Helper()
	c.now = c.now.Add(step)
	c.height = max(c.height, c.App.LastBlockHeight()) + 1 // a test may have committed a version by itself
	res, err := c.App.FinalizeBlock(&abci.RequestFinalizeBlock{
		Height: c.height, Time: c.now, Txs: txs, Hash: headerHash(c.height),
	})
	if err != nil {
		c.tb.Fatalf("block %d: %v", c.height, err)
	}
	c.AppHash, c.Updates = res.AppHash, res.ValidatorUpdates
	outcomes := make([]Outcome, len(txs))
	for i, r := range res.TxResults {
		outcomes[i] = Outcome{
			Code: r.Code, Space: r.Codespace, Log: r.Log, Events: r.Events, Gas: r.GasUsed, Height: c.height,
			Hash: sha256.Sum256(txs[i]), data: r.Data, codec: c.Codec,
		}
	}
	return outcomes
}

// Commit writes the block that Finalize has executed.
func (c *Chain) Commit() {
	c.tb.Helper()
	if _, err := c.App.Commit(); err != nil {
		c.tb.Fatalf("block %d: %v", c.height, err)
	}
}

// Blocks commits n empty blocks.
func (c *Chain) Blocks(n int, step time.Duration) {
	c.tb.Helper()
	for range n {
		c.Block(step)
	}
}

// Send signs messages with a device, commits them in a block of their own one
// second later, and returns what became of them.
func (c *Chain) Send(s wire.Signer, msgs ...sdk.Msg) Outcome {
	c.tb.Helper()
	return c.Block(time.Second, c.Sign(s, msgs...))[0]
}

// Do is Send that must succeed.
func (c *Chain) Do(s wire.Signer, msgs ...sdk.Msg) Outcome {
	c.tb.Helper()
	o := c.Send(s, msgs...)
	if o.Code != 0 {
		c.tb.Fatalf("%s was refused: %s/%d: %s", sdk.MsgTypeURL(msgs[0]), o.Space, o.Code, o.Log)
	}
	return o
}

// Refuse is Send that must be refused with that registered error.
func (c *Chain) Refuse(s wire.Signer, want interface {
	Codespace() string
	ABCICode() uint32
}, msgs ...sdk.Msg,
) Outcome {
	c.tb.Helper()
	o := c.Send(s, msgs...)
	if o.Space != want.Codespace() || o.Code != want.ABCICode() {
		c.tb.Fatalf("%s: got %s/%d %s, want %s/%d", sdk.MsgTypeURL(msgs[0]), o.Space, o.Code, o.Log, want.Codespace(), want.ABCICode())
	}
	return o
}

// Sign makes the transaction that Send would send.
func (c *Chain) Sign(s wire.Signer, msgs ...sdk.Msg) []byte {
	c.tb.Helper()
	return c.SignDraft(s, c.Draft(s, msgs...))
}

// SignDraft signs a draft, bent or not.
func (c *Chain) SignDraft(s wire.Signer, d wire.Draft) []byte {
	c.tb.Helper()
	raw, err := c.Codec.Sign(context.Background(), s, d)
	if err != nil {
		c.tb.Fatal(err)
	}
	return raw
}

// Draft is what Sign signs, for tests that bend it first.
func (c *Chain) Draft(s wire.Signer, msgs ...sdk.Msg) wire.Draft {
	c.tb.Helper()
	res, err := authtypes.NewQueryClient(c.Conn()).Account(context.Background(),
		&authtypes.QueryAccountRequest{Address: wire.Address(s)})
	if err != nil {
		c.tb.Fatal(err)
	}
	var acc sdk.AccountI
	if err := c.Codec.Registry.UnpackAny(res.Account, &acc); err != nil {
		c.tb.Fatal(err)
	}
	return wire.Draft{ChainID: ChainID, Account: acc, Gas: Gas, Timeout: c.now.Add(2 * time.Minute), Msgs: msgs}
}

// Check asks for admission to the mempool, as a node does before it gossips.
func (c *Chain) Check(raw []byte) Outcome {
	c.tb.Helper()
	r, err := c.App.CheckTx(&abci.RequestCheckTx{Tx: raw, Type: abci.CheckTxType_New})
	if err != nil {
		c.tb.Fatal(err)
	}
	return Outcome{Code: r.Code, Space: r.Codespace, Log: r.Log}
}

// Conn answers gRPC queries on the last committed state.
func (c *Chain) Conn() grpc.ClientConnInterface {
	ctx, err := c.App.CreateQueryContext(c.height, false)
	if err != nil {
		c.tb.Fatal(err)
	}
	return &baseapp.QueryServiceTestHelper{GRPCQueryRouter: c.App.GRPCQueryRouter(), Ctx: ctx}
}

// CheckInvariants fails the test when an invariant of any module does not hold.
func (c *Chain) CheckInvariants() {
	c.tb.Helper()
	if err := c.App.CheckInvariants(); err != nil {
		c.tb.Fatal(err)
	}
}

// headerHash stands in for CometBFT's header hash: there is no header here.
func headerHash(height int64) []byte {
	h := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("testkit header"), uint64(height)))
	return h[:]
}
