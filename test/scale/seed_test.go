package scale_test

import (
	"encoding/binary"
	"time"

	"github.com/cosmos/gogoproto/proto"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/internal/artefact"
	"github.com/xinlian/xinlian/internal/testkit"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/x/loan"
)

// seedChunk is how many loans are written between two commits, which bounds the
// memory that seeding takes.
const seedChunk = 20_000

// The prefixes of x/loan that seeding writes; see the table in its README.
const (
	rowParams, rowPools                                               = 0, 3
	rowApplicationID, rowApplications, rowApplicationsOf, rowReceived = 6, 7, 8, 9
	rowOfferID, rowOffers                                             = 11, 12
	rowLoanID, rowLoans, rowLoansOf, rowLent                          = 14, 15, 16, 17
	rowInstalments, rowDue, rowEntries, rowExposures                  = 18, 19, 20, 21
	rowCommitted                                                      = 40
)

// key is a row's key: the prefix, then numbers big-endian, as collections encodes them.
func key(prefix byte, parts ...any) []byte {
	b := []byte{prefix}
	for _, p := range parts {
		switch p := p.(type) {
		case uint64:
			b = binary.BigEndian.AppendUint64(b, p)
		case uint32:
			b = binary.BigEndian.AppendUint32(b, p)
		case int64:
			b = append(b, signed(p)...)
		default:
			panic("a part of a key that is no number")
		}
	}
	return b
}

// signed is a number that may be negative, with its sign turned so that it sorts:
// collections encodes it so in keys and in values.
func signed(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)^(1<<63)) }

// seed writes the book straight into the store of x/loan: copies of one loan that
// the chain itself has made by an application and an acceptance, each with its own
// borrower, numbers, contract hash, journal and places in the queue. Its pool, what
// that committed to each borrower and the borrowers' exposures add up; the tests
// ask every invariant of a small book.
// The principal is not paid to the borrowers again: the pool keeps it as money
// above its books, which its invariant allows.
func (b *book) seed() {
	b.tb.Helper()
	began, before := time.Now(), diskBytes(b.tb, b.dir)
	s := b.sampleLoan()
	b.firstLoan = s.loan.Id + 1
	ids := [3]uint64{s.application.Id, s.offer.Id, s.loan.Id}
	for done := uint64(0); done < b.loans; {
		n := min(seedChunk, b.loans-done)
		b.write(func(kv storetypes.KVStore) {
			for i := range n {
				s.copyTo(b, kv, b.firms[(done+i)/loansPerFirm], done+i+1)
			}
			done += n
			for i, prefix := range []byte{rowApplicationID, rowOfferID, rowLoanID} {
				kv.Set([]byte{prefix}, binary.BigEndian.AppendUint64(nil, ids[i]+done))
			}
			s.pool.LentFen += int64(n) * principalFen
			b.put(kv, key(rowPools, s.pool.Id), &s.pool)
		})
	}
	b.Block(time.Second)
	b.seeded, b.seededBytes = time.Since(began), diskBytes(b.tb, b.dir)-before
}

// write changes the committed state of x/loan outside a block and commits it.
func (b *book) write(change func(storetypes.KVStore)) {
	change(b.store())
	b.App.CommitMultiStore().Commit()
}

// store is the committed state of x/loan.
func (b *book) store() storetypes.KVStore {
	named := b.App.CommitMultiStore().(interface {
		StoreKeysByName() map[string]storetypes.StoreKey
	})
	return b.App.CommitMultiStore().GetKVStore(named.StoreKeysByName()[loan.StoreKey])
}

// setParams changes the parameters of x/loan as a vote of the council would.
func (b *book) setParams(change func(*loanv1.Params)) {
	b.write(func(kv storetypes.KVStore) {
		var p loanv1.Params
		b.row(kv, key(rowParams), &p)
		change(&p)
		b.put(kv, key(rowParams), &p)
	})
	b.Block(time.Second)
}

func (b *book) row(kv storetypes.KVStore, k []byte, into proto.Message) {
	b.tb.Helper()
	raw := kv.Get(k)
	if raw == nil {
		b.tb.Fatalf("no row %x", k)
	}
	if err := b.Codec.Proto.Unmarshal(raw, into); err != nil {
		b.tb.Fatal(err)
	}
}

