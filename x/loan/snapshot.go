package loan

import (
	"bytes"
	"cmp"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/internal/artefact"
)

// snapshot is the whole state of the module for rules that read many rows. The
// same rules check a genesis file and a live store.
type snapshot struct{ *loanv1.GenesisState }

func (s snapshot) check() error {
	for _, rule := range rules {
		if err := rule.check(s); err != nil {
			return broken(rule.name, err)
		}
	}
	return nil
}

// live tells whether an instalment still owes something.
func live(status loanv1.InstalmentStatus) bool {
	return status == loanv1.InstalmentStatus_INSTALMENT_STATUS_DUE || status == loanv1.InstalmentStatus_INSTALMENT_STATUS_LATE
}

func compareInstalments(a, b loanv1.Instalment) int {
	return cmp.Or(cmp.Compare(a.LoanId, b.LoanId), cmp.Compare(a.Tranche, b.Tranche), cmp.Compare(a.Number, b.Number))
}

// references demands that every row names rows that exist.
func (s snapshot) references() error {
	templates := map[string]bool{}
	for _, t := range s.Templates {
		templates[string(t.Hash)] = true
	}
	within := func(id uint64, rows int) bool { return id >= 1 && id <= uint64(rows) }
	for _, p := range s.Products {
		if !templates[string(p.Terms.TemplateHash)] || !within(p.Terms.PoolId, len(s.Pools)) {
			return ErrGenesis.Wrapf("product %d names a template or pool that is absent", p.Id)
		}
	}
	for _, a := range s.Applications {
		if !within(a.ProductId, len(s.Products)) || a.OfferId > uint64(len(s.Offers)) {
			return ErrGenesis.Wrapf("application %d names a product or offer that is absent", a.Id)
		}
	}
	for _, o := range s.Offers {
		if !within(o.ApplicationId, len(s.Applications)) || !within(o.ProductId, len(s.Products)) {
			return ErrGenesis.Wrapf("offer %d names an application or product that is absent", o.Id)
		}
	}
	for _, l := range s.Loans {
		if !within(l.OfferId, len(s.Offers)) || !within(l.PoolId, len(s.Pools)) || !templates[string(l.TemplateHash)] {
			return ErrGenesis.Wrapf("loan %d names an offer, pool or template that is absent", l.Id)
		}
	}
	for _, i := range s.Instalments {
		if !within(i.LoanId, len(s.Loans)) || !within(uint64(i.Tranche), len(s.Loans[i.LoanId-1].Tranches)) {
			return ErrGenesis.Wrapf("instalment %d/%d/%d names a loan or tranche that is absent", i.LoanId, i.Tranche, i.Number)
		}
	}
	for _, e := range s.Entries {
		if !within(e.LoanId, len(s.Loans)) {
			return ErrGenesis.Wrapf("journal entry of loan %d, which is absent", e.LoanId)
		}
	}
	return nil
}

// money is what one party's loans and offers add up to.
type money struct{ outstanding, reserved, lost int64 }

// sums adds up open offers and loans by a key of theirs.
func (s snapshot) sums(ofOffer func(loanv1.Offer) uint64, ofLoan func(loanv1.Loan) uint64) map[uint64]money {
	sums := map[uint64]money{}
	for _, o := range s.Offers {
		if o.Status == loanv1.OfferStatus_OFFER_STATUS_OPEN {
			m := sums[ofOffer(o)]
			m.reserved += o.PrincipalFen
			sums[ofOffer(o)] = m
		}
	}
	for _, l := range s.Loans {
		m := sums[ofLoan(l)]
		if l.Status == loanv1.LoanStatus_LOAN_STATUS_WRITTEN_OFF {
			m.lost += outstanding(l)
		} else {
			m.outstanding += outstanding(l)
		}
		for _, t := range l.Tranches {
			if t.Status == loanv1.TrancheStatus_TRANCHE_STATUS_PLANNED {
				m.reserved += t.PrincipalFen
			}
		}
		sums[ofLoan(l)] = m
	}
	return sums
}

