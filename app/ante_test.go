package app_test

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"cosmossdk.io/math"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	"github.com/cosmos/cosmos-sdk/types/tx"
	signingtypes "github.com/cosmos/cosmos-sdk/types/tx/signing"
	authsigning "github.com/cosmos/cosmos-sdk/x/auth/signing"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	consensustypes "github.com/cosmos/cosmos-sdk/x/consensus/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	govv1beta1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1beta1"

	"github.com/xinlian/xinlian/app"
	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	"github.com/xinlian/xinlian/internal/testkit"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/passkey"
	"github.com/xinlian/xinlian/passkey/softkey"
	"github.com/xinlian/xinlian/x/org"
)

// coded is a registered error.
type coded interface {
	Codespace() string
	ABCICode() uint32
}

// cliKey is the secp256k1 key of an officer at the command line.
type cliKey struct{ private *secp256k1.PrivKey }

func (k cliKey) PubKey() cryptotypes.PubKey    { return k.private.PubKey() }
func (k cliKey) Sign(b []byte) ([]byte, error) { return k.private.Sign(b) }

// page is a passkey in a browser that the test may bend.
type page struct{ softkey.Device }

func (p page) PubKey() cryptotypes.PubKey { return p.Key.PubKey() }

func (p page) Sign(b []byte) ([]byte, error) { return p.Device.Sign(passkey.DomainSign, b) }

func pageOf(s wire.Signer, bend func(*softkey.Device)) wire.Signer {
	d := testkit.Soft(s)
	p := page{d.Key.At(d.Origin, d.RPID)}
	bend(&p.Device)
	return p
}

// nodes is the smallest message that any member's admin may send.
func nodes(f testkit.Founder) sdk.Msg { return nodesBy(f.Admin, f.ID) }

func nodesBy(s wire.Signer, orgID uint64) sdk.Msg {
	return &councilv1.MsgSetNodes{Device: wire.Address(s), OrgId: orgID}
}

