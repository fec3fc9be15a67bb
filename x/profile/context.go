package profile

import (
	"context"
	"errors"

	"github.com/cosmos/gogoproto/proto"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// moment is the block's time, Unix seconds, and its height.
func moment(ctx context.Context) (now, height int64) {
	c := sdk.UnwrapSDKContext(ctx)
	return c.BlockTime().Unix(), c.BlockHeight()
}

func emit(ctx context.Context, event proto.Message) error {
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(event)
}

// lookup turns collections' not-found error into a flag.
func lookup[V any](v V, err error) (V, bool, error) {
	if errors.Is(err, collections.ErrNotFound) {
		return v, false, nil
	}
	return v, err == nil, err
}

func checkHash(field string, h []byte) error {
	if len(h) != HashBytes {
		return ErrField.Wrapf("%s: got %d bytes, want %d", field, len(h), HashBytes)
	}
	return nil
}

// clip keeps an id that a stranger sent short enough for an error text.
func clip(id []byte) []byte { return id[:min(len(id), HashBytes)] }
