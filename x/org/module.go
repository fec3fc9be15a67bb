package org

import (
	"google.golang.org/grpc"

	"cosmossdk.io/core/appmodule"

	"github.com/cosmos/cosmos-sdk/types/module"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/genesis"
)

// Name of the module, its store and its error codespace.
const (
	Name     = "org"
	StoreKey = Name
)

// AppModule connects the module to the SDK.
type AppModule struct {
	genesis.Part[orgv1.GenesisState, *orgv1.GenesisState]
	k *Keeper
}

var (
	_ appmodule.AppModule        = AppModule{}
	_ appmodule.HasServices      = AppModule{}
	_ module.HasGenesis          = AppModule{}
	_ module.HasConsensusVersion = AppModule{}
)

// NewAppModule is the module over its keeper. Its genesis comes after auth's.
func NewAppModule(k *Keeper) AppModule {
	return AppModule{genesis.Of(Name, DefaultGenesis, Validate, ErrGenesis, k), k}
}

// RegisterServices registers messages and queries.
func (a AppModule) RegisterServices(r grpc.ServiceRegistrar) error {
	orgv1.RegisterMsgServer(r, NewMsgServer(a.k))
	orgv1.RegisterQueryServer(r, NewQueryServer(a.k))
	return nil
}
