package pull

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/store"
)

// Items are delivered together, so that their records are anchored by day even
// where pages or files come in another order. These bound one delivery.
const (
	deliveryItemsMax = 1000
	deliveryBytesMax = connector.FileBytesMax
)

// running is a run under way.
type running struct {
	scheduler *Scheduler
	source    *Source
	row       store.Source
	owner     connector.Owner
	puller    puller
	waiting   int   // items in the inbox
	bytes     int   // of them
	refused   int64 // rows
	problems  []connector.RowError
}

// work reads the source and delivers what it gave. What an earlier run left in
// the inbox goes first and needs no connection; what came before a fault is
// delivered all the same.
func (r *running) work(ctx context.Context) (err error) {
	s := r.scheduler
	if r.owner, err = s.Profile.Owner(ctx, r.source.Enterprise); err != nil {
		return fault(ReasonProfile, "the enterprise's firm is not known here", err)
	}
	if err := r.drain(ctx); err != nil {
		return err
	}
	if r.puller, err = r.open(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.puller.close()) }()
	taken, err := s.Keeper.TakenFiles(ctx, r.source.ID)
	if err != nil {
		return fault(ReasonInternal, "reading the files taken", err)
	}
	err = r.puller.pull(ctx, r.row.Cursor, taken, func(item store.Item, cursor string, file *store.Taken) error {
		return r.take(ctx, item, cursor, file)
	})
	return errors.Join(err, r.drain(ctx), r.keepProblems(ctx))
}

func (r *running) open(ctx context.Context) (puller, error) {
	switch r.source.Kind {
	case "folder":
		return newFolderPuller(r.source)
	case "sftp":
		return newSFTPPuller(ctx, r.source, r.scheduler.Allow)
	}
	return newHTTPPuller(r.source, r.scheduler.Allow)
}

// take keeps an item, and delivers when a delivery is full.
func (r *running) take(ctx context.Context, item store.Item, cursor string, file *store.Taken) error {
	number, err := r.scheduler.Keeper.Receive(ctx, r.source.ID, item, cursor, file)
	if err != nil {
		return fault(ReasonInternal, "keeping what was fetched", err)
	}
	r.row.Cursor = cursor
	if number == 0 {
		return nil // its content was taken before
	}
	r.waiting++
	if r.bytes += len(item.Body); r.waiting < deliveryItemsMax && r.bytes < deliveryBytesMax {
		return nil
	}
	return r.drain(ctx)
}

// drain delivers what is in the inbox. Items leave it when the profile has them.
func (r *running) drain(ctx context.Context) error {
	s := r.scheduler
	for {
		items, err := s.Keeper.Inbox(ctx, r.source.ID, deliveryItemsMax, deliveryBytesMax)
		if err != nil {
			return fault(ReasonInternal, "reading the inbox", err)
		}
		if len(items) == 0 {
			r.waiting, r.bytes = 0, 0
			return nil
		}
		got, err := s.Profile.Deliver(ctx, r.delivery(items))
		if err != nil && !errors.Is(err, custody.ErrNothing) {
			return fault(ReasonProfile, fmt.Sprintf("taking %d items into the profile", len(items)), err)
		}
		r.note(items, got)
		r.row.Records += int64(got.Records())
		r.row.Refused = r.refused
		if err := s.Keeper.Clear(ctx, r.row, items[len(items)-1].Number); err != nil {
			return fault(ReasonInternal, "clearing the inbox", err)
		}
	}
}

// delivery is some items under the key of their numbers. Should a crash have
// others delivered together the next time, the key is another, and the records
// that the profile has already are dropped one by one.
func (r *running) delivery(items []store.Item) custody.Delivery {
	d := custody.Delivery{
		Enterprise: r.source.Enterprise, Owner: r.owner, Source: r.source.ID,
		Key: fmt.Sprintf("pull/%s/%d-%d", r.source.ID, items[0].Number, items[len(items)-1].Number),
	}
	for _, item := range items {
		d.Uploads = append(d.Uploads, custody.Upload{Name: item.Name, Data: item.Body})
	}
	if r.source.Kind == "http" {
		d.Parsers, d.Complete = connector.Set{pageParser{r.source.mapping}}, true
	}
	return d
}

// note gathers problems, and tells those of a file beside it.
func (r *running) note(items []store.Item, got custody.Collected) {
	bad := map[string][]connector.RowError{}
	for _, p := range got.Problems {
		if p.Note {
			continue
		}
		bad[p.File] = append(bad[p.File], p)
		r.refused++
		if len(r.problems) < problemsKept {
			r.problems = append(r.problems, p)
		}
	}
	folder, err := r.reporter()
	if err != nil || folder == nil {
		return // the problems are in the database too
	}
	for _, item := range items {
		if err := folder.report(item.Name, problemsText(bad[item.Name])); err != nil {
			r.scheduler.Log.Warn("the problems of a file could not be written beside it", "source", r.source.ID, "err", err)
		}
	}
	if r.puller == nil {
		_ = folder.close()
	}
}

// reporter is the folder that problems are written to, nil for other sources.
func (r *running) reporter() (*folderPuller, error) {
	if r.source.Kind != "folder" {
		return nil, nil //nolint:nilnil // no folder is no error
	}
	if f, ok := r.puller.(*folderPuller); ok {
		return f, nil
	}
	return newFolderPuller(r.source)
}

// problem is the form of a problem in the list beside a bad file.
type problem struct {
	Row    int    `json:"row"`
	Line   int    `json:"line,omitempty"`
	Field  string `json:"field,omitempty"`
	Rule   string `json:"rule"`
	Detail string `json:"detail"`
	DoZH   string `json:"remedy_zh"`
	DoEN   string `json:"remedy_en"`
}

// problemsText is the list beside a bad file, nil where there is none.
func problemsText(list []connector.RowError) []byte {
	if len(list) == 0 {
		return nil
	}
	out := struct {
		Version  int       `json:"version"`
		Problems []problem `json:"problems"`
	}{Version: 1}
	for _, e := range list[:min(len(list), problemsKept)] {
		text, _ := e.Rule.Text()
		out.Problems = append(out.Problems, problem{e.Row, e.Line, e.Column, string(e.Rule), e.Detail, text.RemedyZH, text.RemedyEN})
	}
	b, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		panic("pull: " + err.Error()) // texts and numbers always encode
	}
	return append(b, '\n')
}

func (r *running) keepProblems(ctx context.Context) error {
	if len(r.problems) == 0 {
		return nil
	}
	if err := r.scheduler.Keeper.Save(ctx, KindProblems, r.source.ID, r.problems); err != nil {
		return fault(ReasonInternal, "keeping the problems", err)
	}
	return nil
}
