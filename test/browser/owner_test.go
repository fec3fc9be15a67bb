//go:build browser

package browser_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/xinlian/xinlian/internal/sample"
	"github.com/xinlian/xinlian/test/world"
)

// TestOwnerInBrowser proves that an owner with a phone gets from the front door
// to money with her passkey alone: what she signs is shown in words first, and
// no page needs an inline script, another host or a password. Then the bank's
// officer opens the same case at a hosted desk.
func TestOwnerInBrowser(t *testing.T) {
	w := world.Start(t)
	book := sample.Make(sample.Options{Seed: 11, Profile: sample.Healthy, BrokenRow: true})
	p := newPage(t, w.Origin, "owner", 390, 844)

	enrol(p, book.Owner)
	p.sign("/xinlian.org.v1.MsgActivateDevice", "activate")
	p.waitText("选择数据托管机构")
	if card := p.sign("/xinlian.org.v1.MsgChooseCustodian", "custodian"); !strings.Contains(card, "通达清算行") {
		t.Errorf("the card does not name the custodian: %s", card)
	}
	submit(p, archive(t, book.Files()), book.Broken.Rule)
	grant(p)
	borrow(p)
	if got := p.complaints(); len(got) > 0 {
		t.Errorf("the browser complains: %q", got)
	}
	officer(newPage(t, w.Origin, "officer", 1280, 900))
}

func enrol(p *page, o sample.Owner) {
	p.t.Helper()
	p.open("/")
	p.screen("start")
	p.open("/owner/register")
	p.fill("[name=firm_name]", o.Name)
	p.fill("[name=tax_number]", o.TaxNumber)
	p.fill("[name=account]", o.Account)
	p.click("[name=agreed]")
	p.screen("register")
	p.click("form[data-enrol] button")
	p.wait(`location.pathname === "/owner" || document.querySelector("[data-sign-confirm]")?.hidden === false`, 30*time.Second)
	if p.text("h1") != o.Name {
		p.click("[data-sign-confirm]")
		p.wait(`location.pathname === "/owner"`, 30*time.Second)
	}
	p.waitText("启用这台设备")
	p.screen("home-new")
}

// submit uploads the archive and asks the bank.
func submit(p *page, path, rule string) {
	p.t.Helper()
	p.open("/owner/data")
	p.do(chromedp.SetUploadFiles("[name=files]", []string{path}))
	p.click("form.upload button")
	p.wait(`location.pathname.startsWith("/owner/data/uploads/")`, time.Minute)
	p.waitText("已加密保存")
	if text := p.text("main"); !strings.Contains(text, rule) {
		p.t.Errorf("the broken row's rule %q is not named", rule)
	}
	p.screen("uploaded")
	p.open("/owner")
	p.screen("home-ask")
	p.click(`form[action="/owner/files"] button`)
	p.waitText("去授权")
	p.screen("progress-waiting")
}

// grant gives the three consents and watches the work to its end.
func grant(p *page) {
	p.t.Helper()
	const kind = "/xinlian.profile.v1.MsgGrantConsent"
	p.open("/owner/consents")
	p.screen("consents")
	for n := 3; n > 0; n-- {
		p.wait(`document.querySelectorAll('form[data-sign="`+kind+`"]').length === `+string(rune('0'+n)), 10*time.Second)
		name := ""
		if n == 3 {
			name = "consent-card"
		}
		if card := p.sign(kind, name); !strings.Contains(card, "授权给") || !strings.Contains(card, "有效") {
			p.t.Errorf("the card of a consent lacks its terms: %s", card)
		}
		p.wait(`document.readyState === "complete" && location.pathname === "/owner/consents"`, 10*time.Second)
	}
	p.screen("consents-granted")
	p.open("/owner/progress")
	p.screen("progress-working")
	p.wait(says("查看评分"), 2*time.Minute)
	p.screen("progress-done")
	p.open("/owner/score")
	p.waitText("扣分的原因")
	p.screen("score")
	slide(p)
}

// slide moves each slider to its best and sees the result follow without a reload.
func slide(p *page) {
	p.t.Helper()
	p.open("/owner/whatif")
	p.waitText("试算，不构成承诺")
	p.screen("whatif")
	p.wait(`(() => {
		const all = document.querySelectorAll("input[type=range]")
		all.forEach(s => { s.value = 20; s.dispatchEvent(new Event("input", {bubbles: true})) })
		return all.length > 0
	})()`, time.Second)
	p.wait(`document.querySelector("form output").textContent.includes("（现在")`, 10*time.Second)
	p.wait(`!document.querySelector("#whatif").textContent.includes("还没有移动")`, 10*time.Second)
	p.screen("whatif-best")
}

// borrow applies for an amount that a person must decide on as well as for one
// that is approved at once, signs, and looks at the loan.
func borrow(p *page) {
	p.t.Helper()
	p.open("/owner/apply")
	p.fill("[name=amount_fen]", "50,000.00")
	p.wait(`document.querySelector("#preview-1")?.textContent.includes("利息合计")`, 10*time.Second)
	p.screen("apply")
	if card := p.sign("/xinlian.loan.v1.MsgApply", "apply-card"); !strings.Contains(card, "伍万元整") {
		p.t.Errorf("the application's card does not spell the amount: %s", card)
	}
	p.waitText("查看报价")
	p.screen("applications")
	p.click(`a[href^="/owner/offers/"]`)
	p.waitText("签署合同并收款")
	p.screen("offer")
	p.click("[name=auto_debit]")
	if card := p.sign("/xinlian.loan.v1.MsgAccept", "contract-card"); !strings.Contains(card, "合同哈希") {
		p.t.Errorf("the contract's card lacks its hash: %s", card)
	}
	p.waitText("贷款 1 号")
	p.open("/owner")
	p.waitText("¥30,000.00")
	p.screen("home-money")
	p.open("/owner/loans/1")
	p.waitText("放款")
	p.screen("loan")
	p.open("/explorer/loans/1")
	p.screen("explorer-loan")
	p.open("/owner?lang=en")
	p.screen("home-english")
}

// officer opens the case at a hosted desk and the records under the consent.
func officer(p *page) {
	p.t.Helper()
	p.open("/")
	p.screen("start")
	p.click(`form[action="/hosted"] button`)
	p.waitText("A-1")
	p.screen("inbox")
	p.open("/officer/applications/1")
	p.click(`form[action="/officer/read"] button`)
	p.wait(`document.querySelector("svg.chart")`, 30*time.Second)
	if text := p.text("#records"); !strings.Contains(text, "与链上评分相同") {
		p.t.Errorf("the officer's own computation does not agree: %s", text)
	}
	p.screen("case")
	p.open("/officer/portfolio")
	p.waitText("PAR30")
	p.screen("portfolio")
	p.open("/explorer")
	p.screen("explorer")
}
