package testkit

import (
	"bytes"
	"slices"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/wire"
)

// DaysPerBatch is how many days an anchor that Anchor makes covers.
const DaysPerBatch = 30

// Anchor is an owner-declared anchor of bank transactions, the given number of its
// stream, ending on a day. Its root is a hash of nothing that anybody has.
func Anchor(e Enterprise, source string, sequence uint64, lastDay, epoch uint32) profilev1.BatchAnchor {
	return profilev1.BatchAnchor{
		BatchId: Digest("batch", e.ID, source, sequence), Root: Digest("root", e.ID, source, sequence),
		SchemaId: "bank-transaction", SchemaVersion: 1, Source: source, Sequence: sequence,
		SourceClass: profilev1.SourceClass_SOURCE_CLASS_OWNER_DECLARED,
		PeriodFrom:  lastDay - DaysPerBatch + 1, PeriodTo: lastDay, RecordCount: 7,
		Suite: orgv1.Suite_SUITE_NIST, Epoch: epoch,
	}
}

// Anchored anchors batches of a firm without a gap, the last of them ending
// yesterday, and has both verifiers find them consistent.
func (c *Chain) Anchored(e Enterprise, batches int) []profilev1.BatchAnchor {
	c.tb.Helper()
	yesterday := uint32(record.Day(c.now)) - 1
	msg := &profilev1.MsgAnchorBatches{Device: wire.Address(c.Settlement.Service), OrgId: c.Settlement.ID, EnterpriseId: e.ID}
	for i := range batches {
		last := yesterday - uint32(batches-1-i)*DaysPerBatch
		msg.Anchors = append(msg.Anchors, Anchor(e, "upload", uint64(i)+1, last, 1))
	}
	c.Do(c.Settlement.Service, msg)
	for _, v := range []Founder{c.VerifierA, c.VerifierB} {
		c.Do(v.Admin, c.Attestation(v, e, BatchIDs(msg.Anchors), attestationv1.Verdict_VERDICT_CONSISTENT))
	}
	return msg.Anchors
}

// Attestation is what a verifier says of batches, for half a year.
func (c *Chain) Attestation(v Founder, e Enterprise, batchIDs [][]byte, verdict attestationv1.Verdict) *attestationv1.MsgAttestBatches {
	return &attestationv1.MsgAttestBatches{
		Device: wire.Address(v.Admin), OrgId: v.ID, EnterpriseId: e.ID, BatchIds: batchIDs, Verdict: verdict,
		MethodHash: Digest("method"), EvidenceHash: Digest("evidence", v.ID, e.ID), ExpiresAt: c.now.AddDate(0, 6, 0).Unix(),
	}
}

// BatchIDs are the ids of anchors in ascending order.
func BatchIDs(anchors []profilev1.BatchAnchor) [][]byte {
	var ids [][]byte
	for _, a := range anchors {
		ids = append(ids, a.BatchId)
	}
	slices.SortFunc(ids, bytes.Compare)
	return ids
}
