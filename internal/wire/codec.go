package wire

import (
	"bytes"
	"fmt"

	gogoproto "github.com/cosmos/gogoproto/proto"
	googlegrpc "google.golang.org/grpc"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/codec/unknownproto"
	cryptocodec "github.com/cosmos/cosmos-sdk/crypto/codec"
	"github.com/cosmos/cosmos-sdk/std"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	"github.com/cosmos/cosmos-sdk/types/msgservice"
	"github.com/cosmos/cosmos-sdk/types/tx"
	signingtypes "github.com/cosmos/cosmos-sdk/types/tx/signing"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	consensustypes "github.com/cosmos/cosmos-sdk/x/consensus/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	govv1beta1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1beta1"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"

	"github.com/cosmos/cosmos-sdk/x/tx/signing"

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
	"github.com/xinlian/xinlian/passkey"
)

// services lists the transaction services of our modules. Their descriptors are
// all that a client needs to build, sign and read messages.
var services = []*googlegrpc.ServiceDesc{
	&orgv1.Msg_serviceDesc, &councilv1.Msg_serviceDesc, &cashv1.Msg_serviceDesc, &profilev1.Msg_serviceDesc,
	&attestationv1.Msg_serviceDesc, &pledgev1.Msg_serviceDesc, &scorev1.Msg_serviceDesc, &loanv1.Msg_serviceDesc, &fundv1.Msg_serviceDesc, &safetyv1.Msg_serviceDesc,
}

// Codec encodes and decodes everything that crosses the chain's border.
type Codec struct {
	Registry codectypes.InterfaceRegistry
	Proto    *codec.ProtoCodec
	Tx       client.TxConfig
}

// NewCodec makes a codec with every message of the chain. Its transaction
// decoder is strict: it refuses unknown fields, extension options and any bytes
// that would not encode to themselves.
func NewCodec() (Codec, error) {
	registry, err := codectypes.NewInterfaceRegistryWithOptions(codectypes.InterfaceRegistryOptions{
		ProtoFiles: gogoproto.HybridResolver,
		SigningOptions: signing.Options{
			AddressCodec:          Addresses,
			ValidatorAddressCodec: Addresses,
		},
	})
	if err != nil {
		return Codec{}, fmt.Errorf("making the interface registry: %w", err)
	}
	std.RegisterInterfaces(registry)
	cryptocodec.RegisterInterfaces(registry)
	passkey.RegisterInterfaces(registry)
	authtypes.RegisterInterfaces(registry)
	banktypes.RegisterInterfaces(registry)
	consensustypes.RegisterInterfaces(registry)
	govv1.RegisterInterfaces(registry)
	govv1beta1.RegisterInterfaces(registry) // x/gov registers its old service too; admission refuses its messages
	upgradetypes.RegisterInterfaces(registry)
	for _, s := range services {
		registerMessages(registry, s)
	}
	cdc := codec.NewProtoCodec(registry)
	txConfig, err := authtx.NewTxConfigWithOptions(cdc, authtx.ConfigOptions{
		EnabledSignModes: []signingtypes.SignMode{
			signingtypes.SignMode_SIGN_MODE_DIRECT, signingtypes.SignMode_SIGN_MODE_LEGACY_AMINO_JSON,
		},
		ProtoDecoder: strictDecoder(cdc),
	})
	if err != nil {
		return Codec{}, fmt.Errorf("making the transaction codec: %w", err)
	}
	return Codec{Registry: registry, Proto: cdc, Tx: txConfig}, nil
}

// registerMessages registers every request of a service as an sdk.Msg.
func registerMessages(registry codectypes.InterfaceRegistry, s *googlegrpc.ServiceDesc) {
	msgservice.RegisterMsgServiceDesc(registry, s)
}

// strictDecoder adds to the SDK's decoder what it lets through: unknown fields
// inside the body's non-critical range, extension options, and bytes at any level
// that are not the canonical encoding (duplicated scalars, reordered fields,
// defaults written out). A transaction therefore has one encoding and one hash.
func strictDecoder(cdc *codec.ProtoCodec) sdk.TxDecoder {
	lenient := authtx.DefaultTxDecoder(cdc)
	return func(txBytes []byte) (sdk.Tx, error) {
		decoded, err := lenient(txBytes)
		if err != nil {
			return nil, err
		}
		var raw tx.TxRaw
		if err := cdc.Unmarshal(txBytes, &raw); err != nil {
			return nil, sdkerrors.ErrTxDecode.Wrap(err.Error())
		}
		var body tx.TxBody
		if err := unknownproto.RejectUnknownFieldsStrict(raw.BodyBytes, &body, cdc.InterfaceRegistry()); err != nil {
			return nil, sdkerrors.ErrTxDecode.Wrap(err.Error())
		}
		if err := cdc.Unmarshal(raw.BodyBytes, &body); err != nil {
			return nil, sdkerrors.ErrTxDecode.Wrap(err.Error())
		}
		if len(body.ExtensionOptions)+len(body.NonCriticalExtensionOptions) != 0 {
			return nil, sdkerrors.ErrTxDecode.Wrap("extension options are not allowed")
		}
		var auth tx.AuthInfo
		if err := cdc.Unmarshal(raw.AuthInfoBytes, &auth); err != nil {
			return nil, sdkerrors.ErrTxDecode.Wrap(err.Error())
		}
		if auth.Fee == nil { // whoever asks the decoded transaction for its gas would panic
			return nil, sdkerrors.ErrTxDecode.Wrap("there is no fee with a gas limit")
		}
		if auth.Tip != nil { // deprecated, and therefore refused
			return nil, sdkerrors.ErrTxDecode.Wrap("tips are not allowed")
		}
		for _, m := range body.Messages {
			msg, ok := m.GetCachedValue().(gogoproto.Message)
			if !ok {
				return nil, sdkerrors.ErrTxDecode.Wrapf("message %s is not decoded", m.TypeUrl)
			}
			if err := canonical(cdc, "message "+m.TypeUrl, msg, m.Value); err != nil {
				return nil, err
			}
		}
		for _, part := range []struct {
			what  string
			value gogoproto.Message
			bytes []byte
		}{
			{"body", &body, raw.BodyBytes}, {"auth info", &auth, raw.AuthInfoBytes}, {"transaction", &raw, txBytes},
		} {
			if err := canonical(cdc, part.what, part.value, part.bytes); err != nil {
				return nil, err
			}
		}
		return decoded, nil
	}
}

// canonical refuses bytes that the value would not encode to.
func canonical(cdc *codec.ProtoCodec, what string, value gogoproto.Message, b []byte) error {
	again, err := cdc.Marshal(value)
	if err != nil || !bytes.Equal(again, b) {
		return sdkerrors.ErrTxDecode.Wrapf("%s is not in canonical encoding", what)
	}
	return nil
}
