package gateway_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	"github.com/xinlian/xinlian/internal/sample"
	"github.com/xinlian/xinlian/test/world"
)

// TestPledge proves over HTTP, with two banks at gateways of their own, that a
// receivable is pledged once: the second bank is told that it is pledged and not by
// whom, the chain refuses its pledge until the first lets go, and the owner sees
// both pledges, also the one that was made at the other gateway. An order of a bank
// there reaches a verifier here, who states it from its own records only.
func TestPledge(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a node")
	}
	t.Parallel()
	w := world.Start(t, world.WithSecondCustodian()) // BankB is not at the first gateway
	elsewhere := httptest.NewServer(w.Beside(w.BankB).Handler())
	t.Cleanup(elsewhere.Close)
	owner := newVisitor(t, w)
	book := sample.Make(sample.Options{Seed: 11, Profile: sample.Healthy})
	owner.ready(book)
	firm := newestFirm(t, w)
	code := book.Owner.TaxNumber

	a, b := pledger{enterDesk(t, w, w.BankA, ""), firm}, pledger{enterDesk(t, w, w.BankB, elsewhere.Listener.Addr().String()), firm}
	first, second := pledger{enterDesk(t, w, w.VerifierA, ""), firm}, pledger{enterDesk(t, w, w.VerifierB, ""), firm}
	for _, x := range []pledger{a, b} {
		x.consented(owner, "UNDERWRITING")
	}
	for _, x := range []pledger{first, second} {
		x.consented(owner, "VERIFICATION")
	}
	one := a.receivable("")
	checkSearch(t, a)

	if page := a.check(one, code); answer(page) != "可质押" {
		t.Fatalf("a free receivable: %s", plain(page))
	}
	mine := a.order(one, code, w.VerifierA.ID)
	checkVerifier(t, first, second, mine, code)
	other := b.receivable(one)
	if page := b.check(other, code); answer(page) != "可质押" {
		t.Fatalf("stated and not pledged: %s", plain(page))
	}
	theirs := b.order(other, code, w.VerifierB.ID)
	if page := b.get(theirs); !strings.Contains(page, "等待核验机构") {
		t.Errorf("an order at the other gateway: %s", plain(page))
	}
	second.attest(theirs, code)

	if status, page := a.act(mine, "pledge", "", url.Values{"amount": {"0"}}); status != http.StatusUnprocessableEntity {
		t.Errorf("a pledge of nothing: %d %s", status, plain(page))
	}
	<-time.After(2 * time.Second) // so that the second of A's pledge is on none of B's own rows
	whole := url.Values{"amount": {a.face(mine)}}
	for range 2 { // the form sent twice
		if status, page := a.act(mine, "pledge", "twice", whole); status != http.StatusOK || !strings.Contains(page, "释放质押") {
			t.Fatalf("pledging: %d %s", status, plain(page))
		}
	}
	checkOnce(t, w, 1)
	checkSecond(t, w, b, other, theirs, mine, code)

	if status, page := a.act(mine, "release", "", nil); status != http.StatusOK || !strings.Contains(page, "已释放") {
		t.Fatalf("releasing: %d %s", status, plain(page))
	}
	if status, page := b.act(theirs, "pledge", "", url.Values{"amount": {b.face(theirs)}}); status != http.StatusOK || !strings.Contains(page, "质押中") {
		t.Fatalf("after the release: %d %s", status, plain(page))
	}
	checkOnce(t, w, 2)
	if page := a.check(one, code); answer(page) != "已质押" || strings.Contains(page, "青禾银行") {
		t.Errorf("the first bank's check: %s", plain(page))
	}
	checkOwner(t, owner, one)
}

// pledger is an officer of a lender or a verifier, at work on one firm.
type pledger struct {
	*visitor

	firm uint64
}

// enterDesk enters an organisation's hosted desk, at the gateway of an address or, for
// none, at the first.
func enterDesk(t *testing.T, w *world.World, o *world.Org, address string) *visitor {
	t.Helper()
	v := newVisitor(t, w)
	if address != "" {
		v.http.Transport = &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		}}
	}
	if status, page := v.form("/hosted", url.Values{"org": {fmt.Sprint(o.ID)}}); status != http.StatusOK {
		t.Fatalf("entering the desk of %s: %d %s", o.Name, status, plain(page))
	}
	return v
}

// consented asks the owner for a consent, has it granted, and opens the records.
func (p pledger) consented(owner *visitor, purpose string) {
	p.tb.Helper()
	status, page := p.form("/officer/consents", url.Values{
		"idempotency_key": {"ask"}, "enterprise_id": {fmt.Sprint(p.firm)}, "purpose": {purpose}, "mode": {"VIEW"},
	})
	if status != http.StatusOK {
		p.tb.Fatalf("asking: %d %s", status, plain(page))
	}
	ids := values(owner.get("/owner/consents"), `data-sign="/xinlian.profile.v1.MsgGrantConsent"[^>]*>\s*<input type="hidden" name="consent_id" value="([0-9a-f]{64})"`)
	if len(ids) != 1 {
		p.tb.Fatalf("%d requests wait, want 1", len(ids))
	}
	owner.sign("/xinlian.profile.v1.MsgGrantConsent", map[string]string{"consent_id": ids[0]})
	world.Until(p.tb, "read under the consent", 30*time.Second, func() bool {
		status, page := p.form("/officer/read", url.Values{"consent_id": {ids[0]}})
		if status != http.StatusOK && status != http.StatusConflict {
			p.tb.Fatalf("reading: %d %s", status, plain(page))
		}
		return status == http.StatusOK
	})
}

