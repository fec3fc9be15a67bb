//go:build browser

package browser_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/sample"
	"github.com/xinlian/xinlian/test/world"
)

// TestPledgeInBrowser proves that the pages of a receivable work in a real browser,
// narrow and wide, in both languages: a bank checks, orders, pledges and releases, a
// verifier states, the owner looks, who has granted both of them their consents with
// her passkey.
func TestPledgeInBrowser(t *testing.T) {
	w := world.Start(t)
	book := sample.Make(sample.Options{Seed: 11, Profile: sample.Healthy})
	owner := newPage(t, w.Origin, "pledge-owner", 390, 844)
	enrol(owner, book.Owner)
	owner.sign("/xinlian.org.v1.MsgActivateDevice", "")
	owner.waitText("选择数据托管机构")
	owner.sign("/xinlian.org.v1.MsgChooseCustodian", "")
	owner.open("/owner/data")
	owner.do(chromedp.SetUploadFiles("[name=files]", []string{archive(t, book.Files())}))
	owner.click("form.upload button")
	owner.wait(`location.pathname.startsWith("/owner/data/uploads/")`, time.Minute)
	owner.waitText("已加密保存")
	both(owner, "/owner/pledges", "none")
	o, err := w.Client.Org.Organisations(t.Context(), &orgv1.QueryOrganisationsRequest{Kind: orgv1.OrgKind_ORG_KIND_ENTERPRISE})
	if err != nil {
		t.Fatal(err)
	}
	firm := strconv.FormatUint(o.Organisations[0].Id, 10)

	bank := newPage(t, w.Origin, "pledge-bank", 1280, 900)
	sitAt(bank, w.BankA)
	both(bank, "/officer/pledges", "empty")
	consented(bank, owner, firm, "UNDERWRITING")
	verifier := newPage(t, w.Origin, "pledge-verifier", 1280, 900)
	sitAt(verifier, w.VerifierA)
	consented(verifier, owner, firm, "VERIFICATION")

	bank.open("/officer/pledges")
	bank.click(`main a[href^="/officer/pledges/of/"]`)
	bank.waitText("应收款")
	list := location(bank)
	both(bank, list, "list-closed")
	bank.open(list)
	opened(bank)
	both(bank, list, "list")
	bank.open(list)
	bank.click(`main td a`)
	bank.waitText("是否已经质押")
	receivable := location(bank)
	bank.screen("before-check")
	bank.fill("[name=seller]", book.Owner.TaxNumber)
	bank.click(`form[action$="/check"] button`)
	bank.waitText("提交申请")
	both(bank, receivable, "free")
	bank.open(receivable)
	bank.click(`form[action$="/order"] button`)
	bank.waitText("等待核验机构")
	order := location(bank)
	both(bank, order, "waiting")

	both(verifier, "/officer/pledges", "orders")
	both(verifier, order, "closed")
	verifier.open(order)
	opened(verifier)
	both(verifier, order, "compare")
	verifier.open(order)
	verifier.fill("[name=seller]", book.Owner.TaxNumber)
	verifier.click(`form[action$="/attest"] button`)
	verifier.waitText("您已声明")
	both(verifier, order, "stated")

	both(bank, order, "stated")
	bank.open(order)
	bank.click(`form[action$="/pledge"] button`)
	bank.waitText("释放质押")
	both(bank, order, "pledged")
	both(bank, "/officer/pledges", "desk")
	both(owner, "/owner/pledges", "pledged")
	bank.open(receivable)
	bank.click(`form[action$="/check"] button`)
	bank.waitText("您自己的质押也算在内")
	both(bank, receivable, "taken")
	bank.open(order)
	bank.click(`form[action$="/release"] button`)
	bank.waitText("已释放")
	both(bank, order, "released")
	both(owner, "/owner/pledges", "released")
	for _, p := range []*page{owner, bank, verifier} {
		if got := p.complaints(); len(got) > 0 {
			t.Errorf("the browser complains at %s: %q", p.prefix, got)
		}
	}
}

// sitAt enters the hosted desk of an organisation.
func sitAt(p *page, o *world.Org) {
	p.t.Helper()
	p.open("/")
	p.eval(`[...document.querySelectorAll('form[action="/hosted"]')].find((f) => f.querySelector("[name=org]").value === "` + strconv.FormatUint(o.ID, 10) + `").submit()`)
	p.wait(`location.pathname === "/officer"`, 10*time.Second)
}

// consented has a desk ask for a consent and the owner sign it.
func consented(p, owner *page, firm, purpose string) {
	p.t.Helper()
	p.open("/officer/consents")
	p.fill("[name=enterprise_id]", firm)
	p.eval(`document.querySelector("[name=purpose]").value = "` + purpose + `"`)
	p.eval(`document.querySelector("[name=mode]").value = "VIEW"`)
	p.click(`form[action="/officer/consents"] button`)
	p.wait(`document.querySelector("article.consent")`, 20*time.Second)
	owner.open("/owner/consents")
	owner.sign("/xinlian.profile.v1.MsgGrantConsent", "")
}

// opened reads the records under a consent, again until the custodian has wrapped
// the keys.
func opened(p *page) {
	p.t.Helper()
	page := location(p)
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); <-time.After(300 * time.Millisecond) {
		p.open(page)
		p.click(`form[action="/officer/read"] button`)
		p.wait(`document.readyState === "complete" && location.pathname !== `+strconv.Quote(page), 20*time.Second)
		if p.text("[role=alert]") == "" {
			return
		}
	}
	p.t.Fatalf("the records do not open: %s", p.text("main"))
}

// location is the path of the page that is shown.
func location(p *page) string {
	p.t.Helper()
	s, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`location.pathname`))
	must(p.t, err)
	return s
}
