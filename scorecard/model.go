package scorecard

import (
	"errors"
	"fmt"

	"github.com/xinlian/xinlian/internal/canon"
)

// Bounds of a model and of feature values. The circuit in package zk is built
// for the same bounds.
const (
	FeaturesMax  = 64 // of a feature set
	TablesMax    = 32 // of a model: it need not score every feature
	CutsMax      = 31
	PairsMax     = 16
	PairCutsMax  = 15 // of each side
	PointsMax    = 1_000
	ModelIDMax   = 32
	CapacityMax  = 1 << 46 // fen
	RatioMax     = 1_000_000
	featureBits  = 48
	FeatureBound = int64(1) << (featureBits - 1) // values lie strictly between -FeatureBound and FeatureBound
)

// ErrModel says that a model breaks a bound or an order rule.
var ErrModel = errors.New("scorecard: malformed model")

// ErrFeature says that a feature value is outside its bounds or the vector has
// the wrong length.
var ErrFeature = errors.New("scorecard: malformed feature vector")

// Value is one feature: an integer in the feature's own unit, or missing.
// Missing is a value of its own with its own points, never zero.
type Value struct {
	Present bool
	Int     int64
}

// Known is a present value.
func Known(v int64) Value { return Value{Present: true, Int: v} }

// Encode maps a value to the non-negative number that the feature commitment
// and the circuit use: 0 for missing, else v + 2^47.
func (v Value) Encode() (uint64, error) {
	if !v.Present {
		return 0, nil
	}
	if v.Int <= -FeatureBound || v.Int >= FeatureBound {
		return 0, fmt.Errorf("%w: %d is not within ±2^47", ErrFeature, v.Int)
	}
	return uint64(v.Int + FeatureBound), nil
}

// Table gives the points of one feature. Bin k holds the values v with
// Cuts[k-1] <= v < Cuts[k]; the first bin is open below and the last open above.
type Table struct {
	Feature uint16  // index in the feature set
	Cuts    []int64 // strictly ascending
	Points  []int64 // one more than Cuts
	Missing int64   // points of a missing value
}

// Capacity is the monthly repayment, in fen, that a firm can carry:
// max(0, feature) * Numerator / Denominator, rounded down, at most CapacityMax;
// zero when the feature is missing.
type Capacity struct {
	Feature                uint16
	Numerator, Denominator int64
}

// Model is an integer additive model: score = Base + the points of each table
// and of each pair. It holds no floats and its canonical bytes are what members
// vote on.
type Model struct {
	ID         string
	FeatureSet uint32 // version of the feature set, fixes number and order of features
	Features   uint16 // number of features in that set
	Base       int64
	Tables     []Table     // ascending by Feature, at most one per feature
	Pairs      []PairTable // ascending by A, then B, at most one per pair
	Capacity   Capacity
}

// Validate checks every bound, so that Evaluate cannot overflow.
func (m *Model) Validate() error {
	bad := func(format string, a ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{ErrModel}, a...)...)
	}
	if m.ID == "" || len(m.ID) > ModelIDMax {
		return bad("id has %d bytes, want 1 to %d", len(m.ID), ModelIDMax)
	}
	if m.Features == 0 || m.Features > FeaturesMax {
		return bad("%d features, want 1 to %d", m.Features, FeaturesMax)
	}
	if m.Base < 0 || m.Base > PointsMax {
		return bad("base %d, want 0 to %d", m.Base, PointsMax)
	}
	if len(m.Tables) == 0 || len(m.Tables) > TablesMax || len(m.Pairs) > PairsMax {
		return bad("%d tables and %d pairs, want 1 to %d and at most %d", len(m.Tables), len(m.Pairs), TablesMax, PairsMax)
	}
	for i := range m.Tables {
		t := &m.Tables[i]
		if t.Feature >= m.Features || (i > 0 && t.Feature <= m.Tables[i-1].Feature) {
			return bad("table %d: feature %d out of range or order", i, t.Feature)
		}
		if err := t.validate(); err != nil {
			return bad("table %d: %w", i, err)
		}
	}
	for i := range m.Pairs {
		p := &m.Pairs[i]
		if p.A >= p.B || p.B >= m.Features || (i > 0 && !m.Pairs[i-1].before(p)) {
			return bad("pair %d: features %d and %d out of range or order", i, p.A, p.B)
		}
		if err := p.validate(); err != nil {
			return bad("pair %d: %w", i, err)
		}
	}
	c := m.Capacity
	if c.Feature >= m.Features || c.Numerator < 1 || c.Denominator < 1 || c.Numerator > RatioMax || c.Denominator > RatioMax {
		return bad("capacity %d * %d / %d", c.Feature, c.Numerator, c.Denominator)
	}
	return nil
}

