package portal

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/xinlian/xinlian/gateway/line"
	"github.com/xinlian/xinlian/gateway/registry"
	"github.com/xinlian/xinlian/gateway/store"
	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
)

// state is where an enterprise stands: what its pages are made of.
type state struct {
	Org          orgv1.Organisation
	Device       orgv1.Device
	Firm         registry.Firm // empty where this gateway did not register it
	Streams      []profilev1.Stream
	Consents     []profilev1.Consent
	Files        []store.File // newest first
	Scores       []scorev1.Score
	Applications []loanv1.Application // newest first
	Offers       []loanv1.Offer       // open ones
	Loans        []loanv1.Loan        // newest first
	Next         []loanv1.Instalment  // the next one of each running loan
	BalanceFen   int64
	Grade        attestationv1.Grade
	Height       int64
	Now          int64 // block time
}

var all = &query.PageRequest{Limit: pageLimit}

// owned reads the state of the session's enterprise.
func (p *Portal) owned(ctx context.Context, s store.Session) (state, error) {
	var st state
	head, err := p.Client.Head(ctx)
	if err != nil {
		return st, err
	}
	st.Height, st.Now = head.Height, head.Time.Unix()
	if st.Org, err = p.org(ctx, s.OrgID); err != nil {
		return st, err
	}
	d, err := p.Client.Org.Device(ctx, &orgv1.QueryDeviceRequest{Address: s.Device})
	if err != nil {
		return st, err
	}
	st.Device = d.Device
	if err := p.Store.Load(ctx, registry.KindFirm, num(s.OrgID), &st.Firm); err != nil && !errors.Is(err, store.ErrNotFound) {
		return st, err
	}
	if st.Files, err = p.Store.FilesOf(ctx, s.OrgID); err != nil {
		return st, err
	}
	return st, errors.Join(p.readProfile(ctx, &st), p.readCredit(ctx, &st))
}

func (p *Portal) readProfile(ctx context.Context, st *state) error {
	id := st.Org.Id
	streams, err := p.Client.Profile.Streams(ctx, &profilev1.QueryStreamsRequest{EnterpriseId: id, Pagination: all})
	if err != nil {
		return err
	}
	st.Streams = streams.Streams
	consents, err := p.Client.Profile.Consents(ctx, &profilev1.QueryConsentsRequest{EnterpriseId: id, Pagination: all})
	if err != nil {
		return err
	}
	st.Consents = consents.Consents
	scores, err := p.Client.Score.Scores(ctx, &scorev1.QueryScoresRequest{EnterpriseId: id, Pagination: all})
	if err != nil {
		return err
	}
	st.Scores = scores.Scores
	quality, err := p.Client.Attestation.Quality(ctx, &attestationv1.QueryQualityRequest{EnterpriseId: id})
	if err != nil {
		return err
	}
	st.Grade = quality.Grade
	return nil
}

func (p *Portal) readCredit(ctx context.Context, st *state) error {
	id := st.Org.Id
	apps, err := p.Client.Loan.Applications(ctx, &loanv1.QueryApplicationsRequest{EnterpriseId: id, Pagination: all})
	if err != nil {
		return err
	}
	st.Applications = apps.Applications
	slices.SortFunc(st.Applications, func(a, b loanv1.Application) int { return int(b.Id) - int(a.Id) })
	for _, a := range st.Applications {
		if a.OfferId == 0 {
			continue
		}
		o, err := p.Client.Loan.Offer(ctx, &loanv1.QueryOfferRequest{Id: a.OfferId})
		if err != nil {
			return err
		}
		if o.Offer.Status == loanv1.OfferStatus_OFFER_STATUS_OPEN && o.Offer.ExpiresAt > st.Now {
			st.Offers = append(st.Offers, o.Offer)
		}
	}
	loans, err := p.Client.Loan.Loans(ctx, &loanv1.QueryLoansRequest{EnterpriseId: id, Pagination: all})
	if err != nil {
		return err
	}
	st.Loans = loans.Loans
	slices.SortFunc(st.Loans, func(a, b loanv1.Loan) int { return int(b.Id) - int(a.Id) })
	for _, l := range st.Loans {
		next, found, err := p.nextInstalment(ctx, l)
		if err != nil {
			return err
		}
		if found {
			st.Next = append(st.Next, next)
		}
	}
	balance, err := p.Client.Cash.Balance(ctx, &cashv1.QueryBalanceRequest{OrgId: id})
	if err != nil {
		return err
	}
	st.BalanceFen = balance.AmountFen
	return nil
}

func running(l loanv1.Loan) bool {
	return l.Status == loanv1.LoanStatus_LOAN_STATUS_CURRENT || l.Status == loanv1.LoanStatus_LOAN_STATUS_DELINQUENT
}

