package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/xinlian/xinlian/internal/durable"
)

// Options say how the demonstration runs.
type Options struct {
	Home   string        // data folder; empty for a fresh temporary one
	Listen string        // host:port of the portal; the host is localhost
	Once   bool          // end after the last step
	JSON   string        // file for the steps, or empty
	Period time.Duration // how long a repayment period lasts on the clock
	Out    io.Writer
}

// DefaultPeriod stands for a month on the demonstration's clock.
const DefaultPeriod = 4 * time.Second

// Run plays the demonstration. It returns an error if any step fails.
func Run(ctx context.Context, o Options) (err error) {
	began := time.Now()
	w, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	err = w.play(ctx, "")
	if o.JSON != "" {
		err = errors.Join(err, w.writeJSON(o.JSON))
	}
	fmt.Fprintf(o.Out, "\n%d steps in %s\n", len(w.book.Steps), time.Since(began).Round(time.Millisecond))
	if err != nil || o.Once {
		return err
	}
	return w.serve(ctx)
}

// open makes or finds the home and starts everything in it.
func open(ctx context.Context, o Options) (*world, error) {
	var err error
	if o.Home == "" {
		if o.Home, err = os.MkdirTemp("", "xinlian-demo-"); err != nil {
			return nil, fmt.Errorf("making a home: %w", err)
		}
	}
	if err := os.MkdirAll(filepath.Join(o.Home, "keys"), 0o700); err != nil {
		return nil, fmt.Errorf("making the home: %w", err)
	}
	origin, err := originOf(o.Home, o.Listen)
	if err != nil {
		return nil, err
	}
	w := &world{home: o.Home, keys: keys{dir: filepath.Join(o.Home, "keys"), origin: origin}, period: o.Period, listen: o.Listen}
	if o.Once {
		w.listen = "localhost:0" // nobody will look: the port may be in use
	}
	if w.story, err = openStory(o.Home, o.Out); err != nil {
		return nil, err
	}
	if w.founders, err = founders(w.keys); err != nil {
		return nil, err
	}
	if w.firms, err = firms(w.keys, w.endMonth(time.Now())); err != nil {
		return nil, err
	}
	fmt.Fprintf(o.Out, "Xinlian 信链 — demonstration\nhome %s\n", o.Home)
	if err := w.open(ctx); err != nil {
		return nil, errors.Join(err, w.close())
	}
	if err := w.begin(ctx); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// originOf is the origin of the pages. A chain accepts passkeys from the origin
// in its genesis only, so a home keeps the port that it was founded with.
func originOf(home, listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil || host != "localhost" && host != "127.0.0.1" {
		return "", fmt.Errorf("--listen %q: want localhost:PORT, because a passkey belongs to a name and an address cannot be one", listen)
	}
	origin := "http://localhost:" + port
	path := filepath.Join(home, "origin")
	was, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return origin, durable.WriteFile(path, []byte(origin), 0o600)
	}
	if err != nil {
		return "", fmt.Errorf("reading the home's origin: %w", err)
	}
	if was = bytes.TrimSpace(was); string(was) != origin {
		return "", fmt.Errorf("this home was founded with %s and its passkeys work only there: pass --listen %s, or another --home",
			was, strings.TrimPrefix(string(was), "http://"))
	}
	return origin, nil
}

// play tells the line of a loan, step by step, up to and with the step named
// last; the empty name is the end.
func (w *world) play(ctx context.Context, last string) error {
	healthy, thin, fraud := w.firm("healthy"), w.firm("thin"), w.firm("fraud")
	steps := []struct {
		name, words string
		run         action
	}{
		{"market index", "Three accredited publishers state the base rate.", w.publishIndex},
		{"score model", "The published scorecard is registered, audited, and voted in; each member recomputes its key.", w.adoptModel},
		{"contract template", "The contract is frozen by its hash, tested by the chain, and signed by an auditor.", w.adoptTemplate},
		{"product", "The bank funds a pool and offers a product.", w.openProduct},
		{"register healthy", "A firm with sound books joins.", w.register(healthy)},
		{"register thin", "A firm with thin books joins.", w.register(thin)},
		{"register fraud", "A firm with forged books joins.", w.register(fraud)},
		{"collect healthy", "Two years of files, one broken row among them.", w.collect(healthy)},
		{"collect thin", "Two years of files.", w.collect(thin)},
		{"collect fraud", "Two years of files.", w.collect(fraud)},
		{"verify healthy", "Two verifiers open the records under a consent and attest them.", w.verify(healthy)},
		{"verify thin", "Two verifiers attest.", w.verify(thin)},
		{"verify fraud", "Two verifiers look, and refuse.", w.verify(fraud)},
		{"consent healthy", "The bank asks, the owner grants, the officer opens the records.", w.grantLender(healthy)},
		{"consent thin", "The same for the thin firm.", w.grantLender(thin)},
		{"pledge", "One bank pledges an unpaid invoice. Another cannot: it learns that the invoice is pledged, and not to whom.", w.pledgeOnce(healthy)},
		{"score healthy", "Features, two attestations, proof, verified score.", w.score(healthy)},
		{"score thin", "The same for the thin firm.", w.score(thin)},
		{"score fraud refused", "The forged books cannot be scored: no verifier stands by them.", w.scoreRefused(fraud)},
		{"decline", "The thin firm applies and is declined, with reasons.", w.applyFor(thin, "thin", 50_000_00, 6)},
		{"approve", "The healthy firm applies and is approved.", w.applyFor(healthy, "healthy", 100_000_00, 6)},
		{"takings", "The firm's own takings arrive in its account.", w.deposit(healthy, 60_000_00)},
		{"sign and disburse", "The owner signs with her fingerprint; the money arrives in the same transaction.", w.accept(healthy)},
		{"refer", "A second application beside a running loan is referred to a person.", w.applyFor(healthy, "second", 20_000_00, 3)},
		{"officer decides", "The credit officer decides the referred case.", w.decide("second")},
		{"collect and release", "The chain collects on due dates and releases the second tranche by rule.", w.collectUntilTranche},
		{"late with fee", "The account is empty on a due date.", w.fallLate(healthy, thin)},
		{"recover", "Money comes back; the chain collects what is overdue.", w.recover(healthy, thin)},
		{"early payment", "The owner pays off the rest early.", w.repayEarly(healthy)},
		{"revocation", "The owner revokes; the bank's next read is refused.", w.revoke(healthy)},
		{"proof bundle", "Everything in one file, checked offline.", w.prove(healthy)},
	}
	for _, s := range steps {
		if err := w.step(ctx, s.name, s.words, s.run); err != nil {
			return err
		}
		if s.name == last {
			return nil
		}
	}
	if last != "" {
		return fmt.Errorf("there is no step %q", last)
	}
	return nil
}
