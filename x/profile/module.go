package profile

import (
	"context"

	"google.golang.org/grpc"

	"cosmossdk.io/core/appmodule"

	"github.com/cosmos/cosmos-sdk/types/module"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/genesis"
)

const (
	// Name is the module's name and its errors' codespace.
	Name = "profile"
	// StoreKey names its store.
	StoreKey = Name
)

// AppModule connects the module to the SDK.
type AppModule struct {
	genesis.Part[profilev1.GenesisState, *profilev1.GenesisState]
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
	return AppModule{genesis.Of(Name, DefaultGenesis, Validate, ErrGenesis, k), k}
}

// RegisterServices registers messages and queries.
func (a AppModule) RegisterServices(r grpc.ServiceRegistrar) error {
	profilev1.RegisterMsgServer(r, NewMsgServer(a.k))
	profilev1.RegisterQueryServer(r, NewQueryServer(a.k))
	return nil
}

// EndBlock ends what time has ended.
func (a AppModule) EndBlock(ctx context.Context) error { return a.k.EndBlock(ctx) }
