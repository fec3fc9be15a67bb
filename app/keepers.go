package app

import (
	"cosmossdk.io/core/store"
	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	authkeeper "github.com/cosmos/cosmos-sdk/x/auth/keeper"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	bankkeeper "github.com/cosmos/cosmos-sdk/x/bank/keeper"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	consensuskeeper "github.com/cosmos/cosmos-sdk/x/consensus/keeper"
	consensustypes "github.com/cosmos/cosmos-sdk/x/consensus/types"
	govkeeper "github.com/cosmos/cosmos-sdk/x/gov/keeper"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	upgradekeeper "github.com/cosmos/cosmos-sdk/x/upgrade/keeper"
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

// The stores of the chain. A name is never reused for other content.
var (
	storeKeys = storetypes.NewKVStoreKeys(
		authtypes.StoreKey, banktypes.StoreKey, consensustypes.StoreKey, govtypes.StoreKey, upgradetypes.StoreKey,
		org.StoreKey, council.StoreKey, cash.StoreKey, profile.StoreKey, attestation.StoreKey, pledge.StoreKey,
		score.StoreKey, loan.StoreKey, fund.StoreKey, safety.StoreKey,
	)
	transientKeys = storetypes.NewTransientStoreKeys()
)

// permissions lists the module accounts and what bank lets them do.
var permissions = map[string][]string{
	cash.Name:           {authtypes.Minter, authtypes.Burner},
	govtypes.ModuleName: {authtypes.Burner},
	// bank's genesis and fee code look the collector up; no fee is ever taken.
	authtypes.FeeCollectorName: nil,
}

// keepers holds the modules' keepers in dependency order, left to right.
type keepers struct {
	account   authkeeper.AccountKeeper
	bank      bankkeeper.BaseKeeper
	consensus consensuskeeper.Keeper
	upgrade   *upgradekeeper.Keeper
	gov       *govkeeper.Keeper

	org         *org.Keeper
	safety      *safety.Keeper
	council     *council.Keeper
	cash        *cash.Keeper
	profile     *profile.Keeper
	attestation *attestation.Keeper
	pledge      *pledge.Keeper
	score       *score.Keeper
	loan        *loan.Keeper
	fund        *fund.Keeper
}

func newKeepers(c wire.Codec, base *baseapp.BaseApp, home string, logger log.Logger) (keepers, error) {
	authority := wire.Authority()
	open := func(name string) store.KVStoreService { return runtime.NewKVStoreService(storeKeys[name]) }

	var k keepers
	k.account = authkeeper.NewAccountKeeper(c.Proto, open(authtypes.StoreKey), authtypes.ProtoBaseAccount,
		permissions, wire.Addresses, wire.Prefix, authority)
	k.bank = bankkeeper.NewBaseKeeper(c.Proto, open(banktypes.StoreKey), k.account, map[string]bool{}, authority, logger)
	k.consensus = consensuskeeper.NewKeeper(c.Proto, open(consensustypes.StoreKey), authority, runtime.EventService{})
	base.SetParamStore(k.consensus.ParamsStore)
	k.upgrade = upgradekeeper.NewKeeper(map[int64]bool{}, open(upgradetypes.StoreKey), c.Proto, home, base, authority)

	k.org = org.NewKeeper(open(org.StoreKey), c.Proto, authority, k.account)
	k.safety = safety.NewKeeper(open(safety.StoreKey), c.Proto, authority, k.org)
	k.council = council.NewKeeper(open(council.StoreKey), c.Proto, authority, k.org)
	k.cash = cash.NewKeeper(open(cash.StoreKey), c.Proto, authority, k.org, k.bank, wire.ModuleAddress(govtypes.ModuleName), wire.ModuleAddress(authtypes.FeeCollectorName))
	k.bank.AppendSendRestriction(k.cash.Restriction)
	k.profile = profile.NewKeeper(open(profile.StoreKey), c.Proto, authority, k.org, k.council)
	k.attestation = attestation.NewKeeper(open(attestation.StoreKey), c.Proto, authority, k.org, k.profile)
	k.pledge = pledge.NewKeeper(open(pledge.StoreKey), c.Proto, authority, k.org, k.council, k.profile)
	k.score = score.NewKeeper(open(score.StoreKey), c.Proto, authority, score.Deps{
		Orgs: k.org, Council: k.council, Profiles: k.profile, Attestations: k.attestation, Safety: k.safety,
	})
	k.loan = loan.NewKeeper(open(loan.StoreKey), c.Proto, authority, loan.Neighbours{
		Orgs: k.org, Council: k.council, Safety: k.safety, Cash: k.cash, CashAccount: cash.Account,
		Profile: k.profile, Attestation: k.attestation, Score: k.score,
	})

	k.fund = fund.NewKeeper(open(fund.StoreKey), c.Proto, authority, fund.Neighbours{
		Orgs: k.org, Council: k.council, Safety: k.safety, Cash: k.cash, CashAccount: cash.Account, Loans: k.loan,
	})
	// A fund's terms bound what its pool lends.
	k.loan.SetMandate(k.fund)

	// A loan that runs holds the erasure of the records it rests on.
	k.profile.SetDebts(k.loan)

	// The council decides by x/gov: no staking, no deposits, one organisation one vote.
	k.gov = govkeeper.NewKeeper(c.Proto, open(govtypes.StoreKey), k.account, k.bank, nil, base.MsgServiceRouter(),
		govtypes.DefaultConfig(), authority, k.council.Tally)
	// Not wrapped in MultiGovHooks: it joins errors, and a joined error has lost its
	// registered code by the time the client reads it.
	k.gov.SetHooks(council.NewHooks(k.council, k.gov))
	return k, nil
}
