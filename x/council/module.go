package council

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/grpc-ecosystem/grpc-gateway/runtime"

	"cosmossdk.io/core/appmodule"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtcrypto "github.com/cometbft/cometbft/proto/tendermint/crypto"
	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"

	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
)

// AppModule connects the council to the SDK. It carries the legacy methods
// because module.HasABCIEndBlock embeds them: with one missing, EndBlock would be
// skipped without an error and no validator update would ever leave.
type AppModule struct{ k *Keeper }

var (
	_ appmodule.AppModule        = AppModule{}
	_ module.HasABCIGenesis      = AppModule{}
	_ module.HasABCIEndBlock     = AppModule{}
	_ module.HasServices         = AppModule{}
	_ module.HasConsensusVersion = AppModule{}
)

// NewAppModule makes the module over its keeper.
func NewAppModule(k *Keeper) AppModule { return AppModule{k} }

// Name is the module's name.
func (AppModule) Name() string { return Name }

// IsOnePerModuleType marks an app module.
func (AppModule) IsOnePerModuleType() {}

// IsAppModule marks an app module.
func (AppModule) IsAppModule() {}

// RegisterLegacyAminoCodec has nothing to register.
func (AppModule) RegisterLegacyAminoCodec(*codec.LegacyAmino) {}

// RegisterInterfaces has nothing to register: internal/wire does.
func (AppModule) RegisterInterfaces(codectypes.InterfaceRegistry) {}

// RegisterGRPCGatewayRoutes has nothing to register: the node has no REST.
func (AppModule) RegisterGRPCGatewayRoutes(client.Context, *runtime.ServeMux) {}

// ConsensusVersion is the version of the module's state.
func (AppModule) ConsensusVersion() uint64 { return 1 }

// RegisterServices registers messages and queries.
func (m AppModule) RegisterServices(c module.Configurator) {
	councilv1.RegisterMsgServer(c.MsgServer(), NewMsgServer(m.k))
	councilv1.RegisterQueryServer(c.QueryServer(), NewQueryServer(m.k))
}

// DefaultGenesis is the genesis without members.
func (AppModule) DefaultGenesis(cdc codec.JSONCodec) json.RawMessage {
	return cdc.MustMarshalJSON(DefaultGenesis())
}

// ValidateGenesis checks a genesis.
func (AppModule) ValidateGenesis(cdc codec.JSONCodec, _ client.TxEncodingConfig, b json.RawMessage) error {
	var g councilv1.GenesisState
	if err := cdc.UnmarshalJSON(b, &g); err != nil {
		return fmt.Errorf("%s: %w", Name, err)
	}
	return Validate(&g)
}

// InitGenesis writes the genesis and returns the first validator set. It is the
// one module that does.
func (m AppModule) InitGenesis(ctx sdk.Context, cdc codec.JSONCodec, b json.RawMessage) []abci.ValidatorUpdate {
	var g councilv1.GenesisState
	cdc.MustUnmarshalJSON(b, &g)
	if err := m.k.InitGenesis(ctx, &g); err != nil {
		panic(err)
	}
	var updates []abci.ValidatorUpdate
	for _, member := range g.Members {
		if len(member.ConsensusKey) != 0 {
			updates = append(updates, update(member.ConsensusKey, member.Power))
		}
	}
	return updates
}

// ExportGenesis reads the whole state.
func (m AppModule) ExportGenesis(ctx sdk.Context, cdc codec.JSONCodec) json.RawMessage {
	g, err := m.k.ExportGenesis(ctx)
	if err != nil {
		panic(err)
	}
	return cdc.MustMarshalJSON(g)
}

// EndBlock hands the waiting validator updates to CometBFT. It never returns a
// rule's error: messages have checked everything before they queued.
func (m AppModule) EndBlock(ctx context.Context) ([]abci.ValidatorUpdate, error) {
	if err := m.k.dropFormerKeys(ctx, sdk.UnwrapSDKContext(ctx).BlockHeight()); err != nil {
		return nil, err
	}
	pending, err := m.k.takePending(ctx)
	if err != nil {
		return nil, err
	}
	var updates []abci.ValidatorUpdate
	for _, u := range pending {
		updates = append(updates, update(u.ConsensusKey, u.Power))
	}
	return updates, nil
}

func update(key []byte, power int64) abci.ValidatorUpdate {
	return abci.ValidatorUpdate{
		PubKey: cmtcrypto.PublicKey{Sum: &cmtcrypto.PublicKey_Ed25519{Ed25519: key}},
		Power:  power,
	}
}
