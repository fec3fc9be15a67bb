package server

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/xinlian/xinlian/internal/settings"
)

// EnvPrefix begins the environment variables of a gateway.
const EnvPrefix = "XINLIAN_GATEWAY"

// FileName is the gateway's configuration inside its home.
const FileName = "gateway.toml"

// Config is what an operator may set. Keys are given as files, never as values.
type Config struct {
	Listen  string   `toml:"listen" doc:"address of the portal; put a proxy with TLS before it outside one machine" check:"required"`
	Origin  string   `toml:"origin" doc:"where people open the portal, scheme://host[:port]; the chain must allow it" check:"required"`
	Node    string   `toml:"node" doc:"address of the node's gRPC service, on this machine or a private network" check:"required"`
	Data    string   `toml:"data" doc:"folder of the database and the vaults" check:"required"`
	Keys    string   `toml:"keys" doc:"folder of the vaults' master keys and the sealing key; never in the backups of data" check:"required"`
	Hosted  []string `toml:"hosted" doc:"organisations served here, ORG=FOLDER; the folder holds service.key and data.key"`
	Vaults  []string `toml:"vaults" doc:"vaults of custodians elsewhere, ORG=URL"`
	Members []string `toml:"members" doc:"gateways elsewhere of members that hold shares of the key of tags, ORG=URL"`
	Officer bool     `toml:"software_officers" doc:"demonstration only: visitors may act with the passkey in officer.pem of each hosted folder"`
	KYB     struct {
		AmountLimitFen int64 `toml:"amount_limit_fen" doc:"limit of each money message of a new owner's device, in fen"`
	} `toml:"kyb"`
	Log struct {
		Level string `toml:"level" doc:"debug, info, warn or error"`
	} `toml:"log"`
}

// DefaultConfig is a gateway beside its node.
func DefaultConfig(home string) Config {
	var c Config
	c.Listen, c.Origin, c.Node = "localhost:8080", "http://localhost:8080", "127.0.0.1:9090"
	c.Data, c.Keys = filepath.Join(home, "data"), filepath.Join(home, "keys")
	c.KYB.AmountLimitFen = 1_000_000_00
	c.Log.Level = "info"
	return c
}

// Load reads the configuration of the gateway at home.
func Load(home string) (Config, []settings.Key, error) {
	c := DefaultConfig(home)
	keys, err := settings.Load(&c, filepath.Join(home, FileName), EnvPrefix, os.Environ())
	return c, keys, err
}

// Logger writes to standard error at the configured level.
func (c Config) Logger() (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Log.Level)); err != nil {
		return nil, fmt.Errorf("configuration: log.level: got %q, want debug, info, warn or error", c.Log.Level)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})), nil
}

// numbered splits entries of the form ORG=VALUE.
func numbered(key string, list []string) (map[uint64]string, []uint64, error) {
	values := map[uint64]string{}
	var order []uint64
	for _, entry := range list {
		number, value, ok := strings.Cut(entry, "=")
		id, err := strconv.ParseUint(strings.TrimSpace(number), 10, 63)
		if !ok || err != nil || id == 0 || strings.TrimSpace(value) == "" {
			return nil, nil, fmt.Errorf("configuration: %s: got %q, want ORG=VALUE such as 5=/srv/org-5", key, entry)
		}
		if _, twice := values[id]; twice {
			return nil, nil, fmt.Errorf("configuration: %s: organisation %d appears twice", key, id)
		}
		values[id] = strings.TrimSpace(value)
		order = append(order, id)
	}
	return values, order, nil
}
