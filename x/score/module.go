package score

import (
	"google.golang.org/grpc"

	"cosmossdk.io/core/appmodule"

	"github.com/cosmos/cosmos-sdk/types/module"

	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/genesis"
)

// Name of the module, its store and its error codespace.
const (
	Name     = "score"
	StoreKey = Name
)

// AppModule connects the module to the SDK.
type AppModule struct {
	genesis.Part[scorev1.GenesisState, *scorev1.GenesisState]
	k *Keeper
}

var (
	_ appmodule.AppModule        = AppModule{}
	_ appmodule.HasServices      = AppModule{}
	_ module.HasGenesis          = AppModule{}
	_ module.HasConsensusVersion = AppModule{}
)

// NewAppModule is the module over its keeper.
func NewAppModule(k *Keeper) AppModule {
	return AppModule{genesis.Of(Name, DefaultGenesis, Validate, ErrGenesis, k), k}
}

// RegisterServices registers messages and queries.
func (a AppModule) RegisterServices(r grpc.ServiceRegistrar) error {
	scorev1.RegisterMsgServer(r, NewMsgServer(a.k))
	scorev1.RegisterQueryServer(r, NewQueryServer(a.k))
	return nil
}
