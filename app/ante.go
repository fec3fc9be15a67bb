package app

import (
	"time"

	errorsmod "cosmossdk.io/errors"
	"google.golang.org/grpc/codes"

	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	signingtypes "github.com/cosmos/cosmos-sdk/types/tx/signing"
	"github.com/cosmos/cosmos-sdk/x/auth/ante"
	authsigning "github.com/cosmos/cosmos-sdk/x/auth/signing"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/passkey"
)

// The refusals of the ante chain. They are never renumbered.
var (
	ErrNotReady = errorsmod.RegisterWithGRPCCode(Name, 2, codes.Unavailable, "the node has not committed a block since it started, try again")
	ErrShape    = errorsmod.RegisterWithGRPCCode(Name, 3, codes.InvalidArgument, "the transaction has a shape that is not allowed")
	ErrMessage  = errorsmod.RegisterWithGRPCCode(Name, 4, codes.PermissionDenied, "the message is not allowed here")
	ErrDevice   = errorsmod.RegisterWithGRPCCode(Name, 5, codes.PermissionDenied, "the signer is not a live registered device")
	ErrTimeout  = errorsmod.RegisterWithGRPCCode(Name, 6, codes.InvalidArgument, "the transaction needs a timeout that is near")
	ErrTooLarge = errorsmod.RegisterWithGRPCCode(Name, 7, codes.InvalidArgument, "the transaction is too large")
)

// newAnte is the chain's own admission: registered devices only, no fees,
// quotas instead. Nothing of it depends on anything but the transaction, the
// block's header and state.
func newAnte(c wire.Codec, k keepers) sdk.AnteHandler {
	return sdk.ChainAnteDecorators(
		readyDecorator{},
		gasDecorator{},
		shapeDecorator{orgs: k.org},
		ante.NewTxTimeoutHeightDecorator(),
		deviceDecorator{orgs: k.org},
		passkeyDecorator{},
		signatureDecorator{accounts: k.account, modes: c.Tx.SignModeHandler(), verified: newSignatures(signaturesRemembered)},
		quotaDecorator{orgs: k.org},
		proofDecorator{score: k.score},
	)
}

// readyDecorator refuses everything until the node has committed a block since
// its start: before that, check state has height 0, accounts fail their
// signature checks and CometBFT drops what was accepted without a word.
type readyDecorator struct{}

func (readyDecorator) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	if ctx.BlockHeight() == 0 {
		return ctx, ErrNotReady
	}
	return next(ctx, tx, simulate)
}

// gasDecorator sets the gas meter. Unlike the SDK's it bounds simulation too,
// and the limit may not exceed the block's.
type gasDecorator struct{}

func (gasDecorator) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (newCtx sdk.Context, err error) {
	feeTx, ok := tx.(sdk.FeeTx)
	if !ok {
		return ctx, sdkerrors.ErrTxDecode.Wrap("no gas limit")
	}
	limit, blockMax := feeTx.GetGas(), uint64(0)
	if cp := ctx.ConsensusParams(); cp.Block != nil && cp.Block.MaxGas > 0 {
		blockMax = uint64(cp.Block.MaxGas)
	}
	if simulate { // the limit is what a simulation is asked for
		limit = blockMax
	}
	if blockMax == 0 || limit > blockMax {
		return ctx, ErrShape.Wrapf("gas limit %d, the block allows %d", limit, blockMax)
	}
	newCtx = ctx.WithGasMeter(storetypes.NewGasMeter(limit))
	defer func() {
		if r := recover(); r != nil {
			out, ok := r.(storetypes.ErrorOutOfGas)
			if !ok {
				panic(r)
			}
			err = sdkerrors.ErrOutOfGas.Wrapf("%s: limit %d, used %d", out.Descriptor, limit, newCtx.GasMeter().GasConsumed())
		}
	}()
	return next(newCtx, tx, simulate)
}

// shapeDecorator refuses every form of transaction that we do not need: fees,
// fee payers, several signers, multisigs, memos, unordered ones, unknown messages.
type shapeDecorator struct{ orgs organisations }

func (d shapeDecorator) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	p, err := d.orgs.Params(ctx)
	if err != nil {
		return ctx, err
	}
	if n := len(ctx.TxBytes()); n > int(p.TxBytesMax) {
		return ctx, ErrTooLarge.Wrapf("%d bytes, at most %d", n, p.TxBytesMax)
	}
	if err := checkShape(tx, simulate); err != nil {
		return ctx, err
	}
	for _, m := range tx.GetMsgs() {
		if err := checkMessage(m); err != nil {
			return ctx, err
		}
	}
	return next(ctx.WithValue(admittedKey{}, &admitted{params: p}), tx, simulate)
}

// admitted is what the first steps have read and the later ones need: each is read
// once a transaction.
type admitted struct {
	params orgv1.Params
	device orgv1.Device
}

type admittedKey struct{}

// admittedOf is what the steps before have put into the context.
func admittedOf(ctx sdk.Context) *admitted { return ctx.Value(admittedKey{}).(*admitted) }

