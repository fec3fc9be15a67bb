package tagging

import (
	"errors"
	"fmt"
	"time"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/oprf"
)

// Purpose says by which right an organisation asks.
type Purpose uint8

// The purposes.
const (
	PurposeReceivable Purpose = 1 // under a live consent of the asker over the enterprise
	PurposeIdentity   Purpose = 2 // as a verifier that identifies enterprises
)

// Limits of a request.
const (
	RequestLifeMax  = 5 * time.Minute // from the chain's time to Expires
	nonceBytes      = 16
	idBytes         = 32
	chainIDBytesMax = 64
	addressBytesMax = 128
	signatureMax    = 4 << 10
)

// The refusals of a member's service; the asker sees their text.
var (
	ErrRequest  = errors.New("tagging: the request is not of the known form")
	ErrMember   = errors.New("tagging: the request is for another member or chain")
	ErrExpired  = errors.New("tagging: the request has expired or lies too far ahead")
	ErrDevice   = errors.New("tagging: the signing device is not an active one of the asker, or the signature is not its")
	ErrReplayed = errors.New("tagging: the request was used before")
	ErrConsent  = errors.New("tagging: no live consent of the asker covers this")
	ErrRole     = errors.New("tagging: the asker is no identifying verifier")
	ErrQuota    = errors.New("tagging: the quota of this window is used up")
	ErrNoShare  = errors.New("tagging: this member holds no share of that key")
	ErrStale    = errors.New("tagging: the newest block is too old to decide on")
)

// Request is what an asker's device signs for one member. It names chain and
// member, so that it cannot be played to another, and a nonce, so that it is
// counted once.
type Request struct {
	ChainID string
	Member  uint64 // who is asked
	Asker   uint64
	Device  string // of the asker
	Purpose Purpose
	Epoch   uint64
	Consent [idBytes]byte // zero unless PurposeReceivable
	Nonce   [nonceBytes]byte
	Expires time.Time // whole seconds
	Blinded [][]byte
}

// Encoded is the request's canonical bytes, which the device signs.
func (r Request) Encoded() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	w := canon.New("tag-request").String(r.ChainID).Uint64(r.Member).Uint64(r.Asker).String(r.Device).
		Uint8(uint8(r.Purpose)).Uint64(r.Epoch).Fixed(r.Consent[:]).Fixed(r.Nonce[:]).Int64(r.Expires.Unix()).
		Uint16(uint16(len(r.Blinded)))
	for _, b := range r.Blinded {
		w.Fixed(b)
	}
	b, err := w.Encoded()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	return b, nil
}

// DecodeRequest reads canonical bytes back.
func DecodeRequest(b []byte) (Request, error) {
	c := canon.Open("tag-request", b)
	r := Request{ChainID: c.String(), Member: c.Uint64(), Asker: c.Uint64(), Device: c.String(), Purpose: Purpose(c.Uint8()), Epoch: c.Uint64()}
	copy(r.Consent[:], c.Fixed(idBytes))
	copy(r.Nonce[:], c.Fixed(nonceBytes))
	r.Expires = time.Unix(c.Int64(), 0).UTC()
	n := int(c.Uint16())
	if n > oprf.BatchMax {
		return Request{}, fmt.Errorf("%w: %d points", ErrRequest, n)
	}
	for range n {
		r.Blinded = append(r.Blinded, c.Fixed(oprf.PointBytes))
	}
	if err := c.Done(); err != nil {
		return Request{}, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	return r, r.check()
}

func (r Request) check() error {
	switch {
	case r.ChainID == "" || len(r.ChainID) > chainIDBytesMax, r.Device == "" || len(r.Device) > addressBytesMax:
		return fmt.Errorf("%w: chain id or device", ErrRequest)
	case r.Member == 0 || r.Asker == 0 || r.Epoch == 0:
		return fmt.Errorf("%w: member %d, asker %d, epoch %d", ErrRequest, r.Member, r.Asker, r.Epoch)
	case r.Purpose != PurposeReceivable && r.Purpose != PurposeIdentity:
		return fmt.Errorf("%w: purpose %d", ErrRequest, r.Purpose)
	case (r.Consent == [idBytes]byte{}) != (r.Purpose == PurposeIdentity):
		return fmt.Errorf("%w: a consent belongs to receivables, and to nothing else", ErrRequest)
	case len(r.Blinded) == 0 || len(r.Blinded) > oprf.BatchMax:
		return fmt.Errorf("%w: %d points, want 1 to %d", ErrRequest, len(r.Blinded), oprf.BatchMax)
	case r.Expires.Nanosecond() != 0:
		return fmt.Errorf("%w: expiry is not in whole seconds", ErrRequest)
	}
	for _, b := range r.Blinded {
		if len(b) != oprf.PointBytes {
			return fmt.Errorf("%w: a point of %d bytes", ErrRequest, len(b))
		}
	}
	return nil
}
