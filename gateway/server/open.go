package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"path/filepath"
	"slices"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/prover"
	"github.com/xinlian/xinlian/gateway/pull"
	"github.com/xinlian/xinlian/gateway/vault"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/passkey/softkey"
	"github.com/xinlian/xinlian/zk"
)

// ErrDemonstration says that software passkeys were asked for on a chain that is
// no demonstration.
var ErrDemonstration = errors.New("server: software passkeys are for a demonstration")

// Open reads the configuration's files, connects to the node and makes a server.
func Open(ctx context.Context, c Config, log *slog.Logger) (*Server, error) {
	folders, order, err := numbered("hosted", c.Hosted)
	if err != nil {
		return nil, err
	}
	remote, _, err := numbered("vaults", c.Vaults)
	if err != nil {
		return nil, err
	}
	members, _, err := numbered("members", c.Members)
	if err != nil {
		return nil, err
	}
	client, err := chain.Dial(ctx, c.Node)
	if err != nil {
		return nil, fmt.Errorf("%w: is the node at %s running?", err, c.Node)
	}
	p := Parts{
		Client: client, Vaults: remote, Members: members, Data: c.Data, Keys: c.Keys, AmountLimitFen: c.KYB.AmountLimitFen,
		Listen: c.Listen, Origin: c.Origin, Sources: c.Pull.Sources, Log: log, Blobs: c.OpenBlobs,
	}
	if p.Allow, err = pull.ParseAllowList(c.Pull.Allow); err != nil {
		return nil, errors.Join(err, client.Close())
	}
	if err := fill(ctx, &p, c, folders, order); err != nil {
		return nil, errors.Join(err, client.Close())
	}
	s, err := New(ctx, p)
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	s.owned = true
	return s, nil
}

func fill(ctx context.Context, p *Parts, c Config, folders map[uint64]string, order []uint64) error {
	params, err := p.Client.Org.Params(ctx, &orgv1.QueryParamsRequest{})
	if err != nil {
		return fmt.Errorf("reading the allowed origins: %w", err)
	}
	if p.Master, err = c.Guard(""); err != nil {
		return err
	}
	if p.Parsers, err = c.Parsers(); err != nil {
		return err
	}
	if p.Bank, err = c.bank(); err != nil {
		return err
	}
	for _, id := range order {
		h, err := loadHosted(id, folders[id], c, params.Params)
		if err != nil {
			return err
		}
		p.Hosted = append(p.Hosted, h)
	}
	p.Prover, err = openProver(ctx, p.Client, c)
	return err
}

func loadHosted(id uint64, folder string, c Config, params orgv1.Params) (Hosted, error) {
	h := Hosted{OrgID: id}
	service, err := wire.LoadOrNewServiceKey(filepath.Join(folder, "service.key"))
	if err != nil {
		return h, fmt.Errorf("organisation %d: %w", id, err)
	}
	h.Service = service
	keys, err := vault.OpenDataKeyFolder(folder)
	switch {
	case err == nil:
		h.DataKey = keys
	case !errors.Is(err, fs.ErrNotExist):
		return h, fmt.Errorf("organisation %d: data key: %w", id, err)
	}
	if !c.Officer {
		return h, nil
	}
	u, err := url.Parse(c.Origin)
	if err != nil || u.Hostname() != "localhost" || !slices.Contains(params.RpIds, "localhost") {
		return h, fmt.Errorf("%w: the origin is %s, not localhost", ErrDemonstration, c.Origin)
	}
	key, err := softkey.Load(filepath.Join(folder, "officer.pem"))
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		return h, fmt.Errorf("organisation %d: officer's passkey: %w", id, err)
	}
	h.Officer = wire.SoftDevice{Key: key, Origin: c.Origin, RPID: "localhost"}
	return h, nil
}

// openProver makes a prover under the chain's own reference string. It works in a
// process of its own, which starts with the first proof.
func openProver(ctx context.Context, c *chain.Client, config Config) (*prover.Process, error) {
	r, err := c.Score.Srs(ctx, &scorev1.QuerySrsRequest{})
	if err != nil {
		return nil, fmt.Errorf("reading the reference string: %w", err)
	}
	if _, err := referenceString(r, config.SRS); err != nil {
		return nil, err
	}
	key, err := zk.DecodeSRSKey(r.Key)
	if err != nil {
		return nil, fmt.Errorf("reading the reference string: %w", err)
	}
	return prover.New(key, prover.Options{
		SRS:     config.SRS,
		Limits:  prover.Limits{MemoryMiB: config.Prover.MemoryMiB, Nice: config.Prover.Nice},
		Timeout: config.Prover.Timeout,
	})
}

// referenceString is the one whose key the chain pins: the development string, or
// the file of the ceremony. When the chain carries the ceremony's seal the file
// must be the sealed one to the byte.
func referenceString(r *scorev1.QuerySrsResponse, path string) (*zk.SRS, error) {
	key, err := zk.DecodeSRSKey(r.Key)
	if err != nil {
		return nil, fmt.Errorf("reading the reference string: %w", err)
	}
	if r.Kind == scorev1.SrsKind_SRS_KIND_DEVELOPMENT_UNSAFE && key.Development() {
		return zk.UnsafeDevelopmentSRS(), nil
	}
	if path == "" {
		return nil, fmt.Errorf("%w: the chain rests on its members' ceremony; set srs to the file that the ceremony made", prover.ErrReferenceString)
	}
	srs, file, err := zk.LoadSRS(path, key.Hash())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", prover.ErrReferenceString, err)
	}
	if len(r.Seal) != 0 {
		seal, err := zk.DecodeSignedSeal(r.Seal)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", prover.ErrReferenceString, err)
		}
		if file != seal.Seal.File {
			return nil, fmt.Errorf("%w: %s has SHA-256 %x, the members signed %x", prover.ErrReferenceString, path, file, seal.Seal.File)
		}
	}
	return srs, nil
}
