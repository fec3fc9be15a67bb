package wire

import (
	"context"
	"fmt"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"
	txtypes "github.com/cosmos/cosmos-sdk/types/tx"
	signingtypes "github.com/cosmos/cosmos-sdk/types/tx/signing"
	authsigning "github.com/cosmos/cosmos-sdk/x/auth/signing"
)

// Draft is what a transaction is made from.
type Draft struct {
	ChainID string
	Account sdk.AccountI // the signer's account, with its key, number and sequence
	Gas     uint64
	Timeout time.Time // after it the signature is worthless
	Msgs    []sdk.Msg
}

// Prepared is a transaction that waits for its signature.
type Prepared struct {
	SignBytes     []byte // exactly what the device signs
	BodyBytes     []byte
	AuthInfoBytes []byte
}

// Prepare makes the sign bytes of a draft in mode DIRECT.
func (c Codec) Prepare(ctx context.Context, d Draft) (Prepared, error) {
	b := c.Tx.NewTxBuilder()
	if err := b.SetMsgs(d.Msgs...); err != nil {
		return Prepared{}, fmt.Errorf("building the transaction: %w", err)
	}
	b.SetGasLimit(d.Gas)
	b.SetTimeoutTimestamp(d.Timeout.UTC())
	err := b.SetSignatures(signingtypes.SignatureV2{
		PubKey: d.Account.GetPubKey(), Sequence: d.Account.GetSequence(),
		Data: &signingtypes.SingleSignatureData{SignMode: signingtypes.SignMode_SIGN_MODE_DIRECT},
	})
	if err != nil {
		return Prepared{}, fmt.Errorf("building the transaction: %w", err)
	}
	signBytes, err := authsigning.GetSignBytesAdapter(ctx, c.Tx.SignModeHandler(), signingtypes.SignMode_SIGN_MODE_DIRECT,
		authsigning.SignerData{
			Address: AddressText(d.Account.GetAddress()), ChainID: d.ChainID, AccountNumber: d.Account.GetAccountNumber(),
			Sequence: d.Account.GetSequence(), PubKey: d.Account.GetPubKey(),
		}, b.GetTx())
	if err != nil {
		return Prepared{}, fmt.Errorf("making the sign bytes: %w", err)
	}
	var doc txtypes.SignDoc
	if err := doc.Unmarshal(signBytes); err != nil {
		return Prepared{}, fmt.Errorf("reading the sign bytes: %w", err)
	}
	return Prepared{SignBytes: signBytes, BodyBytes: doc.BodyBytes, AuthInfoBytes: doc.AuthInfoBytes}, nil
}

// Signed is the transaction's bytes with the device's signature.
func (p Prepared) Signed(signature []byte) ([]byte, error) {
	raw := txtypes.TxRaw{BodyBytes: p.BodyBytes, AuthInfoBytes: p.AuthInfoBytes, Signatures: [][]byte{signature}}
	return raw.Marshal()
}

// Sign prepares a draft and signs it.
func (c Codec) Sign(ctx context.Context, s Signer, d Draft) ([]byte, error) {
	p, err := c.Prepare(ctx, d)
	if err != nil {
		return nil, err
	}
	sig, err := s.Sign(p.SignBytes)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	return p.Signed(sig)
}
