package tagging

import (
	"crypto/rand"
	"fmt"

	"github.com/xinlian/xinlian/gateway/store"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	"github.com/xinlian/xinlian/oprf"
)

// Ceremony is what a ceremony gave: the public outcome, and in Shares those of
// the members whose secrets were at hand.
type Ceremony struct {
	Plan       oprf.Plan
	Outcome    oprf.Outcome
	Shares     map[uint64]oprf.Share // by organisation
	Identities map[uint64]oprf.Identity
}

// Row is the outcome as the chain registers it, confirmed by every holder: for a
// genesis. On a running chain the council proposes the same fields and the
// holders confirm.
func (c Ceremony) Row(epoch uint64, sharing uint32) pledgev1.Key {
	row := pledgev1.Key{
		Epoch: epoch, Sharing: sharing, Threshold: uint32(c.Outcome.Key.Threshold), Point: c.Outcome.Key.Point[:],
		TranscriptHash: c.Outcome.Transcript[:], Status: pledgev1.KeyStatus_KEY_STATUS_ACTIVE,
	}
	for i, s := range c.Outcome.Key.Shares {
		id := c.Plan.Receivers[i].OrgID
		row.Shares = append(row.Shares, pledgev1.KeyShare{Index: uint32(s.Index), OrgId: id, Point: s.Point[:]})
		row.ConfirmedBy = append(row.ConfirmedBy, id)
	}
	return row
}

// Generate holds a whole ceremony in one process, every message written and read
// as between members: for a demonstration, where one process plays them all. The
// organisations are in ascending order and hold places 1 to n.
func Generate(chainID string, organisations []uint64) (Ceremony, error) {
	c := Ceremony{Shares: map[uint64]oprf.Share{}, Identities: map[uint64]oprf.Identity{}}
	var list []oprf.Participant
	for i, org := range organisations {
		id, err := oprf.NewIdentity()
		if err != nil {
			return c, err
		}
		card, err := oprf.DecodeParticipant(id.Participant(uint16(i+1), org).Encoded())
		if err != nil {
			return c, err
		}
		c.Identities[org], list = id, append(list, card)
	}
	c.Plan = oprf.Plan{ChainID: chainID, Threshold: uint16(oprf.ThresholdMin(len(list))), Dealers: list, Receivers: list}
	rand.Read(c.Plan.Nonce[:])
	published, err := c.hold()
	if err != nil {
		return c, err
	}
	if c.Outcome, err = c.Plan.Conclude(published); err != nil {
		return c, err
	}
	for _, p := range c.Plan.Receivers {
		if c.Shares[p.OrgID], err = c.Outcome.Share(c.Identities[p.OrgID], p.Index); err != nil {
			return c, fmt.Errorf("organisation %d: %w", p.OrgID, err)
		}
	}
	return c, nil
}

// hold has every member deal and look at the others' deals.
func (c Ceremony) hold() (oprf.Published, error) {
	var all oprf.Published
	for _, p := range c.Plan.Dealers {
		deal, _, err := c.Plan.Deal(c.Identities[p.OrgID], p.Index, nil)
		if err != nil {
			return all, err
		}
		read, err := oprf.DecodeDeal(deal.Encoded())
		if err != nil {
			return all, err
		}
		all.Deals = append(all.Deals, read)
	}
	for _, p := range c.Plan.Receivers {
		complaints, err := c.Plan.Inspect(c.Identities[p.OrgID], p.Index, all.Deals)
		if err != nil {
			return all, err
		}
		all.Complaints = append(all.Complaints, complaints...)
	}
	return all, nil
}

// Found holds a ceremony in this process for a chain that is being founded, seals
// the shares into the keys folder, and returns the row for the genesis.
func Found(chainID string, organisations []uint64, keys string) (pledgev1.Key, error) {
	c, err := Generate(chainID, organisations)
	if err != nil {
		return pledgev1.Key{}, fmt.Errorf("making the members' key: %w", err)
	}
	err = withSealer(keys, func(sealer *store.Sealer) error {
		for org, share := range c.Shares {
			if err := SaveShare(keys, sealer, org, HeldShare{Epoch: 1, Share: share}); err != nil {
				return err
			}
		}
		return nil
	})
	return c.Row(1, 1), err
}
