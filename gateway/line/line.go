package line

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/desk"
	"github.com/xinlian/xinlian/gateway/scoring"
	"github.com/xinlian/xinlian/gateway/store"
	"github.com/xinlian/xinlian/gateway/vault"
)

// The stages of a file, in order.
const (
	Asking    = "asking"    // requests for consent go to the owner
	Granting  = "granting"  // she decides, the custodian wraps keys
	Checking  = "checking"  // each verifier opens, checks and attests the records
	Deriving  = "deriving"  // the features are computed and committed to
	Attesting = "attesting" // each verifier computes them again and attests
	Proving   = "proving"   // the score is proven and submitted
	Done      = "done"
	Failed    = "failed"
)

// Stages lists the stages of a file that goes well.
var Stages = []string{Asking, Granting, Checking, Deriving, Attesting, Proving, Done}

// Reasons why a file ends without a score. The portal has a text for each; a
// refusal of the chain is refused:SPACE/CODE.
const (
	ReasonNoData       = "no-data"
	ReasonNoProduct    = "no-product"
	ReasonRefused      = "consent-refused"
	ReasonEnded        = "consent-ended"
	ReasonInconsistent = "inconsistent"
	ReasonDiffers      = "features-differ"
	ReasonReads        = "reads-used-up"
	reasonChain        = "refused:"
)

// Work limits.
const (
	every   = 300 * time.Millisecond
	running = 2 // files at a time; proving is serial anyway
	backoff = time.Second
	waitMax = 30 * time.Second
)

// ErrLender says that the lender has no desk here.
var ErrLender = errors.New("line: this gateway has no desk of that lender")

// ErrOpen says that a file for the lender is under way.
var ErrOpen = errors.New("line: a file for this lender is under way")

// Line does the work for the organisations that are hosted here.
type Line struct {
	Client    *chain.Client
	Store     *store.Store
	Verifiers []*desk.Desk // independent attestors, at least as many as the chain asks for
	Lenders   map[uint64]*desk.Desk
	Prover    scoring.Prover
	Log       *slog.Logger

	mu      sync.Mutex
	busy    map[int64]bool
	resting map[int64]rest
	opened  map[string]desk.Reading // by consent id, until the file ends
}

type rest struct {
	until time.Time
	step  time.Duration
}

// Begin opens a file for a lender. One that is under way is ErrOpen.
func (l *Line) Begin(ctx context.Context, enterprise, lender uint64) (store.File, error) {
	if l.Lenders[lender] == nil {
		return store.File{}, ErrLender
	}
	files, err := l.Store.FilesOf(ctx, enterprise)
	if err != nil {
		return store.File{}, err
	}
	for _, f := range files {
		if f.Lender == lender && f.Stage != Done && f.Stage != Failed {
			return f, ErrOpen
		}
	}
	return l.Store.NewFile(ctx, enterprise, lender, Asking)
}

// Run moves files on until ctx ends, then waits for what is under way.
func (l *Line) Run(ctx context.Context) error {
	var work sync.WaitGroup
	defer work.Wait()
	slots := make(chan struct{}, running)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		files, err := l.Store.Files(ctx, Stages[:len(Stages)-1]...)
		if err != nil {
			if ctx.Err() == nil {
				l.Log.Error("reading the open files", "err", err)
			}
			continue
		}
		for _, f := range files {
			if !l.claim(f.ID) {
				continue
			}
			work.Add(1)
			go func() {
				defer work.Done()
				defer l.release(f.ID)
				select {
				case <-ctx.Done():
					return
				case slots <- struct{}{}:
				}
				defer func() { <-slots }()
				l.Step(ctx, f)
			}()
		}
	}
}

func (l *Line) claim(id int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy == nil {
		l.busy, l.resting = map[int64]bool{}, map[int64]rest{}
	}
	if l.busy[id] || time.Now().Before(l.resting[id].until) {
		return false
	}
	l.busy[id] = true
	return true
}

func (l *Line) release(id int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.busy, id)
}

// ErrNoData says that the enterprise has anchored nothing yet.
var ErrNoData = ended{ReasonNoData}

// errWait says that the file's stage waits for somebody else.
var errWait = errors.New("line: waiting")

// ended carries the reason why a file ends without a score.
type ended struct{ reason string }

func (e ended) Error() string { return "line: " + e.reason }

// Step does the work of a file's stage once and writes the next one. A failure
// of the world is tried again later; a refusal ends the file with its reason.
func (l *Line) Step(ctx context.Context, f store.File) {
	next, err := l.stage(ctx, &f)
	if err == nil {
		l.rested(f.ID)
		l.move(ctx, f, next, "")
		return
	}
	if errors.Is(err, errWait) || ctx.Err() != nil {
		return
	}
	if reason, final := reasonOf(err); final {
		l.move(ctx, f, Failed, reason)
		return
	}
	l.Log.Warn("file is tried again", "file", f.ID, "stage", f.Stage, "err", err)
	l.rest(f.ID)
}

func (l *Line) move(ctx context.Context, f store.File, next, reason string) {
	from := f.Stage
	f.Stage, f.Reason = next, reason
	if err := l.Store.MoveFile(ctx, from, f); err != nil {
		if ctx.Err() == nil {
			l.Log.Error("moving a file", "file", f.ID, "stage", next, "err", err)
		}
		return
	}
	l.Log.Info("file moved", "file", f.ID, "enterprise", f.Enterprise, "stage", next, "reason", reason)
	if next == Done || next == Failed {
		l.forget(ctx, f)
	}
}

// rest doubles the pause of a file, up to waitMax.
func (l *Line) rest(id int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.resting[id]
	r.step = min(max(2*r.step, backoff), waitMax)
	r.until = time.Now().Add(r.step)
	l.resting[id] = r
}

func (l *Line) rested(id int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.resting, id)
}

// reasonOf tells whether an error will not go away by trying again.
func reasonOf(err error) (string, bool) {
	var e ended
	var refused *chain.Refused
	switch {
	case errors.As(err, &e):
		return e.reason, true
	case errors.Is(err, scoring.ErrDiffers):
		return ReasonDiffers, true
	case errors.Is(err, vault.ErrFetchLimit), errors.Is(err, vault.ErrFrequency):
		return ReasonReads, true
	case errors.Is(err, vault.ErrConsentRevoked), errors.Is(err, vault.ErrConsentExpired), errors.Is(err, vault.ErrConsentRefused):
		return ReasonEnded, true
	case errors.As(err, &refused) && refused.Space != "sdk": // sdk: a lost race for a sequence, gas, a full mempool
		return fmt.Sprintf("%s%s/%d", reasonChain, refused.Space, refused.Code), true
	}
	return "", false
}
