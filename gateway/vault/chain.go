package vault

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/xinlian/xinlian/internal/record"
)

// HeadAgeMax is how old the chain's newest block may be, by the vault's clock,
// for a decision to be made on it; and how far that clock may lag behind it.
const HeadAgeMax = 10 * time.Second

// Chain is what the vault asks of a node, live and light-verified. Errors of the
// transport are returned as they are; absence is the named error.
type Chain interface {
	// Head is the newest verified block.
	Head(ctx context.Context) (Head, error)
	// Consent is the state of a consent at the head or later; ErrConsentUnknown.
	Consent(ctx context.Context, id ID) (Consent, error)
	// Device is a person's or service's device; ErrDevice.
	Device(ctx context.Context, address string) (Device, error)
	// DataKey is the current data key of an organisation; ErrKey.
	DataKey(ctx context.Context, org uint64) (Recipient, error)
	// Anchored is the anchor of a batch; ErrNotAnchored.
	Anchored(ctx context.Context, batch ID) (Anchor, error)
	// Custodians are the enterprise's first and second custodian, 0 for none.
	Custodians(ctx context.Context, enterprise uint64) (first, second uint64, err error)
	// Erasures lists every enterprise whose erasure is on chain.
	Erasures(ctx context.Context) ([]uint64, error)
}

// Head is a block's height and time.
type Head struct {
	Height uint64
	Time   time.Time
}

// State is a consent's state.
type State uint8

// The states of a consent.
const (
	StatePending State = 1
	StateActive  State = 2
	StatePaused  State = 3
	StateRevoked State = 4
	StateExpired State = 5
	StateRefused State = 6
	StateAmended State = 7 // the owner replaced it by a narrower one
)

// Use is what a consent lets the grantee do with what it reads.
type Use uint8

// The uses. A reader says which one it wants; only its own workspace can keep to
// viewing, so that this is a rule that the receipt proves, not one that
// cryptography enforces.
const (
	UseView  Use = 1
	UseStore Use = 2 // includes viewing
	// UseQuery lets the grantee have computed features only: no read of records is
	// allowed under such a consent, and no request names it.
	UseQuery Use = 3
)

// FetchLimitMax bounds a consent's fetches per unit.
const FetchLimitMax = 1000

// FetchUnit is the time over which a consent's fetches are counted. Days and
// months are those of the calendar at UTC+8, by the chain's time.
type FetchUnit uint8

// The units.
const (
	FetchOnce  FetchUnit = 1 // the whole consent
	FetchDay   FetchUnit = 2
	FetchMonth FetchUnit = 3
	FetchYear  FetchUnit = 4
)

// Provider is a source of records that a consent covers.
type Provider struct {
	Org    uint64 // that signed the batches, 0 for what the owner declared
	Stream string // name of one of its streams, empty for all
}

// Consent is the part of a consent that the vault enforces.
type Consent struct {
	ID           ID
	Enterprise   uint64
	Grantee      uint64 // organisation
	State        State
	Purpose      string
	Use          Use
	Categories   []record.Category
	Months       Months
	Start, End   time.Time // in force from Start until before End
	FetchUnit    FetchUnit
	FetchLimit   uint32     // reads per unit
	AmountFenMin int64      // records of a smaller absolute amount are hidden; 0 hides none
	Providers    []Provider // sources that may be read; empty: all
	Schemas      []string   // ids of schemas that may be read; empty: all
}

// Device is a device as the chain knows it.
type Device struct {
	Address string
	Org     uint64
	Active  bool
	KeyType KeyType
	Public  []byte
}

// AnchorStatus is the standing of a batch on chain.
type AnchorStatus uint8

// The standings of a batch. Superseded and disputed batches stay readable, so
// that what a decision was made on can be seen later.
const (
	AnchorLive       AnchorStatus = 1
	AnchorSuperseded AnchorStatus = 2
	AnchorDisputed   AnchorStatus = 3
)

// Anchor is what the chain says about a batch.
type Anchor struct {
	Root       [record.HashBytes]byte
	Enterprise uint64
	Category   record.Category
	Epoch      uint32
	Source     uint64 // organisation that signed, 0 for owner-declared
	Stream     string // name of the source
	Count      uint64
	PeriodFrom int64 // days since 1970-01-01, both included; no record lies outside
	PeriodTo   int64
	Status     AnchorStatus
}

// check compares an anchor with a batch that claims to be the anchored one.
func (a Anchor) check(b *BatchInfo) error {
	same := a.Root == b.Root && a.Enterprise == b.Enterprise && a.Category == b.Category && a.Epoch == b.Epoch &&
		a.Source == b.Source && a.Count == b.Count
	if !same || b.FromDay < a.PeriodFrom || b.ToDay > a.PeriodTo {
		return fmt.Errorf("%w: batch %s differs from its anchor", ErrDamaged, b.ID)
	}
	return nil
}

// fresh refuses a head that is too old, or ahead of the vault's clock by as much.
func (h Head) fresh(now time.Time) error {
	if age := now.Sub(h.Time); age > HeadAgeMax || age < -HeadAgeMax {
		return fmt.Errorf("%w: height %d is %s old", ErrHeadStale, h.Height, age.Round(time.Second))
	}
	return nil
}

// live refuses a consent that is not in force at t.
func (c *Consent) live(t time.Time) error {
	switch c.State {
	case StateActive:
	case StatePending:
		return ErrConsentPending
	case StatePaused:
		return ErrConsentPaused
	case StateRevoked:
		return ErrConsentRevoked
	case StateExpired:
		return ErrConsentExpired
	case StateRefused:
		return ErrConsentRefused
	case StateAmended:
		return ErrConsentAmended
	default:
		return fmt.Errorf("%w: state %d", ErrConsentUnknown, c.State)
	}
	if t.Before(c.Start) {
		return ErrConsentEarly
	}
	if !t.Before(c.End) {
		return ErrConsentExpired
	}
	return nil
}

// over says whether the consent can never be read under again.
func (c *Consent) over(t time.Time) bool {
	return c.State == StateRevoked || c.State == StateExpired || c.State == StateRefused || c.State == StateAmended || !t.Before(c.End)
}

// admits tells whether the consent's providers and schemas let a batch through.
func (c *Consent) admits(b *BatchInfo, a *Anchor) bool {
	if len(c.Schemas) > 0 && !slices.Contains(c.Schemas, b.SchemaID) {
		return false
	}
	return len(c.Providers) == 0 || slices.ContainsFunc(c.Providers, func(p Provider) bool {
		return p.Org == a.Source && (p.Stream == "" || p.Stream == a.Stream)
	})
}

// covers refuses a request that goes beyond what the owner consented to.
func (c *Consent) covers(r *ReadRequest) error {
	if r.Purpose != c.Purpose {
		return ErrPurpose
	}
	if c.Use == UseQuery || r.Use != UseView && r.Use != c.Use {
		return ErrMode
	}
	for _, k := range r.Selector.Categories {
		if !slices.Contains(c.Categories, k) {
			return fmt.Errorf("%w: category %s", ErrOutOfRange, k)
		}
	}
	if !c.Months.Covers(r.Selector.Months) {
		return fmt.Errorf("%w: months %d to %d", ErrOutOfRange, r.Selector.Months.From, r.Selector.Months.To)
	}
	return nil
}
