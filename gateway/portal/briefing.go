package portal

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"sync"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/xinlian/xinlian/gateway/brief"
	"github.com/xinlian/xinlian/gateway/store"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

const (
	// kindBrief keeps the canonical bytes of briefs that officers signed for.
	kindBrief = "brief"
	// briefLife is how long a brief that was shown may be signed for. Facts move;
	// who reads longer reads a new one.
	briefLife = 30 * time.Minute
	// briefsMax bounds the briefs in memory.
	briefsMax = 256
)

// briefs holds those that were shown and are not signed for yet.
type briefs struct {
	mu    sync.Mutex
	items map[[32]byte]shownBrief
}

type shownBrief struct {
	application uint64
	raw         []byte
	until       time.Time
}

func newBriefs() *briefs { return &briefs{items: map[[32]byte]shownBrief{}} }

// put keeps a brief and returns its hash.
func (s *briefs) put(b *brief.Brief) ([32]byte, error) {
	raw, err := b.Canonical()
	if err != nil {
		return [32]byte{}, err
	}
	hash, err := brief.HashOf(raw)
	if err != nil {
		return hash, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	var oldest [32]byte
	until := now.Add(briefLife)
	for k, v := range s.items {
		if v.until.Before(now) {
			delete(s.items, k)
		} else if v.until.Before(until) {
			oldest, until = k, v.until
		}
	}
	if len(s.items) >= briefsMax {
		delete(s.items, oldest)
	}
	s.items[hash] = shownBrief{application: b.Application, raw: raw, until: now.Add(briefLife)}
	return hash, nil
}

func (s *briefs) find(hash []byte) (shownBrief, bool) {
	if len(hash) != 32 {
		return shownBrief{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.items[[32]byte(hash)]
	return b, ok && time.Now().Before(b.until)
}

// briefView is a brief with its hash.
type briefView struct {
	*brief.Brief
	Hash []byte
}

// briefOf makes the brief of an application that waits, and keeps what it shows.
func (p *Portal) briefOf(ctx context.Context, application uint64) (*briefView, error) {
	b, err := brief.Of(ctx, p.Client, application)
	if err != nil {
		return nil, err
	}
	hash, err := p.briefs.put(b)
	return &briefView{b, hash[:]}, err
}

// signedBrief is the brief that an officer signed for, nil where it was shown at
// another gateway.
func (p *Portal) signedBrief(ctx context.Context, d loanv1.Decision) (*briefView, error) {
	if len(d.BriefHash) == 0 {
		return nil, nil
	}
	var raw []byte
	err := p.Store.Load(ctx, kindBrief, hex.EncodeToString(d.BriefHash), &raw)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	b, err := brief.Decode(raw)
	if err != nil {
		return nil, err
	}
	return &briefView{b, d.BriefHash}, nil
}

// decideReferral takes only the hash of a brief that was shown here, about this
// application and not long ago, and keeps its bytes: a hash alone says nothing later.
func decideReferral(f *form) sdk.Msg {
	m := &loanv1.MsgDecideReferral{
		Device: f.device(), OrgId: f.org(), ApplicationId: f.id("application_id"), Approve: f.bool("approve"),
		AmountFen: f.fen("amount_fen"), NoteHash: f.hash("note_hash"), BriefHash: f.hash("brief_hash"),
	}
	if f.err != nil {
		return m
	}
	shown, ok := f.p.briefs.find(m.BriefHash)
	if !ok || shown.application != m.ApplicationId {
		f.err = refuse(http.StatusConflict, "error.brief")
		return m
	}
	f.err = f.p.Store.Save(f.ctx, kindBrief, hex.EncodeToString(m.BriefHash), shown.raw)
	return m
}
