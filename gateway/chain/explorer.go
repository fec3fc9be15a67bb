package chain

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cosmos/cosmos-sdk/client/grpc/cmtservice"
	sdk "github.com/cosmos/cosmos-sdk/types"
	txtypes "github.com/cosmos/cosmos-sdk/types/tx"

	"github.com/xinlian/xinlian/internal/wire"
)

// Block is a block as the explorer shows it.
type Block struct {
	Height   int64
	Time     time.Time
	Hash     []byte
	AppHash  []byte // of the state after the block before
	Proposer []byte // address of the validator
	Signed   int    // signatures in the commit of the block before
	TxHashes [][]byte
}

// Block reads the block at a height; false says that there is none.
func (c *Client) Block(ctx context.Context, height int64) (Block, bool, error) {
	r, err := c.comet.GetBlockByHeight(ctx, &cmtservice.GetBlockByHeightRequest{Height: height})
	if code := status.Code(err); code == codes.InvalidArgument || code == codes.NotFound {
		return Block{}, false, nil
	}
	if err != nil {
		return Block{}, false, fmt.Errorf("reading block %d: %w", height, err)
	}
	h := r.Block.Header
	b := Block{Height: h.Height, Time: h.Time, Hash: r.BlockId.Hash, AppHash: h.AppHash, Proposer: h.ProposerAddress}
	for _, s := range r.Block.LastCommit.Signatures {
		if len(s.Signature) > 0 {
			b.Signed++
		}
	}
	for _, raw := range r.Block.Data.Txs {
		sum := sha256.Sum256(raw)
		b.TxHashes = append(b.TxHashes, sum[:])
	}
	return b, true, nil
}

// Blocks reads the n blocks up to and including a height, newest first; height 0
// is the newest block.
func (c *Client) Blocks(ctx context.Context, height int64, n int) ([]Block, error) {
	if height <= 0 {
		head, err := c.Head(ctx)
		if err != nil {
			return nil, err
		}
		height = head.Height
	}
	var list []Block
	for h := height; h > 0 && len(list) < n; h-- {
		b, ok, err := c.Block(ctx, h)
		if err != nil {
			return nil, err
		}
		if ok {
			list = append(list, b)
		}
	}
	return list, nil
}

// Message is a message of a transaction as JSON.
type Message struct {
	Type string // type URL
	JSON string
}

// Detail is a committed transaction with its content.
type Detail struct {
	Result
	Time     time.Time
	Messages []Message
	Signers  []string
	Timeout  time.Time
	Bytes    int
}

// Detail finds a committed transaction by its hash and decodes its messages;
// false says that there is none.
func (c *Client) Detail(ctx context.Context, hash []byte) (Detail, bool, error) {
	r, err := c.txs.GetTx(ctx, &txtypes.GetTxRequest{Hash: hex.EncodeToString(hash)})
	if err != nil {
		if strings.Contains(err.Error(), "not found") {
			return Detail{}, false, nil
		}
		return Detail{}, false, fmt.Errorf("looking up a transaction: %w", err)
	}
	d := Detail{Result: resultOf(hash, r.TxResponse), Bytes: r.Tx.Size()}
	if d.Time, err = time.Parse(time.RFC3339, r.TxResponse.Timestamp); err != nil {
		return Detail{}, false, fmt.Errorf("reading the time of a transaction: %w", err)
	}
	if r.Tx.Body != nil && r.Tx.Body.TimeoutTimestamp != nil {
		d.Timeout = *r.Tx.Body.TimeoutTimestamp
	}
	for _, packed := range r.Tx.Body.Messages {
		var msg sdk.Msg
		if err := c.codec.Registry.UnpackAny(packed, &msg); err != nil {
			return Detail{}, false, fmt.Errorf("reading message %s: %w", packed.TypeUrl, err)
		}
		text, err := c.codec.Proto.MarshalJSON(msg)
		if err != nil {
			return Detail{}, false, fmt.Errorf("writing message %s as JSON: %w", packed.TypeUrl, err)
		}
		d.Messages = append(d.Messages, Message{Type: packed.TypeUrl, JSON: string(text)})
	}
	signers, _, err := r.Tx.GetSigners(c.codec.Proto)
	if err != nil {
		return Detail{}, false, fmt.Errorf("reading the signers of %X: %w", hash, err)
	}
	for _, s := range signers {
		d.Signers = append(d.Signers, wire.AddressText(s))
	}
	return d, true, nil
}

// Messages decodes the messages of every transaction in a block.
func (c *Client) Messages(ctx context.Context, height int64) ([]sdk.Msg, error) {
	r, err := c.comet.GetBlockByHeight(ctx, &cmtservice.GetBlockByHeightRequest{Height: height})
	if err != nil {
		return nil, fmt.Errorf("reading block %d: %w", height, err)
	}
	var list []sdk.Msg
	for i, raw := range r.Block.Data.Txs {
		t, err := c.codec.Tx.TxDecoder()(raw)
		if err != nil {
			return nil, fmt.Errorf("reading transaction %d of block %d: %w", i, height, err)
		}
		list = append(list, t.GetMsgs()...)
	}
	return list, nil
}
