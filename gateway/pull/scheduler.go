package pull

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/store"
)

// Keeper is the durable memory of the scheduler. *store.Store is one.
type Keeper interface {
	LoadSource(ctx context.Context, id string) (store.Source, error)
	SaveSource(ctx context.Context, r store.Source) error
	Receive(ctx context.Context, source string, item store.Item, cursor string, file *store.Taken) (number uint64, err error)
	Inbox(ctx context.Context, source string, items, bytes int) ([]store.Item, error)
	Clear(ctx context.Context, r store.Source, through uint64) error
	TakenFiles(ctx context.Context, source string) (map[string]store.Taken, error)
	Save(ctx context.Context, kind, id string, value any) error
}

// KindProblems is the kind under which the problems of a source's last run that
// had any are kept sealed, by the source's id.
const KindProblems = "source-problems"

// problemsKept bounds them.
const problemsKept = 500

// Profile takes documents into profiles, each delivery once for its key.
type Profile interface {
	Deliver(ctx context.Context, d custody.Delivery) (custody.Collected, error)
	// Owner is the firm of an enterprise, by which documents are told to be its own.
	Owner(ctx context.Context, enterprise uint64) (connector.Owner, error)
}

// Scheduler runs the sources that are defined in a folder.
type Scheduler struct {
	Dir     string // of the definitions
	Allow   AllowList
	Keeper  Keeper
	Profile Profile
	Now     func() time.Time // nil: the system's clock
	Log     *slog.Logger

	told map[string]string // faults of definitions that were logged
}

const (
	lookEvery  = 2 * time.Second
	runsAtOnce = 4
)

// Run looks for what is due until ctx ends; runs under way are then cut off and
// go on at the next start.
func (s *Scheduler) Run(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := s.Step(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("looking for sources that are due", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Step reads the definitions and runs every source that is due, to its end.
func (s *Scheduler) Step(ctx context.Context) error {
	files, err := filepath.Glob(filepath.Join(s.Dir, "*"+definitionSuffix))
	if err != nil {
		return fmt.Errorf("listing the sources: %w", err)
	}
	slices.Sort(files)
	var running sync.WaitGroup
	free := make(chan struct{}, runsAtOnce)
	var all []error
	for _, file := range files {
		source, row, isDue, err := s.look(ctx, file)
		if err != nil {
			all = append(all, err)
		}
		if err != nil || !isDue {
			continue
		}
		free <- struct{}{}
		running.Go(func() {
			defer func() { <-free }()
			if err := s.run(ctx, source, row); err != nil && ctx.Err() == nil {
				s.Log.Error("running a source", "source", source.ID, "err", err)
			}
		})
	}
	running.Wait()
	return errors.Join(all...)
}

func (s *Scheduler) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// look reads a definition and tells whether its source is due. A definition that
// cannot be used denies its source until it changes.
func (s *Scheduler) look(ctx context.Context, file string) (*Source, store.Source, bool, error) {
	source, broken := LoadSource(file)
	if source == nil {
		s.tell(file, broken)
		return nil, store.Source{}, false, nil
	}
	row, err := s.Keeper.LoadSource(ctx, source.ID)
	absent := errors.Is(err, store.ErrNotFound)
	if err != nil && !absent {
		return nil, row, false, err
	}
	s.tell(file, broken)
	if broken != nil {
		if absent || row.Status == string(Denied) && row.Detail == broken.Error() {
			return nil, row, false, nil
		}
		row.Status, row.Reason, row.Detail, row.Definition = string(Denied), string(ReasonDefinition), broken.Error(), store.Hash{}
		return nil, row, false, s.Keeper.SaveSource(ctx, row)
	}
	definition := s.Allow.over(source.fingerprint)
	if absent || row.Definition != definition {
		row.ID, row.Enterprise, row.Kind, row.Definition = source.ID, source.Enterprise, source.Kind, definition
		row.Status, row.Reason, row.Detail, row.Attempt, row.NextAt = string(Ready), "", "", 0, s.now().Unix()
		if err := s.Keeper.SaveSource(ctx, row); err != nil {
			return nil, row, false, err
		}
	}
	_, possible := transitions[Status(row.Status)][due]
	return source, row, possible && row.NextAt <= s.now().Unix(), nil
}

// tell logs a definition's fault once.
func (s *Scheduler) tell(file string, err error) {
	if s.told == nil {
		s.told = map[string]string{}
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != "" && s.told[file] != text {
		s.Log.Error("a source cannot be used", "file", filepath.Base(file), "err", text)
	}
	s.told[file] = text
}

// take keeps a fetched item and delivers it. A nil file is a page.
type take func(item store.Item, cursor string, file *store.Taken) error

// puller reads one source.
type puller interface {
	pull(ctx context.Context, cursor string, taken map[string]store.Taken, take take) error
	close() error
}

// run does one run and writes what the source has become. When the gateway stops
// in between, the source stays PENDING and is due at the next start.
func (s *Scheduler) run(ctx context.Context, source *Source, row store.Source) error {
	status, err := Status(row.Status).after(due)
	if err != nil {
		return err
	}
	row.Status = string(status)
	if err := s.Keeper.SaveSource(ctx, row); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, source.RunTimeout.or(runTimeout))
	defer cancel()
	r := &running{scheduler: s, source: source, row: row}
	err = r.work(limited)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return s.settle(ctx, source, r.row, err)
}

// settle writes the end of a run.
func (s *Scheduler) settle(ctx context.Context, source *Source, row store.Source, failure error) error {
	now := s.now()
	happened := complete
	row.Reason, row.Detail = "", ""
	if failure == nil {
		row.Attempt, row.Delivered, row.NextAt = 0, now.Unix(), source.next(now).Unix()
	} else {
		f := faultOf(failure)
		happened = f.event()
		row.Attempt++
		row.Reason, row.Detail = string(f.Reason), fmt.Sprintf("%.500s", f.Error())
		row.NextAt = now.Add(max(backoff(row.Attempt), f.After)).Unix()
		s.Log.Warn("a source did not deliver", "source", source.ID, "reason", f.Reason, "detail", f.Error(), "attempt", row.Attempt)
	}
	status, err := Status(row.Status).after(happened)
	if err != nil {
		return err
	}
	row.Status = string(status)
	return s.Keeper.SaveSource(ctx, row)
}