// poolTotals: lent, reserved and lost of each pool are the sums over its loans and offers.
func (s snapshot) poolTotals() error {
	sums := s.sums(
		func(o loanv1.Offer) uint64 { return s.Products[o.ProductId-1].Terms.PoolId },
		func(l loanv1.Loan) uint64 { return l.PoolId },
	)
	for _, p := range s.Pools {
		if got, want := (money{p.LentFen, p.ReservedFen, p.LostFen}), sums[p.Id]; got != want {
			return ErrInvariant.Wrapf("pool %d has %+v, its loans and offers have %+v", p.Id, got, want)
		}
	}
	return nil
}

// poolBuckets: what each pool says is late is the sum over its loans, by how many
// of their instalments are late.
func (s snapshot) poolBuckets() error {
	late := map[uint64][]int64{}
	counts := map[uint64]uint32{}
	for _, i := range s.Instalments {
		if i.Status == loanv1.InstalmentStatus_INSTALMENT_STATUS_LATE {
			counts[i.LoanId]++
		}
	}
	for _, l := range s.Loans {
		if l.LateNow != counts[l.Id] {
			return ErrInvariant.Wrapf("loan %d says that %d instalments are late, %d are", l.Id, l.LateNow, counts[l.Id])
		}
		if b := lateBucket(l); b > 0 {
			if late[l.PoolId] == nil {
				late[l.PoolId] = make([]int64, lateBuckets)
			}
			late[l.PoolId][b-1] += outstanding(l)
		}
	}
	for _, p := range s.Pools {
		for i := range lateBuckets {
			var got, want int64
			if i < len(p.LateFen) {
				got = p.LateFen[i]
			}
			if late[p.Id] != nil {
				want = late[p.Id][i]
			}
			if got != want || len(p.LateFen) > lateBuckets {
				return ErrInvariant.Wrapf("pool %d has %d fen with %d late, its loans have %d", p.Id, got, i+1, want)
			}
		}
	}
	return nil
}

// exposureTotals: what each enterprise owes, was promised and left unpaid are the sums over its loans and offers.
func (s snapshot) exposureTotals() error {
	sums := s.sums(
		func(o loanv1.Offer) uint64 { return o.EnterpriseId },
		func(l loanv1.Loan) uint64 { return l.EnterpriseId },
	)
	for _, e := range s.Exposures {
		if got, want := (money{e.OutstandingFen, e.ReservedFen, e.WrittenOffFen}), sums[e.EnterpriseId]; got != want {
			return ErrInvariant.Wrapf("exposure of %d has %+v, its loans and offers have %+v", e.EnterpriseId, got, want)
		}
		delete(sums, e.EnterpriseId)
	}
	if len(sums) > 0 {
		return ErrInvariant.Wrapf("%d enterprises have loans or offers and no exposure", len(sums))
	}
	return nil
}

// trancheSchedule: the unpaid principal of each tranche's instalments is its
// outstanding principal; repaid and outstanding principal make the whole; paid
// instalments are the first ones, those that fell away the last ones.
func (s snapshot) trancheSchedule() error {
	next := 0
	for _, l := range s.Loans {
		var planned int64
		for i, t := range l.Tranches {
			planned += t.PrincipalFen
			var rows []loanv1.Instalment
			for next < len(s.Instalments) && s.Instalments[next].LoanId == l.Id && s.Instalments[next].Tranche == t.Number {
				rows = append(rows, s.Instalments[next])
				next++
			}
			if t.Number != uint32(i+1) {
				return ErrInvariant.Wrapf("loan %d: tranche %d has number %d", l.Id, i+1, t.Number)
			}
			if err := checkTranche(t, rows); err != nil {
				return ErrInvariant.Wrapf("loan %d, tranche %d: %s", l.Id, t.Number, err)
			}
		}
		if planned != l.PrincipalFen {
			return ErrInvariant.Wrapf("loan %d: tranches of %d fen, principal of %d", l.Id, planned, l.PrincipalFen)
		}
	}
	if next != len(s.Instalments) {
		return ErrInvariant.Wrapf("%d instalments belong to no tranche", len(s.Instalments)-next)
	}
	return nil
}

