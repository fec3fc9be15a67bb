package brief

import (
	"errors"
	"fmt"

	"github.com/xinlian/xinlian/internal/canon"
)

// Bounds of a brief, so that it stays a page.
const (
	FactsMax   = 24
	SimilarMax = 5
)

const kind = "review-brief"

// ErrBrief says that bytes are no brief.
var ErrBrief = errors.New("brief: malformed")

// Code names a fact. Codes are part of the canonical form: none changes meaning.
type Code string

// What speaks for the firm.
const (
	BandUpper      Code = "band-upper"       // points, of the band's lowest
	GradeHigh      Code = "grade-high"       // 1 = A, 2 = B
	SignedSources  Code = "signed-sources"   // batches, all signed by their source
	ManyAttestors  Code = "many-attestors"   // attestors that stand by her records
	LongHistory    Code = "long-history"     // months that her records span
	OnTime         Code = "on-time"          // instalments paid on time, of all that came due
	Repaid         Code = "repaid"           // loans repaid, of all she ever had
	NoDebt         Code = "no-debt"          // nothing owed or promised
	RoomUnderLimit Code = "room-under-limit" // fen of the limit, of those wanted
	RisingScore    Code = "rising-score"     // points more, of those before
)

// What does not fit, or asks for a question.
const (
	RecordGap        Code = "record-gap"        // days missing, of those allowed
	OwnerDeclared    Code = "owner-declared"    // batches that no source signed, of all
	DisputedBatch    Code = "disputed-batch"    // batches contested or found wrong, of all
	DisputeUpheld    Code = "dispute-upheld"    // disputes that found something wrong, of all
	RefusedByOne     Code = "refused-by-one"    // live verdicts that her records are inconsistent
	VerdictsDiffer   Code = "verdicts-differ"   // batches on which attestors disagree
	AttestorReversed Code = "attestor-reversed" // statements of an attestor that were overturned, of all it made
	FallingScore     Code = "falling-score"     // points less, of those before
	CapacityLeap     Code = "capacity-leap"     // fen a month now, of those before
	AskedOften       Code = "asked-often"       // applications within 90 days
	DeclinedBefore   Code = "declined-before"   // declines within 180 days, with all lenders
	LatePayments     Code = "late-payments"     // instalments that became late, of all that came due
	WrittenOff       Code = "written-off"       // fen left unpaid before
	OtherLenders     Code = "other-lenders"     // other lenders with a running loan
	OverLimit        Code = "over-limit"        // fen wanted, of the limit
	OldScore         Code = "old-score"         // days since the day the score speaks of
)

// What is open now.
const (
	DisputeOpen    Code = "dispute-open"      // its number, of its deadline
	DisputeOverdue Code = "dispute-overdue"   // its number, of its deadline
	ModelAlarm     Code = "model-alarm"       // the alarm, of the height that raised it
	ModelStopped   Code = "model-stopped"     // the model's status
	IndexStale     Code = "index-stale"       // basis points that it last had
	ConsentEnds    Code = "consent-ends"      // Unix seconds; past ones too
	ConsentDead    Code = "consent-dead"      // its status
	ScoreEnds      Code = "score-ends"        // blocks left
	LoanDelinquent Code = "loan-delinquent"   // its number
	MoneyFrozen    Code = "money-frozen"      // freezes of her account
	Overdue        Code = "review-overdue"    // Unix seconds when it was due
	Servicing      Code = "servicing-stopped" // Unix seconds until when
)

// Codes lists every code, so that none is without a word.
func Codes() []Code {
	return []Code{
		BandUpper, GradeHigh, SignedSources, ManyAttestors, LongHistory, OnTime, Repaid, NoDebt, RoomUnderLimit, RisingScore,
		RecordGap, OwnerDeclared, DisputedBatch, DisputeUpheld, RefusedByOne, VerdictsDiffer, AttestorReversed, FallingScore, CapacityLeap,
		AskedOften, DeclinedBefore, LatePayments, WrittenOff, OtherLenders, OverLimit, OldScore,
		DisputeOpen, DisputeOverdue, ModelAlarm, ModelStopped, IndexStale, ConsentEnds, ConsentDead, ScoreEnds, LoanDelinquent, MoneyFrozen,
		Overdue, Servicing,
	}
}

// Fact is a code with its numbers; what they count stands beside the code.
type Fact struct {
	Code      Code
	Value, Of int64
}

// Case is a similar application that the lender has decided, and what became of it.
type Case struct {
	Application uint64
	Distance    uint32 // 0 for alike in everything that is compared, see Distance
	Outcome     uint32 // xinlian.loan.v1.Outcome
	ByOfficer   bool
	AmountFen   int64
	LimitFen    int64
	PdPpm       uint32
	Loan        uint64 // 0 where it came to none
	LoanStatus  uint32 // xinlian.loan.v1.LoanStatus, 0 for none
	OnTime      uint32 // instalments
	Late        uint32
}

// Reason is one of the decision's.
type Reason struct {
	Code             string
	Value, Threshold int64
}

