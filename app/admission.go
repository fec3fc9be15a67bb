package app

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"
	authsigning "github.com/cosmos/cosmos-sdk/x/auth/signing"
	consensustypes "github.com/cosmos/cosmos-sdk/x/consensus/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// ProposalMessagesMax bounds the messages of one proposal.
const ProposalMessagesMax = 8

// organisations is what admission needs of x/org.
type organisations interface {
	DeviceOf(ctx context.Context, address string) (orgv1.Device, bool, error)
	Params(ctx context.Context) (orgv1.Params, error)
	UseQuota(ctx context.Context, orgID uint64) error
}

// ours tells whether a message belongs to one of our modules.
func ours(m sdk.Msg) bool {
	const prefix = "/xinlian."
	url := sdk.MsgTypeURL(m)
	return len(url) > len(prefix) && url[:len(prefix)] == prefix
}

// councilOnly lists the SDK's messages that a proposal may carry. The modules'
// own council messages carry the field `authority` and are recognised by it.
func councilOnly(m sdk.Msg) bool {
	switch m.(type) {
	case *consensustypes.MsgUpdateParams, *upgradetypes.MsgSoftwareUpgrade, *upgradetypes.MsgCancelUpgrade:
		return true
	}
	return bySeat(m)
}

func bySeat(m sdk.Msg) bool {
	a, ok := m.(interface{ GetAuthority() string })
	return ours(m) && ok && a.GetAuthority() == wire.Authority()
}

// checkMessage is the allow-list of messages in a transaction: ours, and votes
// and proposals of the council. Bank's sends, authz and feegrant are not on it.
func checkMessage(m sdk.Msg) error {
	switch msg := m.(type) {
	case *govv1.MsgVote:
		return nil
	case *govv1.MsgSubmitProposal:
		return checkProposal(msg)
	}
	if !ours(m) {
		return ErrMessage.Wrap(sdk.MsgTypeURL(m))
	}
	return nil
}

// checkProposal looks into a proposal: only council messages, and never a change
// of the SDK's own authority, which would hand every SDK module to one key.
func checkProposal(p *govv1.MsgSubmitProposal) error {
	msgs, err := p.GetMsgs()
	if err != nil {
		return ErrMessage.Wrap(err.Error())
	}
	if n := len(msgs); n == 0 || n > ProposalMessagesMax {
		return ErrShape.Wrapf("a proposal of %d messages, want 1 to %d", n, ProposalMessagesMax)
	}
	if len(p.InitialDeposit) != 0 || p.Expedited {
		return ErrShape.Wrap("a proposal with a deposit or expedited")
	}
	for _, m := range msgs {
		if !councilOnly(m) {
			return ErrMessage.Wrapf("a proposal with %s", sdk.MsgTypeURL(m))
		}
		if u, ok := m.(*consensustypes.MsgUpdateParams); ok {
			if err := checkConsensusParams(u); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkConsensusParams refuses what could not be voted away again: another
// authority, and a block with too little gas for a vote. Without a gas limit the
// ante chain lets nothing in at all.
func checkConsensusParams(u *consensustypes.MsgUpdateParams) error {
	if u.Auth != nil {
		return ErrMessage.Wrap("a proposal that changes the SDK's authority")
	}
	if u.Block == nil || u.Block.MaxGas < BlockGasMin {
		return ErrMessage.Wrapf("a proposal with less than %d gas in a block", BlockGasMin)
	}
	return nil
}

// signingDevice is the device that signs tx; the shape is already checked.
func signingDevice(ctx context.Context, orgs organisations, tx sdk.Tx) (orgv1.Device, error) {
	signers, err := tx.(authsigning.Tx).GetSigners()
	if err != nil {
		return orgv1.Device{}, err
	}
	address := wire.AddressText(signers[0])
	d, ok, err := orgs.DeviceOf(ctx, address)
	if err != nil {
		return orgv1.Device{}, err
	}
	if !ok {
		return orgv1.Device{}, ErrDevice.Wrapf("%s is not registered", address)
	}
	return d, nil
}

// proofDecorator looks at score messages before a node takes them into its
// mempool: the proof is verified once, its verdict remembered, and an organisation
// that keeps sending wrong ones is refused by this node. It comes last, after the
// signature and the quota, and never runs while a block is executed: what it counts
// is the node's memory, on which nodes need not agree.
type proofDecorator struct {
	score interface {
		Admit(ctx context.Context, m *scorev1.MsgSubmitScore) error
		ProofsPerBlockMax(ctx context.Context) (uint32, error)
	}
}

func (d proofDecorator) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	if !ctx.IsCheckTx() || ctx.IsReCheckTx() || simulate {
		return next(ctx, tx, simulate)
	}
	limit, err := d.score.ProofsPerBlockMax(ctx)
	if err != nil {
		return ctx, err
	}
	proofs := uint32(0)
	for _, m := range tx.GetMsgs() {
		msg, ok := m.(*scorev1.MsgSubmitScore)
		if !ok {
			continue
		}
		if proofs++; proofs > limit { // it would wait for ever
			return ctx, ErrShape.Wrapf("more proofs than the %d of a block", limit)
		}
		if err := d.score.Admit(ctx, msg); err != nil {
			return ctx, err
		}
	}
	return next(ctx, tx, simulate)
}
