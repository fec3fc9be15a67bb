package score

import (
	"bytes"
	"errors"
	"math"
	"math/big"
	"slices"
	"testing"
	"time"

	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/x/org"
)

// The integer logarithm is the natural one to two millionths.
func TestLnPpm(t *testing.T) {
	t.Parallel()
	for _, n := range []uint64{1, 2, 3, 10, 499, 500, 501, 99_999, 333_333, 500_000, 999_999, 1_000_000, 1<<32 - 1} {
		if got, want := lnPpm(n), math.Log(float64(n))*1e6; math.Abs(float64(got)-want) > 2 {
			t.Errorf("ln %d: got %d, want %.1f", n, got, want)
		}
	}
}

// The stability index is that of the textbook, 0 for equal shares, and large
// counts do not overflow.
func TestStability(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		shares []uint32
		counts []uint64
	}{
		{[]uint32{500_000, 300_000, 200_000}, []uint64{50, 30, 20}},
		{[]uint32{500_000, 300_000, 200_000}, []uint64{20, 30, 50}},
		{[]uint32{500_000, 300_000, 200_000}, []uint64{100, 0, 0}},
		{[]uint32{1_000_000, 0}, []uint64{0, 1 << 62}},
		{[]uint32{0, 0}, []uint64{1, 99}},
		{[]uint32{1_000_000, 0}, []uint64{0, 0}},
	} {
		var bands []scorev1.Band
		var counts []scorev1.BandCount
		total, known := 0.0, false
		for i, share := range r.shares {
			bands = append(bands, scorev1.Band{SharePpm: share})
			counts = append(counts, scorev1.BandCount{Window: r.counts[i]})
			total, known = total+float64(r.counts[i]), known || share != 0
		}
		want := 0.0
		for i, share := range r.shares {
			o := max(float64(r.counts[i])/max(total, 1), shareFloorPpm/1e6)
			e := max(float64(share)/1e6, shareFloorPpm/1e6)
			want += (o - e) * math.Log(o/e) * 1e6
		}
		if !known || total == 0 {
			want = 0
		}
		if got := stability(bands, counts); math.Abs(float64(got)-want) > 20 {
			t.Errorf("%v of %v: got %d, want %.1f", r.counts, r.shares, got, want)
		}
	}
}

// The bound on defaults is never below the exact binomial quantile of one in a
// thousand, so that fewer than that many looks in a thousand raise a false alarm;
// and it is not so wide that it finds nothing.
func TestDefaultsMax(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		loans uint64
		pd    uint32
	}{{30, 10_000}, {30, 40_000}, {100, 10_000}, {100, 200_000}, {1000, 40_000}, {1000, 500_000}, {200, 0}, {200, 1_000_000}} {
		bound := defaultsMax(r.loans, r.pd)
		if tail := binomialTail(r.loans, r.pd, bound); tail > 0.003 {
			t.Errorf("%d loans at %d ppm: bound %d leaves %.4f above", r.loans, r.pd, bound, tail)
		}
		if float64(bound) > float64(r.loans)*float64(r.pd)/1e6+4*math.Sqrt(float64(r.loans)*0.25)+2 {
			t.Errorf("%d loans at %d ppm: bound %d", r.loans, r.pd, bound)
		}
	}
	if got := defaultsMax(math.MaxUint32, 1_000_000); got != math.MaxUint32+1 {
		t.Errorf("every loan defaults: got %d", got)
	}
}

// binomialTail is the probability of more than that many defaults.
func binomialTail(loans uint64, pdPpm uint32, bound uint64) float64 {
	sum := new(big.Rat)
	p, q := big.NewRat(int64(pdPpm), million), big.NewRat(million-int64(pdPpm), million)
	power := func(r *big.Rat, n uint64) *big.Rat {
		e := new(big.Int).SetUint64(n)
		return new(big.Rat).SetFrac(new(big.Int).Exp(r.Num(), e, nil), new(big.Int).Exp(r.Denom(), e, nil))
	}
	for d := bound + 1; d <= loans; d++ {
		term := new(big.Rat).SetInt(new(big.Int).Binomial(int64(loans), int64(d)))
		sum.Add(sum, term.Mul(term, power(p, d)).Mul(term, power(q, loans-d)))
	}
	f, _ := sum.Float64()
	return f
}

// scoredOnce is a chain on which the active model gave one score, of band A.
func scoredOnce(t *testing.T) (kit, []byte, []byte) {
	t.Helper()
	c, m := scoring(t)
	res, err := c.msgs.SubmitScore(c.ctx, m)
	check(t, err)
	return c.fresh(), m.ModelHash, res.ScoreId
}

func (c kit) decideSuspension(model []byte, suspend bool) error {
	_, err := c.msgs.DecideSuspension(c.ctx, &scorev1.MsgDecideSuspension{Authority: wire.Authority(), ModelHash: model, Suspend: suspend})
	return err
}

