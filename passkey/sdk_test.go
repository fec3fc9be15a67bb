package passkey_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/cosmos/gogoproto/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec"
	addresscodec "github.com/cosmos/cosmos-sdk/codec/address"
	"github.com/cosmos/cosmos-sdk/codec/legacy"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	kmultisig "github.com/cosmos/cosmos-sdk/crypto/keys/multisig"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/tx/signing"
	authsigning "github.com/cosmos/cosmos-sdk/x/auth/signing"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	txsigning "github.com/cosmos/cosmos-sdk/x/tx/signing"

	"github.com/xinlian/xinlian/passkey"
)

func testRegistry(t *testing.T) codectypes.InterfaceRegistry {
	t.Helper()
	r, err := codectypes.NewInterfaceRegistryWithOptions(codectypes.InterfaceRegistryOptions{
		ProtoFiles: proto.HybridResolver,
		SigningOptions: txsigning.Options{
			AddressCodec:          addresscodec.NewBech32Codec("xin"),
			ValidatorAddressCodec: addresscodec.NewBech32Codec("xinvaloper"),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.RegisterInterface("cosmos.crypto.PubKey", (*cryptotypes.PubKey)(nil))
	passkey.RegisterInterfaces(r)
	banktypes.RegisterInterfaces(r)
	return r
}

// TestKeyIdentity proves that key, address and text never change: accounts hang
// on them.
func TestKeyIdentity(t *testing.T) {
	t.Parallel()
	k := testKey(t).PubKey()
	got := fmt.Sprintf("%s\n%X\n%s\n%s\n", k.String(), []byte(k.Address()), k.Type(), proto.MessageName(k))
	golden(t, "testdata/key.golden", []byte(got))
	if n := len(k.Address()); n != 32 {
		t.Errorf("address has %d bytes, want 32", n)
	}
	same, err := passkey.NewPubKey(k.Bytes())
	if err != nil || !k.Equals(same) || k.Validate() != nil {
		t.Errorf("the same key: %v", err)
	}
	other := secp256k1.GenPrivKeyFromSecret([]byte("other")).PubKey()
	if k.Equals(other) || k.Equals(nil) || k.Equals(&passkey.PubKey{}) {
		t.Error("equals another key")
	}
	var none *passkey.PubKey
	if none.VerifySignature(nil, nil) || none.Bytes() != nil || none.Validate() == nil {
		t.Error("a nil key is worth something")
	}
}

// TestKeyEncodings proves that the key survives an Any, proto JSON, amino binary
// and amino JSON, and that both amino JSON encoders agree.
func TestKeyEncodings(t *testing.T) {
	t.Parallel()
	k := testKey(t).PubKey()
	cdc := codec.NewProtoCodec(testRegistry(t))

	wrapped, err := cdc.MarshalInterface(k)
	if err != nil {
		t.Fatal(err)
	}
	var fromAny, fromJSON, fromAmino, fromAminoJSON cryptotypes.PubKey
	if err := cdc.UnmarshalInterface(wrapped, &fromAny); err != nil || !k.Equals(fromAny) {
		t.Errorf("Any: %v, %v", fromAny, err)
	}
	b, err := cdc.MarshalInterfaceJSON(k)
	if err != nil {
		t.Fatal(err)
	}
	if err := cdc.UnmarshalInterfaceJSON(b, &fromJSON); err != nil || !k.Equals(fromJSON) {
		t.Errorf("JSON: %v, %v", fromJSON, err)
	}
	if err := legacy.Cdc.Unmarshal(legacy.Cdc.MustMarshal(k), &fromAmino); err != nil || !k.Equals(fromAmino) {
		t.Errorf("amino: %v, %v", fromAmino, err)
	}
	aminoJSON := legacy.Cdc.MustMarshalJSON(k)
	if err := legacy.Cdc.UnmarshalJSON(aminoJSON, &fromAminoJSON); err != nil || !k.Equals(fromAminoJSON) {
		t.Errorf("amino JSON: %v, %v", fromAminoJSON, err)
	}
	var typed struct{ Type string }
	if err := json.Unmarshal(aminoJSON, &typed); err != nil || typed.Type != passkey.AminoName {
		t.Errorf("amino JSON is %s", aminoJSON)
	}
}

// TestMultisigAddress proves that an SDK multisig with a passkey has a stable
// address, which depends on the amino registration. (The chain refuses to use
// such an account; it must still be the same everywhere.)
func TestMultisigAddress(t *testing.T) {
	t.Parallel()
	keys := []cryptotypes.PubKey{
		testKey(t).PubKey(),
		secp256k1.GenPrivKeyFromSecret([]byte("a member of a test")).PubKey(),
	}
	m := kmultisig.NewLegacyAminoPubKey(2, keys)
	golden(t, "testdata/multisig.golden", []byte(hex.EncodeToString(m.Address())+"\n"))
}

// TestTransaction proves that a transaction signed by a passkey goes through the
// SDK's encoder, decoder and signature check in both sign modes, and that the
// check notices another account or chain.
func TestTransaction(t *testing.T) {
	t.Parallel()
	cdc := codec.NewProtoCodec(testRegistry(t))
	config := authtx.NewTxConfig(cdc, []signing.SignMode{signing.SignMode_SIGN_MODE_DIRECT, signing.SignMode_SIGN_MODE_LEGACY_AMINO_JSON})
	for _, mode := range []signing.SignMode{signing.SignMode_SIGN_MODE_DIRECT, signing.SignMode_SIGN_MODE_LEGACY_AMINO_JSON} {
		tx := signedTx(t, config, mode)
		sigs, err := tx.GetSignaturesV2()
		if err != nil || len(sigs) != 1 {
			t.Fatalf("%s: %d signatures, %v", mode, len(sigs), err)
		}
		if !sigs[0].PubKey.Equals(testKey(t).PubKey()) {
			t.Errorf("%s: decoded key is %v", mode, sigs[0].PubKey)
		}
		cases := []struct {
			name              string
			chain             string
			account, sequence uint64
			ok                bool
		}{
			{"as signed", "xinlian-test", 7, 3, true},
			{"other chain", "xinlian-other", 7, 3, false},
			{"other account", "xinlian-test", 8, 3, false},
			// DIRECT signs the sequence that the transaction itself names: comparing
			// it with the account's is the ante chain's work, so a signature must
			// never be trusted outside of it.
			{"other sequence", "xinlian-test", 7, 4, mode == signing.SignMode_SIGN_MODE_DIRECT},
		}
		for _, c := range cases {
			anyKey, err := codectypes.NewAnyWithValue(sigs[0].PubKey)
			if err != nil {
				t.Fatal(err)
			}
			data := txsigning.SignerData{
				Address: signerAddress(t), ChainID: c.chain, AccountNumber: c.account, Sequence: c.sequence,
				PubKey: &anypb.Any{TypeUrl: anyKey.TypeUrl, Value: anyKey.Value},
			}
			adaptable := tx.(authsigning.V2AdaptableTx)
			err = authsigning.VerifySignature(t.Context(), sigs[0].PubKey, data, sigs[0].Data,
				config.SignModeHandler(), adaptable.GetSigningTxData())
			if (err == nil) != c.ok {
				t.Errorf("%s, %s: %v", mode, c.name, err)
			}
		}
	}
}

func signerAddress(t *testing.T) string {
	t.Helper()
	s, err := addresscodec.NewBech32Codec("xin").BytesToString(testKey(t).PubKey().Address())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// signedTx builds, signs, encodes and decodes a transaction for chain
// xinlian-test, account 7, sequence 3.
func signedTx(t *testing.T, config client.TxConfig, mode signing.SignMode) authsigning.Tx {
	t.Helper()
	key := testKey(t)
	b := config.NewTxBuilder()
	addr := signerAddress(t)
	err := b.SetMsgs(&banktypes.MsgSend{FromAddress: addr, ToAddress: addr, Amount: sdk.Coins{sdk.NewInt64Coin("fen", 1)}})
	if err != nil {
		t.Fatal(err)
	}
	sig := signing.SignatureV2{PubKey: key.PubKey(), Sequence: 3, Data: &signing.SingleSignatureData{SignMode: mode}}
	if err := b.SetSignatures(sig); err != nil { // signer info is part of the sign bytes
		t.Fatal(err)
	}
	data := authsigning.SignerData{Address: addr, ChainID: "xinlian-test", AccountNumber: 7, Sequence: 3, PubKey: key.PubKey()}
	signBytes, err := authsigning.GetSignBytesAdapter(t.Context(), config.SignModeHandler(), mode, data, b.GetTx())
	if err != nil {
		t.Fatal(err)
	}
	made, err := key.At(origin, rpID).Sign(passkey.DomainSign, signBytes)
	if err != nil {
		t.Fatal(err)
	}
	sig.Data = &signing.SingleSignatureData{SignMode: mode, Signature: made}
	if err := b.SetSignatures(sig); err != nil {
		t.Fatal(err)
	}
	encoded, err := config.TxEncoder()(b.GetTx())
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := config.TxDecoder()(encoded)
	if err != nil {
		t.Fatal(err)
	}
	again, err := config.TxEncoder()(decoded)
	if err != nil || !bytes.Equal(encoded, again) {
		t.Errorf("encoded again: %v", err)
	}
	return decoded.(authsigning.Tx)
}
