package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	cmttypes "github.com/cometbft/cometbft/types"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	bundlev1 "github.com/xinlian/xinlian/gen/xinlian/bundle/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// ErrContent says that rows which are each proven do not fit together.
var ErrContent = errors.New("bundle: the rows contradict each other")

// verification holds what one run has read and proven so far.
type verification struct {
	manifest *bundlev1.Manifest
	sections []Section
	blocks   []*cmttypes.LightBlock
	rows     state

	loan         loanv1.Loan
	offer        loanv1.Offer
	application  loanv1.Application
	product      loanv1.Product
	template     loanv1.Template
	consent      profilev1.Consent
	score        scorev1.Score
	model        scorev1.Model
	attestations []attestationv1.Attestation
	batches      map[string]profilev1.Batch
	borrower     orgv1.Organisation
	lender       orgv1.Organisation
	moments      []moment // of every journal entry
}

// Verify checks a whole bundle. root may be nil: then the best verdict is
// Unanchored. now is the reader's clock; only the age of the trust root is
// compared with it.
func Verify(file []byte, root *TrustRoot, now time.Time) Report {
	r := Report{Verdict: Refused}
	v := &verification{batches: map[string]profilev1.Batch{}}
	steps := []struct {
		name  string
		check func() (string, error)
	}{
		{"file", func() (string, error) { return v.open(file) }},
		{"headers", v.readHeaders},
		{"trust root", func() (string, error) { return v.anchor(root, now) }},
		{"state rows", v.proveRows},
		{"parties", v.checkParties},
		{"loan", v.checkLoan},
		{"contract", v.checkContract},
		{"audits", v.checkAudits},
		{"journal", v.checkJournal},
		{"schedule", v.checkSchedule},
		{"consent", v.checkConsent},
		{"blocks", v.checkBlocks},
		{"batches", v.checkBatches},
		{"attestations", v.checkAttestations},
		{"score", v.checkScore},
		{"features", v.checkFeatures},
		{"decision", v.checkDecision},
		{"records", v.checkRecords},
	}
	for _, s := range steps {
		ok := r.Step(s.name, s.check)
		if v.manifest != nil {
			r.ChainID, r.LoanID, r.Height = v.manifest.ChainId, v.manifest.LoanId, v.manifest.StateHeight
		}
		if len(v.blocks) > 0 {
			last := v.blocks[len(v.blocks)-1]
			r.Root = TrustRoot{Height: last.Height, Hash: last.Hash()}.String()
		}
		if !ok {
			return r
		}
	}
	r.Verdict = Valid
	if root == nil {
		r.Verdict = Unanchored
	}
	return r
}

func (v *verification) open(file []byte) (string, error) {
	m, sections, err := read(file)
	if err != nil {
		return "", err
	}
	v.manifest, v.sections = m, sections
	return fmt.Sprintf("%d sections, every hash as the manifest says", len(sections)), nil
}

func (v *verification) readHeaders() (string, error) {
	body, ok := find(v.sections, sectionHeaders)
	if !ok {
		return "", fmt.Errorf("%w: section headers is missing", ErrContainer)
	}
	var err error
	if v.blocks, err = headers(body, v.manifest.ChainId); err != nil {
		return "", err
	}
	if err := checkCommits(v.blocks, v.manifest.ChainId); err != nil {
		return "", err
	}
	last := v.blocks[len(v.blocks)-1]
	if last.Height != v.manifest.StateHeight+1 {
		return "", fmt.Errorf("%w: the last header is of height %d, the state of height %d", ErrAnchor, last.Height, v.manifest.StateHeight)
	}
	return fmt.Sprintf("%d headers, the last of height %d, each signed by more than two thirds of its validators", len(v.blocks), last.Height), nil
}

func (v *verification) anchor(root *TrustRoot, now time.Time) (string, error) {
	if root == nil {
		return "none given: the verdict can only be UNANCHORED", nil
	}
	if err := walk(v.blocks, *root, now); err != nil {
		return "", err
	}
	return fmt.Sprintf("the headers hang on %s", root), nil
}

func (v *verification) proveRows() (string, error) {
	body, ok := find(v.sections, sectionRows)
	if !ok {
		return "", fmt.Errorf("%w: section rows is missing", ErrContainer)
	}
	var err error
	if v.rows, err = prove(body, v.blocks[len(v.blocks)-1].AppHash); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d rows are in the state at height %d", len(v.rows), v.manifest.StateHeight), nil
}

// row loads a proven row.
func (v *verification) row(r wire.Row, what string, into message) error {
	return v.rows.load(r.Store, r.Key, what, into)
}

func (v *verification) checkParties() (string, error) {
	if err := v.row(wire.RowLoan(v.manifest.LoanId), "the loan", &v.loan); err != nil {
		return "", err
	}
	if err := v.row(wire.RowOrganisation(v.loan.EnterpriseId), "the borrower", &v.borrower); err != nil {
		return "", err
	}
	if err := v.row(wire.RowOrganisation(v.loan.LenderOrgId), "the lender", &v.lender); err != nil {
		return "", err
	}
	if v.borrower.Kind != orgv1.OrgKind_ORG_KIND_ENTERPRISE || len(v.borrower.IdentityTag) != 32 || len(v.borrower.Kyb) < 2 {
		return "", fmt.Errorf("%w: the borrower is not an enterprise with two KYB statements", ErrContent)
	}
	return fmt.Sprintf("enterprise %d, identified by %d verifiers, borrows from %s", v.borrower.Id, len(v.borrower.Kyb), v.lender.Name), nil
}

func (v *verification) checkLoan() (string, error) {
	for _, l := range []struct {
		row  wire.Row
		what string
		into message
	}{
		{wire.RowOffer(v.loan.OfferId), "the offer", &v.offer},
		{wire.RowApplication(v.loan.ApplicationId), "the application", &v.application},
		{wire.RowProduct(v.loan.ProductId), "the product", &v.product},
		{wire.RowTemplate(v.loan.TemplateHash), "the template", &v.template},
	} {
		if err := v.row(l.row, l.what, l.into); err != nil {
			return "", err
		}
	}
	l, o, a := v.loan, v.offer, v.application
	same := l.EnterpriseId == o.EnterpriseId && o.EnterpriseId == a.EnterpriseId && l.LenderOrgId == o.LenderOrgId &&
		o.ApplicationId == a.Id && a.OfferId == o.Id && l.ProductId == v.product.Id && a.ProductId == v.product.Id &&
		l.PrincipalFen == o.PrincipalFen && l.RateBps == o.RateBps && l.Periods == o.Periods &&
		o.Status == loanv1.OfferStatus_OFFER_STATUS_ACCEPTED && bytes.Equal(l.ConsentId, a.ConsentId) &&
		bytes.Equal(l.TemplateHash, v.product.Terms.TemplateHash)
	if !same {
		return "", fmt.Errorf("%w: loan, offer, application and product do not belong together", ErrContent)
	}
	return fmt.Sprintf("¥%s at %d bps over %d periods, from application %d and offer %d", yuan(l.PrincipalFen), l.RateBps, l.Periods, a.Id, o.Id), nil
}