// When more loans of a band default than its probability allows, suspension is
// proposed once, with an event and an incident; lending goes on until council
// decides; suspended, the model neither scores nor do its scores decide; lifted,
// the counts begin anew and loans of before no longer count.
func TestCalibrationAlarm(t *testing.T) {
	t.Parallel()
	c, model, score := scoredOnce(t)
	opened := now(c.ctx)
	p, err := c.Params(c.ctx)
	check(t, err)
	row, err := c.Score(c.ctx, score)
	check(t, err)
	loans := uint64(p.CalibrationLoansMin)
	for range loans {
		check(t, c.LoanOpened(c.ctx, score))
	}
	bound := defaultsMax(loans, row.PdPpm)
	for range bound {
		check(t, c.LoanDefaulted(c.ctx, score, opened))
	}
	c.wantEvents(t)
	check(t, c.LoanDefaulted(c.at(2_000, time.Duration(p.DefaultHorizonSeconds+1)*time.Second).ctx, score, opened))
	if m, err := c.Model(c.ctx, model); err != nil || m.Suspension != nil {
		t.Fatalf("within the bound or past the horizon: %v, %v", m.Suspension, err)
	}
	if err := c.decideSuspension(model, true); !errors.Is(err, ErrSuspension) {
		t.Errorf("nothing is proposed: got %v, want %v", err, ErrSuspension)
	}
	check(t, c.LoanDefaulted(c.ctx, score, opened))
	found := &scorev1.Suspension{
		Alarm: scorev1.Alarm_ALARM_CALIBRATION, Height: height(c.ctx), Band: row.Band, Observed: bound + 1, Bound: bound,
	}
	c.wantEvents(t, &scorev1.EventModelAlarm{ModelHash: model, Suspension: found})
	check(t, c.LoanDefaulted(c.ctx, score, opened)) // proposed already
	if len(c.fakes.incident) != 1 {
		t.Errorf("incidents: %v", c.fakes.incident)
	}
	check(t, c.Usable(c.ctx, row))
	c.checkInvariants(t)

	check(t, c.decideSuspension(model, true))
	c.wantStatus(t, model, scorev1.ModelStatus_MODEL_STATUS_SUSPENDED)
	if err := c.Usable(c.ctx, row); !errors.Is(err, ErrModelStatus) {
		t.Errorf("a score of a suspended model: got %v, want %v", err, ErrModelStatus)
	}
	if _, err := c.msgs.SubmitScore(c.ctx, provenOnce(t).message()); !errors.Is(err, ErrModelStatus) {
		t.Errorf("scoring with a suspended model: got %v, want %v", err, ErrModelStatus)
	}
	c.checkInvariants(t)
	if err := c.decideSuspension(model, true); !errors.Is(err, ErrSuspension) {
		t.Errorf("twice: got %v, want %v", err, ErrSuspension)
	}
	check(t, c.decideSuspension(model, false))
	c.wantStatus(t, model, active)
	check(t, c.Usable(c.ctx, row))
	check(t, c.LoanOpened(c.ctx, score))
	check(t, c.LoanDefaulted(c.ctx, score, opened))
	w, err := c.asks.Watch(c.ctx, &scorev1.QueryWatchRequest{ModelHash: model})
	check(t, err)
	if got := w.Watch.Bands[0]; got.Loans != 1 || got.Defaults != 0 || got.Scored != 1 || got.Window != 0 {
		t.Errorf("counts after the lift: %+v", got)
	}
	c.checkInvariants(t)
	if _, err := c.msgs.DecideSuspension(c.ctx, &scorev1.MsgDecideSuspension{Authority: "officer", ModelHash: model}); !errors.Is(err, org.ErrAuthority) {
		t.Errorf("an officer: got %v, want %v", err, org.ErrAuthority)
	}
}

// A whole window of scores in other bands than those of the training proposes the
// suspension; a window like the training does not.
func TestDriftAlarm(t *testing.T) {
	t.Parallel()
	for name, shares := range map[string][]uint32{
		"unlike":  {100_000, 300_000, 600_000},
		"like":    {1_000_000, 0, 0},
		"unknown": {0, 0, 0},
	} {
		c, model, id := scoredOnce(t)
		m, err := c.Model(c.ctx, model)
		check(t, err)
		for i := range m.Bands {
			m.Bands[i].SharePpm = shares[i]
		}
		m.Bands = slices.Clone(m.Bands)
		check(t, c.models.Set(c.ctx, model, m))
		row, err := c.Score(c.ctx, id)
		check(t, err)
		p, err := c.Params(c.ctx)
		check(t, err)
		for range p.DriftWindowScores - 1 {
			check(t, c.observe(c.ctx, row))
		}
		m, err = c.Model(c.ctx, model)
		check(t, err)
		w, err := c.Watch(c.ctx, model)
		check(t, err)
		if (m.Suspension != nil) != (name == "unlike") || w.DriftHeight != height(c.ctx) || w.Bands[0].Window != 0 {
			t.Errorf("%s: suspension %v, drift %d at %d, %d in the window", name, m.Suspension, w.DriftPpm, w.DriftHeight, w.Bands[0].Window)
		}
		if m.Suspension != nil && (m.Suspension.Alarm != scorev1.Alarm_ALARM_DRIFT || m.Suspension.Observed != w.DriftPpm) {
			t.Errorf("%s: %v", name, m.Suspension)
		}
	}
}

