package attestation

import (
	"context"
	"encoding/binary"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// GradedMax bounds the batches behind one grade.
const GradedMax = 1024

// judged is what the grade depends on of one batch.
type judged struct {
	signed    bool   // by the source's own key
	contested bool   // disputed, or refused by an attestor
	gapDays   uint32 // missing before it in its stream
	voices    int    // independent attestors that stand by it
}

// Quality is the grade of an enterprise's batches of the last 24 months, the
// superseded ones left out. ErrTooMany when there are more than GradedMax.
func (k *Keeper) Quality(ctx context.Context, enterprise uint64) (attestationv1.Grade, error) {
	p, err := k.Params(ctx)
	if err != nil {
		return attestationv1.Grade_GRADE_UNSPECIFIED, err
	}
	o, err := k.enterprise(ctx, enterprise)
	if err != nil {
		return attestationv1.Grade_GRADE_UNSPECIFIED, err
	}
	today := Day(now(ctx))
	batches, err := Window(ctx, k.profiles, enterprise, WindowStart(today), today, GradedMax)
	if err != nil {
		return attestationv1.Grade_GRADE_UNSPECIFIED, err
	}
	list := make([]judged, len(batches))
	counted := make(map[string]int) // the same few attestors stand by most batches
	for i, b := range batches {
		if list[i], err = k.judge(ctx, o, b, counted); err != nil {
			return attestationv1.Grade_GRADE_UNSPECIFIED, err
		}
	}
	return grade(list, p), nil
}

func (k *Keeper) judge(ctx context.Context, enterprise orgv1.Organisation, b profilev1.Batch, counted map[string]int) (judged, error) {
	j := judged{
		signed:    b.Anchor.SourceClass == profilev1.SourceClass_SOURCE_CLASS_SIGNED,
		contested: b.Status != profilev1.BatchStatus_BATCH_STATUS_LIVE,
		gapDays:   b.GapDays,
	}
	words, err := k.wordsOf(ctx, b.Anchor.BatchId)
	if err != nil {
		return j, err
	}
	var voices []uint64
	var key []byte
	for _, a := range words {
		if live(a, now(ctx)) != nil {
			continue
		}
		if a.Verdict == attestationv1.Verdict_VERDICT_INCONSISTENT {
			j.contested = true
			continue
		}
		voices = append(voices, a.AttestorOrgId)
		key = binary.BigEndian.AppendUint64(key, a.AttestorOrgId)
	}
	n, done := counted[string(key)]
	if !done {
		picked, err := Independent(ctx, k.orgs, voices, Parties(enterprise))
		if err != nil {
			return j, err
		}
		n = len(picked)
		counted[string(key)] = n
	}
	j.voices = n
	return j, nil
}

// grade is the worst that is true of any batch: D for one that is contested,
// follows a gap or is attested by nobody; C for one attested by fewer than
// attestors_min; B for one not signed at its source; else A. No batch is D.
func grade(list []judged, p attestationv1.Params) attestationv1.Grade {
	if len(list) == 0 {
		return attestationv1.Grade_GRADE_D
	}
	worst := attestationv1.Grade_GRADE_A
	for _, j := range list {
		worst = max(worst, gradeOf(j, p))
	}
	return worst
}

func gradeOf(j judged, p attestationv1.Params) attestationv1.Grade {
	switch {
	case j.contested, j.gapDays > p.GapDaysMax, j.voices == 0:
		return attestationv1.Grade_GRADE_D
	case j.voices < int(p.AttestorsMin):
		return attestationv1.Grade_GRADE_C
	case !j.signed:
		return attestationv1.Grade_GRADE_B
	}
	return attestationv1.Grade_GRADE_A
}
