package fund

import (
	"context"

	"google.golang.org/grpc"

	"cosmossdk.io/core/appmodule"

	"github.com/cosmos/cosmos-sdk/types/module"

	fundv1 "github.com/xinlian/xinlian/gen/xinlian/fund/v1"
	"github.com/xinlian/xinlian/internal/genesis"
)

// Name of the module, its store and its error codespace.
const (
	Name     = "fund"
	StoreKey = Name
)

// AppModule connects the module to the SDK.
type AppModule struct {
	genesis.Part[fundv1.GenesisState, *fundv1.GenesisState]
	k *Keeper
}

var (
	_ appmodule.AppModule        = AppModule{}
	_ appmodule.HasServices      = AppModule{}
	_ appmodule.HasEndBlocker    = AppModule{}
	_ module.HasGenesis          = AppModule{}
	_ module.HasConsensusVersion = AppModule{}
)

// NewAppModule is the module over its keeper. Its genesis comes after
// those of loan and cash.
func NewAppModule(k *Keeper) AppModule {
	return AppModule{genesis.Of(Name, DefaultGenesis, Validate, ErrGenesis, k), k}
}

// RegisterServices registers messages and queries.
func (a AppModule) RegisterServices(r grpc.ServiceRegistrar) error {
	fundv1.RegisterMsgServer(r, NewMsgServer(a.k))
	fundv1.RegisterQueryServer(r, NewQueryServer(a.k))
	return nil
}

// EndBlock ends rounds and settles their orders.
func (a AppModule) EndBlock(ctx context.Context) error { return a.k.EndBlock(ctx) }