// Brief is what an officer decides on.
type Brief struct {
	ChainID     string
	Height      int64 // of the state it was made from
	At          int64 // that block's time, Unix seconds
	Application uint64
	Enterprise  uint64
	Lender      uint64
	Product     uint64
	AmountFen   int64
	Periods     uint32
	Appealed    bool
	DueAt       int64 // Unix seconds
	// What the chain computed.
	Outcome    uint32 // xinlian.loan.v1.Outcome
	LimitFen   int64
	RateBps    uint32
	ModelHash  [32]byte
	ModelID    string
	Points     int64
	Band       string
	PdPpm      uint32
	Grade      uint32
	DecisionAt int64 // height
	Reasons    []Reason
	// What a person should see.
	Strong, Odd, Open []Fact
	Similar           []Case
	Compared          uint32 // decided cases of the lender that were looked at
}

// Canonical is the brief's canonical bytes.
func (b *Brief) Canonical() ([]byte, error) {
	w := canon.New(kind).String(b.ChainID).Int64(b.Height).Int64(b.At).
		Uint64(b.Application).Uint64(b.Enterprise).Uint64(b.Lender).Uint64(b.Product).
		Int64(b.AmountFen).Uint32(b.Periods).Bool(b.Appealed).Int64(b.DueAt).
		Uint32(b.Outcome).Int64(b.LimitFen).Uint32(b.RateBps).Fixed(b.ModelHash[:]).String(b.ModelID).
		Int64(b.Points).String(b.Band).Uint32(b.PdPpm).Uint32(b.Grade).Int64(b.DecisionAt).
		Uint16(uint16(len(b.Reasons)))
	for _, r := range b.Reasons {
		w.String(r.Code).Int64(r.Value).Int64(r.Threshold)
	}
	for _, list := range [][]Fact{b.Strong, b.Odd, b.Open} {
		w.Uint16(uint16(len(list)))
		for _, f := range list {
			w.String(string(f.Code)).Int64(f.Value).Int64(f.Of)
		}
	}
	w.Uint32(b.Compared).Uint16(uint16(len(b.Similar)))
	for _, c := range b.Similar {
		w.Uint64(c.Application).Uint32(c.Distance).Uint32(c.Outcome).Bool(c.ByOfficer).Int64(c.AmountFen).Int64(c.LimitFen).
			Uint32(c.PdPpm).Uint64(c.Loan).Uint32(c.LoanStatus).Uint32(c.OnTime).Uint32(c.Late)
	}
	return w.Encoded()
}

// HashOf is the hash that an officer signs, of canonical bytes.
func HashOf(canonical []byte) ([32]byte, error) {
	return canon.New(kind + "-hash").Bytes(canonical).Sum()
}

// Hash is HashOf the brief's canonical bytes.
func (b *Brief) Hash() ([32]byte, error) {
	raw, err := b.Canonical()
	if err != nil {
		return [32]byte{}, err
	}
	return HashOf(raw)
}

// Decode reads canonical bytes back.
func Decode(raw []byte) (*Brief, error) {
	r := canon.Open(kind, raw)
	b := &Brief{
		ChainID: r.String(), Height: r.Int64(), At: r.Int64(),
		Application: r.Uint64(), Enterprise: r.Uint64(), Lender: r.Uint64(), Product: r.Uint64(),
		AmountFen: r.Int64(), Periods: r.Uint32(), Appealed: r.Bool(), DueAt: r.Int64(),
		Outcome: r.Uint32(), LimitFen: r.Int64(), RateBps: r.Uint32(),
	}
	copy(b.ModelHash[:], r.Fixed(len(b.ModelHash)))
	b.ModelID, b.Points, b.Band, b.PdPpm, b.Grade, b.DecisionAt = r.String(), r.Int64(), r.String(), r.Uint32(), r.Uint32(), r.Int64()
	for range count(r) {
		b.Reasons = append(b.Reasons, Reason{Code: r.String(), Value: r.Int64(), Threshold: r.Int64()})
	}
	for _, list := range []*[]Fact{&b.Strong, &b.Odd, &b.Open} {
		for range count(r) {
			*list = append(*list, Fact{Code: Code(r.String()), Value: r.Int64(), Of: r.Int64()})
		}
	}
	b.Compared = r.Uint32()
	for range count(r) {
		b.Similar = append(b.Similar, Case{
			Application: r.Uint64(), Distance: r.Uint32(), Outcome: r.Uint32(), ByOfficer: r.Bool(), AmountFen: r.Int64(), LimitFen: r.Int64(),
			PdPpm: r.Uint32(), Loan: r.Uint64(), LoanStatus: r.Uint32(), OnTime: r.Uint32(), Late: r.Uint32(),
		})
	}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBrief, err)
	}
	return b, nil
}

// count is a list's length, which no brief has above FactsMax; after an error it is 0.
func count(r *canon.Reader) int {
	n := int(r.Uint16())
	if r.Err() != nil || n > FactsMax {
		return 0
	}
	return n
}