func (t *Table) validate() error {
	if len(t.Points) != len(t.Cuts)+1 {
		return fmt.Errorf("%d cuts and %d points", len(t.Cuts), len(t.Points))
	}
	if err := validateCuts(t.Cuts, CutsMax); err != nil {
		return err
	}
	return validatePoints(append([]int64{t.Missing}, t.Points...))
}

func validateCuts(cuts []int64, limit int) error {
	if len(cuts) > limit {
		return fmt.Errorf("%d cuts, at most %d", len(cuts), limit)
	}
	for k, c := range cuts {
		if c <= -FeatureBound || c >= FeatureBound || (k > 0 && c <= cuts[k-1]) {
			return fmt.Errorf("cut %d out of range or order", k)
		}
	}
	return nil
}

func validatePoints(points []int64) error {
	for _, p := range points {
		if p < -PointsMax || p > PointsMax {
			return fmt.Errorf("%d points, want ±%d", p, PointsMax)
		}
	}
	return nil
}

// Bin is the index of the bin of v in t, or -1 when v is missing.
func (t *Table) Bin(v Value) int { return binOf(t.Cuts, v) }

func binOf(cuts []int64, v Value) int {
	if !v.Present {
		return -1
	}
	k := 0
	for k < len(cuts) && v.Int >= cuts[k] {
		k++
	}
	return k
}

// PointsOf is what v scores in t.
func (t *Table) PointsOf(v Value) int64 {
	if k := t.Bin(v); k >= 0 {
		return t.Points[k]
	}
	return t.Missing
}

// Best is the highest number of points that any value scores in t.
func (t *Table) Best() int64 {
	best := t.Points[0]
	for _, p := range t.Points[1:] {
		best = max(best, p)
	}
	return best
}

// Result is what a model says of a feature vector.
type Result struct {
	Score       int64 // points
	CapacityFen int64 // fen a month
}

// Evaluate applies a valid model. The circuit proves exactly this function.
func (m *Model) Evaluate(features []Value) (Result, error) {
	if len(features) != int(m.Features) {
		return Result{}, fmt.Errorf("%w: %d features, want %d", ErrFeature, len(features), m.Features)
	}
	for i, f := range features {
		if _, err := f.Encode(); err != nil {
			return Result{}, fmt.Errorf("feature %d: %w", i, err)
		}
	}
	return Result{Score: m.score(features), CapacityFen: m.Capacity.Of(features[m.Capacity.Feature])}, nil
}

// score adds up the points of features within their bounds.
func (m *Model) score(features []Value) int64 {
	score := m.Base
	for i := range m.Tables {
		t := &m.Tables[i]
		score += t.PointsOf(features[t.Feature])
	}
	for i := range m.Pairs {
		p := &m.Pairs[i]
		score += p.PointsOf(features[p.A], features[p.B])
	}
	return score
}

// Of is the capacity for a feature value. The product is below 2^67, so it is
// divided in two steps that together round down once.
func (c Capacity) Of(v Value) int64 {
	if !v.Present || v.Int <= 0 {
		return 0
	}
	q, r := v.Int/c.Denominator, v.Int%c.Denominator
	if q > CapacityMax/c.Numerator {
		return CapacityMax
	}
	return min(q*c.Numerator+r*c.Numerator/c.Denominator, CapacityMax)
}

