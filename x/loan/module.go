package loan

import (
	"context"

	"google.golang.org/grpc"

	"cosmossdk.io/core/appmodule"

	"github.com/cosmos/cosmos-sdk/types/module"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/internal/genesis"
)

// AppModule connects the module to the SDK.
type AppModule struct {
	genesis.Part[loanv1.GenesisState, *loanv1.GenesisState]
	k *Keeper
}

var (
	_ appmodule.AppModule        = AppModule{}
	_ appmodule.HasServices      = AppModule{}
	_ appmodule.HasEndBlocker    = AppModule{}
	_ module.HasGenesis          = AppModule{}
	_ module.HasConsensusVersion = AppModule{}
)

// NewAppModule wraps the keeper.
func NewAppModule(k *Keeper) AppModule {
	return AppModule{genesis.Of(Name, DefaultGenesis, func(gs *loanv1.GenesisState) error { return Validate(*gs) }, ErrGenesis, k), k}
}

// RegisterServices registers messages and queries.
func (a AppModule) RegisterServices(r grpc.ServiceRegistrar) error {
	loanv1.RegisterMsgServer(r, NewMsgServer(a.k))
	loanv1.RegisterQueryServer(r, NewQueryServer(a.k))
	return nil
}

// EndBlock services loans.
func (a AppModule) EndBlock(ctx context.Context) error { return a.k.EndBlock(ctx) }
