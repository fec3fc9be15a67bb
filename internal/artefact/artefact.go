// Package artefact makes the canonical bytes of the things that the chain and
// the gateway both sign or hash: the content of an anchor, the terms of a
// consent, an entry of a consent's journal. The chain's modules and the gateway
// cannot import each other; this package is where they agree.
//
// The bytes are those of internal/canon: fixed order, big-endian, length before
// every string, a domain `xinlian/<what>/v1` in front. They are frozen; a change
// takes a new domain version. Vectors are in testdata/vectors.json.
package artefact

import (
	"errors"
	"fmt"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/canon"
)

// HashBytes is the size of ids, roots and hashes.
const HashBytes = 32

// NonceBytes is the size of a consent's nonce.
const NonceBytes = 16

// ErrSize says that a field of fixed size has another one.
var ErrSize = errors.New("artefact: field has the wrong size")

// AnchorContent is what a source signs with its own key to vouch for a batch:
// every field of the anchor but the signature, for one enterprise on one chain.
// It returns ErrSize for an id or root that is not 32 bytes, and canon.ErrText
// for text that is not UTF-8 in form NFC.
func AnchorContent(chainID string, enterprise uint64, a profilev1.BatchAnchor) ([]byte, error) {
	if err := size("batch_id", a.BatchId, HashBytes); err != nil {
		return nil, err
	}
	if err := size("root", a.Root, HashBytes); err != nil {
		return nil, err
	}
	if len(a.Supersedes) != 0 {
		if err := size("supersedes", a.Supersedes, HashBytes); err != nil {
			return nil, err
		}
	}
	return canon.New("anchor").String(chainID).Uint64(enterprise).
		Fixed(a.BatchId).String(a.SchemaId).Uint32(a.SchemaVersion).
		String(a.Source).Uint32(uint32(a.SourceClass)).Uint64(a.SourceOrgId).String(a.SourceDevice).
		Uint64(a.Sequence).Uint32(a.PeriodFrom).Uint32(a.PeriodTo).Uint32(a.RecordCount).
		Fixed(a.Root).Uint32(uint32(a.Suite)).Uint32(a.Epoch).Bytes(a.Supersedes).
		Encoded()
}

// ConsentID is the SHA-256 of the canonical terms: every field of them. The nonce
// makes two requests of equal content two consents. It returns ErrSize for a hash,
// link or nonce of another size, and canon.ErrText for text that is not UTF-8 in
// form NFC.
func ConsentID(t profilev1.ConsentTerms) ([]byte, error) {
	if err := size("purpose_text_hash", t.PurposeTextHash, HashBytes); err != nil {
		return nil, err
	}
	if err := size("nonce", t.Nonce, NonceBytes); err != nil {
		return nil, err
	}
	for _, link := range []struct {
		field string
		id    []byte
	}{{"amends", t.Amends}, {"renews", t.Renews}} {
		if len(link.id) != 0 {
			if err := size(link.field, link.id, HashBytes); err != nil {
				return nil, err
			}
		}
	}
	w := canon.New("consent").Uint64(t.EnterpriseId).Uint64(t.GranteeOrgId).Uint32(uint32(len(t.Categories)))
	for _, c := range t.Categories {
		w.Uint32(uint32(c))
	}
	w.Uint32(t.MonthFrom).Uint32(t.MonthTo).
		Uint32(uint32(t.Purpose)).Fixed(t.PurposeTextHash).Uint32(uint32(t.Mode)).
		Uint32(uint32(t.FetchType)).Uint32(uint32(t.FetchUnit)).Uint32(t.FetchLimit).
		Int64(t.StartsAt).Int64(t.ExpiresAt).Uint32(t.RetentionDays).
		Uint32(uint32(t.Signer)).Uint32(uint32(len(t.Providers)))
	for _, p := range t.Providers {
		w.Uint64(p.OrgId).String(p.Source)
	}
	w.Int64(t.AmountFenMin).Uint32(uint32(len(t.Schemas)))
	for _, id := range t.Schemas {
		w.String(id)
	}
	return sum(w.Bytes(t.Amends).Bytes(t.Renews).String(t.CaseNumber).Fixed(t.Nonce))
}

// ConsentEntryHash is the hash of one entry of a consent's journal. It covers
// the entry before, so that the head commits to the whole journal. The entry's
// own Hash is not read.
func ConsentEntryHash(consentID []byte, e profilev1.ConsentEntry) ([]byte, error) {
	if err := size("consent_id", consentID, HashBytes); err != nil {
		return nil, err
	}
	if err := size("previous", e.Previous, HashBytes); err != nil {
		return nil, err
	}
	return sum(canon.New("consent-entry").Fixed(consentID).Uint64(e.Number).Int64(e.Height).Int64(e.At).
		Uint32(uint32(e.State)).String(e.Device).Uint32(uint32(e.Signer)).Fixed(e.Previous))
}

func sum(w *canon.Writer) ([]byte, error) {
	h, err := w.Sum()
	if err != nil {
		return nil, err
	}
	return h[:], nil
}

func size(field string, b []byte, want int) error {
	if len(b) != want {
		return fmt.Errorf("%w: %s: got %d bytes, want %d", ErrSize, field, len(b), want)
	}
	return nil
}
