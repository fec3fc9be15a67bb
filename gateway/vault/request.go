package vault

import (
	"fmt"
	"time"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/record"
)

// Limits of a read request.
const (
	RequestLifeMax      = 5 * time.Minute // from the chain's time to Expires
	SelectorCategoryMax = 16
	SelectorBatchesMax  = 1024
	SelectorRecordsMax  = 4096
	PurposeBytesMax     = 96 // the name of a purpose, or of supervision with a case number
	AddressBytesMax     = 128
)

// ReadRequest is what a reader's device signs: under which consent, for what,
// which records, once. It names chain and custodian, so that it cannot be played
// to another vault.
type ReadRequest struct {
	ChainID   string
	Custodian uint64
	Consent   ID
	Purpose   string
	Use       Use
	Device    string // address
	Selector  Selector
	Nonce     [NonceBytes]byte
	Expires   time.Time // whole seconds; at most RequestLifeMax after the chain's time
}

// Selector says which records are wanted: those of the categories in the months,
// and where batches or single records are named, of those only those.
type Selector struct {
	Categories []record.Category
	Months     Months
	Batches    []ID
	Records    []RecordRef
}

// RecordRef names one record.
type RecordRef struct {
	Batch ID
	Index uint64
}

// Encoded is the request's canonical bytes, which the device signs. A request
// beyond its limits is ErrBadRequest.
func (r *ReadRequest) Encoded() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	w := canon.New("read").String(r.ChainID).Uint64(r.Custodian).Fixed(r.Consent[:]).String(r.Purpose).
		Uint8(uint8(r.Use)).String(r.Device)
	s := &r.Selector
	w.Uint8(uint8(len(s.Categories)))
	for _, c := range s.Categories {
		w.Uint8(uint8(c))
	}
	w.Uint32(s.Months.From).Uint32(s.Months.To).Uint16(uint16(len(s.Batches)))
	for _, b := range s.Batches {
		w.Fixed(b[:])
	}
	w.Uint16(uint16(len(s.Records)))
	for _, k := range s.Records {
		w.Fixed(k.Batch[:]).Uint64(k.Index)
	}
	b, err := w.Fixed(r.Nonce[:]).Int64(r.Expires.Unix()).Encoded()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	return b, nil
}

// DecodeReadRequest reads canonical bytes back.
func DecodeReadRequest(b []byte) (*ReadRequest, error) {
	rd := canon.Open("read", b)
	r := &ReadRequest{ChainID: rd.String(), Custodian: rd.Uint64()}
	copy(r.Consent[:], rd.Fixed(IDBytes))
	r.Purpose, r.Use, r.Device = rd.String(), Use(rd.Uint8()), rd.String()
	for range rd.Uint8() {
		r.Selector.Categories = append(r.Selector.Categories, record.Category(rd.Uint8()))
	}
	r.Selector.Months = Months{rd.Uint32(), rd.Uint32()}
	for range rd.Uint16() {
		if id := rd.Fixed(IDBytes); id != nil {
			r.Selector.Batches = append(r.Selector.Batches, ID(id))
		}
	}
	for range rd.Uint16() {
		if id := rd.Fixed(IDBytes); id != nil {
			r.Selector.Records = append(r.Selector.Records, RecordRef{ID(id), rd.Uint64()})
		}
	}
	copy(r.Nonce[:], rd.Fixed(NonceBytes))
	r.Expires = time.Unix(rd.Int64(), 0).UTC()
	if err := rd.Done(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	return r, r.check()
}

func (r *ReadRequest) check() error {
	s := &r.Selector
	switch {
	case len(r.ChainID) > ChainIDBytesMax, len(r.Purpose) > PurposeBytesMax, len(r.Device) > AddressBytesMax:
		return fmt.Errorf("%w: chain id, purpose or device too long", ErrBadRequest)
	case r.Use != UseView && r.Use != UseStore:
		return fmt.Errorf("%w: use %d", ErrBadRequest, r.Use)
	case len(s.Categories) == 0 || len(s.Categories) > SelectorCategoryMax:
		return fmt.Errorf("%w: %d categories", ErrBadRequest, len(s.Categories))
	case len(s.Batches) > SelectorBatchesMax || len(s.Records) > SelectorRecordsMax:
		return fmt.Errorf("%w: %d batches and %d records named", ErrBadRequest, len(s.Batches), len(s.Records))
	case r.Expires.Nanosecond() != 0:
		return fmt.Errorf("%w: expiry is not in whole seconds", ErrBadRequest)
	}
	for i, c := range s.Categories {
		if i > 0 && c <= s.Categories[i-1] {
			return fmt.Errorf("%w: categories are not in ascending order", ErrBadRequest)
		}
	}
	return s.Months.check()
}
