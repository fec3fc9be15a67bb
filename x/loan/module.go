package loan

import (
	"context"
	"encoding/json"
	"fmt"

	"google.golang.org/grpc"

	"cosmossdk.io/core/appmodule"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/types/msgservice"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

var (
	_ appmodule.AppModule        = AppModule{}
	_ appmodule.HasEndBlocker    = AppModule{}
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

// RegisterInterfaces registers the messages.
func (AppModule) RegisterInterfaces(r codectypes.InterfaceRegistry) {
	r.RegisterImplementations((*sdk.Msg)(nil),
		&loanv1.MsgSubmitTemplate{}, &loanv1.MsgActivateTemplate{}, &loanv1.MsgRetireTemplate{},
		&loanv1.MsgOpenPool{}, &loanv1.MsgFundPool{}, &loanv1.MsgWithdrawPool{},
		&loanv1.MsgOfferProduct{}, &loanv1.MsgRetireProduct{},
		&loanv1.MsgApply{}, &loanv1.MsgDecideReferral{}, &loanv1.MsgAccept{}, &loanv1.MsgRefuseOffer{},
		&loanv1.MsgRepay{}, &loanv1.MsgWriteOff{}, &loanv1.MsgUpdateParams{},
	)
	msgservice.RegisterMsgServiceDesc(r, &loanv1.Msg_serviceDesc)
}

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
	return cdc.MustMarshalJSON(&loanv1.GenesisState{Params: DefaultParams()})
}

// ValidateGenesis checks a genesis state without a store.
func (AppModule) ValidateGenesis(cdc codec.JSONCodec, _ client.TxEncodingConfig, raw json.RawMessage) error {
	var gs loanv1.GenesisState
	if err := cdc.UnmarshalJSON(raw, &gs); err != nil {
		return fmt.Errorf("reading %s genesis: %w", Name, err)
	}
	return Validate(gs)
}

// InitGenesis writes a genesis state; a wrong one stops the start.
func (m AppModule) InitGenesis(ctx sdk.Context, cdc codec.JSONCodec, raw json.RawMessage) {
	var gs loanv1.GenesisState
	cdc.MustUnmarshalJSON(raw, &gs)
	if err := m.keeper.InitGenesis(ctx, gs); err != nil {
		panic(err)
	}
}

// ExportGenesis reads the whole state.
func (m AppModule) ExportGenesis(ctx sdk.Context, cdc codec.JSONCodec) json.RawMessage {
	gs, err := m.keeper.ExportGenesis(ctx)
	if err != nil {
		panic(err)
	}
	return cdc.MustMarshalJSON(&gs)
}
