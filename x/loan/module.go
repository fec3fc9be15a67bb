package loan

import (
	"context"
	"encoding/json"

	"google.golang.org/grpc"

	"cosmossdk.io/core/appmodule"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

var (
	_ appmodule.AppModule        = AppModule{}
	_ appmodule.HasEndBlocker    = AppModule{}
	_ appmodule.HasServices      = AppModule{}
	_ module.HasGenesis          = AppModule{}
	_ module.HasConsensusVersion = AppModule{}
)

// AppModule connects the keeper to the chain.
type AppModule struct{ keeper *Keeper }

// NewAppModule wraps the keeper.
func NewAppModule(k *Keeper) AppModule { return AppModule{keeper: k} }

// Name is the module's name.
func (AppModule) Name() string { return Name }

// IsOnePerModuleType serves core's AppModule interface.
func (AppModule) IsOnePerModuleType() {}

// IsAppModule serves core's AppModule interface.
func (AppModule) IsAppModule() {}

// ConsensusVersion counts the module's breaking changes of state.
func (AppModule) ConsensusVersion() uint64 { return 1 }

// RegisterServices registers the message and query servers.
func (m AppModule) RegisterServices(r grpc.ServiceRegistrar) error {
	loanv1.RegisterMsgServer(r, NewMsgServer(m.keeper))
	loanv1.RegisterQueryServer(r, NewQueryServer(m.keeper))
	return nil
}

// EndBlock services loans.
func (m AppModule) EndBlock(ctx context.Context) error { return m.keeper.EndBlock(ctx) }

// DefaultGenesis is an empty state with the default parameters.
func (AppModule) DefaultGenesis(cdc codec.JSONCodec) json.RawMessage {
	return cdc.MustMarshalJSON(DefaultGenesis())
}

// ValidateGenesis checks a genesis state without a store.
func (AppModule) ValidateGenesis(cdc codec.JSONCodec, _ client.TxEncodingConfig, raw json.RawMessage) error {
	var gs loanv1.GenesisState
	if err := cdc.UnmarshalJSON(raw, &gs); err != nil {
		return ErrGenesis.Wrap(err.Error())
	}
	return Validate(gs)
}

// InitGenesis writes a genesis state; a wrong one stops the start.
func (m AppModule) InitGenesis(ctx sdk.Context, cdc codec.JSONCodec, raw json.RawMessage) {
	var gs loanv1.GenesisState
	cdc.MustUnmarshalJSON(raw, &gs)
	if err := m.keeper.InitGenesis(ctx, &gs); err != nil {
		panic(err)
	}
}

// ExportGenesis reads the whole state.
func (m AppModule) ExportGenesis(ctx sdk.Context, cdc codec.JSONCodec) json.RawMessage {
	gs, err := m.keeper.ExportGenesis(ctx)
	if err != nil {
		panic(err)
	}
	return cdc.MustMarshalJSON(gs)
}
