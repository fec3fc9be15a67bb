package cash

import (
	"context"
	"encoding/json"

	"google.golang.org/grpc"

	"cosmossdk.io/core/appmodule"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
)

const (
	// Name is the module's name, its module account's and its errors' codespace.
	Name = "cash"
	// StoreKey names its store.
	StoreKey = Name
)

var (
	_ appmodule.AppModule        = AppModule{}
	_ appmodule.HasServices      = AppModule{}
	_ appmodule.HasEndBlocker    = AppModule{}
	_ module.HasGenesis          = AppModule{}
	_ module.HasConsensusVersion = AppModule{}
)

// AppModule connects the keeper to the SDK's module manager.
type AppModule struct{ keeper *Keeper }

// NewAppModule wraps the keeper.
func NewAppModule(k *Keeper) AppModule { return AppModule{keeper: k} }

// IsOnePerModuleType is a stub that the interface still asks for.
func (AppModule) IsOnePerModuleType() {}

// IsAppModule is a stub that the interface still asks for.
func (AppModule) IsAppModule() {}

// Name is the module's name.
func (AppModule) Name() string { return Name }

// ConsensusVersion rises with every change of the state's form.
func (AppModule) ConsensusVersion() uint64 { return 1 }

// RegisterServices connects messages and queries.
func (m AppModule) RegisterServices(r grpc.ServiceRegistrar) error {
	cashv1.RegisterMsgServer(r, NewMsgServer(m.keeper))
	cashv1.RegisterQueryServer(r, NewQueryServer(m.keeper))
	return nil
}

// EndBlock ends the payments whose time has passed.
func (m AppModule) EndBlock(ctx context.Context) error { return m.keeper.EndBlock(ctx) }

// DefaultGenesis is the JSON of [DefaultGenesis].
func (AppModule) DefaultGenesis(cdc codec.JSONCodec) json.RawMessage {
	return cdc.MustMarshalJSON(DefaultGenesis())
}

// ValidateGenesis checks the module's part of a genesis file.
func (AppModule) ValidateGenesis(cdc codec.JSONCodec, _ client.TxEncodingConfig, raw json.RawMessage) error {
	var gs cashv1.GenesisState
	if err := cdc.UnmarshalJSON(raw, &gs); err != nil {
		return ErrGenesis.Wrap(err.Error())
	}
	return Validate(&gs)
}

// InitGenesis panics on a state that does not hold together: the node must not start.
func (m AppModule) InitGenesis(ctx sdk.Context, cdc codec.JSONCodec, raw json.RawMessage) {
	var gs cashv1.GenesisState
	cdc.MustUnmarshalJSON(raw, &gs)
	if err := m.keeper.InitGenesis(ctx, &gs); err != nil {
		panic(err)
	}
}

// ExportGenesis is the JSON of the whole state.
func (m AppModule) ExportGenesis(ctx sdk.Context, cdc codec.JSONCodec) json.RawMessage {
	gs, err := m.keeper.ExportGenesis(ctx)
	if err != nil {
		panic(err)
	}
	return cdc.MustMarshalJSON(gs)
}
