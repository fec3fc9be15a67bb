package portal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/a-h/templ"

	"github.com/xinlian/xinlian/gateway/desk"
	"github.com/xinlian/xinlian/gateway/pledging"
	"github.com/xinlian/xinlian/gateway/registry"
	"github.com/xinlian/xinlian/gateway/store"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// followWait is how long a page waits for another gateway.
const followWait = 5 * time.Second

// orderView is an order as its lender or its verifier sees it.
type orderView struct {
	pledging.Standing

	Late bool // the other gateway did not answer
	Now  int64
	Key  string // of the page's forms

	// For the verifier: its own consents over the enterprise, and its own opening of
	// the record where it has one.
	Consents  []profilev1.Consent
	Reading   *desk.Reading
	Own       []compared
	Agrees    bool
	Elsewhere bool // it opened records, and this one is not among them
}

// over tells that the statement cannot be pledged on any more.
func (v orderView) over() bool {
	return v.Statement == nil || v.Statement.ExpiresAt <= v.Now || v.Statement.Status != pledgev1.StatementStatus_STATEMENT_STATUS_LIVE
}

// compared is one field of an order beside the verifier's own record.
type compared struct {
	Label, Order, Own string
}

func (p *Portal) pledgeOrder(_ http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	ctx := r.Context()
	f, err := p.office(g)
	if err != nil {
		return nil, err
	}
	o, err := f.Book().Order(ctx, g.Session.OrgID, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	v := orderView{}
	if o.Lender == g.Session.OrgID {
		wait, cancel := context.WithTimeout(ctx, followWait)
		defer cancel()
		followed, err := f.Follow(wait, o.ID)
		switch {
		case errors.Is(err, pledging.ErrUnreachable):
			v.Late = true
		case err != nil:
			return nil, err
		}
		o = followed
	}
	if v.Standing, err = pledging.Look(ctx, p.Client, o); err != nil {
		return nil, err
	}
	head, err := p.Client.Head(ctx)
	if err != nil {
		return nil, err
	}
	v.Now = head.Time.Unix()
	if v.Key, err = randomKey(); err != nil {
		return nil, err
	}
	if o.Lender == g.Session.OrgID {
		return lenderOrderPage(g, v), nil
	}
	if err := p.ownRecord(r, g, &v); err != nil {
		return nil, err
	}
	return verifierOrderPage(g, v), nil
}

// ownRecord finds the verifier's own opening of the record and holds the order
// against it.
func (p *Portal) ownRecord(r *http.Request, g *Page, v *orderView) error {
	var err error
	if v.Consents, err = p.receivableConsents(r.Context(), g.Session.OrgID, v.Enterprise); err != nil {
		return err
	}
	for _, c := range v.Consents {
		reading, opened := p.readings.find(token(r), c.Id)
		if !opened {
			continue
		}
		o, err := pledging.Find(reading, v.Leaf)
		if err != nil {
			v.Elsewhere = true // or under another consent
			continue
		}
		face, _ := o.Record.Int("amount")
		v.Reading = &reading
		v.Own = []compared{
			{g.T("pledge.number"), v.Number, o.Record.SourceID()},
			{g.T("pledge.face"), Money(v.FaceFen), Money(face)},
		}
		v.Agrees = v.Number == o.Record.SourceID() && v.FaceFen == face
		break
	}
	return nil
}

// attestOrder states an order's receivable from the verifier's own records.
func (p *Portal) attestOrder(w http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	ctx := context.WithoutCancel(r.Context())
	f, err := p.acting(ctx, g)
	if err != nil {
		return nil, err
	}
	o, err := f.Book().Order(ctx, g.Session.OrgID, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	code, err := registry.CreditCode(r.FormValue("seller"))
	if err != nil {
		return nil, err
	}
	v := orderView{Standing: pledging.Standing{Order: o}}
	if err := p.ownRecord(r, g, &v); err != nil {
		return nil, err
	}
	if v.Reading == nil {
		return nil, pledging.ErrRecord
	}
	return nil, p.once(w, r, []byte("attest/"+o.ID+"/"+code), func() (store.Reply, error) {
		_, err := f.Attest(ctx, o.ID, *v.Reading, code)
		return back(o.ID), err
	})
}

// declineOrder ends an order that the verifier does not state.
func (p *Portal) declineOrder(w http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	return p.actOn(w, r, g, "decline", func(ctx context.Context, f *pledging.Office, id string) error {
		return f.Decline(ctx, id)
	})
}

// pledgeReceivable pledges an amount of an attested receivable.
func (p *Portal) pledgeReceivable(w http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	fen, err := ParseMoney(r.FormValue("amount"))
	if err != nil {
		return nil, pledging.ErrAmount
	}
	return p.actOn(w, r, g, fmt.Sprint("pledge/", fen), func(ctx context.Context, f *pledging.Office, id string) error {
		_, err := f.Pledge(ctx, id, fen)
		return err
	})
}

// releasePledge lets a pledge go.
func (p *Portal) releasePledge(w http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	return p.actOn(w, r, g, "release", func(ctx context.Context, f *pledging.Office, id string) error {
		_, err := f.Release(ctx, id)
		return err
	})
}

// actOn does one thing to an order, once for each form.
func (p *Portal) actOn(w http.ResponseWriter, r *http.Request, g *Page, what string, do func(context.Context, *pledging.Office, string) error) (templ.Component, error) {
	ctx := context.WithoutCancel(r.Context())
	f, err := p.acting(ctx, g)
	if err != nil {
		return nil, err
	}
	o, err := f.Book().Order(ctx, g.Session.OrgID, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return nil, p.once(w, r, []byte(what+"/"+o.ID), func() (store.Reply, error) {
		return back(o.ID), do(ctx, f, o.ID)
	})
}

func back(order string) store.Reply {
	return store.Reply{Status: http.StatusSeeOther, Location: pledgesPath + "/" + order}
}

// ownerPledges shows an owner which of her receivables are or were pledged. An
// order that came to nothing is its lender's business.
func (p *Portal) ownerPledges(_ http.ResponseWriter, r *http.Request, g *Page, st state) (templ.Component, error) {
	orders, err := p.Orders.Orders(r.Context(), st.Org.Id)
	if err != nil {
		return nil, err
	}
	var list []pledging.Standing
	for _, o := range orders {
		if o.PledgeID == 0 {
			continue
		}
		s, err := pledging.Look(r.Context(), p.Client, o)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return ownerPledgesPage(g, list), nil
}

// answerOf is the register's one word about a receivable; zero where nobody asked.
type answerOf struct {
	At      int64 // block time, Unix seconds
	Pledged bool
}

// answersMax bounds the answers in memory.
const answersMax = 256

// answers holds what officers were told, by session and leaf, as long as their
// records stay open.
type answers struct {
	mu    sync.Mutex
	items map[[2]string]told
}

type told struct {
	answer answerOf
	until  time.Time
}

func newAnswers() *answers { return &answers{items: map[[2]string]told{}} }

func (a *answers) put(session string, leaf []byte, answer answerOf) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	var oldest [2]string
	until := now.Add(shelfLife)
	for k, v := range a.items {
		if v.until.Before(now) {
			delete(a.items, k)
		} else if v.until.Before(until) {
			oldest, until = k, v.until
		}
	}
	if len(a.items) >= answersMax {
		delete(a.items, oldest)
	}
	a.items[[2]string{string(store.TokenHash(session)), string(leaf)}] = told{answer, now.Add(shelfLife)}
}

func (a *answers) find(session string, leaf []byte) answerOf {
	a.mu.Lock()
	defer a.mu.Unlock()
	v := a.items[[2]string{string(store.TokenHash(session)), string(leaf)}]
	if v.until.Before(time.Now()) {
		return answerOf{}
	}
	return v.answer
}
