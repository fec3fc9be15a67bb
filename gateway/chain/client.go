package chain

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/cosmos/cosmos-sdk/client/grpc/cmtservice"
	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	grpctypes "github.com/cosmos/cosmos-sdk/types/grpc"
	txtypes "github.com/cosmos/cosmos-sdk/types/tx"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
	fundv1 "github.com/xinlian/xinlian/gen/xinlian/fund/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

const (
	// DefaultGas is the gas limit of a transaction whose cost nobody estimated.
	DefaultGas = 20_000_000
	// TimeoutAfter is how long a signed transaction is good for. It is counted from
	// the chain's time, because the chain compares it with the block's.
	TimeoutAfter = 4 * time.Minute

	pollEvery  = 20 * time.Millisecond
	commitWait = 60 * time.Second
	codespace  = "xinlian" // of the ante chain
	codeReady  = 2         // ErrNotReady: try again
)

// Client is a connection to one node. It is safe for concurrent use.
type Client struct {
	Org         orgv1.QueryClient
	Council     councilv1.QueryClient
	Cash        cashv1.QueryClient
	Profile     profilev1.QueryClient
	Attestation attestationv1.QueryClient
	Pledge      pledgev1.QueryClient
	Score       scorev1.QueryClient
	Loan        loanv1.QueryClient
	Fund        fundv1.QueryClient
	Safety      safetyv1.QueryClient

	codec   wire.Codec
	conn    *grpc.ClientConn
	comet   cmtservice.ServiceClient
	txs     txtypes.ServiceClient
	auth    authtypes.QueryClient
	chainID string

	mu    sync.Mutex
	lines map[string]*sync.Mutex // one transaction of an account at a time
}

// Dial connects to the gRPC service at address and asks which chain it is.
func Dial(ctx context.Context, address string) (*Client, error) {
	c, err := wire.NewCodec()
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()), // the node listens on loopback or a private network
		grpc.WithDefaultCallOptions(grpc.ForceCodec(codec.NewProtoCodec(c.Registry).GRPCCodec()), grpc.MaxCallRecvMsgSize(16<<20)))
	if err != nil {
		return nil, fmt.Errorf("connecting to the node: %w", err)
	}
	cl := &Client{
		codec: c, conn: conn,
		Org: orgv1.NewQueryClient(conn), Council: councilv1.NewQueryClient(conn), Cash: cashv1.NewQueryClient(conn),
		Profile: profilev1.NewQueryClient(conn), Attestation: attestationv1.NewQueryClient(conn), Pledge: pledgev1.NewQueryClient(conn),
		Score: scorev1.NewQueryClient(conn), Loan: loanv1.NewQueryClient(conn), Fund: fundv1.NewQueryClient(conn), Safety: safetyv1.NewQueryClient(conn),
		comet: cmtservice.NewServiceClient(conn), txs: txtypes.NewServiceClient(conn), auth: authtypes.NewQueryClient(conn),
		lines: map[string]*sync.Mutex{},
	}
	head, err := cl.Head(ctx)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	cl.chainID = head.ChainID
	return cl, nil
}

// Close ends the connection.
func (c *Client) Close() error { return c.conn.Close() }

// ChainID is the chain's id.
func (c *Client) ChainID() string { return c.chainID }

// Codec is the codec of the chain.
func (c *Client) Codec() wire.Codec { return c.codec }

// Head is the newest block whose effects queries see.
type Head struct {
	ChainID string
	Height  int64
	Time    time.Time
	Hash    []byte
}

