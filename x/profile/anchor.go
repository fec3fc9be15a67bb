package profile

import (
	"bytes"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/record"
)

// Bounds of an anchor.
const (
	HashBytes      = 32
	SignatureBytes = 64
	SourceBytesMax = 64
	RecordsMax     = 1 << 20
	DeviceBytesMax = 128
	// StreamsMax bounds the streams of one enterprise, and the work of whoever
	// must look at all of them.
	StreamsMax = 256
)

// checkAnchor checks the shape of an anchor, without any state.
func checkAnchor(a profilev1.BatchAnchor) error {
	if err := checkHash("batch_id", a.BatchId); err != nil {
		return err
	}
	if err := checkSchemaID(a.SchemaId, a.SchemaVersion); err != nil {
		return err
	}
	if err := checkSource(a); err != nil {
		return err
	}
	if a.Sequence < 1 {
		return ErrField.Wrap("sequence: got 0, want at least 1")
	}
	if a.PeriodFrom < record.DateMin || a.PeriodTo > record.DateMax || a.PeriodFrom > a.PeriodTo {
		return ErrPeriod.Wrapf("got %d to %d, want days in order from %d to %d",
			a.PeriodFrom, a.PeriodTo, record.DateMin, record.DateMax)
	}
	if a.RecordCount < 1 || a.RecordCount > RecordsMax {
		return ErrField.Wrapf("record_count: got %d, want 1 to %d", a.RecordCount, RecordsMax)
	}
	if err := checkHash("root", a.Root); err != nil {
		return err
	}
	if a.Suite != orgv1.Suite_SUITE_NIST && a.Suite != orgv1.Suite_SUITE_SM {
		return ErrField.Wrapf("suite: got %s, want SUITE_NIST or SUITE_SM", a.Suite)
	}
	if a.Epoch < 1 {
		return ErrField.Wrap("epoch: got 0, want at least 1")
	}
	if len(a.Supersedes) != 0 {
		return checkHash("supersedes", a.Supersedes)
	}
	return nil
}

// checkSource checks that what an anchor says of its source fits its class.
func checkSource(a profilev1.BatchAnchor) error {
	if len(a.Source) < 1 || len(a.Source) > SourceBytesMax {
		return ErrField.Wrapf("source: got %d bytes, want 1 to %d", len(a.Source), SourceBytesMax)
	}
	for i := range len(a.Source) {
		// A control character would make two names look alike, and a zero byte ends a key part.
		if a.Source[i] < 0x20 || a.Source[i] == 0x7f {
			return ErrField.Wrapf("source: byte %d is a control character", i)
		}
	}
	switch a.SourceClass {
	case profilev1.SourceClass_SOURCE_CLASS_SIGNED:
		if a.SourceOrgId == 0 || a.SourceDevice == "" || len(a.SourceDevice) > DeviceBytesMax {
			return ErrField.Wrap("source_org_id, source_device: a signed batch names both")
		}
		if len(a.SourceSignature) != SignatureBytes {
			return ErrField.Wrapf("source_signature: got %d bytes, want %d", len(a.SourceSignature), SignatureBytes)
		}
	case profilev1.SourceClass_SOURCE_CLASS_OWNER_DECLARED:
		if a.SourceOrgId != 0 || a.SourceDevice != "" || len(a.SourceSignature) != 0 {
			return ErrField.Wrap("source_org_id, source_device, source_signature: an owner-declared batch names none")
		}
	default:
		return ErrField.Wrapf("source_class: got %s", a.SourceClass)
	}
	return nil
}

// today is the last calendar day that may have ended records: block time is UTC,
// and the calendar east of it is up to a day ahead.
func today(now int64) uint32 { return uint32(now/daySeconds) + 1 }

// extend is the stream after a batch that covers new days, and the number of
// days missing before it. s and last are zero for a new stream.
func extend(s profilev1.Stream, last profilev1.Batch, a profilev1.BatchAnchor) (profilev1.Stream, uint32, error) {
	if err := follows(s, last, a); err != nil {
		return s, 0, err
	}
	gapDays := uint32(0)
	if s.Sequence == 0 {
		s.FirstPeriodFrom = a.PeriodFrom
	} else {
		if a.PeriodFrom <= s.PeriodTo {
			return s, 0, ErrOverlap.Wrapf("stream covers days to %d, batch begins at %d", s.PeriodTo, a.PeriodFrom)
		}
		gapDays = a.PeriodFrom - s.PeriodTo - 1
	}
	s.Sequence, s.PeriodTo = a.Sequence, a.PeriodTo
	return s, gapDays, nil
}

// supersede is the stream after a batch that replaces old. Only the source's own
// signature may replace anything: else an owner could anchor a bad month and
// write it anew. The days must be exactly those of old, so that neither a hole nor
// an overlap appears; the new batch inherits the hole before it.
func supersede(s profilev1.Stream, last, old profilev1.Batch, a profilev1.BatchAnchor) (profilev1.Stream, uint32, error) {
	if a.SourceClass != profilev1.SourceClass_SOURCE_CLASS_SIGNED {
		return s, 0, ErrSupersede.Wrap("an owner-declared batch replaces nothing")
	}
	if old.EnterpriseId != s.EnterpriseId || old.Anchor.Source != a.Source || old.Anchor.SchemaId != a.SchemaId {
		return s, 0, ErrSupersede.Wrap("the replaced batch is of another stream")
	}
	if old.Status == profilev1.BatchStatus_BATCH_STATUS_SUPERSEDED {
		return s, 0, ErrSupersede.Wrap("the batch was replaced before")
	}
	if old.Anchor.PeriodFrom != a.PeriodFrom || old.Anchor.PeriodTo != a.PeriodTo {
		return s, 0, ErrSupersede.Wrapf("got days %d to %d, want %d to %d",
			a.PeriodFrom, a.PeriodTo, old.Anchor.PeriodFrom, old.Anchor.PeriodTo)
	}
	if err := follows(s, last, a); err != nil {
		return s, 0, err
	}
	s.Sequence = a.Sequence
	return s, old.GapDays, nil
}

// follows checks what both kinds of batch must: the next number, and that a
// stream once signed by a source stays signed by it, so that nobody continues a
// bank's stream with declarations of his own.
func follows(s profilev1.Stream, last profilev1.Batch, a profilev1.BatchAnchor) error {
	if a.Sequence != s.Sequence+1 {
		return ErrSequence.Wrapf("got %d, want %d", a.Sequence, s.Sequence+1)
	}
	if last.Anchor.SourceClass != profilev1.SourceClass_SOURCE_CLASS_SIGNED {
		return nil
	}
	if a.SourceClass != profilev1.SourceClass_SOURCE_CLASS_SIGNED || a.SourceOrgId != last.Anchor.SourceOrgId {
		return ErrSource.Wrapf("stream is signed by organisation %d", last.Anchor.SourceOrgId)
	}
	return nil
}

func replaces(a profilev1.BatchAnchor, id []byte) bool {
	return len(a.Supersedes) != 0 && bytes.Equal(a.Supersedes, id)
}
