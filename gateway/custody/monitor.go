package custody

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/xinlian/xinlian/gateway/chain"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/wire"
)

// KindRewrapOverdue is the incident of a custodian that has not wrapped the keys
// of a new epoch in time: a revoked reader may still hold the keys of new records.
const KindRewrapOverdue = "rewrap-overdue"

const monitorEvery = 5 * time.Second

// Monitor watches all custodians of the chain for one member and opens an
// incident for each re-wrap that is overdue. Several members may run one: they
// name a case by the same evidence, and open it once.
type Monitor struct {
	Client  *chain.Client
	Service wire.Signer // an active device of the member
	OrgID   uint64
	Log     *slog.Logger
}

// Run looks until ctx ends.
func (m *Monitor) Run(ctx context.Context) error {
	tick := time.NewTicker(monitorEvery)
	defer tick.Stop()
	for {
		if _, err := m.Step(ctx); err != nil && ctx.Err() == nil {
			m.Log.Error("watching custodians", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Step looks once and returns how many incidents it opened.
func (m *Monitor) Step(ctx context.Context) (int, error) {
	head, err := m.Client.Head(ctx)
	if err != nil {
		return 0, err
	}
	list, err := enterprises(ctx, m.Client, func(o orgv1.Organisation) bool { return o.CustodianOrgId != 0 })
	if err != nil {
		return 0, err
	}
	var late [][]byte
	for _, o := range list {
		r, err := m.Client.Profile.Epochs(ctx, &profilev1.QueryEpochsRequest{EnterpriseId: o.Id})
		if err != nil {
			return 0, fmt.Errorf("reading the epochs of enterprise %d: %w", o.Id, err)
		}
		for _, e := range r.Epochs {
			if e.RewrapDueHeight != 0 && head.Height > e.RewrapDueHeight {
				late = append(late, overdueEvidence(m.Client.ChainID(), o.CustodianOrgId, e))
			}
		}
	}
	return m.report(ctx, late)
}

// overdueEvidence names one overdue re-wrap. All of it is on chain already.
func overdueEvidence(chainID string, custodian uint64, e profilev1.Epoch) []byte {
	sum := canon.New("rewrap-overdue").String(chainID).Uint64(custodian).Uint64(e.EnterpriseId).Uint8(uint8(e.Category)).
		Uint32(e.Number).Int64(e.RewrapDueHeight).MustSum()
	return sum[:]
}

// report opens the incidents that nobody has opened yet.
func (m *Monitor) report(ctx context.Context, late [][]byte) (int, error) {
	if len(late) == 0 {
		return 0, nil
	}
	known, err := m.known(ctx)
	if err != nil {
		return 0, err
	}
	opened := 0
	var all error
	for _, evidence := range late {
		if known(evidence) {
			continue
		}
		_, err := m.Client.Send(ctx, m.Service, &safetyv1.MsgOpenIncident{
			Device: wire.Address(m.Service), OrgId: m.OrgID, Kind: KindRewrapOverdue, EvidenceHash: evidence,
		})
		if err != nil {
			all = errors.Join(all, fmt.Errorf("opening an incident: %w", err))
			continue
		}
		opened++
		m.Log.Warn("a custodian's re-wrap is overdue", "evidence", fmt.Sprintf("%x", evidence))
	}
	return opened, all
}

// known reads the incidents on chain, closed ones too: a case is told once.
func (m *Monitor) known(ctx context.Context) (func(evidence []byte) bool, error) {
	var seen [][]byte
	page := &query.PageRequest{Limit: pageRows}
	for page != nil {
		r, err := m.Client.Safety.Incidents(ctx, &safetyv1.QueryIncidentsRequest{Pagination: page})
		if err != nil {
			return nil, fmt.Errorf("reading the incidents: %w", err)
		}
		for _, i := range r.Incidents {
			if i.Kind == KindRewrapOverdue {
				seen = append(seen, i.EvidenceHash)
			}
		}
		page = next(r.Pagination)
	}
	return func(evidence []byte) bool {
		for _, s := range seen {
			if bytes.Equal(s, evidence) {
				return true
			}
		}
		return false
	}, nil
}
