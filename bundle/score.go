package bundle

import (
	"bytes"
	"fmt"

	bundlev1 "github.com/xinlian/xinlian/gen/xinlian/bundle/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/scorecard/terms"
	"github.com/xinlian/xinlian/zk"
)

// checkScore rebuilds the statement from the proven rows and verifies the proof
// under the model's key and the pinned SRS, as every node did.
func (v *verification) checkScore() (string, error) {
	if err := v.row(wire.RowModel(v.score.ModelHash), "the model", &v.model); err != nil {
		return "", err
	}
	statement := v.statement()
	h, err := statement.Hash()
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrContent, err)
	}
	if !bytes.Equal(h[:], v.score.StatementHash) {
		return "", fmt.Errorf("%w: the score's row does not have the statement that it names", ErrContent)
	}
	srsKey, ok := v.rows[place{wire.RowSrs().Store, string(wire.RowSrs().Key)}]
	if !ok {
		return "", fmt.Errorf("%w: the SRS key is missing", ErrRow)
	}
	srs, err := zk.DecodeSRSKey(srsKey)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrContent, err)
	}
	key, err := zk.DecodeVerifyingKey(v.model.Key)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrContent, err)
	}
	verifier, err := zk.NewVerifier(srs, 1)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrContent, err)
	}
	proof, ok := find(v.sections, sectionProof)
	if !ok {
		return "", fmt.Errorf("%w: section %s is missing", ErrContainer, sectionProof)
	}
	if err := verifier.Verify(key, h, proof); err != nil {
		return "", fmt.Errorf("%w: the proof: %w", ErrContent, err)
	}
	unsafe := ""
	if srs.Development() {
		unsafe = "; the SRS is the DEVELOPMENT one, whose secret is known: fit for demonstrations only"
	}
	return fmt.Sprintf("the proof shows %d points and capacity ¥%s a month under the model that %d members voted for%s",
		v.score.Score, yuan(v.score.CapacityFen), len(v.model.Votes), unsafe), nil
}

func (v *verification) statement() zk.Statement {
	s := v.score
	st := zk.Statement{
		ChainID: v.manifest.ChainId, FeatureSetVersion: v.model.FeatureSetVersion, Enterprise: s.EnterpriseId,
		AsOfDay: s.AsOfDay, Score: s.Score, CapacityFen: s.CapacityFen, Purpose: s.Purpose, Lender: s.LenderOrgId,
		IssueHeight: uint64(s.IssueHeight), ExpiryHeight: uint64(s.ExpiryHeight),
	}
	copy(st.ModelID[:], s.ModelHash)
	copy(st.DataDigest[:], s.DataDigest)
	copy(st.Commitment[:], s.Commitment)
	copy(st.ConsentID[:], s.ConsentId)
	copy(st.Nullifier[:], s.Id)
	return st
}

// checkFeatures opens the commitment where the exporter disclosed the features,
// and evaluates the published model again.
func (v *verification) checkFeatures() (string, error) {
	body, ok := find(v.sections, sectionFeatures)
	if !ok {
		return "not disclosed", nil
	}
	var f bundlev1.FeatureSet
	if err := f.Unmarshal(body); err != nil {
		return "", fmt.Errorf("%w: section %s: %w", ErrContainer, sectionFeatures, err)
	}
	set := zk.FeatureSet{Version: f.Version, Enterprise: v.score.EnterpriseId, AsOfDay: v.score.AsOfDay}
	if len(f.Salt) != len(set.Salt) {
		return "", fmt.Errorf("%w: a salt of %d bytes", ErrContent, len(f.Salt))
	}
	copy(set.Salt[:], f.Salt)
	copy(set.DataDigest[:], v.score.DataDigest)
	for _, x := range f.Features {
		set.Features = append(set.Features, scorecard.Value{Present: x.Present, Int: x.Value})
	}
	commitment, err := zk.Commitment(set)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrContent, err)
	}
	if !bytes.Equal(commitment[:], v.score.Commitment) {
		return "", fmt.Errorf("%w: the features do not open the commitment", ErrContent)
	}
	model, err := scorecard.Decode(v.model.Canonical)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrContent, err)
	}
	result, err := model.Evaluate(set.Features)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrContent, err)
	}
	if result.Score != v.score.Score || result.CapacityFen != v.score.CapacityFen {
		return "", fmt.Errorf("%w: the model gives %d points on these features, the chain has %d", ErrContent, result.Score, v.score.Score)
	}
	return fmt.Sprintf("%d features open the commitment and give the same score again", len(set.Features)), nil
}

