package app

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/cosmos/cosmos-sdk/codec"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	consensustypes "github.com/cosmos/cosmos-sdk/x/consensus/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"

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
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/x/attestation"
	"github.com/xinlian/xinlian/x/cash"
	"github.com/xinlian/xinlian/x/council"
	"github.com/xinlian/xinlian/x/fund"
	"github.com/xinlian/xinlian/x/loan"
	"github.com/xinlian/xinlian/x/org"
	"github.com/xinlian/xinlian/x/pledge"
	"github.com/xinlian/xinlian/x/profile"
	"github.com/xinlian/xinlian/x/safety"
	"github.com/xinlian/xinlian/x/score"
)

// Genesis is what the founders agree on. Change the modules' states before Doc
// makes the document; NewGenesis fills them with the defaults for the network.
type Genesis struct {
	ChainID string
	Time    time.Time

	Org         *orgv1.GenesisState
	Safety      *safetyv1.GenesisState
	Council     *councilv1.GenesisState
	Cash        *cashv1.GenesisState
	Profile     *profilev1.GenesisState
	Attestation *attestationv1.GenesisState
	Pledge      *pledgev1.GenesisState
	Score       *scorev1.GenesisState
	Loan        *loanv1.GenesisState
	Fund        *fundv1.GenesisState

	// VotingPeriod is how long members may vote on a proposal.
	VotingPeriod time.Duration
}

// NewGenesis is a genesis with default parameters, every schema of this build
// pinned, and no organisation.
func NewGenesis(chainID string, network councilv1.NetworkKind, at time.Time) *Genesis {
	g := &Genesis{
		ChainID: chainID, Time: at,
		Org: org.DefaultGenesis(), Safety: safety.DefaultGenesis(), Council: council.DefaultGenesis(),
		Cash: cash.DefaultGenesis(), Profile: profile.DefaultGenesis(), Attestation: attestation.DefaultGenesis(), Pledge: pledge.DefaultGenesis(),
		Score: score.DefaultGenesis(), Loan: loan.DefaultGenesis(), Fund: fund.DefaultGenesis(),
		VotingPeriod: 7 * 24 * time.Hour,
	}
	g.Council.Params.Network = network
	g.Profile.Schemas = nil
	for _, s := range record.Schemas {
		hash := s.Hash()
		g.Profile.Schemas = append(g.Profile.Schemas, profilev1.Schema{
			Id: s.ID, Version: uint32(s.Version), Category: profilev1.Category(s.Category), Hash: hash[:],
		})
	}
	return g
}

// State is the application state as JSON, by module.
func (g *Genesis) State(c wire.Codec) (map[string]json.RawMessage, error) {
	if err := org.SortDevices(g.Org.Devices); err != nil {
		return nil, fmt.Errorf("ordering the founders' devices: %w", err)
	}
	state := map[string]json.RawMessage{}
	for name, s := range map[string]codec.ProtoMarshaler{
		org.Name: g.Org, safety.Name: g.Safety, council.Name: g.Council, cash.Name: g.Cash, profile.Name: g.Profile,
		attestation.Name: g.Attestation, pledge.Name: g.Pledge, score.Name: g.Score, loan.Name: g.Loan, fund.Name: g.Fund,
		authtypes.ModuleName:      authtypes.DefaultGenesisState(),
		banktypes.ModuleName:      bankGenesis(),
		consensustypes.ModuleName: nil,
		upgradetypes.ModuleName:   nil,
		govtypes.ModuleName:       g.gov(),
	} {
		if s == nil {
			state[name] = json.RawMessage("{}")
			continue
		}
		b, err := c.Proto.MarshalJSON(s)
		if err != nil {
			return nil, fmt.Errorf("writing the genesis of %s: %w", name, err)
		}
		state[name] = b
	}
	return state, nil
}

// Doc makes CometBFT's genesis document and validates everything in it. It names
// no validators: those of x/council win in any case.
func (g *Genesis) Doc(c wire.Codec) (*cmttypes.GenesisDoc, error) {
	state, err := g.State(c)
	if err != nil {
		return nil, err
	}
	params := ConsensusParams()
	wired := params.ToProto()
	if err := ValidateGenesis(c, state, &wired); err != nil {
		return nil, err
	}
	b, err := json.Marshal(state)
	if err != nil {
		return nil, err
	}
	doc := &cmttypes.GenesisDoc{
		GenesisTime: g.Time, ChainID: g.ChainID, InitialHeight: 1, ConsensusParams: &params, AppState: b,
	}
	return doc, doc.ValidateAndComplete()
}

