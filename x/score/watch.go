package score

import (
	"context"
	"errors"
	"slices"

	"cosmossdk.io/collections"

	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
)

// The kinds of the incidents that the watch opens.
const (
	IncidentDrift       = "model-drift"
	IncidentCalibration = "model-calibration"
)

// Watch is the counts of a model, zeros for one that scored nobody yet, or
// ErrUnknownModel.
func (k *Keeper) Watch(ctx context.Context, model []byte) (scorev1.Watch, error) {
	m, err := k.Model(ctx, model)
	if err != nil {
		return scorev1.Watch{}, err
	}
	return k.watch(ctx, m)
}

func (k *Keeper) watch(ctx context.Context, m scorev1.Model) (scorev1.Watch, error) {
	w, err := k.watches.Get(ctx, m.Hash)
	if errors.Is(err, collections.ErrNotFound) {
		return scorev1.Watch{ModelHash: m.Hash, Bands: make([]scorev1.BandCount, len(m.Bands))}, nil
	}
	return w, err
}

// observe counts an accepted score. With it a window may be whole: then its drift
// is measured, and the next window begins.
func (k *Keeper) observe(ctx context.Context, s scorev1.Score) error {
	m, err := k.Model(ctx, s.ModelHash)
	if err != nil {
		return err
	}
	w, err := k.watch(ctx, m)
	if err != nil {
		return err
	}
	p, err := k.Params(ctx)
	if err != nil {
		return err
	}
	i := bandIndex(m.Bands, s.Band)
	w.Bands[i].Scored++
	w.Bands[i].Window++
	var window uint64
	for _, c := range w.Bands {
		window += c.Window
	}
	whole := window >= uint64(p.DriftWindowScores)
	if whole {
		w.DriftPpm, w.DriftHeight = stability(m.Bands, w.Bands), height(ctx)
		for i := range w.Bands {
			w.Bands[i].Window = 0
		}
	}
	if err := k.watches.Set(ctx, m.Hash, w); err != nil {
		return err
	}
	if !whole || w.DriftPpm <= uint64(p.DriftPpmMax) {
		return nil
	}
	return k.alarm(ctx, m, scorev1.Suspension{
		Alarm: scorev1.Alarm_ALARM_DRIFT, Observed: w.DriftPpm, Bound: uint64(p.DriftPpmMax),
	})
}

// LoanOpened counts a loan that was opened on a score; x/loan calls it once a loan.
func (k *Keeper) LoanOpened(ctx context.Context, scoreID []byte) error {
	s, m, w, err := k.counted(ctx, scoreID)
	if err != nil {
		return err
	}
	w.Bands[bandIndex(m.Bands, s.Band)].Loans++
	return k.watches.Set(ctx, m.Hash, w)
}

// LoanDefaulted counts the write-off of a loan that was opened on a score at
// openedAt, Unix seconds; x/loan calls it at most once a loan. One past the
// horizon, or opened before the counts began, is not counted. When more loans of
// the band defaulted than its probability allows, the model's suspension is
// proposed.
func (k *Keeper) LoanDefaulted(ctx context.Context, scoreID []byte, openedAt int64) error {
	s, m, w, err := k.counted(ctx, scoreID)
	if err != nil {
		return err
	}
	p, err := k.Params(ctx)
	if err != nil {
		return err
	}
	c := &w.Bands[bandIndex(m.Bands, s.Band)]
	if openedAt <= w.Since || now(ctx)-openedAt > p.DefaultHorizonSeconds || c.Defaults >= c.Loans {
		return nil
	}
	c.Defaults++
	if err := k.watches.Set(ctx, m.Hash, w); err != nil {
		return err
	}
	bound := defaultsMax(c.Loans, s.PdPpm)
	if c.Loans < uint64(p.CalibrationLoansMin) || c.Defaults <= bound {
		return nil
	}
	return k.alarm(ctx, m, scorev1.Suspension{
		Alarm: scorev1.Alarm_ALARM_CALIBRATION, Band: s.Band, Observed: c.Defaults, Bound: bound,
	})
}

func (k *Keeper) counted(ctx context.Context, scoreID []byte) (scorev1.Score, scorev1.Model, scorev1.Watch, error) {
	s, err := k.Score(ctx, scoreID)
	if err != nil {
		return s, scorev1.Model{}, scorev1.Watch{}, err
	}
	m, err := k.Model(ctx, s.ModelHash)
	if err != nil {
		return s, m, scorev1.Watch{}, err
	}
	w, err := k.watch(ctx, m)
	return s, m, w, err
}

// alarm proposes the suspension of an active model, unless one is proposed
// already: it writes the finding into the model, opens an incident and tells. It
// stops nothing by itself, since whoever can cause an alarm could otherwise stop
// all lending.
func (k *Keeper) alarm(ctx context.Context, m scorev1.Model, found scorev1.Suspension) error {
	if m.Status != scorev1.ModelStatus_MODEL_STATUS_ACTIVE || m.Suspension != nil {
		return nil
	}
	found.Height = height(ctx)
	m.Suspension = &found
	if err := k.models.Set(ctx, m.Hash, m); err != nil {
		return err
	}
	kind := IncidentDrift
	if found.Alarm == scorev1.Alarm_ALARM_CALIBRATION {
		kind = IncidentCalibration
	}
	if err := k.Safety.OpenIncident(ctx, kind, m.Hash); err != nil {
		return err
	}
	return emit(ctx, &scorev1.EventModelAlarm{ModelHash: m.Hash, Suspension: m.Suspension})
}

// judged is the model as council decides on the watch's proposal, or
// ErrSuspension when there is none to decide on.
func judged(m scorev1.Model, suspend bool) (scorev1.Model, error) {
	active := m.Status == scorev1.ModelStatus_MODEL_STATUS_ACTIVE
	switch {
	case m.Suspension == nil || !active && m.Status != scorev1.ModelStatus_MODEL_STATUS_SUSPENDED:
		return m, ErrSuspension.Wrapf("model %x is %s", m.Hash, m.Status)
	case suspend && active:
		m.Status = scorev1.ModelStatus_MODEL_STATUS_SUSPENDED
	case suspend:
		return m, ErrSuspension.Wrapf("model %x is suspended already", m.Hash)
	default:
		m.Status, m.Suspension = scorev1.ModelStatus_MODEL_STATUS_ACTIVE, nil
	}
	return m, nil
}

// restart begins the counts of loans and of the window anew: what the council
// judged does not raise the next alarm.
func (k *Keeper) restart(ctx context.Context, m scorev1.Model) error {
	w, err := k.watch(ctx, m)
	if err != nil {
		return err
	}
	for i := range w.Bands {
		w.Bands[i].Window, w.Bands[i].Loans, w.Bands[i].Defaults = 0, 0, 0
	}
	w.Since = now(ctx)
	return k.watches.Set(ctx, m.Hash, w)
}

// bandIndex is the place of a band; a score's band is always one of its model's.
func bandIndex(bands []scorev1.Band, name string) int {
	return slices.IndexFunc(bands, func(b scorev1.Band) bool { return b.Name == name })
}