func (b *book) put(kv storetypes.KVStore, k []byte, row proto.Message) {
	raw, err := b.Codec.Proto.Marshal(row)
	if err != nil {
		b.tb.Fatal(err)
	}
	kv.Set(k, raw)
}

// sample is one real loan with its rows.
type sample struct {
	application loanv1.Application
	offer       loanv1.Offer
	loan        loanv1.Loan
	pool        loanv1.Pool
	instalments []loanv1.Instalment
	entries     []loanv1.JournalEntry
}

// sampleLoan has a scored firm borrow and reads what that has written.
func (b *book) sampleLoan() sample {
	b.tb.Helper()
	var applied loanv1.MsgApplyResponse
	var accepted loanv1.MsgAcceptResponse
	e := b.scored[0]
	b.Do(e.Owner, b.application(e, b.products[0])).Response(b.tb, &applied)
	b.Do(e.Owner, b.Acceptance(e.Enterprise, b.offer(applied.OfferId))).Response(b.tb, &accepted)
	var s sample
	kv := b.store()
	b.row(kv, key(rowLoans, accepted.LoanId), &s.loan)
	b.row(kv, key(rowApplications, s.loan.ApplicationId), &s.application)
	b.row(kv, key(rowOffers, s.loan.OfferId), &s.offer)
	b.row(kv, key(rowPools, s.loan.PoolId), &s.pool)
	for n := range uint32(periods) {
		var i loanv1.Instalment
		b.row(kv, key(rowInstalments, s.loan.Id, uint32(1), n+1), &i)
		s.instalments = append(s.instalments, i)
	}
	for n := range s.loan.JournalEntries {
		var e loanv1.JournalEntry
		b.row(kv, key(rowEntries, s.loan.Id, n+1), &e)
		s.entries = append(s.entries, e)
	}
	return s
}

// copyTo writes the n-th copy, owed by f.
func (s sample) copyTo(b *book, kv storetypes.KVStore, f firm, n uint64) {
	a, o, l := s.application, s.offer, s.loan
	a.Id, o.Id, l.Id = a.Id+n, o.Id+n, l.Id+n
	a.OfferId, o.ApplicationId, l.ApplicationId, l.OfferId = o.Id, a.Id, a.Id, o.Id
	a.EnterpriseId, o.EnterpriseId, l.EnterpriseId = f.id, f.id, f.id
	a.Device, l.Device = wire.Address(f.owner), wire.Address(f.owner)
	hash, err := artefact.ContractHash(testkit.ChainID, o)
	if err != nil {
		b.tb.Fatal(err)
	}
	o.ContractHash, l.ContractHash = hash[:], hash[:]
	l.JournalHead = make([]byte, 32)
	for _, e := range s.entries {
		e.LoanId, e.Previous = l.Id, l.JournalHead
		h, err := artefact.JournalEntryHash(e)
		if err != nil {
			b.tb.Fatal(err)
		}
		e.Hash, l.JournalHead = h[:], h[:]
		b.put(kv, key(rowEntries, l.Id, e.Number), &e)
	}
	for _, i := range s.instalments {
		i.LoanId = l.Id
		b.put(kv, key(rowInstalments, l.Id, i.Tranche, i.Number), &i)
		kv.Set(key(rowDue, i.NextAt, l.Id, i.Tranche, i.Number), []byte{})
	}
	b.put(kv, key(rowApplications, a.Id), &a)
	kv.Set(key(rowApplicationsOf, f.id, a.Id), []byte{})
	kv.Set(key(rowReceived, a.LenderOrgId, a.Id), []byte{})
	b.put(kv, key(rowOffers, o.Id), &o)
	b.put(kv, key(rowLoans, l.Id), &l)
	kv.Set(key(rowLoansOf, f.id, l.Id), []byte{})
	kv.Set(key(rowLent, l.LenderOrgId, l.Id), []byte{})
	owed := int64((n-1)%loansPerFirm+1) * principalFen
	b.put(kv, key(rowExposures, f.id), &loanv1.Exposure{EnterpriseId: f.id, OutstandingFen: owed})
	kv.Set(key(rowCommitted, l.PoolId, f.id), signed(owed))
}