// receivable is the page of the receivable that another bank's page is about, or of
// the newest one.
func (p pledger) receivable(like string) string {
	p.tb.Helper()
	list := values(p.get("/officer/pledges"), `href="(/officer/pledges/of/[0-9a-f]{64})"`)
	if len(list) != 1 {
		p.tb.Fatalf("%d consents to choose from", len(list))
	}
	links := values(p.get(list[0]), `href="(`+list[0]+`/[0-9a-f]{64})"`)
	for _, l := range links {
		if like == "" || l[len(l)-64:] == like[len(like)-64:] {
			return l
		}
	}
	p.tb.Fatalf("none of %d receivables is like %s", len(links), like)
	return ""
}

// check asks whether a receivable is free.
func (p pledger) check(page, code string) string {
	p.tb.Helper()
	key := values(p.get(page), `/check">\s*<input type="hidden" name="idempotency_key" value="([0-9a-f]+)"`)
	status, told := p.form(page+"/check", url.Values{"idempotency_key": key, "seller": {code}})
	if status != http.StatusOK {
		p.tb.Fatalf("checking: %d %s", status, plain(told))
	}
	return told
}

// order asks a verifier to state a receivable and returns the order's page.
func (p pledger) order(page, code string, verifier uint64) string {
	p.tb.Helper()
	status, answer := p.form(page+"/order", url.Values{
		"idempotency_key": {"order"}, "seller": {code}, "verifier": {fmt.Sprint(verifier)},
	})
	if status != http.StatusOK {
		p.tb.Fatalf("ordering: %d %s", status, plain(answer))
	}
	orders := values(p.get(page), `href="(/officer/pledges/[0-9a-f]{32})"`)
	if len(orders) != 1 {
		p.tb.Fatalf("%d orders", len(orders))
	}
	return orders[0]
}

func (p pledger) attest(order, code string) {
	p.tb.Helper()
	if status, page := p.act(order, "attest", "", url.Values{"seller": {code}}); status != http.StatusOK || !strings.Contains(page, "您已声明") {
		p.tb.Fatalf("stating: %d %s", status, plain(page))
	}
}

// act posts one of the forms of an order's page, under its key or another.
func (p pledger) act(order, what, key string, fields url.Values) (int, string) {
	p.tb.Helper()
	if key == "" {
		key = values(p.get(order), `name="idempotency_key" value="([0-9a-f]+)"`)[0]
	}
	in := url.Values{"idempotency_key": {key}}
	for k, v := range fields {
		in[k] = v
	}
	return p.form(order+"/"+what, in)
}

// face is what the page proposes to pledge: all of it.
func (p pledger) face(order string) string {
	p.tb.Helper()
	list := values(p.get(order), `name="amount"[^>]* value="([0-9.]+)"`)
	if len(list) == 0 {
		p.tb.Fatalf("nothing can be pledged: %s", plain(p.get(order)))
	}
	return list[0]
}

