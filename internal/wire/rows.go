package wire

import (
	"fmt"

	"cosmossdk.io/collections"
	"cosmossdk.io/collections/codec"
)

// Row is the place of one provable row in the chain's state: its store and its
// key there. Offline proofs name rows by it. The places are part of the wire
// contract: a test holds them against a running chain.
type Row struct {
	Store string
	Key   []byte
}

func row[K any](store string, prefix byte, kc codec.KeyCodec[K], key K) Row {
	b, err := collections.EncodeKeyWithPrefix([]byte{prefix}, kc, key)
	if err != nil {
		panic(fmt.Sprintf("wire: key of %s/%d: %v", store, prefix, err)) // only a text with a zero byte
	}
	return Row{Store: store, Key: b}
}

// RowOrganisation is an organisation.
func RowOrganisation(id uint64) Row { return row("org", 2, collections.Uint64Key, id) }

// RowHeaderLog is the head of the log of block hashes.
func RowHeaderLog() Row { return Row{Store: "council", Key: []byte{4}} }

// RowHeaderEntry is a leaf of that log.
func RowHeaderEntry(index uint64) Row { return row("council", 5, collections.Uint64Key, index) }

// RowBatch is an anchored batch.
func RowBatch(id []byte) Row { return row("profile", 2, collections.BytesKey, id) }

// RowConsent is a consent.
func RowConsent(id []byte) Row { return row("profile", 7, collections.BytesKey, id) }

// RowConsentEntry is an entry of a consent's journal.
func RowConsentEntry(id []byte, number uint64) Row {
	return row("profile", 12, collections.PairKeyCodec(collections.BytesKey, collections.Uint64Key), collections.Join(id, number))
}

// RowAccessLog is the anchored head of a vault's log of reads.
func RowAccessLog(vaultOrg uint64) Row { return row("profile", 13, collections.Uint64Key, vaultOrg) }

// RowLogAnchor is one kept anchor of a vault's log, up to a receipt's number.
func RowLogAnchor(vaultOrg, sequence uint64) Row {
	return row("profile", 18, collections.PairKeyCodec(collections.Uint64Key, collections.Uint64Key), collections.Join(vaultOrg, sequence))
}

// RowErasure is an owner's order to erase and the receipts of the custodians.
func RowErasure(enterprise uint64) Row { return row("profile", 19, collections.Uint64Key, enterprise) }

// RowAttestation is an attestation.
func RowAttestation(id uint64) Row { return row("attestation", 3, collections.Uint64Key, id) }

// RowModel is a score model.
func RowModel(hash []byte) Row { return row("score", 3, collections.BytesKey, hash) }

// RowScore is a verified score.
func RowScore(id []byte) Row { return row("score", 4, collections.BytesKey, id) }

// RowSrs is the pinned SRS key.
func RowSrs() Row { return Row{Store: "score", Key: []byte{1}} }

// RowTemplate is a contract template.
func RowTemplate(hash []byte) Row { return row("loan", 1, collections.BytesKey, hash) }

// RowProduct is a product.
func RowProduct(id uint64) Row { return row("loan", 5, collections.Uint64Key, id) }

// RowApplication is an application with its decision.
func RowApplication(id uint64) Row { return row("loan", 7, collections.Uint64Key, id) }

// RowOffer is an offer.
func RowOffer(id uint64) Row { return row("loan", 12, collections.Uint64Key, id) }

// RowLoan is a loan.
func RowLoan(id uint64) Row { return row("loan", 15, collections.Uint64Key, id) }

// RowInstalment is one row of a schedule.
func RowInstalment(loan uint64, tranche, number uint32) Row {
	return row("loan", 18, collections.TripleKeyCodec(collections.Uint64Key, collections.Uint32Key, collections.Uint32Key),
		collections.Join3(loan, tranche, number))
}

// RowJournalEntry is an entry of a loan's journal.
func RowJournalEntry(loan, number uint64) Row {
	return row("loan", 20, collections.PairKeyCodec(collections.Uint64Key, collections.Uint64Key), collections.Join(loan, number))
}

// RowAudit is an auditor's signature over a subject.
func RowAudit(kind uint32, hash []byte, auditor uint64) Row {
	return row("safety", 2, collections.TripleKeyCodec(collections.Uint32Key, collections.BytesKey, collections.Uint64Key),
		collections.Join3(kind, hash, auditor))
}
