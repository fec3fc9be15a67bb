package attestation

import (
	"errors"
	"testing"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

const (
	gradeA = attestationv1.Grade_GRADE_A
	gradeB = attestationv1.Grade_GRADE_B
	gradeC = attestationv1.Grade_GRADE_C
	gradeD = attestationv1.Grade_GRADE_D
)

// The grade is the worst that is true of any batch.
func TestGrade(t *testing.T) {
	t.Parallel()
	p := DefaultParams() // two attestors, gaps of three days
	good := judged{signed: true, voices: 2}
	for name, tc := range map[string]struct {
		list []judged
		want attestationv1.Grade
	}{
		"no batch":       {nil, gradeD},
		"good":           {[]judged{good, good}, gradeA},
		"small gap":      {[]judged{good, {signed: true, voices: 2, gapDays: 3}}, gradeA},
		"gap":            {[]judged{good, {signed: true, voices: 2, gapDays: 4}}, gradeD},
		"contested":      {[]judged{good, {signed: true, voices: 2, contested: true}}, gradeD},
		"one unsigned":   {[]judged{good, {voices: 5}}, gradeB},
		"one voice":      {[]judged{good, {signed: true, voices: 1}}, gradeC},
		"weak unsigned":  {[]judged{{voices: 1}}, gradeC},
		"nobody":         {[]judged{good, {signed: true}}, gradeD},
		"worst of three": {[]judged{{voices: 2}, {voices: 1, signed: true}, good}, gradeC},
	} {
		if got := grade(tc.list, p); got != tc.want {
			t.Errorf("%s: got %s, want %s", name, got, tc.want)
		}
	}
}

func (c kit) wantGrade(t *testing.T, want attestationv1.Grade) {
	t.Helper()
	res, err := c.asks.Quality(c.ctx, &attestationv1.QueryQualityRequest{EnterpriseId: firm})
	check(t, err)
	if res.Grade != want {
		t.Errorf("grade: got %s, want %s", res.Grade, want)
	}
}

// The grade of an enterprise follows its batches and who stands by them now.
func TestQuality(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	c.wantGrade(t, gradeD)
	c.attestBatches(t, attestorA, consistent, 1, 2, 3)
	c.wantGrade(t, gradeC)
	c.attestBatches(t, attestorB, consistent, 1, 2)
	c.wantGrade(t, gradeC)
	c.attestBatches(t, attestorD, consistent, 3) // for its category another attestor does
	c.wantGrade(t, gradeA)

	c.relate(attestorB, attestorA)
	c.wantGrade(t, gradeC)
	c.relate(attestorB, attestorB)
	c.fakes.change(attestorB, func(o *orgv1.Organisation) { o.Status = orgv1.OrgStatus_ORG_STATUS_SUSPENDED })
	c.wantGrade(t, gradeC)
	c.fakes.change(attestorB, func(o *orgv1.Organisation) { o.Status = orgv1.OrgStatus_ORG_STATUS_ACTIVE })
	c.relate(attestorB, custodian)
	c.wantGrade(t, gradeC)
	c.relate(attestorB, attestorB)
	c.wantGrade(t, gradeA)

	c.fakes.batch(1).Anchor.SourceClass = profilev1.SourceClass_SOURCE_CLASS_OWNER_DECLARED
	c.wantGrade(t, gradeB)
	c.fakes.batch(1).GapDays = 4
	c.wantGrade(t, gradeD)
	c.fakes.batch(1).GapDays = 0
	c.attestBatches(t, attestorC, inconsistent, 2)
	c.wantGrade(t, gradeD)
	check(t, c.withdraw(attestorC, 4))
	c.wantGrade(t, gradeB)
	id, err := c.contestBatch(firm, 3)
	check(t, err)
	c.wantGrade(t, gradeD)
	check(t, c.resolve(regulator, id, false))
	c.wantGrade(t, gradeB)
	c.fakes.batch(1).Status = batchSuperseded // replaced: the unsigned one counts no more
	c.wantGrade(t, gradeA)
	c.after(life).wantGrade(t, gradeD)
	if _, err := c.Quality(c.ctx, lender); !errors.Is(err, ErrField) {
		t.Errorf("a lender's: got %v, want %v", err, ErrField)
	}
}

// The window holds every batch that covers one of its days, replaced ones left
// out, and refuses a stream that is too long or has a hole.
func TestWindow(t *testing.T) {
	t.Parallel()
	numbers := func(f *fakes, first, last uint32, most int) ([]byte, error) {
		list, err := Window(t.Context(), f, firm, first, last, most)
		var got []byte
		for _, b := range list {
			got = append(got, b.Anchor.BatchId[0])
		}
		return got, err
	}
	f := newFakes()
	for name, tc := range map[string]struct {
		first, last uint32
		most        int
		want        string
		err         error
	}{
		"all":            {0, today, 3, "\x01\x02\x03", nil},
		"one too many":   {0, today, 2, "", ErrTooMany},
		"first day":      {today - 61, today - 61, 9, "\x01\x03", nil},
		"next day":       {today - 60, today - 60, 9, "\x02\x03", nil},
		"before":         {0, today - 91, 9, "", nil},
		"after the last": {today, today, 9, "", nil},
	} {
		got, err := numbers(f, tc.first, tc.last, tc.most)
		if string(got) != tc.want || !errors.Is(err, tc.err) {
			t.Errorf("%s: got %v, %v, want %v, %v", name, got, err, []byte(tc.want), tc.err)
		}
	}
	f.batch(1).Status = batchSuperseded
	if got, err := numbers(f, 0, today, 9); err != nil || string(got) != "\x02\x03" {
		t.Errorf("replaced: got %v, %v", got, err)
	}
	f.batch(2).Anchor.Sequence = 3
	if _, err := numbers(f, 0, today, 9); !errors.Is(err, ErrSequence) {
		t.Errorf("hole: got %v, want %v", err, ErrSequence)
	}
}

// A stream longer than may be read is fine when what was read reaches back beyond
// the window, and else refused: a batch that was not read might be inside.
func TestWindowOfLongStream(t *testing.T) {
	t.Parallel()
	head := profilev1.Stream{SchemaId: "bank", Sequence: 5}
	batch := func(sequence uint64, to uint32, replaces bool) profilev1.Batch {
		b := profilev1.Batch{Anchor: profilev1.BatchAnchor{Sequence: sequence, PeriodTo: to}}
		if replaces {
			b.Anchor.Supersedes = hash32
		}
		return b
	}
	for name, tc := range map[string]struct {
		read []profilev1.Batch
		want error
	}{
		"reaches back":         {[]profilev1.Batch{batch(4, 99, false), batch(5, 110, false)}, nil},
		"does not":             {[]profilev1.Batch{batch(4, 100, false), batch(5, 110, false)}, ErrTooMany},
		"by one that replaces": {[]profilev1.Batch{batch(4, 99, true), batch(5, 110, false)}, ErrTooMany},
		"nothing read":         {nil, ErrSequence},
		"head missing":         {[]profilev1.Batch{batch(3, 99, false), batch(4, 110, false)}, ErrSequence},
		"more than are": {[]profilev1.Batch{
			batch(0, 1, false), batch(1, 1, false), batch(2, 1, false), batch(3, 1, false), batch(4, 1, false), batch(5, 1, false),
		}, ErrSequence},
	} {
		if err := contiguous(head, tc.read, 100); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", name, err, tc.want)
		}
	}
}

// A day begins at midnight in China, sixteen hours UTC.
func TestDay(t *testing.T) {
	t.Parallel()
	for unix, want := range map[int64]uint32{0: 0, 16*3600 - 1: 0, 16 * 3600: 1, 1_760_000_000: 20_370} {
		if got := Day(unix); got != want {
			t.Errorf("%d: got %d, want %d", unix, got, want)
		}
	}
	if WindowStart(10) != 0 || WindowStart(WindowDays+3) != 3 {
		t.Error("the window's start")
	}
}