func checkTranche(t loanv1.Tranche, rows []loanv1.Instalment) error {
	var left, repaid int64
	for n, i := range rows {
		want := live(i.Status)
		switch {
		case i.Number != uint32(n+1):
			return ErrInvariant.Wrapf("row %d has number %d", n+1, i.Number)
		case i.Number <= t.InstalmentsPaid:
			want = i.Status == loanv1.InstalmentStatus_INSTALMENT_STATUS_PAID
		case i.Number > t.InstalmentsLive:
			want = i.Status == loanv1.InstalmentStatus_INSTALMENT_STATUS_CANCELLED
		}
		if !want {
			return ErrInvariant.Wrapf("instalment %d is %s, with %d paid and %d live", i.Number, i.Status, t.InstalmentsPaid, t.InstalmentsLive)
		}
		owed := unpaid(i)
		if i.Status == loanv1.InstalmentStatus_INSTALMENT_STATUS_CANCELLED && i.PrincipalFen+i.InterestFen+i.FeeFen != 0 {
			return ErrInvariant.Wrapf("instalment %d fell away and is due", i.Number)
		}
		if min(owed.PrincipalFen, owed.InterestFen, owed.FeeFen, i.PaidPrincipalFen, i.PaidInterestFen, i.PaidFeeFen) < 0 {
			return ErrInvariant.Wrapf("instalment %d is paid beyond what is due", i.Number)
		}
		if i.Status == loanv1.InstalmentStatus_INSTALMENT_STATUS_PAID && owed.Total() != 0 {
			return ErrInvariant.Wrapf("instalment %d is paid and owes %d fen", i.Number, owed.Total())
		}
		left += owed.PrincipalFen
		repaid += i.PaidPrincipalFen
	}
	if left != t.OutstandingFen {
		return ErrInvariant.Wrapf("instalments owe %d fen of principal, outstanding %d", left, t.OutstandingFen)
	}
	if len(rows) > 0 && t.PrincipalFen != left+repaid+t.PrepaidFen {
		return ErrInvariant.Wrapf("principal %d fen is not %d owed, %d repaid and %d prepaid", t.PrincipalFen, left, repaid, t.PrepaidFen)
	}
	return nil
}

// loanStatus: a running loan has a late instalment if and only if it is
// delinquent, and a tranche to repay; a closed one has none.
func (s snapshot) loanStatus() error {
	late := map[uint64]bool{}
	for _, i := range s.Instalments {
		if i.Status == loanv1.InstalmentStatus_INSTALMENT_STATUS_LATE {
			late[i.LoanId] = true
		}
	}
	for _, l := range s.Loans {
		ok := disbursed(l)
		switch l.Status {
		case loanv1.LoanStatus_LOAN_STATUS_CURRENT:
			ok = ok && !late[l.Id]
		case loanv1.LoanStatus_LOAN_STATUS_DELINQUENT:
			ok = ok && late[l.Id]
		case loanv1.LoanStatus_LOAN_STATUS_CLOSED:
			ok = !ok && planned(l) < 0 && outstanding(l) == 0 && !late[l.Id]
		case loanv1.LoanStatus_LOAN_STATUS_WRITTEN_OFF:
			ok = ok && planned(l) < 0
		default:
			ok = false
		}
		if !ok {
			return ErrInvariant.Wrapf("loan %d is %s, late instalment: %t", l.Id, l.Status, late[l.Id])
		}
	}
	return nil
}

// reviewRows: what the chain referred waits for a person until one decides or a
// newer application overtakes it; an appeal keeps what it is against; at most one
// application of an enterprise to a product may still become a loan.
func (s snapshot) reviewRows() error {
	for _, a := range s.Applications {
		if err := checkReviews(a); err != nil {
			return ErrInvariant.Wrapf("application %d: %s", a.Id, err)
		}
	}
	open := map[[2]uint64]uint64{}
	for _, a := range openApplications(s.GenesisState) {
		pair := [2]uint64{a.EnterpriseId, a.ProductId}
		if other := open[pair]; other != 0 {
			return ErrInvariant.Wrapf("applications %d and %d are both open", other, a.Id)
		}
		open[pair] = a.Id
	}
	return nil
}

