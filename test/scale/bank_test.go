package scale_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"cosmossdk.io/log/v2"

	abci "github.com/cometbft/cometbft/abci/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/x/auth"
	"github.com/cosmos/cosmos-sdk/x/auth/ante"
	authkeeper "github.com/cosmos/cosmos-sdk/x/auth/keeper"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	"github.com/cosmos/cosmos-sdk/x/bank"
	bankkeeper "github.com/cosmos/cosmos-sdk/x/bank/keeper"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/xinlian/xinlian/internal/testkit"
	"github.com/xinlian/xinlian/internal/wire"
)

// bankChain is the SDK by itself: x/auth and x/bank with the SDK's own ante
// handler, secp256k1 accounts and the SDK's default store settings, on the same
// production database. Nothing of ours is in it but the codec's registry.
type bankChain struct {
	*baseapp.BaseApp
	tb     testing.TB
	codec  wire.Codec
	keys   []secp
	nonces []uint64
	next   int
	height int64
	now    time.Time
}

// secp signs with the SDK's default kind of key.
type secp struct{ *secp256k1.PrivKey }

// PubKey is the account key.
func (s secp) PubKey() cryptotypes.PubKey { return s.PrivKey.PubKey() }

// Sign signs a transaction's bytes.
func (s secp) Sign(b []byte) ([]byte, error) { return s.PrivKey.Sign(b) }

func newBankChain(tb testing.TB, accounts int) *bankChain {
	tb.Helper()
	codec, err := wire.NewCodec()
	if err != nil {
		tb.Fatal(err)
	}
	db, err := dbm.NewDB("bank", dbm.PebbleDBBackend, tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	c := &bankChain{
		BaseApp: baseapp.NewBaseApp("bank", log.NewNopLogger(), db, authtx.DefaultTxDecoder(codec.Proto), baseapp.SetChainID(testkit.ChainID)),
		tb:      tb, codec: codec, now: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC),
	}
	c.SetInterfaceRegistry(codec.Registry)
	keys := storetypes.NewKVStoreKeys(authtypes.StoreKey, banktypes.StoreKey)
	accountKeeper := authkeeper.NewAccountKeeper(codec.Proto, runtime.NewKVStoreService(keys[authtypes.StoreKey]), authtypes.ProtoBaseAccount,
		map[string][]string{authtypes.FeeCollectorName: nil}, wire.Addresses, wire.Prefix, wire.Authority())
	bankKeeper := bankkeeper.NewBaseKeeper(codec.Proto, runtime.NewKVStoreService(keys[banktypes.StoreKey]), accountKeeper,
		map[string]bool{}, wire.Authority(), log.NewNopLogger())
	modules := module.NewManager(
		auth.NewAppModule(codec.Proto, accountKeeper, nil), bank.NewAppModule(codec.Proto, bankKeeper, accountKeeper),
	)
	modules.SetOrderInitGenesis(authtypes.ModuleName, banktypes.ModuleName)
	if err := modules.RegisterServices(module.NewConfigurator(codec.Proto, c.MsgServiceRouter(), c.GRPCQueryRouter())); err != nil {
		tb.Fatal(err)
	}
	handler, err := ante.NewAnteHandler(ante.HandlerOptions{
		AccountKeeper: accountKeeper, BankKeeper: bankKeeper, SignModeHandler: codec.Tx.SignModeHandler(),
		SigGasConsumer: ante.DefaultSigVerificationGasConsumer,
	})
	if err != nil {
		tb.Fatal(err)
	}
	c.SetAnteHandler(handler)
	c.MountKVStores(keys)
	c.SetEndBlocker(modules.EndBlock)
	c.SetInitChainer(func(ctx sdk.Context, _ *abci.RequestInitChain) (*abci.ResponseInitChain, error) {
		for name, raw := range c.genesis(accounts) {
			modules.Modules[name].(module.HasGenesis).InitGenesis(ctx, codec.Proto, raw)
		}
		return &abci.ResponseInitChain{}, nil
	})
	if err := c.LoadLatestVersion(); err != nil {
		tb.Fatal(err)
	}
	if _, err := c.InitChain(&abci.RequestInitChain{Time: c.now, ChainId: testkit.ChainID, InitialHeight: 1}); err != nil {
		tb.Fatal(err)
	}
	c.Finalize(time.Second)
	c.Commit()
	return c
}