// nextInstalment is the first one not paid.
func (p *Portal) nextInstalment(ctx context.Context, l loanv1.Loan) (loanv1.Instalment, bool, error) {
	if !running(l) {
		return loanv1.Instalment{}, false, nil
	}
	rows, err := p.instalments(ctx, l.Id)
	if err != nil {
		return loanv1.Instalment{}, false, err
	}
	var next loanv1.Instalment
	for _, i := range rows {
		open := i.Status == loanv1.InstalmentStatus_INSTALMENT_STATUS_DUE || i.Status == loanv1.InstalmentStatus_INSTALMENT_STATUS_LATE
		if open && (next.DueAt == 0 || i.DueAt < next.DueAt) {
			next = i
		}
	}
	return next, next.DueAt != 0, nil
}

func (p *Portal) instalments(ctx context.Context, loan uint64) ([]loanv1.Instalment, error) {
	r, err := p.Client.Loan.Schedule(ctx, &loanv1.QueryScheduleRequest{LoanId: loan, Pagination: &query.PageRequest{Limit: 4 * periodsMax}})
	if err != nil {
		return nil, fmt.Errorf("reading the schedule of loan %d: %w", loan, err)
	}
	return r.Instalments, nil
}

// dueFen is what is still to be paid of an instalment.
func dueFen(i loanv1.Instalment) int64 {
	return i.PrincipalFen + i.InterestFen + i.FeeFen - i.PaidPrincipalFen - i.PaidInterestFen - i.PaidFeeFen
}

// OutstandingFen is what the enterprise owes of principal.
func (st state) OutstandingFen() (fen int64) {
	for _, l := range st.Loans {
		if running(l) {
			fen += outstanding(l)
		}
	}
	return fen
}

func outstanding(l loanv1.Loan) (fen int64) {
	for _, t := range l.Tranches {
		fen += t.OutstandingFen
	}
	return fen
}

// LimitFen is the limit of the newest decision that gave one.
func (st state) LimitFen() int64 {
	for _, a := range st.Applications {
		if a.Decision.LimitFen > 0 {
			return a.Decision.LimitFen
		}
	}
	return 0
}

// Pending lists the requests that wait for the owner.
func (st state) Pending() (list []profilev1.Consent) {
	for _, c := range st.Consents {
		if c.State == profilev1.ConsentState_CONSENT_STATE_PENDING && c.Terms.ExpiresAt > st.Now {
			list = append(list, c)
		}
	}
	return list
}

// Open is the newest file that is under way.
func (st state) Open() (store.File, bool) {
	for _, f := range st.Files {
		if f.Stage != line.Done && f.Stage != line.Failed {
			return f, true
		}
	}
	return store.File{}, false
}

// Score is the newest live score for a lender.
func (st state) Score(lender uint64) (scorev1.Score, bool) {
	for i := len(st.Scores) - 1; i >= 0; i-- {
		s := st.Scores[i]
		if (s.LenderOrgId == lender || s.LenderOrgId == 0) && s.ExpiryHeight >= st.Height {
			return s, true
		}
	}
	return scorev1.Score{}, false
}

// scoreFor is the same from the chain alone.
func (p *Portal) scoreFor(ctx context.Context, enterprise, lender uint64) (scorev1.Score, bool, error) {
	head, err := p.Client.Head(ctx)
	if err != nil {
		return scorev1.Score{}, false, err
	}
	r, err := p.Client.Score.Scores(ctx, &scorev1.QueryScoresRequest{EnterpriseId: enterprise, Pagination: all})
	if err != nil {
		return scorev1.Score{}, false, err
	}
	s, found := state{Scores: r.Scores, Height: head.Height}.Score(lender)
	return s, found, nil
}

// The steps of the line that an owner sees.
const (
	stepSubmit = iota
	stepConsent
	stepDecide
	stepSign
	stepMoney
	stepsDone
)

// Step is where the owner stands on the line of five: every earlier one is done.
func (st state) Step() int {
	switch {
	case len(st.Loans) > 0:
		return stepsDone
	case len(st.Offers) > 0:
		return stepSign
	case len(st.Scores) > 0:
		return stepDecide
	case len(st.Streams) == 0:
		return stepSubmit
	}
	if f, ok := st.Open(); ok && f.Stage != line.Asking && f.Stage != line.Granting {
		return stepDecide
	}
	return stepConsent
}

// Todo is what the owner should do next, as the suffix of its text.
func (st state) Todo() string {
	switch {
	case st.Device.Status == orgv1.DeviceStatus_DEVICE_STATUS_PENDING:
		return "activate"
	case st.Org.Status == orgv1.OrgStatus_ORG_STATUS_PENDING:
		return "wait"
	case st.Org.CustodianOrgId == 0:
		return "custodian"
	case len(st.Offers) > 0:
		return "offer"
	case len(st.Pending()) > 0:
		return "consent"
	case len(st.Streams) == 0:
		return "data"
	}
	if _, ok := st.Open(); ok {
		return "progress"
	}
	switch {
	case len(st.Scores) == 0:
		return "ask"
	case len(st.Loans) == 0:
		return "apply"
	}
	return ""
}