func checkReviews(a loanv1.Application) error {
	if len(a.Reviews) > reviewsMax {
		return ErrInvariant.Wrapf("%d reviews, at most %d", len(a.Reviews), reviewsMax)
	}
	for i, r := range a.Reviews {
		switch {
		case r.DueAt < r.OpenedAt || (r.DecidedAt != 0 && r.DecidedAt < r.OpenedAt):
			return ErrInvariant.Wrapf("review %d ends before it began", i+1)
		case r.DecidedAt == 0 && i < len(a.Reviews)-1 && !r.Overdue:
			return ErrInvariant.Wrapf("review %d was passed over", i+1)
		case i > 0 && r.Appeal == nil:
			return ErrInvariant.Wrapf("review %d is of no appeal", i+1)
		case r.Appeal != nil && r.Appeal.Decision.Outcome != loanv1.Outcome_OUTCOME_DECLINED && r.Appeal.Decision.Outcome != loanv1.Outcome_OUTCOME_REFERRED:
			return ErrInvariant.Wrapf("an appeal against %s", r.Appeal.Decision.Outcome)
		}
	}
	waits := openReview(&a) != nil
	switch {
	case waits && a.OfferId != 0:
		return ErrInvariant.Wrap("waits for a person and has an offer")
	case !waits && !a.Overtaken && a.Decision.Outcome == loanv1.Outcome_OUTCOME_REFERRED:
		return ErrInvariant.Wrap("was referred to nobody")
	case a.Decision.Officer != "" && len(a.Reviews) == 0:
		return ErrInvariant.Wrap("an officer decided what waited for nobody")
	}
	return nil
}

// journalChain: each loan's entries are numbered from 1, each carries its hash
// and the hash before, and the loan's row holds the last one.
func (s snapshot) journalChain() error {
	next := 0
	for _, l := range s.Loans {
		head, number := make([]byte, hashBytes), uint64(0)
		for ; next < len(s.Entries) && s.Entries[next].LoanId == l.Id; next++ {
			e := s.Entries[next]
			number++
			h, err := artefact.JournalEntryHash(e)
			if err != nil {
				return ErrInvariant.Wrapf("loan %d, entry %d: %s", l.Id, e.Number, err)
			}
			if e.Number != number || !bytes.Equal(e.Previous, head) || !bytes.Equal(e.Hash, h[:]) {
				return ErrInvariant.Wrapf("loan %d: entry %d does not chain", l.Id, e.Number)
			}
			head = e.Hash
		}
		if l.JournalEntries != number || !bytes.Equal(l.JournalHead, head) {
			return ErrInvariant.Wrapf("loan %d: the journal ends at %d, the row says %d", l.Id, number, l.JournalEntries)
		}
	}
	if next != len(s.Entries) {
		return ErrInvariant.Wrapf("%d journal entries belong to no loan", len(s.Entries)-next)
	}
	return nil
}

// journalSums: by its journal alone, each loan has the principal outstanding
// that its row has, and each pool earned what its row says.
func (s snapshot) journalSums() error {
	left, earned := map[uint64]int64{}, map[uint64]int64{}
	for _, e := range s.Entries {
		switch e.Kind {
		case loanv1.EntryKind_ENTRY_KIND_DISBURSED:
			left[e.LoanId] += e.PrincipalFen
		case loanv1.EntryKind_ENTRY_KIND_COLLECTED, loanv1.EntryKind_ENTRY_KIND_REPAID:
			left[e.LoanId] -= e.PrincipalFen
			earned[s.Loans[e.LoanId-1].PoolId] += e.InterestFen + e.FeeFen
		}
	}
	for _, l := range s.Loans {
		if left[l.Id] != outstanding(l) {
			return ErrInvariant.Wrapf("loan %d: the journal leaves %d fen, the row %d", l.Id, left[l.Id], outstanding(l))
		}
	}
	for _, p := range s.Pools {
		if earned[p.Id] != p.EarnedFen {
			return ErrInvariant.Wrapf("pool %d: journals earned %d fen, the row %d", p.Id, earned[p.Id], p.EarnedFen)
		}
	}
	return nil
}