func (c *bankChain) genesis(n int) map[string]json.RawMessage {
	accounts := make(authtypes.GenesisAccounts, 0, n)
	state := banktypes.DefaultGenesisState()
	for i := range n {
		k := secp{secp256k1.GenPrivKeyFromSecret(testkit.Digest("account", i))}
		address := sdk.AccAddress(k.PubKey().Address())
		c.keys, c.nonces = append(c.keys, k), append(c.nonces, 0)
		accounts = append(accounts, authtypes.NewBaseAccount(address, k.PubKey(), uint64(i), 0))
		state.Balances = append(state.Balances, banktypes.Balance{
			Address: wire.AddressText(address), Coins: sdk.NewCoins(sdk.NewInt64Coin(wire.Denom, 1_000_000)),
		})
	}
	return map[string]json.RawMessage{
		authtypes.ModuleName: c.codec.Proto.MustMarshalJSON(authtypes.NewGenesisState(authtypes.DefaultParams(), accounts)),
		banktypes.ModuleName: c.codec.Proto.MustMarshalJSON(state),
	}
}

// send makes a block of n MsgSends between scattered accounts.
func (c *bankChain) send(n int) phases {
	c.tb.Helper()
	var txs [][]byte
	for range n {
		i := c.next * 7919 % len(c.keys)
		c.next++
		from, to := c.keys[i], c.keys[(i+1)%len(c.keys)]
		raw, err := c.codec.Sign(context.Background(), from, wire.Draft{
			ChainID: testkit.ChainID, Gas: 200_000, Timeout: c.now.Add(time.Hour),
			Account: authtypes.NewBaseAccount(sdk.AccAddress(from.PubKey().Address()), from.PubKey(), uint64(i), c.nonces[i]),
			Msgs: []sdk.Msg{&banktypes.MsgSend{
				FromAddress: wire.Address(from), ToAddress: wire.Address(to), Amount: sdk.NewCoins(sdk.NewInt64Coin(wire.Denom, 1)),
			}},
		})
		if err != nil {
			c.tb.Fatal(err)
		}
		c.nonces[i]++
		txs = append(txs, raw)
	}
	p, _ := block(c.tb, c, time.Second, txs)
	return p
}

// Check asks for admission.
func (c *bankChain) Check(tx []byte) testkit.Outcome {
	r, err := c.CheckTx(&abci.RequestCheckTx{Tx: tx, Type: abci.CheckTxType_New})
	if err != nil {
		c.tb.Fatal(err)
	}
	return testkit.Outcome{Code: r.Code, Space: r.Codespace, Log: r.Log}
}

// Finalize executes a block.
func (c *bankChain) Finalize(step time.Duration, txs ...[]byte) []testkit.Outcome {
	c.height++
	c.now = c.now.Add(step)
	res, err := c.FinalizeBlock(&abci.RequestFinalizeBlock{Height: c.height, Time: c.now, Txs: txs})
	if err != nil {
		c.tb.Fatal(err)
	}
	outcomes := make([]testkit.Outcome, len(txs))
	for i, r := range res.TxResults {
		outcomes[i] = testkit.Outcome{Code: r.Code, Space: r.Codespace, Log: r.Log}
	}
	return outcomes
}

// Commit makes the block durable.
func (c *bankChain) Commit() {
	if _, err := c.BaseApp.Commit(); err != nil {
		c.tb.Fatal(err)
	}
}