// What canonical bytes are of. A model without pairs keeps the form it had
// before there were any, so that its hash stands.
const (
	kindModel = "score-model"
	kindPairs = "score-model-pairs"
)

// Canonical is the model's canonical bytes.
func (m *Model) Canonical() ([]byte, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	kind := kindModel
	if len(m.Pairs) > 0 {
		kind = kindPairs
	}
	w := canon.New(kind).String(m.ID).Uint32(m.FeatureSet).Uint16(m.Features).Int64(m.Base).
		Uint16(uint16(len(m.Tables)))
	for _, t := range m.Tables {
		w.Uint16(t.Feature).Uint16(uint16(len(t.Cuts)))
		writeNumbers(w, t.Cuts, t.Points)
		w.Int64(t.Missing)
	}
	if kind == kindPairs {
		w.Uint16(uint16(len(m.Pairs)))
		for _, p := range m.Pairs {
			w.Uint16(p.A).Uint16(p.B).Uint16(uint16(len(p.CutsA))).Uint16(uint16(len(p.CutsB)))
			writeNumbers(w, p.CutsA, p.CutsB)
			p.writePoints(w)
		}
	}
	w.Uint16(m.Capacity.Feature).Int64(m.Capacity.Numerator).Int64(m.Capacity.Denominator)
	return w.Encoded()
}

func writeNumbers(w *canon.Writer, lists ...[]int64) {
	for _, list := range lists {
		for _, v := range list {
			w.Int64(v)
		}
	}
}

func readNumbers(r *canon.Reader, n int) []int64 {
	var list []int64
	for range n {
		list = append(list, r.Int64())
	}
	return list
}

// Decode reads canonical bytes back and validates the model.
func Decode(b []byte) (*Model, error) {
	if r := canon.Open(kindPairs, b); r.Err() == nil {
		return decode(r, true)
	}
	return decode(canon.Open(kindModel, b), false)
}

// NameOf is the ID of a model by its canonical bytes, of which it reads no more:
// for bytes that were validated before.
func NameOf(b []byte) (string, error) {
	r := canon.Open(kindPairs, b)
	if r.Err() != nil {
		r = canon.Open(kindModel, b)
	}
	id := r.String()
	if err := r.Err(); err != nil {
		return "", err
	}
	if id == "" || len(id) > ModelIDMax {
		return "", fmt.Errorf("%w: id has %d bytes, want 1 to %d", ErrModel, len(id), ModelIDMax)
	}
	return id, nil
}

func decode(r *canon.Reader, pairs bool) (*Model, error) {
	m := &Model{ID: r.String(), FeatureSet: r.Uint32(), Features: r.Uint16(), Base: r.Int64()}
	tables := int(r.Uint16())
	if tables > TablesMax {
		return nil, fmt.Errorf("%w: %d tables, at most %d", ErrModel, tables, TablesMax)
	}
	for range tables {
		t := Table{Feature: r.Uint16()}
		cuts := int(r.Uint16())
		if cuts > CutsMax {
			return nil, fmt.Errorf("%w: %d cuts, at most %d", ErrModel, cuts, CutsMax)
		}
		t.Cuts, t.Points, t.Missing = readNumbers(r, cuts), readNumbers(r, cuts+1), r.Int64()
		m.Tables = append(m.Tables, t)
	}
	if pairs {
		var err error
		if m.Pairs, err = decodePairs(r); err != nil {
			return nil, err
		}
	}
	m.Capacity = Capacity{Feature: r.Uint16(), Numerator: r.Int64(), Denominator: r.Int64()}
	if err := r.Done(); err != nil {
		return nil, err
	}
	if err := m.Validate(); err != nil {
		return nil, err
	}
	return m, nil
}

// Hash identifies the model's exact content.
func (m *Model) Hash() ([32]byte, error) {
	b, err := m.Canonical()
	if err != nil {
		return [32]byte{}, err
	}
	return canon.New("score-model-hash").Bytes(b).Sum()
}
