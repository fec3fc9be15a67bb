package wire

import (
	"context"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/tx"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
)

// signedBy is a transaction as a client makes it, taken apart.
func signedBy(t testing.TB, c Codec) tx.TxRaw {
	t.Helper()
	key, err := NewServiceKey()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := c.Sign(context.Background(), key, Draft{
		ChainID: "xinlian-test", Account: authtypes.NewBaseAccount(sdk.AccAddress(key.PubKey().Address()), key.PubKey(), 7, 3),
		Gas: 100_000, Timeout: time.Unix(1_800_000_000, 0),
		Msgs: []sdk.Msg{&councilv1.MsgSetNodes{Device: Address(key), OrgId: 5, NodeIds: []string{"a", "b"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var parts tx.TxRaw
	if err := parts.Unmarshal(raw); err != nil {
		t.Fatal(err)
	}
	return parts
}

// field appends a length-delimited protobuf field, message a bent first message
// of a body.
func field(b []byte, number protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, number, protowire.BytesType), value)
}

func varint(b []byte, number protowire.Number, value uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, number, protowire.VarintType), value)
}

func withMessage(t *testing.T, body []byte, bend func(value []byte) []byte) []byte {
	t.Helper()
	var b tx.TxBody
	if err := b.Unmarshal(body); err != nil {
		t.Fatal(err)
	}
	b.Messages[0] = &codectypes.Any{TypeUrl: b.Messages[0].TypeUrl, Value: bend(b.Messages[0].Value)}
	out, err := b.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Test that bytes which protobuf would read but not write again are refused: a
// transaction has one encoding, so that what was signed and shown is what runs.
func TestStrictDecoder(t *testing.T) {
	t.Parallel()
	c, err := NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	parts := signedBy(t, c)
	decode := func(raw []byte) error {
		_, err := c.Tx.TxDecoder()(raw)
		return err
	}
	if err := decode(encoded(t, parts)); err != nil {
		t.Fatalf("an honest transaction: %v", err)
	}
	extension, err := codectypes.NewAnyWithValue(&councilv1.MsgSetNodes{Device: AddressText(make([]byte, 20))})
	if err != nil {
		t.Fatal(err)
	}
	packed, err := extension.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	message := func(bend func([]byte) []byte) func([]byte) []byte {
		return func(body []byte) []byte { return withMessage(t, body, bend) }
	}
	for name, bend := range map[string]func(body []byte) []byte{
		"unknown field of the body":                   func(b []byte) []byte { return varint(b, 900, 1) },
		"unknown non-critical field of the body":      func(b []byte) []byte { return varint(b, 2_000, 1) },
		"extension option":                            func(b []byte) []byte { return field(b, 1023, packed) },
		"non-critical extension option":               func(b []byte) []byte { return field(b, 2047, packed) },
		"a scalar of the body twice":                  func(b []byte) []byte { return varint(varint(b, 3, 1), 3, 2) },
		"a default written out in the body":           func(b []byte) []byte { return varint(b, 3, 0) },
		"the body's fields in another order":          func(b []byte) []byte { return append(field(nil, 2, []byte("memo")), b...) },
		"unknown field of the message":                message(func(b []byte) []byte { return varint(b, 900, 1) }),
		"unknown non-critical field of the message":   message(func(b []byte) []byte { return varint(b, 2_000, 1) }),
		"a scalar of the message twice":               message(func(b []byte) []byte { return varint(b, 2, 5) }),
		"a second, other value of a scalar":           message(func(b []byte) []byte { return varint(b, 2, 6) }),
		"the message's fields in another order":       message(func(b []byte) []byte { return append(field(nil, 3, []byte("c")), b...) }),
		"a number in a longer form than it needs":     message(func(b []byte) []byte { return overlong(b) }),
		"bytes after the message that are not fields": message(func(b []byte) []byte { return append(b, 0xff) }),
	} {
		bent := parts
		bent.BodyBytes = bend(append([]byte(nil), parts.BodyBytes...))
		if err := decode(encoded(t, bent)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, bend := range map[string]func(b []byte) []byte{
		"a tip":                          func(b []byte) []byte { return field(b, 3, nil) },
		"the fee twice":                  func(b []byte) []byte { return field(b, 2, nil) },
		"unknown field of the auth info": func(b []byte) []byte { return varint(b, 900, 1) },
		"unknown non-critical field of auth info": func(b []byte) []byte { return varint(b, 2_000, 1) },
	} {
		bent := parts
		bent.AuthInfoBytes = bend(append([]byte(nil), parts.AuthInfoBytes...))
		if err := decode(encoded(t, bent)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, raw := range map[string][]byte{
		"an empty body written out":       {0x0a, 0x00, 0x12, 0x00},
		"a field after the signatures":    varint(encoded(t, parts), 900, 1),
		"parts of the whole out of order": field(field(nil, 2, parts.AuthInfoBytes), 1, parts.BodyBytes),
	} {
		if err := decode(raw); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func encoded(t testing.TB, parts tx.TxRaw) []byte {
	t.Helper()
	raw, err := parts.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// overlong writes org_id 5 of a MsgSetNodes as 0x85 0x00 instead of 0x05.
func overlong(b []byte) []byte {
	for i := range len(b) - 1 {
		if b[i] == 0x10 && b[i+1] == 0x05 {
			return append(append(append([]byte(nil), b[:i+1]...), 0x85, 0x00), b[i+2:]...)
		}
	}
	panic("no org_id")
}

// Test that a message which is not of this chain does not decode.
func TestForeignMessage(t *testing.T) {
	t.Parallel()
	c, err := NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	parts := signedBy(t, c)
	body := tx.TxBody{Messages: []*codectypes.Any{{TypeUrl: "/cosmos.staking.v1beta1.MsgDelegate"}}}
	if parts.BodyBytes, err = body.Marshal(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Tx.TxDecoder()(encoded(t, parts)); err == nil {
		t.Error("a message of another chain decodes")
	}
}

// FuzzDecoder: whatever decodes encodes again to the same bytes.
func FuzzDecoder(f *testing.F) {
	c, err := NewCodec()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encoded(f, signedBy(f, c)))
	f.Add([]byte{0x0a, 0x00, 0x12, 0x00})
	f.Fuzz(func(t *testing.T, raw []byte) {
		decoded, err := c.Tx.TxDecoder()(raw)
		if err != nil {
			return
		}
		again, err := c.Tx.TxEncoder()(decoded)
		if err != nil || string(again) != string(raw) {
			t.Errorf("%x encodes again to %x, %v", raw, again, err)
		}
	})
}
