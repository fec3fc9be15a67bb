package artefact

import (
	"github.com/xinlian/xinlian/internal/canon"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

// JournalEntryBytes returns the canonical bytes of an entry of a loan's journal,
// kind `journal-entry`: loan, number, height, time, kind, tranche, instalment,
// principal, interest, fee, transaction hash and the hash of the entry before.
// The entry's own hash is not part of it.
func JournalEntryBytes(e loanv1.JournalEntry) ([]byte, error) {
	return journalEntry(e).Encoded()
}

// JournalEntryHash chains an entry to the one before: the SHA-256 of
// JournalEntryBytes. A loan's row holds the hash of its last entry, so the row
// proves the whole journal.
func JournalEntryHash(e loanv1.JournalEntry) ([32]byte, error) {
	return journalEntry(e).Sum()
}

func journalEntry(e loanv1.JournalEntry) *canon.Writer {
	return canon.New("journal-entry").
		Uint64(e.LoanId).
		Uint64(e.Number).
		Int64(e.Height).
		Int64(e.At).
		Uint32(uint32(e.Kind)).
		Uint32(e.Tranche).
		Uint32(e.Instalment).
		Int64(e.PrincipalFen).
		Int64(e.InterestFen).
		Int64(e.FeeFen).
		Bytes(e.TxHash).
		Bytes(e.Previous)
}
