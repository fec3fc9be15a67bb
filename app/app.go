package app

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"google.golang.org/grpc"

	"cosmossdk.io/log/v2"

	abci "github.com/cometbft/cometbft/abci/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/grpc/cmtservice"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"

	"github.com/xinlian/xinlian/internal/wire"
)

// Name is the application's name.
const Name = "xinlian"

// App is the chain's state machine.
type App struct {
	*baseapp.BaseApp

	codec   wire.Codec
	keepers keepers
	modules *module.Manager
	config  module.Configurator
}

// New opens the state machine over db. home is where the upgrade module keeps
// its plan. It changes nothing until CometBFT calls.
func New(logger log.Logger, db dbm.DB, home string, options ...func(*baseapp.BaseApp)) (*App, error) {
	codec, err := wire.NewCodec()
	if err != nil {
		return nil, err
	}
	options = append([]func(*baseapp.BaseApp){
		baseapp.EnableBlockGasMeter(),
		baseapp.SetQueryGasLimit(QueryGasMax),
		baseapp.SetIAVLDisableFastNode(true),
		baseapp.SetIAVLCacheSize(IAVLCacheNodes),
	}, options...)
	base := baseapp.NewBaseApp(Name, logger, db, codec.Tx.TxDecoder(), options...)
	base.SetInterfaceRegistry(codec.Registry)
	base.SetTxEncoder(codec.Tx.TxEncoder())

	a := &App{BaseApp: base, codec: codec}
	if a.keepers, err = newKeepers(codec, base, home, logger); err != nil {
		return nil, err
	}
	a.modules = newModules(codec, a.keepers)
	a.config = module.NewConfigurator(codec.Proto, base.MsgServiceRouter(), base.GRPCQueryRouter())
	base.SetCircuitBreaker(a.keepers.safety)
	if err := a.modules.RegisterServices(a.config); err != nil {
		return nil, fmt.Errorf("registering services: %w", err)
	}
	base.MountKVStores(storeKeys)
	base.MountTransientStores(transientKeys)
	a.setHandlers()
	if err := base.LoadLatestVersion(); err != nil {
		return nil, fmt.Errorf("loading the state: %w", err)
	}
	return a, nil
}

func (a *App) setHandlers() {
	a.SetInitChainer(a.initChain)
	a.SetPreBlocker(a.preBlock)
	a.SetBeginBlocker(a.modules.BeginBlock)
	a.SetEndBlocker(a.modules.EndBlock)
	a.SetAnteHandler(newAnte(a.codec, a.keepers))
	limit := proposalLimit{decode: a.codec.Tx.TxDecoder(), score: a.keepers.score}
	a.SetPrepareProposal(limit.prepare)
	a.SetProcessProposal(limit.process)
	a.SetIDPeerFilter(a.filterPeer)
}

func (a *App) initChain(ctx sdk.Context, req *abci.RequestInitChain) (*abci.ResponseInitChain, error) {
	var state map[string]json.RawMessage
	if err := json.Unmarshal(req.AppStateBytes, &state); err != nil {
		return nil, fmt.Errorf("reading the genesis state: %w", err)
	}
	if err := ValidateGenesis(a.codec, state, req.ConsensusParams); err != nil {
		return nil, err
	}
	if err := a.keepers.upgrade.SetModuleVersionMap(ctx, a.modules.GetVersionMap()); err != nil {
		return nil, err
	}
	return a.modules.InitGenesis(ctx, a.codec.Proto, state)
}

// preBlock runs the modules' own pre-blockers and appends the block's hash to
// the header log where a transaction may change state in it.
func (a *App) preBlock(ctx sdk.Context, req *abci.RequestFinalizeBlock) (*sdk.ResponsePreBlock, error) {
	res, err := a.modules.PreBlock(ctx)
	if err != nil || len(req.Txs) == 0 {
		return res, err
	}
	return res, a.keepers.council.RecordHeader(ctx)
}

// filterPeer lets only nodes of member organisations connect.
func (a *App) filterPeer(id string) *abci.ResponseQuery {
	ctx, err := a.CreateQueryContextWithCheckHeader(0, false, false)
	if err != nil { // before the first block there is only the genesis list, which persistent peers follow
		return &abci.ResponseQuery{}
	}
	if ok, err := a.keepers.council.NodeAllowed(ctx, id); err != nil || !ok {
		return &abci.ResponseQuery{Code: 1, Log: "not a node of a member organisation"}
	}
	return &abci.ResponseQuery{}
}

// Codec is the codec the chain speaks.
func (a *App) Codec() wire.Codec { return a.codec }

// RegisterGRPC serves queries, simulation and broadcast on a gRPC server.
func (a *App) RegisterGRPC(server *grpc.Server, node client.CometRPC, chainID string) {
	clientCtx := client.Context{}.WithClient(node).WithCodec(a.codec.Proto).WithChainID(chainID).
		WithInterfaceRegistry(a.codec.Registry).WithTxConfig(a.codec.Tx)
	authtx.RegisterTxService(a.GRPCQueryRouter(), clientCtx, a.Simulate, a.codec.Registry)
	query := func(ctx context.Context, req *abci.RequestQuery) (*abci.ResponseQuery, error) {
		return a.Query(ctx, req)
	}
	cmtservice.RegisterTendermintService(clientCtx, a.GRPCQueryRouter(), a.codec.Registry, query)
	a.RegisterGRPCServerWithSkipCheckHeader(server, true)
}

// ExportGenesis reads the whole state of the last committed block. It asks one
// module after the other: the module manager would ask all at once, each in a
// goroutine, and a branch of the state opens its stores without a lock.
func (a *App) ExportGenesis() (map[string]json.RawMessage, error) {
	ctx, err := a.committed()
	if err != nil {
		return nil, err
	}
	state := make(map[string]json.RawMessage)
	for _, name := range a.modules.OrderExportGenesis {
		one, err := a.modules.ExportGenesisForModules(ctx, a.codec.Proto, []string{name})
		if err != nil {
			return nil, fmt.Errorf("exporting %s: %w", name, err)
		}
		maps.Copy(state, one)
	}
	return state, nil
}
