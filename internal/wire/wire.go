// Package wire holds what every part of Xinlian must agree on before it can talk
// to the chain: the address prefixes, the denomination, the account keys and the
// codec with all messages. It imports only generated code and passkey, so that
// the gateway shares it with the chain without seeing the chain's rules.
package wire

import (
	"fmt"
	"os"

	"github.com/cosmos/cosmos-sdk/codec/address"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkaddress "github.com/cosmos/cosmos-sdk/types/address"
)

const (
	// Prefix begins every account address.
	Prefix = "xin"
	// Denom is the one denomination on the chain: tokenised deposits in fen, 1/100 yuan.
	Denom = "fen"
)

// The SDK's configuration is global and is read by address code everywhere. It
// is set here, in the init of a package that everything imports, because main is
// too late: package variables may already have computed an address. The scope
// variable spares a call to os.Executable and os.Hostname on every look-up.
func init() {
	if err := os.Setenv("COSMOS_SDK_CONFIG_SCOPE", "xinlian"); err != nil {
		panic(err)
	}
	c := sdk.GetConfig()
	c.SetBech32PrefixForAccount(Prefix, Prefix+"pub")
	c.SetBech32PrefixForValidator(Prefix+"valoper", Prefix+"valoperpub")
	c.SetBech32PrefixForConsensusNode(Prefix+"valcons", Prefix+"valconspub")
	c.Seal()
}

// Addresses reads and writes account addresses.
var Addresses = address.NewBech32Codec(Prefix)

// AddressText is the bech32 text of an address of this chain.
func AddressText(addr []byte) string {
	s, err := Addresses.BytesToString(addr)
	if err != nil {
		panic(fmt.Sprintf("wire: address of %d bytes: %v", len(addr), err))
	}
	return s
}

// ModuleAddress is the account of a module, 20 bytes as the SDK makes it.
func ModuleAddress(module string) sdk.AccAddress { return sdkaddress.Module(module) }

// Authority is the account that speaks for the council: the gov module's.
func Authority() string { return AddressText(ModuleAddress("gov")) }