func checkShape(tx sdk.Tx, simulate bool) error {
	full, ok := tx.(authsigning.Tx)
	if !ok {
		return sdkerrors.ErrTxDecode.Wrap("not a signed transaction")
	}
	if n := len(full.GetMsgs()); n == 0 || n > TxMessagesMax {
		return ErrShape.Wrapf("%d messages, want 1 to %d", n, TxMessagesMax)
	}
	signers, err := full.GetSigners()
	if err != nil {
		return err
	}
	if len(signers) != 1 {
		return ErrShape.Wrapf("%d signers, want 1", len(signers))
	}
	switch {
	case len(full.GetFee()) != 0:
		return ErrShape.Wrap("a fee: members pay none")
	case len(full.FeeGranter()) != 0 || string(full.FeePayer()) != string(signers[0]):
		return ErrShape.Wrap("a fee payer or granter")
	case full.GetMemo() != "":
		return ErrShape.Wrap("a memo: free text has no place on chain")
	}
	if u, ok := tx.(sdk.TxWithUnordered); ok && u.GetUnordered() {
		return ErrShape.Wrap("unordered")
	}
	sigs, err := full.GetSignaturesV2()
	if err != nil {
		return err
	}
	if n := len(sigs); n > 1 || n == 0 && !simulate {
		return ErrShape.Wrapf("%d signatures, want 1", n)
	}
	for _, s := range sigs {
		if _, single := s.Data.(*signingtypes.SingleSignatureData); !single && !simulate {
			return ErrShape.Wrap("a multi-signature: use several devices of the organisation")
		}
	}
	return nil
}

// deviceDecorator lets only registered devices in. It asks x/org, never auth:
// that an account exists does not mean that anyone registered it.
type deviceDecorator struct{ orgs organisations }

func (d deviceDecorator) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	dev, err := signingDevice(ctx, d.orgs, tx)
	if err != nil {
		return ctx, err
	}
	switch dev.Status {
	case orgv1.DeviceStatus_DEVICE_STATUS_ACTIVE:
		if dev.ExpiresAt != 0 && ctx.BlockTime().Unix() >= dev.ExpiresAt {
			return ctx, ErrDevice.Wrap("it has expired")
		}
	case orgv1.DeviceStatus_DEVICE_STATUS_PENDING:
		if _, activates := tx.GetMsgs()[0].(*orgv1.MsgActivateDevice); !activates || len(tx.GetMsgs()) != 1 {
			return ctx, ErrDevice.Wrap("it is pending: activate it first")
		}
	default:
		return ctx, ErrDevice.Wrap("it is frozen or revoked")
	}
	admittedOf(ctx).device = dev
	return next(ctx, tx, simulate)
}

// passkeyDecorator checks what a passkey's signature says about the page that
// asked for it against the parameters. The key itself cannot: VerifySignature
// has no access to state, and so stays pure.
type passkeyDecorator struct{}

func (passkeyDecorator) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	a := admittedOf(ctx)
	if a.device.Key.Type != orgv1.KeyType_KEY_TYPE_PASSKEY {
		return next(ctx, tx, simulate)
	}
	p := a.params
	if err := checkTimeout(ctx, tx, p.TimeoutSecondsMax); err != nil {
		return ctx, err
	}
	if simulate {
		return next(ctx, tx, simulate)
	}
	sigs, err := tx.(authsigning.Tx).GetSignaturesV2()
	if err != nil {
		return ctx, err
	}
	data := sigs[0].Data.(*signingtypes.SingleSignatureData) // checkShape has refused others
	if data.SignMode != signingtypes.SignMode_SIGN_MODE_DIRECT {
		return ctx, ErrShape.Wrap("a passkey signs in mode DIRECT only")
	}
	assertion, err := passkey.Inspect(data.Signature)
	if err != nil {
		return ctx, err
	}
	policy := passkey.Policy{Enabled: p.PasskeyEnabled, Origins: p.Origins, RPIDs: p.RpIds}
	if err := policy.Check(assertion); err != nil {
		return ctx, err
	}
	return next(ctx, tx, simulate)
}

// checkTimeout asks for a time after which the signature is worthless, so that a
// signed transaction that was held back cannot be sent days later.
func checkTimeout(ctx sdk.Context, tx sdk.Tx, secondsMax int64) error {
	t, ok := tx.(ante.TxWithTimeoutHeight)
	if !ok {
		return sdkerrors.ErrTxDecode.Wrap("no timeout")
	}
	at := t.GetTimeoutTimeStamp()
	if at.IsZero() || at.Unix() == 0 {
		return ErrTimeout.Wrap("there is none")
	}
	if latest := ctx.BlockTime().Add(time.Duration(secondsMax) * time.Second); at.After(latest) {
		return ErrTimeout.Wrapf("it lies more than %d seconds ahead", secondsMax)
	}
	return nil
}

// quotaDecorator counts the organisation's transactions. It comes after the
// signature: a forger must not use up another's quota. A simulation counts too, in
// state that is thrown away, so that it finds the gas which counting costs.
type quotaDecorator struct{ orgs organisations }

func (d quotaDecorator) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	if ctx.IsReCheckTx() {
		return next(ctx, tx, simulate)
	}
	if err := d.orgs.UseQuota(ctx, admittedOf(ctx).device.OrgId); err != nil {
		return ctx, err
	}
	return next(ctx, tx, simulate)
}

// signatureGas is the price of a signature by its key type.
func signatureGas(meter storetypes.GasMeter, sig signingtypes.SignatureV2, p authtypes.Params) error {
	switch sig.PubKey.(type) {
	case *passkey.PubKey:
		meter.ConsumeGas(passkey.GasVerify, "ante verify: passkey")
	case *ed25519.PubKey:
		meter.ConsumeGas(p.SigVerifyCostED25519, "ante verify: ed25519")
	case *secp256k1.PubKey:
		meter.ConsumeGas(p.SigVerifyCostSecp256k1, "ante verify: secp256k1")
	default:
		return sdkerrors.ErrInvalidPubKey.Wrapf("key type %T", sig.PubKey)
	}
	return nil
}