// ConsensusParams are the limits that every node agrees on.
func ConsensusParams() cmttypes.ConsensusParams {
	p := *cmttypes.DefaultConsensusParams()
	p.Block.MaxGas = BlockGasMax
	p.Block.MaxBytes = BlockBytesMax
	p.Evidence.MaxBytes = 64 << 10
	p.Validator.PubKeyTypes = []string{cmttypes.ABCIPubKeyTypeEd25519}
	return p
}

func bankGenesis() *banktypes.GenesisState {
	g := banktypes.DefaultGenesisState()
	g.DenomMetadata = []banktypes.Metadata{{
		Description: "tokenised deposits, 1/100 yuan",
		Base:        wire.Denom, Display: wire.Denom, Name: "fen", Symbol: "FEN",
		DenomUnits: []*banktypes.DenomUnit{{Denom: wire.Denom}},
	}}
	return g
}

// gov asks for no deposit: proposers are members, and bounded by x/council. More
// than half of the members must vote, more than half of the votes must be yes.
func (g *Genesis) gov() *govv1.GenesisState {
	p := govv1.DefaultParams()
	p.MinDeposit, p.ExpeditedMinDeposit = nil, nil
	expedited := g.VotingPeriod / 2
	p.VotingPeriod, p.MaxDepositPeriod, p.ExpeditedVotingPeriod = &g.VotingPeriod, &g.VotingPeriod, &expedited
	p.Quorum, p.Threshold, p.VetoThreshold = "0.500000000000000000", "0.500000000000000000", "0.334000000000000000"
	p.MinInitialDepositRatio, p.MinDepositRatio = "0.000000000000000000", "0.000000000000000000"
	return govv1.NewGenesisState(1, p)
}

// ValidateGenesis checks the modules' states one by one and then together. A
// production network refuses what only a demonstration may have.
func ValidateGenesis(c wire.Codec, state map[string]json.RawMessage, params *cmtproto.ConsensusParams) error {
	g := Genesis{
		Org: &orgv1.GenesisState{}, Safety: &safetyv1.GenesisState{}, Council: &councilv1.GenesisState{},
		Cash: &cashv1.GenesisState{}, Profile: &profilev1.GenesisState{}, Attestation: &attestationv1.GenesisState{}, Pledge: &pledgev1.GenesisState{},
		Score: &scorev1.GenesisState{}, Loan: &loanv1.GenesisState{}, Fund: &fundv1.GenesisState{},
	}
	checks := []struct {
		name  string
		state codec.ProtoMarshaler
		check func() error
	}{
		{org.Name, g.Org, func() error { return org.Validate(g.Org) }},
		{safety.Name, g.Safety, func() error { return safety.Validate(g.Safety) }},
		{council.Name, g.Council, func() error { return council.Validate(g.Council) }},
		{cash.Name, g.Cash, func() error { return cash.Validate(g.Cash) }},
		{profile.Name, g.Profile, func() error { return profile.Validate(g.Profile) }},
		{attestation.Name, g.Attestation, func() error { return attestation.Validate(g.Attestation) }},
		{pledge.Name, g.Pledge, func() error { return pledge.Validate(g.Pledge) }},
		{score.Name, g.Score, func() error { return score.Validate(g.Score) }},
		{loan.Name, g.Loan, func() error { return loan.Validate(*g.Loan) }},
		{fund.Name, g.Fund, func() error { return fund.Validate(g.Fund) }},
	}
	for _, m := range checks {
		if err := c.Proto.UnmarshalJSON(state[m.name], m.state); err != nil {
			return fmt.Errorf("genesis of %s: %w", m.name, err)
		}
		if err := m.check(); err != nil {
			return fmt.Errorf("genesis of %s: %w", m.name, err)
		}
	}
	if params == nil || params.Block == nil || params.Block.MaxGas < BlockGasMin || params.Block.MaxBytes <= 0 {
		return ErrGenesis.Wrapf("block.max_gas must be at least %d and block.max_bytes must be set", BlockGasMin)
	}
	if params.Authority != nil && params.Authority.Authority != "" {
		return ErrGenesis.Wrap("an authority in the consensus parameters")
	}
	if g.Council.Params.Network == councilv1.NetworkKind_NETWORK_KIND_PRODUCTION {
		if err := g.refuseDemonstration(); err != nil {
			return err
		}
	}
	if !slices.ContainsFunc(g.Council.Members, func(m councilv1.Member) bool { return m.Power > 0 }) {
		return ErrGenesis.Wrap("no member runs a validator")
	}
	return nil
}