// Head asks for the newest block whose effects queries see. The engine has a block
// a moment before the application has executed it; whoever says that something was
// so at a height must not name that block yet.
func (c *Client) Head(ctx context.Context) (Head, error) {
	var state metadata.MD
	r, err := c.comet.GetLatestBlock(ctx, &cmtservice.GetLatestBlockRequest{}, grpc.Header(&state))
	if err != nil {
		return Head{}, fmt.Errorf("reading the newest block: %w", err)
	}
	h, hash := r.SdkBlock.Header, r.BlockId.Hash
	executed, err := heightOf(state)
	if err != nil {
		return Head{}, err
	}
	if executed < h.Height {
		at, err := c.comet.GetBlockByHeight(ctx, &cmtservice.GetBlockByHeightRequest{Height: executed})
		if err != nil {
			return Head{}, fmt.Errorf("reading block %d: %w", executed, err)
		}
		h, hash = at.SdkBlock.Header, at.BlockId.Hash
	}
	return Head{ChainID: h.ChainID, Height: h.Height, Time: h.Time, Hash: hash}, nil
}

// heightOf is the height of the state that an answer was made from.
func heightOf(answer metadata.MD) (int64, error) {
	values := answer.Get(grpctypes.GRPCBlockHeightHeader)
	if len(values) != 1 {
		return 0, errors.New("chain: the node's answer does not say the height of its state")
	}
	height, err := strconv.ParseInt(values[0], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("reading the height of the node's state: %w", err)
	}
	return height, nil
}

// Result is a committed transaction.
type Result struct {
	Hash    []byte // SHA-256 of its bytes
	Height  int64
	Code    uint32 // 0 for success
	Space   string // codespace of Code
	Log     string
	GasUsed int64
	Data    []byte // the messages' responses
	Events  []Event
	Took    time.Duration // from sending to commit
}

// Event is one event of a transaction.
type Event struct {
	Type       string
	Attributes map[string]string
}

// Refused is a transaction that the chain refused, at admission or in its block.
type Refused struct {
	Space string
	Code  uint32
	Log   string
	Hash  []byte // of the transaction, where it was included in a block
}

// Error is the chain's own text.
func (r *Refused) Error() string {
	return fmt.Sprintf("the chain refused (%s/%d): %s", r.Space, r.Code, wire.ErrorText(errors.New(r.Log)))
}

// IsRefused tells whether err is the chain's refusal with that codespace and code.
func IsRefused(err error, space string, code uint32) bool {
	var r *Refused
	return errors.As(err, &r) && r.Space == space && r.Code == code
}

// Send signs messages with a device's key, sends them and waits until they are
// in a block. A refusal is a *Refused. Transactions of one account go one by one.
func (c *Client) Send(ctx context.Context, s wire.Signer, msgs ...sdk.Msg) (Result, error) {
	line := c.line(wire.Address(s))
	line.Lock()
	defer line.Unlock()
	for {
		d, err := c.draft(ctx, wire.Address(s), msgs)
		if err != nil {
			return Result{}, err
		}
		raw, err := c.codec.Sign(ctx, s, d)
		if err != nil {
			return Result{}, err
		}
		res, err := c.Broadcast(ctx, raw)
		if !IsRefused(err, codespace, codeReady) {
			return res, err
		}
		if err := sleep(ctx, pollEvery); err != nil {
			return Result{}, err
		}
	}
}

// Prepare makes the sign bytes of messages for an account.
func (c *Client) Prepare(ctx context.Context, address string, msgs ...sdk.Msg) (wire.Prepared, error) {
	d, err := c.draft(ctx, address, msgs)
	if err != nil {
		return wire.Prepared{}, err
	}
	return c.codec.Prepare(ctx, d)
}

func (c *Client) draft(ctx context.Context, address string, msgs []sdk.Msg) (wire.Draft, error) {
	acc, err := c.Account(ctx, address)
	if err != nil {
		return wire.Draft{}, err
	}
	head, err := c.Head(ctx)
	if err != nil {
		return wire.Draft{}, err
	}
	return wire.Draft{
		ChainID: c.chainID, Account: acc, Gas: DefaultGas, Timeout: head.Time.Add(TimeoutAfter), Msgs: msgs,
	}, nil
}

