package bundle

import (
	"bytes"
	"fmt"
	"strings"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	bundlev1 "github.com/xinlian/xinlian/gen/xinlian/bundle/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/artefact"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/wire"
)

// checkConsent proves that the consent is what the owner signed, and walks its
// journal.
func (v *verification) checkConsent() (string, error) {
	if err := v.row(wire.RowConsent(v.loan.ConsentId), "the consent", &v.consent); err != nil {
		return "", err
	}
	id, err := artefact.ConsentID(v.consent.Terms)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrContent, err)
	}
	if !bytes.Equal(id, v.loan.ConsentId) {
		return "", fmt.Errorf("%w: the consent's terms do not have its id", ErrContent)
	}
	if v.consent.Terms.EnterpriseId != v.loan.EnterpriseId || v.consent.Terms.GranteeOrgId != v.loan.LenderOrgId {
		return "", fmt.Errorf("%w: the consent is between others", ErrContent)
	}
	head, granted := make([]byte, 32), false
	for n := uint64(1); n <= v.consent.JournalEntries; n++ {
		var e profilev1.ConsentEntry
		if err := v.row(wire.RowConsentEntry(id, n), fmt.Sprintf("consent journal entry %d", n), &e); err != nil {
			return "", err
		}
		hash, err := artefact.ConsentEntryHash(id, e)
		if err != nil || e.Number != n || !bytes.Equal(e.Previous, head) || !bytes.Equal(e.Hash, hash) {
			return "", fmt.Errorf("%w: consent journal entry %d breaks the chain", ErrContent, n)
		}
		granted = granted || e.State == profilev1.ConsentState_CONSENT_STATE_ACTIVE && e.At <= v.loan.SignedAt
		head = e.Hash
		v.moments = append(v.moments, moment{fmt.Sprintf("consent journal entry %d", n), e.Height, e.At})
	}
	if !bytes.Equal(head, v.consent.JournalHead) || !granted {
		return "", fmt.Errorf("%w: the consent's journal does not show that it was granted before the loan", ErrContent)
	}
	return fmt.Sprintf("granted before the loan was signed; now %s", word(v.consent.State.String(), "CONSENT_STATE_")), nil
}

// checkBatches loads the score, the attestations it rests on, and every batch
// that they name.
func (v *verification) checkBatches() (string, error) {
	if err := v.row(wire.RowScore(v.application.ScoreId), "the score", &v.score); err != nil {
		return "", err
	}
	for _, id := range v.score.AttestationIds {
		var a attestationv1.Attestation
		if err := v.row(wire.RowAttestation(id), fmt.Sprintf("attestation %d", id), &a); err != nil {
			return "", err
		}
		v.attestations = append(v.attestations, a)
		for _, b := range a.BatchIds {
			var batch profilev1.Batch
			if err := v.row(wire.RowBatch(b), fmt.Sprintf("batch %x", b), &batch); err != nil {
				return "", err
			}
			if batch.EnterpriseId != v.loan.EnterpriseId || !bytes.Equal(batch.Anchor.BatchId, b) {
				return "", fmt.Errorf("%w: batch %x is of enterprise %d", ErrContent, b, batch.EnterpriseId)
			}
			v.batches[string(b)] = batch
		}
	}
	records := uint64(0)
	for _, b := range v.batches {
		records += uint64(b.Anchor.RecordCount)
	}
	return fmt.Sprintf("%d batches with %d records are anchored", len(v.batches), records), nil
}

// checkAttestations proves that at least two organisations, none of them a party
// to the loan, attested the feature set that was scored.
func (v *verification) checkAttestations() (string, error) {
	by := map[uint64]bool{}
	for _, a := range v.attestations {
		f := a.Features
		switch {
		case a.Kind != attestationv1.Kind_KIND_FEATURES || f == nil || a.EnterpriseId != v.loan.EnterpriseId:
			return "", fmt.Errorf("%w: attestation %d is not about this enterprise's features", ErrContent, a.Id)
		case !bytes.Equal(f.Commitment, v.score.Commitment) || !bytes.Equal(f.DataDigest, v.score.DataDigest) || f.AsOfDay != v.score.AsOfDay:
			return "", fmt.Errorf("%w: attestation %d is about other features", ErrContent, a.Id)
		case a.AttestorOrgId == v.loan.LenderOrgId || a.AttestorOrgId == v.loan.EnterpriseId || a.AttestorOrgId == v.borrower.CustodianOrgId:
			return "", fmt.Errorf("%w: attestation %d is by a party to the loan", ErrContent, a.Id)
		}
		by[a.AttestorOrgId] = true
	}
	if len(by) < 2 {
		return "", fmt.Errorf("%w: %d organisations attested the features, want at least 2", ErrContent, len(by))
	}
	return fmt.Sprintf("%d independent organisations derived the same features", len(by)), nil
}

// checkRecords proves each disclosed record by its leaf, its path and the root
// on chain.
func (v *verification) checkRecords() (string, error) {
	body, ok := find(v.sections, sectionRecords)
	if !ok {
		return "none disclosed", nil
	}
	var list bundlev1.Records
	if err := list.Unmarshal(body); err != nil {
		return "", fmt.Errorf("%w: section records: %w", ErrContainer, err)
	}
	for _, r := range list.Records {
		batch, ok := v.batches[string(r.BatchId)]
		if !ok {
			return "", fmt.Errorf("%w: record %d of batch %x: the batch is not proven", ErrContent, r.Index, r.BatchId)
		}
		if err := proveRecord(v.loan.EnterpriseId, batch.Anchor, r); err != nil {
			return "", fmt.Errorf("%w: record %d of batch %x: %w", ErrContent, r.Index, r.BatchId, err)
		}
	}
	return fmt.Sprintf("%d disclosed records are in their anchored batches", len(list.Records)), nil
}

// proveRecord proves one record by its leaf, its path and the anchored root.
func proveRecord(enterprise uint64, anchor profilev1.BatchAnchor, r bundlev1.Record) error {
	rec, err := record.Verify(anchor.Root, enterprise, r.Salt, r.Canonical, record.Proof{
		Index: r.Index, Size: uint64(anchor.RecordCount), Path: r.Path,
	})
	if err != nil {
		return err
	}
	if rec.Schema.ID != anchor.SchemaId || uint32(rec.Schema.Version) != anchor.SchemaVersion {
		return fmt.Errorf("it is of schema %s, the batch of %s", rec.Schema.ID, anchor.SchemaId)
	}
	return nil
}

// word is an enum value as a lower-case word.
func word(value, prefix string) string {
	return strings.ToLower(strings.TrimPrefix(value, prefix))
}
