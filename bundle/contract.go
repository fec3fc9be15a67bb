package bundle

import (
	"bytes"
	"fmt"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	"github.com/xinlian/xinlian/internal/artefact"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/wire"
)

func (v *verification) checkContract() (string, error) {
	template, err := artefact.TemplateHash(v.template.Terms)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrContent, err)
	}
	if !bytes.Equal(template[:], v.loan.TemplateHash) {
		return "", fmt.Errorf("%w: the template does not have the hash that the loan names", ErrContent)
	}
	contract, err := artefact.ContractHash(v.manifest.ChainId, v.offer)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrContent, err)
	}
	if !bytes.Equal(contract[:], v.loan.ContractHash) {
		return "", fmt.Errorf("%w: the signed contract is not the one of the offer", ErrContent)
	}
	return fmt.Sprintf("the borrower signed %X…, which is template %s version %d with the offer's terms",
		contract[:6], v.template.Terms.Name, v.template.Terms.Version), nil
}

// checkAudits proves that auditors signed the template's exact hash. The
// bundle carries the audits it relies on; at least one must be there.
func (v *verification) checkAudits() (string, error) {
	passed := 0
	for key, value := range v.rows {
		if key.store != "safety" {
			continue
		}
		var a safetyv1.Audit
		if err := a.Unmarshal(value); err != nil || !bytes.Equal(a.SubjectHash, v.loan.TemplateHash) {
			continue
		}
		at := wire.RowAudit(uint32(a.SubjectKind), a.SubjectHash, a.AuditorOrgId)
		if string(at.Key) != key.key || a.SubjectKind != safetyv1.SubjectKind_SUBJECT_KIND_TEMPLATE || !a.Passed {
			return "", fmt.Errorf("%w: an audit does not approve the template", ErrContent)
		}
		passed++
	}
	if passed == 0 {
		return "", fmt.Errorf("%w: no audit of the template", ErrRow)
	}
	return fmt.Sprintf("%d auditors signed the template's exact hash", passed), nil
}

// checkJournal walks the loan's whole journal to the head in its row.
func (v *verification) checkJournal() (string, error) {
	head := make([]byte, 32)
	var disbursed, repaid int64
	for n := uint64(1); n <= v.loan.JournalEntries; n++ {
		var e loanv1.JournalEntry
		if err := v.row(wire.RowJournalEntry(v.loan.Id, n), fmt.Sprintf("journal entry %d", n), &e); err != nil {
			return "", err
		}
		hash, err := artefact.JournalEntryHash(e)
		if err != nil {
			return "", fmt.Errorf("%w: journal entry %d: %w", ErrContent, n, err)
		}
		if e.Number != n || e.LoanId != v.loan.Id || !bytes.Equal(e.Previous, head) || !bytes.Equal(e.Hash, hash[:]) {
			return "", fmt.Errorf("%w: journal entry %d breaks the chain", ErrContent, n)
		}
		switch e.Kind {
		case loanv1.EntryKind_ENTRY_KIND_DISBURSED:
			disbursed += e.PrincipalFen
		case loanv1.EntryKind_ENTRY_KIND_COLLECTED, loanv1.EntryKind_ENTRY_KIND_REPAID:
			repaid += e.PrincipalFen
		default: // no other kind moves principal
		}
		head = e.Hash
		v.moments = append(v.moments, moment{fmt.Sprintf("journal entry %d", n), e.Height, e.At})
	}
	if !bytes.Equal(head, v.loan.JournalHead) {
		return "", fmt.Errorf("%w: the journal does not end at the head in the loan's row", ErrContent)
	}
	outstanding := int64(0)
	for _, t := range v.loan.Tranches {
		outstanding += t.OutstandingFen
	}
	if disbursed-repaid != outstanding && v.loan.Status != loanv1.LoanStatus_LOAN_STATUS_WRITTEN_OFF {
		return "", fmt.Errorf("%w: disbursed %d less repaid %d is not the outstanding %d", ErrContent, disbursed, repaid, outstanding)
	}
	return fmt.Sprintf("%d entries; disbursed ¥%s, principal repaid ¥%s, outstanding ¥%s",
		v.loan.JournalEntries, yuan(disbursed), yuan(repaid), yuan(outstanding)), nil
}

// checkSchedule proves that the instalments of each disbursed tranche sum to its
// principal, and their payments to what is no longer outstanding.
func (v *verification) checkSchedule() (string, error) {
	rows := 0
	for _, t := range v.loan.Tranches {
		if t.Status == loanv1.TrancheStatus_TRANCHE_STATUS_PLANNED || t.Status == loanv1.TrancheStatus_TRANCHE_STATUS_CANCELLED {
			continue
		}
		var principal, paid int64
		for n := uint32(1); n <= v.loan.Periods; n++ {
			var i loanv1.Instalment
			if err := v.row(wire.RowInstalment(v.loan.Id, t.Number, n), fmt.Sprintf("instalment %d of tranche %d", n, t.Number), &i); err != nil {
				return "", err
			}
			rows++
			paid += i.PaidPrincipalFen
			principal += i.PrincipalFen
		}
		if principal+t.PrepaidFen != t.PrincipalFen {
			return "", fmt.Errorf("%w: tranche %d: instalments %d and prepayments %d do not sum to the principal %d",
				ErrContent, t.Number, principal, t.PrepaidFen, t.PrincipalFen)
		}
		if t.PrincipalFen-paid-t.PrepaidFen != t.OutstandingFen && v.loan.Status != loanv1.LoanStatus_LOAN_STATUS_WRITTEN_OFF {
			return "", fmt.Errorf("%w: tranche %d: paid %d and prepaid %d of %d do not leave %d",
				ErrContent, t.Number, paid, t.PrepaidFen, t.PrincipalFen, t.OutstandingFen)
		}
	}
	return fmt.Sprintf("%d instalments sum to the principal of each disbursed tranche", rows), nil
}

func yuan(fen int64) string { return record.FormatFen(fen) }