// Broadcast sends signed bytes and waits until they are in a block. The same
// bytes sent twice are one transaction: the second call waits for the first.
func (c *Client) Broadcast(ctx context.Context, raw []byte) (Result, error) {
	began := time.Now()
	hash := sha256.Sum256(raw)
	r, err := c.txs.BroadcastTx(ctx, &txtypes.BroadcastTxRequest{TxBytes: raw, Mode: txtypes.BroadcastMode_BROADCAST_MODE_SYNC})
	switch {
	case err != nil && strings.Contains(err.Error(), "tx already exists in cache"):
	case err != nil:
		return Result{}, fmt.Errorf("sending the transaction: %w", err)
	case r.TxResponse.Code != 0 && !(r.TxResponse.Codespace == "sdk" && r.TxResponse.Code == 19): // 19: already in the mempool
		return Result{}, &Refused{Space: r.TxResponse.Codespace, Code: r.TxResponse.Code, Log: r.TxResponse.RawLog}
	}
	res, err := c.wait(ctx, hash[:])
	res.Took = time.Since(began)
	return res, err
}

// Transaction finds a committed transaction by its hash.
func (c *Client) Transaction(ctx context.Context, hash []byte) (Result, bool, error) {
	r, err := c.txs.GetTx(ctx, &txtypes.GetTxRequest{Hash: hex.EncodeToString(hash)})
	if err != nil {
		if strings.Contains(err.Error(), "not found") {
			return Result{}, false, nil
		}
		return Result{}, false, fmt.Errorf("looking up a transaction: %w", err)
	}
	return resultOf(hash, r.TxResponse), true, nil
}

func (c *Client) wait(ctx context.Context, hash []byte) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, commitWait)
	defer cancel()
	for {
		res, ok, err := c.Transaction(ctx, hash)
		if err != nil {
			return Result{}, err
		}
		if ok && res.Code != 0 {
			return res, &Refused{Space: res.Space, Code: res.Code, Log: res.Log, Hash: hash}
		}
		if ok {
			return res, nil
		}
		if err := sleep(ctx, pollEvery); err != nil {
			return Result{}, fmt.Errorf("waiting for transaction %X to be in a block: %w", hash, err)
		}
	}
}

// Account reads an account; a device has one from its registration on.
func (c *Client) Account(ctx context.Context, address string) (sdk.AccountI, error) {
	r, err := c.auth.Account(ctx, &authtypes.QueryAccountRequest{Address: address})
	if err != nil {
		return nil, fmt.Errorf("reading account %s: %w", address, err)
	}
	var acc sdk.AccountI
	if err := c.codec.Registry.UnpackAny(r.Account, &acc); err != nil {
		return nil, fmt.Errorf("reading account %s: %w", address, err)
	}
	return acc, nil
}

func (c *Client) line(address string) *sync.Mutex {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lines[address] == nil {
		c.lines[address] = &sync.Mutex{}
	}
	return c.lines[address]
}

func resultOf(hash []byte, r *sdk.TxResponse) Result {
	res := Result{Hash: hash, Height: r.Height, Code: r.Code, Space: r.Codespace, Log: r.RawLog, GasUsed: r.GasUsed}
	res.Data, _ = hex.DecodeString(r.Data)
	for _, e := range r.Events {
		ev := Event{Type: e.Type, Attributes: map[string]string{}}
		for _, a := range e.Attributes {
			ev.Attributes[a.Key] = a.Value
		}
		res.Events = append(res.Events, ev)
	}
	return res
}

// Response decodes the response of the transaction's message number i.
func (c *Client) Response(res Result, i int, into codec.ProtoMarshaler) error {
	var data sdk.TxMsgData
	if err := c.codec.Proto.Unmarshal(res.Data, &data); err != nil {
		return fmt.Errorf("reading the responses: %w", err)
	}
	if i >= len(data.MsgResponses) {
		return fmt.Errorf("reading the responses: there are %d, want number %d", len(data.MsgResponses), i)
	}
	return into.Unmarshal(data.MsgResponses[i].Value)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