// checkDecision proves that the decision rests on this score and that its rate
// is the sum of its parts.
func (v *verification) checkDecision() (string, error) {
	d := v.application.Decision
	if !bytes.Equal(d.Inputs.ScoreId, v.score.Id) || !bytes.Equal(d.Inputs.TemplateHash, v.loan.TemplateHash) || d.Inputs.ProductId != v.product.Id {
		return "", fmt.Errorf("%w: the decision rests on other inputs", ErrContent)
	}
	sum := int64(0)
	for _, p := range d.RateParts {
		sum += p.Bps
	}
	if err := v.checkTerms(); err != nil {
		return "", err
	}
	if sum != int64(d.RateBps) || d.RateBps != v.loan.RateBps || v.loan.PrincipalFen > d.LimitFen {
		return "", fmt.Errorf("%w: rate or amount do not follow from the decision", ErrContent)
	}
	by := "by the chain"
	if len(d.Overruled) > 0 {
		by = fmt.Sprintf("by an admin of the lender on appeal, who set %d conditions aside", len(d.Overruled))
	} else if d.Officer != "" {
		by = "by an officer, after the chain referred it"
	}
	return fmt.Sprintf("%s %s; limit ¥%s, rate %d bps as the sum of %d parts",
		word(d.Outcome.String(), "OUTCOME_"), by, yuan(d.LimitFen), d.RateBps, len(d.RateParts)), nil
}

// checkTerms computes limit and rate again from the decision's inputs and the
// product, by the function that the chain decided with, and wants every part and
// every bound as the row has them. Inputs must be those of the score and its model.
func (v *verification) checkTerms() error {
	d, t := v.application.Decision, v.product.Terms
	in := d.Inputs
	if !bytes.Equal(in.ModelHash, v.score.ModelHash) || in.Points != v.score.Score || in.CapacityFen != v.score.CapacityFen ||
		in.Band != v.score.Band || in.PdPpm != v.score.PdPpm || in.LgdBps != t.LgdBps {
		return fmt.Errorf("%w: the decision's inputs are not those of its score and product", ErrContent)
	}
	got, err := terms.Of(terms.Facts{
		AmountFenMax: t.AmountFenMax, CapacityPeriods: t.CapacityPeriods, ExposureFenMax: t.ExposureFenMax,
		FundingBps: t.FundingBps, MarginBps: t.MarginBps, LgdBps: in.LgdBps,
		CapacityFen: in.CapacityFen, PdPpm: in.PdPpm, BandFactorBps: in.BandFactorBps,
		Grade: in.Grade, ExposureFen: in.ExposureFen, ReservedFen: in.ReservedFen,
		PoolFreeFen: in.PoolFreeFen, IndexBps: in.IndexBps, RateCapBps: in.RateCapBps,
	})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrContent, err)
	}
	if got.RateBps != d.RateBps || got.LimitFen != d.LimitFen || len(got.Parts) != len(d.RateParts) || len(got.Bounds) != len(d.Bounds) {
		return fmt.Errorf("%w: the inputs give a limit of %d fen at %d bps, the decision has %d at %d", ErrContent, got.LimitFen, got.RateBps, d.LimitFen, d.RateBps)
	}
	for i, p := range got.Parts {
		if row := d.RateParts[i]; row.Code != p.Code || row.Bps != p.Bps || uint8(row.Rounding) != uint8(p.Rounding) {
			return fmt.Errorf("%w: part %s of the rate does not follow from the inputs", ErrContent, p.Code)
		}
	}
	for i, b := range got.Bounds {
		if row := d.Bounds[i]; row.Code != b.Code || row.LimitFen != b.LimitFen || uint8(row.Rounding) != uint8(b.Rounding) {
			return fmt.Errorf("%w: bound %s of the limit does not follow from the inputs", ErrContent, b.Code)
		}
	}
	return nil
}