// checkSearch looks for a receivable by its number, and for a code that no firm has.
func checkSearch(t *testing.T, p pledger) {
	t.Helper()
	list := values(p.get("/officer/pledges"), `href="(/officer/pledges/of/[0-9a-f]{64})"`)[0]
	if page := p.get(list + "?q=no-such-number"); !strings.Contains(page, "没有可质押的应收款") {
		t.Errorf("a number that is not there: %s", plain(page))
	}
	one := p.receivable("")
	if status, page := p.form(one+"/check", url.Values{"idempotency_key": {"bent"}, "seller": {"91330000MA27XL0Q3X"}}); status != http.StatusUnprocessableEntity || !strings.Contains(page, "统一社会信用代码有误") {
		t.Errorf("a mistyped code: %d %s", status, plain(page))
	}
	if status, _ := p.form(one+"/check", url.Values{"seller": {"91330000MA27XL0Q3K"}}); status == http.StatusOK {
		t.Error("a check without its key")
	}
	r, err := http.NewRequest(http.MethodPost, p.w.Origin+one+"/check", strings.NewReader("idempotency_key=x"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	res, err := p.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if res.Body.Close() != nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("a form of another site: status %d", res.StatusCode)
	}
}

// checkVerifier states an order: only its own verifier may, only from its own file.
func checkVerifier(t *testing.T, own, other pledger, order, code string) {
	t.Helper()
	if status, _ := other.ask(order); status != http.StatusNotFound {
		t.Errorf("another verifier sees the order: status %d", status)
	}
	if page := own.get("/officer/pledges"); !strings.Contains(page, order) {
		t.Fatalf("the order did not arrive: %s", plain(page))
	}
	page := own.get(order)
	if !strings.Contains(page, "您的记录") || strings.Contains(page, code) {
		t.Errorf("no comparison, or the order's code is shown to copy: %s", plain(page))
	}
	wrong := sample.Make(sample.Options{Seed: 21, Profile: sample.Thin}).Owner.TaxNumber
	if status, page := own.act(order, "attest", "", url.Values{"seller": {wrong}}); status != http.StatusUnprocessableEntity || !strings.Contains(page, "不符") {
		t.Errorf("another firm's code: %d %s", status, plain(page))
	}
	own.attest(order, code)
	if status, _ := own.act(order, "decline", "late", nil); status != http.StatusConflict {
		t.Errorf("declining what is stated: status %d", status)
	}
	if status, _ := own.act(order, "pledge", "verifier", url.Values{"amount": {"1"}}); status != http.StatusNotFound {
		t.Errorf("a verifier pledges: status %d", status)
	}
}

// checkSecond is the other bank's try while the first one holds the receivable. What
// it is told, in both languages, names nothing of the first.
func checkSecond(t *testing.T, w *world.World, b pledger, receivable, order, first, code string) {
	t.Helper()
	if status, _ := b.ask(first); status != http.StatusNotFound {
		t.Errorf("the other bank sees the first one's order: status %d", status)
	}
	q, err := w.Client.Pledge.Pledge(t.Context(), &pledgev1.QueryPledgeRequest{Id: 1})
	if err != nil {
		t.Fatal(err)
	}
	shanghai := time.FixedZone("Asia/Shanghai", 8*3600)
	secrets := []string{"港湾", "Harbour", first[len(first)-32:], time.Unix(q.Pledge.PledgedAt, 0).In(shanghai).Format("15:04:05"), "明鉴", "Clearview"}
	told := b.check(receivable, code)
	if answer(told) != "已质押" {
		t.Errorf("a pledged receivable: %s", plain(told))
	}
	status, refused := b.act(order, "pledge", "", url.Values{"amount": {b.face(order)}})
	if status != http.StatusUnprocessableEntity || !strings.Contains(refused, "pledge/22") || !strings.Contains(refused, "这笔应收款已经质押") {
		t.Errorf("the second pledge: %d %s", status, plain(refused))
	}
	english := b.get(receivable + "?lang=en")
	if answer(english) != "already pledged" {
		t.Errorf("in English: %s", plain(english))
	}
	b.get(receivable + "?lang=zh")
	for name, page := range map[string]string{"the check": answerPart(told), "the check in English": answerPart(english), "the refusal": refused, "the order": b.get(order)} {
		for _, s := range secrets {
			if strings.Contains(page, s) {
				t.Errorf("%s names %q: %s", name, s, plain(page))
			}
		}
	}
	for _, s := range secrets[:4] { // the verifiers to choose from are on the whole page
		if strings.Contains(told, s) {
			t.Errorf("the page of the check names %q", s)
		}
	}
}

// answerPart is the part of a receivable's page that says free or pledged.
func answerPart(page string) string {
	_, rest, _ := strings.Cut(page, `<section id="answer">`)
	part, _, _ := strings.Cut(rest, "</section>")
	return part
}

// answer is the register's one word on a receivable's page.
func answer(page string) string {
	return strings.Join(values(answerPart(page), `<span class="badge[^"]*">([^<]+)</span>`), " ")
}

// checkOnce counts the pledges that the chain has taken.
func checkOnce(t *testing.T, w *world.World, want uint64) {
	t.Helper()
	if _, err := w.Client.Pledge.Pledge(t.Context(), &pledgev1.QueryPledgeRequest{Id: want}); err != nil {
		t.Errorf("pledge %d: %v", want, err)
	}
	if _, err := w.Client.Pledge.Pledge(t.Context(), &pledgev1.QueryPledgeRequest{Id: want + 1}); err == nil {
		t.Errorf("the chain has more than %d pledges", want)
	}
}

// checkOwner sees both pledges of one receivable: the one that was let go, and the
// one that stands at a bank of another gateway.
func checkOwner(t *testing.T, owner *visitor, receivable string) {
	t.Helper()
	page := plain(owner.until("/owner/pledges", "青禾银行", 20*time.Second))
	for _, want := range []string{"港湾银行", "已释放", "质押中", "明鉴核验", "同信核验"} {
		if !strings.Contains(page, want) {
			t.Errorf("the owner's page lacks %q: %s", want, page)
		}
	}
	if page := owner.get("/owner/pledges?lang=en"); !strings.Contains(page, "My pledged receivables") {
		t.Error("the owner's page has no English")
	}
	owner.get("/owner/pledges?lang=zh")
	if strings.Contains(owner.get(receivable), "是否已经质押") {
		t.Error("an owner sees the lender's page")
	}
	stranger := newVisitor(t, owner.w)
	register(t, stranger, sample.Make(sample.Options{Seed: 22, Profile: sample.Thin}).Owner)
	if page := stranger.get("/owner/pledges"); !strings.Contains(page, "没有质押的应收款") {
		t.Errorf("another owner: %s", plain(page))
	}
}