// built signs a transaction of any shape in a mode: bend may set what Draft has
// no word for.
func built(t *testing.T, c *testkit.Chain, s wire.Signer, mode signingtypes.SignMode, bend func(client.TxBuilder), msgs ...sdk.Msg) []byte {
	t.Helper()
	d := c.Draft(s, msgs...)
	b := c.Codec.Tx.NewTxBuilder()
	if err := b.SetMsgs(msgs...); err != nil {
		t.Fatal(err)
	}
	b.SetGasLimit(d.Gas)
	b.SetTimeoutTimestamp(d.Timeout)
	bend(b)
	sig := signingtypes.SignatureV2{
		PubKey: s.PubKey(), Sequence: d.Account.GetSequence(), Data: &signingtypes.SingleSignatureData{SignMode: mode},
	}
	if err := b.SetSignatures(sig); err != nil {
		t.Fatal(err)
	}
	signBytes, err := authsigning.GetSignBytesAdapter(context.Background(), c.Codec.Tx.SignModeHandler(), mode, authsigning.SignerData{
		Address: wire.Address(s), ChainID: testkit.ChainID, AccountNumber: d.Account.GetAccountNumber(),
		Sequence: d.Account.GetSequence(), PubKey: s.PubKey(),
	}, b.GetTx())
	if err != nil {
		t.Fatal(err)
	}
	signature, err := s.Sign(signBytes)
	if err != nil {
		t.Fatal(err)
	}
	sig.Data = &signingtypes.SingleSignatureData{SignMode: mode, Signature: signature}
	if err := b.SetSignatures(sig); err != nil {
		t.Fatal(err)
	}
	raw, err := c.Codec.Tx.TxEncoder()(b.GetTx())
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// refused fails the test unless a node keeps the transaction out of its mempool,
// and a block that carries it all the same refuses it, with the same error.
func refused(t *testing.T, c *testkit.Chain, name string, raw []byte, want coded) {
	t.Helper()
	for where, o := range map[string]testkit.Outcome{"mempool": c.Check(raw), "block": c.Block(time.Second, raw)[0]} {
		if o.Space != want.Codespace() || o.Code != want.ABCICode() {
			t.Errorf("%s, in the %s: got %s/%d %s, want %s/%d", name, where, o.Space, o.Code, o.Log, want.Codespace(), want.ABCICode())
		}
	}
}

// accepted is the opposite of refused.
func accepted(t *testing.T, c *testkit.Chain, name string, raw []byte) {
	t.Helper()
	if o := c.Check(raw); o.Code != 0 {
		t.Errorf("%s, in the mempool: %s/%d %s", name, o.Space, o.Code, o.Log)
	}
	if o := c.Block(time.Second, raw)[0]; o.Code != 0 {
		t.Errorf("%s, in the block: %s/%d %s", name, o.Space, o.Code, o.Log)
	}
}

// Test that a transaction of any shape that members do not need is refused, by
// code, both by a node's mempool and in a block.
func TestShapeRefusals(t *testing.T) {
	t.Parallel()
	c := testkit.Start(t)
	bank, other := c.BankA, c.BankB
	direct := signingtypes.SignMode_SIGN_MODE_DIRECT
	shape := func(bend func(client.TxBuilder), msgs ...sdk.Msg) func() []byte {
		if len(msgs) == 0 {
			msgs = []sdk.Msg{nodes(bank)}
		}
		return func() []byte { return built(t, c, bank.Admin, direct, bend, msgs...) }
	}
	plain := func(client.TxBuilder) {}
	draft := func(bend func(*wire.Draft)) func() []byte {
		return func() []byte {
			d := c.Draft(bank.Admin, nodes(bank))
			bend(&d)
			return c.SignDraft(bank.Admin, d)
		}
	}
	address := func(s wire.Signer) sdk.AccAddress { return s.PubKey().Address().Bytes() }
	fen := sdk.NewCoins(sdk.NewCoin(wire.Denom, math.OneInt()))
	consensus := app.ConsensusParams()
	wired := consensus.ToProto()
	authority := &consensustypes.MsgUpdateParams{
		Authority: wire.Authority(), Block: wired.Block, Evidence: wired.Evidence, Validator: wired.Validator, Abci: wired.Abci,
		Auth: &cmtproto.AuthorityParams{Authority: wire.Address(bank.Admin)},
	}
	send := &banktypes.MsgSend{FromAddress: wire.Address(bank.Admin), ToAddress: wire.Address(other.Admin), Amount: fen}
	fromCouncil := &banktypes.MsgSend{FromAddress: wire.Authority(), ToAddress: wire.Address(other.Admin), Amount: fen}
	deposit := c.Proposal(bank.Admin, &councilv1.MsgRemoveMember{Authority: wire.Authority(), OrgId: other.ID})
	deposit.InitialDeposit = fen
	expedited := c.Proposal(bank.Admin, &councilv1.MsgRemoveMember{Authority: wire.Authority(), OrgId: other.ID})
	expedited.Expedited = true
	for _, r := range []struct {
		name string
		raw  func() []byte
		want coded
	}{
		{"a fee", shape(func(b client.TxBuilder) { b.SetFeeAmount(fen) }), app.ErrShape},
		{"a memo", shape(func(b client.TxBuilder) { b.SetMemo("hello") }), app.ErrShape},
		{"a fee payer", shape(func(b client.TxBuilder) { b.SetFeePayer(address(other.Admin)) }), app.ErrShape},
		{"a fee granter", shape(func(b client.TxBuilder) { b.SetFeeGranter(address(other.Admin)) }), app.ErrShape},
		{"two signers", shape(plain, nodes(bank), nodes(other)), app.ErrShape},
		{"too many messages", shape(plain, slices.Repeat([]sdk.Msg{nodes(bank)}, app.TxMessagesMax+1)...), app.ErrShape},
		{"unordered", shape(func(b client.TxBuilder) { b.SetUnordered(true) }), app.ErrShape},
		{"a transfer of bank's", shape(plain, send), app.ErrMessage},
		{"a transfer of bank's after an honest message", shape(plain, nodes(bank), send), app.ErrMessage},
		{"a vote by x/gov's old service", shape(plain, &govv1beta1.MsgVote{ProposalId: 1, Voter: wire.Address(bank.Admin), Option: govv1beta1.OptionYes}), app.ErrMessage},
		{"a weighted vote", shape(plain, govv1.NewMsgVoteWeighted(address(bank.Admin), 1, govv1.NewNonSplitVoteOption(govv1.OptionYes), "")), app.ErrMessage},
		{"a transfer of bank's in a proposal", shape(plain, c.Proposal(bank.Admin, fromCouncil)), app.ErrMessage},
		{"a member's own message in a proposal", shape(plain, c.Proposal(bank.Admin, nodes(bank))), app.ErrMessage},
		{"a proposal in a proposal", shape(plain, c.Proposal(bank.Admin, deposit)), app.ErrMessage},
		{"a proposal that moves the SDK's authority", shape(plain, c.Proposal(bank.Admin, authority)), app.ErrMessage},
		{"an empty proposal", shape(plain, c.Proposal(bank.Admin)), app.ErrShape},
		{"a proposal with a deposit", shape(plain, deposit), app.ErrShape},
		{"an expedited proposal", shape(plain, expedited), app.ErrShape},
		{"more gas than a block has", draft(func(d *wire.Draft) { d.Gas = app.BlockGasMax + 1 }), app.ErrShape},
		{"too many bytes", shape(plain, &orgv1.MsgSetDataKey{
			Device: wire.Address(bank.Admin), OrgId: bank.ID, PublicKey: bytes.Repeat([]byte{1}, 64<<10),
		}), app.ErrTooLarge},
		{"no timeout", draft(func(d *wire.Draft) { d.Timeout = time.Unix(0, 0) }), app.ErrTimeout},
		{"a timeout that lies far ahead", draft(func(d *wire.Draft) { d.Timeout = c.Now().Add((org.TimeoutSecondsMax + 5) * time.Second) }), app.ErrTimeout},
		{"a timeout that has passed", draft(func(d *wire.Draft) { d.Timeout = c.Now().Add(-time.Second) }), sdkerrors.ErrTxTimeout},
		{"a signature for another chain", draft(func(d *wire.Draft) { d.ChainID = "xinlian-other" }), sdkerrors.ErrUnauthorized},
		{"a passkey in amino mode", func() []byte {
			return built(t, c, bank.Admin, signingtypes.SignMode_SIGN_MODE_LEGACY_AMINO_JSON, plain, nodes(bank))
		}, app.ErrShape},
		{"an unknown field", func() []byte { return withField(t, c.Sign(bank.Admin, nodes(bank)), 900) }, sdkerrors.ErrTxDecode},
		{"an unknown field that the SDK would ignore", func() []byte { return withField(t, c.Sign(bank.Admin, nodes(bank)), 2000) }, sdkerrors.ErrTxDecode},
		{"an extension option", func() []byte { return withField(t, c.Sign(bank.Admin, nodes(bank)), 1023) }, sdkerrors.ErrTxDecode},
		{"a non-critical extension option", func() []byte { return withField(t, c.Sign(bank.Admin, nodes(bank)), 2047) }, sdkerrors.ErrTxDecode},
	} {
		refused(t, c, r.name, r.raw(), r.want)
	}
	accepted(t, c, "the same without the flaw", c.Sign(bank.Admin, nodes(bank)))
}

// withField adds a field to the body of a signed transaction: a number, or packed
// nothing where the field's type is a message.
func withField(t *testing.T, raw []byte, number protowire.Number) []byte {
	t.Helper()
	var parts tx.TxRaw
	if err := parts.Unmarshal(raw); err != nil {
		t.Fatal(err)
	}
	if number == 1023 || number == 2047 {
		option := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "/xinlian.council.v1.MsgSetNodes")
		parts.BodyBytes = protowire.AppendBytes(protowire.AppendTag(parts.BodyBytes, number, protowire.BytesType), option)
	} else {
		parts.BodyBytes = protowire.AppendVarint(protowire.AppendTag(parts.BodyBytes, number, protowire.VarintType), 1)
	}
	out, err := parts.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// added is a new device of the founder, activated when live.
func added(t *testing.T, c *testkit.Chain, f testkit.Founder, s wire.Signer, role orgv1.DeviceRole, expiresAt int64, live bool) {
	t.Helper()
	c.Do(f.Admin, &orgv1.MsgAddDevice{Device: wire.Address(f.Admin), OrgId: f.ID, Key: wire.DeviceKey(s), Role: role, ExpiresAt: expiresAt})
	if live {
		c.Do(s, &orgv1.MsgActivateDevice{Device: wire.Address(s)})
	}
}

func serviceKey(t *testing.T) wire.Signer {
	t.Helper()
	k, err := wire.NewServiceKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// incident is the smallest message that any device of a member may send.
func incident(s wire.Signer, orgID uint64) sdk.Msg {
	return &safetyv1.MsgOpenIncident{Device: wire.Address(s), OrgId: orgID, Kind: "drill"}
}

// Test that only live registered devices get in, and that a pending one may do
// nothing but activate itself.
func TestDeviceRefusals(t *testing.T) {
	t.Parallel()
	c := testkit.Start(t)
	bank := c.BankA
	officer, service := orgv1.DeviceRole_DEVICE_ROLE_OFFICER, orgv1.DeviceRole_DEVICE_ROLE_SERVICE

	stranger := testkit.Passkey(t, "stranger")
	account := authtypes.NewBaseAccount(stranger.PubKey().Address().Bytes(), stranger.PubKey(), 0, 0)
	unregistered := c.SignDraft(stranger, wire.Draft{
		ChainID: testkit.ChainID, Account: account, Gas: testkit.Gas, Timeout: c.Now().Add(time.Minute),
		Msgs: []sdk.Msg{incident(stranger, bank.ID)},
	})
	refused(t, c, "an unregistered account", unregistered, app.ErrDevice)

	module := c.Draft(bank.Admin, incident(bank.Admin, bank.ID))
	module.Msgs = []sdk.Msg{&councilv1.MsgRemoveMember{Authority: wire.Authority(), OrgId: bank.ID}}
	refused(t, c, "the council's account signed by a member", c.SignDraft(bank.Admin, module), app.ErrDevice)

	phone := testkit.Passkey(t, "phone")
	added(t, c, bank, phone, officer, 0, false)
	activate := &orgv1.MsgActivateDevice{Device: wire.Address(phone)}
	refused(t, c, "a pending device", c.Sign(phone, incident(phone, bank.ID)), app.ErrDevice)
	refused(t, c, "a pending device that does more than activate", c.Sign(phone, activate, incident(phone, bank.ID)), app.ErrDevice)
	accepted(t, c, "a pending device that activates itself", c.Sign(phone, activate))
	accepted(t, c, "the same device, live", c.Sign(phone, incident(phone, bank.ID)))

	c.Do(bank.Admin, &orgv1.MsgFreezeDevice{Device: wire.Address(bank.Admin), OrgId: bank.ID, Target: wire.Address(phone)})
	refused(t, c, "a frozen device", c.Sign(phone, incident(phone, bank.ID)), app.ErrDevice)
	c.Do(bank.Admin, &orgv1.MsgUnfreezeDevice{Device: wire.Address(bank.Admin), OrgId: bank.ID, Target: wire.Address(phone)})
	accepted(t, c, "a thawed device", c.Sign(phone, incident(phone, bank.ID)))
	c.Do(bank.Admin, &orgv1.MsgRevokeDevice{Device: wire.Address(bank.Admin), OrgId: bank.ID, Target: wire.Address(phone)})
	refused(t, c, "a revoked device", c.Sign(phone, incident(phone, bank.ID)), app.ErrDevice)

	brief := serviceKey(t)
	ends := c.Now().Add(20 * time.Second)
	added(t, c, bank, brief, service, ends.Unix(), true)
	accepted(t, c, "a device before its end", c.Sign(brief, incident(brief, bank.ID)))
	c.Block(ends.Sub(c.Now()))
	refused(t, c, "an expired device", c.Sign(brief, incident(brief, bank.ID)), app.ErrDevice)

	cli := cliKey{secp256k1.GenPrivKeyFromSecret([]byte("cli"))}
	added(t, c, bank, cli, officer, 0, true)
	accepted(t, c, "a secp256k1 key", c.Sign(cli, incident(cli, bank.ID)))
	accepted(t, c, "an ed25519 key", c.Sign(bank.Service, incident(bank.Service, bank.ID)))
	c.CheckInvariants()
}

// Test that a passkey signs only where the network's pages are, with its user
// verified, and that its bytes are worth nothing in another's name.
func TestPasskeyRefusals(t *testing.T) {
	t.Parallel()
	c := testkit.Start(t)
	bank := c.BankA
	for _, r := range []struct {
		name string
		bend func(*softkey.Device)
		want coded
	}{
		{"another origin", func(d *softkey.Device) { d.Origin = "https://evil.example" }, passkey.ErrOrigin},
		{"another port", func(d *softkey.Device) { d.Origin = "http://localhost:8081" }, passkey.ErrOrigin},
		{"another rpId", func(d *softkey.Device) { d.RPID = "evil.example" }, passkey.ErrRPID},
		{"an unverified user", func(d *softkey.Device) { d.Flags = passkey.FlagUserPresent }, passkey.ErrUserVerified},
		{"an absent user", func(d *softkey.Device) { d.Flags = passkey.FlagUserVerified }, passkey.ErrUserPresent},
		{"a forger's signature", func(d *softkey.Device) { d.Bend.RS = func(rs *[passkey.RSBytes]byte) { rs[5] ^= 1 } }, sdkerrors.ErrUnauthorized},
		{"another's key", func(d *softkey.Device) { d.Key = testkit.Soft(c.BankB.Admin).Key }, sdkerrors.ErrUnauthorized},
	} {
		d := c.Draft(bank.Admin, nodes(bank))
		refused(t, c, r.name, c.SignDraft(pageOf(bank.Admin, r.bend), d), r.want)
	}
	read, err := c.Codec.Prepare(context.Background(), c.Draft(bank.Admin, nodes(bank)))
	if err != nil {
		t.Fatal(err)
	}
	signature, err := testkit.Soft(bank.Admin).SignRead(read.SignBytes)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := read.Signed(signature)
	if err != nil {
		t.Fatal(err)
	}
	refused(t, c, "a signature made for reading records", raw, sdkerrors.ErrUnauthorized)

	once := c.Sign(bank.Admin, nodes(bank))
	accepted(t, c, "once", once)
	refused(t, c, "a replay", once, sdkerrors.ErrWrongSequence)
}

// Test that the members can switch passkeys off, and that services go on.
func TestPasskeySwitch(t *testing.T) {
	t.Parallel()
	c := testkit.Start(t, func(g *app.Genesis) { g.Org.Params.PasskeyEnabled = false })
	refused(t, c, "switched off", c.Sign(c.BankA.Admin, nodes(c.BankA)), passkey.ErrDisabled)
	accepted(t, c, "a service", c.Sign(c.BankA.Service, incident(c.BankA.Service, c.BankA.ID)))
}

// Test that an organisation that has used its transactions of a window waits for
// the next one, that others do not, and that a forger does not use them up.
func TestQuotaRefusals(t *testing.T) {
	t.Parallel()
	const window = 20
	c := testkit.Start(t, func(g *app.Genesis) {
		g.Org.Params.QuotaMemberTxs, g.Org.Params.QuotaWindowBlocks = 2, window
	})
	bank := c.BankA
	for range 3 {
		forged := c.SignDraft(pageOf(bank.Admin, func(d *softkey.Device) { d.Key = testkit.Soft(c.BankB.Admin).Key }), c.Draft(bank.Admin, nodes(bank)))
		refused(t, c, "a forger", forged, sdkerrors.ErrUnauthorized)
	}
	for range 2 {
		accepted(t, c, "within the quota", c.Sign(bank.Admin, nodes(bank)))
	}
	refused(t, c, "over the quota", c.Sign(bank.Admin, nodes(bank)), org.ErrQuota)
	refused(t, c, "over the quota with another device", c.Sign(bank.Service, incident(bank.Service, bank.ID)), org.ErrQuota)
	accepted(t, c, "another organisation", c.Sign(c.BankB.Admin, nodes(c.BankB)))
	for c.Height()%window != 0 {
		c.Block(time.Second)
	}
	accepted(t, c, "in the next window", c.Sign(bank.Admin, nodes(bank)))
}

// Test that a passkey transaction can be simulated before it is signed, as the
// signing page does to set a gas limit, and that the real one needs no more gas.
func TestSimulation(t *testing.T) {
	t.Parallel()
	c := testkit.Start(t)
	for name, s := range map[string]wire.Signer{"passkey": c.BankA.Admin, "service": c.BankA.Service} {
		d := c.Draft(s, incident(s, c.BankA.ID))
		p, err := c.Codec.Prepare(context.Background(), d)
		if err != nil {
			t.Fatal(err)
		}
		unsigned, err := p.Signed(nil)
		if err != nil {
			t.Fatal(err)
		}
		gas, _, err := c.App.Simulate(unsigned)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		before := c.Height()
		d.Gas = gas.GasUsed
		if o := c.Block(time.Second, c.SignDraft(s, d))[0]; o.Code != 0 {
			t.Errorf("%s, with the gas %d of its simulation at height %d: %s/%d %s", name, gas.GasUsed, before, o.Space, o.Code, o.Log)
		}
		d = c.Draft(s, incident(s, c.BankA.ID))
		d.Gas = passkey.GasVerify / 2
		if s == c.BankA.Admin {
			refused(t, c, "too little gas for the signature", c.SignDraft(s, d), sdkerrors.ErrOutOfGas)
		}
	}
	bad := c.Draft(c.BankA.Admin, nodes(c.BankA))
	bad.Gas = app.BlockGasMax + 1
	p, err := c.Codec.Prepare(context.Background(), bad)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := p.Signed(nil)
	if err != nil {
		t.Fatal(err)
	}
	if gas, _, err := c.App.Simulate(raw); err != nil || gas.GasWanted != app.BlockGasMax {
		t.Errorf("a simulation is bounded by the block: wanted %d, %v", gas.GasWanted, err)
	}
}

// Test that a node takes no transaction between its start and its first block,
// when its check state has no height, and takes it afterwards.
func TestNotReadyAfterRestart(t *testing.T) {
	t.Parallel()
	c := testkit.Start(t)
	raw := c.Sign(c.BankA.Admin, nodes(c.BankA))
	again := c.Restart()
	if o := again.Check(raw); o.Space != app.Name || o.Code != app.ErrNotReady.ABCICode() {
		t.Errorf("before the first block: %s/%d %s", o.Space, o.Code, o.Log)
	}
	if _, _, err := again.App.Simulate(raw); !app.ErrNotReady.Is(err) {
		t.Errorf("simulation before the first block: %v", err)
	}
	again.Block(time.Second)
	accepted(t, again, "after the first block", raw)
	again.CheckInvariants()
}

// A node that has verified a signature in CheckTx and one that meets it in the block
// agree on everything that consensus hashes, gas included; and what was found good
// once lets nothing else in: not the same transaction again, not another signature
// under it, not its signature under other bytes.
func TestSeenSignature(t *testing.T) {
	t.Parallel()
	seen, strange := testkit.Start(t), testkit.Start(t)
	for _, signer := range []wire.Signer{seen.BankA.Admin, seen.BankA.Service} {
		msg := nodesBy(seen.BankA.Admin, seen.BankA.ID)
		if signer == seen.BankA.Service {
			msg = nodesBy(signer, seen.BankA.ID)
		}
		raw := seen.Sign(signer, msg)
		seen.Check(raw) // refused or not, its signature is good
		bent, other := bytes.Clone(raw), bytes.Clone(raw)
		bent[len(bent)-1] ^= 1 // in the signature, which ends the transaction
		i := bytes.LastIndex(other, []byte(wire.Address(signer)))
		other[i+len(wire.Address(signer))-1] ^= 1 // in the body
		a, b := seen.Block(time.Second, other, bent, raw, raw), strange.Block(time.Second, other, bent, raw, raw)
		if !bytes.Equal(seen.AppHash, strange.AppHash) {
			t.Fatalf("the state is %x and %x", seen.AppHash, strange.AppHash)
		}
		for n := range a {
			if a[n].Code != b[n].Code || a[n].Space != b[n].Space || a[n].Gas != b[n].Gas {
				t.Errorf("transaction %d: %s/%d with %d gas and %s/%d with %d", n, a[n].Space, a[n].Code, a[n].Gas, b[n].Space, b[n].Code, b[n].Gas)
			}
		}
		if a[0].Code == 0 || a[1].Code == 0 || a[3].Code != sdkerrors.ErrWrongSequence.ABCICode() {
			t.Errorf("other bytes %d, other signature %d, once more %d: %s", a[0].Code, a[1].Code, a[3].Code, a[3].Log)
		}
		if signer == seen.BankA.Admin && a[2].Code != 0 {
			t.Errorf("the good one: %s", a[2].Log)
		}
	}
}
