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

// TestRightsInBrowser proves that the pages of an owner's rights and a regulator's
// cases work with a passkey in a real browser: the export is shown and signed, a
// consent is narrowed by ticking boxes, a correction is asked for, a case opened.
func TestRightsInBrowser(t *testing.T) {
	w := world.Start(t)
	book := sample.Make(sample.Options{Seed: 11, Profile: sample.Healthy})
	p := newPage(t, w.Origin, "rights", 390, 844)
	enrol(p, book.Owner)
	p.sign("/xinlian.org.v1.MsgActivateDevice", "")
	p.waitText("选择数据托管机构")
	p.sign("/xinlian.org.v1.MsgChooseCustodian", "")
	p.open("/owner/data")
	p.do(chromedp.SetUploadFiles("[name=files]", []string{archive(t, book.Files())}))
	p.click("form.upload button")
	p.wait(`location.pathname.startsWith("/owner/data/uploads/")`, time.Minute)
	p.waitText("已加密保存")
	p.open("/owner")
	p.click(`form[action="/owner/files"] button`)
	p.waitText("去授权")

	narrow(p)
	both(p, "/owner/consents", "consents")
	p.open("/owner/export")
	p.click("form[data-read] button")
	p.wait(`document.querySelector("[data-sign-confirm]")?.hidden === false`, 10*time.Second)
	p.screen("export-card")
	p.click("[data-sign-confirm]")
	p.waitText("下载压缩包")
	both(p, "/owner/export", "export")
	p.open("/owner/corrections")
	p.eval(`document.querySelector("details").open = true`)
	both(p, "/owner/corrections", "corrections")
	both(p, "/owner/access", "access")
	if got := p.complaints(); len(got) > 0 {
		t.Errorf("the browser complains: %q", got)
	}
	o, err := w.Client.Org.Organisations(t.Context(), &orgv1.QueryOrganisationsRequest{Kind: orgv1.OrgKind_ORG_KIND_ENTERPRISE})
	if err != nil {
		t.Fatal(err)
	}
	regulate(newPage(t, w.Origin, "regulator", 1280, 900), w, o.Organisations[0].Id)
}

// both takes a page's screen in both languages, narrow and wide.
func both(p *page, path, name string) {
	p.t.Helper()
	for _, size := range []struct {
		suffix        string
		width, height int64
	}{{"phone", 390, 844}, {"desktop", 1280, 900}} {
		p.do(chromedp.EmulateViewport(size.width, size.height))
		for _, lang := range []string{"en", "zh"} {
			p.open(path + "?lang=" + lang)
			p.eval(`[...document.querySelectorAll("details")].forEach((d) => { d.open = true })`)
			p.screen(name + "-" + size.suffix + "-" + lang)
		}
	}
	p.do(chromedp.EmulateViewport(390, 844))
}

// narrow grants less than what is asked for, by ticking one kind of data.
func narrow(p *page) {
	p.t.Helper()
	p.open("/owner/consents")
	p.eval(`[...document.querySelectorAll("details")].forEach((d) => { d.open = true })`)
	p.wait(`document.querySelectorAll("form[data-sign$=MsgAmendConsent] input:checked").length === 0`, time.Second)
	p.click(`form[data-sign$=MsgAmendConsent] input[name="terms.categories"]`)
	card := p.sign("/xinlian.profile.v1.MsgAmendConsent", "amend-card")
	p.t.Log(card)
	p.waitText("已变更")
}

// regulate enters a case at the hosted desk of the regulator.
func regulate(p *page, w *world.World, enterprise uint64) {
	p.t.Helper()
	p.open("/")
	p.eval(`[...document.querySelectorAll('form[action="/hosted"]')].find((f) => f.querySelector("[name=org]").value === "` + strconv.FormatUint(w.Regulator.ID, 10) + `").submit()`)
	p.wait(`location.pathname === "/regulator"`, 10*time.Second)
	both(p, "/regulator", "cases")
	p.open("/regulator")
	p.fill("[name=case_number]", "2026-17")
	p.fill("[name=enterprise_id]", strconv.FormatUint(enterprise, 10))
	p.fill("[name=month_from]", "2025-01")
	p.fill("[name=month_to]", "2026-06")
	p.eval(`document.querySelector("[name=expires_on]").value = "` + time.Now().AddDate(0, 1, 0).Format(time.DateOnly) + `"`)
	p.click("[name=categories]")
	p.fill("[name=basis]", "《商业银行法》第六十二条")
	p.click(`form[action="/regulator/cases"] button`)
	p.waitText("核对并签名")
	p.screen("draft")
	p.click(`form[action="/tx/hosted"] button`)
	p.waitText("2026-17")
	p.click(`a[href^="/officer/consents/"]`)
	p.waitText("另一台设备确认")
	p.screen("case-open")
	both(p, "/officer/status", "status")
	both(p, "/officer/corrections", "decide")
}
