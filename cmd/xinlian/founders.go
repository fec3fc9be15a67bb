package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	cmttypes "github.com/cometbft/cometbft/types"

	"github.com/xinlian/xinlian/app"
	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/zk"
)

// foundersFile is what the founders agree on before the first block. Keys are
// base64; roles and kinds are the names of the protos, like ROLE_LENDER.
type foundersFile struct {
	ChainID string   `toml:"chain_id"`
	Network string   `toml:"network"` // production or demo
	Suite   string   `toml:"suite"`   // nist, which is the default, or sm; for good
	Origins []string `toml:"origins"`
	RPIDs   []string `toml:"rp_ids"`
	// SRSKey is the canonical key of the members' ceremony, base64. A demo may
	// leave it out and gets the development one.
	SRSKey                  string `toml:"srs_key"`
	CompressedPeriodSeconds int64  `toml:"compressed_period_seconds"`
	TemplateLockSeconds     *int64 `toml:"template_lock_seconds"`

	Founders []struct {
		Name         string   `toml:"name"`
		Kind         string   `toml:"kind"`
		Roles        []string `toml:"roles"`
		ConsensusKey string   `toml:"consensus_key"`
		Power        int64    `toml:"power"`
		NodeIDs      []string `toml:"node_ids"`
		DataKey      string   `toml:"data_key"`
		Devices      []struct {
			Type           string `toml:"type"` // KEY_TYPE_PASSKEY, KEY_TYPE_ED25519 or KEY_TYPE_SECP256K1
			Key            string `toml:"key"`
			Role           string `toml:"role"`
			AmountLimitFen int64  `toml:"amount_limit_fen"`
		} `toml:"device"`
	} `toml:"founder"`
}

// readFounders makes the genesis of a founders' file.
func readFounders(path string) (*cmttypes.GenesisDoc, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the founders' file: %w", err)
	}
	var f foundersFile
	d := toml.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return nil, fmt.Errorf("reading the founders' file: %w", err)
	}
	g, err := f.genesis()
	if err != nil {
		return nil, fmt.Errorf("founders' file: %w", err)
	}
	c, err := wire.NewCodec()
	if err != nil {
		return nil, err
	}
	return g.Doc(c)
}

func (f foundersFile) genesis() (*app.Genesis, error) {
	network := councilv1.NetworkKind(councilv1.NetworkKind_value["NETWORK_KIND_"+strings.ToUpper(f.Network)])
	g := app.NewGenesis(f.ChainID, network, time.Now().UTC())
	g.Org.Params.PasskeyEnabled = len(f.Origins) > 0
	g.Org.Params.Origins, g.Org.Params.RpIds = f.Origins, f.RPIDs
	switch f.Suite {
	case "", "nist":
	case "sm":
		g.Org.Params.Suite, g.Profile.Params.Suite = orgv1.Suite_SUITE_SM, profilev1.Suite_SUITE_SM
	default:
		return nil, fmt.Errorf("suite: got %q, want nist or sm", f.Suite)
	}
	g.Loan.Params.CompressedPeriodSeconds = f.CompressedPeriodSeconds
	if f.TemplateLockSeconds != nil {
		g.Loan.Params.TemplateLockSeconds = *f.TemplateLockSeconds
	}
	if err := f.referenceString(g); err != nil {
		return nil, err
	}
	for i := range f.Founders {
		if err := f.found(g, i); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// referenceString pins the key of the ceremony. The development key is called
// what it is, wherever it comes from, so that a production network refuses it.
func (f foundersFile) referenceString(g *app.Genesis) error {
	if f.SRSKey == "" {
		if g.Council.Params.Network != councilv1.NetworkKind_NETWORK_KIND_DEMO {
			return errors.New("srs_key is missing: a production network needs the key of its members' ceremony")
		}
		g.Score.SrsKey = zk.UnsafeDevelopmentSRS().Key().Encode()
		g.Score.SrsKind = scorev1.SrsKind_SRS_KIND_DEVELOPMENT_UNSAFE
		return nil
	}
	var err error
	if g.Score.SrsKey, err = base64.StdEncoding.DecodeString(f.SRSKey); err != nil {
		return fmt.Errorf("srs_key: %w", err)
	}
	key, err := zk.DecodeSRSKey(g.Score.SrsKey)
	if err != nil {
		return fmt.Errorf("srs_key: %w", err)
	}
	g.Score.SrsKind = scorev1.SrsKind_SRS_KIND_CEREMONY
	if key.Development() {
		g.Score.SrsKind = scorev1.SrsKind_SRS_KIND_DEVELOPMENT_UNSAFE
	}
	return nil
}

func (f foundersFile) found(g *app.Genesis, i int) error {
	o := f.Founders[i]
	spec := app.Founder{Name: o.Name, Kind: orgv1.OrgKind(orgv1.OrgKind_value[o.Kind]), Power: o.Power, NodeIDs: o.NodeIDs}
	for _, r := range o.Roles {
		spec.Roles = append(spec.Roles, orgv1.Role(orgv1.Role_value[r]))
	}
	var err error
	if spec.ConsensusKey, err = base64.StdEncoding.DecodeString(o.ConsensusKey); err != nil {
		return fmt.Errorf("consensus_key of %s: %w", o.Name, err)
	}
	if spec.DataKey, err = base64.StdEncoding.DecodeString(o.DataKey); err != nil {
		return fmt.Errorf("data_key of %s: %w", o.Name, err)
	}
	for _, d := range o.Devices {
		key, err := base64.StdEncoding.DecodeString(d.Key)
		if err != nil {
			return fmt.Errorf("device of %s: %w", o.Name, err)
		}
		spec.Devices = append(spec.Devices, app.FounderDevice{
			Key:  orgv1.DeviceKey{Type: orgv1.KeyType(orgv1.KeyType_value[d.Type]), Key: key},
			Role: orgv1.DeviceRole(orgv1.DeviceRole_value[d.Role]), AmountLimitFen: d.AmountLimitFen,
		})
	}
	_, err = g.Found(spec)
	return err
}
