package app

import (
	"context"
	"fmt"
	"sync"

	errorsmod "cosmossdk.io/errors"
	"google.golang.org/protobuf/types/known/anypb"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	signingtypes "github.com/cosmos/cosmos-sdk/types/tx/signing"
	authsigning "github.com/cosmos/cosmos-sdk/x/auth/signing"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	txsigning "github.com/cosmos/cosmos-sdk/x/tx/signing"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/wire"
)

// signaturesRemembered is how many verified signatures a node keeps at least
// between CheckTx and the block: three blocks of the smallest transactions.
const signaturesRemembered = 16_384

// accounts is what signatures need of x/auth.
type accounts interface {
	GetAccount(ctx context.Context, address sdk.AccAddress) sdk.AccountI
	SetAccount(ctx context.Context, account sdk.AccountI)
	GetParams(ctx context.Context) authtypes.Params
}

// signatureDecorator charges for the signature, verifies it against the account's
// key, number and sequence, and moves the sequence on, with one reading of the
// account. It stands for three decorators of the SDK, which read the account once
// each and can several signers and multi-signatures; the shape allows neither.
// Refusals have the SDK's codes.
type signatureDecorator struct {
	accounts accounts
	modes    *txsigning.HandlerMap
	verified *signatures
}

func (d signatureDecorator) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	signed := tx.(authsigning.Tx) // checkShape has refused others
	signers, err := signed.GetSigners()
	if err != nil {
		return ctx, err
	}
	sigs, err := signed.GetSignaturesV2()
	if err != nil {
		return ctx, err
	}
	if len(sigs) != len(signers) {
		return ctx, sdkerrors.ErrUnauthorized.Wrapf("%d signatures of %d signers", len(sigs), len(signers))
	}
	account := d.accounts.GetAccount(ctx, signers[0])
	if account == nil {
		return ctx, sdkerrors.ErrUnknownAddress.Wrapf("account %s does not exist", wire.AddressText(signers[0]))
	}
	key := account.GetPubKey()
	if key == nil {
		return ctx, sdkerrors.ErrInvalidPubKey.Wrap("the account has no key")
	}
	sig := signingtypes.SignatureV2{PubKey: key, Data: sigs[0].Data, Sequence: sigs[0].Sequence}
	if err := signatureGas(ctx.GasMeter(), sig, d.accounts.GetParams(ctx)); err != nil {
		return ctx, err
	}
	if sig.Sequence != account.GetSequence() {
		return ctx, sdkerrors.ErrWrongSequence.Wrapf("account sequence mismatch, expected %d, got %d", account.GetSequence(), sig.Sequence)
	}
	if !simulate && !ctx.IsReCheckTx() && ctx.IsSigverifyTx() {
		if err := d.verify(ctx, signed, account, sig); err != nil {
			return ctx, err
		}
	}
	if err := account.SetSequence(account.GetSequence() + 1); err != nil {
		return ctx, err
	}
	d.accounts.SetAccount(ctx, account)
	return next(ctx, tx, simulate)
}

// verify checks a signature over the bytes that its mode signs: the transaction
// with the chain's id and the account's number and sequence.
func (d signatureDecorator) verify(ctx sdk.Context, tx authsigning.Tx, account sdk.AccountI, sig signingtypes.SignatureV2) error {
	packed, err := codectypes.NewAnyWithValue(sig.PubKey)
	if err != nil {
		return sdkerrors.ErrInvalidPubKey.Wrap(err.Error())
	}
	adaptable, ok := tx.(authsigning.V2AdaptableTx)
	if !ok {
		return sdkerrors.ErrTxDecode.Wrapf("no data to sign in %T", tx)
	}
	signer := txsigning.SignerData{
		Address: wire.AddressText(account.GetAddress()), ChainID: ctx.ChainID(),
		AccountNumber: account.GetAccountNumber(), Sequence: sig.Sequence,
		PubKey: &anypb.Any{TypeUrl: packed.TypeUrl, Value: packed.Value},
	}
	key := rememberedKey{sig.PubKey, d.verified}
	if err := authsigning.VerifySignature(ctx, key, signer, sig.Data, d.modes, adaptable.GetSigningTxData()); err != nil {
		return errorsmod.Wrap(sdkerrors.ErrUnauthorized, fmt.Sprintf(
			"signature verification failed; please verify account number (%d), sequence (%d) and chain-id (%s): %s",
			account.GetAccountNumber(), sig.Sequence, ctx.ChainID(), err,
		))
	}
	return nil
}

// rememberedKey is a public key that asks the node's memory first.
type rememberedKey struct {
	cryptotypes.PubKey
	verified *signatures
}

// VerifySignature tells whether the key signed the bytes.
func (k rememberedKey) VerifySignature(signBytes, signature []byte) bool {
	return k.verified.verify(k.PubKey, signBytes, signature)
}

// signatures remembers which signatures this node has found good, so that one that
// CheckTx has verified costs nothing in the block. A verification is a pure
// function of kind of key, key, bytes and signature, and the hash of all four is
// what is remembered: the answer is the same with and without the memory, and so
// nodes agree whatever each has seen. Chain, account number and sequence are in the
// bytes. Bad signatures are not remembered: a forger cannot fill the memory.
type signatures struct {
	mu sync.Mutex
	// The young fill up and then become the old; the old of before are forgotten.
	young, old map[[32]byte]struct{}
	max        int
}

func newSignatures(most int) *signatures {
	return &signatures{young: map[[32]byte]struct{}{}, max: most}
}

func (s *signatures) verify(key cryptotypes.PubKey, signBytes, signature []byte) bool {
	id, err := canon.New("verified-signature").String(key.Type()).Bytes(key.Bytes()).Bytes(signBytes).Bytes(signature).Sum()
	if err != nil { // too long to hash, not too long to verify
		return key.VerifySignature(signBytes, signature)
	}
	if s.knows(id) {
		return true
	}
	if !key.VerifySignature(signBytes, signature) {
		return false
	}
	s.remember(id)
	return true
}

func (s *signatures) knows(id [32]byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.young[id]; ok {
		return true
	}
	_, ok := s.old[id]
	return ok
}

func (s *signatures) remember(id [32]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.young) >= s.max {
		s.young, s.old = map[[32]byte]struct{}{}, s.young
	}
	s.young[id] = struct{}{}
}