// A challenger's score is recorded and counted, and decides nothing, not even
// after the model became champion; a champion's scores rest while it is a challenger.
func TestChallenger(t *testing.T) {
	t.Parallel()
	c, m := scoring(t)
	assign := func(role scorev1.ModelRole) error {
		_, err := c.msgs.AssignRole(c.ctx, &scorev1.MsgAssignRole{Authority: wire.Authority(), ModelHash: m.ModelHash, Role: role})
		return err
	}
	for _, role := range []scorev1.ModelRole{champion, 0, 7} {
		if err := assign(role); !errors.Is(err, ErrRole) {
			t.Errorf("role %d: got %v, want %v", role, err, ErrRole)
		}
	}
	check(t, assign(challenger))
	c = c.fresh()
	res, err := c.msgs.SubmitScore(c.ctx, m)
	check(t, err)
	row, err := c.Score(c.ctx, res.ScoreId)
	check(t, err)
	if w, err := c.Watch(c.ctx, m.ModelHash); err != nil || !row.Shadow || w.Bands[0].Scored != 1 {
		t.Errorf("shadow %t, watch %v, %v", row.Shadow, w, err)
	}
	if err := c.Usable(c.ctx, row); !errors.Is(err, ErrShadow) {
		t.Errorf("a challenger's score: got %v, want %v", err, ErrShadow)
	}
	check(t, assign(champion))
	if err := c.Usable(c.ctx, row); !errors.Is(err, ErrShadow) {
		t.Errorf("a score made in shadow: got %v, want %v", err, ErrShadow)
	}
	c.checkInvariants(t)

	second, model, id := scoredOnce(t)
	row, err = second.Score(second.ctx, id)
	check(t, err)
	check(t, second.Usable(second.ctx, row))
	_, err = second.msgs.AssignRole(second.ctx, &scorev1.MsgAssignRole{Authority: wire.Authority(), ModelHash: model, Role: challenger})
	check(t, err)
	if err := second.Usable(second.ctx, row); !errors.Is(err, ErrShadow) {
		t.Errorf("a demoted model's score: got %v, want %v", err, ErrShadow)
	}
	if _, err := second.msgs.AssignRole(second.ctx, &scorev1.MsgAssignRole{Authority: "officer", ModelHash: model, Role: champion}); !errors.Is(err, org.ErrAuthority) {
		t.Errorf("an officer: got %v, want %v", err, org.ErrAuthority)
	}
}

// A newer score for the same enterprise, model, purpose and lender replaces the
// one before, and a copy of the chain agrees which is the newer.
func TestRefresh(t *testing.T) {
	t.Parallel()
	c, _, id := scoredOnce(t)
	old, err := c.Score(c.ctx, id)
	check(t, err)
	check(t, c.Usable(c.ctx, old))
	for name, change := range map[string]func(*scorev1.Score){
		"other lender":  func(s *scorev1.Score) { s.LenderOrgId++ },
		"other purpose": func(s *scorev1.Score) { s.Purpose++ },
		"other firm":    func(s *scorev1.Score) { s.EnterpriseId++ },
	} {
		s := old
		s.Id, s.Height = slices.Concat(old.Id[:31], []byte{byte(len(name)) ^ old.Id[31]}), old.Height+1
		change(&s)
		check(t, c.putScore(c.ctx, s))
		if err := c.Usable(c.ctx, old); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	next := old
	next.Id, next.Height = slices.Concat([]byte{old.Id[0] ^ 1}, old.Id[1:]), old.Height+1
	check(t, c.putScore(c.ctx, next))
	if err := c.Usable(c.ctx, old); !errors.Is(err, ErrRefreshed) {
		t.Errorf("the older one: got %v, want %v", err, ErrRefreshed)
	}
	check(t, c.Usable(c.ctx, next))
	for _, like := range []scorev1.Score{old, next} {
		newest, err := c.Newest(c.ctx, like)
		check(t, err)
		if !bytes.Equal(newest.Id, next.Id) {
			t.Errorf("the newest like %x is %x, want %x", like.Id, newest.Id, next.Id)
		}
	}
	check(t, c.putScore(c.ctx, old)) // as a genesis in order of id may do
	check(t, c.Usable(c.ctx, next))
}
