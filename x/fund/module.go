package fund

import (
	"context"
	"encoding/json"

	"google.golang.org/grpc"

	"cosmossdk.io/core/appmodule"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"

	fundv1 "github.com/xinlian/xinlian/gen/xinlian/fund/v1"
)

// Name of the module, its store and its error codespace.
const (
	Name     = "fund"
	StoreKey = Name
)

// AppModule connects the module to the SDK. It carries module.HasGenesis and not
// appmodule's, which an upgrade that adds the module would never call.
type AppModule struct{ k *Keeper }

var (
	_ appmodule.AppModule        = AppModule{}
	_ appmodule.HasServices      = AppModule{}
	_ appmodule.HasEndBlocker    = AppModule{}
	_ module.HasGenesis          = AppModule{}
	_ module.HasConsensusVersion = AppModule{}
)

// NewAppModule is the module over its keeper. Its genesis comes after
// those of loan and cash.
func NewAppModule(k *Keeper) AppModule { return AppModule{k} }

// Name is the module's name.
func (AppModule) Name() string { return Name }

// IsOnePerModuleType marks an app module.
func (AppModule) IsOnePerModuleType() {}

// IsAppModule marks an app module.
func (AppModule) IsAppModule() {}

// ConsensusVersion is the version of the module's state.
func (AppModule) ConsensusVersion() uint64 { return 1 }

// RegisterServices registers messages and queries.
func (a AppModule) RegisterServices(r grpc.ServiceRegistrar) error {
	fundv1.RegisterMsgServer(r, NewMsgServer(a.k))
	fundv1.RegisterQueryServer(r, NewQueryServer(a.k))
	return nil
}

// EndBlock ends rounds and settles their orders.
func (a AppModule) EndBlock(ctx context.Context) error { return a.k.EndBlock(ctx) }

// DefaultGenesis is a chain without funds.
func (AppModule) DefaultGenesis(cdc codec.JSONCodec) json.RawMessage {
	return cdc.MustMarshalJSON(DefaultGenesis())
}

// ValidateGenesis is nil when the genesis holds together.
func (AppModule) ValidateGenesis(cdc codec.JSONCodec, _ client.TxEncodingConfig, raw json.RawMessage) error {
	var gs fundv1.GenesisState
	if err := cdc.UnmarshalJSON(raw, &gs); err != nil {
		return ErrGenesis.Wrap(err.Error())
	}
	return Validate(&gs)
}

// InitGenesis writes the genesis. It panics when that fails: no chain without it.
func (a AppModule) InitGenesis(ctx sdk.Context, cdc codec.JSONCodec, raw json.RawMessage) {
	var gs fundv1.GenesisState
	cdc.MustUnmarshalJSON(raw, &gs)
	if err := a.k.InitGenesis(ctx, &gs); err != nil {
		panic(err)
	}
}

// ExportGenesis reads the whole state.
func (a AppModule) ExportGenesis(ctx sdk.Context, cdc codec.JSONCodec) json.RawMessage {
	gs, err := a.k.ExportGenesis(ctx)
	if err != nil {
		panic(err)
	}
	return cdc.MustMarshalJSON(gs)
}
