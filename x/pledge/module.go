package pledge

import (
	"context"

	"google.golang.org/grpc"

	"cosmossdk.io/core/appmodule"

	"github.com/cosmos/cosmos-sdk/types/module"

	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	"github.com/xinlian/xinlian/internal/genesis"
)

// Name of the module, its store and its error codespace.
const (
	Name     = "pledge"
	StoreKey = Name
)

// AppModule connects the module to the SDK.
type AppModule struct {
	genesis.Part[pledgev1.GenesisState, *pledgev1.GenesisState]
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
// profile's and council's.
func NewAppModule(k *Keeper) AppModule {
	return AppModule{genesis.Of(Name, DefaultGenesis, Validate, ErrGenesis, k), k}
}

// RegisterServices registers messages and queries.
func (a AppModule) RegisterServices(r grpc.ServiceRegistrar) error {
	pledgev1.RegisterMsgServer(r, NewMsgServer(a.k))
	pledgev1.RegisterQueryServer(r, NewQueryServer(a.k))
	return nil
}

// EndBlock ends the pledges whose time has passed.
func (a AppModule) EndBlock(ctx context.Context) error { return a.k.EndBlock(ctx) }
