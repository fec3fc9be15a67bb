package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/xinlian/xinlian/gateway/bank"
	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/store"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// bankEveryMin is the least time between two steps of the bank's adapter.
const bankEveryMin = time.Second

// accountBytesMax bounds the file of an account.
const accountBytesMax = 1 << 10

// Bank is a hosted settlement bank's books as this gateway carries them.
type Bank struct {
	OrgID         uint64
	Account       bank.Account // backs the deposits
	Outbox, Inbox string       // folders
	Every         time.Duration
}

// bank reads the settings of the table bank, nil where none is carried.
func (c Config) bank() (*Bank, error) {
	b := c.Bank
	if b.Org == 0 {
		return nil, nil //nolint:nilnil // nil is no bank
	}
	switch {
	case b.Org < 0:
		return nil, fmt.Errorf("configuration: bank.org: got %d, want an organisation", b.Org)
	case b.Account == "" || b.Outbox == "" || b.Inbox == "":
		return nil, errors.New("configuration: bank.org is set: set bank.account, bank.outbox and bank.inbox")
	case filepath.Clean(b.Outbox) == filepath.Clean(b.Inbox):
		return nil, errors.New("configuration: bank.outbox and bank.inbox are one folder: our own orders would be read as the bank's files")
	case b.Every < bankEveryMin:
		return nil, fmt.Errorf("configuration: bank.every: got %s, want at least %s", b.Every, bankEveryMin)
	}
	account, err := readAccount(b.Account)
	if err != nil {
		return nil, fmt.Errorf("configuration: bank.account: %w", err)
	}
	for key, dir := range map[string]string{"bank.outbox": b.Outbox, "bank.inbox": b.Inbox} {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("configuration: %s: %s is no folder: make it, mode 0700", key, dir)
		}
	}
	return &Bank{OrgID: uint64(b.Org), Account: account, Outbox: b.Outbox, Inbox: b.Inbox, Every: b.Every}, nil
}

// readAccount refuses a file that others may read; its errors never quote it.
func readAccount(path string) (bank.Account, error) {
	info, err := os.Stat(path)
	if err != nil {
		return bank.Account{}, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return bank.Account{}, fmt.Errorf("%s is open to others (mode %o): chmod 600 it", path, info.Mode().Perm())
	}
	if info.Size() > accountBytesMax {
		return bank.Account{}, fmt.Errorf("%s has %d bytes, at most %d", path, info.Size(), accountBytesMax)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return bank.Account{}, err
	}
	return bank.ParseAccount(strings.TrimRight(string(text), "\r\n"))
}

// openBank makes the adapter of a hosted issuer.
func (s *Server) openBank(roles map[uint64][]orgv1.Role) error {
	b := s.parts.Bank
	if b == nil {
		return nil
	}
	if !slices.Contains(roles[b.OrgID], orgv1.Role_ROLE_ISSUER) {
		return fmt.Errorf("%w: organisation %d of bank.org is not hosted, or no settlement bank on this chain", ErrNotHere, b.OrgID)
	}
	for _, h := range s.parts.Hosted {
		if h.OrgID == b.OrgID {
			s.bank = b.adapter(s.store, bank.Chain{Client: s.client, Device: h.Service, OrgID: h.OrgID})
			s.bank.Log = s.parts.Log.With("bank", h.OrgID)
		}
	}
	return nil
}

func (b *Bank) adapter(k bank.Keeper, l bank.Ledger) *bank.Adapter {
	return &bank.Adapter{
		OrgID: b.OrgID, Account: b.Account, Keeper: k, Ledger: l,
		Outbox: bank.Folder(b.Outbox), Inbox: bank.Folder(b.Inbox), Now: time.Now,
	}
}

// Bank is the adapter of the settlement bank that is carried, nil for none.
func (s *Server) Bank() *bank.Adapter { return s.bank }

// OpenBank opens the book of the configured settlement bank for an operator's command,
// beside a gateway that may run: it decides about items and takes no step itself.
func OpenBank(ctx context.Context, c Config) (*bank.Adapter, func() error, error) {
	b, err := c.bank()
	if err != nil {
		return nil, nil, err
	}
	if b == nil {
		return nil, nil, errors.New("configuration: bank.org is not set: this gateway carries no settlement bank's books")
	}
	client, err := chain.Dial(ctx, c.Node)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: is the node at %s running?", err, c.Node)
	}
	s, err := store.Open(ctx, filepath.Join(c.Data, "gateway.db"), filepath.Join(c.Keys, "seal.key"))
	if err != nil {
		return nil, nil, errors.Join(err, client.Close())
	}
	a := b.adapter(s, bank.Chain{Client: client, OrgID: b.OrgID})
	return a, func() error { return errors.Join(s.Close(), client.Close()) }, nil
}
