package app

import (
	"cosmossdk.io/core/appmodule"

	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/x/auth"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	"github.com/cosmos/cosmos-sdk/x/bank"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/cosmos/cosmos-sdk/x/consensus"
	consensustypes "github.com/cosmos/cosmos-sdk/x/consensus/types"
	"github.com/cosmos/cosmos-sdk/x/gov"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	"github.com/cosmos/cosmos-sdk/x/upgrade"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"

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

// genesisOrder: auth before org, which creates the devices' accounts; then from
// left to right, so that each module finds what it refers to.
var genesisOrder = []string{
	authtypes.ModuleName, banktypes.ModuleName, consensustypes.ModuleName, upgradetypes.ModuleName,
	org.Name, safety.Name, council.Name, cash.Name, profile.Name, attestation.Name, pledge.Name, score.Name, loan.Name, fund.Name,
	govtypes.ModuleName,
}

func newModules(c wire.Codec, k keepers) *module.Manager {
	m := module.NewManagerFromMap(map[string]appmodule.AppModule{
		authtypes.ModuleName:      auth.NewAppModule(c.Proto, k.account, nil),
		banktypes.ModuleName:      bank.NewAppModule(c.Proto, k.bank, k.account),
		consensustypes.ModuleName: consensus.NewAppModule(c.Proto, k.consensus),
		upgradetypes.ModuleName:   upgrade.NewAppModule(k.upgrade, wire.Addresses),
		govtypes.ModuleName:       gov.NewAppModule(c.Proto, k.gov, k.account, k.bank),
		org.Name:                  org.NewAppModule(k.org),
		safety.Name:               safety.NewAppModule(k.safety),
		council.Name:              council.NewAppModule(k.council),
		cash.Name:                 cash.NewAppModule(k.cash),
		profile.Name:              profile.NewAppModule(k.profile),
		attestation.Name:          attestation.NewAppModule(k.attestation),
		pledge.Name:               pledge.NewAppModule(k.pledge),
		score.Name:                score.NewAppModule(k.score),
		loan.Name:                 loan.NewAppModule(k.loan),
		fund.Name:                 fund.NewAppModule(k.fund),
	})
	m.SetOrderInitGenesis(genesisOrder...)
	m.SetOrderExportGenesis(genesisOrder...)
	// An upgrade must run before anything reads state; auth then drops old nonces.
	m.SetOrderPreBlockers(upgradetypes.ModuleName, authtypes.ModuleName)
	m.SetOrderBeginBlockers()
	// bank first, as the SDK asks; a proposal that passes in gov changes the
	// validator set in the same block, so council comes last.
	m.SetOrderEndBlockers(banktypes.ModuleName, cash.Name, profile.Name, pledge.Name, loan.Name, fund.Name, govtypes.ModuleName, council.Name)
	return m
}
