package desk

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/check"
	"github.com/xinlian/xinlian/gateway/scoring"
	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/wire"
)

// attestedFor is how long an attestor stands by what it found.
const attestedFor = 180 * 24 * time.Hour

// MethodHash names the pinned method of checking records: the rules of package
// check in this version.
var MethodHash = canon.New("method").String("cross-source-checks").Uint32(1).MustSum()

// Review is what an attestor found in an enterprise's records.
type Review struct {
	Findings []check.Finding
	Refused  bool
	Result   chain.Result
}

// Attest checks the records that a reading opened, and states on chain what it
// found: that the batches are consistent, or that they are not. The working
// papers stay here; the chain gets their salted hash. What this attestor states
// already, and still stands by, is not stated twice: the result is then empty.
func (d *Desk) Attest(ctx context.Context, r Reading) (Review, error) {
	review := Review{Findings: check.Run(r.Records())}
	review.Refused = check.Blocked(review.Findings)
	verdict := attestationv1.Verdict_VERDICT_CONSISTENT
	if review.Refused {
		verdict = attestationv1.Verdict_VERDICT_INCONSISTENT
	}
	ids := batchIDs(r)
	stated, err := d.stated(ctx, r.Consent.Terms.EnterpriseId, func(a attestationv1.Attestation) bool {
		return a.Kind == attestationv1.Kind_KIND_BATCHES && a.Verdict == verdict && bytes.Equal(a.MethodHash, MethodHash[:]) &&
			slices.EqualFunc(a.BatchIds, ids, bytes.Equal)
	})
	if err != nil || stated {
		return review, err
	}
	evidence, err := evidenceHash(review.Findings)
	if err != nil {
		return review, err
	}
	review.Result, err = d.Client.Send(ctx, d.Service, &attestationv1.MsgAttestBatches{
		Device: wire.Address(d.Service), OrgId: d.OrgID, EnterpriseId: r.Consent.Terms.EnterpriseId,
		BatchIds: ids, Verdict: verdict, MethodHash: MethodHash[:], EvidenceHash: evidence, ExpiresAt: d.until(),
	})
	return review, err
}

// AttestFeatures recomputes a proposed feature set from the records that this
// attestor opened itself, and states that the commitment opens to it. Any
// difference is an error that names the first one. What it states already is not
// stated twice.
func (d *Desk) AttestFeatures(ctx context.Context, r Reading, p scoring.Proposal) (chain.Result, error) {
	again, err := scoring.Recompute(ctx, d.Client, r.Consent.Terms.EnterpriseId, r.Opened, p)
	if err != nil {
		return chain.Result{}, err
	}
	stated, err := d.stated(ctx, r.Consent.Terms.EnterpriseId, func(a attestationv1.Attestation) bool {
		return a.Features != nil && bytes.Equal(a.Features.Commitment, again.Commitment[:])
	})
	if err != nil || stated {
		return chain.Result{}, err
	}
	method := scoring.ExtractorHash(again.Set.Version)
	return d.Client.Send(ctx, d.Service, &attestationv1.MsgAttestFeatures{
		Device: wire.Address(d.Service), OrgId: d.OrgID, EnterpriseId: r.Consent.Terms.EnterpriseId,
		BatchIds: again.BatchIDs, Features: again.Statement(), MethodHash: method[:], ExpiresAt: d.until(),
	})
}

// stated tells whether the chain has a live attestation of this desk's that fits.
func (d *Desk) stated(ctx context.Context, enterprise uint64, fits func(attestationv1.Attestation) bool) (bool, error) {
	page := &query.PageRequest{Limit: 200}
	for {
		r, err := d.Client.Attestation.Attestations(ctx, &attestationv1.QueryAttestationsRequest{EnterpriseId: enterprise, Pagination: page})
		if err != nil {
			return false, fmt.Errorf("reading the attestations of enterprise %d: %w", enterprise, err)
		}
		if slices.ContainsFunc(r.Attestations, func(a attestationv1.Attestation) bool {
			return a.AttestorOrgId == d.OrgID && a.Status == attestationv1.Status_STATUS_LIVE && a.ExpiresAt > time.Now().Unix() && fits(a)
		}) {
			return true, nil
		}
		if r.Pagination == nil || len(r.Pagination.NextKey) == 0 {
			return false, nil
		}
		page = &query.PageRequest{Key: r.Pagination.NextKey, Limit: 200}
	}
}

func (d *Desk) until() int64 { return time.Now().Add(attestedFor).Unix() }

// batchIDs lists the batches of a reading, ascending.
func batchIDs(r Reading) [][]byte {
	var ids [][]byte
	for _, o := range r.Opened {
		id := bytes.Clone(o.Batch.ID[:])
		if !slices.ContainsFunc(ids, func(b []byte) bool { return bytes.Equal(b, id) }) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, bytes.Compare)
	return ids
}

func evidenceHash(findings []check.Finding) ([]byte, error) {
	var salt [32]byte
	if _, err := rand.Read(salt[:]); err != nil {
		return nil, fmt.Errorf("drawing a salt: %w", err)
	}
	h := sha256.New()
	h.Write(salt[:])
	for _, f := range findings {
		fmt.Fprintf(h, "%s/%s\n", f.Code, f.Severity)
	}
	return h.Sum(nil), nil
}
