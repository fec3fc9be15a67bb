package pledging

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/xinlian/xinlian/internal/artefact"
	"github.com/xinlian/xinlian/internal/canon"
)

// Kind is what a letter is about. It is the name of its canonical form.
type Kind string

// The kinds.
const (
	// KindOrder asks a verifier of another gateway to state a receivable, and may be
	// sent again to learn how far it is.
	KindOrder Kind = "pledge-order"
	// KindNotice tells the gateway of the owner's custodian of a pledge, for its owner.
	KindNotice Kind = "pledge-notice"
)

// Limits of a letter.
const (
	letterLifeMax   = 5 * time.Minute // from the chain's time to Expires
	letterLife      = time.Minute
	letterBytesMax  = 4 << 10
	idBytes         = 16
	hashBytes       = 32
	chainIDBytesMax = 64
	addressBytesMax = 128
	codeBytesMax    = 64  // of a registration code
	numberBytesMax  = 256 // of an invoice's number as printed
	signatureMax    = 4 << 10
)

// ErrLetter says that bytes are no letter of a known form.
var ErrLetter = errors.New("pledging: the letter is not of the known form")

// Letter is what a lender's device signs for another gateway.
type Letter struct {
	Kind    Kind
	ChainID string
	To      uint64    // the verifier, or a custodian of the enterprise
	Device  string    // of the lender
	Expires time.Time // whole seconds
	// Order is the order's content. A notice has no seller's code, and an order has
	// no statement and pledge yet.
	Order Order
}

// Encoded is the letter's canonical bytes.
func (l Letter) Encoded() ([]byte, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	id, err := hex.DecodeString(l.Order.ID)
	if err != nil {
		return nil, fmt.Errorf("%w: id %q", ErrLetter, l.Order.ID)
	}
	o := l.Order
	w := canon.New(string(l.Kind)).String(l.ChainID).Uint64(l.To).Uint64(o.Lender).String(l.Device).Int64(l.Expires.Unix()).
		Fixed(id).Uint64(o.Verifier).Uint64(o.Enterprise).String(o.Number).Fixed(o.ConsentID).Fixed(o.Leaf).Int64(o.FaceFen).
		Fixed(o.PledgeKey).Fixed(o.Salt).Fixed(o.FaceSalt)
	if l.Kind == KindOrder {
		w.String(o.Seller)
	} else {
		w.Uint64(o.StatementID).Uint64(o.PledgeID)
	}
	b, err := w.Encoded()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLetter, err)
	}
	return b, nil
}

// DecodeLetter reads a letter of a kind.
func DecodeLetter(k Kind, b []byte) (Letter, error) {
	c := canon.Open(string(k), b)
	l := Letter{Kind: k, ChainID: c.String(), To: c.Uint64()}
	o := &l.Order
	o.Lender, l.Device = c.Uint64(), c.String()
	l.Expires = time.Unix(c.Int64(), 0).UTC()
	o.ID, o.Verifier, o.Enterprise, o.Number = hex.EncodeToString(c.Fixed(idBytes)), c.Uint64(), c.Uint64(), c.String()
	o.ConsentID, o.Leaf, o.FaceFen = c.Fixed(hashBytes), c.Fixed(hashBytes), c.Int64()
	o.PledgeKey, o.Salt, o.FaceSalt = c.Fixed(ed25519.PublicKeySize), c.Fixed(artefact.SaltBytes), c.Fixed(artefact.SaltBytes)
	if k == KindOrder {
		o.Seller = c.String()
	} else {
		o.StatementID, o.PledgeID = c.Uint64(), c.Uint64()
	}
	if err := c.Done(); err != nil {
		return Letter{}, fmt.Errorf("%w: %w", ErrLetter, err)
	}
	return l, l.check()
}

func (l Letter) check() error {
	o := l.Order
	switch {
	case l.Kind != KindOrder && l.Kind != KindNotice:
		return fmt.Errorf("%w: kind %q", ErrLetter, l.Kind)
	case l.ChainID == "" || len(l.ChainID) > chainIDBytesMax, l.Device == "" || len(l.Device) > addressBytesMax:
		return fmt.Errorf("%w: chain id or device", ErrLetter)
	case l.To == 0 || o.Lender == 0 || o.Verifier == 0 || o.Enterprise == 0:
		return fmt.Errorf("%w: to %d, lender %d, verifier %d, enterprise %d", ErrLetter, l.To, o.Lender, o.Verifier, o.Enterprise)
	case len(o.ID) != 2*idBytes || len(o.ConsentID) != hashBytes || len(o.Leaf) != hashBytes:
		return fmt.Errorf("%w: id, consent or leaf", ErrLetter)
	case len(o.PledgeKey) != ed25519.PublicKeySize || len(o.Salt) != artefact.SaltBytes || len(o.FaceSalt) != artefact.SaltBytes:
		return fmt.Errorf("%w: pledge key or salts", ErrLetter)
	case o.Number == "" || len(o.Number) > numberBytesMax || o.FaceFen <= 0:
		return fmt.Errorf("%w: number of %d bytes, %d fen", ErrLetter, len(o.Number), o.FaceFen)
	case l.Expires.Nanosecond() != 0:
		return fmt.Errorf("%w: expiry is not in whole seconds", ErrLetter)
	case l.Kind == KindOrder && (l.To != o.Verifier || o.Seller == "" || len(o.Seller) > codeBytesMax):
		return fmt.Errorf("%w: an order goes to its verifier and names the seller", ErrLetter)
	case l.Kind == KindNotice && (o.StatementID == 0 || o.PledgeID == 0):
		return fmt.Errorf("%w: a notice names statement and pledge", ErrLetter)
	}
	return nil
}
