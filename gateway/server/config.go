package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/connector/format"
	"github.com/xinlian/xinlian/gateway/connector/ofd"
	"github.com/xinlian/xinlian/gateway/prover"
	"github.com/xinlian/xinlian/gateway/vault"
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
	SRS     string   `toml:"srs" doc:"file of the members' ceremony, srs in its folder; empty on a chain with the development reference string"`
	Hosted  []string `toml:"hosted" doc:"organisations served here, ORG=FOLDER; the folder holds service.key and data.key"`
	Vaults  []string `toml:"vaults" doc:"vaults of custodians elsewhere, ORG=URL"`
	Members []string `toml:"members" doc:"gateways elsewhere of members that hold shares of the key of tags or state receivables, ORG=URL"`
	Officer bool     `toml:"software_officers" doc:"demonstration only: visitors may act with the passkey in officer.pem of each hosted folder"`
	KYB     struct {
		AmountLimitFen int64 `toml:"amount_limit_fen" doc:"limit of each money message of a new owner's device, in fen"`
	} `toml:"kyb"`
	Vault struct {
		Master     string `toml:"master" doc:"what guards the vaults' master keys: file, age or kms"`
		Identity   string `toml:"age_identity" doc:"file with an age identity, for master = age; mode 0600"`
		Passphrase string `toml:"age_passphrase" doc:"file with a passphrase, instead of an identity; mode 0600"`
		KMSKey     string `toml:"kms_key" doc:"URI of the key in a KMS, for master = kms; keyset-file:///PATH is a Tink keyset on this machine"`
	} `toml:"vault"`
	Blobs struct {
		Store     string `toml:"store" doc:"where ciphertexts lie: folder (in data) or s3"`
		Endpoint  string `toml:"endpoint" doc:"s3: https://host[:port]; http to this machine only"`
		Region    string `toml:"region" doc:"s3: the server's region"`
		Bucket    string `toml:"bucket" doc:"s3: the bucket, which must be there"`
		Prefix    string `toml:"prefix" doc:"s3: of every key, ending in a slash, or empty; the custodian's number follows"`
		PathStyle bool   `toml:"path_style" doc:"s3: the bucket is in the path, as most compatible servers want"`
		KeyFile   string `toml:"key_file" doc:"s3: file with access key id and secret key, a line each, mode 0600; empty: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"`
	} `toml:"blobs"`
	Import struct {
		Authorities string `toml:"authorities" doc:"PEM file of the certificates of those who issue invoice seals; a seal of anybody else is untrusted; empty: all are"`
	} `toml:"import"`
	Pull struct {
		Sources string   `toml:"sources" doc:"folder of the definitions of scheduled sources, NAME.source.toml; empty: none"`
		Allow   []string `toml:"allow" doc:"where scheduled sources may call, HOST:PORT, then plain (without TLS) or private (loopback and private addresses) where that is meant"`
	} `toml:"pull"`
	Bank struct {
		Org     int64         `toml:"org" doc:"the hosted settlement bank whose payments and bookings this gateway carries; 0: none"`
		Account string        `toml:"account" doc:"file with the account that backs its deposits, one line BANK-CODE NUMBER NAME, mode 0600"`
		Outbox  string        `toml:"outbox" doc:"folder for payment orders (pain.001); the bank's transfer program takes *.xml from it"`
		Inbox   string        `toml:"inbox" doc:"folder of the bank's answers and bookings (pain.002, camt.053, camt.054); read only"`
		Every   time.Duration `toml:"every" doc:"time between two looks at chain and folders"`
	} `toml:"bank"`
	Prover struct {
		MemoryMiB int           `toml:"memory_mib" doc:"most memory of the process that proves scores, in MiB"`
		Nice      int           `toml:"nice" doc:"how far it gives way to the gateway, 1 to 19"`
		Timeout   time.Duration `toml:"timeout" doc:"longest time of one proof, with the keys of a model that is new to it"`
	} `toml:"prover"`
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
	c.Vault.Master = "file"
	c.Blobs.Store, c.Blobs.Region, c.Blobs.PathStyle = "folder", "us-east-1", true
	c.Prover.MemoryMiB, c.Prover.Nice, c.Prover.Timeout = prover.DefaultMemoryMiB, prover.DefaultNice, prover.DefaultTimeout
	c.Bank.Every = 10 * time.Second
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

// Guard is what guards the vaults' master keys. kind is one of those of
// vault.master, or empty for the configured one.
func (c Config) Guard(kind string) (vault.MasterGuard, error) {
	if kind == "" {
		kind = c.Vault.Master
	}
	switch kind {
	case "", "file":
		return vault.FileGuard(), nil
	case "age":
		switch {
		case c.Vault.Identity != "" && c.Vault.Passphrase != "":
			return nil, errors.New("configuration: vault.age_identity and vault.age_passphrase: set one of them")
		case c.Vault.Identity != "":
			return vault.AgeIdentityGuard(c.Vault.Identity)
		case c.Vault.Passphrase != "":
			return vault.AgePassphraseGuard(c.Vault.Passphrase)
		}
		return nil, errors.New("configuration: vault.master is age: set vault.age_identity or vault.age_passphrase")
	case "kms":
		if c.Vault.KMSKey == "" {
			return nil, errors.New("configuration: vault.master is kms: set vault.kms_key")
		}
		return vault.KMSGuard(c.Vault.KMSKey)
	}
	return nil, fmt.Errorf("configuration: vault.master: got %q, want file, age or kms", kind)
}

// OpenBlobs opens a custodian's blob store, nil for the folder in its vault.
func (c Config) OpenBlobs(ctx context.Context, org uint64) (*vault.Blobs, error) {
	switch c.Blobs.Store {
	case "", "folder":
		return nil, nil //nolint:nilnil // nil is the vault's own folder
	case "s3":
		return vault.S3Blobs(ctx, vault.S3{
			Endpoint: c.Blobs.Endpoint, Region: c.Blobs.Region, Bucket: c.Blobs.Bucket, PathStyle: c.Blobs.PathStyle, KeyFile: c.Blobs.KeyFile,
			Prefix: fmt.Sprintf("%svault-%d/", c.Blobs.Prefix, org),
		})
	}
	return nil, fmt.Errorf("configuration: blobs.store: got %q, want folder or s3", c.Blobs.Store)
}

// Parsers read documents, with seals of the configured authorities trusted.
func (c Config) Parsers() (connector.Set, error) {
	if c.Import.Authorities == "" {
		return format.All, nil
	}
	authorities, err := ofd.LoadAuthorities(c.Import.Authorities)
	if err != nil {
		return nil, fmt.Errorf("configuration: import.authorities: %w", err)
	}
	return format.Trusting(authorities), nil
}

// VaultFolders are where a custodian's vault and its keys lie.
func VaultFolders(data, keys string, org uint64) (dir, kms string) {
	return filepath.Join(data, fmt.Sprintf("vault-%d", org)), filepath.Join(keys, fmt.Sprintf("kms-%d", org))
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
