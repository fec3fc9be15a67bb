// Package genesis carries a module's part of the genesis file between the SDK's
// module manager, which knows JSON, and the module's keeper.
package genesis

import (
	"context"
	"encoding/json"

	"github.com/cosmos/gogoproto/proto"

	errorsmod "cosmossdk.io/errors"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
)

// Keeper writes and reads a module's whole state S.
type Keeper[S any] interface {
	InitGenesis(context.Context, S) error
	ExportGenesis(context.Context) (S, error)
}

// State is a pointer to the message T that holds a whole state.
type State[T any] interface {
	*T
	proto.Message
}

// Part is the half of a module that is the same in all of them: its name, its
// first version of state and its genesis. A module embeds it. It carries
// module.HasGenesis and not appmodule's, which an upgrade that adds a module
// would never call.
type Part[T any, S State[T]] struct {
	name     string
	initial  func() S
	validate func(S) error
	invalid  *errorsmod.Error
	keeper   Keeper[S]
}

// Of is the part of the module of that name. A chain that says nothing starts with
// initial; validate needs no store; a text that is no state is refused with invalid.
func Of[T any, S State[T]](name string, initial func() S, validate func(S) error, invalid *errorsmod.Error, k Keeper[S]) Part[T, S] {
	return Part[T, S]{name, initial, validate, invalid, k}
}

// Name is the module's name.
func (p Part[T, S]) Name() string { return p.name }

// IsOnePerModuleType marks an app module.
func (Part[T, S]) IsOnePerModuleType() {}

// IsAppModule marks an app module.
func (Part[T, S]) IsAppModule() {}

// ConsensusVersion is the version of the module's state. A module that has changed
// its state has a method of its own.
func (Part[T, S]) ConsensusVersion() uint64 { return 1 }

// DefaultGenesis is the state of a chain that says nothing.
func (p Part[T, S]) DefaultGenesis(cdc codec.JSONCodec) json.RawMessage {
	return cdc.MustMarshalJSON(p.initial())
}

// ValidateGenesis is nil when the genesis holds together.
func (p Part[T, S]) ValidateGenesis(cdc codec.JSONCodec, _ client.TxEncodingConfig, raw json.RawMessage) error {
	var state S = new(T)
	if err := cdc.UnmarshalJSON(raw, state); err != nil {
		return p.invalid.Wrap(err.Error())
	}
	return p.validate(state)
}

// InitGenesis writes the genesis. It panics when that fails: no chain without it.
func (p Part[T, S]) InitGenesis(ctx sdk.Context, cdc codec.JSONCodec, raw json.RawMessage) {
	var state S = new(T)
	cdc.MustUnmarshalJSON(raw, state)
	if err := p.keeper.InitGenesis(ctx, state); err != nil {
		panic(err)
	}
}

// ExportGenesis reads the whole state.
func (p Part[T, S]) ExportGenesis(ctx sdk.Context, cdc codec.JSONCodec) json.RawMessage {
	state, err := p.keeper.ExportGenesis(ctx)
	if err != nil {
		panic(err)
	}
	return cdc.MustMarshalJSON(state)
}
