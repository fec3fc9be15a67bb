package tagging

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/xinlian/xinlian/gateway/vault"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	"github.com/xinlian/xinlian/oprf"
)

// Service answers for one member.
type Service struct {
	ChainID string
	OrgID   uint64
	Ledger  Ledger
	Signers vault.Signer
	// Shares are the member's, by epoch and place; an older sharing's do not fit
	// the registered key and are not used.
	Shares []HeldShare
	Quota  *Quota
	Now    func() time.Time

	mu   sync.Mutex
	seen map[[nonceBytes]byte]time.Time // nonces until they expire
}

// HeldShare is a share with the key it is of.
type HeldShare struct {
	Epoch uint64
	Share oprf.Share
}

// Evaluate answers a signed request, after every check: that it is for this
// member, fresh, signed by an active device of an active asker, used once, backed
// by a live consent or the role, and within the quota, which is counted on disk
// first. What is evaluated it cannot see.
func (s *Service) Evaluate(ctx context.Context, raw, signature []byte) (oprf.Partial, error) {
	r, err := DecodeRequest(raw)
	if err != nil {
		return oprf.Partial{}, err
	}
	if r.ChainID != s.ChainID || r.Member != s.OrgID {
		return oprf.Partial{}, ErrMember
	}
	now, err := s.Ledger.Now(ctx)
	if err != nil {
		return oprf.Partial{}, fmt.Errorf("reading the chain's time: %w", err)
	}
	if age := s.Now().Sub(now); age > vault.HeadAgeMax || age < -vault.HeadAgeMax {
		return oprf.Partial{}, ErrStale
	}
	if r.Expires.Before(now) || r.Expires.Sub(now) > RequestLifeMax {
		return oprf.Partial{}, ErrExpired
	}
	if err := s.identify(ctx, r, raw, signature); err != nil {
		return oprf.Partial{}, err
	}
	share, err := s.share(ctx, r.Epoch)
	if err != nil {
		return oprf.Partial{}, err
	}
	most, window, err := s.entitled(ctx, r)
	if err != nil {
		return oprf.Partial{}, err
	}
	if !s.first(r.Nonce, r.Expires, now) {
		return oprf.Partial{}, ErrReplayed
	}
	if err := s.Quota.Use(r.Asker, r.Purpose, len(r.Blinded), now, window, most); err != nil {
		return oprf.Partial{}, err
	}
	p, err := share.Evaluate(r.Blinded)
	if err != nil {
		return oprf.Partial{}, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	return p, nil
}

// identify proves who asks.
func (s *Service) identify(ctx context.Context, r Request, raw, signature []byte) error {
	if len(signature) > signatureMax {
		return ErrDevice
	}
	d, err := s.Ledger.Device(ctx, r.Device)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDevice, err)
	}
	if !d.Active || d.Address != r.Device || d.Org != r.Asker {
		return ErrDevice
	}
	if err := s.Signers.Check(d, raw, signature); err != nil {
		return fmt.Errorf("%w: %w", ErrDevice, err)
	}
	acts, err := s.Ledger.Acts(ctx, r.Asker)
	if err == nil && !acts {
		err = ErrDevice
	}
	return err
}

// share is the member's share of a key that is checked.
func (s *Service) share(ctx context.Context, epoch uint64) (oprf.Share, error) {
	keys, err := s.Ledger.Keys(ctx)
	if err != nil {
		return oprf.Share{}, err
	}
	for _, row := range keys {
		mine, holds := holder(row, s.OrgID)
		if row.Epoch != epoch || !holds {
			continue
		}
		for _, h := range s.Shares {
			if h.Epoch == epoch && fits(mine, h.Share) {
				return h.Share, nil
			}
		}
	}
	return oprf.Share{}, fmt.Errorf("%w: epoch %d", ErrNoShare, epoch)
}

// entitled is how much an asker may ask in a window, if it may at all.
func (s *Service) entitled(ctx context.Context, r Request) (most uint32, windowSeconds int64, err error) {
	var p pledgev1.Params
	if p, err = s.Ledger.Params(ctx); err != nil {
		return 0, 0, err
	}
	if r.Purpose == PurposeIdentity {
		may, err := s.Ledger.Identifies(ctx, r.Asker)
		if err == nil && !may {
			err = ErrRole
		}
		return p.IdentityEvaluationsMax, p.EvaluationWindowSeconds, err
	}
	may, err := s.Ledger.Consented(ctx, r.Consent[:], r.Asker)
	if err == nil && !may {
		err = ErrConsent
	}
	return p.EvaluationsMax, p.EvaluationWindowSeconds, err
}

// first notes a nonce and tells whether it is new. Nonces are forgotten when
// their request has expired; a restart forgets them too, after which a played
// request costs its asker quota and tells nobody anything.
func (s *Service) first(nonce [nonceBytes]byte, expires, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen = map[[nonceBytes]byte]time.Time{}
	}
	for n, until := range s.seen {
		if until.Before(now) {
			delete(s.seen, n)
		}
	}
	if _, used := s.seen[nonce]; used {
		return false
	}
	s.seen[nonce] = expires
	return true
}
