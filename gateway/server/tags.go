package server

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/pledging"
	"github.com/xinlian/xinlian/gateway/tagging"
	"github.com/xinlian/xinlian/gateway/vault"
)

// openTagging gives every hosted organisation that holds shares an evaluation
// service, and every hosted organisation a client of all members' services.
func (s *Server) openTagging() error {
	s.taggers, s.services = map[uint64]*tagging.Client{}, map[uint64]*tagging.Service{}
	var orgs []uint64
	for _, h := range s.parts.Hosted {
		orgs = append(orgs, h.OrgID)
	}
	held, err := tagging.OpenShares(s.parts.Keys, orgs...)
	if err != nil {
		return err
	}
	ledger, signers := tagging.Chain{Client: s.client}, vault.NewSigners(custody.Policy(s.client))
	for _, h := range s.parts.Hosted {
		shares := held[h.OrgID]
		if len(shares) == 0 {
			continue
		}
		quota, err := tagging.OpenQuota(filepath.Join(s.parts.Data, fmt.Sprintf("tag-quota-%d", h.OrgID)))
		if err != nil {
			return err
		}
		s.services[h.OrgID] = &tagging.Service{
			ChainID: s.client.ChainID(), OrgID: h.OrgID, Ledger: ledger, Signers: signers, Shares: shares, Quota: quota, Now: time.Now,
		}
	}
	members, err := tagging.NewNetwork(s.services, s.parts.Members)
	if err != nil {
		return err
	}
	for _, h := range s.parts.Hosted {
		s.taggers[h.OrgID] = &tagging.Client{
			ChainID: s.client.ChainID(), OrgID: h.OrgID, Device: h.Service, Ledger: ledger, Members: members, Log: s.parts.Log.With("tags", h.OrgID),
		}
	}
	return nil
}

// openOffices gives every organisation with a desk one for receivables. They
// share the inbox of this gateway and its book; orders to others go by letter.
func (s *Server) openOffices() error {
	post, err := pledging.NewPost(s.parts.Vaults, s.parts.Members)
	if err != nil {
		return err
	}
	s.offices, s.inbox = map[uint64]*pledging.Office{}, &pledging.Inbox{
		ChainID: s.client.ChainID(), Ledger: pledging.NewChain(s.client), Signers: vault.NewSigners(custody.Policy(s.client)),
		Verifiers: map[uint64]bool{}, Custodians: map[uint64]bool{}, Book: pledging.NewBook(s.store), Now: time.Now,
	}
	for org := range s.custodians {
		s.inbox.Custodians[org] = true
	}
	for _, h := range s.parts.Hosted {
		if s.desks[h.OrgID] != nil {
			s.inbox.Verifiers[h.OrgID] = true
			s.offices[h.OrgID] = &pledging.Office{
				Client: s.client, OrgID: h.OrgID, Device: h.Service, Tags: s.taggers[h.OrgID], Inbox: s.inbox, Post: post,
			}
		}
	}
	return nil
}

// Office is the desk for receivables of a hosted organisation, nil where there is none.
func (s *Server) Office(org uint64) *pledging.Office { return s.offices[org] }
